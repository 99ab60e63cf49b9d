// Builds the addon from a checkout, with cargo and node alone, and puts it where native.js looks.
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));

/** The file that cargo made for a package. */
function build(name, ...more) {
  const args = ['build', '--release', '--package', name, '--message-format=json-render-diagnostics', ...more];
  const output = execFileSync('cargo', args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const messages = output.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const built = messages.findLast(
    ({ reason, target }) => reason === 'compiler-artifact' && target.name === name.replaceAll('-', '_'),
  );
  return built.filenames.find((file) => /\.(so|dylib|dll|wasm)$/.test(file));
}

function place(from, to) {
  const path = `${folder}/${to}`;
  // Overwriting a library that a running process has mapped would crash it.
  rmSync(path, { force: true });
  copyFileSync(from, path);
  console.log(`built ${to}`);
}

place(build('crossgate-node'), 'crossgate.node');
