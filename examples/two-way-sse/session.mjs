import { randomUUID } from 'node:crypto';

/**
 * Messages both ways between one client and this server: events to it, POSTs from it. For the MCP
 * SDK it is a transport.
 */
export class Session {
  // Whoever knows it may only write where the origin is right too.
  sessionId = randomUUID();
  #patience;
  #kept = [];
  #last = 0;
  #stream;
  #leaving;

  /**
   * @param origin the page's that opened it; null for one of this server, or a program
   * @param patience milliseconds for which a client may be away
   */
  constructor(origin, patience) {
    this.origin = origin;
    this.#patience = patience;
    this.#leave();
    this.#publish('endpoint', `/messages?session=${this.sessionId}`);
  }

  /** What a client that comes back has seen, of the `Last-Event-ID` that it sends. */
  static seen(lastEventId) {
    const [id, number] = lastEventId.split('/');
    return { id, number: Number(number) || 0 };
  }

  /** Sends to this response from now on: a client that has come back has left the one before. */
  stream(response, seen) {
    clearTimeout(this.#leaving);
    const former = this.#stream;
    this.#stream = response;
    former?.end();
    response.on('close', () => {
      if (this.#stream !== response) return;
      this.#stream = undefined;
      this.#leave();
    });
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // Else nginx would keep events back.
      'x-accel-buffering': 'no',
    });
    response.write('retry: 1000\n\n');
    for (const event of this.#kept) if (event.number > seen) this.#write(event);
  }

  /** Finds out whether a client is still there that has not said good-bye. */
  ping() {
    this.#stream?.write(':\n\n');
  }

  async start() {}

  async send(message) {
    this.#publish('message', JSON.stringify(message));
  }

  async close() {
    clearTimeout(this.#leaving);
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.end();
    this.onclose?.();
  }

  /** Nobody listens; who does not come back in time is gone. */
  #leave() {
    this.#leaving = setTimeout(() => this.close(), this.#patience);
  }

  #publish(name, data) {
    this.#last += 1;
    const event = { number: this.#last, name, data };
    this.#kept.push(event);
    if (this.#kept.length > MOST_KEPT) this.#kept.shift();
    this.#write(event);
  }

  #write({ number, name, data }) {
    this.#stream?.write(`id: ${this.sessionId}/${number}\nevent: ${name}\ndata: ${data}\n\n`);
    // One that does not read comes back for what it missed, or stays away.
    if (this.#stream?.writableLength > MOST_BUFFERED) this.#stream.destroy();
  }
}

const MOST_KEPT = 1000;
const MOST_BUFFERED = 4 * 1024 * 1024;
