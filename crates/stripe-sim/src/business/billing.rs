//! Invoices from draft to paid, and the payments that they ask for.

use serde_json::{Value, json};

use super::people::card_of;
use super::scene::Scene;
use crate::objects::balance_transaction::{Movement, balance_transaction, card_fee};
use crate::objects::invoice::{self, Bill};
use crate::objects::payment_intent::{self, Due};
use crate::objects::subscription::Period;
use crate::objects::{charge, invoice_payment, number, text};
use crate::state::Cause;

/// How long Stripe waits before it tries a failed payment again, in seconds.
const NEXT_TRY: i64 = 3 * 24 * 3600;

/// What is billed for a subscription.
pub(super) struct Billing<'a> {
    pub(super) subscription: &'a Value,
    pub(super) reason: &'a str,
    pub(super) period: Period,
    /// In minor units.
    pub(super) amount: i64,
}

/// Makes a draft and gives its id.
pub(super) fn draft(scene: &mut Scene, billing: &Billing) -> String {
    let (id, line) = (scene.id("in"), scene.id("il"));
    let customer = scene.object(text(billing.subscription, "/customer"));
    let account = scene.state.accounts.get(&scene.scope.account).cloned().unwrap_or_default();
    let product = scene.object(text(billing.subscription, "/items/data/0/price/product"));
    let bill = Bill {
        customer: &customer,
        subscription: billing.subscription,
        reason: billing.reason,
        period: billing.period,
        amount: billing.amount,
        description: describe(billing, text(&product, "/name")),
        account: &account,
        line: &line,
    };
    let object = invoice::invoice(scene.made(&id), &bill);
    scene.create(&Cause::default(), "invoice.created", object);
    id
}

fn describe(billing: &Billing, product: &str) -> String {
    if billing.amount == 0 {
        return format!("Trial period for {product}");
    }
    let (whole, cents) = (billing.amount / 100, billing.amount % 100);
    let interval = text(billing.subscription, "/items/data/0/price/recurring/interval");
    format!("1 × {product} (at ${whole}.{cents:02} / {interval})")
}

/// Gives a draft its number and opens it.
pub(super) fn finalize(scene: &mut Scene, id: &str) {
    let secret = format!("{}/{}", scene.scope.account, scene.state.ids.text(32));
    let customer_id = text(&scene.object(id), "/customer").to_owned();
    let customer = scene.object(&customer_id);
    let sequence = number(&customer, "/next_invoice_sequence");
    let invoice_number = format!("{}-{sequence:04}", text(&customer, "/invoice_prefix"));
    let now = scene.now;
    let currency = scene.object(id)["currency"].clone();
    scene.update(&Cause::default(), &customer_id, "customer.updated", |customer| {
        customer["currency"] = currency;
        customer["next_invoice_sequence"] = json!(sequence + 1);
    });
    scene.state.amend(id, |invoice| invoice::finalize(invoice, &invoice_number, &secret, now));
    scene.announce(&Cause::default(), "invoice.finalized", id);
}

/// Collects an open invoice; `declined` is the bank's reason for refusing. Gives whether it is paid.
pub(super) fn collect(scene: &mut Scene, id: &str, declined: Option<&str>) -> bool {
    let bill = scene.object(id);
    if number(&bill, "/amount_due") == 0 {
        settle(scene, id, |_| {});
        return true;
    }
    let (intent, payment) = intent_for(scene, &bill);
    let customer = scene.object(text(&bill, "/customer"));
    let method = card_of(scene, &customer);
    let charge = charge(scene, &intent, &method, declined);
    let next = declined.map(|_| scene.now + NEXT_TRY);
    if declined.is_none() {
        let now = scene.now;
        scene.state.amend(&payment, |payment| invoice_payment::pay(payment, now));
        scene.announce(&Cause::default(), "invoice_payment.paid", &payment);
    }
    let payment = scene.object(&payment);
    let attempt = |invoice: &mut Value| {
        invoice::attempt(invoice, &payment, next);
        invoice["~charge"] = json!(charge);
    };
    if declined.is_some() {
        scene.update(&Cause::default(), id, "invoice.updated", attempt);
        scene.announce(&Cause::default(), "invoice.payment_failed", id);
        return false;
    }
    settle(scene, id, attempt);
    true
}

/// Marks an invoice as paid, together with what paying it changed.
fn settle(scene: &mut Scene, id: &str, also: impl FnOnce(&mut Value)) {
    let now = scene.now;
    scene.update(&Cause::default(), id, "invoice.updated", |invoice| {
        also(invoice);
        invoice::pay(invoice, now);
    });
    scene.announce(&Cause::default(), "invoice.paid", id);
    scene.announce(&Cause::default(), "invoice.payment_succeeded", id);
}

/// The invoice's payment intent and invoice payment: those of an earlier attempt, or new ones.
fn intent_for(scene: &mut Scene, bill: &Value) -> (String, String) {
    let earlier = &bill["payments"]["data"][0];
    if earlier.is_object() {
        return (text(earlier, "/payment/payment_intent").to_owned(), text(earlier, "/id").to_owned());
    }
    let customer = scene.object(text(bill, "/customer"));
    let description = match text(bill, "/billing_reason") {
        "subscription_create" => "Subscription creation",
        _ => "Subscription update",
    };
    let order = Payment {
        customer: &customer,
        amount: number(bill, "/amount_due"),
        currency: text(bill, "/currency"),
        description,
        invoice: Some(text(bill, "/id")),
    };
    let intent = open_intent(scene, &order);
    let payment = scene.id("inpay");
    let object = invoice_payment::invoice_payment(scene.made(&payment), bill, &intent);
    scene.state.store.put(&scene.scope, object);
    (intent, payment)
}

/// Something to be paid by card.
pub(super) struct Payment<'a> {
    pub(super) customer: &'a Value,
    pub(super) amount: i64,
    pub(super) currency: &'a str,
    pub(super) description: &'a str,
    pub(super) invoice: Option<&'a str>,
}

/// Opens a payment intent and gives its id.
pub(super) fn open_intent(scene: &mut Scene, payment: &Payment) -> String {
    let (id, client_secret) = (scene.id("pi"), scene.state.ids.text(25));
    let method = card_of(scene, payment.customer);
    let due = Due {
        customer: text(payment.customer, "/id"),
        payment_method: text(&method, "/id"),
        amount: payment.amount,
        currency: payment.currency,
        description: payment.description,
        invoice: payment.invoice,
        client_secret: &client_secret,
    };
    let object = payment_intent::payment_intent(scene.made(&id), &due);
    let cause = scene.request();
    scene.create(&cause, "payment_intent.created", object);
    id
}

/// Charges a card for an intent and gives the charge's id.
pub(super) fn charge(scene: &mut Scene, intent_id: &str, method: &Value, declined: Option<&str>) -> String {
    let (id, receipt, cause) = (scene.id("ch"), scene.state.ids.text(40), scene.request());
    let intent = scene.object(intent_id);
    let mut object = charge::charge(scene.made(&id), &intent, method, &receipt);
    if let Some(reason) = declined {
        charge::decline(&mut object, reason);
        scene.create(&cause, "charge.failed", object.clone());
        scene.state.amend(intent_id, |intent| payment_intent::fail(intent, &object, method));
        scene.announce(&cause, "payment_intent.payment_failed", intent_id);
        return id;
    }
    object["balance_transaction"] = json!(earn(scene, &id, &object));
    scene.create(&cause, "charge.succeeded", object);
    scene.state.amend(intent_id, |intent| payment_intent::succeed(intent, &id));
    scene.announce(&cause, "payment_intent.succeeded", intent_id);
    id
}

fn earn(scene: &mut Scene, charge: &str, object: &Value) -> String {
    let id = scene.id("txn");
    let amount = number(object, "/amount");
    let movement = Movement {
        kind: "charge",
        source: charge,
        amount,
        fee: card_fee(amount),
        currency: text(object, "/currency"),
        description: text(object, "/description"),
    };
    let transaction = balance_transaction(scene.made(&id), &movement);
    scene.state.store.put(&scene.scope, transaction);
    id
}
