// The same snapshot at a later instant: its times move, its metrics stay.

const TIMES = /("(?:as_of|data_end|expected_data_end)"\s*:\s*")([^"\\]+)(")/g;

/** The snapshot with all its times so many seconds later; null where it has no time. */
export function later(text, seconds) {
  if (!/"as_of"\s*:\s*"/.test(text)) return null;
  return text.replace(TIMES, (whole, before, time, after) => {
    // A time without an offset is UTC in snapshots; in JavaScript it is local.
    const isLocal = !/(?:Z|[+-]\d\d:?\d\d)$/i.test(time);
    const moved = Date.parse(isLocal ? `${time.replace(' ', 'T')}${time.includes(':') ? 'Z' : ''}` : time) + seconds * 1000;
    return Number.isNaN(moved) ? whole : before + new Date(moved).toISOString().replace('.000Z', 'Z') + after;
  });
}
