//! How a part of a backfill is listed, and into which parts the rest falls once it is known how dense the objects are.

use serde_json::Value;
use tollgate_models::syncs::{NewWindow, Window};
use tollgate_stripe_client::Form;
use tollgate_stripe_client::objects::object_kind;

/// A part of up to so many pages, as far as the first one tells, is listed page by page.
const PAGES: i64 = 16;
/// A longer one falls into so many; one whose beginning is not known, into parts of so many times as many pages each.
const PARTS: i64 = 8;

/// The parameters of a part's next page.
pub(super) fn params(window: &Window) -> Form {
    let mut params = Form::new();
    for (name, bound) in [("created[gte]", window.made_from), ("created[lte]", window.made_until)] {
        if let Some(bound) = bound {
            params.push(name, bound.to_string());
        }
    }
    if let Some(cursor) = &window.cursor {
        params.push("starting_after", cursor.clone());
    }
    params
}

/// What follows a page of a part, newest first: parts to add, or where the part's next page begins. Neither after the last.
pub(super) fn after(window: &Window, page: &[Value], more: bool) -> (Vec<NewWindow>, Option<String>) {
    let Some(last) = page.last().filter(|_| more) else { return (Vec::new(), None) };
    let parts = if window.cursor.is_none() { split(window, page) } else { Vec::new() };
    if parts.is_empty() { (parts, last["id"].as_str().map(str::to_owned)) } else { (parts, None) }
}

// Pages follow each other; parts do not wait for each other.
fn split(window: &Window, page: &[Value]) -> Vec<NewWindow> {
    let made = |object: Option<&Value>| object.and_then(|object| object["created"].as_i64());
    let (Some(newest), Some(oldest)) = (made(page.first()), made(page.last())) else { return Vec::new() };
    let by_time = object_kind(&window.object).is_some_and(|kind| kind.by_time);
    // Of one second, or not in the order of time.
    let span = newest.saturating_sub(oldest);
    if !by_time || span <= 0 {
        return Vec::new();
    }
    let bounds: Vec<i64> = match window.made_from {
        Some(from) if oldest.saturating_sub(from) <= span.saturating_mul(PAGES) => return Vec::new(),
        Some(from) => (1..PARTS).rev().map(|part| from + (oldest - from) / PARTS * part).collect(),
        None => (1..=3).map(|power| oldest.saturating_sub(span.saturating_mul(PARTS.pow(power)))).collect(),
    };
    // Objects of the second in which the page ended may be on both sides of it.
    let (mut parts, mut until) = (Vec::new(), oldest);
    for bound in bounds.into_iter().filter(|bound| *bound > 0) {
        parts.push(part(window, Some(bound), until));
        until = bound - 1;
    }
    parts.push(part(window, window.made_from, until));
    parts
}

fn part(window: &Window, made_from: Option<i64>, made_until: i64) -> NewWindow {
    NewWindow {
        sync_id: window.sync_id,
        rank: window.rank,
        object: window.object.clone(),
        account: window.account.clone(),
        livemode: window.livemode,
        connected: window.connected,
        made_from,
        made_until: Some(made_until),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tollgate_models::syncs::Status;

    use super::*;

    fn window(object: &str, made_from: Option<i64>, made_until: Option<i64>) -> Window {
        Window {
            id: 1,
            sync_id: 1,
            rank: 0,
            object: object.to_owned(),
            account: String::new(),
            livemode: false,
            connected: false,
            made_from,
            made_until,
            cursor: None,
            pages: 0,
            objects: 0,
            stored: 0,
            status: Status::Pending,
            last_error: None,
        }
    }

    fn page(newest: i64, oldest: i64) -> Vec<Value> {
        vec![json!({"id": "cus_new", "created": newest}), json!({"id": "cus_old", "created": oldest})]
    }

    fn bounds(window: &Window, page: &[Value]) -> Vec<(Option<i64>, Option<i64>)> {
        after(window, page, true).0.into_iter().map(|part| (part.made_from, part.made_until)).collect()
    }

    #[test]
    fn parts_cover_what_is_left_once() {
        let open = bounds(&window("customer", None, None), &page(1_000_000, 999_000));
        assert_eq!(open.first(), Some(&(Some(991_000), Some(999_000))));
        assert_eq!((open.len(), open.last().unwrap().0), (4, None));
        let closed = bounds(&window("customer", Some(100), Some(1_000_000)), &page(1_000_000, 999_000));
        assert_eq!((closed.len(), closed.last().unwrap().0), (8, Some(100)));
        for parts in [open, closed] {
            for pair in parts.windows(2) {
                assert_eq!(pair[0].0.unwrap() - 1, pair[1].1.unwrap(), "{parts:?}");
            }
            assert!(parts.iter().all(|(from, until)| from.is_none_or(|from| from <= until.unwrap())), "{parts:?}");
        }
    }

    #[test]
    fn what_is_short_or_has_no_time_goes_on_page_by_page() {
        let cursor = |window: &Window, page: &[Value]| after(window, page, true).1;
        let id = Some("cus_old".to_owned());
        assert_eq!(cursor(&window("customer", Some(990_000), None), &page(1_000_000, 999_000)), id, "ten pages");
        assert_eq!(
            cursor(&window("payment_method", None, None), &page(1_000_000, 999_000)),
            id,
            "listed without a time"
        );
        assert_eq!(cursor(&window("customer", None, None), &page(5, 5)), id, "all of one second");
        let going_on = Window { cursor: Some("cus_before".to_owned()), ..window("customer", None, None) };
        assert_eq!(cursor(&going_on, &page(1_000_000, 999_000)), id, "it is on its way");
        assert_eq!(after(&window("customer", None, None), &page(9, 1), false), (vec![], None), "the last page");
    }
}
