// qmtl-policy for JavaScript: the module over the WebAssembly that Node and browsers bring along. No dependency.
//
// Documents (policies, snapshots, options, decisions) have the names of the language: `as_of`, not `asOf`.

const ABI_VERSION = 1;
const FUNCTIONS = [
  'qp_abi_version',
  'qp_engine',
  'qp_alloc',
  'qp_free',
  'qp_result_address',
  'qp_result_length',
  'qp_limits',
  'qp_check',
  'qp_compile',
  'qp_evaluate',
  'qp_explain',
  'qp_prepare',
  'qp_frame',
  'qp_frame_column',
  'qp_frame_validity',
  'qp_frame_rows',
  'qp_frame_evaluate',
  'qp_frame_passed',
  'qp_frame_passed_count',
  'qp_frame_scores',
  'qp_frame_selected',
  'qp_frame_selected_count',
  'qp_log',
  'qp_log_load',
  'qp_log_lines',
  'qp_log_command',
  'qp_log_query',
  'qp_release',
];
const REFUSED = 2;
const MOST_ROWS = 0xffff_ffff;
// What V8 holds; others hold more.
const LONGEST_STRING = 0x1fff_ffe8;

const encoder = new TextEncoder();
// A byte-order mark is part of a text here: the host sees the bytes that the guest wrote.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What every failure of this wrapper is. */
export class EngineError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A call that was refused: `code` is for programs, the message says what to do. */
export class RefusedError extends EngineError {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** A policy with errors: `diagnostics` are all its findings, `document` is what `check` answers. */
export class PolicyError extends EngineError {
  constructor(document) {
    super(summarise(document));
    this.document = document;
    this.diagnostics = document.diagnostics;
  }
}

/** The guest ended in the middle of a call; what it kept cannot be trusted any more. */
export class TrapError extends EngineError {}

function summarise(document) {
  const errors = document.diagnostics.filter((finding) => finding.severity === 'error');
  const lines = errors.map(({ code, message, help, span: { start } }) => {
    const advice = help === null ? '' : `: ${help}`;
    return `${start.line}:${start.column} ${code} ${message}${advice}`;
  });
  return `the policy has ${errors.length === 1 ? 'an error' : `${errors.length} errors`}\n${lines.join('\n')}`;
}

/** One instance of the module: calls, texts in, answers out, and whether it still lives. */
class Guest {
  #exports;
  #ended = null;

  constructor(instance) {
    this.#exports = instance.exports;
  }

  get isDead() {
    return this.#ended?.code === 'dead_engine';
  }

  get memory() {
    this.refuseIfEnded();
    return this.#exports.memory;
  }

  end(code, message) {
    this.#ended ??= { code, message };
    this.#exports = null;
  }

  refuseIfEnded() {
    if (this.#ended !== null) throw new RefusedError(this.#ended.code, this.#ended.message);
  }

  /** Calls a function; numbers come back unsigned. */
  call(name, ...values) {
    this.refuseIfEnded();
    try {
      return this.#exports[name](...values) >>> 0;
    } catch (cause) {
      // The module imports nothing, so whatever is thrown comes from inside: a trap, or the end of the stack, which
      // engines report as a RangeError.
      this.end('dead_engine', `the engine is dead, \`${name}\` trapped: load a new one from the same module`);
      throw new TrapError(`\`${name}\` trapped (${cause.message}): load a new engine from the same module`, { cause });
    }
  }

  /** The answer of the last call. */
  answer() {
    const address = this.call('qp_result_address');
    const length = this.call('qp_result_length');
    if (length > LONGEST_STRING) {
      throw new RefusedError(
        'too_large',
        `the answer has ${length} bytes, more than a string holds: ask for less detail`,
      );
    }
    return decoder.decode(new Uint8Array(this.memory.buffer, address, length));
  }

  /** Calls a function with handles and texts, which share a block; gives what it returns, and its answer. */
  ask(name, handles, texts) {
    const encoded = texts.map((text) => encoder.encode(text));
    const length = encoded.reduce((sum, bytes) => sum + bytes.length, 0);
    const block = length === 0 ? 0 : this.call('qp_alloc', length);
    if (length !== 0 && block === 0) throw this.refusal();
    const values = [...handles];
    const memory = new Uint8Array(this.memory.buffer);
    let address = block;
    for (const bytes of encoded) {
      memory.set(bytes, address);
      values.push(address, bytes.length);
      address += bytes.length;
    }
    try {
      const status = this.call(name, ...values);
      return { status, answer: this.answer() };
    } finally {
      if (block !== 0 && this.#ended === null) this.call('qp_free', block, length);
    }
  }

  /** Like `ask`, for calls that say with a status that they were refused. */
  text(name, handles, texts) {
    const { status, answer } = this.ask(name, handles, texts);
    if (status === REFUSED) throw this.refusal(answer);
    return answer;
  }

  /** The error in the answer of a call that was refused. */
  refusal(answer = this.answer()) {
    const { code, message } = JSON.parse(answer).error;
    return new RefusedError(code, message);
  }

  /** Calls a function that has a result only where it is not 0. */
  some(name, ...values) {
    const result = this.call(name, ...values);
    if (result === 0) throw this.refusal();
    return result;
  }

  /** Calls a function that answers only where it is refused. */
  done(name, ...values) {
    if (this.call(name, ...values) === REFUSED) throw this.refusal();
  }
}

/** Something the guest keeps under a handle until it is released. */
class Kept {
  #guest;
  #handle;
  #kind;

  constructor(guest, handle, kind) {
    this.#guest = guest;
    this.#handle = handle;
    this.#kind = kind;
  }

  static guestOf(kept) {
    return kept.#guest;
  }

  /** The handle, for calls of one guest: handles of two guests may be the same number. */
  static handleOf(kept, guest) {
    if (!(kept instanceof Kept)) throw new RefusedError('bad_argument', 'a policy is needed: take one from `compile`');
    if (kept.#guest !== guest) {
      throw new RefusedError('other_engine', `the ${kept.#kind} belongs to another engine: compile it in this one`);
    }
    guest.refuseIfEnded();
    if (kept.#handle === 0) throw new RefusedError('released', `the ${kept.#kind} was released: make a new one`);
    return kept.#handle;
  }

  /** Whether it was released. */
  get isReleased() {
    return this.#handle === 0;
  }

  /** Frees it in the guest. Again, or in a dead engine, this does nothing, so that `using` hides no other error. */
  release() {
    const handle = this.#handle;
    this.#handle = 0;
    if (handle === 0) return;
    try {
      this.#guest.refuseIfEnded();
    } catch {
      return;
    }
    this.#guest.done('qp_release', handle);
  }
}

// Without a FinalizationRegistry on purpose: views of a frame's columns may outlive the object of the frame, and a
// collected frame would hand their memory to somebody else. A whole engine is collected like any other object.
if (Symbol.dispose !== undefined) {
  Kept.prototype[Symbol.dispose] = function dispose() {
    this.release();
  };
}

/** The module, running. One call at a time; threads load one each, from the same compiled module. */
export class Engine {
  #guest;

  /** Loads the module from bytes, a compiled module or a response. A compiled module costs next to nothing. */
  static async load(source) {
    const module = await compiled(await source);
    const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
    const lacking = ['memory', ...FUNCTIONS].find((name) => !names.has(name));
    if (lacking !== undefined) {
      throw new RefusedError('not_this_module', `the module lacks \`${lacking}\`: build it with the feature \`wasm\``);
    }
    const guest = new Guest(await WebAssembly.instantiate(module, {}));
    const version = guest.call('qp_abi_version');
    if (version !== ABI_VERSION) {
      const message = `the module has version ${version} of the interface, this wrapper speaks ${ABI_VERSION}: take both from one release`;
      throw new RefusedError('abi_version', message);
    }
    return new Engine(guest, module);
  }

  /** Use `Engine.load`. */
  constructor(guest, module) {
    if (!(guest instanceof Guest)) throw new RefusedError('bad_argument', 'take an engine from `await Engine.load(…)`');
    this.#guest = guest;
    this.module = module;
    this.version = JSON.parse(guest.text('qp_engine', [], [])).version;
  }

  /** Whether a call trapped; every further call is refused. */
  get isDead() {
    return this.#guest.isDead;
  }

  /** Bytes of linear memory; it grows and never shrinks. */
  get memoryBytes() {
    return this.#guest.memory.buffer.byteLength;
  }

  /** Sets the limits named, gives all in force. */
  limits(settings) {
    return JSON.parse(this.#guest.text('qp_limits', [], [settings === undefined ? '' : json(settings, 'limits')]));
  }

  /** The findings of a policy. */
  check(text) {
    return JSON.parse(this.#guest.text('qp_check', [], [policyText(text)]));
  }

  /** A policy, compiled. */
  compile(text) {
    const { status: handle, answer } = this.#guest.ask('qp_compile', [], [policyText(text)]);
    const document = JSON.parse(answer);
    if (handle !== 0) return new Policy(this.#guest, handle, document);
    if (document.error !== undefined) throw new RefusedError(document.error.code, document.error.message);
    throw new PolicyError(document);
  }

  /** An empty log of one world. */
  log({ world, clock } = {}) {
    const { status: handle, answer } = this.#guest.ask('qp_log', [], [json({ world, clock }, 'a log')]);
    if (handle === 0) throw this.#guest.refusal(answer);
    return new Log(this.#guest, handle);
  }

  /** Gives up the instance and all that it keeps. */
  release() {
    this.#guest.end('released', 'the engine was released: load a new one from the same module');
  }
}

if (Symbol.dispose !== undefined) {
  Engine.prototype[Symbol.dispose] = Kept.prototype[Symbol.dispose];
}

async function compiled(source) {
  // Modules of another realm, such as those of a frame or a worker, are not `instanceof`.
  if (Object.prototype.toString.call(source) === '[object WebAssembly.Module]') return source;
  try {
    if (typeof Response === 'undefined' || !(source instanceof Response)) return await WebAssembly.compile(source);
    if (!source.ok) {
      throw new RefusedError('not_fetched', `the module cannot be fetched (${source.status}): check its address`);
    }
    const streams = WebAssembly.compileStreaming && source.headers.get('content-type') === 'application/wasm';
    return await (streams ? WebAssembly.compileStreaming(source) : WebAssembly.compile(await source.arrayBuffer()));
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof WebAssembly.CompileError)) throw cause;
    throw new RefusedError('not_a_module', `this is no WebAssembly module: give its bytes (${cause.message})`);
  }
}

function policyText(text) {
  if (typeof text === 'string') return text;
  throw new RefusedError('bad_argument', `a policy is a text, not ${describe(text)}`);
}

/** A document as JSON: a text stands as it is, so a host that has JSON need not parse it. */
function json(document, what) {
  if (typeof document === 'string') return document;
  if (typeof document === 'object' && document !== null) return JSON.stringify(document);
  throw new RefusedError('bad_argument', `${what} is an object or its JSON text, not ${describe(document)}`);
}

function describe(value) {
  return value === null ? 'null' : typeof value;
}

function count(value, what) {
  if (Number.isInteger(value) && value >= 0 && value <= MOST_ROWS) return value;
  throw new RefusedError('bad_argument', `${what} is a whole number from 0 on, not ${String(value)}`);
}

/** A compiled policy. */
export class Policy extends Kept {
  constructor(guest, handle, document) {
    super(guest, handle, 'policy');
    /** Findings that are no errors. */
    this.warnings = document.diagnostics;
  }

  /** Judges a snapshot. */
  evaluate(snapshot, options) {
    return JSON.parse(this.evaluateText(snapshot, options));
  }

  /** Judges a snapshot; the decision as the exact text that every host gets. */
  evaluateText(snapshot, options) {
    return this.#judge('qp_evaluate', snapshot, options);
  }

  /** Tells one strategy's story, and what would change it. */
  explain(snapshot, strategy, options) {
    return JSON.parse(this.explainText(snapshot, strategy, options));
  }

  /** The explanation as the exact text that every host gets. */
  explainText(snapshot, strategy, options) {
    const given = typeof options === 'string' ? JSON.parse(options) : options;
    return this.#judge('qp_explain', snapshot, { ...given, strategy });
  }

  #judge(name, snapshot, options) {
    const guest = Kept.guestOf(this);
    const texts = [json(snapshot, 'a snapshot'), options === undefined ? '' : json(options, 'options')];
    return guest.text(name, [Kept.handleOf(this, guest)], texts);
  }

  /** The policy for rows of numbers in these columns. */
  prepare(columns, { stage, profile } = {}) {
    const guest = Kept.guestOf(this);
    const asked = json({ columns: [...columns], stage, profile }, 'what is prepared');
    const { status: handle, answer } = guest.ask('qp_prepare', [Kept.handleOf(this, guest)], [asked]);
    if (handle === 0) throw guest.refusal(answer);
    return new Prepared(guest, handle, JSON.parse(answer));
  }
}

/** A policy prepared for columns. It outlives the policy that it is from. */
export class Prepared extends Kept {
  constructor(guest, handle, { columns, further_steps: furtherSteps }) {
    super(guest, handle, 'prepared policy');
    /** The columns in their order: `name`, and `kind`, `number` or `boolean`. */
    this.columns = Object.freeze(columns);
    /** Steps that rows alone cannot decide; where there are any, no rows are selected. */
    this.furtherSteps = Object.freeze(furtherSteps);
  }

  /** Room for so many rows, every value missing. */
  frame(rows) {
    const guest = Kept.guestOf(this);
    const handle = guest.some('qp_frame', Kept.handleOf(this, guest), count(rows, 'the number of rows'));
    return new Frame(guest, handle, this.columns, rows);
  }
}

/** Columns in guest memory, and what was judged of them. */
export class Frame extends Kept {
  #columns;
  #rows;
  #evaluations = 0;

  constructor(guest, handle, columns, rows) {
    super(guest, handle, 'frame');
    this.#columns = columns;
    this.#rows = rows;
    /** Most rows that it has room for. */
    this.capacity = rows;
  }

  /** How many rows are judged: all that it has room for, unless it is set. */
  get rows() {
    return this.#rows;
  }

  set rows(rows) {
    this.#call('done', 'qp_frame_rows', count(rows, 'the number of rows'));
    this.#rows = rows;
    this.#evaluations += 1;
  }

  /**
   * The values of a column, for all rows that there is room for: a view, not a copy. NaN is missing, 1 and 0 are
   * booleans. Take it again after every other call: memory that grows leaves older views empty.
   */
  column(column) {
    return this.#view(Float64Array, 'qp_frame_column', this.#index(column), this.capacity);
  }

  /** Which rows have a value: a bit a row, the lowest first, as Arrow has it; a view, see `column`. */
  validity(column) {
    return this.#view(Uint8Array, 'qp_frame_validity', this.#index(column), Math.ceil(this.capacity / 8));
  }

  /** Judges the rows. The answer can be read until the next evaluation, or until `rows` is set. */
  evaluate() {
    this.#evaluations += 1;
    this.#call('done', 'qp_frame_evaluate');
    return new Evaluation(this.#reader(this.#evaluations));
  }

  /** Reads what an evaluation left, as long as it is the last one. */
  #reader(evaluation) {
    const rows = this.#rows;
    const current = () => {
      Kept.handleOf(this, Kept.guestOf(this));
      if (evaluation === this.#evaluations) return;
      throw new RefusedError('old_evaluation', 'the frame has changed since: evaluate it and read that answer');
    };
    const view = (kind, name, length) => {
      current();
      const address = this.#call('call', name);
      return address === 0 ? null : new kind(Kept.guestOf(this).memory.buffer, address, length);
    };
    return { rows, current, view, number: (name) => this.#call('call', name) };
  }

  #call(way, name, ...values) {
    const guest = Kept.guestOf(this);
    return guest[way](name, Kept.handleOf(this, guest), ...values);
  }

  #view(kind, name, index, length) {
    const guest = Kept.guestOf(this);
    const handle = Kept.handleOf(this, guest);
    // An empty column has no address to speak of.
    if (length === 0) return new kind(0);
    const address = guest.some(name, handle, index);
    return new kind(guest.memory.buffer, address, length);
  }

  #index(column) {
    const names = this.#columns.map(({ name }) => name);
    const index = typeof column === 'string' ? names.indexOf(column) : column;
    if (Number.isInteger(index) && index >= 0 && index < names.length) return index;
    throw new RefusedError(
      'unknown_column',
      `there is no column \`${String(column)}\`: take one of ${names.join(', ')}`,
    );
  }
}

/** What an evaluation says of the rows of a frame. */
export class Evaluation {
  #reader;
  #bits = null;

  constructor(reader) {
    this.#reader = reader;
    /** How many rows were judged. */
    this.rows = reader.rows;
    /** How many of them meet every rule. */
    this.passedCount = reader.number('qp_frame_passed_count');
    const selected = reader.view(Uint32Array, 'qp_frame_selected', reader.number('qp_frame_selected_count'));
    /** The selected rows, best first (a copy); null where further steps decide. */
    this.selected = selected === null ? null : selected.slice();
  }

  /** Whether a row meets every rule. */
  passes(row) {
    if (!Number.isInteger(row) || row < 0 || row >= this.rows) {
      throw new RefusedError('bad_argument', `there is no row ${String(row)}: the rows are 0 to ${this.rows - 1}`);
    }
    this.#reader.current();
    // A view is empty once memory has grown.
    if (this.#bits === null || this.#bits.length === 0) this.#bits = this.passed;
    return ((this.#bits[row >> 3] >> (row & 7)) & 1) === 1;
  }

  /** A bit a row, set where it meets every rule, the lowest first; a view, see `Frame.column`. */
  get passed() {
    return this.#reader.view(Uint8Array, 'qp_frame_passed', Math.ceil(this.rows / 64) * 8) ?? new Uint8Array(0);
  }

  /** The score of every row, NaN where it has none; null where the policy has no score. A view, see `Frame.column`. */
  get scores() {
    return this.#reader.view(Float64Array, 'qp_frame_scores', this.rows);
  }
}

/** The record of one world: an append-only log, each event chained to the one before by its hash. */
export class Log extends Kept {
  constructor(guest, handle) {
    super(guest, handle, 'log');
  }

  #text(name, handles, ...texts) {
    const guest = Kept.guestOf(this);
    return guest.text(name, [Kept.handleOf(this, guest), ...handles(guest)], texts);
  }

  /** Takes persisted lines into the empty log; the chain is verified. `now`: a Date or RFC 3339. */
  load(lines, now) {
    if (typeof lines !== 'string') {
      throw new RefusedError('bad_argument', `the lines of a log are a text, not ${describe(lines)}`);
    }
    return JSON.parse(this.#text('qp_log_load', () => [], lines, instant(now)));
  }

  /** The events from a number on, as JSON lines to be persisted. */
  lines(from = 1) {
    return this.#text('qp_log_lines', () => [count(from, 'the number of an event')]);
  }

  /** Records what a command does, by a policy; `lines` of the answer are to be persisted. */
  command(policy, command) {
    const asked = json(command, 'a command');
    return JSON.parse(this.#text('qp_log_command', (guest) => [Kept.handleOf(policy, guest)], asked));
  }

  /** Asks the record, by a policy. */
  query(policy, query) {
    const asked = json(query, 'a query');
    return JSON.parse(this.#text('qp_log_query', (guest) => [Kept.handleOf(policy, guest)], asked));
  }
}

function instant(now) {
  if (typeof now === 'string') return now;
  if (now instanceof Date) return now.toISOString();
  throw new RefusedError('bad_argument', `\`now\` is a Date or an RFC 3339 text, not ${describe(now)}`);
}
