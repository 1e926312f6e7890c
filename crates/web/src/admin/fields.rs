//! The names and values of a query or a posted form.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use url::form_urlencoded;

use super::page_error::PageError;
use crate::Error;

/// Names and values in their order. It may hold a password, so it has no `Debug`.
#[derive(Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `a=1&b=2`. PostgreSQL's text cannot hold the character NUL, so it is replaced.
    pub(super) fn parse(text: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(text);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.replace('\0', "\u{fffd}"))).collect())
    }

    /// The first value of a name as it was sent; empty if there is none.
    pub(super) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// The first value of a name without space around it; empty if there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The first value of a name, unless it is blank.
    pub(super) fn some(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.is_empty())
    }

    /// The first value of a name as an owned text, unless it is blank.
    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.some(name).map(str::to_owned)
    }

    /// Every value of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.trim())
    }

    /// Whether a box is ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        self.some(name).is_some()
    }

    /// The pairs that are not blank, without some names.
    pub(super) fn without(&self, names: &[&str]) -> Vec<(String, String)> {
        let kept = self.0.iter().filter(|(name, value)| !value.trim().is_empty() && !names.contains(&name.as_str()));
        kept.cloned().collect()
    }
}

/// The fields of the query.
pub(super) struct Query(pub(super) Fields);

impl FromRequest for Query {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(Fields::parse(request.query_string().as_bytes()))))
    }
}

/// The fields of a form that was posted; the guard has read them and checked their CSRF token.
pub(super) struct Posted(pub(super) Fields);

impl FromRequest for Posted {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let fields = request.extensions().get::<Fields>().cloned();
        ready(fields.map(Self).ok_or_else(|| Error::internal("a form was read where none is posted").into()))
    }
}

/// A link: the path with those fields.
pub(super) fn link(path: &str, fields: &[(String, String)]) -> String {
    if fields.is_empty() {
        return path.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("{path}?{query}")
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_written_as_they_are() {
        let fields = Fields::parse(b"a=+x+&a=2&b=&c=%00%3C&csrf=t");
        assert_eq!((fields.raw("a"), fields.get("a"), fields.some("b")), (" x ", "x", None));
        assert_eq!(fields.all("a").collect::<Vec<_>>(), ["x", "2"]);
        assert_eq!(fields.get("c"), "\u{fffd}<");
        let kept = fields.without(&["csrf", "c"]);
        assert_eq!(link("/x", &kept), "/x?a=+x+&a=2");
        assert_eq!(segment("a/b c+d"), "a%2Fb%20c%2Bd");
    }
}
