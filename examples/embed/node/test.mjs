// node --test examples/embed/node/test.mjs, with QMTL_POLICY_WASM set to the path of the module.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Engine, PolicyError, RefusedError, TrapError } from './qmtl-policy.mjs';

const wasm = await WebAssembly.compile(await readFile(process.env.QMTL_POLICY_WASM));
const load = () => Engine.load(wasm);
const GATES = 'world: w\nselection: { gates: [sharpe >= 0.5], score: sharpe, topk: { total: 3 } }\n';
const refused = (code) => (error) => error instanceof RefusedError && error.code === code && error.message.length > 10;
const beside = (path) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

/** A module that offers everything; a call of `qp_check` traps, others give 1. */
function trapping() {
  const names = WebAssembly.Module.exports(wasm)
    .map(({ name }) => name)
    .filter((name) => name.startsWith('qp_'));
  const bytes = (text) => [text.length, ...new TextEncoder().encode(text)];
  const size = (number) => (number < 128 ? [number] : [(number & 127) | 128, number >> 7]);
  const section = (id, body) => [id, ...size(body.length), ...body];
  const exported = names.flatMap((name) => [...bytes(name), 0, ...size(name === 'qp_check' ? 1 : 0)]);
  return new Uint8Array([
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, [1, 0x60, 0, 1, 0x7f]),
    ...section(3, [2, 0, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [...size(names.length + 1), ...exported, ...bytes('memory'), 2, 0]),
    ...section(10, [2, 4, 0, 0x41, 1, 0x0b, 3, 0, 0, 0x0b]),
    // The answer: one byte at address 1, a document that is the number 7 everywhere.
    ...section(11, [1, 0, 0x41, 1, 0x0b, 1, 0x37]),
  ]);
}

test('a module comes as bytes, compiled, or as a response', async () => {
  const file = await readFile(process.env.QMTL_POLICY_WASM);
  const typed = new Response(file, { headers: { 'content-type': 'application/wasm' } });
  for (const source of [file, wasm, new Response(file), typed, Promise.resolve(wasm)]) {
    const engine = await Engine.load(source);
    assert.match(engine.version, /^\d+\.\d+\.\d+/);
    engine.release();
  }
  await assert.rejects(Engine.load(new Response('', { status: 404 })), refused('not_fetched'));
  const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  await assert.rejects(Engine.load(empty), refused('not_this_module'));
  for (const source of [new Uint8Array(3), 'module.wasm', undefined]) {
    await assert.rejects(Engine.load(source), refused('not_a_module'));
  }
  assert.throws(() => new Engine({}), refused('bad_argument'));
});

test('check gives findings and throws for none', async () => {
  const engine = await load();
  const { diagnostics, summary } = engine.check('world: w\nselection: { gates: [sharp >= 0.5] }\n');
  assert.equal(diagnostics[0].code, 'QP2001');
  assert.equal(summary.errors, 1);
  assert.ok(engine.check('').summary.errors > 0);
  assert.ok(engine.check('\0').summary.errors > 0);
  assert.equal(engine.check(GATES).summary.errors, 0);
  assert.throws(() => engine.check(undefined), refused('bad_argument'));
});

test('a policy with errors says them all', async () => {
  const engine = await load();
  assert.throws(
    () => engine.compile('world: w\nselection: { gates: [sharp >= 0.5, sharpe >= 5m] }\n'),
    (error) => {
      assert.ok(error instanceof PolicyError);
      assert.equal(error.name, 'PolicyError');
      assert.equal(error.diagnostics.length, 2);
      assert.match(error.message, /2 errors\n2:22 QP2001 unknown metric `sharp`: did you mean `sharpe`\?/);
      return true;
    },
  );
});

test('a snapshot is judged as object and as text, with options', async () => {
  const engine = await load();
  const policy = engine.compile(GATES);
  const snapshot = {
    as_of: new Date('2026-01-01T00:00:00Z'),
    metrics: { ä: { sharpe: 1 }, '🜁': { sharpe: 2 }, c: {} },
  };
  const decision = policy.evaluate(snapshot, { stage: 'paper' });
  assert.deepEqual(decision.selected, ['🜁', 'ä']);
  assert.equal(decision.stage, 'paper');
  assert.deepEqual(JSON.parse(policy.evaluateText(JSON.stringify(snapshot), '{"stage":"paper"}')), decision);
  const short = policy.evaluate(snapshot, { detail: 'none', shown: ['ä'] });
  assert.deepEqual(Object.keys(short.strategies), ['ä']);
  const story = policy.explain(snapshot, 'c', { stage: 'paper' });
  assert.equal(story.strategy, 'c');
  assert.deepEqual(JSON.parse(policy.explainText(snapshot, 'c', '{"stage":"paper"}')), story);
  assert.throws(() => policy.explain(snapshot, 'ö'), RefusedError);
  assert.throws(() => policy.evaluate(snapshot, { stagee: 'paper' }), /did you mean `stage`/);
  assert.throws(() => policy.evaluate(null), refused('bad_argument'));
  assert.throws(() => policy.evaluate('{"metrics": {"a": {"sharpe": NaN'), RefusedError);
  assert.throws(() => policy.evaluate('{"metrics": {"a": {}, "a": {}}}'), RefusedError);
});

test('what is no number is missing and opens no gate', async () => {
  const policy = (await load()).compile(GATES);
  const { selected, notes } = policy.evaluate({
    metrics: { a: { sharpe: NaN }, b: { sharpe: Infinity }, c: { sharpe: 1 } },
  });
  assert.deepEqual(selected, ['c']);
  assert.ok(notes.length > 0);
});

test('texts that are nearly JSON are read as documents are everywhere', async () => {
  const policy = (await load()).compile(GATES);
  const selected = (text) => policy.evaluate(text).selected;
  assert.deepEqual(selected('{"metrics": {"a": {"sharpe": NaN}, "b": {"sharpe": 1e999}, "c": {"sharpe": "NaN"}}}'), []);
  assert.deepEqual(selected('\ufeff{"metrics": {"__proto__": {"sharpe": 1}}}'), ['__proto__']);
  assert.throws(() => selected({ metrics: { '\ud800': { sharpe: 1 } } }), refused('snapshot'));
  assert.throws(() => selected(`{"metrics": ${'['.repeat(100_000)}`), refused('snapshot'));
  assert.throws(() => policy.evaluate({}, `{"previous": ${'['.repeat(100_000)}`), RefusedError);
});

test('truth values are 1 and 0 in columns', async () => {
  const policy = (await load()).compile('world: w\nselection: { gates: [point_in_time_data] }\n');
  const prepared = policy.prepare(['point_in_time_data']);
  assert.equal(prepared.columns[0].kind, 'boolean');
  const frame = prepared.frame(10);
  frame.column(0).set([1, 0, NaN, 0.5, 2, -1, Infinity, 1, 1, 1]);
  frame.validity(0)[1] = 0b10;
  const found = frame.evaluate();
  const passing = Array.from({ length: 10 }, (_, row) => row).filter((row) => found.passes(row));
  assert.deepEqual(passing, [0, 7, 9]);
});

test('what was released is refused, and releasing again does nothing', async () => {
  const engine = await load();
  const policy = engine.compile(GATES);
  const prepared = policy.prepare(['sharpe']);
  policy.release();
  policy.release();
  assert.ok(policy.isReleased);
  assert.throws(() => policy.evaluate({}), refused('released'));
  assert.throws(() => policy.prepare(['sharpe']), refused('released'));
  // What was made from it lives on.
  const frame = prepared.frame(1);
  prepared.release();
  assert.throws(() => prepared.frame(1), refused('released'));
  frame.column(0)[0] = 1;
  const found = frame.evaluate();
  assert.equal(found.passedCount, 1);
  frame.release();
  for (const use of [() => frame.column(0), () => frame.validity(0), () => frame.evaluate(), () => (frame.rows = 0)]) {
    assert.throws(use, refused('released'));
  }
  for (const use of [() => found.scores, () => found.passes(0), () => found.passed]) {
    assert.throws(use, refused('released'));
  }
  const log = engine.log({ world: 'w' });
  log.release();
  assert.throws(() => log.lines(), refused('released'));
  engine.release();
  assert.throws(() => engine.check(GATES), refused('released'));
  assert.ok(!engine.isDead);
  if (Symbol.dispose !== undefined) {
    const other = (await load()).compile(GATES);
    other[Symbol.dispose]();
    assert.ok(other.isReleased);
  }
});

test('handles of another engine are refused', async () => {
  const [one, two] = [await load(), await load()];
  const [policy] = [two.compile(GATES), one.compile(GATES)];
  const log = one.log({ world: 'w' });
  assert.throws(() => log.query(policy, { query: 'runs', now: '2026-01-01T00:00:00Z' }), refused('other_engine'));
  assert.throws(() => log.query({}, { query: 'runs', now: '2026-01-01T00:00:00Z' }), refused('bad_argument'));
});

test('rows of any number are judged as snapshots are', async () => {
  const policy = (await load()).compile(GATES);
  const prepared = policy.prepare(['calmar', 'sharpe']);
  assert.deepEqual(
    prepared.columns.map(({ kind }) => kind),
    ['number', 'number'],
  );
  assert.deepEqual(prepared.furtherSteps, []);
  for (const rows of [0, 1, 7, 8, 9, 63, 64, 65, 100, 1000]) {
    const frame = prepared.frame(rows);
    const values = Array.from({ length: rows }, (_, row) => (row % 5 === 0 ? NaN : ((row * 37) % 100) / 100));
    frame.column('sharpe').set(values);
    const found = frame.evaluate();
    const expected = values.map((value) => value >= 0.5);
    assert.equal(found.passedCount, expected.filter(Boolean).length);
    assert.deepEqual(
      expected,
      values.map((_, row) => found.passes(row)),
    );
    const best = values
      .map((_, row) => row)
      .filter((row) => expected[row])
      .sort((a, b) => values[b] - values[a] || a - b);
    assert.deepEqual([...found.selected], best.slice(0, 3));
    if (rows > 0)
      assert.deepEqual(
        [...found.scores].slice(0, rows).filter((_, row) => expected[row]),
        values.filter((_, row) => expected[row]),
      );
    assert.throws(() => found.passes(rows), refused('bad_argument'));
    assert.throws(() => found.passes(-1), refused('bad_argument'));
    frame.release();
  }
});

test('validity makes rows missing, and all rows have it at first', async () => {
  const frame = (await load()).compile(GATES).prepare(['sharpe']).frame(10);
  frame.column(0).fill(1);
  assert.equal(frame.evaluate().passedCount, 10);
  frame.validity('sharpe')[1] &= ~0b10;
  const found = frame.evaluate();
  assert.equal(found.passedCount, 9);
  assert.ok(found.passes(8) && !found.passes(9));
});

test('fewer rows than there is room for can be judged', async () => {
  const frame = (await load()).compile(GATES).prepare(['sharpe']).frame(100);
  frame.column(0).fill(1);
  const whole = frame.evaluate();
  frame.rows = 9;
  assert.throws(() => whole.scores, refused('old_evaluation'));
  const part = frame.evaluate();
  assert.deepEqual([part.rows, part.passedCount, part.scores.length], [9, 9, 9]);
  assert.throws(() => (frame.rows = 101), RefusedError);
  assert.equal(frame.rows, 9);
  frame.rows = 100;
  assert.throws(() => part.passes(0), refused('old_evaluation'));
  assert.equal(frame.evaluate().passedCount, 100);
});

test('rows and columns that are none are refused', async () => {
  const policy = (await load()).compile(GATES);
  const prepared = policy.prepare(['sharpe']);
  for (const rows of [-1, 0.5, NaN, '3', 2 ** 32]) assert.throws(() => prepared.frame(rows), refused('bad_argument'));
  assert.throws(() => prepared.frame(2 ** 32 - 1), RefusedError);
  const frame = prepared.frame(3);
  for (const column of [1, -1, 0.5, 'sharp', undefined]) {
    assert.throws(() => frame.column(column), refused('unknown_column'));
    assert.throws(() => frame.validity(column), refused('unknown_column'));
  }
  assert.throws(() => policy.prepare(['sharpe', 'sharpe']), RefusedError);
  assert.throws(() => policy.prepare(['calmar']), /no column is `sharpe`/);
});

test('columns in another order are found by their names', async () => {
  const policy = (await load()).compile('world: w\nselection: { gates: [sharpe >= 0.5, max_drawdown <= 20%] }\n');
  for (const names of [
    ['sharpe', 'max_drawdown'],
    ['max_drawdown', 'sharpe'],
  ]) {
    const frame = policy.prepare(names).frame(1);
    frame.column('sharpe')[0] = 1;
    frame.column('max_drawdown')[0] = 0.1;
    assert.equal(frame.evaluate().passedCount, 1, names.join());
  }
});

test('views are empty once memory has grown, and good when taken again', async () => {
  const engine = await load();
  const prepared = engine.compile(GATES).prepare(['sharpe']);
  const frame = prepared.frame(100);
  const column = frame.column(0);
  column.fill(1);
  const found = frame.evaluate();
  assert.ok(found.passes(99));
  const before = engine.memoryBytes;
  prepared.frame(1_000_000);
  assert.ok(engine.memoryBytes > before);
  assert.equal(column.length, 0);
  assert.equal(frame.column(0)[99], 1);
  assert.ok(found.passes(99));
  assert.equal(found.scores[99], 1);
});

test('further steps decide instead of rows', async () => {
  const policy = (await load()).compile(await beside('crypto_mom/policy.yaml'));
  const decided = policy.evaluate(await beside('crypto_mom/monday.json'));
  const names = [
    'sample_days',
    'trades_60d',
    'sharpe_mid',
    'max_dd_120d',
    'annual_return',
    'winrate_long',
    'ulcer_mid',
  ];
  const prepared = policy.prepare([...names, 'my_signal_quality'], { stage: 'paper' });
  assert.ok(prepared.furtherSteps.length > 0);
  assert.equal(prepared.frame(1).evaluate().selected, null);
  assert.equal(decided.stage, 'paper');
});

test('a policy of a megabyte is judged or refused, never a trap', async () => {
  const engine = await load();
  const gates = Array.from({ length: 60_000 }, (_, index) => `sharpe >= 0.${index}`).join(', ');
  const large = `world: w\nselection: { gates: [${gates}] }\n`;
  assert.ok(large.length > 1_000_000);
  for (const text of [
    large,
    `world: ${'x'.repeat(1_000_000)}`,
    '['.repeat(1_000_000),
    '- '.repeat(500_000),
    '&a '.repeat(300_000),
  ]) {
    try {
      engine.check(text);
    } catch (error) {
      assert.ok(error instanceof RefusedError, String(error));
    }
    try {
      engine.compile(text);
    } catch (error) {
      assert.ok(error instanceof RefusedError || error instanceof PolicyError, String(error));
    }
  }
  assert.ok(!engine.isDead);
  assert.equal(engine.check(GATES).summary.errors, 0);
});

test('limits are set, told and kept', async () => {
  const engine = await load();
  const before = engine.limits();
  const after = engine.limits({ text_bytes: 100, rows: 10 });
  assert.deepEqual(after, { ...before, text_bytes: 100, rows: 10 });
  assert.throws(() => engine.check(' '.repeat(101)), RefusedError);
  const prepared = engine.compile(GATES).prepare(['sharpe']);
  assert.throws(() => prepared.frame(11), RefusedError);
  assert.throws(() => engine.limits({ row: 10 }), /did you mean `rows`/);
  assert.throws(() => engine.limits(3), refused('bad_argument'));
  assert.deepEqual(engine.limits(), after);
});

test('what is released leaves room: a leak would hit the limits', async () => {
  const engine = await load();
  engine.limits({ handles: 8 });
  const policy = engine.compile(GATES);
  const prepared = policy.prepare(['sharpe']);
  for (let round = 0; round < 1000; round += 1) {
    const frame = prepared.frame(1000);
    frame.evaluate();
    frame.release();
    engine.compile(GATES).release();
    policy.evaluate({ metrics: { a: { sharpe: 1 } } });
  }
  const bytes = engine.memoryBytes;
  for (let round = 0; round < 1000; round += 1) policy.evaluate({ metrics: { a: { sharpe: 1 } } });
  assert.equal(engine.memoryBytes, bytes);
});

test('a trap ends the engine, and the module makes a new one', async () => {
  const engine = await Engine.load(trapping());
  assert.throws(
    () => engine.check(''),
    (error) => error instanceof TrapError && error.cause instanceof WebAssembly.RuntimeError,
  );
  assert.ok(engine.isDead);
  for (const use of [
    () => engine.check(''),
    () => engine.limits(),
    () => engine.log({ world: 'w' }),
    () => engine.memoryBytes,
  ]) {
    assert.throws(use, refused('dead_engine'));
  }
  engine.release();
  assert.ok(engine.isDead);
  assert.ok(!(await Engine.load(engine.module)).isDead);
});

test('a log is persisted line by line and goes on in another engine', async () => {
  const text = await beside('crypto_mom/policy.yaml');
  const snapshot = JSON.parse(await beside('crypto_mom/monday.json'));
  const world = 'crypto_mom_1h';
  const one = await load();
  const [policy, log] = [one.compile(text), one.log({ world, clock: 'simulated' })];
  const submit = (run, now) => log.command(policy, { command: 'submit', now, strategy: 'btc_mom_24h', run, snapshot });
  const lines = [submit('r1', new Date('2026-02-02T21:00:00Z')), submit('r2', '2026-02-02T22:00:00Z')].map(
    (told) => told.lines,
  );
  const decided = log.command(policy, { command: 'decide', now: '2026-02-02T23:00:00Z', snapshot });
  assert.equal(decided.decision.world, world);
  lines.push(decided.lines);
  assert.equal(log.lines(), lines.join(''));
  assert.equal(log.lines(decided.number), decided.lines);
  assert.equal(log.lines(decided.number + 1), '');

  const two = await load();
  const [rules, restored] = [two.compile(text), two.log({ world, clock: 'simulated' })];
  const loaded = restored.load(lines.join(''), new Date('2026-02-03T00:00:00Z'));
  assert.deepEqual(loaded, { events: decided.number, head: decided.head });
  for (const query of ['campaign', 'tick', 'candidates', 'runs']) {
    const asked = { query, now: '2026-02-03T00:00:00Z' };
    assert.deepEqual(restored.query(rules, asked), log.query(policy, asked));
  }
  const forged = lines.join('').replace('"r1"', '"r9"');
  const empty = () => two.log({ world, clock: 'simulated' });
  assert.throws(() => empty().load(forged, '2026-02-03T00:00:00Z'), RefusedError);
  assert.throws(() => empty().load(lines.join(''), 'yesterday'), RefusedError);
  assert.throws(() => empty().load(lines.join('')), refused('bad_argument'));
  assert.throws(() => restored.load(lines.join(''), '2026-02-03T00:00:00Z'), RefusedError);
  assert.throws(
    () => restored.command(rules, { command: 'submitt', now: '2026-02-03T00:00:00Z' }),
    /did you mean `submit`/,
  );
  assert.throws(() => restored.query(rules, { query: 'campaign' }), /now/);
  assert.throws(() => two.log({ clock: 'wall' }), RefusedError);
});

test(
  'decisions are the bytes that the native library gives',
  { skip: process.env.QMTL_POLICY_EXPECTED === undefined },
  async () => {
    const engine = await load();
    const cases = JSON.parse(await readFile(process.env.QMTL_POLICY_EXPECTED, 'utf8'));
    assert.ok(cases.length >= 4);
    for (const { policy, snapshot, decision, strategy, explanation } of cases) {
      const compiled = engine.compile(policy);
      assert.equal(compiled.evaluateText(snapshot), decision);
      assert.equal(compiled.explainText(snapshot, strategy), explanation);
      compiled.release();
    }
  },
);

test('the types offer what the module does', async () => {
  const types = new URL('./qmtl-policy.d.mts', import.meta.url);
  assert.ok(existsSync(types));
  const text = await readFile(types, 'utf8');
  for (const name of Object.keys(await import('./qmtl-policy.mjs'))) {
    assert.match(text, new RegExp(`export class ${name} `), name);
  }
});
