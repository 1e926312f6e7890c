//! Lists: the page that a call asks for, in the manner of either version of the API, and the filter by `created`.

use std::ops::Range;

use serde_json::{Value, json};
use tollgate_stripe_client::Form;

use super::Call;
use crate::clock;
use crate::failure::{Answer, Failure};
use crate::fields::{Field, Given, integer, text, tree};

/// The parameters that every list knows.
pub(super) const FIELDS: [Field; 4] =
    [integer("limit"), text("starting_after"), text("ending_before"), tree("created")];
/// Those of lists in version 2.
pub(super) const FIELDS_V2: [Field; 2] = [integer("limit"), text("page")];

/// One page of things that are sorted newest first; `show` renders those on the page only.
pub(super) fn page<T>(call: &Call, rows: &[T], id: impl Fn(&T) -> &str, show: impl Fn(&T) -> Value) -> Answer {
    let (range, has_more) = select(&call.given, rows.len(), |cursor| rows.iter().position(|row| id(row) == cursor))?;
    let data: Vec<Value> = rows[range].iter().map(show).collect();
    Ok(json!({ "object": "list", "data": data, "has_more": has_more, "url": call.path }))
}

/// The same for version 2: whole addresses lead to the pages around, and their `page` is the id before the page.
pub(super) fn page_by_url<T>(call: &Call, rows: &[T], id: impl Fn(&T) -> &str, show: impl Fn(&T) -> Value) -> Answer {
    let limit = limit(&call.given)?;
    let place = |cursor: &str| rows.iter().position(|row| id(row) == cursor).map(|at| at + 1);
    let start = match call.given.text("/page").unwrap_or_default() {
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

fn select(given: &Given, count: usize, find: impl Fn(&str) -> Option<usize>) -> Result<(Range<usize>, bool), Failure> {
    let limit = limit(given)?;
    let place = |name: &str, cursor: &str| {
        let missing = || Failure::param(name, format!("No such object: '{cursor}'")).code("resource_missing");
        find(cursor).ok_or_else(missing)
    };
    match (given.text("/starting_after"), given.text("/ending_before")) {
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

pub(super) fn limit(given: &Given) -> Result<usize, Failure> {
    match given.integer("/limit").unwrap_or(10) {
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
pub(super) fn created(given: &Given) -> Result<Range<i64>, Failure> {
    bounds(given, "integer", |text| text.parse().ok())
}

/// The same for version 2, where times are RFC 3339.
pub(super) fn created_at(given: &Given) -> Result<Range<i64>, Failure> {
    bounds(given, "timestamp", clock::unix)
}

fn bounds(given: &Given, what: &str, read: impl Fn(&str) -> Option<i64>) -> Result<Range<i64>, Failure> {
    let seconds = |name: &str, text: &str| {
        let invalid = || Failure::param(name, format!("Invalid {what}: {text}")).code("parameter_invalid_integer");
        read(text).ok_or_else(invalid)
    };
    let mut bounds = 0..i64::MAX;
    match given.value().get("created") {
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
    use super::{FIELDS, Given, created, select};
    use crate::fields;
    use crate::params::Params;

    fn given(query: &str) -> Option<Given> {
        fields::read(&Params::parse(query.as_bytes()), &FIELDS).ok()
    }

    #[test]
    fn cursors_cut_the_list_at_both_ends() {
        let page = |query: &str| {
            let find = |cursor: &str| cursor.parse().ok().filter(|at| *at < 5);
            given(query).and_then(|given| select(&given, 5, find).ok())
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
        let range = |query: &str| given(query).and_then(|given| created(&given).ok());
        assert_eq!(range("created=5"), Some(5..6));
        assert_eq!(range("created[gte]=5&created[lt]=9"), Some(5..9));
        assert_eq!(range("created[gt]=5&created[lte]=9"), Some(6..10));
        assert_eq!(range("created[since]=5"), None);
        assert_eq!(range("created=soon"), None);
    }
}
