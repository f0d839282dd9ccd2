// The page: two texts go into the engine whenever they change, and what it answers is drawn.

import { Engine, PolicyError, RefusedError, TrapError } from '../node/qmtl-policy.mjs';
import { LONGEST, fragment, values } from './address.mjs';
import { json, yaml } from './colours.mjs';
import { h, id, prose } from './dom.mjs';
import { Editor } from './editor.mjs';
import { EXAMPLES } from './examples.mjs';
import { exampleText, moduleBytes } from './files.mjs';
import { drawFunnel } from './funnel.mjs';
import { later } from './instants.mjs';
import { marks, refusalMark } from './spans.mjs';
import { drawStory } from './story.mjs';
import { Table } from './table.mjs';
import { code, instant, named, sentence } from './words.mjs';

/** Long enough that a word is typed in peace, short enough that the answer seems to come at once. */
const PAUSE = 150;
/** The longest pause, where judging takes long. */
const LONGEST_PAUSE = 2_000;
/** Judging that takes longer, in milliseconds, is done in less detail from then on. */
const LONG = 1_500;

const state = {
  example: EXAMPLES[0],
  /** What the example says, to know what was changed. */
  original: { policy: '', snapshots: [] },
  /** Which of the snapshots of the example was loaded last. */
  at: 0,
  stage: '',
  profile: '',
  /** The state of the instant before, as JSON; null at the first. */
  previous: null,
  /** Instants to go back to. */
  before: [],
  strategy: null,
  show: 'all',
  decision: null,
};

let engine = null;
let policy = null;
let compiled = null;
let timer = 0;
let storyTimer = 0;
/** How long the last judging took. */
let took = 0;
/** Set where judging in full detail takes long: how long it took, and how many times as long as in less detail. */
let slow = null;
/** Counts judgements, so that one that was overtaken is not drawn. */
let turn = 0;

const editors = {
  policy: new Editor(id('policy'), { label: 'Policy, YAML', colours: yaml, changed: soon }),
  snapshot: new Editor(id('snapshot'), { label: 'Snapshot, JSON', colours: json, changed: soon }),
};
const table = new Table(id('table'), (strategy) => pick(strategy, true));

/** Says what went wrong with the page itself, not with a text in it. */
function trouble(message) {
  id('trouble').hidden = message === null;
  id('trouble').replaceChildren(...(message === null ? [] : [...prose(sentence(message)), ' ',
    h('button', { type: 'button', onclick: () => trouble(null) }, 'Dismiss')]));
}

function soon() {
  clearTimeout(timer);
  turn += 1;
  timer = setTimeout(judge, Math.min(LONGEST_PAUSE, Math.max(PAUSE, took)));
}

/** Calls the engine; one that trapped is thrown away, since nothing that it kept can be trusted. Then the answer is undefined. */
async function asking(call) {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof TrapError)) throw error;
    engine = await Engine.load(engine.module);
    policy = null;
    compiled = null;
    trouble('the engine ended in the middle of a call; it was thrown away and a new one started. If this text does it again, please report it with the text.');
    return undefined;
  }
}

/** Compiles the policy if it changed, and shows its findings. Whether there is one to judge with. */
function compile() {
  const text = editors.policy.value;
  if (compiled === text) return policy !== null;
  policy?.release();
  policy = null;
  let findings;
  try {
    policy = engine.compile(text);
    findings = policy.warnings;
  } catch (error) {
    if (error instanceof PolicyError) findings = error.diagnostics;
    else if (error instanceof RefusedError) {
      findings = null;
      editors.policy.show([{ ...refusal(error), line: 1, column: 1 }], '');
    } else throw error;
  }
  compiled = text;
  if (findings !== null) editors.policy.show(marks(text, findings), 'no errors');
  profiles(text);
  return policy !== null;
}

const refusal = (error) => ({ start: 0, end: 0, severity: 'error', code: '', message: error.message, help: null, notes: [], labels: [] });

function options() {
  const { stage, profile, previous } = state;
  return {
    ...(stage === '' ? {} : { stage }),
    ...(profile === '' ? {} : { profile }),
    ...(previous === null ? {} : { previous: JSON.parse(previous) }),
  };
}

/** A decision with every strategy in it, or with the selected ones only where all of them take long. */
function evaluate() {
  const given = options();
  const timed = (detail) => {
    const start = performance.now();
    const decision = policy.evaluate(editors.snapshot.value, { ...given, detail });
    return { decision, took: performance.now() - start };
  };
  if (slow === null) {
    const all = timed('all');
    if (all.took > LONG) slow = { took: all.took, factor: null };
    return all;
  }
  const brief = timed('selected');
  slow.factor ??= slow.took / brief.took;
  if (brief.took * slow.factor > LONG) return { ...brief, isBrief: true };
  slow = null;
  return timed('all');
}

async function judge() {
  clearTimeout(timer);
  if (engine === null) return;
  turn += 1;
  const own = turn;
  const start = performance.now();
  const hasPolicy = await asking(compile);
  const compiling = performance.now() - start;
  remember();
  if (hasPolicy === undefined) {
    stale('The engine was restarted: change a text to judge again.');
    return;
  }
  if (!hasPolicy) {
    const count = editors.policy.findings.querySelectorAll('li.error').length;
    stale(`The policy has ${count === 1 ? 'an error' : `${count} errors`}.`, 'policy');
    counts();
    return;
  }
  // Findings are seen, and keys that were pressed meanwhile heard, before a judging that may take long.
  if (took > PAUSE) await new Promise((done) => { setTimeout(done, 20); });
  if (own !== turn) return;
  const judged = await asking(() => {
    try {
      return evaluate();
    } catch (error) {
      if (error instanceof RefusedError) return { error };
      throw error;
    }
  });
  if (judged === undefined) {
    stale('The engine was restarted: change a text to judge again.');
    return;
  }
  if (judged.error !== undefined) {
    refused(judged.error);
    counts();
    return;
  }
  took = judged.took;
  editors.snapshot.show([], 'no errors');
  id('took').textContent = `compiled in ${compiling.toFixed(1)} ms, judged in ${took.toFixed(1)} ms`;
  draw(judged.decision, judged.isBrief === true);
  counts();
}

/** A snapshot that cannot be judged, or options that do not fit: shown in the text where the message says where. */
function refused(error) {
  const text = editors.snapshot.value;
  // Options and states have no place in the text.
  const mark = error.code === 'snapshot' ? refusalMark(text, error.message) : null;
  if (mark !== null) editors.snapshot.show([mark], '');
  else editors.snapshot.show([], 'not judged');
  stale(mark === null ? `Not judged: ${error.message}` : `Not judged, the snapshot has an error: ${mark.message}`, mark === null ? null : 'snapshot');
}

/** What is shown of the decision is that of the last texts that could be judged, and says so. */
function stale(message, where = null) {
  const { decision } = state;
  id('stale').hidden = false;
  const show = () => {
    pane(where);
    editors[where].selectFirst();
  };
  id('stale').replaceChildren(...prose(message), decision === null ? '' : ' Below is the last decision before.',
    where === null ? '' : h('button', { type: 'button', onclick: show }, 'Show it'));
  id('decided').classList.toggle('old', true);
  id('decided').hidden = decision === null;
  id('next').disabled = true;
}

function draw(decision, isBrief) {
  state.decision = decision;
  const everything = () => {
    slow = null;
    judge();
  };
  id('brief').hidden = !isBrief;
  if (isBrief) {
    id('brief').replaceChildren(`Judging all strategies in detail took ${(slow.took / 1000).toFixed(1)} s: only the selected ones are listed. `,
      h('button', { type: 'button', onclick: everything }, 'List all once'));
  }
  id('stale').hidden = true;
  id('decided').hidden = false;
  id('decided').classList.remove('old');
  id('summary').replaceChildren(...prose(summary(decision)));
  const { world, policy_version: version, stage, profile, as_of: asOf, valid_until: until } = decision;
  id('circumstances').textContent = [world, version === null ? null : `version ${version}`, stage === null ? 'no stage' : `stage ${stage}`,
    profile === null ? null : `profile ${profile}`, asOf === null ? 'no time' : `as of ${instant(asOf)}`,
    until === null || until === undefined ? null : `valid until ${instant(until)}`].filter(Boolean).join(' · ');
  id('notes').replaceChildren(...decision.notes.map((note) => h('li', {}, prose(sentence(note.message)),
    note.count > 1 ? ` (${note.count} times)` : '',
    note.examples.length === 0 ? '' : h('span', { class: 'examples' }, `: ${note.examples.slice(0, 3).join(', ')}${note.count > 3 ? ', …' : ''}`))));
  shows(decision);
  funnel();
  table.strategy = state.strategy;
  table.show(decision);
  shownCount();
  instants(decision);
  tellSoon();
}

/** The decision in one sentence. */
function summary({ strategies, selected, funnel: [submitted] }) {
  const all = Object.values(strategies);
  const total = submitted?.count ?? all.length;
  const actions = (action) => all.filter((one) => one.action === action).length;
  const changes = [['promoted', actions('promote')], ['demoted', actions('demote')]].filter(([, count]) => count > 0).map(([word, count]) => `${count} ${word}`);
  const changed = changes.length === 0 ? '' : `, ${changes.join(' and ')}`;
  const many = `${total} ${total === 1 ? 'strategy' : 'strategies'}`;
  if (total === 0) return 'The snapshot has no strategies.';
  if (selected.length > 0) return `${selected.length} of ${many} ${selected.length === 1 ? 'is' : 'are'} selected${changed}: ${named(selected, 4)}.`;
  const reasons = new Map();
  for (const { rejected_by: rejection } of all) {
    if (rejection === null) continue;
    const reason = rejection.step === 'rules' ? 'a rule is not met' : code(rejection.code);
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const [most] = [...reasons].sort((a, b) => b[1] - a[1]);
  return `None of ${many} is selected${changed}.${most === undefined ? '' : ` Kept out most often: ${most[0]} (${most[1]}).`}`;
}

function keptOut({ strategies }) {
  const counted = new Map();
  for (const { rejected_by: rejection, selected } of Object.values(strategies)) {
    if (rejection !== null && !selected) counted.set(rejection.step, (counted.get(rejection.step) ?? 0) + 1);
  }
  return counted;
}

function funnel() {
  if (state.decision === null) return;
  const picked = (step) => filter(state.show === `step:${step}` ? 'all' : `step:${step}`);
  const step = state.show.startsWith('step:') ? state.show.slice(5) : null;
  const focused = id('funnel').contains(document.activeElement) ? document.activeElement.dataset.step : null;
  drawFunnel(id('funnel'), state.decision.funnel, keptOut(state.decision), picked, step);
  if (focused !== null) id('funnel').querySelector(`[data-step="${focused}"]`)?.focus();
}

/** What the table can be filtered by. */
function shows(decision) {
  const steps = [...keptOut(decision)].map(([step, count]) => [`step:${step}`, `kept out by ${step.replaceAll('_', ' ')} (${count})`]);
  const all = [['all', 'all'], ['selected', `selected (${decision.selected.length})`], ['changed', 'promoted or demoted'], ['out', 'not selected'], ...steps];
  if (!all.some(([value]) => value === state.show)) state.show = 'all';
  id('show').replaceChildren(...all.map(([value, title]) => h('option', { value, selected: value === state.show }, title)));
  table.filter({ show: state.show });
}

function filter(show) {
  state.show = show;
  id('show').value = show;
  table.filter({ show });
  shownCount();
  funnel();
}

function shownCount() {
  const { shown, all } = table.counts;
  id('shown-count').textContent = shown === all ? '' : `${shown} of ${all}`;
}

/** Beside the tabs of narrow windows: what one would see behind them. */
function counts() {
  for (const name of ['policy', 'snapshot']) {
    const found = editors[name].findings.querySelectorAll('li').length;
    const tab = id(`tab-${name}`);
    tab.querySelector('.count').textContent = found === 0 ? '' : String(found);
    tab.querySelector('.count').title = editors[name].summary.textContent;
    tab.dataset.severity = editors[name].summary.dataset.severity;
  }
  const { decision } = state;
  const isOld = id('decided').classList.contains('old');
  id('tab-decision').querySelector('.count').textContent = decision === null || isOld ? '' : `${decision.selected.length} of ${decision.funnel[0]?.count ?? 0}`;
}

// The story

function pick(strategy, isAsked) {
  state.strategy = strategy;
  table.strategy = strategy;
  remember();
  tell(isAsked);
}

/** After the decision is drawn: a story takes longer, as it tries what would have to change. */
function tellSoon() {
  clearTimeout(storyTimer);
  if (state.strategy === null) return;
  storyTimer = setTimeout(() => tell(false), 30);
}

async function tell(isAsked) {
  clearTimeout(storyTimer);
  const root = id('story');
  const { strategy, decision } = state;
  root.parentElement.classList.toggle('told', strategy !== null);
  if (strategy === null) {
    root.replaceChildren(h('p', { class: 'hint' }, 'Choose a strategy above to see its story: what its rules asked, where it stands, and what would have to change.'));
    return;
  }
  const close = () => {
    const row = id('table').querySelector(`tr[data-strategy="${CSS.escape(strategy)}"] button`);
    pick(null);
    row?.focus();
  };
  if (decision !== null && id('brief').hidden && decision.strategies[strategy] === undefined) {
    root.replaceChildren(h('p', { class: 'hint' }, prose(`\`${strategy}\` is not in this snapshot.`)));
    return;
  }
  if (policy === null || id('decided').classList.contains('old')) return;
  const story = await asking(() => {
    try {
      return policy.explain(editors.snapshot.value, strategy, options());
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      return { refused: error.message };
    }
  });
  if (story === undefined) return;
  if (story.refused !== undefined) root.replaceChildren(h('p', { class: 'hint' }, prose(sentence(story.refused))));
  else drawStory(root, story, close);
  if (!isAsked) return;
  root.focus({ preventScroll: true });
  const { top } = root.getBoundingClientRect();
  if (top > innerHeight * 0.6 || top < 0) root.scrollIntoView({ block: 'start', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
}

// Time

function following() {
  const { snapshots } = state.original;
  const current = snapshots[state.at];
  return current !== undefined && editors.snapshot.value === current.text ? snapshots[state.at + 1] : undefined;
}

function instants(decision) {
  const next = following();
  const button = id('next');
  button.disabled = decision.as_of === null;
  button.textContent = next === undefined ? 'Next instant' : `Next instant: ${next.name}`;
  button.title = decision.as_of === null
    ? 'the snapshot needs `as_of` for this'
    : 'judges again later, on the state that this decision leaves: hysteresis counts on';
  id('step').closest('label').hidden = next !== undefined;
  id('back').hidden = state.before.length === 0;
  id('forget').hidden = state.previous === null;
  if (state.previous === null) {
    id('state').textContent = 'No state from before.';
    return;
  }
  const previous = JSON.parse(state.previous);
  const active = Object.values(previous.strategies).filter((one) => one.active).length;
  id('state').textContent = `On the state of ${instant(previous.as_of ?? 'before')}: ${active} active.`;
}

function next() {
  const { decision } = state;
  const follows = following();
  const text = follows?.text ?? later(editors.snapshot.value, Number(id('step').value));
  if (decision === null || text === null) return;
  state.before.push({ snapshot: editors.snapshot.value, previous: state.previous, at: state.at });
  state.previous = JSON.stringify(decision.state);
  if (follows !== undefined) state.at += 1;
  editors.snapshot.retype(text);
  judge();
}

function back() {
  const { snapshot, previous, at } = state.before.pop();
  Object.assign(state, { previous, at });
  editors.snapshot.retype(snapshot);
  judge();
}

function forget() {
  state.previous = null;
  state.before = [];
  judge();
  id('next').focus();
}

// Stages, profiles, examples

/** Profiles that the text names: below `validation_profiles`, as defaults of stages, and of the standard library. */
function profiles(text) {
  const names = new Set();
  const block = /^validation_profiles:[^\S\n]*(?:#.*)?\n((?:[^\S\n]*(?:#.*)?\n|[^\S\n]+.*\n?)*)/m.exec(text)?.[1] ?? '';
  const indentation = /^( +)[^\s#]/m.exec(block)?.[1];
  if (indentation !== undefined) {
    for (const [, name] of block.matchAll(new RegExp(`^${indentation}['"]?([\\w.-]+)['"]?:`, 'gm'))) names.add(name);
  }
  for (const [, name] of text.matchAll(/\bstd\/profiles\/([\w-]+)/g)) names.add(name);
  const select = id('profile');
  if (state.profile !== '') names.add(state.profile);
  id('profile-label').hidden = names.size === 0;
  select.replaceChildren(h('option', { value: '' }, 'by stage'), ...[...names].map((name) => h('option', { selected: name === state.profile }, name)));
}

async function original(example) {
  return example.compose(await Promise.all(example.files.map(exampleText)));
}

/** Shows an example, or what a link says of it. */
async function load({ example: name, stage, profile, strategy, at, policy: policyText, snapshot, previous } = {}) {
  const example = EXAMPLES.find((one) => one.id === name) ?? EXAMPLES[0];
  state.original = await original(example);
  state.example = example;
  state.at = Math.min(Number(at) || 0, state.original.snapshots.length - 1);
  state.stage = stage ?? '';
  state.profile = profile ?? '';
  state.previous = previous ?? null;
  state.before = [];
  state.strategy = strategy ?? null;
  state.decision = null;
  compiled = null;
  slow = null;
  took = 0;
  id('example').value = example.id;
  id('stage').value = state.stage;
  id('step').value = String(example.step);
  editors.policy.value = policyText ?? state.original.policy;
  editors.snapshot.value = snapshot ?? state.original.snapshots[state.at].text;
  tell(false);
  await judge();
}

function link() {
  const { example, stage, profile, strategy, at, original: { policy: text, snapshots }, previous } = state;
  return fragment({
    example: example.id,
    at: at === 0 ? null : String(at),
    stage, profile, strategy, previous,
    policy: editors.policy.value === text ? null : editors.policy.value,
    snapshot: editors.snapshot.value === snapshots[at].text ? null : editors.snapshot.value,
  });
}

let remembered = '';
let rememberTimer = 0;

/** Keeps the address up to date, so that reloading or copying it shows the same. */
function remember() {
  clearTimeout(rememberTimer);
  rememberTimer = setTimeout(() => {
    remembered = `#${link()}`;
    if (remembered.length > LONGEST) return;
    try {
      history.replaceState(null, '', remembered);
    } catch {
      // A browser that keeps the address as it is loses only this.
    }
  }, 400);
}

async function share() {
  const address = `${location.href.split('#')[0]}#${link()}`;
  const button = id('share');
  const said = (text) => {
    button.textContent = text;
    setTimeout(() => { button.textContent = 'Copy link'; }, 2000);
  };
  if (address.length > LONGEST) {
    trouble('these texts are too long for a link: save them as files instead');
    return;
  }
  remembered = `#${link()}`;
  history.replaceState(null, '', remembered);
  try {
    await navigator.clipboard.writeText(address);
    said('Copied');
  } catch {
    said('It is in the address bar');
  }
}

// What is shown in narrow windows

function pane(name, isAsked) {
  document.body.dataset.shown = name;
  for (const tab of document.querySelectorAll('[role="tab"]')) {
    const isOwn = tab.dataset.pane === name;
    tab.setAttribute('aria-selected', String(isOwn));
    tab.tabIndex = isOwn ? 0 : -1;
    if (isOwn && isAsked) tab.focus();
  }
}

for (const tab of document.querySelectorAll('[role="tab"]')) {
  tab.addEventListener('click', () => pane(tab.dataset.pane));
  tab.addEventListener('keydown', (event) => {
    const tabs = [...document.querySelectorAll('[role="tab"]')].filter((one) => one.offsetParent !== null);
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (way === undefined) return;
    event.preventDefault();
    pane(tabs[(tabs.indexOf(tab) + way + tabs.length) % tabs.length].dataset.pane, true);
  });
}

id('example').append(...EXAMPLES.map(({ id: value, title }) => h('option', { value }, title)));
id('example').addEventListener('change', (event) => running(load({ example: event.target.value })));
id('stage').addEventListener('change', (event) => { state.stage = event.target.value; judge(); });
id('profile').addEventListener('change', (event) => { state.profile = event.target.value; judge(); });
id('find').addEventListener('input', (event) => { table.filter({ text: event.target.value }); shownCount(); });
id('show').addEventListener('change', (event) => filter(event.target.value));
id('next').addEventListener('click', next);
id('back').addEventListener('click', back);
id('forget').addEventListener('click', forget);
id('share').addEventListener('click', share);
addEventListener('hashchange', () => {
  if (location.hash !== remembered) running(fromAddress());
});
let drawn = 0;
new ResizeObserver(() => {
  if (id('funnel').clientWidth === drawn) return;
  drawn = id('funnel').clientWidth;
  funnel();
}).observe(id('funnel'));

function fromAddress() {
  const found = values(location.hash);
  if (found === null) trouble('the link is damaged: an example is shown instead. Ask for the link again.');
  return load(found ?? {});
}

/** What fails on the way is said, not swallowed. */
function running(promise) {
  promise.catch((error) => trouble(error.message));
}

async function start() {
  pane('policy');
  const bytes = await moduleBytes();
  engine = await Engine.load(bytes);
  id('engine').textContent = `engine ${engine.version}, in this browser; nothing is sent anywhere`;
  await fromAddress();
  document.documentElement.dataset.ready = 'yes';
}

start().catch((error) => {
  id('engine').textContent = 'no engine';
  trouble(error.message);
});
