'use strict';

const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const { load } = require('./wasm.js');

/**
 * The core: an addon for this machine, or, where there is none, the WebAssembly module, which
 * answers the same. The environment can choose: `CROSSGATE_BINDING=wasm`, or `addon`.
 */
module.exports = choose(process.env.CROSSGATE_BINDING);

function choose(wanted) {
  const core = (wanted !== 'wasm' && addon()) || (wanted !== 'addon' && webAssembly());
  if (core) return core;
  const missing = wanted === undefined ? 'neither addon nor WebAssembly module' : `no ${wanted}`;
  throw new Error(`crossgate: ${missing} for this machine; in a checkout run \`npm run build\``);
}

function addon() {
  const built = join(__dirname, 'crossgate.node');
  if (existsSync(built)) return require(built);
  const { platform, arch } = process;
  // npm installs those that fit the machine. Which C library that is it knows best.
  for (const libc of platform === 'linux' ? ['-gnu', '-musl'] : platform === 'win32' ? ['-msvc'] : ['']) {
    try {
      return require(`crossgate-${platform}-${arch}${libc}`);
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}

function webAssembly() {
  const built = join(__dirname, 'wasm', 'crossgate.wasm');
  return existsSync(built) ? load(new WebAssembly.Module(readFileSync(built))) : undefined;
}
