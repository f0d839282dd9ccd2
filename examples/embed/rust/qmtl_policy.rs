//! The guest for Rust hosts, over `wasmtime`. Copy this file.
//!
//! A [`Module`] is compiled once and shared by all threads; each thread takes [`Guest`]s of its own from it,
//! which is cheap: their memories come from a pool. A guest that traps (it ran out of fuel, or the host let
//! it have too little memory) is discarded with all that it held; the host goes on and takes another.

#![allow(dead_code, reason = "a host takes what it needs of it")]

use std::fmt;

use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, InstancePre, Linker, Memory, OptLevel, PoolingAllocationConfig, Store,
    StoreLimits, StoreLimitsBuilder, Trap, TypedFunc, WasmParams,
};

/// The version of the interface that this file speaks.
const ABI_VERSION: u32 = 1;
/// A block for texts is kept for the next call up to this size, in bytes.
const KEPT_BLOCK: u32 = 64 << 10;

/// Why a call gives nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The guest refuses the call, and nothing has happened.
    Refused {
        /// For programs.
        code: String,
        /// For people: what to do.
        message: String,
    },
    /// The policy has errors; the document of `check --format json`.
    Findings(String),
    /// The guest was stopped and is gone, with its policies, frames and logs.
    Trapped(String),
    /// The module cannot be loaded, or is none of this interface.
    Module(String),
}

impl Error {
    /// The code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, message } => write!(formatter, "{message} ({code})"),
            Self::Findings(_) => formatter.write_str("the policy has errors"),
            Self::Trapped(reason) => write!(formatter, "the guest is gone: {reason}; take another"),
            Self::Module(problem) => write!(formatter, "the module cannot be used: {problem}"),
        }
    }
}

impl std::error::Error for Error {}

fn of_module(problem: impl fmt::Display) -> Error {
    Error::Module(format!("{problem:#}"))
}

/// How the module is compiled, and how many guests there can be at once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Most guests at once. Each has 4 GiB of addresses set aside, not of memory.
    pub guests: u32,
    /// Whether fuel is counted. It costs some speed; without it nothing stops a long call.
    pub metered: bool,
    /// Whether the code is made fast, which takes longer to compile.
    pub optimized: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { guests: 128, metered: true, optimized: true }
    }
}

impl Settings {
    fn engine(&self) -> Result<Engine, Error> {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_core_instances(self.guests).total_memories(self.guests).total_tables(self.guests);
        // What a guest has written stays in memory until its slot is used again; beyond this much it is given back.
        pool.linear_memory_keep_resident(256 << 10).table_keep_resident(16 << 10);
        let mut config = Config::new();
        config
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
            .consume_fuel(self.metered)
            .cranelift_opt_level(if self.optimized { OptLevel::Speed } else { OptLevel::None });
        Engine::new(&config).map_err(of_module)
    }
}

/// The module, compiled for this machine.
#[derive(Clone)]
pub struct Module {
    instance: InstancePre<StoreLimits>,
    metered: bool,
}

impl Module {
    /// Compiles the bytes of `qmtl_policy.wasm`, which takes a while. Hosts that start often precompile.
    ///
    /// # Errors
    /// If the bytes are no such module.
    pub fn compile(settings: &Settings, wasm: &[u8]) -> Result<Self, Error> {
        let engine = settings.engine()?;
        Self::of(settings, &engine, &wasmtime::Module::new(&engine, wasm).map_err(of_module)?)
    }

    /// Machine code of the module, for [`Module::from_precompiled`] with the same settings.
    ///
    /// # Errors
    /// If the bytes are no module.
    pub fn precompile(settings: &Settings, wasm: &[u8]) -> Result<Vec<u8>, Error> {
        settings.engine()?.precompile_module(wasm).map_err(of_module)
    }

    /// Takes what [`Module::precompile`] gave; nothing is compiled.
    ///
    /// # Safety
    /// The bytes are run as machine code: they must be what [`Module::precompile`] gave, unchanged. Keep them
    /// where nobody else can write. (Code of another version, machine or setting is refused, not run.)
    ///
    /// # Errors
    /// If the code is for another version of the runtime, another machine, or other settings.
    #[allow(unsafe_code, reason = "machine code is run as it is; the caller vouches for it")]
    pub unsafe fn from_precompiled(settings: &Settings, code: &[u8]) -> Result<Self, Error> {
        let engine = settings.engine()?;
        // SAFETY: the caller vouches for the code.
        let module = unsafe { wasmtime::Module::deserialize(&engine, code) };
        Self::of(settings, &engine, &module.map_err(of_module)?)
    }

    fn of(settings: &Settings, engine: &Engine, module: &wasmtime::Module) -> Result<Self, Error> {
        // The module imports nothing: a guest can reach nothing that a host does not hand over.
        let instance = Linker::new(engine).instantiate_pre(module).map_err(of_module)?;
        Ok(Self { instance, metered: settings.metered })
    }

    /// The module itself, for what this file has no method for.
    #[must_use]
    pub fn instance_pre(&self) -> &InstancePre<StoreLimits> {
        &self.instance
    }

    /// A guest of its own.
    ///
    /// # Errors
    /// If the pool is used up, or the module speaks another version of the interface.
    pub fn guest(&self, limits: &Limits) -> Result<Guest, Error> {
        let memory_bytes = StoreLimitsBuilder::new().memory_size(limits.memory_bytes).build();
        let mut store = Store::new(self.instance.module().engine(), memory_bytes);
        store.limiter(|limits| limits);
        let fuel = self.metered.then_some(limits.fuel);
        if let Some(fuel) = fuel {
            store.set_fuel(fuel).map_err(of_module)?;
        }
        let instance = self.instance.instantiate(&mut store).map_err(of_module)?;
        let calls = Calls::of(&instance, &mut store).map_err(of_module)?;
        let memory = instance.get_memory(&mut store, "memory").ok_or_else(|| of_module("it exports no memory"))?;
        let version = calls.abi_version.call(&mut store, ()).map_err(of_module)?;
        if version != ABI_VERSION {
            return Err(of_module(format!("it speaks version {version} of the interface, this host {ABI_VERSION}")));
        }
        let live = Live { store, calls, memory, fuel, block: (0, 0) };
        Ok(Guest { live: Ok(Box::new(live)) })
    }
}

/// What one guest may use. Its own limits, see [`Guest::limits`], are checked before the work and refuse a
/// call; these stop it.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For each call; one unit is about one instruction. The first policy of a guest takes tens of millions,
    /// since the standard library is read with it.
    pub fuel: u64,
    /// Most bytes of its memory.
    pub memory_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { fuel: 20_000_000_000, memory_bytes: 1 << 30 }
    }
}

/// A compiled policy of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy(pub u32);

/// A policy made ready for columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prepared(pub u32);

/// Room for rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Its handle.
    pub handle: u32,
    /// How many rows fit.
    pub room: u32,
}

/// A log of events in the memory of a guest; the host persists its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log(pub u32);

impl From<Policy> for u32 {
    fn from(policy: Policy) -> Self {
        policy.0
    }
}

impl From<Prepared> for u32 {
    fn from(prepared: Prepared) -> Self {
        prepared.0
    }
}

impl From<Frame> for u32 {
    fn from(frame: Frame) -> Self {
        frame.handle
    }
}

impl From<Log> for u32 {
    fn from(log: Log) -> Self {
        log.0
    }
}

/// What judging a frame found, copied.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// A bit a row, lowest first, set where the row meets every rule.
    pub passed: Vec<u64>,
    /// How many pass.
    pub count: u32,
    /// A score a row, NaN where there is none; none at all where the policy has no score.
    pub scores: Option<Vec<f64>>,
    /// Rows, best first; none where steps decide that need more than columns.
    pub selected: Option<Vec<u32>>,
}

/// A guest: an instance of the module with its own memory.
pub struct Guest {
    /// Or why it is gone.
    live: Result<Box<Live>, String>,
}

struct Live {
    store: Store<StoreLimits>,
    calls: Calls,
    memory: Memory,
    fuel: Option<u64>,
    /// The block that texts are written into, kept from call to call.
    block: (u32, u32),
}

type Call<Parameters> = TypedFunc<Parameters, u32>;
/// The address and length of a text.
type Text = (u32, u32);

#[derive(Clone)]
struct Calls {
    abi_version: Call<()>,
    engine: Call<()>,
    alloc: Call<u32>,
    free: Call<Text>,
    result_address: Call<()>,
    result_length: Call<()>,
    limits: Call<Text>,
    check: Call<Text>,
    compile: Call<Text>,
    evaluate: Call<(u32, u32, u32, u32, u32)>,
    explain: Call<(u32, u32, u32, u32, u32)>,
    prepare: Call<(u32, u32, u32)>,
    frame: Call<(u32, u32)>,
    frame_column: Call<(u32, u32)>,
    frame_validity: Call<(u32, u32)>,
    frame_rows: Call<(u32, u32)>,
    frame_evaluate: Call<u32>,
    frame_passed: Call<u32>,
    frame_passed_count: Call<u32>,
    frame_scores: Call<u32>,
    frame_selected: Call<u32>,
    frame_selected_count: Call<u32>,
    log: Call<Text>,
    log_load: Call<(u32, u32, u32, u32, u32)>,
    log_lines: Call<(u32, u32)>,
    log_command: Call<(u32, u32, u32, u32)>,
    log_query: Call<(u32, u32, u32, u32)>,
    release: Call<u32>,
}

impl Calls {
    fn of(instance: &wasmtime::Instance, store: &mut Store<StoreLimits>) -> wasmtime::Result<Self> {
        Ok(Self {
            abi_version: instance.get_typed_func(&mut *store, "qp_abi_version")?,
            engine: instance.get_typed_func(&mut *store, "qp_engine")?,
            alloc: instance.get_typed_func(&mut *store, "qp_alloc")?,
            free: instance.get_typed_func(&mut *store, "qp_free")?,
            result_address: instance.get_typed_func(&mut *store, "qp_result_address")?,
            result_length: instance.get_typed_func(&mut *store, "qp_result_length")?,
            limits: instance.get_typed_func(&mut *store, "qp_limits")?,
            check: instance.get_typed_func(&mut *store, "qp_check")?,
            compile: instance.get_typed_func(&mut *store, "qp_compile")?,
            evaluate: instance.get_typed_func(&mut *store, "qp_evaluate")?,
            explain: instance.get_typed_func(&mut *store, "qp_explain")?,
            prepare: instance.get_typed_func(&mut *store, "qp_prepare")?,
            frame: instance.get_typed_func(&mut *store, "qp_frame")?,
            frame_column: instance.get_typed_func(&mut *store, "qp_frame_column")?,
            frame_validity: instance.get_typed_func(&mut *store, "qp_frame_validity")?,
            frame_rows: instance.get_typed_func(&mut *store, "qp_frame_rows")?,
            frame_evaluate: instance.get_typed_func(&mut *store, "qp_frame_evaluate")?,
            frame_passed: instance.get_typed_func(&mut *store, "qp_frame_passed")?,
            frame_passed_count: instance.get_typed_func(&mut *store, "qp_frame_passed_count")?,
            frame_scores: instance.get_typed_func(&mut *store, "qp_frame_scores")?,
            frame_selected: instance.get_typed_func(&mut *store, "qp_frame_selected")?,
            frame_selected_count: instance.get_typed_func(&mut *store, "qp_frame_selected_count")?,
            log: instance.get_typed_func(&mut *store, "qp_log")?,
            log_load: instance.get_typed_func(&mut *store, "qp_log_load")?,
            log_lines: instance.get_typed_func(&mut *store, "qp_log_lines")?,
            log_command: instance.get_typed_func(&mut *store, "qp_log_command")?,
            log_query: instance.get_typed_func(&mut *store, "qp_log_query")?,
            release: instance.get_typed_func(&mut *store, "qp_release")?,
        })
    }
}

impl Guest {
    /// A call that does nothing: whether the guest is there.
    ///
    /// # Errors
    /// If the guest is gone, as for every call.
    pub fn ping(&mut self) -> Result<(), Error> {
        self.run(|calls| &calls.abi_version, ()).map(|_| ())
    }

    /// Name and version of the engine, as JSON.
    ///
    /// # Errors
    /// If the guest is gone, as for every call.
    pub fn engine(&mut self) -> Result<String, Error> {
        self.run(|calls| &calls.engine, ())?;
        self.answer()
    }

    /// Sets the limits that a JSON object names and gives all that are in force; an empty text only asks.
    ///
    /// # Errors
    /// If a limit is unknown or out of bounds.
    pub fn limits(&mut self, limits: impl AsRef<[u8]>) -> Result<String, Error> {
        let [limits] = self.give([limits.as_ref()])?;
        let status = self.run(|calls| &calls.limits, limits)?;
        self.fine(status)
    }

    /// What `check --format json` says of a policy, and whether it has errors.
    ///
    /// # Errors
    /// If the text is refused.
    pub fn check(&mut self, policy: impl AsRef<[u8]>) -> Result<(bool, String), Error> {
        let [policy] = self.give([policy.as_ref()])?;
        match self.run(|calls| &calls.check, policy)? {
            found @ (0 | 1) => Ok((found == 1, self.answer()?)),
            _ => Err(self.refusal()?),
        }
    }

    /// Compiles a policy; its warnings are those of [`Guest::check`].
    ///
    /// # Errors
    /// [`Error::Findings`] if the policy has errors.
    pub fn compile(&mut self, policy: impl AsRef<[u8]>) -> Result<Policy, Error> {
        let [policy] = self.give([policy.as_ref()])?;
        match self.run(|calls| &calls.compile, policy)? {
            0 => match self.refusal()? {
                Error::Module(document) => Err(Error::Findings(document)),
                refused => Err(refused),
            },
            handle => Ok(Policy(handle)),
        }
    }

    /// The decision on a snapshot, as `eval --format json` prints it. Options are a JSON object or empty.
    ///
    /// # Errors
    /// If a text is refused.
    pub fn evaluate(
        &mut self,
        policy: Policy,
        snapshot: impl AsRef<[u8]>,
        options: impl AsRef<[u8]>,
    ) -> Result<String, Error> {
        let [snapshot, options] = self.give([snapshot.as_ref(), options.as_ref()])?;
        let parameters = (policy.0, snapshot.0, snapshot.1, options.0, options.1);
        let status = self.run(|calls| &calls.evaluate, parameters)?;
        self.fine(status)
    }

    /// The story of the `strategy` that options name, as `explain --format json` prints it.
    ///
    /// # Errors
    /// If a text is refused.
    pub fn explain(
        &mut self,
        policy: Policy,
        snapshot: impl AsRef<[u8]>,
        options: impl AsRef<[u8]>,
    ) -> Result<String, Error> {
        let [snapshot, options] = self.give([snapshot.as_ref(), options.as_ref()])?;
        let parameters = (policy.0, snapshot.0, snapshot.1, options.0, options.1);
        let status = self.run(|calls| &calls.explain, parameters)?;
        self.fine(status)
    }

    /// Makes a policy ready for columns: `{"columns": ["sharpe", …]}`. Gives their kinds, too, as JSON.
    ///
    /// # Errors
    /// If a column is unknown.
    pub fn prepare(&mut self, policy: Policy, columns: impl AsRef<[u8]>) -> Result<(Prepared, String), Error> {
        let [columns] = self.give([columns.as_ref()])?;
        let handle = self.run(|calls| &calls.prepare, (policy.0, columns.0, columns.1))?;
        Ok((Prepared(self.given(handle)?), self.answer()?))
    }

    /// Room for rows, all missing at first.
    ///
    /// # Errors
    /// If there is no such room.
    pub fn frame(&mut self, prepared: Prepared, rows: u32) -> Result<Frame, Error> {
        let handle = self.run(|calls| &calls.frame, (prepared.0, rows))?;
        Ok(Frame { handle: self.given(handle)?, room: rows })
    }

    /// A column of a frame where it stands in the memory of the guest: write the values there. NaN is missing,
    /// truth values are 1 and 0.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn column(&mut self, frame: Frame, index: u32) -> Result<&mut [f64], Error> {
        let address = self.run(|calls| &calls.frame_column, (frame.handle, index))?;
        let address = self.given(address)?;
        self.values_mut(address, frame.room)
    }

    /// The validity bits of a column, a bit a row, lowest first, all set at first: clear those of missing rows.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn validity(&mut self, frame: Frame, index: u32) -> Result<&mut [u8], Error> {
        let address = self.run(|calls| &calls.frame_validity, (frame.handle, index))?;
        let address = self.given(address)?;
        self.values_mut(address, frame.room.div_ceil(8))
    }

    /// Judges the first so many rows of a frame.
    ///
    /// # Errors
    /// If they do not fit.
    pub fn judge(&mut self, frame: Frame, rows: u32) -> Result<(), Error> {
        let status = self.run(|calls| &calls.frame_rows, (frame.handle, rows))?;
        self.only_fine(status)?;
        let status = self.run(|calls| &calls.frame_evaluate, frame.handle)?;
        self.only_fine(status)
    }

    /// What [`Guest::judge`] found in so many rows.
    ///
    /// # Errors
    /// If there is no such frame.
    pub fn judged(&mut self, frame: Frame, rows: u32) -> Result<Judged, Error> {
        let count = self.run(|calls| &calls.frame_passed_count, frame.handle)?;
        let passed = self.run(|calls| &calls.frame_passed, frame.handle)?;
        let scores = self.run(|calls| &calls.frame_scores, frame.handle)?;
        let selected = self.run(|calls| &calls.frame_selected, frame.handle)?;
        let selected_count = self.run(|calls| &calls.frame_selected_count, frame.handle)?;
        let passed = if passed == 0 { Vec::new() } else { self.values_mut(passed, rows.div_ceil(64))?.to_vec() };
        let scores = if scores == 0 { None } else { Some(self.values_mut(scores, rows)?.to_vec()) };
        let selected = if selected == 0 { None } else { Some(self.values_mut(selected, selected_count)?.to_vec()) };
        Ok(Judged { passed, count, scores, selected })
    }

    /// An empty log: `{"world": …, "clock": "wall" or "simulated"}`.
    ///
    /// # Errors
    /// If no world is named.
    pub fn log(&mut self, options: impl AsRef<[u8]>) -> Result<Log, Error> {
        let [options] = self.give([options.as_ref()])?;
        let handle = self.run(|calls| &calls.log, options)?;
        Ok(Log(self.given(handle)?))
    }

    /// Takes back persisted lines, into an empty log. The chain of hashes is verified.
    ///
    /// # Errors
    /// If a line is not what was recorded.
    pub fn load(&mut self, log: Log, lines: impl AsRef<[u8]>, now: &str) -> Result<String, Error> {
        let [lines, now] = self.give([lines.as_ref(), now.as_bytes()])?;
        let status = self.run(|calls| &calls.log_load, (log.0, lines.0, lines.1, now.0, now.1))?;
        self.fine(status)
    }

    /// The events of a log from a number on as JSON lines, to be persisted.
    ///
    /// # Errors
    /// If there is no such log.
    pub fn lines(&mut self, log: Log, from: u32) -> Result<String, Error> {
        let status = self.run(|calls| &calls.log_lines, (log.0, from))?;
        self.fine(status)
    }

    /// Does what a command says. Its answer has the `lines` to persist.
    ///
    /// # Errors
    /// If the command is refused; then nothing was recorded.
    pub fn command(&mut self, log: Log, policy: Policy, command: impl AsRef<[u8]>) -> Result<String, Error> {
        let [command] = self.give([command.as_ref()])?;
        let status = self.run(|calls| &calls.log_command, (log.0, policy.0, command.0, command.1))?;
        self.fine(status)
    }

    /// Answers a query.
    ///
    /// # Errors
    /// If the query is refused.
    pub fn query(&mut self, log: Log, policy: Policy, query: impl AsRef<[u8]>) -> Result<String, Error> {
        let [query] = self.give([query.as_ref()])?;
        let status = self.run(|calls| &calls.log_query, (log.0, policy.0, query.0, query.1))?;
        self.fine(status)
    }

    /// Frees a policy, a prepared policy, a frame or a log.
    ///
    /// # Errors
    /// If it was released before.
    pub fn release(&mut self, handle: impl Into<u32>) -> Result<(), Error> {
        let status = self.run(|calls| &calls.release, handle.into())?;
        self.only_fine(status)
    }

    /// How much fuel the last call has used; none where it is not counted.
    #[must_use]
    pub fn fuel_used(&self) -> Option<u64> {
        let live = self.live.as_ref().ok()?;
        live.fuel?.checked_sub(live.store.get_fuel().ok()?)
    }

    fn live(&mut self) -> Result<&mut Live, Error> {
        match &mut self.live {
            Ok(live) => Ok(live),
            Err(reason) => Err(Error::Trapped(reason.clone())),
        }
    }

    /// Makes a call. One that traps ends the guest: what it was about to do is half done.
    fn run<Parameters: WasmParams>(
        &mut self,
        call: impl FnOnce(&Calls) -> &Call<Parameters>,
        parameters: Parameters,
    ) -> Result<u32, Error> {
        let live = self.live()?;
        let fuelled = live.fuel.map_or(Ok(()), |fuel| live.store.set_fuel(fuel));
        let called = fuelled.and_then(|()| call(&live.calls).call(&mut live.store, parameters));
        called.map_err(|error| {
            let reason = match error.downcast_ref::<Trap>() {
                Some(Trap::OutOfFuel) => "it ran out of fuel".to_owned(),
                Some(Trap::UnreachableCodeReached) => "it stopped itself, perhaps for want of memory".to_owned(),
                Some(trap) => trap.to_string(),
                None => format!("{error:#}"),
            };
            self.live = Err(reason.clone());
            Error::Trapped(reason)
        })
    }

    /// Writes texts one behind the other into a block of the guest.
    fn give<const COUNT: usize>(&mut self, texts: [&[u8]; COUNT]) -> Result<[Text; COUNT], Error> {
        let total = texts.iter().fold(0_usize, |total, text| total.saturating_add(text.len()));
        let needed = u32::try_from(total).map_err(|_| too_large(total))?;
        let block = self.block(needed)?;
        let live = self.live()?;
        let mut at = block;
        let mut places = [(0, 0); COUNT];
        for (place, text) in places.iter_mut().zip(texts) {
            live.memory.write(&mut live.store, at as usize, text).map_err(of_module)?;
            let length = u32::try_from(text.len()).map_err(|_| too_large(total))?;
            *place = (at, length);
            at = at.saturating_add(length);
        }
        Ok(places)
    }

    /// A block of at least so many bytes: the one of the call before, if it fits and is not large.
    fn block(&mut self, needed: u32) -> Result<u32, Error> {
        let (address, length) = self.live()?.block;
        if needed <= length && length <= KEPT_BLOCK {
            return Ok(address);
        }
        if length > 0 {
            self.live()?.block = (0, 0);
            self.run(|calls| &calls.free, (address, length))?;
        }
        let length = needed.max(1);
        let address = self.run(|calls| &calls.alloc, length)?;
        let address = self.given(address)?;
        self.live()?.block = (address, length);
        Ok(address)
    }

    /// The answer of the last call.
    fn answer(&mut self) -> Result<String, Error> {
        let address = self.run(|calls| &calls.result_address, ())?;
        let length = self.run(|calls| &calls.result_length, ())?;
        let bytes = if length == 0 { Vec::new() } else { self.values_mut::<u8>(address, length)?.to_vec() };
        String::from_utf8(bytes).map_err(|_| of_module("an answer is not UTF-8"))
    }

    /// The answer where a status is 0, else why it is not.
    fn fine(&mut self, status: u32) -> Result<String, Error> {
        if status == 0 { self.answer() } else { Err(self.refusal()?) }
    }

    fn only_fine(&mut self, status: u32) -> Result<(), Error> {
        if status == 0 { Ok(()) } else { Err(self.refusal()?) }
    }

    /// A handle or an address, if it is one.
    fn given(&mut self, handle: u32) -> Result<u32, Error> {
        if handle == 0 { Err(self.refusal()?) } else { Ok(handle) }
    }

    /// Why the last call was refused; [`Error::Module`] with the answer where that is not said.
    fn refusal(&mut self) -> Result<Error, Error> {
        let answer = self.answer()?;
        let document: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
        let text = |key: &str| document.pointer(&format!("/error/{key}")).and_then(|text| text.as_str());
        Ok(match text("code").zip(text("message")) {
            Some((code, message)) => Error::Refused { code: code.to_owned(), message: message.to_owned() },
            None => Error::Module(answer),
        })
    }

    /// Values in the memory of the guest. They are little-endian there, as on all machines that this is for.
    #[allow(unsafe_code, reason = "bytes are seen as numbers")]
    fn values_mut<Value: Plain>(&mut self, address: u32, count: u32) -> Result<&mut [Value], Error> {
        const { assert!(cfg!(target_endian = "little"), "memory of a guest is little-endian") };
        let outside = || of_module("an address lies outside its memory");
        let live = self.live()?;
        let start = address as usize;
        let end = (count as usize).checked_mul(size_of::<Value>()).and_then(|length| start.checked_add(length));
        let bytes = live.memory.data_mut(&mut live.store);
        let bytes = end.and_then(|end| bytes.get_mut(start..end)).ok_or_else(outside)?;
        // SAFETY: every bit pattern is a value of a plain type, and `align_to_mut` sees to alignment.
        let (before, values, after) = unsafe { bytes.align_to_mut::<Value>() };
        if before.is_empty() && after.is_empty() { Ok(values) } else { Err(of_module("an address is not aligned")) }
    }
}

/// Types of which every bit pattern is a value.
trait Plain: Copy {}

impl Plain for u8 {}
impl Plain for u32 {}
impl Plain for u64 {}
impl Plain for f64 {}

fn too_large(bytes: usize) -> Error {
    Error::Refused { code: "too_large".to_owned(), message: format!("{bytes} bytes do not fit into a guest") }
}
