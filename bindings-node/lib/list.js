'use strict';

/**
 * A header that is a list of names, with some more names: what is there stays, each name once,
 * whatever its case. `*` in `Vary` says it all.
 * https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5
 */
function mergeList(present, names) {
  const value = Array.isArray(present) ? present.join(', ') : String(present ?? '');
  if (names === undefined || value === names) return value;
  if (value === '') return names;
  const known = value.split(',').map((name) => name.trim().toLowerCase());
  if (known.includes('*')) return value;
  const missing = names.split(',').map((name) => name.trim()).filter((name) => !known.includes(name.toLowerCase()));
  return [value, ...missing].join(', ');
}

module.exports = { mergeList };
