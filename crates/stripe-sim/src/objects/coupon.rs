//! Coupons, promotion codes, and the discounts that they become.

use serde_json::{Value, json};

use super::{Made, number, text};
use crate::calendar;

/// A coupon without its terms.
pub(crate) fn coupon(made: Made) -> Value {
    json!({
        "id": made.id,
        "object": "coupon",
        "amount_off": null,
        "created": made.created,
        "currency": null,
        "duration": "once",
        "duration_in_months": null,
        "livemode": made.livemode,
        "max_redemptions": null,
        "metadata": {},
        "name": null,
        "percent_off": null,
        "redeem_by": null,
        "times_redeemed": 0,
        "valid": true,
    })
}

/// A code that customers may enter to get a coupon.
pub(crate) fn promotion_code(made: Made, code: &str, coupon: &Value) -> Value {
    json!({
        "id": made.id,
        "object": "promotion_code",
        "active": true,
        "code": code,
        "created": made.created,
        "customer": null,
        "customer_account": null,
        "expires_at": null,
        "livemode": made.livemode,
        "max_redemptions": null,
        "metadata": {},
        "promotion": { "coupon": coupon["id"], "type": "coupon" },
        "restrictions": {
            "first_time_transaction": false, "minimum_amount": null, "minimum_amount_currency": null,
        },
        "times_redeemed": 0,
        "~coupon": coupon,
    })
}

/// What a coupon is applied to.
#[derive(Clone, Copy, Default)]
pub(crate) struct Discounted<'a> {
    pub(crate) customer: &'a str,
    pub(crate) subscription: Option<&'a str>,
    pub(crate) invoice: Option<&'a str>,
    pub(crate) promotion_code: Option<&'a str>,
}

/// A discount from now on, for as long as the coupon says.
pub(crate) fn discount(made: Made, coupon: &Value, of: Discounted) -> Value {
    let months = number(coupon, "/duration_in_months");
    let repeating = text(coupon, "/duration") == "repeating";
    json!({
        "id": made.id,
        "object": "discount",
        "checkout_session": null,
        "customer": of.customer,
        "customer_account": null,
        "end": repeating.then(|| calendar::after(made.created, "month", months)),
        "invoice": of.invoice,
        "invoice_item": null,
        "promotion_code": of.promotion_code,
        "source": { "coupon": coupon["id"], "type": "coupon" },
        "start": made.created,
        "subscription": of.subscription,
        "subscription_item": null,
        "~coupon": coupon,
    })
}
