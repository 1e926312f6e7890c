//! Stripe's test payment methods: by which names and numbers they are known, and what becomes of a payment with them.
//!
//! <https://docs.stripe.com/testing> lists them.

use serde_json::{Value, json};

/// What becomes of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is paid.
    Paid,
    /// It is paid, and the fee-less money is available at once.
    PaidAtOnce,
    /// It is paid and then disputed for this reason.
    Disputed(&'static str),
    /// The bank declines for this reason; the card cannot even be attached.
    Declined(&'static str),
    /// The card can be attached, and the bank declines for this reason.
    DeclinedLater(&'static str),
    /// The customer has to authenticate each time.
    Authenticated,
    /// The customer has to authenticate unless the card was set up for payments in their absence.
    AuthenticatedUnlessSetUp,
    /// It is paid, and a refund of it fails.
    RefundFails,
    /// It is paid, and a refund of it stays pending for a while.
    RefundWaits,
    /// The bank answers some days later: paid or not.
    Later(bool),
}

/// One test payment method.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TestMethod {
    /// What follows `pm_card_` or `tok_`; for others than cards their whole name.
    pub(crate) name: &'static str,
    pub(crate) number: &'static str,
    pub(crate) brand: &'static str,
    pub(crate) outcome: Outcome,
}

const fn card(name: &'static str, number: &'static str, brand: &'static str, outcome: Outcome) -> TestMethod {
    TestMethod { name, number, brand, outcome }
}

use Outcome::{
    Authenticated, AuthenticatedUnlessSetUp, Declined, DeclinedLater, Disputed, Later, Paid, PaidAtOnce, RefundFails,
    RefundWaits,
};

/// The cards.
const CARDS: &[TestMethod] = &[
    card("visa", "4242424242424242", "visa", Paid),
    card("visa_debit", "4000056655665556", "visa", Paid),
    card("mastercard", "5555555555554444", "mastercard", Paid),
    card("mastercard_debit", "5200828282828210", "mastercard", Paid),
    card("mastercard_prepaid", "5105105105105100", "mastercard", Paid),
    card("amex", "378282246310005", "amex", Paid),
    card("discover", "6011111111111117", "discover", Paid),
    card("diners", "3056930009020004", "diners", Paid),
    card("jcb", "3566002020360505", "jcb", Paid),
    card("unionpay", "6200000000000005", "unionpay", Paid),
    card("bypassPending", "4000000000000077", "visa", PaidAtOnce),
    card("createDispute", "4000000000000259", "visa", Disputed("fraudulent")),
    card("createDisputeProductNotReceived", "4000000000002685", "visa", Disputed("product_not_received")),
    card("createDisputeInquiry", "4000000000001976", "visa", Disputed("inquiry")),
    card("chargeDeclined", "4000000000000002", "visa", Declined("generic_decline")),
    card("chargeDeclinedInsufficientFunds", "4000000000009995", "visa", Declined("insufficient_funds")),
    card("chargeDeclinedLostCard", "4000000000009987", "visa", Declined("lost_card")),
    card("chargeDeclinedStolenCard", "4000000000009979", "visa", Declined("stolen_card")),
    card("chargeDeclinedExpiredCard", "4000000000000069", "visa", Declined("expired_card")),
    card("chargeDeclinedIncorrectCvc", "4000000000000127", "visa", Declined("incorrect_cvc")),
    card("chargeDeclinedProcessingError", "4000000000000119", "visa", Declined("processing_error")),
    card("chargeCustomerFail", "4000000000000341", "visa", DeclinedLater("generic_decline")),
    card("threeDSecureRequired", "4000000000003220", "visa", Authenticated),
    card("threeDSecure2Required", "4000000000003220", "visa", Authenticated),
    card("authenticationRequired", "4000002760003184", "visa", Authenticated),
    card("authenticationRequiredOnSetup", "4000002500003155", "visa", AuthenticatedUnlessSetUp),
    card("refundFail", "4000000000005126", "visa", RefundFails),
    card("pendingRefund", "4000000000007726", "visa", RefundWaits),
];

/// What is debited from a bank account, by its number or IBAN.
const ACCOUNTS: &[TestMethod] = &[
    card("sepa_debit", "AT611904300234573201", "", Later(true)),
    card("sepa_debit_failed", "AT861904300235473202", "", Later(false)),
    card("sepa_debit_failed", "IT60X0542811101000000123456", "", Later(false)),
    card("us_bank_account", "000123456789", "", Later(true)),
    card("us_bank_account_failed", "000111111116", "", Later(false)),
];

/// The test card of a name such as `pm_card_visa`, `tok_visa` or `pm_card_visa_chargeDeclined`.
pub(crate) fn by_name(id: &str) -> Option<TestMethod> {
    let name = id.strip_prefix("pm_card_").or_else(|| id.strip_prefix("tok_"))?;
    let bare = name.strip_prefix("visa_").filter(|rest| rest.starts_with("charge")).unwrap_or(name);
    CARDS.iter().find(|card| card.name == bare).copied()
}

/// The test method of a card's or an account's number; every other number pays.
pub(crate) fn by_number(number: &str) -> Option<TestMethod> {
    let digits: String = number.chars().filter(|c| !c.is_whitespace()).collect();
    CARDS.iter().chain(ACCOUNTS).find(|method| method.number == digits).copied()
}

/// What becomes of a payment with a payment method, by the note that it carries.
pub(crate) fn outcome(method: &Value) -> Outcome {
    let number = method["~number"].as_str().unwrap_or_default();
    by_number(number).map_or(Paid, |method| method.outcome)
}

/// What Stripe says of a payment that the bank declined, by the bank's reason.
pub(crate) struct Decline {
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
    pub(crate) advice: &'static str,
    pub(crate) network_code: &'static str,
}

pub(crate) fn decline(reason: &str) -> Decline {
    let (code, message, advice, network_code) = match reason {
        "insufficient_funds" => ("card_declined", "Your card has insufficient funds.", "try_again_later", "51"),
        "expired_card" => ("expired_card", "Your card has expired.", "do_not_try_again", "54"),
        "incorrect_cvc" => ("incorrect_cvc", "Your card's security code is incorrect.", "confirm_card_data", "82"),
        "processing_error" => (
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit.",
            "try_again_later",
            "96",
        ),
        "authentication_required" => (
            "authentication_required",
            "Your card was declined. This transaction requires authentication.",
            "confirm_card_data",
            "1A",
        ),
        "lost_card" | "stolen_card" => ("card_declined", "Your card was declined.", "do_not_try_again", "41"),
        _ => ("card_declined", "Your card was declined.", "try_again_later", "05"),
    };
    Decline { code, message, advice, network_code }
}

/// The card as a payment method shows it.
pub(crate) fn shown(method: TestMethod, month: i64, year: i64, fingerprint: &str) -> Value {
    let (brand, number) = (method.brand, method.number);
    let funding = ["debit", "prepaid"].into_iter().find(|funding| method.name.ends_with(funding)).unwrap_or("credit");
    let failing = method.outcome == Declined("incorrect_cvc");
    json!({
        "brand": brand,
        "checks": {
            "address_line1_check": null,
            "address_postal_code_check": null,
            "cvc_check": if failing { "fail" } else { "pass" },
        },
        "country": "US",
        "display_brand": brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": fingerprint,
        "funding": funding,
        "generated_from": null,
        "last4": &number[number.len().saturating_sub(4)..],
        "networks": { "available": [brand], "preferred": null },
        "regulated_status": "unregulated",
        "three_d_secure_usage": { "supported": true },
        "wallet": null,
    })
}

#[cfg(test)]
mod tests {
    use super::{Outcome, by_name, by_number};

    #[test]
    fn test_cards_are_known_by_name_token_and_number() {
        let outcome = |id: &str| by_name(id).map(|card| card.outcome);
        assert_eq!(outcome("pm_card_visa"), Some(Outcome::Paid));
        assert_eq!(outcome("tok_visa_debit"), Some(Outcome::Paid));
        assert_eq!(outcome("pm_card_visa_chargeDeclinedLostCard"), Some(Outcome::Declined("lost_card")));
        assert_eq!(outcome("tok_chargeDeclined"), Some(Outcome::Declined("generic_decline")));
        assert_eq!((outcome("pm_card_unicorn"), outcome("card_visa")), (None, None));
        let by_number = |number: &str| by_number(number).map(|method| (method.name, method.outcome));
        assert_eq!(by_number("4000 0000 0000 9995").unwrap().1, Outcome::Declined("insufficient_funds"));
        assert_eq!(by_number("AT611904300234573201").unwrap().0, "sepa_debit");
        assert_eq!(by_number("4111111111111111"), None);
    }
}
