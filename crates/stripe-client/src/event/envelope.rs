//! The few fields of an event that decide about a delivery, read without building a tree.

use std::borrow::Cow;
use std::fmt;

use serde::de::MapAccess;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::EnvelopeError;
use super::lenient::{Fields, Object, Text};

/// What an event carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The object as it was (`object` is `event`).
    #[default]
    Snapshot,
    /// Only where to find the object (`object` is `v2.core.event`).
    Thin,
}

impl Kind {
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::Snapshot => "it holds its object: read it with Event::parse",
            Self::Thin => {
                "it holds no object: read it with Envelope::parse, fetch its object, join them with Event::hydrated"
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Snapshot => "snapshot",
            Self::Thin => "thin",
        })
    }
}

/// Where a thin event's object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelatedObject<'a> {
    /// Its id; singletons such as the balance have none.
    pub id: Option<Cow<'a, str>>,
    /// Its kind.
    pub object: Option<Cow<'a, str>>,
    /// Its path at the API; [`Client::retrieve_related`](crate::Client::retrieve_related) refuses one that leads
    /// elsewhere.
    pub url: Cow<'a, str>,
}

/// The head of an event, borrowed from the body where that is possible.
///
/// The whole body is checked to be JSON, but what is not named here is not looked at: fields that are unknown, of
/// another type or given twice (the last counts) do no harm.
///
/// ```
/// use tollgate_stripe_client::event::{Envelope, Kind};
/// let body = br#"{"id":"evt_1","object":"event","type":"customer.created","created":1700000000,
///     "data":{"object":{"id":"cus_1","object":"customer"}}}"#;
/// let envelope = Envelope::parse(body)?;
/// assert_eq!((envelope.id.as_ref(), envelope.kind), ("evt_1", Kind::Snapshot));
/// assert_eq!(envelope.object_id.as_deref(), Some("cus_1"));
/// # Ok::<(), tollgate_stripe_client::event::EnvelopeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// `evt_…`; by it duplicates are told.
    pub id: Cow<'a, str>,
    /// The type, such as `invoice.paid`.
    pub type_: Cow<'a, str>,
    /// When it was created, in unix seconds; its resolution does not tell the order of events.
    pub created: i64,
    /// Snapshot or thin.
    pub kind: Kind,
    /// The version the object is written in; thin events have none.
    pub api_version: Option<Cow<'a, str>>,
    /// Whether it is about live money.
    pub livemode: Option<bool>,
    /// The connected account it comes from.
    pub account: Option<Cow<'a, str>>,
    /// What to send back as `Stripe-Context` when asking about it.
    pub context: Option<Cow<'a, str>>,
    /// The request that caused it, if one did.
    pub request_id: Option<Cow<'a, str>>,
    /// That request's idempotency key.
    pub idempotency_key: Option<Cow<'a, str>>,
    /// The id of the object it is about; some objects have none.
    pub object_id: Option<Cow<'a, str>>,
    /// The kind of the object it is about.
    pub object: Option<Cow<'a, str>>,
    /// A thin event's object, which is to be fetched.
    pub related_object: Option<RelatedObject<'a>>,
    /// The snapshot event that tells the same, by which both count once.
    pub snapshot_event: Option<Cow<'a, str>>,
}

impl<'a> Envelope<'a> {
    /// Reads the head of a snapshot or thin event from the raw body.
    ///
    /// # Errors
    /// When the body is not JSON in UTF-8, or not an event: `id`, `type` and `created` must be there.
    pub fn parse(body: &'a [u8]) -> Result<Self, EnvelopeError> {
        if body.is_empty() {
            return Err(EnvelopeError::Empty);
        }
        let text = str::from_utf8(body).map_err(|_| EnvelopeError::NotUtf8)?;
        let Object(head): Object<Head<'a>> =
            serde_json::from_str(text).map_err(|error| EnvelopeError::NotJson(error.to_string()))?;
        head.into_envelope()
    }

    /// Passes an event of the expected kind on.
    ///
    /// # Errors
    /// [`EnvelopeError::WrongKind`] for the other kind.
    pub fn require(self, expected: Kind) -> Result<Self, EnvelopeError> {
        if self.kind == expected { Ok(self) } else { Err(EnvelopeError::WrongKind { expected, found: self.kind }) }
    }
}

#[derive(Default)]
struct Head<'a> {
    id: Text<'a>,
    object: Text<'a>,
    type_: Text<'a>,
    created: Text<'a>,
    api_version: Text<'a>,
    livemode: Text<'a>,
    account: Text<'a>,
    context: Text<'a>,
    snapshot_event: Text<'a>,
    data: Object<Data<'a>>,
    request: Object<Request<'a>>,
    reason: Object<Reason<'a>>,
    related_object: Object<Pointer<'a>>,
}

#[derive(Default)]
struct Data<'a> {
    object: Object<Pointer<'a>>,
}

#[derive(Default)]
struct Reason<'a> {
    request: Object<Request<'a>>,
}

#[derive(Default)]
struct Request<'a> {
    id: Text<'a>,
    idempotency_key: Text<'a>,
}

/// The object an event is about: in `data.object` its kind is called `object`, in `related_object` it is `type`.
#[derive(Default)]
struct Pointer<'a> {
    id: Text<'a>,
    object: Text<'a>,
    type_: Text<'a>,
    url: Text<'a>,
}

macro_rules! fields {
    ($type:ident { $($key:literal => $field:ident),+ $(,)? } $($from_text:item)?) => {
        impl<'de> Fields<'de> for $type<'de> {
            fn read<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
                match key {
                    $($key => self.$field = map.next_value()?,)+
                    _ => return Ok(false),
                }
                Ok(true)
            }

            $($from_text)?
        }
    };
}

fields!(Head {
    "id" => id, "object" => object, "type" => type_, "created" => created, "api_version" => api_version,
    "livemode" => livemode, "account" => account, "context" => context, "snapshot_event" => snapshot_event,
    "data" => data, "request" => request, "reason" => reason, "related_object" => related_object,
});
fields!(Data { "object" => object });
fields!(Reason { "request" => request });
fields!(Pointer { "id" => id, "object" => object, "type" => type_, "url" => url });
fields!(Request { "id" => id, "idempotency_key" => idempotency_key }
    /// Before API version 2017-05-25, `request` was the id itself.
    fn from_text(text: Cow<'de, str>) -> Self {
        Self { id: Text(Some(text)), idempotency_key: Text(None) }
    }
);

impl<'a> Head<'a> {
    fn into_envelope(self) -> Result<Envelope<'a>, EnvelopeError> {
        let kind = match self.object.0.as_deref() {
            Some("v2.core.event") => Kind::Thin,
            Some("event") | None => Kind::Snapshot,
            Some(other) => return Err(EnvelopeError::NotAnEvent(other.chars().take(100).collect())),
        };
        let request = match kind {
            Kind::Snapshot => self.request.0,
            Kind::Thin => self.reason.0.request.0,
        };
        let related = related_object(self.related_object.0);
        let (object_id, object) = match (kind, &related) {
            (Kind::Snapshot, _) => (self.data.0.object.0.id.0, self.data.0.object.0.object.0),
            (Kind::Thin, Some(related)) => (related.id.clone(), related.object.clone()),
            (Kind::Thin, None) => (None, None),
        };
        Ok(Envelope {
            id: required("id", self.id)?,
            type_: required("type", self.type_)?,
            created: created(&required("created", self.created)?).ok_or(EnvelopeError::Field("created"))?,
            kind,
            api_version: self.api_version.0,
            livemode: self.livemode.0.and_then(|flag| flag.parse().ok()),
            account: self.account.0,
            context: self.context.0,
            request_id: request.id.0,
            idempotency_key: request.idempotency_key.0,
            object_id,
            object,
            related_object: related,
            snapshot_event: self.snapshot_event.0,
        })
    }
}

fn related_object(pointer: Pointer<'_>) -> Option<RelatedObject<'_>> {
    Some(RelatedObject { id: pointer.id.0, object: pointer.type_.0, url: pointer.url.0? })
}

fn required<'a>(name: &'static str, text: Text<'a>) -> Result<Cow<'a, str>, EnvelopeError> {
    text.0.filter(|text| !text.is_empty()).ok_or(EnvelopeError::Field(name))
}

/// Unix seconds, or RFC 3339 as thin events have it.
fn created(text: &str) -> Option<i64> {
    let dated = || OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp);
    text.parse().ok().or_else(dated)
}
