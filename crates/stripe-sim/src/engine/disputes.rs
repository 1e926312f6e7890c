//! Disputes: a cardholder asks the bank for the money back.

use serde_json::{Value, json};

use super::{Act, charges};
use crate::objects::balance_transaction::Movement;
use crate::objects::{dispute, number, text};

/// What Stripe takes for a dispute, in cents.
const FEE: i64 = 1_500;

/// The bank takes the money of a charge back; for an inquiry it only asks. Gives the dispute's id.
pub(crate) fn open(act: &mut Act, charge: &str, reason: &str) -> String {
    let (id, object) = (act.id("dp"), act.object(charge));
    let inquiry = reason == "inquiry";
    let taken = (!inquiry).then(|| adjust(act, &id, &object, -1));
    let reason = if inquiry { "general" } else { reason };
    let dispute = dispute::dispute(act.made_by_day(&id), &object, reason, taken.as_ref());
    act.update(charge, "charge.updated", |charge| charge["disputed"] = json!(true));
    act.create("charge.dispute.created", dispute);
    if !inquiry {
        act.announce("charge.dispute.funds_withdrawn", &id);
    }
    id
}

/// Evidence is sent to the bank.
pub(crate) fn submit(act: &mut Act, id: &str, change: impl FnOnce(&mut Value)) {
    act.update(id, "charge.dispute.updated", |dispute| {
        change(dispute);
        let inquiry = text(dispute, "/status").starts_with("warning");
        let sent = number(dispute, "/evidence_details/submission_count") + 1;
        dispute["evidence_details"]["has_evidence"] = json!(true);
        dispute["evidence_details"]["submission_count"] = json!(sent);
        dispute["status"] = json!(if inquiry { "warning_under_review" } else { "under_review" });
    });
}

/// The bank decides; a dispute that is won brings the money back.
pub(crate) fn close(act: &mut Act, id: &str, won: bool) {
    let object = act.object(id);
    let inquiry = text(&object, "/status").starts_with("warning");
    let status = match (inquiry, won) {
        (true, _) => "warning_closed",
        (false, true) => "won",
        (false, false) => "lost",
    };
    act.become_and_tell(id, "charge.dispute.closed", |dispute| dispute["status"] = json!(status));
    if status != "won" {
        return;
    }
    let charge = act.object(text(&object, "/charge"));
    let returned = adjust(act, id, &charge, 1);
    act.become_and_tell(id, "charge.dispute.funds_reinstated", |dispute| {
        if let Some(transactions) = dispute["balance_transactions"].as_array_mut() {
            transactions.push(returned);
        }
    });
}

/// Moves the disputed money: out of the balance with -1, back into it with 1.
fn adjust(act: &mut Act, dispute: &str, charge: &Value, sign: i64) -> Value {
    let movement = Movement {
        kind: "adjustment",
        source: dispute,
        amount: sign * number(charge, "/amount"),
        fee: -sign * FEE,
        currency: text(charge, "/currency"),
        description: Some(if sign < 0 { "Chargeback withdrawal" } else { "Chargeback reversal" }),
    };
    charges::adjust(act, &movement)
}
