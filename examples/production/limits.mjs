import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';

/** `limit` is `REQUESTS/SECONDS`; with a `url` of Redis all processes count together. */
export async function createLimiter({ limit = '100/60', url, log }) {
  const [points, duration] = limit.split('/').map(Number);
  const memory = new RateLimiterMemory({ points, duration });
  if (!url) return memory;
  const storeClient = new Redis(url, { lazyConnect: true, enableOfflineQueue: false });
  storeClient.on('error', (error) => log({ event: 'redis', error: String(error) }));
  await storeClient.connect().catch(() => {}); // logged, and tried again
  // While Redis is away each process counts for itself.
  return new RateLimiterRedis({ storeClient, points, duration, insuranceLimiter: memory });
}

/** Counts the requests of a client, whatever origins they name. */
export class RateLimit {
  #limiter;

  constructor(limiter) {
    this.#limiter = limiter;
  }

  count = async (request, response, next) => {
    const { refused, result } = await this.#consume(request.ip);
    response.setHeader('X-RateLimit-Remaining', result.remainingPoints);
    if (refused) response.locals.retryAfter = Math.ceil(result.msBeforeNext / 1000);
    const asks = 'access-control-request-method' in request.headers;
    if (request.method === 'OPTIONS' && asks) this.refuse(request, response, next);
    else next();
  };

  refuse = (_, response, next) => {
    const { retryAfter } = response.locals;
    if (retryAfter === undefined) return next();
    response.setHeader('Retry-After', retryAfter);
    return response.status(429).json({ error: 'too many requests' });
  };

  async #consume(client) {
    try {
      return { refused: false, result: await this.#limiter.consume(client) };
    } catch (result) {
      if (result instanceof Error) throw result;
      return { refused: true, result };
    }
  }
}
