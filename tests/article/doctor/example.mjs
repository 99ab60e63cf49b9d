import { Server } from 'node:net';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * A program of somebody else's as it stands: the module named by the first argument, with the
 * other arguments. Only the port it listens on is another, a free one, and what it prints goes to
 * standard error.
 */
console.log = console.info = console.error;
const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  this.once('listening', () => {
    console.error(`listening on http://127.0.0.1:${this.address().port}`);
  });
  const callback = args.find((argument) => typeof argument === 'function');
  return listen.call(this, 0, '127.0.0.1', callback);
};

const [, , name, ...args] = process.argv;
const path = createRequire(import.meta.url).resolve(name);
process.argv = [process.execPath, path, ...args];
await import(pathToFileURL(path));
