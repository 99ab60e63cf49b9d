import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['target/', '.venv/', '**/*.d.ts', '**/*.d.mts'] },
  js.configs.recommended,
  {
    languageOptions: { globals: globals.node },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': 'off',
      'no-else-return': 'error',
      'no-template-curly-in-string': 'error',
      'no-unneeded-ternary': 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'no-useless-rename': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: { sourceType: 'commonjs' },
    rules: { strict: ['error', 'global'] },
  },
  {
    // They run in a page or a worker.
    files: ['examples/demo/page/**', 'examples/demo/*session.mjs', 'tests/browser/{page,worker}.mjs'],
    languageOptions: { globals: { ...globals.browser, ...globals.worker } },
  },
];
