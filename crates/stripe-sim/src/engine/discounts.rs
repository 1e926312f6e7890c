//! Discounts: coupons at work on customers, subscriptions and invoices.

use serde_json::{Value, json};

use super::Act;
use crate::failure::Failure;
use crate::money;
use crate::objects::coupon::{self, Discounted};
use crate::objects::{number, text};

/// A coupon that can be used now.
#[derive(Debug)]
pub(crate) struct Usable {
    pub(crate) coupon: Value,
    pub(crate) promotion_code: Option<String>,
}

/// The coupon of an id, or of a promotion code, if it may still be redeemed.
pub(crate) fn usable(act: &Act, coupon: Option<&str>, code: Option<&str>) -> Result<Option<Usable>, Failure> {
    let promotion = code.map(|code| find(act, "promotion_code", code, "promotion code")).transpose()?;
    if promotion.as_ref().is_some_and(|promotion| promotion["active"] != true) {
        return Err(Failure::param("promotion_code", "This promotion code cannot be redeemed because it is inactive."));
    }
    let named = promotion.as_ref().map(|promotion| text(promotion, "/promotion/coupon"));
    let Some(id) = named.or(coupon) else { return Ok(None) };
    let coupon = find(act, "coupon", id, "coupon")?;
    if coupon["valid"] != true {
        return Err(Failure::param("coupon", format!("Coupon expired: {id}")).code("coupon_expired"));
    }
    Ok(Some(Usable { coupon, promotion_code: code.map(str::to_owned) }))
}

fn find(act: &Act, kind: &str, id: &str, noun: &str) -> Result<Value, Failure> {
    let stored = act.state.store.find(id).filter(|stored| stored.kind() == kind && !stored.deleted);
    let stored = stored.filter(|stored| stored.scope == act.scope);
    stored.map(|stored| stored.value.clone()).ok_or_else(|| Failure::no_such(noun, id).at(noun.replace(' ', "_")))
}

/// Makes a discount of a coupon, tells of it, and gives it.
pub(crate) fn begin(act: &mut Act, usable: &Usable, of: Discounted) -> Value {
    let id = act.id("di");
    let of = Discounted { promotion_code: usable.promotion_code.as_deref(), ..of };
    let discount = coupon::discount(act.made(&id), &usable.coupon, of);
    act.create("customer.discount.created", discount.clone());
    for redeemed in [Some(text(&usable.coupon, "/id")), of.promotion_code].into_iter().flatten() {
        redeem(act, redeemed);
    }
    discount
}

/// Counts one use; no event tells of it. What has been used often enough is over.
fn redeem(act: &mut Act, id: &str) {
    act.amend(id, |object| {
        let times = number(object, "/times_redeemed") + 1;
        object["times_redeemed"] = json!(times);
        if object["max_redemptions"].as_i64().is_some_and(|most| times >= most) {
            let state = if object["object"] == "coupon" { "valid" } else { "active" };
            object[state] = json!(false);
        }
    });
}

/// The ids of the discounts that an invoice gets: the subscription's, or else the customer's, if they have not run out.
pub(crate) fn active(act: &Act, customer: &Value, subscription: &Value) -> Value {
    json!(noted(customer, subscription).into_iter().filter(|id| !has_run_out(act, id)).collect::<Vec<_>>())
}

fn noted<'a>(customer: &'a Value, subscription: &'a Value) -> Vec<&'a str> {
    let own = subscription["discounts"].as_array().filter(|ids| !ids.is_empty());
    match own {
        Some(ids) => ids.iter().filter_map(Value::as_str).collect(),
        None => customer["discount"]["id"].as_str().into_iter().collect(),
    }
}

fn has_run_out(act: &Act, id: &str) -> bool {
    let discount = act.object(id);
    let used = discount["~used"] == true && discount["~coupon"]["duration"] == "once";
    used || discount["end"].as_i64().is_some_and(|end| end <= act.now)
}

/// Notes that discounts were used, for those that are good for one invoice.
pub(crate) fn note_use(act: &mut Act, ids: &Value) {
    for id in ids.as_array().into_iter().flatten().filter_map(Value::as_str) {
        act.amend(id, |discount| discount["~used"] = json!(true));
    }
}

/// Takes away discounts that have run out, before the next invoice is drafted.
pub(crate) fn drop_ended(act: &mut Act, customer: &Value, subscription: &Value) {
    for id in noted(customer, subscription) {
        if has_run_out(act, id) {
            let discount = act.object(id);
            end(act, &discount);
        }
    }
}

/// Takes a discount away from what it was on, and tells of that.
pub(crate) fn end(act: &mut Act, discount: &Value) {
    let id = text(discount, "/id").to_owned();
    match discount["subscription"].as_str() {
        Some(subscription) => act.update(subscription, "customer.subscription.updated", |subscription| {
            if let Some(ids) = subscription["discounts"].as_array_mut() {
                ids.retain(|kept| kept != id.as_str());
            }
        }),
        None => act.update(text(discount, "/customer"), "customer.updated", |customer| {
            customer["discount"] = Value::Null;
        }),
    }
    act.announce("customer.discount.deleted", &id);
}

/// Writes on each line what the discounts take off it.
pub(crate) fn apply(lines: &mut [Value], discounts: &[Value]) {
    for line in lines.iter_mut() {
        line["discount_amounts"] = json!([]);
    }
    for discount in discounts {
        let left: Vec<i64> = lines.iter().map(discountable).collect();
        let coupon = &discount["~coupon"];
        let taken = match (coupon["percent_off"].as_f64(), coupon["amount_off"].as_i64()) {
            (Some(percent), _) => left.iter().map(|amount| money::percent(*amount, percent)).collect(),
            (None, amount) => money::spread(amount.unwrap_or(0).min(left.iter().sum()), &left),
        };
        for (line, amount) in lines.iter_mut().zip(taken).filter(|(_, amount)| *amount > 0) {
            if let Some(amounts) = line["discount_amounts"].as_array_mut() {
                amounts.push(json!({ "amount": amount, "discount": discount["id"] }));
            }
        }
    }
}

/// What of a line can still be taken off.
fn discountable(line: &Value) -> i64 {
    if line["discountable"] != true {
        return 0;
    }
    let taken = line["discount_amounts"].as_array().into_iter().flatten();
    (number(line, "/amount") - taken.map(|taken| number(taken, "/amount")).sum::<i64>()).max(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::apply;

    #[test]
    fn discounts_are_taken_off_what_is_discountable() {
        let line = |amount: i64, discountable: bool| json!({"amount": amount, "discountable": discountable});
        let discount = |id: &str, coupon: serde_json::Value| json!({"id": id, "~coupon": coupon});
        let mut lines = [line(1000, true), line(500, false), line(3000, true), line(-200, true)];
        apply(
            &mut lines,
            &[discount("di_1", json!({"percent_off": 10.0})), discount("di_2", json!({"amount_off": 5000}))],
        );
        let taken: Vec<_> = lines.iter().map(|line| line["discount_amounts"].clone()).collect();
        let amounts = |first: i64, second: i64| json!([{"amount": first, "discount": "di_1"}, {"amount": second, "discount": "di_2"}]);
        assert_eq!(taken, [amounts(100, 900), json!([]), amounts(300, 2700), json!([])]);
    }
}
