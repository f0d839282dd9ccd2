// What must compile, and what must not: `tsc -p .` says whether it is so.

import { Engine, PolicyError, RefusedError, type Decision, type Explanation, type Findings } from './qmtl-policy.mjs';

export async function host(bytes: Uint8Array<ArrayBuffer>): Promise<Decision> {
  using engine = await Engine.load(bytes);
  await Engine.load(engine.module);
  await Engine.load(fetch('qmtl_policy.wasm'));
  // @ts-expect-error engines are loaded
  new Engine();

  engine.limits().memory_bytes satisfies number;
  engine.limits({ rows: 10 });
  // @ts-expect-error there is no such limit
  engine.limits({ row: 10 });

  const findings: Findings = engine.check('');
  findings.diagnostics[0]?.help satisfies string | null | undefined;

  using policy = engine.compile('');
  using prepared = policy.prepare(['sharpe'], { stage: 'paper' });
  using frame = prepared.frame(3);
  frame.rows = 2;
  frame.column('sharpe').fill(1);
  const found = frame.evaluate();
  // @ts-expect-error null where further steps decide
  found.selected.length;
  found.passes(0) satisfies boolean;

  const log = engine.log({ world: 'w' });
  log.command(policy, { command: 'halt', now: new Date(), actor: 'a', reason: 'r' }).lines satisfies string;
  // @ts-expect-error a halt needs its reason
  log.command(policy, { command: 'halt', now: new Date(), actor: 'a' });
  // @ts-expect-error a query says when
  log.query(policy, { query: 'campaign' });

  try {
    const story: Explanation = policy.explain({ metrics: { a: { sharpe: 1, block: { leaf: null } } } }, 'a');
    story.changes[0]?.to satisfies number | undefined;
  } catch (error) {
    if (error instanceof PolicyError) error.diagnostics[0]?.span.start.line satisfies number | undefined;
    if (error instanceof RefusedError) error.code satisfies string;
  }
  const first = policy.evaluate('{}');
  // @ts-expect-error options have the names of the language
  policy.evaluate('{}', { asOf: new Date() });
  return policy.evaluate({ previous: first, correlations: [['a', 'b', 0.5]] }, { detail: 'changed', previous: first });
}
