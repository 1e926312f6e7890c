//! Lists: the page that a call asks for, in the manner of either version of the API, and the filter by `created`.

use std::ops::Range;

use serde_json::{Value, json};
use tollgate_stripe_client::Form;

use super::Call;
use crate::clock;
use crate::failure::{Answer, Failure};
use crate::params::Params;

/// The parameters that every list knows.
pub(super) const PARAMS: [&str; 4] = ["limit", "starting_after", "ending_before", "created"];

/// One page of things that are sorted newest first; `show` renders those on the page only.
pub(super) fn page<T>(call: &Call, rows: &[T], id: impl Fn(&T) -> &str, show: impl Fn(&T) -> Value) -> Answer {
    let (range, has_more) = select(&call.params, rows.len(), |cursor| rows.iter().position(|row| id(row) == cursor))?;
    let data: Vec<Value> = rows[range].iter().map(show).collect();
    Ok(json!({ "object": "list", "data": data, "has_more": has_more, "url": call.kind.path }))
}

/// The same for version 2: whole addresses lead to the pages around, and their `page` is the id before the page.
pub(super) fn page_by_url<T>(call: &Call, rows: &[T], id: impl Fn(&T) -> &str, show: impl Fn(&T) -> Value) -> Answer {
    let limit = limit(&call.params)?;
    let place = |cursor: &str| rows.iter().position(|row| id(row) == cursor).map(|at| at + 1);
    let start = match call.params.text("page")?.unwrap_or_default() {
        "" => 0,
        cursor => place(cursor).ok_or_else(|| Failure::param("page", format!("Invalid page: '{cursor}'")))?,
    };
    let end = rows.len().min(start + limit);
    let url = |start: usize| {
        let mut query = Form::from_value(&call.params.to_value()).unwrap_or_default();
        query.replace("page", start.checked_sub(1).map_or("", |before| id(&rows[before])));
        format!("{}?{}", call.kind.path, query.encode())
    };
    Ok(json!({
        "data": rows[start..end].iter().map(show).collect::<Vec<_>>(),
        "next_page_url": (end < rows.len()).then(|| url(end)),
        "previous_page_url": (start > 0).then(|| url(start.saturating_sub(limit))),
    }))
}

fn select(
    params: &Params,
    count: usize,
    find: impl Fn(&str) -> Option<usize>,
) -> Result<(Range<usize>, bool), Failure> {
    let limit = limit(params)?;
    let place = |name: &str, cursor: &str| {
        let missing = || Failure::param(name, format!("No such object: '{cursor}'")).code("resource_missing");
        find(cursor).ok_or_else(missing)
    };
    match (params.text("starting_after")?, params.text("ending_before")?) {
        (Some(_), Some(_)) => {
            Err(Failure::invalid(400, "You cannot parameterize both starting_after and ending_before."))
        }
        (None, Some(cursor)) => {
            let end = place("ending_before", cursor)?;
            let start = end.saturating_sub(limit);
            Ok((start..end, start > 0))
        }
        (after, None) => {
            let start = after.map(|cursor| place("starting_after", cursor)).transpose()?.map_or(0, |at| at + 1);
            let end = count.min(start + limit);
            Ok((start..end, end < count))
        }
    }
}

fn limit(params: &Params) -> Result<usize, Failure> {
    match params.integer("limit")?.unwrap_or(10) {
        limit @ 1..=100 => Ok(usize::try_from(limit).unwrap_or(100)),
        101.. => {
            Err(Failure::param("limit", "This value must be less than or equal to 100.")
                .code("parameter_invalid_integer"))
        }
        _ => {
            Err(Failure::param("limit", "This value must be greater than or equal to 1.")
                .code("parameter_invalid_integer"))
        }
    }
}

/// The bounds that `created` or `created[gte]` and its like set, in unix seconds.
pub(super) fn created(params: &Params) -> Result<Range<i64>, Failure> {
    bounds(params, "integer", |text| text.parse().ok())
}

/// The same for version 2, where times are RFC 3339.
pub(super) fn created_at(params: &Params) -> Result<Range<i64>, Failure> {
    bounds(params, "timestamp", clock::unix)
}

fn bounds(params: &Params, what: &str, read: impl Fn(&str) -> Option<i64>) -> Result<Range<i64>, Failure> {
    let seconds = |name: &str, text: &str| {
        let invalid = || Failure::param(name, format!("Invalid {what}: {text}")).code("parameter_invalid_integer");
        read(text).ok_or_else(invalid)
    };
    let mut bounds = 0..i64::MAX;
    match params.get("created") {
        None => {}
        Some(Value::String(text)) => {
            let at = seconds("created", text)?;
            bounds = at..at.saturating_add(1);
        }
        Some(Value::Object(parts)) => {
            for (name, value) in parts {
                let full = format!("created[{name}]");
                let at = seconds(&full, value.as_str().unwrap_or_default())?;
                match name.as_str() {
                    "gte" => bounds.start = at,
                    "gt" => bounds.start = at.saturating_add(1),
                    "lt" => bounds.end = at,
                    "lte" => bounds.end = at.saturating_add(1),
                    _ => return Err(Failure::unknown_param(&full)),
                }
            }
        }
        Some(_) => return Err(Failure::param("created", "Invalid object")),
    }
    Ok(bounds)
}

#[cfg(test)]
mod tests {
    use super::{Params, created, select};

    #[test]
    fn cursors_cut_the_list_at_both_ends() {
        let page = |query: &str| {
            let find = |cursor: &str| cursor.parse().ok().filter(|at| *at < 5);
            select(&Params::parse(query.as_bytes()), 5, find).ok()
        };
        let cases = [
            ("", Some((0..5, false))),
            ("limit=2", Some((0..2, true))),
            ("limit=2&starting_after=1", Some((2..4, true))),
            ("limit=2&starting_after=3", Some((4..5, false))),
            ("starting_after=4", Some((5..5, false))),
            ("limit=2&ending_before=3", Some((1..3, true))),
            ("limit=3&ending_before=2", Some((0..2, false))),
            ("starting_after=9", None),
            ("starting_after=1&ending_before=2", None),
            ("limit=0", None),
            ("limit=101", None),
        ];
        for (query, expected) in cases {
            assert_eq!(page(query), expected, "{query}");
        }
    }

    #[test]
    fn created_takes_a_second_or_bounds() {
        let range = |query: &str| created(&Params::parse(query.as_bytes())).ok();
        assert_eq!(range("created=5"), Some(5..6));
        assert_eq!(range("created[gte]=5&created[lt]=9"), Some(5..9));
        assert_eq!(range("created[gt]=5&created[lte]=9"), Some(6..10));
        assert_eq!(range("created[since]=5"), None);
        assert_eq!(range("created=soon"), None);
    }
}
