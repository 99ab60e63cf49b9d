import type { FastifyPluginCallback } from 'fastify';

import type { CorsOptions } from './index.js';

declare const crossgate: FastifyPluginCallback<CorsOptions> & { default: typeof crossgate };

export = crossgate;
