//! Stripe's own log of events: the last 30 days, to fetch what was missed, and what thin events refer to.

use serde_json::Value;

use crate::client::Client;
use crate::error::Error;
use crate::event::{Envelope, Event, Kind};
use crate::form::Form;
use crate::page::Pages;
use crate::request::Request;

/// Stripe takes at most this many types in one question.
const MOST_TYPES: usize = 20;

/// Which events to list; everything is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Up to 20 types; a single one may end in `*`.
    pub types: Vec<String>,
    /// Created at or after, in unix seconds.
    pub created_gte: Option<i64>,
    /// Created at or before, in unix seconds.
    pub created_lte: Option<i64>,
    /// Whether delivery failed for at least one of *any* endpoints, so it says nothing sure about one of them.
    pub delivery_success: Option<bool>,
    /// Resumes after this event, towards older ones.
    pub starting_after: Option<String>,
}

impl Client {
    /// Reads one event.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`Error::is_missing`] beyond 30 days.
    pub async fn retrieve_event(&self, id: &str) -> Result<Event, Error> {
        let value = self.send(Request::get("/v1/events").segment(id)).await?;
        Event::from_value(value).map_err(|error| Error::Unexpected(error.to_string()))
    }

    /// Lists events, newest first. A connected account's events need a client [for it](Client::with_account).
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for more than 20 types.
    pub fn list_events(&self, filter: &EventFilter) -> Result<Pages, Error> {
        Ok(self.list("/v1/events", filter.form()?))
    }

    /// Reads one thin event, with the `data` and `changes` that its notification leaves out, if Stripe tells any.
    /// `context` is the notification's own.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`Error::is_missing`] beyond 30 days; [`Error::Unexpected`] for a snapshot event.
    pub async fn retrieve_thin_event(&self, id: &str, context: Option<&str>) -> Result<Value, Error> {
        thin(self.send(in_context(Request::get("/v2/core/events").segment(id), context)).await?)
    }

    /// Reads the object of a thin event as it is now: `url` is that of its
    /// [`RelatedObject`](crate::event::RelatedObject), `context` the event's own.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`Error::is_missing`] when it was deleted; [`Error::InvalidRequest`] for a `url` that
    /// is no path under `/v1/` or `/v2/`, and nothing is sent.
    pub async fn retrieve_related(&self, url: &str, context: Option<&str>) -> Result<Value, Error> {
        self.send(in_context(Request::get(url), context)).await
    }
}

fn in_context(request: Request, context: Option<&str>) -> Request {
    match context {
        Some(context) => request.context(context),
        None => request,
    }
}

/// Passes a thin event on.
pub(crate) fn thin(event: Value) -> Result<Value, Error> {
    match Envelope::parse(event.to_string().as_bytes()).and_then(|envelope| envelope.require(Kind::Thin)) {
        Ok(_) => Ok(event),
        Err(error) => Err(Error::Unexpected(error.to_string())),
    }
}

impl EventFilter {
    pub(crate) fn form(&self) -> Result<Form, Error> {
        let mut form = Form::new();
        match self.types.as_slice() {
            [] => {}
            [one] => form.push("type", one),
            many if many.len() > MOST_TYPES => {
                return Err(Error::InvalidRequest(format!("{} event types; at most 20 can be asked for", many.len())));
            }
            many => form.push_list("types", many),
        }
        form.push_some("created[gte]", self.created_gte.map(|seconds| seconds.to_string()));
        form.push_some("created[lte]", self.created_lte.map(|seconds| seconds.to_string()));
        form.push_some("delivery_success", self.delivery_success.map(|flag| flag.to_string()));
        form.push_some("starting_after", self.starting_after.clone());
        Ok(form)
    }
}

#[cfg(test)]
mod tests {
    use super::EventFilter;
    use crate::Form;

    #[test]
    fn a_filter_becomes_the_parameters_stripe_takes() {
        let filter = EventFilter {
            types: vec!["invoice.paid".to_owned(), "charge.failed".to_owned()],
            created_gte: Some(5),
            created_lte: Some(9),
            delivery_success: Some(false),
            starting_after: Some("evt_1".to_owned()),
        };
        let expected = Form::from_iter([
            ("types[0]", "invoice.paid"),
            ("types[1]", "charge.failed"),
            ("created[gte]", "5"),
            ("created[lte]", "9"),
            ("delivery_success", "false"),
            ("starting_after", "evt_1"),
        ]);
        assert_eq!(filter.form().unwrap(), expected);
    }

    #[test]
    fn one_type_may_be_a_wildcard_and_21_are_too_many() {
        let one = EventFilter { types: vec!["invoice.*".to_owned()], ..EventFilter::default() };
        assert_eq!(one.form().unwrap(), Form::new().with("type", "invoice.*"));
        let many = EventFilter { types: vec!["invoice.paid".to_owned(); 21], ..EventFilter::default() };
        assert!(many.form().is_err());
        assert!(EventFilter::default().form().unwrap().is_empty());
    }
}
