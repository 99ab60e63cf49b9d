'use strict';

// The layout of a verdict, as in core/src/verdict.rs.

/** What becomes of a request: bits 0 to 3. Up to `REFUSED` the application runs. */
const OUTCOME = 0xf;
const NOT_CORS = 0;
const ALLOWED = 1;
const REFUSED = 2;
const PREFLIGHT = 3;
const PREFLIGHT_REFUSED = 4;
const REJECTED = 5;
const UNDECIDED = 9;

/** The rule that refused something: bits 4 to 7. */
const RULE = 0xf0;
const ORIGIN_NULL = 5 << 4;

/** The headers to write. */
const ALLOW_ORIGIN = 1 << 8;
const ALLOW_CREDENTIALS = 1 << 9;
const EXPOSE_HEADERS = 1 << 13;
const EVERY_HEADER = 0x3f00;

/** The values of which depend on the request. */
const REQUESTED = (1 << 14) | (1 << 15);

const VARY_ORIGIN = 1 << 16;
const VARY_PREFLIGHT = 1 << 17;

/** The names that `Vary` must have. */
function varyOf(verdict) {
  if (verdict & VARY_PREFLIGHT) {
    return 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';
  }
  return verdict & VARY_ORIGIN ? 'Origin' : undefined;
}

/** The verdict of one who refuses where the policy would let the application run. */
function refusalOf(verdict) {
  return (verdict & OUTCOME) === REFUSED ? (verdict & ~OUTCOME) | REJECTED : verdict;
}

module.exports = {
  ALLOWED,
  ALLOW_CREDENTIALS,
  ALLOW_ORIGIN,
  EVERY_HEADER,
  EXPOSE_HEADERS,
  NOT_CORS,
  ORIGIN_NULL,
  OUTCOME,
  PREFLIGHT,
  PREFLIGHT_REFUSED,
  REFUSED,
  REJECTED,
  REQUESTED,
  RULE,
  UNDECIDED,
  VARY_ORIGIN,
  VARY_PREFLIGHT,
  refusalOf,
  varyOf,
};
