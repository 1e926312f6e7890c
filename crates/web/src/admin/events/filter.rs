//! The event log's filter, as it stands in the URL.

use tollgate_models::events::{Filter, Status};

use crate::Error;
use crate::admin::fields::Fields;
use crate::admin::period;

/// The names of its fields.
pub(in crate::admin) const FIELDS: [&str; 9] =
    ["q", "type", "status", "endpoint", "account", "mode", "period", "from", "until"];

/// Reads it; `now` in unix milliseconds, for spans that end now.
pub(in crate::admin) fn read(query: &Fields, now: i64) -> Result<Filter, Error> {
    let (since, until) = period::bounds(query, now)?;
    let status = query
        .some("status")
        .map(|text| Status::parse(text).ok_or_else(|| Error::BadRequest(format!("there is no status {text:.40}"))));
    Ok(Filter {
        type_: query.some("type").map(|text| text.trim_end_matches(".*").to_owned()),
        status: status.transpose()?,
        endpoint_uuid: query.owned("endpoint"),
        account: query.owned("account"),
        livemode: match query.get("mode") {
            "live" => Some(true),
            "test" => Some(false),
            _ => None,
        },
        since,
        until,
        object_id: None,
        id: query.owned("q"),
    })
}

/// Only the filter's own fields.
pub(in crate::admin) fn only(query: &Fields) -> Vec<(String, String)> {
    query.without(&[]).into_iter().filter(|(name, _)| FIELDS.contains(&name.as_str())).collect()
}

/// The fields of a filter, for a link to the log.
pub(in crate::admin) fn fields(filter: &Filter) -> Vec<(String, String)> {
    let mode = filter.livemode.map(|live| if live { "live" } else { "test" }.to_owned());
    let values = [
        ("q", filter.id.clone().or_else(|| filter.object_id.clone())),
        ("type", filter.type_.clone()),
        ("status", filter.status.map(|status| status.to_string())),
        ("endpoint", filter.endpoint_uuid.clone()),
        ("account", filter.account.clone()),
        ("mode", mode),
        ("from", filter.since.and_then(period::text)),
        ("until", filter.until.and_then(period::text)),
    ];
    values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_the_filter() {
        let query = Fields::parse(b"type=invoice.*&status=dead&mode=live&q=+in_1+&account=&before=5");
        let filter = read(&query, 0).unwrap();
        assert_eq!(filter.type_.as_deref(), Some("invoice"));
        assert_eq!((filter.status, filter.livemode, filter.account), (Some(Status::Dead), Some(true), None));
        assert_eq!(filter.id.as_deref(), Some("in_1"));
        assert_eq!(only(&query).len(), 4);
        assert!(read(&Fields::parse(b"status=broken"), 0).is_err());
        let whole = Fields::parse(
            b"q=in_1&type=invoice&status=dead&endpoint=u&account=a&mode=test&from=2026-11-23T05:50&until=2026-11-24T00:00",
        );
        let filter = read(&whole, 0).unwrap();
        let link = crate::admin::fields::link("", &fields(&filter));
        assert_eq!(read(&Fields::parse(link.trim_start_matches('?').as_bytes()), 0).unwrap(), filter);
    }
}
