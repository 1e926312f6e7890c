//! Selections of event types that most integrations start from.

/// A named selection of event types, offered when an endpoint is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// What the selection is for, as shown to the operator.
    pub name: &'static str,
    /// Its event types.
    pub types: &'static [&'static str],
}

/// The presets, in the order to offer them.
pub const PRESETS: &[Preset] = &[
    Preset { name: "subscriptions", types: SUBSCRIPTIONS },
    Preset { name: "one-off payments", types: ONE_OFF_PAYMENTS },
    Preset { name: "Connect", types: CONNECT },
    Preset { name: "disputes", types: DISPUTES },
];

const SUBSCRIPTIONS: &[&str] = &[
    "checkout.session.completed",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.expired",
    "customer.created",
    "customer.deleted",
    "customer.updated",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "invoice.created",
    "invoice.deleted",
    "invoice.finalization_failed",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.overdue",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.updated",
    "invoice.voided",
    "invoice_payment.paid",
    "payment_method.attached",
    "payment_method.automatically_updated",
    "payment_method.detached",
    "payment_method.updated",
    "price.created",
    "price.deleted",
    "price.updated",
    "product.created",
    "product.deleted",
    "product.updated",
];

const ONE_OFF_PAYMENTS: &[&str] = &[
    "checkout.session.completed",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.expired",
    "charge.captured",
    "charge.expired",
    "charge.failed",
    "charge.pending",
    "charge.refunded",
    "charge.succeeded",
    "charge.updated",
    "customer.created",
    "customer.deleted",
    "customer.updated",
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.created",
    "payment_intent.partially_funded",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "refund.created",
    "refund.failed",
    "refund.updated",
];

const CONNECT: &[&str] = &[
    "account.application.authorized",
    "account.application.deauthorized",
    "account.external_account.created",
    "account.external_account.deleted",
    "account.external_account.updated",
    "account.updated",
    "application_fee.created",
    "application_fee.refund.updated",
    "application_fee.refunded",
    "capability.updated",
    "payout.canceled",
    "payout.created",
    "payout.failed",
    "payout.paid",
    "payout.updated",
    "person.created",
    "person.deleted",
    "person.updated",
    "transfer.created",
    "transfer.reversed",
    "transfer.updated",
];

const DISPUTES: &[&str] = &[
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "radar.early_fraud_warning.created",
    "radar.early_fraud_warning.updated",
    "review.closed",
    "review.opened",
];

/// Whether Stripe holds something up until it has the answer to an event of this type.
///
/// `issuing_authorization.request` takes the decision from the response; `checkout.session.completed` delays the
/// customer's redirect up to 10 s; `invoice.created` delays the invoice's finalisation when the answer is a failure.
pub fn waits_for_answer(event_type: &str) -> bool {
    matches!(event_type, "issuing_authorization.request" | "checkout.session.completed" | "invoice.created")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{PRESETS, waits_for_answer};
    use crate::catalogue::{is_known, types};

    #[test]
    fn presets_hold_known_types_once() {
        for preset in PRESETS {
            let unknown: Vec<_> = preset.types.iter().filter(|event_type| !is_known(event_type)).collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", preset.name);
            let distinct: BTreeSet<_> = preset.types.iter().collect();
            assert_eq!(distinct.len(), preset.types.len(), "{}", preset.name);
        }
    }

    #[test]
    fn stripe_waits_for_three_types() {
        assert_eq!(types().filter(|event_type| waits_for_answer(event_type)).count(), 3);
    }
}
