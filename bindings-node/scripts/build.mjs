// Builds the addon from a checkout, with cargo and node alone, and the WebAssembly module if Rust has
// that target or can have it, and puts them where native.js looks.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));
const TARGET = 'wasm32-unknown-unknown';

/** The library that cargo makes of a package. */
function build(name, ...more) {
  const options = ['--release', '--package', name, '--message-format=json-render-diagnostics'];
  const output = execFileSync('cargo', ['build', ...options, ...more], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const messages = output.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const { filenames } = messages.findLast(
    ({ reason, target }) =>
      reason === 'compiler-artifact' && target.name === name.replaceAll('-', '_'),
  );
  return filenames.find((file) => /\.(so|dylib|dll|wasm)$/.test(file));
}

function place(from, to) {
  const path = `${folder}/${to}`;
  // Overwriting a library that a running process has mapped would crash it.
  rmSync(path, { force: true });
  copyFileSync(from, path);
  console.log(`built ${to}`);
}

function hasTarget() {
  const { stdout } = spawnSync('rustc', ['--print', 'target-libdir', '--target', TARGET], {
    encoding: 'utf8',
  });
  return existsSync(stdout.trim());
}

place(build('crossgate-node'), 'crossgate.node');
if (!hasTarget()) spawnSync('rustup', ['target', 'add', TARGET], { stdio: 'ignore' });
if (hasTarget()) place(build('crossgate-wasm', '--target', TARGET), 'wasm/crossgate.wasm');
else console.log(`no wasm/crossgate.wasm: Rust's target ${TARGET} is missing`);
