//! Any sequence of calls on the guest, with any handles, addresses and lengths: each is answered or refused.
//! A model knows which handles live, of which kind, and where blocks and columns stand.
#![no_main]

use std::cell::Cell;
use std::collections::BTreeMap;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use qmtl_policy::wasm::calls::*;

/// Texts that calls understand; bytes of the input stand in for them, too.
const TEXTS: [&str; 22] = [
    "",
    "world: w\nselection: { gates: [sharpe >= 0.5], score: sharpe, topk: { total: 2 } }\n",
    "world: w\nmetrics: { liquid: { type: boolean } }\nselection: { gates: [liquid, sharpe > mean(sharpe)] }\n",
    "world: w\nselection: { gates: [sharp >= 0.5] }\n",
    include_str!("../../examples/qmtl_profiles/policy.yaml"),
    include_str!("../../examples/crypto_mom/monday.json"),
    r#"{"stage": "paper", "metrics": {"a": {"sharpe": 0.7, "liquid": true}, "b": {"sharpe": 0.3}}}"#,
    r#"{"strategy": "a", "detail": "changed", "previous": {"strategies": {}}}"#,
    r#"{"world": "w", "detail": "none", "shown": ["a"]}"#,
    r#"{"columns": ["sharpe"]}"#,
    r#"{"columns": ["sharpe", "liquid"]}"#,
    r#"{"columns": ["sharpe", "sharpe"], "stage": "paper"}"#,
    r#"{"world": "w"}"#,
    r#"{"world": "w", "clock": "simulated"}"#,
    r#"{"command": "submit", "now": "2026-01-05", "strategy": "a", "stage": "paper", "snapshot": {"metrics": {"a": {"sharpe": 0.7}}}}"#,
    r#"{"command": "decide", "now": "2026-01-06", "snapshot": {"stage": "live", "metrics": {"a": {"sharpe": 0.7}}}}"#,
    r#"{"command": "halt", "now": "2026-01-07", "actor": "ann", "reason": "stop"}"#,
    r#"{"command": "resume", "now": "2026-01-07", "actor": "ann", "reason": "go on"}"#,
    r#"{"query": "runs", "now": "2026-01-07"}"#,
    r#"{"query": "candidates", "now": "2026-01-07", "risk_snapshot": "2026-01-07"}"#,
    r#"{"text_bytes": 65536, "memory_bytes": 33554432, "handles": 20, "rows": 5000}"#,
    "2026-01-07",
];

/// Small enough that many calls fit into a second.
const LIMITS: &str = r#"{"text_bytes": 65536, "memory_bytes": 33554432, "handles": 20, "rows": 5000,
 "policy_bytes": 16384, "policy_nodes": 2000, "policy_depth": 64, "expression_depth": 64, "analysis_steps": 100000}"#;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Policy,
    Prepared,
    Frame,
    Log,
}

thread_local! {
    /// The greatest handle so far: none comes twice.
    static LAST: Cell<u32> = const { Cell::new(0) };
    /// A block with the limits, which outlives all inputs.
    static BOUNDS: (usize, usize) = Model::default().write(LIMITS.as_bytes());
}

/// What must be so.
#[derive(Default)]
struct Model {
    handles: BTreeMap<u32, Kind>,
    /// How many rows fit into a frame, how many are judged, and where its columns stand.
    frames: BTreeMap<u32, (usize, usize, BTreeMap<(bool, usize), usize>)>,
    blocks: Vec<(usize, usize)>,
}

fn bytes<'a>(address: usize, length: usize) -> &'a mut [u8] {
    if length == 0 {
        return &mut [];
    }
    assert_ne!(address, 0);
    // SAFETY: the guest gave the address of so many bytes; where it did not, the sanitizer finds it.
    unsafe { std::slice::from_raw_parts_mut(std::ptr::with_exposed_provenance_mut(address), length) }
}

/// The answer of the last call: a text.
fn answer() -> String {
    let (address, length) = (qp_result_address(), qp_result_length());
    String::from_utf8(bytes(address, length).to_vec()).expect("answers are UTF-8")
}

/// The code of a refusal; none where the answer is something else.
fn code() -> Option<String> {
    let answer = answer();
    let rest = answer.strip_prefix(r#"{"error":{"code":""#)?;
    Some(rest.split('"').next()?.to_owned())
}

/// Sets the limits.
fn bound() {
    let (address, length) = BOUNDS.with(|place| *place);
    assert_eq!(qp_limits(address, length), 0, "{}", answer());
}

impl Model {
    /// A block with a text, as a host makes it.
    fn write(&mut self, text: &[u8]) -> (usize, usize) {
        let address = qp_alloc(text.len());
        if address == 0 {
            assert!(code().is_some());
            return (0, 0);
        }
        let overlaps = |&(start, length): &(usize, usize)| address < start + length && start < address + text.len();
        assert!(!self.blocks.iter().any(overlaps), "blocks overlap");
        bytes(address, text.len()).copy_from_slice(text);
        self.blocks.push((address, text.len()));
        (address, text.len())
    }

    fn is_within_a_block(&self, (address, length): (usize, usize)) -> bool {
        let within = |&(start, size): &(usize, usize)| {
            address >= start && address.checked_add(length).is_some_and(|end| end <= start + size)
        };
        length == 0 || self.blocks.iter().any(within)
    }

    /// A text: mostly one of those above or of the input in a block of its own, sometimes part of a block, or wild.
    fn text(&mut self, input: &mut Unstructured<'_>) -> Result<(usize, usize)> {
        Ok(match input.int_in_range(0..=15_u8)? {
            0..=9 => {
                let text: &str = input.choose(&TEXTS)?;
                self.write(text.as_bytes())
            }
            10..=11 => {
                let length = input.int_in_range(0..=200_usize)?.min(input.len());
                let text = input.bytes(length)?.to_vec();
                self.write(&text)
            }
            12..=13 if !self.blocks.is_empty() => {
                let (start, length) = *input.choose(&self.blocks)?;
                let from = input.int_in_range(0..=length)?;
                (start + from, input.int_in_range(0..=length + 1)?)
            }
            _ => (input.arbitrary()?, input.arbitrary()?),
        })
    }

    /// A handle: mostly one that lives, of whatever kind.
    fn handle(&self, input: &mut Unstructured<'_>, kind: Kind) -> Result<u32> {
        let fitting: Vec<u32> = self.handles.iter().filter(|(_, found)| **found == kind).map(|(key, _)| *key).collect();
        let all: Vec<u32> = self.handles.keys().copied().collect();
        Ok(match input.int_in_range(0..=15_u8)? {
            0..=11 if !fitting.is_empty() => *input.choose(&fitting)?,
            12..=13 if !all.is_empty() => *input.choose(&all)?,
            14 => input.int_in_range(0..=LAST.get())?,
            _ => input.arbitrary()?,
        })
    }

    fn is(&self, handle: u32, kind: Kind) -> bool {
        self.handles.get(&handle) == Some(&kind)
    }

    /// Takes in a handle that a call gave.
    fn given(&mut self, handle: u32, kind: Kind) {
        if handle != 0 {
            assert!(handle > LAST.get(), "a handle comes twice");
            LAST.set(handle);
            self.handles.insert(handle, kind);
        }
    }

    /// What a call must give whose handle is none of its kind, or whose texts lie outside of blocks.
    fn judge(&self, found: u32, handle: Option<(u32, Kind)>, texts: &[(usize, usize)]) {
        let unknown = handle.is_some_and(|(handle, kind)| !self.is(handle, kind));
        let outside = texts.iter().any(|text| !self.is_within_a_block(*text));
        if unknown || outside {
            // Handles are refused by 0 and statuses by 2; the answer tells 0 from a status that is fine.
            assert!(found == 0 || found == 2, "gave {found}");
            assert!(code().is_some(), "no refusal: {}", answer());
        }
    }

    fn step(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        match input.int_in_range(0..=20_u8)? {
            0 => {
                let text = self.text(input)?;
                let found = qp_free(text.0, text.1);
                let known = self.blocks.iter().position(|block| *block == text);
                assert_eq!(found == 0, known.is_some());
                if let Some(index) = known {
                    self.blocks.swap_remove(index);
                }
            }
            1 => {
                let policy = self.text(input)?;
                self.judge(qp_check(policy.0, policy.1), None, &[policy]);
            }
            2 | 3 => {
                let policy = self.text(input)?;
                let found = qp_compile(policy.0, policy.1);
                self.judge(found, None, &[policy]);
                self.given(found, Kind::Policy);
            }
            4 | 5 => {
                let (policy, snapshot, options) =
                    (self.handle(input, Kind::Policy)?, self.text(input)?, self.text(input)?);
                let call = if input.ratio(1, 2)? { qp_evaluate } else { qp_explain };
                let found = call(policy, snapshot.0, snapshot.1, options.0, options.1);
                self.judge(found, Some((policy, Kind::Policy)), &[snapshot, options]);
            }
            6 | 7 => {
                let (policy, columns) = (self.handle(input, Kind::Policy)?, self.text(input)?);
                let found = qp_prepare(policy, columns.0, columns.1);
                self.judge(found, Some((policy, Kind::Policy)), &[columns]);
                self.given(found, Kind::Prepared);
            }
            8 | 9 => {
                let prepared = self.handle(input, Kind::Prepared)?;
                let rows = if input.ratio(7, 8)? { input.int_in_range(0..=2100)? } else { input.arbitrary()? };
                let found = qp_frame(prepared, rows);
                self.judge(found, Some((prepared, Kind::Prepared)), &[]);
                self.given(found, Kind::Frame);
                if found != 0 {
                    self.frames.insert(found, (rows, rows, BTreeMap::new()));
                }
            }
            10..=12 => self.column(input)?,
            13 => {
                let frame = self.handle(input, Kind::Frame)?;
                let rows = if input.ratio(7, 8)? { input.int_in_range(0..=2100)? } else { input.arbitrary()? };
                let found = qp_frame_rows(frame, rows);
                self.judge(found, Some((frame, Kind::Frame)), &[]);
                if let Some((room, judged, _)) = self.frames.get_mut(&frame) {
                    assert_eq!(found == 0, rows <= *room);
                    *judged = if found == 0 { rows } else { *judged };
                }
            }
            14 | 15 => self.evaluate(input)?,
            16 => {
                let options = self.text(input)?;
                let found = qp_log(options.0, options.1);
                self.judge(found, None, &[options]);
                self.given(found, Kind::Log);
            }
            17 => self.record(input)?,
            18 => {
                let log = self.handle(input, Kind::Log)?;
                self.judge(qp_log_lines(log, input.int_in_range(0..=9)?), Some((log, Kind::Log)), &[]);
                let lines = self.write(answer().as_bytes());
                let (other, now) = (self.handle(input, Kind::Log)?, self.text(input)?);
                let found = qp_log_load(other, lines.0, lines.1, now.0, now.1);
                self.judge(found, Some((other, Kind::Log)), &[now]);
            }
            19 => {
                let limits = self.text(input)?;
                let found = qp_limits(limits.0, limits.1);
                self.judge(found, None, &[limits]);
                // Limits of the input may be so loose that nothing ends soon.
                bound();
            }
            _ => {
                let kind = *input.choose(&[Kind::Policy, Kind::Prepared, Kind::Frame, Kind::Log])?;
                let handle = self.handle(input, kind)?;
                assert_eq!(qp_release(handle) == 0, self.handles.remove(&handle).is_some());
                self.frames.remove(&handle);
            }
        }
        Ok(())
    }

    /// A column or its validity: written over, whole.
    fn column(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let (frame, index, is_validity) =
            (self.handle(input, Kind::Frame)?, input.int_in_range(0..=3)?, input.arbitrary()?);
        let index = if input.ratio(1, 16)? { input.arbitrary()? } else { index };
        let address = if is_validity { qp_frame_validity(frame, index) } else { qp_frame_column(frame, index) };
        if address == 0 {
            assert!(code().is_some());
            return Ok(());
        }
        let (room, _, columns) = self.frames.get_mut(&frame).expect("the address of a frame that lives");
        let length = if is_validity { room.div_ceil(8) } else { *room * 8 };
        assert!(is_validity || address.is_multiple_of(8));
        assert_eq!(*columns.entry((is_validity, index)).or_insert(address), address, "a column moves");
        let seed: u8 = input.arbitrary()?;
        if is_validity {
            bytes(address, length).fill(seed);
        } else {
            for (row, value) in bytes(address, length).chunks_exact_mut(8).enumerate() {
                let number = (row as f64 * f64::from(seed) % 19.0 - 4.0) / 8.0;
                let number = if row % 7 == usize::from(seed) % 7 { f64::NAN } else { number };
                value.copy_from_slice(&number.to_le_bytes());
            }
        }
        // Nothing of one frame stands where something of another does.
        let ranges = self.frames.values().flat_map(|(room, _, columns)| {
            columns.iter().map(move |((is, _), start)| (*start, if *is { room.div_ceil(8) } else { room * 8 }))
        });
        let mut ranges: Vec<_> = ranges.filter(|(_, length)| *length > 0).collect();
        ranges.sort_unstable();
        assert!(ranges.windows(2).all(|two| two[0].0 + two[0].1 <= two[1].0), "columns overlap");
        Ok(())
    }

    fn evaluate(&self, input: &mut Unstructured<'_>) -> Result<()> {
        let frame = self.handle(input, Kind::Frame)?;
        let found = qp_frame_evaluate(frame);
        self.judge(found, Some((frame, Kind::Frame)), &[]);
        let Some((_, rows, _)) = self.frames.get(&frame) else {
            assert_eq!((qp_frame_passed(frame), qp_frame_scores(frame), qp_frame_selected(frame)), (0, 0, 0));
            return Ok(());
        };
        assert_eq!(found, 0, "{}", answer());
        let passed = bytes(qp_frame_passed(frame), rows.div_ceil(64) * 8);
        let count: u32 = passed.iter().map(|byte| byte.count_ones()).sum();
        assert_eq!(count as usize, qp_frame_passed_count(frame));
        let scores = qp_frame_scores(frame);
        if scores != 0 {
            assert!(bytes(scores, rows * 8).len() == rows * 8 && scores.is_multiple_of(8));
        }
        let selected = bytes(qp_frame_selected(frame), qp_frame_selected_count(frame) * 4);
        for row in selected.chunks_exact(4) {
            let row = u32::from_le_bytes([row[0], row[1], row[2], row[3]]) as usize;
            assert!(row < *rows && passed[row / 8] & (1 << (row % 8)) != 0, "row {row} does not pass");
        }
        Ok(())
    }

    fn record(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let (log, policy) = (self.handle(input, Kind::Log)?, self.handle(input, Kind::Policy)?);
        let text = self.text(input)?;
        let call = if input.ratio(2, 3)? { qp_log_command } else { qp_log_query };
        let found = call(log, policy, text.0, text.1);
        self.judge(found, Some((log, Kind::Log)), &[text]);
        self.judge(found, Some((policy, Kind::Policy)), &[]);
        Ok(())
    }

    /// Gives all back, so that the next input starts anew.
    fn end(self) {
        for handle in self.handles.keys() {
            assert_eq!(qp_release(*handle), 0);
        }
        for (address, length) in self.blocks {
            assert_eq!(qp_free(address, length), 0);
        }
    }
}

fuzz_target!(|data: &[u8]| {
    bound();
    let mut model = Model::default();
    let mut input = Unstructured::new(data);
    for _ in 0..60 {
        if input.is_empty() || model.step(&mut input).is_err() {
            break;
        }
    }
    model.end();
});
