// The examples of the project as the playground shows them. Their files are read, not copied, so that they stay the same.

/** Weaker correlations of the whole example are left out, as the text would be twice as long; its limit is 0.6. */
const WEAKEST = 0.3;
const MEMBERS = ['jnj', 'msft', 'wmt', 'xom'];

const line = (value) => JSON.stringify(value);

/** A snapshot with a line for each strategy, which is how people read tables. */
function lines(snapshot) {
  const parts = Object.entries(snapshot).map(([key, value]) => {
    if (Array.isArray(value)) return ` ${line(key)}: [\n${value.map((row) => `  ${line(row)}`).join(',\n')}\n ]`;
    if (typeof value !== 'object' || value === null) return ` ${line(key)}: ${line(value)}`;
    const rows = Object.entries(value).map(([id, row]) => `  ${line(id)}: ${line(row).replaceAll(',"', ', "').replaceAll('":', '": ')}`);
    return ` ${line(key)}: {\n${rows.join(',\n')}\n }`;
  });
  return `{\n${parts.join(',\n')}\n}\n`;
}

function tradingRules(keep, weakest) {
  return ([policy, snapshot, table]) => {
    const { as_of, stage, metrics, strategies } = JSON.parse(snapshot);
    const only = (block) => Object.fromEntries(Object.entries(block).filter(([id]) => keep(id)));
    const correlations = table.trim().split('\n').slice(1)
      .map((row) => row.split(','))
      .filter(([a, b, rho]) => keep(a) && keep(b) && Math.abs(Number(rho)) >= weakest)
      .map(([a, b, rho]) => [a, b, Number(rho)]);
    const text = lines({ as_of, stage, metrics: only(metrics), strategies: only(strategies), correlations });
    return { policy, snapshots: [{ name: 'end of 2022', text }] };
  };
}

const RULES = ['sp500_rules/policy.yaml', 'sp500_rules/snapshot.json', 'sp500_rules/correlations.csv'];

/** `files` stand in the folder of the examples; `compose` makes the texts of them; `step` is the usual one, in seconds. */
export const EXAMPLES = [
  {
    id: 'crypto_mom',
    title: 'crypto_mom: every kind of step',
    step: 10_800,
    files: ['crypto_mom/policy.yaml', 'crypto_mom/monday.json', 'crypto_mom/tuesday.json'],
    compose: ([policy, monday, tuesday]) => ({
      policy,
      snapshots: [{ name: 'Monday', text: monday }, { name: 'Tuesday', text: tuesday }],
    }),
  },
  {
    id: 'sp500_some',
    title: 'sp500_rules: 72 trading rules',
    step: 2_592_000,
    files: RULES,
    compose: tradingRules((id) => MEMBERS.includes(id.split('_')[0]), 0),
  },
  {
    id: 'sp500_all',
    title: 'sp500_rules: all 360',
    step: 2_592_000,
    files: RULES,
    compose: tradingRules(() => true, WEAKEST),
  },
  {
    id: 'qmtl_profiles',
    title: 'qmtl_profiles: a threshold document',
    step: 86_400,
    files: ['qmtl_profiles/policy.yaml', 'qmtl_profiles/snapshot.json'],
    compose: ([policy, snapshot]) => ({ policy, snapshots: [{ name: 'February', text: snapshot }] }),
  },
];
