#!/usr/bin/env node
'use strict';

const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const { status, signal, error } = spawnSync(binary(), process.argv.slice(2), { stdio: 'inherit' });
if (error) throw error;
if (signal) process.kill(process.pid, signal);
else process.exitCode = status;

/** The program for this machine: npm installs the package that has it. */
function binary() {
  const { platform, arch } = process;
  const name = platform === 'win32' ? 'crossgate.exe' : 'crossgate';
  const libc = platform === 'linux' ? ['-gnu', '-musl'] : platform === 'win32' ? ['-msvc'] : [''];
  for (const end of libc) {
    try {
      return require.resolve(`crossgate-cli-${platform}-${arch}${end}/${name}`);
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  const built = join(__dirname, '..', '..', 'target', 'release', name);
  if (existsSync(built)) return built;
  console.error(
    `crossgate: no program for ${platform}-${arch}; take it from pip or cargo, or in a checkout ` +
      'run `cargo build --release -p crossgate-cli`',
  );
  process.exit(3);
}
