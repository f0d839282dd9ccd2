// Numbers and codes as people of the field write them: 27.3%, 63 days, 5m; the words of `explain`.

const DAY = 86_400;

/** A number with so many significant figures, none of those before the point lost. */
export function plain(value, figures = 4) {
  if (value === null || value === undefined) return 'missing';
  const whole = Math.abs(value) < 1 ? 0 : Math.floor(Math.log10(Math.abs(value))) + 1;
  const text = value.toPrecision(Math.min(100, Math.max(figures, whole, 1)));
  const number = text.includes('e') ? text : text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return number === '-0' ? '0' : number.replace('-', '\u2212');
}

/** Seconds as the two largest units that they fill. */
export function duration(seconds) {
  if (seconds < 0) return `\u2212${duration(-seconds)}`;
  const parts = [];
  let left = seconds;
  for (const [unit, length] of [['d', DAY], ['h', 3600], ['m', 60]]) {
    const count = Math.floor(left / length);
    if (count >= 1) parts.push(`${count}${unit}`);
    left -= count * length;
  }
  if (left > 0 || parts.length === 0) parts.push(`${plain(left)}s`);
  return parts.slice(0, 2).join(' ');
}

/** Seconds as days. */
export function days(seconds) {
  return counted(seconds / DAY, 'day');
}

function counted(value, unit, figures) {
  const number = plain(value, figures);
  return `${number} ${unit}${number === '1' ? '' : 's'}`;
}

/** A count with its word: 1 error, 2 errors. */
export function several(count, word) {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** A value in the unit of its metric. */
export function amount(value, { unit, percent } = {}, figures = percent ? 3 : 4) {
  if (value === null || value === undefined) return 'missing';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return `"${value}"`;
  if (percent) {
    const number = plain(value * 100, figures);
    // Nearly all is not all.
    return number === '100' && value !== 1 && figures < 15 ? amount(value, { unit, percent }, figures + 1) : `${number}%`;
  }
  if (unit === 'days') return counted(value, 'day', figures);
  if (unit === 'years') return counted(value, 'year', figures);
  if (unit === 'duration') return duration(value);
  return plain(value, figures);
}

/** A threshold, with every figure that was written. */
export function limit(value, quantity) {
  return amount(value, quantity, 15);
}

/** A value beside the threshold that it is compared with: with as many figures as tell them apart. */
export function beside(value, threshold, quantity) {
  const asked = limit(threshold, quantity);
  for (let figures = quantity?.percent ? 3 : 4; figures < 15; figures += 1) {
    const text = amount(value, quantity, figures);
    if (text !== asked || value === threshold) return text;
  }
  return amount(value, quantity, 17);
}

/** A distance from a threshold. */
export function distance(value, quantity) {
  if (value === null) return '';
  const sign = value > 0 ? '+' : '';
  return quantity.percent ? `${sign}${plain(value * 100, 3)} points` : sign + amount(value, quantity);
}

/** The value that a change asks for; next to a short number it is that number, and which side of it. */
export function wanted(value, quantity) {
  const near = Number(value.toPrecision(15));
  const side = near === value ? '' : near < value ? 'just above ' : 'just below ';
  return side + limit(near, quantity);
}

/** Ids for a sentence: all of a few, the first of many. */
export function named(ids, most = 3) {
  const some = ids.slice(0, most).map((one) => `\`${one}\``);
  if (ids.length > most) return `${some.join(', ')} and ${ids.length - most} more`;
  return some.length < 2 ? some.join('') : `${some.slice(0, -1).join(', ')} and ${some.at(-1)}`;
}

/** A time for reading. */
export function instant(text) {
  return text.replace(/T00:00:00Z$/, '').replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::00)?Z$/, '$1 $2 UTC');
}

/** The first letter as a sentence begins. */
export function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const CODES = {
  score_missing: 'its score has no value',
  correlation_missing: 'no correlations are given',
  correlation_constraint_failed: 'too much like',
  exposure_gross_budget: 'the budget of its side is used up',
  exposure_sector_cap: 'the cap of its sector is reached',
  exposure_max_leverage: 'the leverage limit is reached',
  side_missing: 'its side is not given',
  sector_missing: 'its sector is not given',
  weight_missing: 'its weight is not given',
  rank_outside_topk: 'ranked outside top-K',
  performance_rank_outside_top_k: 'ranked outside top-K',
  hysteresis_pending: 'has not passed often enough in a row',
  hysteresis_dwell: 'changed too short a time ago',
  hysteresis_capacity: 'every place is taken by active strategies',
  hysteresis_constraint: 'active strategies leave it no room',
  hysteresis_not_entered: 'below the level to enter',
  hysteresis_exit: 'below the level to stay',
  risk_exit: 'a risk rule fails',
  absent: 'not in the snapshot',
  stale_data: 'its data is too old',
  missing_data_end: 'nothing says how far its data reaches',
  future_data: 'its data ends after the snapshot',
  insufficient_history: 'its history is too short or unknown',
  missing_as_of: 'the snapshot has no time',
  incomplete_snapshot: 'too few active strategies are in the snapshot',
};

/** A code in words. */
export function code(name) {
  return CODES[name] ?? name.replaceAll('_', ' ');
}

/** In one clause, why a strategy of a decision was kept out, or has a warning; empty where nothing is to be said. */
export function because(strategy) {
  const { rejected_by: rejection, checks = [], downgrade_reason: downgrade, missing = [] } = strategy;
  const said = (id) => {
    const check = checks.find((one) => one.id === id);
    if (check === undefined || check.threshold === null || check.value === null) return `\`${id}\` ${check?.outcome === 'missing' ? 'is missing' : 'fails'}`;
    return `\`${id}\`: ${beside(check.value, check.threshold)} against ${limit(check.threshold)}`;
  };
  if (rejection !== null) {
    if (rejection.code === 'metrics_missing') return `${rejection.rule === null ? '' : `\`${rejection.rule}\`: `}${missing.length === 0 ? 'a metric' : named(missing)} ${missing.length > 1 ? 'are' : 'is'} missing`;
    if (rejection.rule !== null) return said(rejection.rule);
    const joint = { correlation_constraint_failed: ' ', rank_outside_topk: ', after ', performance_rank_outside_top_k: ', after ' }[rejection.code] ?? ': ';
    const words = code(rejection.code) + (rejection.by.length === 0 ? '' : joint + named(rejection.by, 1));
    return downgrade !== null && rejection.code === 'hysteresis_pending' ? code(downgrade) : words;
  }
  if (downgrade !== null) return code(downgrade);
  const warned = checks.find((check) => check.status !== 'pass');
  return warned === undefined ? '' : said(warned.id);
}
