//! Where strategies execute.

use qmtl_policy::eval::read_json;
use qmtl_policy::lifecycle::{ModeContext, resolve_mode};
use serde_json::{Value, json};

fn read(context: &Value) -> Result<ModeContext, String> {
    ModeContext::read(&read_json(&context.to_string()).unwrap()).map_err(|error| error.to_string())
}

/// A context at noon with further fields.
fn context(fields: &Value) -> Value {
    super::with(json!({ "now": "2026-01-31T12:00:00Z" }), fields)
}

/// Domain, gate, reason and whether the request was overridden.
fn resolved(fields: &Value) -> (String, String, Option<String>, bool) {
    let resolved = serde_json::to_value(resolve_mode(&read(&context(fields)).unwrap())).unwrap();
    let text = |key: &str| resolved[key].as_str().map(str::to_owned);
    assert_eq!(resolved["downgraded"], !resolved["downgrade_reason"].is_null());
    assert_eq!(resolved["safe_mode"], resolved["downgraded"]);
    (
        text("execution_domain").unwrap(),
        text("order_gate").unwrap(),
        text("downgrade_reason"),
        resolved["overridden"].as_bool().unwrap(),
    )
}

fn outcome(domain: &str, gate: &str, reason: Option<&str>, overridden: bool) -> (String, String, Option<String>, bool) {
    (domain.to_owned(), gate.to_owned(), reason.map(str::to_owned), overridden)
}

fn decided(mode: &str) -> Value {
    json!({ "effective_mode": mode, "issued_at": "2026-01-31T11:59:00Z", "ttl": 300 })
}

#[test]
fn a_fresh_decision_is_the_authority() {
    for (mode, domain, gate) in [
        ("validate", "backtest", "off"),
        ("compute-only", "backtest", "off"),
        ("paper", "dryrun", "off"),
        ("shadow", "shadow", "off"),
        ("live", "live", "on"),
    ] {
        assert_eq!(resolved(&json!({ "decision": decided(mode) })), outcome(domain, gate, None, false), "{mode}");
        // Whatever is asked for, above or below.
        for asked in ["validate", "compute-only", "backtest", "paper", "dryrun", "shadow", "live"] {
            let (found, _, reason, _) = resolved(&json!({ "requested_mode": asked, "decision": decided(mode) }));
            assert_eq!((found.as_str(), reason), (domain, None), "{asked} on {mode}");
        }
    }
}

#[test]
fn the_request_is_explicit_else_existing_else_the_decisions_else_backtest() {
    let requested = |fields: &Value| {
        serde_json::to_value(resolve_mode(&read(&context(fields)).unwrap())).unwrap()["requested_mode"].clone()
    };
    let decision = decided("paper");
    assert_eq!(
        requested(&json!({ "requested_mode": "live", "existing_mode": "shadow", "decision": decision })),
        "live"
    );
    assert_eq!(requested(&json!({ "existing_mode": "shadow", "decision": decision })), "shadow");
    assert_eq!(requested(&json!({ "decision": decision })), "paper");
    assert_eq!(requested(&json!({})), "backtest");
}

#[test]
fn a_request_that_differs_is_overridden() {
    let overridden =
        |asked: &str, mode: &str| resolved(&json!({ "requested_mode": asked, "decision": decided(mode) })).3;
    assert!(overridden("live", "paper"));
    assert!(overridden("backtest", "live"));
    assert!(!overridden("dryrun", "paper"), "two names of one domain");
    assert!(!overridden("live", "live"));
    assert!(resolved(&json!({ "requested_mode": "live" })).3);
}

#[test]
fn without_a_fresh_decision_everything_is_backtest() {
    let live = |fields: &Value| super::with(decided("live"), fields);
    let stale = outcome("backtest", "reduce_only", Some("stale_decision"), true);
    let unavailable = outcome("backtest", "off", Some("decision_unavailable"), true);
    assert_eq!(resolved(&json!({ "requested_mode": "live" })), unavailable);
    assert_eq!(resolved(&json!({ "requested_mode": "live", "decision": null })), unavailable);
    assert_eq!(resolved(&json!({ "requested_mode": "live", "decision": { "ttl": 300 } })), unavailable);
    // As old as its ttl is not older.
    let at_end = live(&json!({ "issued_at": "2026-01-31T11:55:00Z" }));
    assert_eq!(resolved(&json!({ "decision": at_end })), outcome("live", "on", None, false));
    for decision in [
        live(&json!({ "issued_at": "2026-01-31T11:54:59.999Z" })),
        live(&json!({ "issued_at": "2026-01-31T12:00:00.001Z" })),
        live(&json!({ "issued_at": null })),
        live(&json!({ "ttl": null })),
        live(&json!({ "ttl": "59s" })),
    ] {
        assert_eq!(resolved(&json!({ "decision": decision })), stale, "{decision}");
    }
}

#[test]
fn what_is_required_must_be_given() {
    let both = json!(["as_of", "dataset_fingerprint"]);
    let asked =
        |fields: &Value| resolved(&super::with(json!({ "decision": decided("paper"), "require": both }), fields));
    let down = |reason: &str| outcome("backtest", "off", Some(reason), true);
    assert_eq!(asked(&json!({})), down("missing_as_of"));
    assert_eq!(asked(&json!({ "as_of": "2026-01-31" })), down("missing_dataset_fingerprint"));
    assert_eq!(
        asked(&json!({ "as_of": "2026-01-31", "dataset_fingerprint": " " })),
        down("missing_dataset_fingerprint")
    );
    let given = json!({ "as_of": "2026-01-31", "dataset_fingerprint": "f" });
    assert_eq!(asked(&given), outcome("dryrun", "off", None, false));
    assert_eq!(resolved(&json!({ "decision": decided("paper") })), outcome("dryrun", "off", None, false));
    // A stale decision is told before what is missing.
    let stale = super::with(decided("paper"), &json!({ "ttl": 1 }));
    assert_eq!(asked(&json!({ "decision": stale })), down("stale_decision"));
}

#[test]
fn positions_can_be_closed_unless_orders_are_frozen() {
    let gate = |fields: &Value| resolved(fields).1;
    let live = decided("live");
    let paper = decided("paper");
    assert_eq!(gate(&json!({ "decision": live, "halted": true })), "reduce_only");
    assert_eq!(gate(&json!({ "decision": live, "activation": { "drain": true } })), "reduce_only");
    assert_eq!(gate(&json!({ "decision": live, "activation": { "freeze": true } })), "off");
    assert_eq!(
        gate(&json!({ "decision": live, "activation": { "freeze": true, "drain": true }, "halted": true })),
        "off"
    );
    // Brought down from live.
    assert_eq!(gate(&json!({ "decision": paper, "previous_domain": "live" })), "reduce_only");
    assert_eq!(gate(&json!({ "existing_mode": "live" })), "reduce_only");
    assert_eq!(gate(&json!({ "previous_domain": "live", "activation": { "freeze": true } })), "off");
    // Never live: asking for it is no sign of positions.
    assert_eq!(gate(&json!({ "decision": paper, "requested_mode": "live" })), "off");
    assert_eq!(gate(&json!({ "decision": paper, "activation": { "drain": true } })), "off");
    assert_eq!(gate(&json!({ "decision": paper, "halted": true })), "off");
}

#[test]
fn slips_are_errors_that_name_their_place() {
    for (fields, says) in [
        (json!({ "requested_mode": "lvie" }), "`requested_mode` must be validate"),
        (json!({ "requested_mode": "lvie" }), "did you mean `live`?"),
        (json!({ "requested_mode": 1 }), "not 1"),
        (json!({ "decision": { "effective_mode": "dryrun" } }), "`decision.effective_mode` must be"),
        (json!({ "decision": "live" }), "`decision` must be a mapping, not a text"),
        (json!({ "decision": { "effective_mode": "live", "ttl": -1 } }), "`decision.ttl` must be"),
        (json!({ "decision": { "effective_mode": "live", "ttl": "soon" } }), "not `soon`"),
        (json!({ "previous_domain": "paper" }), "`previous_domain` must be"),
        (json!({ "activation": { "freze": true } }), "`activation.freze` is not a known key: did you mean `freeze`?"),
        (json!({ "activation": { "freeze": "yes" } }), "`activation.freeze` must be true or false, not `yes`"),
        (json!({ "halted": 1 }), "`halted` must be true or false"),
        (json!({ "haltd": true }), "did you mean `halted`?"),
        (json!({ "require": ["as_fo"] }), "`require` must be"),
        (json!({ "now": "noon" }), "`now` must be a time"),
        (json!({ "now": null }), "`now` must be a time"),
        (json!({ "as_of": "yesterday" }), "`as_of` must be a time"),
    ] {
        let error = read(&context(&fields)).unwrap_err();
        assert!(error.contains(says), "{fields}: {error}");
    }
    assert!(read(&context(&json!({ "x-note": "ours" }))).is_ok());
    assert!(read(&json!([])).is_err());
}
