import type { CorsOptions, Policy, PolicyHandle } from './index.js';

type Handler<R extends unknown[]> = (request: Request, ...rest: R) => Response | Promise<Response>;

/** A handler that decides before another of the same kind. */
export function wrap<R extends unknown[]>(
  handler: Handler<R>,
  options?: CorsOptions | Policy | PolicyHandle,
): (request: Request, ...rest: R) => Promise<Response>;
