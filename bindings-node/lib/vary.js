'use strict';

/**
 * `Vary` with some more names: what is there stays, each name once, whatever its case.
 * https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5
 */
function mergeVary(present, names) {
  if (present === undefined) return names;
  const value = Array.isArray(present) ? present.join(', ') : String(present);
  if (value === '' || value === names) return names;
  const known = value.split(',').map((name) => name.trim().toLowerCase());
  if (known.includes('*')) return value;
  const missing = names.split(', ').filter((name) => !known.includes(name.toLowerCase()));
  return missing.length === 0 ? value : [value, ...missing].join(', ');
}

module.exports = { mergeVary };
