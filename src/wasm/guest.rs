//! What the guest keeps between calls, and what the calls do.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use super::ABI_VERSION;
use super::documents::{Asked, Refusal, known_keys, object, text, texts};
use super::frame::{Frame, PreparedColumns};
use super::limits::{Budget, PER_POLICY_BYTE, PER_SNAPSHOT_BYTE};
use super::logs::Log;
use super::memory::Blocks;
use crate::compile::NoFiles;
use crate::diag::has_errors;
use crate::eval::PrepareOptions;
use crate::policy::{CompileError, Policy, check};
use crate::render::{Report, json as findings, write_pretty};
use crate::value::Kind;

/// How messages call a policy that has no file.
const POLICY_NAME: &str = "policy";

/// Statuses of calls: the exit codes of the program.
const FINE: u32 = 0;
const FINDINGS: u32 = 1;
const REFUSED: u32 = 2;

/// The address and the length of a text.
pub(super) type Text = (usize, usize);

/// What handles stand for.
#[derive(Debug)]
enum Item {
    Policy(Arc<Policy>, usize),
    Prepared(Arc<PreparedColumns>, usize),
    Frame(Box<Frame>),
    Log(Box<Log>),
}

impl Item {
    /// How many bytes it may take.
    fn bytes(&self) -> usize {
        match self {
            Self::Policy(_, bytes) | Self::Prepared(_, bytes) => *bytes,
            Self::Frame(frame) => frame.own_bytes(),
            Self::Log(log) => log.bytes(),
        }
    }
}

/// All that a host has made, and the answer of the last call.
#[derive(Debug, Default)]
pub struct Guest {
    items: BTreeMap<u32, Item>,
    last: u32,
    blocks: Blocks,
    budget: Budget,
    answer: Vec<u8>,
}

/// The guest's own answer to a call, or why it is refused.
type Answer<T> = Result<T, Refusal>;

impl Guest {
    /// The answer of the last call.
    #[must_use]
    pub fn answer(&self) -> &[u8] {
        &self.answer
    }

    fn say(&mut self, document: &impl Serialize) {
        self.answer.clear();
        if serde_json::to_writer(&mut self.answer, document).is_err() {
            self.answer = br#"{"error":{"code":"internal","message":"the answer cannot be written"}}"#.to_vec();
        }
    }

    /// As the program prints it.
    fn print(&mut self, document: &impl Serialize) {
        self.answer.clear();
        if write_pretty(&mut self.answer, document).is_err() {
            self.say(&json!(null));
        }
    }

    fn refuse(&mut self, refusal: &Refusal) {
        self.say(&json!({ "error": { "code": refusal.code, "message": refusal.message } }));
    }

    /// Gives what a call gives, with 0 or its like where it is refused.
    fn or_refuse<T>(&mut self, refused: T, call: impl FnOnce(&mut Self) -> Answer<T>) -> T {
        match call(self) {
            Ok(answer) => answer,
            Err(refusal) => {
                self.refuse(&refusal);
                refused
            }
        }
    }

    /// The text at an address, if it is not too long for what is done with it: so many bytes of memory for
    /// each of its own.
    fn text(&self, place: Text, bytes_a_byte: usize) -> Answer<String> {
        if place.1 > self.budget.text_bytes {
            let message = format!("the text has {} bytes, more than `text_bytes`, {}", place.1, self.budget.text_bytes);
            return Err(Refusal::new("too_large", message));
        }
        self.afford(place.1.saturating_mul(bytes_a_byte))?;
        self.written(place)
    }

    /// The text at an address, whatever its length.
    fn written(&self, place: Text) -> Answer<String> {
        let bytes = self.blocks.text(place).ok_or_else(|| {
            Refusal::new("bad_address", "the text does not lie within a block: write it into one from `qp_alloc`")
        })?;
        let text = std::str::from_utf8(bytes).map_err(|_| Refusal::new("not_utf8", "the text is not UTF-8"))?;
        Ok(text.to_owned())
    }

    /// Fails where there is no memory left for so many bytes more.
    fn afford(&self, bytes: usize) -> Answer<()> {
        let held = self.items.values().fold(self.blocks.bytes(), |held, item| held.saturating_add(item.bytes()));
        if held.saturating_add(bytes) <= self.budget.memory_bytes {
            return Ok(());
        }
        let most = self.budget.memory_bytes;
        let message =
            format!("{bytes} bytes more than the {held} held are over `memory_bytes`, {most}: release something");
        Err(Refusal::new("memory", message))
    }

    /// A handle for something, if there is room for one more.
    fn keep(&mut self, item: Item) -> Answer<u32> {
        let most = self.budget.handles;
        if self.items.len() >= most {
            return Err(Refusal::new("too_many_handles", format!("there are {most} handles: release one first")));
        }
        let next = self.last.checked_add(1);
        self.last = next.ok_or_else(|| Refusal::new("too_many_handles", "all handles are used up: start anew"))?;
        self.items.insert(self.last, item);
        Ok(self.last)
    }

    fn policy(&self, handle: u32) -> Answer<Arc<Policy>> {
        match self.items.get(&handle) {
            Some(Item::Policy(policy, _)) => Ok(policy.clone()),
            _ => Err(unknown(handle, "policy")),
        }
    }

    fn a_frame(&mut self, handle: u32) -> Answer<&mut Frame> {
        match self.items.get_mut(&handle) {
            Some(Item::Frame(frame)) => Ok(frame),
            _ => Err(unknown(handle, "frame")),
        }
    }

    fn a_log(&mut self, handle: u32) -> Answer<&mut Log> {
        match self.items.get_mut(&handle) {
            Some(Item::Log(log)) => Ok(log),
            _ => Err(unknown(handle, "log")),
        }
    }

    pub(super) fn engine(&mut self) -> u32 {
        let version = env!("CARGO_PKG_VERSION");
        self.say(&json!({ "name": "qmtl-policy", "version": version, "abi_version": ABI_VERSION }));
        FINE
    }

    pub(super) fn alloc(&mut self, length: usize) -> usize {
        self.or_refuse(0, |guest| {
            if length > guest.budget.text_bytes {
                let most = guest.budget.text_bytes;
                return Err(Refusal::new("too_large", format!("{length} bytes are over `text_bytes`, {most}")));
            }
            guest.afford(length)?;
            guest.blocks.alloc(length).ok_or_else(|| Refusal::new("memory", format!("no block of {length} bytes")))
        })
    }

    pub(super) fn free(&mut self, (address, length): Text) -> u32 {
        self.or_refuse(REFUSED, |guest| {
            let missing = || Refusal::new("bad_address", "there is no block of that address and length");
            guest.blocks.free(address, length).then_some(FINE).ok_or_else(missing)
        })
    }

    pub(super) fn limits(&mut self, place: Text) -> u32 {
        self.or_refuse(REFUSED, |guest| {
            // Under no limits: those that are too tight can be set anew.
            let document = object(&guest.written(place)?)?;
            guest.budget.set(&document)?;
            let budget = guest.budget.clone();
            guest.say(&budget);
            Ok(FINE)
        })
    }

    fn policy_text(&self, place: Text) -> Answer<String> {
        let most = self.budget.policy_bytes;
        if place.1 > most {
            let message = format!("the policy has {} bytes, more than `policy_bytes`, {most}", place.1);
            return Err(Refusal::new("too_large", message));
        }
        self.text(place, PER_POLICY_BYTE)
    }

    pub(super) fn check(&mut self, policy: Text) -> u32 {
        self.or_refuse(REFUSED, |guest| {
            let text = guest.policy_text(policy)?;
            let checked = check(POLICY_NAME, &text, &NoFiles, &guest.budget.policy());
            let (diagnostics, sources) = (&checked.diagnostics, &checked.sources);
            let report = Report { diagnostics, sources, document: Some(&checked.document) };
            guest.print(&findings::render(&[report]));
            Ok(if has_errors(&checked.diagnostics) { FINDINGS } else { FINE })
        })
    }

    pub(super) fn compile(&mut self, policy: Text) -> u32 {
        self.or_refuse(0, |guest| {
            let text = guest.policy_text(policy)?;
            match Policy::compile_with(POLICY_NAME, &text, &NoFiles, &guest.budget.policy()) {
                Ok(policy) => {
                    let report = Report { diagnostics: policy.warnings(), sources: policy.sources(), document: None };
                    guest.print(&findings::render(&[report]));
                    guest.keep(Item::Policy(Arc::new(policy), text.len().saturating_mul(PER_POLICY_BYTE)))
                }
                Err(CompileError(checked)) => {
                    let (diagnostics, sources) = (&checked.diagnostics, &checked.sources);
                    let report = Report { diagnostics, sources, document: Some(&checked.document) };
                    guest.print(&findings::render(&[report]));
                    Ok(0)
                }
            }
        })
    }

    pub(super) fn evaluate(&mut self, policy: u32, snapshot: Text, options: Text) -> u32 {
        self.or_refuse(REFUSED, |guest| {
            let policy = guest.policy(policy)?;
            let asked = Asked::read(&guest.text(options, PER_SNAPSHOT_BYTE)?)?;
            let snapshot = asked.snapshot(&guest.text(snapshot, PER_SNAPSHOT_BYTE)?)?;
            let decision =
                policy.evaluate(&snapshot, &asked.options).map_err(|error| Refusal::of("evaluate")(&error))?;
            guest.print(&decision);
            Ok(FINE)
        })
    }

    pub(super) fn explain(&mut self, policy: u32, snapshot: Text, options: Text) -> u32 {
        self.or_refuse(REFUSED, |guest| {
            let policy = guest.policy(policy)?;
            let asked = Asked::read(&guest.text(options, PER_SNAPSHOT_BYTE)?)?;
            let Some(strategy) = &asked.strategy else {
                return Err(Refusal::new("json", "`strategy` is needed: name the one to explain"));
            };
            let snapshot = asked.snapshot(&guest.text(snapshot, PER_SNAPSHOT_BYTE)?)?;
            let explained = policy.explain(&snapshot, &asked.options, strategy);
            guest.print(&explained.map_err(|error| Refusal::of("explain")(&error))?);
            Ok(FINE)
        })
    }

    pub(super) fn prepare(&mut self, policy: u32, place: Text) -> u32 {
        self.or_refuse(0, |guest| {
            let policy = guest.policy(policy)?;
            let source = guest.text(place, PER_SNAPSHOT_BYTE)?;
            let document = object(&source)?;
            known_keys(&document, &["columns", "stage", "profile"], "columns")?;
            let names = texts(&document, "columns")?;
            let options = PrepareOptions { stage: text(&document, "stage")?, profile: text(&document, "profile")? };
            let columns: Vec<&str> = names.iter().map(String::as_str).collect();
            let prepared = policy.prepare(&columns, &options).map_err(|error| Refusal::of("prepare")(&error))?;
            let is_boolean = |name: &&str| {
                let of_name = policy
                    .metrics()
                    .iter()
                    .find(|metric| metric.name == *name || metric.aliases.iter().any(|(alias, _)| alias == name));
                of_name.is_some_and(|metric| metric.kind == Kind::Boolean)
            };
            let booleans: Vec<bool> = columns.iter().map(is_boolean).collect();
            let kind = |is_boolean: &bool| if *is_boolean { "boolean" } else { "number" };
            let told = columns.iter().zip(&booleans);
            let told: Vec<_> = told.map(|(name, is)| json!({ "name": name, "kind": kind(is) })).collect();
            guest.say(&json!({ "columns": told, "further_steps": prepared.further_steps() }));
            let bytes = source.len().saturating_mul(PER_POLICY_BYTE);
            guest.keep(Item::Prepared(Arc::new(PreparedColumns { prepared, booleans }), bytes))
        })
    }

    pub(super) fn frame(&mut self, prepared: u32, rows: usize) -> u32 {
        self.or_refuse(0, |guest| {
            let Some(Item::Prepared(prepared, _)) = guest.items.get(&prepared) else {
                return Err(unknown(prepared, "prepared policy"));
            };
            let (prepared, most) = (prepared.clone(), guest.budget.rows);
            if rows > most {
                return Err(Refusal::new("too_large", format!("{rows} rows are over `rows`, {most}")));
            }
            guest.afford(Frame::bytes(&prepared, rows).unwrap_or(usize::MAX))?;
            let none = || Refusal::new("memory", format!("no memory for {rows} rows"));
            guest.keep(Item::Frame(Box::new(Frame::new(prepared, rows).ok_or_else(none)?)))
        })
    }

    pub(super) fn frame_column(&mut self, frame: u32, index: usize) -> usize {
        self.or_refuse(0, |guest| {
            let frame = guest.a_frame(frame)?;
            frame.column(index).ok_or_else(|| no_column(index, frame.width()))
        })
    }

    pub(super) fn frame_validity(&mut self, frame: u32, index: usize) -> usize {
        self.or_refuse(0, |guest| {
            let frame = guest.a_frame(frame)?;
            frame.validity(index).ok_or_else(|| no_column(index, frame.width()))
        })
    }

    pub(super) fn frame_rows(&mut self, frame: u32, rows: usize) -> u32 {
        self.or_refuse(REFUSED, |guest| {
            let frame = guest.a_frame(frame)?;
            let room = frame.room();
            let over = || Refusal::new("too_large", format!("{rows} rows do not fit: the frame has room for {room}"));
            frame.resize(rows).then_some(FINE).ok_or_else(over)
        })
    }

    pub(super) fn frame_evaluate(&mut self, frame: u32) -> u32 {
        self.or_refuse(REFUSED, |guest| {
            guest.a_frame(frame)?.evaluate().map_err(|error| Refusal::of("columns")(&error))?;
            Ok(FINE)
        })
    }

    /// What was found in a frame; 0 where nothing was.
    pub(super) fn frame_found(&mut self, frame: u32, found: impl FnOnce(&Frame) -> usize) -> usize {
        self.or_refuse(0, |guest| Ok(found(guest.a_frame(frame)?)))
    }

    pub(super) fn log(&mut self, place: Text) -> u32 {
        self.or_refuse(0, |guest| {
            let log = Log::new(&object(&guest.text(place, PER_SNAPSHOT_BYTE)?)?)?;
            guest.keep(Item::Log(Box::new(log)))
        })
    }

    pub(super) fn log_load(&mut self, log: u32, lines: Text, now: Text) -> u32 {
        self.or_refuse(REFUSED, |guest| {
            let (lines, now) = (guest.text(lines, PER_SNAPSHOT_BYTE)?, guest.text(now, 1)?);
            let loaded = guest.a_log(log)?.load(&lines, &now)?;
            guest.say(&loaded);
            Ok(FINE)
        })
    }

    pub(super) fn log_lines(&mut self, log: u32, from: u32) -> u32 {
        self.or_refuse(REFUSED, |guest| {
            guest.answer = guest.a_log(log)?.lines(u64::from(from))?.into_bytes();
            Ok(FINE)
        })
    }

    pub(super) fn log_command(&mut self, log: u32, policy: u32, place: Text) -> u32 {
        self.or_refuse(REFUSED, |guest| {
            let policy = guest.policy(policy)?;
            let command = guest.text(place, PER_SNAPSHOT_BYTE)?;
            let answer = guest.a_log(log)?.command(&policy, &command)?;
            guest.say(&answer);
            Ok(FINE)
        })
    }

    pub(super) fn log_query(&mut self, log: u32, policy: u32, place: Text) -> u32 {
        self.or_refuse(REFUSED, |guest| {
            let policy = guest.policy(policy)?;
            let query = guest.text(place, PER_SNAPSHOT_BYTE)?;
            guest.answer = guest.a_log(log)?.query(&policy, &query)?;
            Ok(FINE)
        })
    }

    pub(super) fn release(&mut self, handle: u32) -> u32 {
        self.or_refuse(REFUSED, |guest| {
            guest.items.remove(&handle).map(|_| FINE).ok_or_else(|| unknown(handle, "handle"))
        })
    }
}

fn unknown(handle: u32, kind: &str) -> Refusal {
    Refusal::new("unknown_handle", format!("{handle} is no {kind}: it was released, or is something else"))
}

fn no_column(index: usize, width: usize) -> Refusal {
    Refusal::new("columns", format!("there is no column {index}: the frame has {width}, counted from 0"))
}
