import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** npm cors's function: middleware for Express, connect and `node:http`. */
declare function cors<T extends cors.CorsRequest = cors.CorsRequest>(
  options?: cors.CorsOptions | cors.Policy | cors.PolicyHandle | cors.CorsOptionsDelegate<T>,
  settings?: cors.MiddlewareOptions,
): cors.Middleware<T>;

declare namespace cors {
  /** What a middleware reads of a request. */
  interface CorsRequest {
    method?: string | undefined;
    headers: IncomingHttpHeaders;
  }

  /** What a middleware writes on a response. */
  interface CorsResponse {
    statusCode?: number | undefined;
    setHeader(name: string, value: string): unknown;
    end(body?: string): unknown;
  }

  interface Middleware<T extends CorsRequest = CorsRequest> {
    (request: T, response: CorsResponse, next: (error?: any) => any): void;
    /** The policy it decides by; of a function that gives options, none. */
    readonly policy?: Policy | PolicyHandle;
  }

  type OriginEntry = boolean | string | RegExp | CustomOrigin;
  type StaticOrigin = boolean | string | RegExp | Array<OriginEntry | OriginEntry[]>;

  /**
   * Decides an origin that is well formed and not listed, by a callback, a value or a promise. It is
   * called without an origin too, and may then stop the request by an error.
   */
  type CustomOrigin = (
    origin: string | undefined,
    callback: (error: Error | null, allow?: StaticOrigin) => void,
    request: CorsRequest,
  ) => StaticOrigin | undefined | void | Promise<StaticOrigin | undefined | void>;

  /** The options of a policy. */
  interface PolicyOptions {
    /** The origins whose pages may read responses. */
    origin?: StaticOrigin | CustomOrigin;
    methods?: string | string[];
    /** Names, prefix rules such as `Mcp-Param-*`, or `*`. */
    allowedHeaders?: string | string[];
    /** The same as `allowedHeaders`. */
    headers?: string | string[];
    exposedHeaders?: string | string[];
    credentials?: boolean;
    /** Seconds, 0 to 86400; null for none. */
    maxAge?: number | string | null;
    optionsSuccessStatus?: number;
    /** The names that this server answers to: a defence against DNS rebinding. */
    allowedHosts?: string | string[] | null;
    /** The domain of a Kubernetes cluster, usually `cluster.local`. */
    clusterDomain?: string | null;
    /** What becomes of a refused request that is no preflight. */
    denied?: 'continue' | 'reject';
    deniedBody?: 'text' | 'json-rpc';
    discoveryPaths?: string | string[];
    authorizePaths?: string | string[];
    healthPaths?: string | string[];
    /** For how long the word of an `origin` function holds; without it, for one request. */
    originCacheSeconds?: number;
    allowPrivateNetwork?: boolean;
    dangerouslyAllowNullOrigin?: boolean;
    dangerouslyAllowAnyOriginWithCredentials?: boolean;
    dangerouslyAllowPublicSuffixes?: boolean;
    dangerouslyAllowInsecureOrigins?: boolean;
  }

  /** The options of a middleware that are none of its policy. */
  interface MiddlewareOptions {
    /** Called with every decision. */
    onDecision?: (event: DecisionEvent) => void;
    /** Leaves preflights to the application, with the policy's headers. */
    preflightContinue?: boolean;
    /** Hands an origin function's error to `next`, in place of a 403. */
    nextOnError?: boolean;
  }

  interface CorsOptions extends PolicyOptions, MiddlewareOptions {
    /** A policy in place of the options of one. */
    policy?: Policy | PolicyHandle;
  }

  /** Gives the options of each request, by a callback, a value or a promise. */
  type CorsOptionsDelegate<T extends CorsRequest = CorsRequest> = (
    request: T,
    callback: (error: Error | null, options?: CorsOptions) => void,
  ) => CorsOptions | undefined | void | Promise<CorsOptions | undefined | void>;

  type Verdict = 'allowed' | 'refused' | 'not-cors';
  type Leg = 'actual' | 'preflight' | 'websocket';
  type Rule =
    | 'host-missing'
    | 'host-malformed'
    | 'host-not-allowed'
    | 'origin-malformed'
    | 'origin-null'
    | 'origin-not-allowed'
    | 'method-not-allowed'
    | 'header-not-allowed'
    | 'headers-too-many';

  /** A decision as it is logged. */
  interface DecisionEvent {
    /** Milliseconds since 1970. */
    time: number;
    leg: Leg;
    verdict: Verdict;
    /** The rule that refused something. */
    reason: Rule | null;
    /** The refusal in a sentence, fit for a log. */
    message: string | null;
    method: string;
    path: string;
    origin: string | null;
    /** The address of the peer, which may be a proxy. */
    client: string | null;
    /** What an origin function threw. */
    error?: unknown;
  }

  /** What a policy says to a request. */
  interface Decision {
    verdict: Verdict;
    leg: Leg;
    reason: Rule | null;
    /** The request's value that was refused. */
    value: string | null;
    message: string | null;
    /** The request's origin when it is well formed, under the one name by which rules know it. */
    origin: string | null;
    /** The status of an answer that is given now; null when the application answers. */
    status: number | null;
    headers: Record<string, string>;
    vary: string | null;
    contentType: string | null;
    body: string | null;
  }

  interface PolicyRequest {
    method?: string;
    path?: string;
    host?: string;
    origin?: string;
    accessControlRequestMethod?: string;
    accessControlRequestHeaders?: string;
  }

  /** What a page's script asks the browser to fetch. */
  interface PageRequest {
    /** The page's origin: `https://app.example.com`, or `null` as a string. */
    origin: string;
    /** The whole URL that it fetches. */
    url: string | URL;
    method?: string;
    headers?: Record<string, string> | Iterable<[string, string]>;
    /** Whether it fetches with `credentials: 'include'`. */
    credentials?: boolean;
  }

  /** What becomes of a page's request, and how to make it otherwise. */
  interface Explanation {
    /** Whether the page gets the application's answer, by the standard. */
    allowed: boolean;
    /** On which request it fails; `actual` when it does not. */
    leg: 'script' | 'preflight' | 'actual';
    /** The policy's rule that refuses. */
    rule: Rule | null;
    /** What the server says of it. */
    denial: string | null;
    /** What the browser says of it, as in `missing-allow-origin`. */
    reason: string | null;
    /** The header line on which it turns. */
    header: string | null;
    /** The smallest change that mends it. */
    fix: string | null;
    /** What else to know before believing one's eyes. */
    traps: string[];
    /** What becomes of it in each browser, and what its console shows. */
    browsers: InBrowser[];
    /** All of it, for people. */
    text: string;
  }

  interface InBrowser {
    browser: 'Chromium' | 'Firefox' | 'WebKit';
    allowed: boolean;
    /** A line for each message. */
    console: string | null;
  }

  type Preset = 'DEFAULT' | 'MCP' | 'PUBLIC' | 'STARLETTE' | 'EXPRESS';

  /** One thing that is wrong with an option, and how to mend it. */
  interface Problem {
    option: string;
    value: string;
    reason: 'missing' | 'invalid' | 'forbidden' | 'prohibited';
    text: string;
  }

  /** What a server allows other origins, ready to decide requests. Immutable. */
  class Policy {
    /** @param preset what the options build on; `DEFAULT` allows nothing */
    constructor(options?: PolicyOptions, preset?: Preset);
    /** The policy of an MCP endpoint: header lists add to the preset's. */
    static mcp(options?: PolicyOptions): Policy;
    /** What is useless or redundant in the options. */
    readonly notes: readonly Problem[];
    /** Decides a request; `given` stands for the word of an `origin` function. */
    decide(request: PolicyRequest, given?: boolean): Decision;
    /** Says what stands in a page's way; `given` stands for the word of an `origin` function. */
    explain(page: PageRequest, given?: boolean): Explanation;
    /** Forgets what an `origin` function said of an origin, or of all. */
    forget(origin?: string): void;
  }

  /** A policy that can be replaced while it is in use. */
  class PolicyHandle {
    constructor(policy: Policy | PolicyOptions, preset?: Preset);
    readonly policy: Policy;
    /** Invalid options throw, and nothing changes. */
    replace(policy: Policy | PolicyOptions): void;
    forget(origin?: string): void;
  }

  /** Everything that is wrong with a set of options, one problem a line. */
  class ConfigError extends TypeError {
    readonly code: 'ERR_CROSSGATE_CONFIG';
    readonly problems: readonly Problem[];
  }

  /** Middleware for an MCP endpoint. */
  function mcp<T extends CorsRequest = CorsRequest>(
    options?: CorsOptions | Policy | PolicyHandle | CorsOptionsDelegate<T>,
    settings?: MiddlewareOptions,
  ): Middleware<T>;

  type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;
  type Deciding = CorsOptions | Policy | PolicyHandle | Middleware<any>;

  /** A handler for `http.createServer` that decides before the application runs. */
  function wrap(application: Handler, options?: Deciding): Handler;
  /** Does the same to a server that exists. */
  function attach<S extends Server>(server: S, options?: Deciding): S;
  /** A listener for `upgrade` that lets handshakes pass from where a page may read answers. */
  function verifyUpgrade(
    options: CorsOptions | Policy | PolicyHandle,
    upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => unknown,
  ): (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** The decision on a request that a middleware has seen. */
  function decisionOf(request: CorsRequest): Decision | undefined;
}

export = cors;
