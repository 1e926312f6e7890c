//! Invoices from their draft to paid, void or uncollectible.

use serde_json::{Value, json};

use super::payments::{self, Attempt};
use super::{Act, subscriptions};
use crate::failure::Failure;
use crate::objects::payment_intent::Due;
use crate::objects::{invoice, invoice_payment, number, text};

const DAY: i64 = 24 * 3600;
/// How long Stripe waits after each failed attempt before it tries again, in days; then it gives up.
const RETRIES: [i64; 3] = [3, 5, 7];

/// Gives a draft its number and opens it; one with nothing due is paid at once.
pub(crate) fn finalize(act: &mut Act, id: &str) {
    let secret = format!("{}/{}", act.scope.account, act.state.ids.text(32));
    let bill = act.object(id);
    let customer = act.object(text(&bill, "/customer"));
    let sequence = number(&customer, "/next_invoice_sequence");
    let invoice_number = format!("{}-{sequence:04}", text(&customer, "/invoice_prefix"));
    let balance = invoice::ending_balance(&bill);
    act.update(text(&customer, "/id"), "customer.updated", |customer| {
        customer["balance"] = json!(balance);
        customer["currency"] = bill["currency"].clone();
        customer["next_invoice_sequence"] = json!(sequence + 1);
    });
    let now = act.now;
    act.amend(id, |bill| invoice::finalize(bill, &invoice_number, &secret, now));
    if number(&bill, "/amount_due") > 0 {
        open_payment(act, id);
    }
    act.announce("invoice.finalized", id);
    if number(&bill, "/amount_due") == 0 {
        settle(act, id, |_| {});
    }
}

/// Opens the payment intent of an invoice, and the invoice payment that joins both.
fn open_payment(act: &mut Act, id: &str) {
    let bill = act.object(id);
    let description = match text(&bill, "/billing_reason") {
        "subscription_create" => Some("Subscription creation"),
        "manual" => None,
        _ => Some("Subscription update"),
    };
    let due = Due {
        customer: bill["customer"].as_str(),
        payment_method: None,
        amount: number(&bill, "/amount_due"),
        currency: text(&bill, "/currency"),
        description,
        invoice: Some(id),
    };
    let intent = payments::open(act, &due, |_| {});
    let payment = act.id("inpay");
    let object = invoice_payment::invoice_payment(act.made(&payment), &bill, &intent);
    act.put(object.clone());
    act.amend(id, |bill| invoice::put_payment(bill, &object));
}

/// Tries to collect an open invoice with a payment method, or with the one that is set for it.
pub(crate) fn collect(act: &mut Act, id: &str, method: Option<&str>, off_session: bool) -> Attempt {
    let bill = act.object(id);
    if number(&bill, "/amount_remaining") == 0 {
        settle(act, id, |_| {});
        return Attempt::Paid;
    }
    let intent = text(&bill, "/payments/data/0/payment/payment_intent").to_owned();
    let Some(method) = method.map(str::to_owned).or_else(|| method_for(act, &bill)) else {
        after_attempt(act, id, &intent, &Attempt::NoMethod);
        return Attempt::NoMethod;
    };
    act.amend(&intent, |intent| intent["payment_method"] = json!(method));
    payments::confirm(act, &intent, off_session)
}

/// Tries to collect an invoice if that is what it waits for; whether it is paid shows on it.
pub(crate) fn collect_if_automatic(act: &mut Act, id: &str) {
    let bill = act.object(id);
    if bill["status"] == "open" && bill["collection_method"] == "charge_automatically" {
        collect(act, id, None, true);
    }
}

/// What an invoice is paid with: its own, the subscription's or the customer's payment method.
pub(crate) fn method_for(act: &Act, bill: &Value) -> Option<String> {
    let subscription = act.object(text(bill, "/parent/subscription_details/subscription"));
    let customer = act.object(text(bill, "/customer"));
    let places = [
        &bill["default_payment_method"],
        &subscription["default_payment_method"],
        &customer["invoice_settings"]["default_payment_method"],
    ];
    places.into_iter().find_map(|place| place.as_str().map(str::to_owned))
}

/// What an attempt to pay its intent means for an invoice.
pub(crate) fn after_attempt(act: &mut Act, id: &str, intent: &str, attempt: &Attempt) {
    let is_of_intent = |payment: &Value| payment["payment"]["payment_intent"] == intent;
    let payment = act.ids_of("invoice_payment", is_of_intent).pop().unwrap_or_default();
    match attempt {
        Attempt::Paid => paid(act, id, intent, &payment),
        Attempt::Waits | Attempt::Held => {
            let payment = act.object(&payment);
            act.update(id, "invoice.updated", |bill| invoice::attempt(bill, &payment, None));
            subscriptions::after_first_attempt(act, id);
        }
        Attempt::Action | Attempt::NoMethod | Attempt::Declined(_) => {
            failed(act, id, &payment, matches!(attempt, Attempt::Action));
        }
    }
}

fn paid(act: &mut Act, id: &str, intent: &str, payment: &str) {
    let now = act.now;
    act.become_and_tell(payment, "invoice_payment.paid", |payment| invoice_payment::pay(payment, now));
    let (payment, charge) = (act.object(payment), act.object(intent)["latest_charge"].clone());
    settle(act, id, |bill| {
        invoice::attempt(bill, &payment, None);
        bill["~charge"] = charge;
    });
}

/// Marks an invoice as paid, together with what paying it changed.
pub(crate) fn settle(act: &mut Act, id: &str, also: impl FnOnce(&mut Value)) {
    let now = act.now;
    act.update(id, "invoice.updated", |bill| {
        also(bill);
        invoice::pay(bill, now);
    });
    act.announce("invoice.paid", id);
    act.announce("invoice.payment_succeeded", id);
    subscriptions::after_paid(act, id);
}

/// Marks an invoice as paid by other means; what was to pay it is given up.
pub(crate) fn settle_out_of_band(act: &mut Act, id: &str) {
    let canceled = cancel_payments(act, id);
    settle(act, id, |bill| canceled.iter().for_each(|payment| invoice::put_payment(bill, payment)));
}

/// Notes a failed attempt, and when the next one is, unless nobody is to try again.
fn failed(act: &mut Act, id: &str, payment: &str, action: bool) {
    let (bill, payment) = (act.object(id), act.object(payment));
    let attempts = usize::try_from(number(&bill, "/attempt_count")).unwrap_or(usize::MAX);
    let automatic = bill["auto_advance"] == true && bill["billing_reason"] != "subscription_create";
    let next = RETRIES.get(attempts).filter(|_| automatic).map(|days| act.now + days * DAY);
    act.update(id, "invoice.updated", |bill| {
        invoice::attempt(bill, &payment, next);
    });
    act.announce("invoice.payment_failed", id);
    if action {
        act.announce("invoice.payment_action_required", id);
    }
    subscriptions::after_failed(act, id, automatic && next.is_none());
}

/// Ends an open invoice that shall not be paid.
pub(crate) fn void(act: &mut Act, id: &str) -> Result<(), Failure> {
    in_status(&act.object(id), &["open", "uncollectible"], "voided")?;
    let canceled = cancel_payments(act, id);
    let now = act.now;
    act.update(id, "invoice.updated", |bill| {
        canceled.iter().for_each(|payment| invoice::put_payment(bill, payment));
        invoice::end(bill, "void", "voided_at", now);
    });
    act.announce("invoice.voided", id);
    subscriptions::after_void(act, id);
    Ok(())
}

/// Gives up what was to pay an invoice; gives the invoice payments as they are then.
fn cancel_payments(act: &mut Act, id: &str) -> Vec<Value> {
    let open = act.ids_of("invoice_payment", |payment| payment["invoice"] == id && payment["status"] == "open");
    let now = act.now;
    open.into_iter()
        .map(|payment| {
            let intent = text(&act.object(&payment), "/payment/payment_intent").to_owned();
            // An intent that cannot be canceled any more stays as it is.
            let _ = payments::cancel(act, &intent, Some("void_invoice"));
            act.amend(&payment, |payment| {
                payment["status"] = json!("canceled");
                payment["status_transitions"]["canceled_at"] = json!(now);
            });
            act.object(&payment)
        })
        .collect()
}

/// Gives up an open invoice as a bad debt.
pub(crate) fn give_up(act: &mut Act, id: &str) -> Result<(), Failure> {
    in_status(&act.object(id), &["open"], "marked as uncollectible")?;
    let now = act.now;
    let transition = "marked_uncollectible_at";
    act.update(id, "invoice.updated", |bill| invoice::end(bill, "uncollectible", transition, now));
    act.announce("invoice.marked_uncollectible", id);
    Ok(())
}

/// Complains unless the invoice is in one of the statuses in which that can be done.
pub(crate) fn in_status(bill: &Value, statuses: &[&str], done: &str) -> Result<(), Failure> {
    let status = text(bill, "/status");
    if statuses.contains(&status) {
        return Ok(());
    }
    let message = format!("This invoice is {status} and cannot be {done}; only {} ones can.", statuses.join(" or "));
    Err(Failure::invalid(400, message).code("invoice_not_editable"))
}
