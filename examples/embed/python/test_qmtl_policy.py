"""python -m unittest test_qmtl_policy, with QMTL_POLICY_WASM set to the path of the module."""

import gc
import json
import os
import threading
import unittest
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
from qmtl_policy import Engine, Limits, Module, Policy, PolicyError, RefusedError, TrapError

EXAMPLES = Path(__file__).parents[2]
MODULE = Module.read(os.environ["QMTL_POLICY_WASM"])
GATES = "world: w\nselection: { gates: [sharpe >= 0.5], score: sharpe, topk: { total: 3 } }\n"
ONE = {"metrics": {"a": {"sharpe": 1}}}
LATER = "2026-02-03T00:00:00Z"


def beside(path: str) -> str:
    return (EXAMPLES / path).read_text("utf-8")


class Hosts(unittest.TestCase):
    def setUp(self) -> None:
        self.engine = Engine.load(MODULE)

    def policy(self, text: str = GATES) -> Policy:
        return self.engine.compile(text)

    def refused(self, code: str | None, call: Callable[[], Any]) -> str:
        with self.assertRaises(RefusedError) as caught:
            call()
        if code is not None:
            self.assertEqual(caught.exception.code, code)
        message = str(caught.exception)
        self.assertGreater(len(message), 10)
        return message

    def test_a_module_comes_as_bytes_as_a_file_or_compiled(self) -> None:
        path = os.environ["QMTL_POLICY_WASM"]
        self.assertRegex(self.engine.version, r"^\d+\.\d+\.\d+")
        sources: list[str | Path | Module] = [path, Path(path), MODULE]
        for source in sources:
            with Engine.load(source) as engine:
                self.assertEqual(engine.version, self.engine.version)
        self.refused("not_a_module", lambda: Engine.load(b"\0as"))
        self.refused("not_this_module", lambda: Engine.load(b"\0asm\1\0\0\0"))
        for fuel in [0, -1, 0.5, True]:
            self.refused("bad_argument", lambda fuel=fuel: Engine.load(MODULE, fuel=fuel))  # type: ignore[misc]

    def test_check_gives_findings_and_raises_for_none(self) -> None:
        findings = self.engine.check("world: w\nselection: { gates: [sharp >= 0.5] }\n")
        self.assertEqual(findings["diagnostics"][0]["code"], "QP2001")
        self.assertEqual(findings["summary"]["errors"], 1)
        for text in ["", "\0"]:
            self.assertGreater(self.engine.check(text)["summary"]["errors"], 0)
        self.assertEqual(self.engine.check(GATES)["summary"]["errors"], 0)
        self.refused("not_utf8", lambda: self.engine.check("\ud800"))
        self.refused("bad_argument", lambda: self.engine.check(b"world: w"))  # type: ignore[arg-type]

    def test_a_policy_with_errors_says_them_all(self) -> None:
        with self.assertRaises(PolicyError) as caught:
            self.policy("world: w\nselection: { gates: [sharp >= 0.5, sharpe >= 5m] }\n")
        self.assertEqual(len(caught.exception.diagnostics), 2)
        self.assertIn("2 errors\n2:22 QP2001 unknown metric `sharp`: did you mean `sharpe`?", str(caught.exception))

    def test_a_snapshot_is_judged_as_mapping_and_as_text_with_options(self) -> None:
        policy = self.policy()
        at = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))
        snapshot = {"as_of": at, "metrics": {"ä": {"sharpe": np.float32(1)}, "🜁": {"sharpe": 2}, "c": {}}}
        decision = policy.evaluate(snapshot, {"stage": "paper"})
        self.assertEqual(decision["selected"], ["🜁", "ä"])
        self.assertEqual((decision["stage"], decision["as_of"]), ("paper", "2025-12-31T23:00:00Z"))
        text = '{"as_of":"2025-12-31T23:00:00Z","metrics":{"ä":{"sharpe":1},"🜁":{"sharpe":2},"c":{}}}'
        self.assertEqual(
            policy.evaluate_text(text, '{"stage":"paper"}'), policy.evaluate_text(snapshot, {"stage": "paper"})
        )
        self.assertEqual(list(policy.evaluate(snapshot, {"detail": "none", "shown": ["ä"]})["strategies"]), ["ä"])
        story = policy.explain(snapshot, "c", {"stage": "paper"})
        self.assertEqual(story["strategy"], "c")
        self.assertEqual(json.loads(policy.explain_text(text, "c", '{"stage":"paper"}')), story)
        self.refused(None, lambda: policy.explain(snapshot, "ö"))
        self.assertIn("did you mean `stage`", self.refused(None, lambda: policy.evaluate(ONE, {"stagee": "paper"})))
        self.refused("bad_argument", lambda: policy.evaluate(None))  # type: ignore[arg-type]
        self.refused("bad_argument", lambda: policy.evaluate({"metrics": {"a": {"sharpe": object()}}}))
        self.refused("bad_argument", lambda: policy.evaluate({"as_of": datetime(2026, 1, 1)}))
        self.refused(None, lambda: policy.evaluate('{"metrics": {"a": {"sharpe": NaN'))
        self.refused(None, lambda: policy.evaluate({"metrics": {1: {}, "1": {}}}))

    def test_what_is_no_number_is_missing_and_opens_no_gate(self) -> None:
        values = {"a": float("nan"), "b": np.float64("inf"), "c": 1.0, "d": np.float32("nan")}
        decision = self.policy().evaluate({"metrics": {id: {"sharpe": value} for id, value in values.items()}})
        self.assertEqual(decision["selected"], ["c"])
        self.assertTrue(decision["notes"])

    def test_what_was_released_is_refused_and_releasing_again_does_nothing(self) -> None:
        policy = self.policy()
        prepared = policy.prepare(["sharpe"])
        policy.release()
        policy.release()
        self.assertTrue(policy.is_released)
        self.refused("released", lambda: policy.evaluate({}))
        self.refused("released", lambda: policy.prepare(["sharpe"]))
        frame = prepared.frame(1)
        prepared.release()
        self.refused("released", lambda: prepared.frame(1))
        frame.column(0)[0] = 1
        found = frame.evaluate()
        self.assertEqual(found.passed_count, 1)
        frame.release()
        for use in [
            lambda: frame.column(0),
            lambda: frame.validity(0),
            frame.evaluate,
            lambda: setattr(frame, "rows", 0),
        ]:
            self.refused("released", use)
        for use in [lambda: found.scores, lambda: found.passes(0), lambda: found.passed, lambda: found.passing]:
            self.refused("released", use)
        with self.engine.log("w") as log:
            self.assertEqual(log.lines(), "")
        self.refused("released", log.lines)
        self.engine.release()
        self.refused("released", lambda: self.engine.check(GATES))
        self.assertFalse(self.engine.is_dead)

    def test_handles_of_another_engine_are_refused(self) -> None:
        self.policy()
        policy, log = Engine.load(MODULE).compile(GATES), self.engine.log("w")
        self.refused("other_engine", lambda: log.query(policy, {"query": "runs", "now": LATER}))

    def test_rows_of_any_number_are_judged_as_snapshots_are(self) -> None:
        prepared = self.policy().prepare(["calmar", "sharpe"])
        self.assertEqual([column.kind for column in prepared.columns], ["number", "number"])
        self.assertEqual(prepared.further_steps, ())
        for rows in [0, 1, 7, 8, 9, 63, 64, 65, 100, 1000]:
            with prepared.frame(rows) as frame:
                values = np.array([np.nan if row % 5 == 0 else (row * 37 % 100) / 100 for row in range(rows)])
                frame.column("sharpe")[:] = values
                found = frame.evaluate()
                expected = values >= 0.5
                self.assertEqual(found.passed_count, expected.sum())
                np.testing.assert_array_equal(found.passing, expected)
                self.assertEqual([found.passes(row) for row in range(rows)], expected.tolist())
                best = sorted(np.flatnonzero(expected), key=lambda row: (-values[row], row))[:3]
                assert found.selected is not None
                self.assertEqual(found.selected.tolist(), best)
                if rows > 0:
                    assert found.scores is not None
                    np.testing.assert_array_equal(found.scores[expected], values[expected])
                self.refused("bad_argument", lambda found=found, rows=rows: found.passes(rows))  # type: ignore[misc]
                self.refused("bad_argument", lambda found=found: found.passes(-1))  # type: ignore[misc]

    def test_validity_makes_rows_missing_and_all_rows_have_it_at_first(self) -> None:
        frame = self.policy().prepare(["sharpe"]).frame(10)
        frame.column(0)[:] = 1
        self.assertEqual(frame.evaluate().passed_count, 10)
        frame.validity("sharpe")[1] &= 0b1111_1101
        found = frame.evaluate()
        self.assertEqual(found.passed_count, 9)
        self.assertTrue(found.passes(8) and not found.passes(9))

    def test_fewer_rows_than_there_is_room_for_can_be_judged(self) -> None:
        frame = self.policy().prepare(["sharpe"]).frame(100)
        frame.column(0)[:] = 1
        whole = frame.evaluate()
        frame.rows = 9
        self.refused("old_evaluation", lambda: whole.scores)
        part = frame.evaluate()
        assert part.scores is not None
        self.assertEqual((part.rows, part.passed_count, len(part.scores), len(part.passing)), (9, 9, 9, 9))
        self.refused(None, lambda: setattr(frame, "rows", 101))
        self.assertEqual(frame.rows, 9)

    def test_rows_and_columns_that_are_none_are_refused(self) -> None:
        policy = self.policy()
        prepared = policy.prepare(["sharpe"])
        for rows in [-1, 0.5, "3", 2**32, True]:
            self.refused("bad_argument", lambda rows=rows: prepared.frame(rows))  # type: ignore[misc]
        self.refused(None, lambda: prepared.frame(2**32 - 1))
        frame = prepared.frame(3)
        for column in [1, -1, 0.5, "sharp", None]:
            self.refused("unknown_column", lambda column=column: frame.column(column))  # type: ignore[misc]
        self.refused(None, lambda: policy.prepare(["sharpe", "sharpe"]))
        self.assertIn("no column is `sharpe`", self.refused(None, lambda: policy.prepare(["calmar"])))

    def test_columns_in_another_order_are_found_by_their_names(self) -> None:
        policy = self.policy("world: w\nselection: { gates: [sharpe >= 0.5, max_drawdown <= 20%] }\n")
        for names in [["sharpe", "max_drawdown"], ["max_drawdown", "sharpe"]]:
            frame = policy.prepare(names).frame(1)
            frame.column("sharpe")[0] = 1
            frame.column("max_drawdown")[0] = 0.1
            self.assertEqual(frame.evaluate().passed_count, 1, names)

    def test_columns_are_guest_memory_and_stay_so_when_it_grows(self) -> None:
        prepared = self.policy().prepare(["sharpe"])
        frame = prepared.frame(100)
        column = frame.column(0)
        column[:] = 1
        found = frame.evaluate()
        before = self.engine.memory_bytes
        prepared.frame(1_000_000)
        self.assertGreater(self.engine.memory_bytes, before)
        self.assertTrue(found.passes(99))
        column[99] = 0
        self.assertEqual(frame.column(0)[99], 0)
        self.assertFalse(frame.evaluate().passes(99))
        scores = frame.evaluate().scores
        assert scores is not None
        with self.assertRaises(ValueError):
            scores[0] = 1

    def test_arrays_outlive_the_engine(self) -> None:
        column = self.policy().prepare(["sharpe"]).frame(100_000).column(0)
        self.engine.release()
        del self.engine
        gc.collect()
        column[:] = 3
        self.assertEqual(column.sum(), 300_000)

    def test_further_steps_decide_instead_of_rows(self) -> None:
        policy = self.policy(beside("crypto_mom/policy.yaml"))
        names = "sample_days trades_60d sharpe_mid max_dd_120d annual_return winrate_long ulcer_mid my_signal_quality"
        prepared = policy.prepare(names.split(), stage="paper")
        self.assertTrue(prepared.further_steps)
        self.assertIsNone(prepared.frame(1).evaluate().selected)

    def test_a_policy_of_a_megabyte_is_judged_or_refused_never_a_trap(self) -> None:
        gates = ", ".join(f"sharpe >= 0.{index}" for index in range(60_000))
        large = f"world: w\nselection: {{ gates: [{gates}] }}\n"
        self.assertGreater(len(large), 1_000_000)
        for text in [large, f"world: {'x' * 1_000_000}", "[" * 1_000_000, "- " * 500_000, "&a " * 300_000]:
            for use in [self.engine.check, self.engine.compile]:
                try:
                    use(text)
                except (RefusedError, PolicyError):
                    pass
        self.assertFalse(self.engine.is_dead)
        self.assertEqual(self.engine.check(GATES)["summary"]["errors"], 0)

    def test_limits_are_set_told_and_kept(self) -> None:
        before = self.engine.limits()
        self.assertIsInstance(before, Limits)
        after = self.engine.limits(text_bytes=100, rows=10)
        self.assertEqual((after.text_bytes, after.rows, after.handles), (100, 10, before.handles))
        self.refused(None, lambda: self.engine.check(" " * 101))
        self.refused(None, lambda: self.policy().prepare(["sharpe"]).frame(11))
        self.assertIn("did you mean `rows`", self.refused(None, lambda: self.engine.limits(row=10)))
        self.assertEqual(self.engine.limits(), after)

    def test_what_is_released_leaves_room(self) -> None:
        self.engine.limits(handles=8)
        policy = self.policy()
        prepared = policy.prepare(["sharpe"])
        for _ in range(100):
            with prepared.frame(1000) as frame, self.policy():
                frame.evaluate()
                policy.evaluate(ONE)
        before = self.engine.memory_bytes
        for _ in range(100):
            policy.evaluate(ONE)
        self.assertEqual(self.engine.memory_bytes, before)

    def test_a_call_without_fuel_ends_the_engine_and_the_module_makes_a_new_one(self) -> None:
        engine = Engine.load(MODULE, fuel=200_000_000)
        for _ in range(3):
            policy = engine.compile(GATES)
            column = policy.prepare(["sharpe"]).frame(8).column(0)
        with self.assertRaises(TrapError) as caught:
            engine.compile(f"world: w\nselection: {{ gates: [{', '.join(['sharpe >= 0.5'] * 5000)}] }}\n")
        self.assertTrue(caught.exception.out_of_fuel)
        self.assertIn("200000000 units of fuel", str(caught.exception))
        self.assertTrue(engine.is_dead)
        uses: list[Callable[[], Any]] = [
            lambda: engine.check(""),
            engine.limits,
            lambda: engine.memory_bytes,
            lambda: policy.evaluate({}),
        ]
        for use in uses:
            self.refused("dead_engine", use)
        policy.release()
        engine.release()
        self.assertTrue(engine.is_dead)
        column[:] = 1
        again = Engine.load(engine.module, fuel=200_000_000)
        self.assertEqual(again.compile(GATES).evaluate(ONE)["selected"], ["a"])

    def test_threads_take_turns(self) -> None:
        policy = self.policy()
        wrong: list[str] = []

        def judge(id: str) -> None:
            for _ in range(50):
                selected = policy.evaluate({"metrics": {id: {"sharpe": 1}}})["selected"]
                if selected != [id]:
                    wrong.append(f"{id}: {selected}")

        threads = [threading.Thread(target=judge, args=(f"s{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_a_log_is_persisted_line_by_line_and_goes_on_in_another_engine(self) -> None:
        text, snapshot = beside("crypto_mom/policy.yaml"), json.loads(beside("crypto_mom/monday.json"))
        policy, log = self.policy(text), self.engine.log("crypto_mom_1h", clock="simulated")
        submit = {"command": "submit", "strategy": "btc_mom_24h", "snapshot": snapshot}
        at = datetime(2026, 2, 2, 21, tzinfo=UTC)
        lines = [
            log.command(policy, {**submit, "run": f"r{hour}", "now": at + timedelta(hours=hour)})["lines"]
            for hour in range(2)
        ]
        decided = log.command(policy, {"command": "decide", "now": "2026-02-02T23:30:00Z", "snapshot": snapshot})
        self.assertEqual(decided["decision"]["world"], "crypto_mom_1h")
        whole = "".join([*lines, decided["lines"]])
        self.assertEqual(log.lines(), whole)
        self.assertEqual(log.lines(decided["number"] + 1), "")

        other = Engine.load(MODULE)
        rules, restored = other.compile(text), other.log("crypto_mom_1h", clock="simulated")
        loaded = restored.load(whole, datetime(2026, 2, 3, tzinfo=UTC))
        self.assertEqual(loaded, {"events": decided["number"], "head": decided["head"]})
        for query in ["campaign", "tick", "candidates", "runs"]:
            asked = {"query": query, "now": LATER}
            self.assertEqual(restored.query(rules, asked), log.query(policy, asked))
        empty = other.log("crypto_mom_1h", clock="simulated")
        self.refused(None, lambda: empty.load(whole.replace('"r1"', '"r9"'), LATER))
        self.refused(None, lambda: empty.load(whole, "yesterday"))
        self.refused(None, lambda: restored.load(whole, LATER))
        self.assertIn(
            "`submit`", self.refused(None, lambda: restored.command(rules, {"command": "submitt", "now": LATER}))
        )
        self.refused(None, lambda: other.log("w", clock="sand"))  # type: ignore[arg-type]

    @unittest.skipUnless("QMTL_POLICY_EXPECTED" in os.environ, "QMTL_POLICY_EXPECTED names no file")
    def test_decisions_are_the_bytes_that_the_native_library_gives(self) -> None:
        cases = json.loads(Path(os.environ["QMTL_POLICY_EXPECTED"]).read_text("utf-8"))
        self.assertGreaterEqual(len(cases), 4)
        for case in cases:
            with self.policy(case["policy"]) as policy:
                self.assertTrue(policy.evaluate_text(case["snapshot"]) == case["decision"])
                explained = policy.explain_text(case["snapshot"], case["strategy"])
                self.assertTrue(explained == case["explanation"])


if __name__ == "__main__":
    unittest.main()
