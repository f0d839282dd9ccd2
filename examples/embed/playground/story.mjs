// The story of one strategy, from `explain`: what its rules asked, where it stands, and what would have to change.

import { h, prose } from './dom.mjs';
import { amount, beside, code, days, distance, duration, instant, limit, named, plain, sentence, several, wanted } from './words.mjs';

const ROUNDING = 1e-9;
const RELATIONS = { '<=': 'exceeds', '>=': 'is below', '<': 'is not below', '>': 'does not exceed', '!=': 'equals', '==': 'differs from' };

function failing(rule) {
  const missing = rule.readings.filter(({ value }) => value === null).map(({ metric }) => metric);
  if (rule.outcome === 'missing' && missing.length > 0) return `${named(missing)} ${missing.length === 1 ? 'is' : 'are'} missing`;
  if (rule.value === null || rule.threshold === null || rule.operand === null) return `\`${rule.condition}\` is ${rule.outcome}`;
  return `its \`${rule.operand}\` of ${beside(rule.value, rule.threshold, rule)} ${RELATIONS[rule.operator] ?? 'differs from'} ${limit(rule.threshold, rule)}`;
}

function budget({ limit: kind, group }) {
  if (kind === 'gross_budget') return `the budget of side \`${group}\``;
  if (kind === 'per_sector') return `the cap of sector \`${group}\``;
  return 'the leverage limit';
}

function data({ data: facts }, reason) {
  if (reason === 'stale_data') return `its data is ${duration(facts.lag)} behind, and at most ${duration(facts.max_lag)} is allowed`;
  if (reason === 'insufficient_history') {
    return facts.history === null
      ? `nothing says how long its history is, and ${days(facts.min_history)} are needed`
      : `its data covers ${days(facts.history)}, and ${days(facts.min_history)} are needed`;
  }
  return code(reason);
}

/** Why it was kept out, as a clause. */
function because(story, rejection) {
  const { code: reason, by } = rejection;
  if (reason === 'rule_failed' || reason === 'metrics_missing') {
    const failed = story.rules.filter(({ severity, status }) => severity === 'blocking' && status === 'fail');
    if (failed.length === 0) return 'a rule fails';
    const more = failed.length - 1;
    return failing(failed[0]) + (more === 0 ? '' : `, and ${more} other rule${more === 1 ? ' fails' : 's fail'}`);
  }
  if (reason === 'correlation_constraint_failed') {
    const other = story.blocked_by.find(({ strategy, rho }) => by.includes(strategy) && rho !== null);
    if (other === undefined) return `it is too much like ${named(by)}`;
    return `its correlation of ${plain(other.rho)} with \`${other.strategy}\` is over ${plain(other.max_pairwise)}`;
  }
  const limits = { exposure_gross_budget: 'gross_budget', exposure_sector_cap: 'per_sector', exposure_max_leverage: 'max_leverage' };
  const exposure = story.exposure.find((one) => one.limit === limits[reason]);
  if (exposure !== undefined) {
    const left = exposure.cap - exposure.used;
    const own = exposure.own === null ? 'an unknown size' : plain(exposure.own);
    if (left < ROUNDING) return `${budget(exposure)}, ${plain(exposure.cap)}, is used up, and it needs ${own}`;
    return `${budget(exposure)} has ${plain(left)} left of ${plain(exposure.cap)}, and it needs ${own}`;
  }
  const hysteresis = story.hysteresis;
  if (reason === 'hysteresis_pending') {
    if (story.downgrade_reason !== null) return data(story, story.downgrade_reason);
    if (hysteresis?.kind === 'streaks') return `it passed ${hysteresis.pass_streak} of ${hysteresis.promote_after} evaluations in a row`;
  }
  if (reason === 'hysteresis_dwell' && hysteresis?.may_change_from) return `it changed lately and may not change before ${instant(hysteresis.may_change_from)}`;
  if (hysteresis?.kind === 'levels' && reason.startsWith('hysteresis_')) {
    const [asked, what] = story.was_active ? [hysteresis.exit, 'stay'] : [hysteresis.enter, 'enter'];
    if (hysteresis.value === null) return `\`${hysteresis.metric}\` is missing`;
    return `its \`${hysteresis.metric}\` of ${beside(hysteresis.value, asked, hysteresis)} is below the level to ${what}, ${limit(asked, hysteresis)}`;
  }
  if (rejection.step === 'data_currency') return data(story, reason);
  return code(reason) + (by.length === 0 ? '' : `: ${named(by)}`);
}

function verdict(story) {
  const name = `\`${story.strategy}\``;
  if (story.selected) {
    const since = story.action === 'promote' ? ', newly' : '';
    const but = story.rejected_by === null ? '' : `, though ${because(story, story.rejected_by)}`;
    return `${name} is selected${since}${but}.`;
  }
  return `${name} is not selected${story.rejected_by === null ? '' : `: ${because(story, story.rejected_by)}`}.`;
}

function section(title, ...content) {
  return h('section', {}, h('h4', {}, title), ...content);
}

const say = (text) => h('p', {}, prose(text));

function rules(story) {
  if (story.rules.length === 0) return section('Rules', say('This policy has no rules for it.'));
  const grave = { fail: 0, warn: 1, pass: 2 };
  const sorted = story.rules.map((rule, index) => ({ rule, index }))
    .sort((a, b) => grave[a.rule.status] - grave[b.rule.status] || a.index - b.index)
    .map(({ rule }) => rule);
  const failed = story.rules.filter(({ status }) => status !== 'pass').length;
  const words = { fail: 'fails', warn: 'warns', pass: 'passes' };
  const row = (rule) => {
    const isComparison = rule.threshold !== null && rule.operand !== null;
    const value = isComparison
      ? rule.value === null ? 'missing' : beside(rule.value, rule.threshold, rule)
      : rule.outcome === 'missing' ? 'missing' : rule.readings.map((reading) => `${reading.metric} ${amount(reading.value, reading)}`).join(', ');
    return h('tr', { class: rule.status },
      h('td', { class: 'verdict' }, h('span', { class: rule.status }, words[rule.status] ?? rule.status)),
      h('td', {},
        h('code', {}, rule.condition), rule.keep ? ' (keeps its place)' : '',
        h('span', { class: 'who' }, `${rule.id} · ${rule.layer}, ${rule.severity}, ${rule.owner}`),
        rule.reason === null ? null : h('span', { class: 'who' }, rule.reason)),
      h('td', { class: 'number', 'data-title': 'value' }, value),
      h('td', { class: 'number', 'data-title': 'threshold' }, isComparison ? `${rule.operator} ${limit(rule.threshold, rule)}` : ''),
      h('td', { class: 'number margin', 'data-title': 'margin' }, rule.margin === null ? '' : distance(rule.margin, rule)));
  };
  return section(failed === 0 ? `Rules: all ${story.rules.length} met` : `Rules: ${failed} of ${story.rules.length} not met`,
    h('div', { class: 'scroll' }, h('table', { class: 'rules' },
      h('thead', {}, h('tr', {}, ['', 'rule', 'value', 'threshold', 'margin'].map((title, index) => h('th', { scope: 'col', class: index > 1 ? 'number' : null }, title)))),
      h('tbody', {}, sorted.map(row)))));
}

function currency({ data: facts }) {
  const parts = [];
  if (facts.lag !== null) parts.push(`${duration(facts.lag)} behind${facts.max_lag === null ? '' : ` (at most ${duration(facts.max_lag)})`}`);
  if (facts.history !== null) parts.push(`history of ${days(facts.history)}${facts.min_history === null ? '' : ` (at least ${days(facts.min_history)})`}`);
  if (facts.missing.length > 0) parts.push(`missing: ${named(facts.missing, 8)}`);
  if (parts.length === 0 && facts.notes.length === 0) return null;
  return section('Data', parts.length === 0 ? null : say(`${sentence(parts.join('; '))}.`), facts.notes.map((note) => say(`${note.message}.`)));
}

function withScore({ strategy, rank, score }) {
  const known = [rank === null ? null : `rank ${rank}`, score === null ? null : `score ${plain(score)}`].filter((part) => part !== null);
  return `\`${strategy}\`${known.length === 0 ? '' : ` (${known.join(', ')})`}`;
}

function standing({ score }) {
  if (score === null) return null;
  const signed = (value) => (value === null ? 'missing' : value < 0 ? plain(value) : `+${plain(value)}`);
  const sentences = [];
  if (score.rank !== null) sentences.push(`Rank ${score.rank} of ${score.of}.`);
  else if (score.would_rank !== null) sentences.push(`No rank, because rules fail; its score would be number ${score.would_rank} of ${score.of + 1}.`);
  else sentences.push('No rank.');
  if (score.before !== null) sentences.push(`Directly before it: ${withScore(score.before)}.`);
  if (score.cut !== null) {
    const { total, side, taken, side_taken: sideTaken, last } = score.cut;
    const places = [total === null ? null : `${taken} of ${total} places are taken`, side === null ? null : `${sideTaken} of ${side} on its side`].filter(Boolean);
    if (places.length > 0) sentences.push(`${sentence(places.join(', '))}${last === null ? '' : `; the last went to ${withScore(last)}`}.`);
  }
  const title = score.expression === null ? 'Rank' : score.value === null ? 'Score: missing' : `Score ${plain(score.value)}`;
  return section(title,
    score.expression !== null && score.terms.length === 0 ? say(`It is \`${score.expression}\`.`) : null,
    score.terms.length === 0 ? null : h('table', { class: 'terms' }, h('tbody', {}, score.terms.map((term) => h('tr', {},
      h('td', {}, h('code', {}, term.expression)), h('td', { class: 'number' }, signed(term.value)))))),
    say(sentences.join(' ')));
}

function inTheWay(story) {
  const items = story.blocked_by.filter(({ step }) => step !== 'exposure').map((other) => {
    const why = other.rho !== null && Math.abs(other.rho) > other.max_pairwise
      ? `correlation ${plain(other.rho)}; at most ${plain(other.max_pairwise)} is allowed`
      : other.step === 'cut' ? 'has the last place' : 'stands before it';
    return h('li', {}, prose(`${withScore(other)}: ${why}.`));
  });
  for (const facts of story.exposure) {
    const fits = facts.own !== null && facts.own + facts.used <= facts.cap + ROUNDING;
    if (fits) continue;
    const by = facts.by.length === 0 ? '' : ` by ${named(facts.by.map(([id]) => id))}`;
    items.push(h('li', {}, prose(`${sentence(budget(facts))}: ${plain(facts.cap)}, ${plain(facts.used)} used before it${by}; it needs ${facts.own === null ? 'an unknown size' : plain(facts.own)}.`)));
  }
  return items.length === 0 ? null : section('In the way', h('ul', {}, items));
}

function overTime(story) {
  const facts = story.hysteresis;
  if (facts === null) return null;
  if (facts.kind === 'levels') {
    return section('Hysteresis', say(`\`${facts.metric}\` is ${amount(facts.value, facts)}; others enter at ${limit(facts.enter, facts)}, active ones stay at ${limit(facts.exit, facts)}.`));
  }
  const sentences = [story.was_active ? 'Was active before.' : 'Was not active before.'];
  sentences.push(facts.pass_streak > 0
    ? `Passed ${several(facts.pass_streak, 'evaluation')} in a row; ${facts.promote_after} are needed to be promoted.`
    : `Failed ${several(facts.fail_streak, 'evaluation')} in a row; ${facts.demote_after} are needed to be demoted.`);
  if (!facts.counted) sentences.push('This evaluation did not count.');
  if (facts.since) sentences.push(`What it is since ${instant(facts.since)}.`);
  if (facts.may_change_from) sentences.push(`It may change again from ${instant(facts.may_change_from)}.`);
  return section('Hysteresis', say(sentences.join(' ')));
}

function after(story, outcome) {
  if (outcome === null || outcome === undefined) return '';
  const rank = outcome.rank === null ? '' : `, rank ${outcome.rank}`;
  const sentences = [`Then it is ${outcome.selected ? 'selected' : 'admitted'}${rank}.`];
  if (!outcome.selected) {
    if (outcome.downgrade_reason !== null) sentences.push(`It is not promoted yet: ${data(story, outcome.downgrade_reason)}.`);
    else if (outcome.rejected_by?.code === 'hysteresis_pending' && story.hysteresis?.kind === 'streaks') {
      sentences.push(`It is promoted once it has passed ${story.hysteresis.promote_after} evaluations in a row.`);
    } else if (outcome.rejected_by) sentences.push(`It then waits: ${because(story, outcome.rejected_by)}.`);
  }
  if (outcome.displaced.length > 0) sentences.push(`${named(outcome.displaced)} would lose ${outcome.displaced.length === 1 ? 'its place' : 'their places'}.`);
  return sentences.join(' ');
}

function change(one) {
  return `\`${one.metric}\`: ${amount(one.from, one)} → ${wanted(one.to, one)}`;
}

function changes(story) {
  if (story.room !== null) return safe(story);
  const title = story.selected ? 'What would keep it selected' : 'What would get it selected';
  if (story.changes.length > 0) {
    const start = story.changes.length > 1 ? 'Any one of these changes is enough' : 'One change is enough';
    return section(title, say(`${start}; the changed snapshot was judged to verify it.`),
      h('ul', { class: 'changes' }, story.changes.map((one) => h('li', {}, prose(`${change(one)}. ${after(story, one.outcome)}`)))));
  }
  if (story.changes_together.length > 0) {
    return section(title,
      say(story.changes_together.length > 1 ? 'No single metric is enough. These changes together are; the changed snapshot was judged to verify it.' : 'This change is enough; the changed snapshot was judged to verify it.'),
      h('ul', { class: 'changes' }, story.changes_together.map((one) => h('li', {}, prose(`${change(one)}.`)))),
      say(after(story, story.outcome)));
  }
  const obstacle = story.obstacle === null ? '' : ` ${sentence(because(story, story.obstacle))}.`;
  return section(title, say(`No change of its numeric metrics was found to be enough.${obstacle}`));
}

function safe(story) {
  const { room } = story;
  const content = [];
  if (!story.selected) {
    const waits = story.rejected_by === null ? '' : ` It waits: ${because(story, story.rejected_by)}.`;
    content.push(say(`It is admitted as it is; no metric needs to change.${waits}`));
  }
  const nearest = story.rules.find(({ id }) => id === room.nearest);
  if (nearest !== undefined && room.relative !== null) {
    content.push(say(`It is nearest to failing \`${nearest.id}\`: \`${nearest.operand ?? nearest.id}\` is ${amount(nearest.value, nearest)}, ${distance(nearest.margin, nearest).replace('+', '')} to spare, ${plain(Math.round(room.relative * 100))}% of the threshold.`));
  }
  content.push(say(room.successors.length === 0 ? 'Without it nobody would take its place.' : `Without it ${named(room.successors)} would take its place.`));
  return section(story.selected ? 'How safe its place is' : 'What is left to do', ...content);
}

/** Draws the story of a strategy into an element. */
export function drawStory(root, story, closed) {
  root.replaceChildren(
    h('div', { class: 'story-head' },
      h('h3', {}, prose(verdict(story))),
      h('button', { type: 'button', class: 'close', onclick: closed }, 'Close')),
    h('p', { class: 'facts' }, [`action ${story.action}`, `mode ${story.effective_mode}`, `status ${story.status}`,
      story.downgraded ? `downgraded: ${code(story.downgrade_reason)}` : null].filter(Boolean).join(' · ')),
    ...[changes(story), rules(story), standing(story), inTheWay(story), currency(story), overTime(story)].filter((part) => part !== null),
  );
}
