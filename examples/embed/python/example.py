"""What a host does with the engine, from a policy with a typo to a log that survives a restart.

QMTL_POLICY_WASM=…/qmtl_policy.wasm python examples/embed/python/example.py
"""

import json
import os
from pathlib import Path

import numpy as np
from qmtl_policy import Engine, Module

BESIDE = Path(__file__).parents[2] / "crypto_mom"
# More than any of these calls needs; a call that needs more traps instead of running on.
FUEL = 10_000_000_000


def numbers(seed: int, count: int) -> np.ndarray:
    """A linear congruential generator: the same rows in every language."""
    found = np.empty(count)
    for index in range(count):
        seed = (seed * 1664525 + 1013904223) % 2**32
        found[index] = seed / 2**32
    return found


def main() -> None:
    policy_text, monday, tuesday = (
        (BESIDE / name).read_text("utf-8") for name in ["policy.yaml", "monday.json", "tuesday.json"]
    )
    module = Module.read(os.environ["QMTL_POLICY_WASM"])

    with Engine.load(module, fuel=FUEL) as engine:
        print(f"qmtl-policy {engine.version}")

        print("\na policy with a typo")
        findings = engine.check(policy_text.replace("sharpe_mid >= 0.60", "sharpe_mdi >= 0.60"))
        for finding in findings["diagnostics"]:
            if finding["severity"] == "error":
                start = finding["span"]["start"]
                place = f"{start['line']}:{start['column']} {finding['severity']} {finding['code']}"
                print(f"  {place}: {finding['message']}; {finding['help']}")

        print("\na decision")
        policy = engine.compile(policy_text)
        first = policy.evaluate(monday)
        second = policy.evaluate(tuesday, {"previous": first, "detail": "changed"})
        funnel = " → ".join(f"{step['step']} {step['count']}" for step in second["funnel"])
        print(f"  {second['as_of']}: {funnel}")
        print(f"  selected {', '.join(second['selected'])}")

        print("\none strategy")
        story = policy.explain(tuesday, "link_meanrev", {"previous": first})
        for rule in story["rules"]:
            if rule["status"] != "pass":
                print(f"  {rule['status']} {rule['id']}: {rule['condition']}")
        for change in story["changes"] + story["changes_together"]:
            print(f"  would do with {change['metric']} {change['from']} → {change['to']}")

        print("\n100,000 rows")
        screen = engine.compile("""
world: screen
selection:
  gates: [sharpe >= 0.5, max_drawdown <= 20%, n_trades_total >= 30]
  score: sharpe - 0.5 * max_drawdown
  topk: { total: 8 }
""")
        prepared = screen.prepare(["sharpe", "max_drawdown", "n_trades_total"])
        rows = 100_000
        with prepared.frame(rows) as frame:
            random = numbers(20260201, 3 * rows).reshape(rows, 3)
            frame.column("sharpe")[:] = 3 * random[:, 0] - 1
            frame.column("max_drawdown")[:] = random[:, 1] / 2
            frame.column("n_trades_total")[:] = np.floor(200 * random[:, 2])
            frame.column("n_trades_total")[::1000] = np.nan
            found = frame.evaluate()
            print(f"  {found.passed_count} pass")
            assert found.selected is not None and found.scores is not None
            for row in found.selected:
                print(f"  row {row}: {found.scores[row]:.4f}")

        print("\na log")
        log = engine.log("crypto_mom_1h", clock="simulated")
        persisted = []
        for strategy in ["btc_mom_24h", "eth_mom_24h"]:
            command = {
                "command": "submit",
                "now": "2026-02-02T21:00:00Z",
                "strategy": strategy,
                "run": f"{strategy}_1",
                "stage": "paper",
                "snapshot": json.loads(monday),
            }
            recorded = log.command(policy, command)
            persisted.append(recorded["lines"])
            run = recorded["run"]
            print(f"  {run['run_id']} {run['state']}, {run['status']}")

    # The lines are all that is to be kept: another engine, of the same compiled module, goes on from them.
    with Engine.load(module, fuel=FUEL) as other:
        restored = other.log("crypto_mom_1h", clock="simulated")
        loaded = restored.load("".join(persisted), "2026-02-03T00:00:00Z")
        print(f"  {loaded['events']} events read back")
        campaign = restored.query(other.compile(policy_text), {"query": "campaign", "now": "2026-02-03T00:00:00Z"})
        for status in campaign["strategies"]:
            print(f"  {status['strategy_id']} {status['phase']}: {', '.join(status['reasons'])}")


if __name__ == "__main__":
    main()
