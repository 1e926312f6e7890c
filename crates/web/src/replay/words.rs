//! Which events a replay means, in words.

use time::OffsetDateTime;
use time::macros::format_description;
use tollgate_models::events::Filter;

/// A filter as a person reads it; `endpoint` names an endpoint by its UUID.
pub(crate) fn in_words(filter: &Filter, endpoint: impl Fn(&str) -> String) -> String {
    let status = filter.status.map_or("all", |status| status.as_str());
    let mut words = format!("{status} events");
    let mut add = |before: &str, value: &str| {
        words.push_str(before);
        words.push_str(value);
    };
    if let Some(type_) = &filter.type_ {
        add(if type_.contains('.') { " of type " } else { " of type or family " }, type_);
    }
    if let Some(id) = filter.id.as_ref().or(filter.object_id.as_ref()) {
        add(" with or about ", id);
    }
    if let Some(uuid) = &filter.endpoint_uuid {
        add(" from the endpoint ", &endpoint(uuid));
    }
    if let Some(account) = &filter.account {
        add(" of account ", account);
    }
    if let Some(livemode) = filter.livemode {
        add(" in ", if livemode { "live mode" } else { "test mode" });
    }
    match (filter.since, filter.until) {
        (None, None) => {}
        (Some(since), None) => add(", received since ", &moment(since)),
        (None, Some(until)) => add(", received before ", &moment(until)),
        (Some(since), Some(until)) => {
            add(", received since ", &moment(since));
            add(" and before ", &moment(until));
        }
    }
    words
}

fn moment(millis: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)).ok();
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    at.and_then(|at| at.format(format).ok()).unwrap_or_else(|| millis.to_string())
}

#[cfg(test)]
mod tests {
    use tollgate_models::events::Status;

    use super::*;

    #[test]
    fn a_filter_reads_as_a_sentence() {
        let words = |filter: &Filter| in_words(filter, |uuid| format!("“{uuid}”"));
        assert_eq!(words(&Filter::default()), "all events");
        let filter = Filter {
            type_: Some("invoice".to_owned()),
            status: Some(Status::Dead),
            endpoint_uuid: Some("u".to_owned()),
            account: Some("acct_1".to_owned()),
            livemode: Some(true),
            since: Some(1_795_413_046_000),
            until: Some(i64::MAX),
            object_id: None,
            id: Some("in_1".to_owned()),
        };
        assert_eq!(
            words(&filter),
            "dead events of type or family invoice with or about in_1 from the endpoint “u” of account acct_1 in live mode, \
             received since 2026-11-23 05:50:46 UTC and before 9223372036854775807"
        );
    }
}
