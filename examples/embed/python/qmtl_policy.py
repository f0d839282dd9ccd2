"""qmtl-policy for Python: the module over wasmtime, its columns as numpy arrays in guest memory.

Documents (policies, snapshots, options, decisions) are dictionaries with the names of the language.
"""

from __future__ import annotations

import ctypes
import dataclasses
import json
import math
import os
import sys
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypedDict, cast

import numpy as np
import numpy.typing as npt
import wasmtime

__all__ = [
    "Column",
    "Decision",
    "Diagnostic",
    "Engine",
    "EngineError",
    "Evaluation",
    "Findings",
    "Frame",
    "Limits",
    "Log",
    "Module",
    "Policy",
    "PolicyError",
    "Prepared",
    "RefusedError",
    "TrapError",
]

_ABI_VERSION = 1
_FUNCTIONS = [
    "qp_abi_version",
    "qp_engine",
    "qp_alloc",
    "qp_free",
    "qp_result_address",
    "qp_result_length",
    "qp_limits",
    "qp_check",
    "qp_compile",
    "qp_evaluate",
    "qp_explain",
    "qp_prepare",
    "qp_frame",
    "qp_frame_column",
    "qp_frame_validity",
    "qp_frame_rows",
    "qp_frame_evaluate",
    "qp_frame_passed",
    "qp_frame_passed_count",
    "qp_frame_scores",
    "qp_frame_selected",
    "qp_frame_selected_count",
    "qp_log",
    "qp_log_load",
    "qp_log_lines",
    "qp_log_command",
    "qp_log_query",
    "qp_release",
]
_REFUSED = 2
_MOST_ROWS = 2**32 - 1
# All that a 32-bit memory can grow to is set aside, so that it never moves under a numpy array. Addresses cost nothing,
# except where the host has few of them: memory cannot grow beyond the part set aside there.
_RESERVED_BYTES = 2**32 if sys.maxsize > 2**32 else 2**28

Document = str | Mapping[str, Any]
Status = Literal["pass", "warn", "fail"]
Severity = Literal["blocking", "soft", "info"]


class Position(TypedDict):
    """`offset` counts bytes from 0; lines, and columns in Unicode scalar values, from 1."""

    offset: int
    line: int
    column: int


class Span(TypedDict):
    """The end is exclusive."""

    start: Position
    end: Position


class Diagnostic(TypedDict):
    """A finding in a policy."""

    code: str
    severity: Literal["error", "warning", "note"]
    message: str
    file: str
    path: str
    span: Span
    labels: list[dict[str, Any]]
    help: str | None
    notes: list[str]


class Findings(TypedDict):
    """What `check` answers."""

    schema_version: int
    diagnostics: list[Diagnostic]
    summary: dict[str, int]


class Check(TypedDict):
    """The outcome of one rule."""

    id: str
    layer: str
    outcome: Literal["true", "false", "missing"]
    status: Status
    value: float | None
    threshold: float | None
    margin: float | None
    severity: Severity
    owner: str


class StrategyDecision(TypedDict):
    """What is decided about one strategy."""

    status: Status
    selected: bool
    action: Literal["promote", "demote", "hold"]
    effective_mode: Literal["validate", "compute-only", "paper", "shadow", "live"]
    downgraded: bool
    downgrade_reason: str | None
    recommended_stage: str | None
    score: float | None
    rank: int | None
    missing: list[str]
    rejected_by: dict[str, Any] | None
    rules: dict[str, dict[str, Any]]
    checks: list[Check]


class Decision(TypedDict):
    """What a policy decides about a snapshot."""

    schema_version: int
    world: str | None
    policy_version: str | None
    ruleset_hash: str
    selection_hash: str
    as_of: str | None
    valid_until: str | None
    stage: str | None
    profile: str | None
    selected: list[str]
    funnel: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    strategies: dict[str, StrategyDecision]
    state: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Limits:
    """The limits in force."""

    text_bytes: int
    memory_bytes: int
    handles: int
    rows: int
    policy_bytes: int
    policy_nodes: int
    policy_depth: int
    expression_depth: int
    analysis_steps: int


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of a prepared policy."""

    name: str
    kind: Literal["number", "boolean"]


class EngineError(Exception):
    """What every failure of this wrapper is."""


class RefusedError(EngineError):
    """A call that was refused: `code` is for programs, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PolicyError(EngineError):
    """A policy with errors: `diagnostics` are all its findings, `document` is what `check` answers."""

    def __init__(self, document: Findings) -> None:
        errors = [finding for finding in document["diagnostics"] if finding["severity"] == "error"]
        super().__init__("\n".join([f"the policy has {_errors(len(errors))}", *map(_line, errors)]))
        self.document = document
        self.diagnostics = document["diagnostics"]


class TrapError(EngineError):
    """The guest ended in the middle of a call; what it kept cannot be trusted any more."""

    def __init__(self, message: str, out_of_fuel: bool) -> None:
        super().__init__(message)
        self.out_of_fuel = out_of_fuel


def _errors(count: int) -> str:
    return "an error" if count == 1 else f"{count} errors"


def _line(finding: Diagnostic) -> str:
    start, advice = finding["span"]["start"], finding["help"]
    text = f"{start['line']}:{start['column']} {finding['code']} {finding['message']}"
    return text if advice is None else f"{text}: {advice}"


class Module:
    """The module's bytes, compiled once for engines without a fuel limit and once for those with one.

    Compiling takes seconds. Engines of one `Module` share the code: one more takes less than a millisecond.
    """

    def __init__(self, wasm: bytes) -> None:
        self._wasm = wasm
        self._lock = threading.Lock()
        self._compiled: dict[bool, tuple[wasmtime.Engine, wasmtime.Module]] = {}

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Module:
        """The module in a file."""
        return cls(Path(path).read_bytes())

    def _for(self, metered: bool) -> tuple[wasmtime.Engine, wasmtime.Module]:
        with self._lock:
            if metered not in self._compiled:
                config = wasmtime.Config()
                config.consume_fuel = metered
                config.memory_may_move = False
                config.memory_reservation = _RESERVED_BYTES
                engine = wasmtime.Engine(config)
                try:
                    self._compiled[metered] = engine, wasmtime.Module(engine, self._wasm)
                except wasmtime.WasmtimeError as error:
                    message = f"this is no WebAssembly module: give its bytes ({_first_line(error)})"
                    raise RefusedError("not_a_module", message) from error
            return self._compiled[metered]


class _Memory:
    """A part of guest memory, for numpy. Arrays hold on to it, and so to the memory."""

    def __init__(self, store: wasmtime.Store, address: int, kind: str, length: int, readonly: bool) -> None:
        self._store = store
        self.__array_interface__ = {"version": 3, "typestr": kind, "shape": (length,), "data": (address, readonly)}


class _Guest:
    """One instance of the module: calls, texts in, answers out, and whether it still lives."""

    def __init__(self, module: Module, fuel: int | None) -> None:
        # An instance takes one call at a time, and calls let other threads run meanwhile.
        self.lock = threading.RLock()
        self._fuel = fuel
        self._ended: tuple[str, str] | None = None
        engine, compiled = module._for(fuel is not None)
        self._store = wasmtime.Store(engine)
        self._refuel()
        try:
            exports = wasmtime.Instance(self._store, compiled, []).exports(self._store)
        except wasmtime.WasmtimeError as error:
            raise RefusedError("not_this_module", f"the module cannot be started: {_first_line(error)}") from error
        lacking = next((name for name in ["memory", *_FUNCTIONS] if name not in exports), None)
        if lacking is not None:
            raise RefusedError("not_this_module", f"the module lacks `{lacking}`: build it with the feature `wasm`")
        self._memory = cast(wasmtime.Memory, exports["memory"])
        self._functions = {name: cast(wasmtime.Func, exports[name]) for name in _FUNCTIONS}

    @property
    def is_dead(self) -> bool:
        return self._ended is not None and self._ended[0] == "dead_engine"

    @property
    def has_ended(self) -> bool:
        return self._ended is not None

    @property
    def memory_bytes(self) -> int:
        with self.lock:
            self.refuse_if_ended()
            return self._memory.data_len(self._store)

    def end(self, code: str, message: str) -> None:
        with self.lock:
            if self._ended is None:
                self._ended = code, message
                # Arrays may still look at the memory, so the store is let go of, never closed.
                del self._store, self._memory, self._functions

    def refuse_if_ended(self) -> None:
        if self._ended is not None:
            raise RefusedError(*self._ended)

    def call(self, name: str, *values: int) -> int:
        """Calls a function; numbers come back unsigned."""
        with self.lock:
            self.refuse_if_ended()
            self._refuel()
            try:
                result: int = self._functions[name](self._store, *map(_signed, values))
            except (wasmtime.Trap, wasmtime.WasmtimeError) as cause:
                advice = "load a new one from the same module"
                self.end("dead_engine", f"the engine is dead, `{name}` trapped: {advice}")
                code = cause.trap_code if isinstance(cause, wasmtime.Trap) else None
                out_of_fuel = code is wasmtime.TrapCode.OUT_OF_FUEL
                why = f"ran out of {self._fuel} units of fuel" if out_of_fuel else f"trapped ({_first_line(cause)})"
                raise TrapError(f"`{name}` {why}: load a new engine from the same module", out_of_fuel) from cause
            return result & 0xFFFF_FFFF

    def _refuel(self) -> None:
        if self._fuel is not None:
            self._store.set_fuel(self._fuel)

    def _host_address(self, address: int, length: int) -> int:
        if address + length > self._memory.data_len(self._store):
            raise EngineError(f"the guest names {length} bytes at {address}, beyond its memory: use another module")
        return ctypes.addressof(self._memory.data_ptr(self._store).contents) + address

    def answer(self) -> str:
        """The answer of the last call."""
        with self.lock:
            address, length = self.call("qp_result_address"), self.call("qp_result_length")
            return ctypes.string_at(self._host_address(address, length), length).decode()

    def ask(self, name: str, handles: Iterable[int], texts: Iterable[str]) -> tuple[int, str]:
        """Calls a function with handles and texts, which share a block; gives what it returns, and its answer."""
        encoded = [_utf8(text) for text in texts]
        joined = b"".join(encoded)
        with self.lock:
            block = self.call("qp_alloc", len(joined)) if joined else 0
            if joined and block == 0:
                raise self.refusal()
            values = list(handles)
            address = block
            for text in encoded:
                values += [address, len(text)]
                address += len(text)
            if joined:
                ctypes.memmove(self._host_address(block, len(joined)), joined, len(joined))
            try:
                return self.call(name, *values), self.answer()
            finally:
                if joined and not self.has_ended:
                    self.call("qp_free", block, len(joined))

    def text(self, name: str, handles: Iterable[int], texts: Iterable[str]) -> str:
        """Like `ask`, for calls that say with a status that they were refused."""
        status, answer = self.ask(name, handles, texts)
        if status == _REFUSED:
            raise self.refusal(answer)
        return answer

    def handle(self, name: str, handles: Iterable[int], texts: Iterable[str]) -> tuple[int, str]:
        """Like `ask`, for calls that give a handle, 0 where they were refused."""
        handle, answer = self.ask(name, handles, texts)
        if handle == 0:
            raise self.refusal(answer)
        return handle, answer

    def refusal(self, answer: str | None = None) -> RefusedError:
        """The error in the answer of a call that was refused."""
        error = json.loads(self.answer() if answer is None else answer)["error"]
        return RefusedError(error["code"], error["message"])

    def some(self, name: str, *values: int) -> int:
        """Calls a function that has a result only where it is not 0."""
        with self.lock:
            result = self.call(name, *values)
            if result == 0:
                raise self.refusal()
            return result

    def done(self, name: str, *values: int) -> None:
        """Calls a function that answers only where it is refused."""
        with self.lock:
            if self.call(name, *values) == _REFUSED:
                raise self.refusal()

    def view(self, address: int, kind: str, length: int, readonly: bool = False) -> npt.NDArray[Any]:
        """Guest memory as an array, without a copy."""
        with self.lock:
            self.refuse_if_ended()
            place = self._host_address(address, length * np.dtype(kind).itemsize)
            return np.asarray(_Memory(self._store, place, kind, length, readonly))


class _Context:
    """Something to be released, by hand or at the end of a `with`."""

    def release(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class _Kept(_Context):
    """Something the guest keeps under a handle until it is released."""

    _kind = "handle"

    def __init__(self, guest: _Guest, handle: int) -> None:
        self._guest = guest
        self._handle = handle

    @property
    def is_released(self) -> bool:
        """Whether it was released."""
        return self._handle == 0

    def release(self) -> None:
        """Frees it in the guest. Again, or in a dead engine, this does nothing, so that it hides no other error."""
        with self._guest.lock:
            handle, self._handle = self._handle, 0
            if handle != 0 and not self._guest.has_ended:
                self._guest.done("qp_release", handle)

    def _of(self, guest: _Guest) -> int:
        """The handle, for calls of one guest: handles of two guests may be the same number."""
        if self._guest is not guest:
            raise RefusedError("other_engine", f"the {self._kind} belongs to another engine: compile it in this one")
        guest.refuse_if_ended()
        if self._handle == 0:
            raise RefusedError("released", f"the {self._kind} was released: make a new one")
        return self._handle

    @property
    def _own(self) -> int:
        return self._of(self._guest)


class Engine(_Context):
    """The module, running: one call at a time, whatever thread it comes from. Threads that shall not wait for each
    other load one each, from the same `Module`."""

    def __init__(self, module: Module, guest: _Guest) -> None:
        self._guest = guest
        self.module = module
        self.version: str = json.loads(guest.text("qp_engine", [], []))["version"]

    @classmethod
    def load(cls, source: Module | bytes | str | os.PathLike[str], *, fuel: int | None = None) -> Engine:
        """Loads the module: compiled, its bytes, or the path of its file.

        With `fuel`, every call into the guest may take so many units of work, about one an instruction; one that
        needs more traps.
        """
        if fuel is not None and not (_is_whole(fuel) and fuel > 0):
            raise RefusedError("bad_argument", f"fuel is a whole number above 0, not {fuel!r}")
        if isinstance(source, Module):
            module = source
        else:
            module = Module(source) if isinstance(source, bytes) else Module.read(source)
        guest = _Guest(module, fuel)
        version = guest.call("qp_abi_version")
        if version != _ABI_VERSION:
            raise RefusedError(
                "abi_version",
                f"the module has version {version} of the interface, this wrapper speaks {_ABI_VERSION}: "
                "take both from one release",
            )
        return cls(module, guest)

    @property
    def is_dead(self) -> bool:
        """Whether a call trapped; every further call is refused."""
        return self._guest.is_dead

    @property
    def memory_bytes(self) -> int:
        """Bytes of linear memory; it grows and never shrinks."""
        return self._guest.memory_bytes

    def limits(self, **settings: int) -> Limits:
        """Sets the limits named, gives all in force."""
        answer = json.loads(self._guest.text("qp_limits", [], [_json(settings, "limits") if settings else ""]))
        return Limits(**{field.name: answer[field.name] for field in dataclasses.fields(Limits)})

    def check(self, text: str) -> Findings:
        """The findings of a policy; raises for none of them."""
        findings: Findings = json.loads(self._guest.text("qp_check", [], [_policy_text(text)]))
        return findings

    def compile(self, text: str) -> Policy:
        """A policy, compiled; raises `PolicyError` where it has errors."""
        handle, answer = self._guest.ask("qp_compile", [], [_policy_text(text)])
        document = json.loads(answer)
        if handle != 0:
            return Policy(self._guest, handle, document["diagnostics"])
        if "error" in document:
            raise self._guest.refusal(answer)
        raise PolicyError(document)

    def log(self, world: str, clock: Literal["wall", "simulated"] = "wall") -> Log:
        """An empty log of one world."""
        handle, _ = self._guest.handle("qp_log", [], [_json({"world": world, "clock": clock}, "a log")])
        return Log(self._guest, handle)

    def release(self) -> None:
        """Gives up the instance and all that it keeps."""
        self._guest.end("released", "the engine was released: load a new one from the same module")


class Policy(_Kept):
    """A compiled policy."""

    _kind = "policy"

    def __init__(self, guest: _Guest, handle: int, warnings: list[Diagnostic]) -> None:
        super().__init__(guest, handle)
        self.warnings = warnings
        """Findings that are no errors."""

    def evaluate(self, snapshot: Document, options: Document | None = None) -> Decision:
        """Judges a snapshot."""
        decision: Decision = json.loads(self.evaluate_text(snapshot, options))
        return decision

    def evaluate_text(self, snapshot: Document, options: Document | None = None) -> str:
        """Judges a snapshot; the decision as the exact text that every host gets."""
        return self._judge("qp_evaluate", snapshot, options)

    def explain(self, snapshot: Document, strategy: str, options: Document | None = None) -> dict[str, Any]:
        """Tells one strategy's story, and what would change it."""
        explanation: dict[str, Any] = json.loads(self.explain_text(snapshot, strategy, options))
        return explanation

    def explain_text(self, snapshot: Document, strategy: str, options: Document | None = None) -> str:
        """The explanation as the exact text that every host gets."""
        given = json.loads(options) if isinstance(options, str) else options or {}
        return self._judge("qp_explain", snapshot, {**given, "strategy": strategy})

    def _judge(self, name: str, snapshot: Document, options: Document | None) -> str:
        texts = [_json(snapshot, "a snapshot"), "" if options is None else _json(options, "options")]
        with self._guest.lock:
            return self._guest.text(name, [self._own], texts)

    def prepare(self, columns: Iterable[str], stage: str | None = None, profile: str | None = None) -> Prepared:
        """The policy for rows of numbers in these columns."""
        asked: dict[str, Any] = {"columns": list(columns)}
        asked.update({key: value for key, value in [("stage", stage), ("profile", profile)] if value is not None})
        with self._guest.lock:
            handle, answer = self._guest.handle("qp_prepare", [self._own], [_json(asked, "what is prepared")])
        return Prepared(self._guest, handle, json.loads(answer))


class Prepared(_Kept):
    """A policy prepared for columns. It outlives the policy that it is from."""

    _kind = "prepared policy"

    def __init__(self, guest: _Guest, handle: int, document: dict[str, Any]) -> None:
        super().__init__(guest, handle)
        self.columns = tuple(Column(column["name"], column["kind"]) for column in document["columns"])
        """The columns in their order."""
        self.further_steps: tuple[str, ...] = tuple(document["further_steps"])
        """Steps that rows alone cannot decide; where there are any, no rows are selected."""

    def frame(self, rows: int) -> Frame:
        """Room for so many rows, every value missing."""
        with self._guest.lock:
            handle = self._guest.some("qp_frame", self._own, _count(rows, "the number of rows"))
        return Frame(self._guest, handle, self.columns, rows)


class Frame(_Kept):
    """Columns in guest memory. Do not use their arrays after `release`: the memory is somebody else's then."""

    _kind = "frame"

    def __init__(self, guest: _Guest, handle: int, columns: tuple[Column, ...], rows: int) -> None:
        super().__init__(guest, handle)
        self._names = [column.name for column in columns]
        self._rows = rows
        self._evaluations = 0
        self.capacity = rows
        """Most rows that it has room for."""

    @property
    def rows(self) -> int:
        """How many rows are judged: all that it has room for, unless it is set."""
        return self._rows

    @rows.setter
    def rows(self, rows: int) -> None:
        with self._guest.lock:
            self._guest.done("qp_frame_rows", self._own, _count(rows, "the number of rows"))
            self._rows = rows
            self._evaluations += 1

    def column(self, column: int | str) -> npt.NDArray[np.float64]:
        """The values of a column, for all rows that there is room for: guest memory itself, not a copy. NaN is
        missing, 1 and 0 are booleans."""
        return self._array("qp_frame_column", column, "<f8", self.capacity)

    def validity(self, column: int | str) -> npt.NDArray[np.uint8]:
        """Which rows have a value: a bit a row, the lowest first, as Arrow has it; guest memory itself."""
        return self._array("qp_frame_validity", column, "|u1", -(-self.capacity // 8))

    def evaluate(self) -> Evaluation:
        """Judges the rows. The answer can be read until the next evaluation, or until `rows` is set."""
        with self._guest.lock:
            self._evaluations += 1
            self._guest.done("qp_frame_evaluate", self._own)
            return Evaluation(self)

    def _array(self, name: str, column: int | str, kind: str, length: int) -> npt.NDArray[Any]:
        index = self._index(column)
        with self._guest.lock:
            handle = self._own
            # An empty column has no address to speak of.
            if length == 0:
                return np.empty(0, kind)
            return self._guest.view(self._guest.some(name, handle, index), kind, length)

    def _index(self, column: int | str) -> int:
        if isinstance(column, str) and column in self._names:
            return self._names.index(column)
        if _is_whole(column) and 0 <= int(column) < len(self._names):
            return int(column)
        names = ", ".join(self._names)
        raise RefusedError("unknown_column", f"there is no column `{column}`: take one of {names}")


class Evaluation:
    """What an evaluation says of the rows of a frame."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._evaluation = frame._evaluations
        self.rows = frame.rows
        """How many rows were judged."""
        self.passed_count = self._call("qp_frame_passed_count")
        """How many of them meet every rule."""
        selected = self._array("qp_frame_selected", "<u4", self._call("qp_frame_selected_count"))
        self.selected: npt.NDArray[np.uint32] | None = None if selected is None else selected.copy()
        """The selected rows, best first (a copy); None where further steps decide."""

    def passes(self, row: int) -> bool:
        """Whether a row meets every rule. For all rows at once take `passing`."""
        if not (_is_whole(row) and 0 <= row < self.rows):
            raise RefusedError("bad_argument", f"there is no row {row!r}: the rows are 0 to {self.rows - 1}")
        return bool(self.passed[row >> 3] >> (row & 7) & 1)

    @property
    def passed(self) -> npt.NDArray[np.uint8]:
        """A bit a row, set where it meets every rule, the lowest first; guest memory itself."""
        bits = self._array("qp_frame_passed", "|u1", -(-self.rows // 64) * 8)
        return np.empty(0, np.uint8) if bits is None else bits

    @property
    def passing(self) -> npt.NDArray[np.bool_]:
        """Whether each row meets every rule (a copy)."""
        return np.unpackbits(self.passed, count=self.rows, bitorder="little").view(np.bool_)

    @property
    def scores(self) -> npt.NDArray[np.float64] | None:
        """The score of every row, NaN where it has none; None where the policy has no score. Guest memory itself."""
        return self._array("qp_frame_scores", "<f8", self.rows)

    def _call(self, name: str) -> int:
        frame = self._frame
        with frame._guest.lock:
            handle = frame._own
            if self._evaluation != frame._evaluations:
                raise RefusedError("old_evaluation", "the frame has changed since: evaluate it and read that answer")
            return frame._guest.call(name, handle)

    def _array(self, name: str, kind: str, length: int) -> npt.NDArray[Any] | None:
        with self._frame._guest.lock:
            address = self._call(name)
            return None if address == 0 else self._frame._guest.view(address, kind, length, readonly=True)


class Log(_Kept):
    """The record of one world: an append-only log, each event chained to the one before by its hash."""

    _kind = "log"

    def load(self, lines: str, now: str | datetime) -> dict[str, Any]:
        """Takes persisted lines into the empty log; the chain is verified. Gives how many events it holds, and its
        end."""
        at = now if isinstance(now, str) else _instant(now)
        with self._guest.lock:
            answer: dict[str, Any] = json.loads(self._guest.text("qp_log_load", [self._own], [lines, at]))
        return answer

    def lines(self, first: int = 1) -> str:
        """The events from a number on, as JSON lines to be persisted."""
        with self._guest.lock:
            return self._guest.text("qp_log_lines", [self._own, _count(first, "the number of an event")], [])

    def command(self, policy: Policy, command: Document) -> dict[str, Any]:
        """Records what a command does, by a policy; `lines` of the answer are to be persisted."""
        return self._by("qp_log_command", policy, _json(command, "a command"))

    def query(self, policy: Policy, query: Document) -> dict[str, Any]:
        """Asks the record, by a policy."""
        return self._by("qp_log_query", policy, _json(query, "a query"))

    def _by(self, name: str, policy: Policy, asked: str) -> dict[str, Any]:
        with self._guest.lock:
            answer: dict[str, Any] = json.loads(self._guest.text(name, [self._own, policy._of(self._guest)], [asked]))
        return answer


def _json(document: Document, what: str) -> str:
    """A document as JSON: a text stands as it is, so a host that has JSON need not parse it."""
    if isinstance(document, str):
        return document
    if not isinstance(document, Mapping):
        raise RefusedError("bad_argument", f"{what} is a mapping or its JSON text, not {type(document).__name__}")
    try:
        return _dumps(document)
    except ValueError:
        # NaN and infinities are no JSON; as metrics they mean what null means, missing.
        return _dumps(_finite(document))
    except TypeError as error:
        raise RefusedError("bad_argument", f"{what} cannot be written as JSON: {error}") from error


def _dumps(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _finite(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(entry) for entry in value]
    return value


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise RefusedError(
            "bad_argument", f"the time {value.isoformat()} has no zone: give it one, such as timezone.utc"
        )
    return value.isoformat()


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise RefusedError("not_utf8", f"the text is no UTF-8: {error.reason}") from error


def _policy_text(text: str) -> str:
    if isinstance(text, str):
        return text
    raise RefusedError("bad_argument", f"a policy is a text, not {type(text).__name__}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _count(value: int, what: str) -> int:
    if _is_whole(value) and 0 <= value <= _MOST_ROWS:
        return int(value)
    raise RefusedError("bad_argument", f"{what} is a whole number from 0 on, not {value!r}")


def _signed(value: int) -> int:
    """Numbers of the guest are 32 bits without a sign; wasmtime takes them with one."""
    return value - 0x1_0000_0000 if value >= 0x8000_0000 else value


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__
