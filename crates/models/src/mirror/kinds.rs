//! The object types that have tables of their own, one file each, in the order in which pages list them.

mod account;
mod active_entitlement;
mod active_entitlement_summary;
mod application_fee;
mod balance_transaction;
mod bank_account;
mod billing_credit_balance_transaction;
mod billing_credit_grant;
mod billing_meter;
mod billing_portal_configuration;
mod capability;
mod card;
mod charge;
mod checkout_session;
mod coupon;
mod credit_note;
mod customer;
mod customer_balance_transaction;
mod customer_cash_balance_transaction;
mod discount;
mod dispute;
mod early_fraud_warning;
mod entitlement_feature;
mod fee_refund;
mod file;
mod file_link;
mod invoice;
mod invoice_payment;
mod invoiceitem;
mod line_item;
mod mandate;
mod payment_intent;
mod payment_link;
mod payment_method;
mod payout;
mod person;
mod plan;
mod price;
mod product;
mod promotion_code;
mod quote;
mod refund;
mod review;
mod setup_intent;
mod shipping_rate;
mod source;
mod subscription;
mod subscription_item;
mod subscription_schedule;
mod tax_id;
mod tax_rate;
mod test_clock;
mod topup;
mod transfer;
mod transfer_reversal;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Kind;

// The groups, in the order of the menus.
const CUSTOMERS: &str = "Customers";
const BILLING: &str = "Billing";
const PAYMENTS: &str = "Payments";
const CATALOG: &str = "Catalog";
const BALANCE: &str = "Balance";
const CONNECT: &str = "Connect";
const FILES: &str = "Files and test clocks";

/// The key of the tables of the first migration, whose ids Stripe makes. Newer tables have the account in it too.
const BY_ID: &[&str] = &["id", "livemode"];

/// Every object type with a table of its own, those of a group together.
pub const KINDS: &[&Kind] = &[
    &customer::CUSTOMER,
    &payment_method::PAYMENT_METHOD,
    &card::CARD,
    &bank_account::BANK_ACCOUNT,
    &source::SOURCE,
    &tax_id::TAX_ID,
    &customer_balance_transaction::CUSTOMER_BALANCE_TRANSACTION,
    &customer_cash_balance_transaction::CUSTOMER_CASH_BALANCE_TRANSACTION,
    &active_entitlement_summary::ACTIVE_ENTITLEMENT_SUMMARY,
    &active_entitlement::ACTIVE_ENTITLEMENT,
    &subscription::SUBSCRIPTION,
    &subscription_item::SUBSCRIPTION_ITEM,
    &subscription_schedule::SUBSCRIPTION_SCHEDULE,
    &invoice::INVOICE,
    &line_item::LINE_ITEM,
    &invoiceitem::INVOICEITEM,
    &invoice_payment::INVOICE_PAYMENT,
    &credit_note::CREDIT_NOTE,
    &quote::QUOTE,
    &discount::DISCOUNT,
    &billing_meter::BILLING_METER,
    &billing_credit_grant::BILLING_CREDIT_GRANT,
    &billing_credit_balance_transaction::BILLING_CREDIT_BALANCE_TRANSACTION,
    &billing_portal_configuration::BILLING_PORTAL_CONFIGURATION,
    &payment_intent::PAYMENT_INTENT,
    &charge::CHARGE,
    &refund::REFUND,
    &checkout_session::CHECKOUT_SESSION,
    &setup_intent::SETUP_INTENT,
    &payment_link::PAYMENT_LINK,
    &mandate::MANDATE,
    &dispute::DISPUTE,
    &early_fraud_warning::EARLY_FRAUD_WARNING,
    &review::REVIEW,
    &product::PRODUCT,
    &price::PRICE,
    &plan::PLAN,
    &coupon::COUPON,
    &promotion_code::PROMOTION_CODE,
    &tax_rate::TAX_RATE,
    &shipping_rate::SHIPPING_RATE,
    &entitlement_feature::ENTITLEMENT_FEATURE,
    &balance_transaction::BALANCE_TRANSACTION,
    &payout::PAYOUT,
    &topup::TOPUP,
    &account::ACCOUNT,
    &person::PERSON,
    &capability::CAPABILITY,
    &transfer::TRANSFER,
    &transfer_reversal::TRANSFER_REVERSAL,
    &application_fee::APPLICATION_FEE,
    &fee_refund::FEE_REFUND,
    &file::FILE,
    &file_link::FILE_LINK,
    &test_clock::TEST_CLOCK,
];

static BY_OBJECT: LazyLock<HashMap<&'static str, &'static Kind>> =
    LazyLock::new(|| KINDS.iter().map(|kind| (kind.object, *kind)).collect());

/// The declaration of an object type, if it has a table of its own.
pub fn kind(object: &str) -> Option<&'static Kind> {
    BY_OBJECT.get(object).copied()
}
