'use strict';

/**
 * The options: npm cors's names, and ours in its style, for the core's. The only renaming table.
 * In the core's order, in which problems are reported. Each says how its value is read, and whether
 * null states that there is none; what values mean, and which are refused, the core knows.
 */
const OPTIONS = [
  { core: 'allow_origins', name: 'origin' },
  { core: 'allow_origin_regex', name: 'origin' },
  { core: 'origins_by_host', name: 'origin' },
  { core: 'allow_methods', name: 'methods', read: list },
  { core: 'allow_headers', name: 'allowedHeaders', alias: 'headers', read: list },
  { core: 'allow_credentials', name: 'credentials', read: flag },
  { core: 'expose_headers', name: 'exposedHeaders', read: list },
  { core: 'max_age', name: 'maxAge', read: integer, none: true },
  { core: 'allow_hosts', name: 'allowedHosts', read: list, none: true },
  { core: 'cluster_domain', name: 'clusterDomain', read: text, none: true },
  { core: 'denied', name: 'denied', read: text },
  { core: 'denied_body', name: 'deniedBody', read: text },
  { core: 'preflight_status', name: 'optionsSuccessStatus', read: integer },
  { core: 'allow_private_network', name: 'allowPrivateNetwork', read: flag },
  { core: 'dangerously_allow_null_origin', name: 'dangerouslyAllowNullOrigin', read: flag },
  {
    core: 'dangerously_allow_any_origin_with_credentials',
    name: 'dangerouslyAllowAnyOriginWithCredentials',
    read: flag,
  },
  { core: 'dangerously_allow_public_suffixes', name: 'dangerouslyAllowPublicSuffixes', read: flag },
  { core: 'dangerously_allow_insecure_origins', name: 'dangerouslyAllowInsecureOrigins', read: flag },
  { core: 'discovery_paths', name: 'discoveryPaths', read: list },
  { core: 'authorize_paths', name: 'authorizePaths', read: list },
  { core: 'health_paths', name: 'healthPaths', read: list },
];

const spellings = new Map(OPTIONS.map(({ core, name }) => [core, name]));

/** How an option of the core is spelled here. */
function spelling(core) {
  return spellings.get(core) ?? core;
}

// A reader gives `undefined` for what is of no type that it knows, and the words for that.

function list(value) {
  if (typeof value === 'string') {
    return value.split(',').map((element) => element.trim()).filter(Boolean);
  }
  const strings = Array.isArray(value) && value.every((element) => typeof element === 'string');
  return strings ? value : undefined;
}
list.expected = ['list', 'expected an array of strings, or one string with commas'];

function flag(value) {
  return typeof value === 'boolean' ? value : undefined;
}
flag.expected = ['value', 'expected true or false'];

function integer(value) {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) ? number : undefined;
}
integer.expected = ['number', 'expected an integer'];

function text(value) {
  return typeof value === 'string' ? value : undefined;
}
text.expected = ['value', 'expected a string'];

module.exports = { OPTIONS, spelling };
