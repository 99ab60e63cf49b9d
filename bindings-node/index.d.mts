export { default } from './index.js';
export * from './index.js';
