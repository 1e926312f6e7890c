//! Accounts.

use serde_json::{Value, json};

use super::list;

/// An account that has finished onboarding; a connected one is as its platform sees it.
pub(crate) fn account(id: &str, name: &str, created: i64, connected: bool) -> Value {
    let slug: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let descriptor: String = name.to_uppercase().chars().take(22).collect();
    let controller = match connected {
        true => json!({ "is_controller": true, "type": "application" }),
        false => json!({ "type": "account" }),
    };
    let none_due = json!({
        "alternatives": [],
        "current_deadline": null,
        "currently_due": [],
        "disabled_reason": null,
        "errors": [],
        "eventually_due": [],
        "past_due": [],
        "pending_verification": [],
    });
    json!({
        "id": id,
        "object": "account",
        "business_profile": {
            "annual_revenue": null,
            "estimated_worker_count": null,
            "mcc": "5734",
            "name": name,
            "product_description": null,
            "support_address": null,
            "support_email": format!("help@{slug}.example"),
            "support_phone": null,
            "support_url": null,
            "url": format!("https://{slug}.example"),
        },
        "business_type": "company",
        "capabilities": { "card_payments": "active", "transfers": "active" },
        "charges_enabled": true,
        "controller": controller,
        "country": "US",
        "created": created,
        "default_currency": "usd",
        "details_submitted": true,
        "email": format!("owner@{slug}.example"),
        "external_accounts": list(Vec::new(), format!("/v1/accounts/{id}/external_accounts")),
        "future_requirements": none_due,
        "metadata": {},
        "payouts_enabled": true,
        "requirements": none_due,
        "settings": {
            "branding": { "icon": null, "logo": null, "primary_color": null, "secondary_color": null },
            "card_payments": {
                "decline_on": { "avs_failure": false, "cvc_failure": false },
                "statement_descriptor_prefix": null,
            },
            "dashboard": { "display_name": name, "timezone": "Etc/UTC" },
            "invoices": { "default_account_tax_ids": null },
            "payments": { "statement_descriptor": descriptor },
            "payouts": {
                "debit_negative_balances": true,
                "schedule": { "delay_days": 2, "interval": "daily" },
                "statement_descriptor": null,
            },
        },
        "tos_acceptance": { "date": null, "ip": null, "user_agent": null },
        "type": "standard",
    })
}
