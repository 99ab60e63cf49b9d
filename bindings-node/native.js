'use strict';

const { existsSync } = require('node:fs');
const { join } = require('node:path');

/** The core, compiled for this machine. */
module.exports = load();

function load() {
  const local = join(__dirname, 'crossgate.node');
  if (existsSync(local)) return require(local);
  throw new Error('crossgate has no binary for this machine; in a checkout run `npm run build`');
}
