import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * npm cors's function: middleware for Express, connect and `node:http`. Without options any origin
 * may read, without credentials.
 *
 * @throws ConfigError for options that can hurt or cannot work: all of them at once
 */
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

  /**
   * The options of a policy. Where several entries may stand a string is one, or several with
   * commas. What has no effect is in `Policy.notes`.
   */
  interface PolicyOptions {
    /**
     * The origins whose pages may read responses (`Access-Control-Allow-Origin`).
     *
     * `https://app.example.com`; `https://*.example.com`, any depth and not the apex;
     * `http://localhost:*`, any port; `chrome-extension://ID`; `*`; `true` for any origin, `false`
     * for none; anchored expressions; a function. Refused: what no browser sends (a path or final
     * `/`, upper case, a default port, a Unicode host), `null`, `*` with credentials; with
     * credentials also `http` other than loopback and wildcards over a public suffix.
     *
     * @see https://fetch.spec.whatwg.org/#origin-header
     */
    origin?: StaticOrigin | CustomOrigin;
    /**
     * The methods a page may use (`Access-Control-Allow-Methods`); `GET` includes `HEAD`.
     * Case-sensitive; `*` for every method. Refused: what is no token, standard methods in another
     * case, `CONNECT`, `TRACE`, `TRACK`.
     *
     * @see https://fetch.spec.whatwg.org/#methods
     */
    methods?: string | string[];
    /**
     * The request headers a page may send (`Access-Control-Allow-Headers`), in any case: names,
     * prefix rules such as `Mcp-Param-*`, `*`. Refused: what is no token, response headers.
     *
     * @see https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names
     */
    allowedHeaders?: string | string[];
    /** The same as `allowedHeaders`. */
    headers?: string | string[];
    /**
     * The response headers a page may read (`Access-Control-Expose-Headers`), in any case. Refused:
     * `*` with credentials, `Set-Cookie`, request headers.
     *
     * @see https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name
     */
    exposedHeaders?: string | string[];
    /**
     * Whether pages may send cookies and HTTP authentication.
     *
     * @see https://fetch.spec.whatwg.org/#http-access-control-allow-credentials
     */
    credentials?: boolean;
    /**
     * Seconds for which a browser may keep a preflight's answer, 0 to 86400; null for no header.
     *
     * @see https://fetch.spec.whatwg.org/#http-access-control-max-age
     */
    maxAge?: number | string | null;
    /** The status of a preflight's answer, 200 to 299. */
    optionsSuccessStatus?: number;
    /**
     * The names that this server answers to, against DNS rebinding: any other Host is answered 421.
     * `api.example.com`, any port; `api.example.com:8443`; `*.example.com`. Loopback names always
     * count; `[]`: only they; `['*']`: any. Without it the Host is not checked, which `reject`
     * refuses.
     *
     * @see https://www.rfc-editor.org/rfc/rfc9110#section-7.2
     */
    allowedHosts?: string | string[] | null;
    /**
     * The domain of a Kubernetes cluster, usually `cluster.local`: `svc.ns.svc` and its full name
     * are then one service, in origins and hosts.
     */
    clusterDomain?: string | null;
    /**
     * What becomes of a refused request that is no preflight. `continue`: the application runs, and
     * the page cannot read the answer. `reject`: 403 before the application.
     */
    denied?: 'continue' | 'reject';
    /** The body of a refusal; `json-rpc` is an error without `id`. */
    deniedBody?: 'text' | 'json-rpc';
    /**
     * Paths of public documents, such as OAuth's: any page, without credentials. A path, or
     * `/folder/*` for all below.
     */
    discoveryPaths?: string | string[];
    /** Paths that are visited and never fetched: no CORS. */
    authorizePaths?: string | string[];
    /** Paths of probes that call by an address: the Host is not checked. */
    healthPaths?: string | string[];
    /**
     * Seconds for which the word of an `origin` function holds, 0 or more; without it, for one
     * request. What is kept is bounded; `forget(origin)` gives one up.
     */
    originCacheSeconds?: number;
    /** Accepted, and noted as without effect in today's browsers. */
    allowPrivateNetwork?: boolean;
    /** Any page can take on `null`, by a sandboxed frame. */
    dangerouslyAllowNullOrigin?: boolean;
    /** Any page can act as its visitor. */
    dangerouslyAllowAnyOriginWithCredentials?: boolean;
    /** With credentials: `https://*.github.io` and the like, below which anybody can register. */
    dangerouslyAllowPublicSuffixes?: boolean;
    /** With credentials: `http` origins, which anybody on the network path can take on. */
    dangerouslyAllowInsecureOrigins?: boolean;
  }

  /** The options of a middleware that are none of its policy. */
  interface MiddlewareOptions {
    /** Called with every decision, preflights and refusals too. What it throws is a warning. */
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
    /** The address of the peer; in Express its `ip`, which heeds the setting `trust proxy`. */
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
    /**
     * @param preset what the options build on; `DEFAULT` allows nothing
     * @throws ConfigError
     */
    constructor(options?: PolicyOptions, preset?: Preset);
    /** The policy of an MCP endpoint: header lists add to the preset's. */
    static mcp(options?: PolicyOptions): Policy;
    /** What is useless or redundant in the options. */
    readonly notes: readonly Problem[];
    /**
     * Decides a request; nothing in it throws. `given` stands for the word of an `origin` function.
     */
    decide(request: PolicyRequest, given?: boolean): Decision;
    /** Says what stands in a page's way; `given` stands for the word of an `origin` function. */
    explain(page: PageRequest, given?: boolean): Explanation;
    /** Forgets what an `origin` function said of an origin, or of all. */
    forget(origin?: string): void;
  }

  /** A policy that can be replaced while it is in use. */
  class PolicyHandle {
    constructor(policy: Policy | PolicyOptions, preset?: Preset);
    /** The policy in force. */
    readonly policy: Policy;
    /** For the requests to come. Invalid options throw a `ConfigError`, and nothing changes. */
    replace(policy: Policy | PolicyOptions): void;
    forget(origin?: string): void;
  }

  /** Everything that is wrong with a set of options, one problem a line. */
  class ConfigError extends TypeError {
    readonly code: 'ERR_CROSSGATE_CONFIG';
    readonly problems: readonly Problem[];
  }

  /**
   * Middleware for an MCP server: the methods and headers of every version of the protocol, 403 for
   * foreign origins, the Host checked. State `origin` and `allowedHosts`; header lists add to the
   * preset's.
   *
   * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
   */
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
