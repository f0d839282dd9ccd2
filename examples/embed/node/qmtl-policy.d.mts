// Types of qmtl-policy.mjs, found beside it. Documents have the names of the language.

/** What every failure of this wrapper is. */
export class EngineError extends Error {}

/** A call that was refused: `code` is for programs, the message says what to do. */
export class RefusedError extends EngineError {
  constructor(code: string, message: string);
  readonly code: string;
}

/** A policy with errors. */
export class PolicyError extends EngineError {
  constructor(document: Findings);
  readonly document: Findings;
  readonly diagnostics: readonly Diagnostic[];
}

/** The guest ended in the middle of a call: the engine is dead, load another from its `module`. */
export class TrapError extends EngineError {}

export type Stage = 'backtest' | 'paper' | 'shadow' | 'live';
export type Mode = 'validate' | 'compute-only' | 'paper' | 'shadow' | 'live';
export type Status = 'pass' | 'warn' | 'fail';
export type Severity = 'blocking' | 'soft' | 'info';
export type Outcome = 'true' | 'false' | 'missing';
export type Action = 'promote' | 'demote' | 'hold';
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

// Findings

/** `offset` counts bytes from 0; lines, and columns in Unicode scalar values, from 1. */
export interface Position {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** The end is exclusive. */
export interface Span {
  readonly start: Position;
  readonly end: Position;
}

export interface Label {
  /** Only where it is not the finding's own file. */
  readonly file?: string;
  readonly span: Span;
  readonly message: string;
}

export interface Diagnostic {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'note';
  readonly message: string;
  readonly file: string;
  /** Where it is in the tree of the policy. */
  readonly path: string;
  readonly span: Span;
  readonly labels: readonly Label[];
  readonly help: string | null;
  readonly notes: readonly string[];
}

export interface Findings {
  readonly schema_version: 1;
  readonly diagnostics: readonly Diagnostic[];
  readonly summary: { readonly errors: number; readonly warnings: number; readonly notes: number };
}

// Snapshots

/** A number, a truth value, a text or null (missing); blocks nest. */
export type Metric = number | boolean | string | null | { readonly [name: string]: Metric };

export interface Strategy {
  readonly side?: string;
  readonly sector?: string;
  readonly weight?: number;
  readonly data_end?: string;
  readonly expected_data_end?: string;
  readonly [attribute: string]: Json | undefined;
}

/**
 * Ids that look like whole numbers belong into JSON text: objects of JavaScript put such keys first and in numeric
 * order, and judged ids stand in the order of the input.
 */
export interface Snapshot {
  readonly as_of?: string | Date;
  readonly stage?: string | null;
  readonly profile?: string | null;
  readonly data_end?: string | Date;
  readonly expected_data_end?: string | Date;
  readonly metrics?: { readonly [strategy: string]: { readonly [name: string]: Metric } | null };
  readonly strategies?: { readonly [strategy: string]: Strategy | null };
  readonly previous?: Previous | null;
  readonly correlations?: readonly (readonly [string, string, number])[];
  readonly approvals?: readonly string[];
}

/** What was active before: ids, a state, or the decision that has it. */
export type Previous = readonly string[] | State | Decision;

export interface EvaluateOptions {
  readonly world?: string;
  readonly stage?: string;
  readonly profile?: string;
  readonly as_of?: string | Date;
  /** Which strategies are told in detail. */
  readonly detail?: 'none' | 'selected' | 'changed' | 'all';
  /** Ids that are told in detail whatever `detail` says. */
  readonly shown?: readonly string[];
  readonly previous?: Previous;
}

// Decisions

export interface Decision {
  readonly schema_version: 1;
  readonly world: string | null;
  readonly policy_version: string | null;
  readonly ruleset_hash: string;
  readonly selection_hash: string;
  readonly as_of: string | null;
  readonly valid_until: string | null;
  readonly stage: string | null;
  readonly profile: string | null;
  readonly selected: readonly string[];
  readonly funnel: readonly { readonly step: FunnelStep; readonly count: number }[];
  readonly notes: readonly Note[];
  readonly strategies: { readonly [strategy: string]: StrategyDecision };
  readonly state: State;
}

export type FunnelStep =
  'submitted' | 'rules' | 'score' | 'correlation' | 'exposure' | 'cut' | 'post_correlation' | 'hysteresis' | 'selected';

export interface Note {
  readonly code: string;
  readonly message: string;
  readonly count: number;
  readonly examples: readonly string[];
}

export interface StrategyDecision {
  readonly status: Status;
  readonly selected: boolean;
  readonly action: Action;
  readonly effective_mode: Mode;
  readonly downgraded: boolean;
  readonly downgrade_reason: string | null;
  readonly recommended_stage: string | null;
  readonly score: number | null;
  readonly rank: number | null;
  readonly missing: readonly string[];
  readonly rejected_by: Rejection | null;
  readonly rules: { readonly [layer: string]: RuleResult };
  readonly checks: readonly Check[];
}

export interface Rejection {
  readonly step: string;
  readonly code: string;
  readonly rule: string | null;
  readonly by: readonly string[];
}

export interface RuleResult {
  readonly status: Status;
  readonly severity: Severity;
  readonly owner: string;
  readonly reason_code: string;
  readonly reason: string;
  readonly tags: readonly string[];
  readonly details: { readonly [key: string]: Json };
}

export interface Check {
  readonly id: string;
  readonly layer: string;
  readonly outcome: Outcome;
  readonly status: Status;
  readonly value: number | null;
  readonly threshold: number | null;
  /** Signed distance to the threshold, positive when it passes. */
  readonly margin: number | null;
  readonly severity: Severity;
  readonly owner: string;
}

export interface State {
  readonly schema_version: 1;
  readonly world: string | null;
  readonly ruleset_hash: string;
  readonly selection_hash: string;
  readonly as_of: string | null;
  readonly strategies: { readonly [strategy: string]: StrategyState };
}

export interface StrategyState {
  readonly active: boolean;
  readonly since: string | null;
  readonly pass_streak: number;
  readonly fail_streak: number;
  readonly side: string | null;
  readonly sector: string | null;
  readonly weight: number | null;
}

// Explanations

export interface Explanation {
  readonly schema_version: 1;
  readonly world: string | null;
  readonly policy_version: string | null;
  readonly strategy: string;
  readonly as_of: string | null;
  readonly stage: string | null;
  readonly profile: string | null;
  readonly selected: boolean;
  readonly was_active: boolean;
  readonly qualified: boolean;
  readonly action: Action;
  readonly effective_mode: Mode;
  readonly downgraded: boolean;
  readonly downgrade_reason: string | null;
  readonly recommended_stage: string | null;
  readonly status: Status;
  readonly rejected_by: Rejection | null;
  readonly not_admitted_by: Rejection | null;
  readonly data: { readonly [fact: string]: Json };
  readonly rules: readonly RuleFacts[];
  readonly score: { readonly [fact: string]: Json } | null;
  readonly blocked_by: readonly Blocker[];
  readonly exposure: readonly { readonly [fact: string]: Json }[];
  readonly hysteresis: { readonly [fact: string]: Json } | null;
  readonly changes: readonly Change[];
  readonly changes_together: readonly Change[];
  readonly outcome: ChangeOutcome | null;
  readonly obstacle: Rejection | null;
  readonly room: {
    readonly nearest: string | null;
    readonly relative: number | null;
    readonly successors: readonly string[];
  } | null;
}

export interface RuleFacts {
  readonly id: string;
  readonly layer: string;
  readonly severity: Severity;
  readonly owner: string;
  readonly reason: string | null;
  readonly keep: boolean;
  readonly condition: string;
  readonly metric: string | null;
  readonly operand: string | null;
  readonly unit: string;
  readonly percent: boolean;
  readonly operator: string | null;
  readonly threshold: number | null;
  readonly value: number | null;
  readonly margin: number | null;
  readonly outcome: Outcome;
  readonly status: Status;
  readonly readings: readonly {
    readonly metric: string;
    readonly value: number | boolean | string | null;
    readonly unit: string;
    readonly percent: boolean;
  }[];
}

export interface Blocker {
  readonly strategy: string;
  readonly step: string;
  readonly rho: number | null;
  readonly max_pairwise: number | null;
  readonly rank: number | null;
  readonly score: number | null;
}

export interface Change {
  readonly metric: string;
  readonly unit: string;
  readonly percent: boolean;
  readonly from: number | null;
  readonly to: number;
  readonly exact: boolean;
  readonly verified: boolean;
  readonly outcome?: ChangeOutcome;
}

export interface ChangeOutcome {
  readonly qualified: boolean;
  readonly selected: boolean;
  readonly rank: number | null;
  readonly displaced: readonly string[];
  readonly rejected_by: Rejection | null;
  readonly downgrade_reason: string | null;
}

// The engine

export interface Limits {
  readonly text_bytes: number;
  readonly memory_bytes: number;
  readonly handles: number;
  readonly rows: number;
  readonly policy_bytes: number;
  readonly policy_nodes: number;
  readonly policy_depth: number;
  readonly expression_depth: number;
  readonly analysis_steps: number;
}

/** The module: its bytes, compiled, or a response that brings it. */
export type ModuleSource = BufferSource | WebAssembly.Module | Response;

/** The module, running: one call at a time. */
export class Engine {
  private constructor();
  static load(source: ModuleSource | PromiseLike<ModuleSource>): Promise<Engine>;
  /** The compiled module, for further engines and for other threads. */
  readonly module: WebAssembly.Module;
  readonly version: string;
  /** Whether a call trapped; every further call is refused. */
  readonly isDead: boolean;
  /** Bytes of linear memory. */
  readonly memoryBytes: number;
  /** Sets the limits named, gives all in force. */
  limits(settings?: Partial<Limits>): Limits;
  /** The findings of a policy; throws for none of them. */
  check(text: string): Findings;
  /** Throws `PolicyError` where the policy has errors. */
  compile(text: string): Policy;
  /** An empty log; the clock is `wall` unless it is `simulated`. */
  log(options: { readonly world: string; readonly clock?: 'wall' | 'simulated' }): Log;
  release(): void;
  [Symbol.dispose](): void;
}

/** Something the guest keeps until it is released. */
declare abstract class Kept {
  readonly isReleased: boolean;
  /** Frees it in the guest; once is enough, twice does no harm. */
  release(): void;
  [Symbol.dispose](): void;
}

export class Policy extends Kept {
  private constructor();
  /** Findings that are no errors. */
  readonly warnings: readonly Diagnostic[];
  evaluate(snapshot: Snapshot | string, options?: EvaluateOptions | string): Decision;
  /** The decision as the exact text that every host gets. */
  evaluateText(snapshot: Snapshot | string, options?: EvaluateOptions | string): string;
  explain(snapshot: Snapshot | string, strategy: string, options?: EvaluateOptions | string): Explanation;
  explainText(snapshot: Snapshot | string, strategy: string, options?: EvaluateOptions | string): string;
  prepare(columns: Iterable<string>, options?: { readonly stage?: string; readonly profile?: string }): Prepared;
}

export class Prepared extends Kept {
  private constructor();
  readonly columns: readonly { readonly name: string; readonly kind: 'number' | 'boolean' }[];
  /** Steps that rows alone cannot decide; where there are any, `Evaluation.selected` is null. */
  readonly furtherSteps: readonly string[];
  /** Room for so many rows, every value missing. */
  frame(rows: number): Frame;
}

/** Columns in guest memory. Do not use their views after `release`: the memory is somebody else's then. */
export class Frame extends Kept {
  private constructor();
  readonly capacity: number;
  /** How many rows are judged: the first so many. */
  rows: number;
  /** A view, not a copy: NaN is missing, 1 and 0 are booleans. Take it again after every other call. */
  column(column: number | string): Float64Array;
  /** A bit a row, the lowest first, set where the row has a value; a view, see `column`. */
  validity(column: number | string): Uint8Array;
  evaluate(): Evaluation;
}

/** What an evaluation says; it can be read until the frame is evaluated again. */
export class Evaluation {
  private constructor();
  readonly rows: number;
  readonly passedCount: number;
  /** The selected rows, best first; null where further steps decide. */
  readonly selected: Uint32Array | null;
  passes(row: number): boolean;
  /** A bit a row, the lowest first; a view, see `Frame.column`. */
  readonly passed: Uint8Array;
  /** NaN where a row has none; null where the policy has no score. A view, see `Frame.column`. */
  readonly scores: Float64Array | null;
}

// The record

type At = { readonly now: string | Date };
type Run = { readonly strategy: string; readonly run: string };
type By = { readonly actor: string; readonly reason: string };

export type Command = At &
  (
    | {
        readonly command: 'submit';
        readonly strategy: string;
        readonly snapshot: Snapshot;
        readonly run?: string;
        readonly stage?: Stage;
        /** What the data of the run covers; both or none. */
        readonly data_start?: string | Date;
        readonly data_end?: string | Date;
        readonly supersedes?: string;
        readonly reason?: string;
      }
    | ({ readonly command: 'transition'; readonly to: string } & Run)
    | ({ readonly command: 'override'; readonly status: 'approved' | 'rejected' | 'none' } & Run & By)
    | ({ readonly command: 'approve' | 'reject' } & Run & By)
    | ({ readonly command: 'apply' | 'rollback'; readonly risk_snapshot?: string | Date } & Run & By)
    | ({ readonly command: 'demote'; readonly strategy: string } & By)
    | ({ readonly command: 'halt' | 'resume' } & By)
    | { readonly command: 'decide'; readonly snapshot: Snapshot }
  );

export type Query = At &
  (
    | { readonly query: 'campaign' | 'tick' | 'runs'; readonly strategy?: string }
    | { readonly query: 'candidates'; readonly strategy?: string; readonly risk_snapshot?: string | Date }
    | ({ readonly query: 'plan'; readonly risk_snapshot?: string | Date } & Run)
  );

export interface Recorded {
  readonly schema_version: 1;
  readonly world_id: string;
  readonly recorded_at: string;
  /** What happened; nothing where the record says all of it already. */
  readonly events: readonly { readonly kind: string; readonly [field: string]: Json }[];
  /** How many events the log holds by then. */
  readonly number: number;
  /** Where the log ends by then. */
  readonly head: string;
  /** JSON lines to be persisted. */
  readonly lines: string;
  /** Of commands about a run. */
  readonly run?: RunView;
  /** Of `decide`. */
  readonly decision?: Decision;
}

export interface RunView {
  readonly strategy_id: string;
  readonly run_id: string;
  readonly stage: Stage;
  readonly state: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly status: Status | null;
  readonly selected: boolean | null;
  readonly effective_mode: Mode | null;
  readonly override_status: string;
  readonly superseded_by: string | null;
}

export class Log extends Kept {
  private constructor();
  /** Takes persisted lines into the empty log; the chain is verified. Gives how many events it holds, and its end. */
  load(lines: string, now: string | Date): { readonly events: number; readonly head: string };
  /** The events from a number on (1 is the first), as JSON lines to be persisted. */
  lines(from?: number): string;
  command(policy: Policy, command: Command | string): Recorded;
  query(policy: Policy, query: Query | string): { readonly [field: string]: Json };
}
