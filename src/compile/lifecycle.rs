//! Data currency, campaign, promotion, governance, risk profile.

use crate::ir::{
    CampaignSettings, DataCurrency, Governance, Lifecycle, PromotionMode, RiskProfile, Setting, WindowSettings,
};
use crate::source::Node;
use crate::syntax::document::{boolean, text, words};

use super::selection::{setting, time_setting};

/// How long a decision stands unless the policy says so, in seconds.
const DECISION_TTL: f64 = 300.0;

fn flag(node: &Node, key: &str, default: bool) -> Setting<bool> {
    written_flag(node, key).unwrap_or(Setting::unwritten(default))
}

fn written_flag(node: &Node, key: &str) -> Option<Setting<bool>> {
    let value = node.get(key)?;
    boolean(value).map(|flag| Setting::written(flag, value.resolve().span))
}

/// Reads `data_currency`.
pub(super) fn currency(root: &Node) -> DataCurrency {
    let time = |key: &str| root.get("data_currency").and_then(|node| node.get(key)).and_then(time_setting);
    DataCurrency {
        max_lag: time("max_lag"),
        min_history: time("min_history"),
        min_coverage: root.get("data_currency").and_then(|node| node.get("min_coverage")).and_then(setting),
    }
}

/// Reads everything that governs phases and promotion.
pub(super) fn lifecycle(root: &Node) -> Lifecycle {
    let allow_live = flag(root, "allow_live", false);
    let live_auto_apply = flag(root, "live_auto_apply", false);
    // Unwritten, the requirement of an approval follows a written mode, else it stands.
    let mode = root.get("governance").and_then(|node| node.get("live_promotion")).and_then(|node| node.get("mode"));
    let written_mode =
        mode.and_then(|node| Some(Setting::written(PromotionMode::from_name(text(node)?)?, node.resolve().span)));
    let manual = match &written_mode {
        Some(mode) => mode.value != PromotionMode::AutoApply,
        None => true,
    };
    let live_requires_manual_approval = flag(root, "live_requires_manual_approval", manual);
    let followed = if live_auto_apply.value && !live_requires_manual_approval.value {
        PromotionMode::AutoApply
    } else {
        PromotionMode::ManualApproval
    };
    let mode = written_mode.unwrap_or(Setting::unwritten(followed));
    Lifecycle {
        governance: governance(root, mode, allow_live.value),
        allow_live,
        live_auto_apply,
        live_requires_manual_approval,
        campaign: root.get("campaign").map(campaign),
        risk_profile: risk_profile(root),
    }
}

fn governance(root: &Node, mode: Setting<PromotionMode>, allow_live: bool) -> Governance {
    let node = root.get("governance");
    let promotion = node.and_then(|node| node.get("live_promotion"));
    let field = |key: &str| promotion.and_then(|node| node.get(key));
    let approvers = field("approvers").map(|node| {
        let names = words(node).into_iter().map(|(_, word)| word.to_owned()).collect();
        Setting::written(names, node.resolve().span)
    });
    Governance {
        decision_ttl: node
            .and_then(|node| node.get("decision_ttl"))
            .and_then(time_setting)
            .unwrap_or(Setting::unwritten(DECISION_TTL)),
        mode,
        cooldown: field("cooldown").and_then(time_setting),
        max_live_slots: field("max_live_slots").and_then(setting),
        canary_fraction: field("canary_fraction").and_then(setting),
        approvers: approvers.unwrap_or(Setting::unwritten(Vec::new())),
        require_risk_snapshot: promotion
            .and_then(|node| written_flag(node, "require_risk_snapshot"))
            .unwrap_or(Setting::unwritten(allow_live)),
    }
}

fn campaign(node: &Node) -> CampaignSettings {
    let window = |key: &str| {
        let stage = node.get(key);
        let field = |key: &str| stage.and_then(|stage| stage.get(key));
        WindowSettings {
            window: field("window").and_then(time_setting),
            window_text: field("window").and_then(text).map(|text| text.trim().to_owned()),
            min_runs: field("min_runs").and_then(setting),
            max_gap: field("max_gap").and_then(time_setting),
        }
    };
    let common = |key: &str| node.get("common").and_then(|common| common.get(key)).and_then(setting);
    CampaignSettings {
        backtest: window("backtest"),
        paper: window("paper"),
        min_sample_days: common("min_sample_days"),
        min_trades_total: common("min_trades_total"),
        min_trades_per_window: common("min_trades_per_window"),
    }
}

fn risk_profile(root: &Node) -> RiskProfile {
    let Some(node) = root.get("risk_profile") else { return RiskProfile::default() };
    let tier = node.get("tier").and_then(|tier| Some(Setting::written(text(tier)?.to_owned(), tier.resolve().span)));
    RiskProfile { tier, client_critical: written_flag(node, "client_critical") }
}
