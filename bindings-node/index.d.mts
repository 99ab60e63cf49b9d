import cors from './index.js';

export default cors;
export import ConfigError = cors.ConfigError;
export import Policy = cors.Policy;
export import PolicyHandle = cors.PolicyHandle;
export import attach = cors.attach;
export import decisionOf = cors.decisionOf;
export import mcp = cors.mcp;
export import verifyUpgrade = cors.verifyUpgrade;
export import wrap = cors.wrap;

export type CorsOptions = cors.CorsOptions;
export type CorsOptionsDelegate<T extends cors.CorsRequest = cors.CorsRequest> =
  cors.CorsOptionsDelegate<T>;
export type CorsRequest = cors.CorsRequest;
export type CorsResponse = cors.CorsResponse;
export type CustomOrigin = cors.CustomOrigin;
export type Decision = cors.Decision;
export type DecisionEvent = cors.DecisionEvent;
export type Middleware<T extends cors.CorsRequest = cors.CorsRequest> = cors.Middleware<T>;
export type MiddlewareOptions = cors.MiddlewareOptions;
export type PolicyOptions = cors.PolicyOptions;
export type PolicyRequest = cors.PolicyRequest;
export type Preset = cors.Preset;
export type Problem = cors.Problem;
export type Rule = cors.Rule;
export type StaticOrigin = cors.StaticOrigin;
