'use strict';

/**
 * The core as a WebAssembly module, with the same functions as the addon.
 * @param {WebAssembly.Module} compiled
 */
function load(compiled) {
  const core = new WebAssembly.Instance(compiled).exports;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  let memory = new Uint8Array(0);

  /** Sees to it that so much can be written. The module's memory moves when it grows. */
  function room(length) {
    if (memory.length >= length) return;
    const start = core.input(length);
    memory = new Uint8Array(core.memory.buffer, start, length);
  }

  /** Writes a string after others; gives its length, or -1 for what is none. */
  function write(text, at) {
    if (typeof text !== 'string') return ABSENT;
    // A character takes three bytes at most.
    if (at + 3 * text.length > memory.length) room(at + 3 * text.length);
    for (let nth = 0; nth < text.length; nth += 1) {
      const code = text.charCodeAt(nth);
      if (code > 0x7f) return encoder.encodeInto(text, memory.subarray(at)).written;
      memory[at + nth] = code;
    }
    return text.length;
  }

  function take(length) {
    return decoder.decode(new Uint8Array(core.memory.buffer, core.output(), length));
  }

  /** Writes a request's strings, and calls a function with their lengths. */
  function call(ask, set, index, last, origin, host, method, requestedMethod, requestedHeaders) {
    room(ROOM);
    let at = 0;
    const length = (text) => {
      const written = write(text, at);
      at += Math.max(written, 0);
      return written;
    };
    const [a, b, c] = [length(origin), length(host), length(method)];
    const [d, e] = [length(requestedMethod), length(requestedHeaders)];
    return ask(set, index, last, a, b, c, d, e);
  }

  /** Functions bound to a policy. Through them its owner lives, and through that the policy. */
  function bind(owner, index) {
    return {
      verdict: (origin, host, method, requestedMethod, requestedHeaders, given) => {
        const word = typeof given === 'boolean' ? Number(given) : ABSENT;
        const asked = [origin, host, method, requestedMethod, requestedHeaders];
        return call(core.verdict, owner.set, index, word, ...asked) >>> 0;
      },
      body: (origin, host, method, requestedMethod, requestedHeaders, verdict) => {
        const asked = [origin, host, method, requestedMethod, requestedHeaders];
        return take(call(core.body, owner.set, index, verdict, ...asked));
      },
      answer: (verdict, ...asked) => take(call(core.answer, owner.set, index, verdict, ...asked)),
    };
  }

  const released = new FinalizationRegistry((set) => core.release(set));

  return {
    presets: () => take(core.presets()),
    compile(config, mcp) {
      room(ROOM);
      const set = core.compile(write(config, 0), mcp);
      const told = take(core.output_len());
      if (set < 0) return { problems: told };
      const owner = { set };
      released.register(owner, set);
      return {
        notes: told,
        policies: Array.from({ length: core.count(set) }, (_, index) => bind(owner, index)),
        at(path) {
          room(ROOM);
          return core.at(owner.set, write(path, 0));
        },
        explain(page) {
          room(ROOM);
          return take(core.explain(owner.set, write(page, 0)));
        },
      };
    },
  };
}

const ABSENT = -1;
const ROOM = 1 << 16;

module.exports = { load };
