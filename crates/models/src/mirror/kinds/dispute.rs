//! Disputes.

use super::super::{Column, Kind};
use super::PAYMENTS;

pub(super) const DISPUTE: Kind = Kind {
    object: "dispute",
    path: Some("/v1/disputes"),
    table: "disputes",
    plural: "disputes",
    group: PAYMENTS,
    columns: &[
        Column::id_of("charge", "charge", &["/charge"]).listed(),
        Column::id_of("payment_intent", "payment_intent", &["/payment_intent"]),
        Column::text("status", &["/status"]).listed().filtered(),
        Column::text("reason", &["/reason"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::number("due_by", &["/evidence_details/due_by"]).listed(),
        Column::flag("has_evidence", &["/evidence_details/has_evidence"]),
        Column::flag("past_due", &["/evidence_details/past_due"]),
        Column::number("submission_count", &["/evidence_details/submission_count"]),
        Column::flag("is_charge_refundable", &["/is_charge_refundable"]),
        Column::text(
            "network_reason_code",
            &["/payment_method_details/card/network_reason_code", "/network_reason_code"],
        ),
        Column::id_of(
            "balance_transaction",
            "balance_transaction",
            &["/balance_transactions/0", "/balance_transaction"],
        ),
    ],
    // An appeal follows a loss and may end in one, so its stages have no place in this order.
    lifecycle: &[
        &["warning_needs_response"],
        &["warning_under_review"],
        &["needs_response"],
        &["under_review"],
        &["warning_closed", "won", "lost", "prevented"],
    ],
    ..Kind::PLAIN
};
