// What a host does with the engine, from a policy with a typo to a log that survives a restart.
//
//   QMTL_POLICY_WASM=…/qmtl_policy.wasm node examples/embed/node/example.mjs

import { readFile } from 'node:fs/promises';
import { Engine } from './qmtl-policy.mjs';

const beside = (name) => readFile(new URL(`../../crypto_mom/${name}`, import.meta.url), 'utf8');
const [policyText, monday, tuesday] = await Promise.all(['policy.yaml', 'monday.json', 'tuesday.json'].map(beside));
const wasm = process.env.QMTL_POLICY_WASM;
if (wasm === undefined) throw new Error('set QMTL_POLICY_WASM to the path of the module');

const engine = await Engine.load(await readFile(wasm));
console.log(`qmtl-policy ${engine.version}`);

console.log('\na policy with a typo');
const { diagnostics } = engine.check(policyText.replace('sharpe_mid >= 0.60', 'sharpe_mdi >= 0.60'));
for (const { code, severity, message, help, span } of diagnostics.filter((found) => found.severity === 'error')) {
  console.log(`  ${span.start.line}:${span.start.column} ${severity} ${code}: ${message}; ${help}`);
}

console.log('\na decision');
const policy = engine.compile(policyText);
const first = policy.evaluate(monday);
const second = policy.evaluate(tuesday, { previous: first, detail: 'changed' });
console.log(`  ${second.as_of}: ${second.funnel.map(({ step, count }) => `${step} ${count}`).join(' → ')}`);
console.log(`  selected ${second.selected.join(', ')}`);

console.log('\none strategy');
const story = policy.explain(tuesday, 'link_meanrev', { previous: first });
for (const { id, condition, status } of story.rules.filter((rule) => rule.status !== 'pass')) {
  console.log(`  ${status} ${id}: ${condition}`);
}
for (const { metric, from, to } of [...story.changes, ...story.changes_together]) {
  console.log(`  would do with ${metric} ${from} → ${to}`);
}

console.log('\n100,000 rows');
const screen = engine.compile(`
world: screen
selection:
  gates: [sharpe >= 0.5, max_drawdown <= 20%, n_trades_total >= 30]
  score: sharpe - 0.5 * max_drawdown
  topk: { total: 8 }
`);
const prepared = screen.prepare(['sharpe', 'max_drawdown', 'n_trades_total']);
const frame = prepared.frame(100_000);
const random = generator(20260201);
// Views are taken where they are used: memory that grows leaves older ones empty.
const [sharpe, drawdown, trades] = prepared.columns.map(({ name }) => frame.column(name));
for (let row = 0; row < frame.rows; row += 1) {
  sharpe[row] = 3 * random() - 1;
  drawdown[row] = random() / 2;
  trades[row] = Math.floor(200 * random());
  if (row % 1000 === 0) trades[row] = NaN;
}
const found = frame.evaluate();
console.log(`  ${found.passedCount} pass`);
const { scores } = found;
for (const row of found.selected) console.log(`  row ${row}: ${scores[row].toFixed(4)}`);
frame.release();

console.log('\na log');
const log = engine.log({ world: 'crypto_mom_1h', clock: 'simulated' });
const persisted = [];
for (const strategy of ['btc_mom_24h', 'eth_mom_24h']) {
  const now = '2026-02-02T21:00:00Z';
  const command = {
    command: 'submit',
    now,
    strategy,
    run: `${strategy}_1`,
    stage: 'paper',
    snapshot: JSON.parse(monday),
  };
  const { lines, run } = log.command(policy, command);
  persisted.push(lines);
  console.log(`  ${run.run_id} ${run.state}, ${run.status}`);
}
// The lines are all that is to be kept: another engine, of the same compiled module, goes on from them.
const other = await Engine.load(engine.module);
engine.release();
const restored = other.log({ world: 'crypto_mom_1h', clock: 'simulated' });
const { events } = restored.load(persisted.join(''), '2026-02-03T00:00:00Z');
console.log(`  ${events} events read back`);
const rules = other.compile(policyText);
const campaign = restored.query(rules, { query: 'campaign', now: '2026-02-03T00:00:00Z' });
for (const { strategy_id: id, phase, reasons } of campaign.strategies) {
  console.log(`  ${id} ${phase}: ${reasons.join(', ')}`);
}
other.release();

/** A linear congruential generator: the same rows in every language. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
