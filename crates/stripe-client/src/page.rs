//! Lists of objects, page by page, until Stripe has no more.

mod stream;

use std::collections::HashSet;

use serde_json::Value;

use crate::client::Client;
use crate::error::{ApiError, Error};
use crate::form::Form;
use crate::request::Request;

pub use stream::Objects;

/// A list, fetched 100 objects at a time, newest first as Stripe sorts.
///
/// A list of v1 goes on after its last id, a search at Stripe's page, a list of v2 at the address that Stripe gives.
/// With `ending_before` it goes towards newer objects, the oldest first.
///
/// ```no_run
/// # async fn f(client: tollgate_stripe_client::Client) -> Result<(), tollgate_stripe_client::Error> {
/// use tollgate_stripe_client::resources::customers;
/// let mut pages = client.pages(customers::list().query("created[gte]", "1700000000"));
/// while let Some(customers) = pages.next_page().await? {
///     println!("{} customers, resume after {:?}", customers.len(), pages.cursor());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Pages {
    client: Client,
    request: Request,
    kind: Kind,
    cursor: Option<String>,
    seen: HashSet<String>,
    /// The ids before the cursor on its page: where to go on when the cursor's object is deleted meanwhile.
    before: Vec<String>,
    finished: bool,
}

/// How a list is continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Towards older objects, after an id.
    Older,
    /// Towards newer objects, before an id; each page comes newest first all the same.
    Newer,
    /// At a page of a search.
    Search,
    /// At an address.
    V2,
}

impl Kind {
    fn of(request: &Request) -> Self {
        match request.path() {
            path if path.starts_with("/v2/") => Self::V2,
            path if path.ends_with("/search") => Self::Search,
            _ if request.query_params().get("ending_before").is_some() => Self::Newer,
            _ => Self::Older,
        }
    }

    fn param(self) -> &'static str {
        match self {
            Self::Older => "starting_after",
            Self::Newer => "ending_before",
            Self::Search | Self::V2 => "page",
        }
    }

    fn is_by_id(self) -> bool {
        matches!(self, Self::Older | Self::Newer)
    }
}

impl Client {
    /// Lists what is at `path`; see [`pages`](Self::pages).
    pub fn list(&self, path: impl Into<String>, params: Form) -> Pages {
        self.pages(Request::get(path).queries(params))
    }

    /// Lists what a request for a list or a search gives, over all its pages.
    pub fn pages(&self, mut request: Request) -> Pages {
        if request.query_params().get("limit").is_none() {
            request = request.query("limit", "100");
        }
        let kind = Kind::of(&request);
        let cursor = request.query_params().get(kind.param()).filter(|_| kind != Kind::V2).map(str::to_owned);
        let pages = Pages {
            client: self.clone(),
            request,
            kind,
            cursor: None,
            seen: HashSet::new(),
            before: Vec::new(),
            finished: false,
        };
        match cursor {
            Some(cursor) => pages.after(cursor),
            None => pages,
        }
    }
}

impl Pages {
    /// Goes on where an earlier listing of the same request had come to: `cursor` is what its
    /// [`cursor`](Self::cursor) said.
    #[must_use]
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        let cursor = cursor.into();
        self.seen.insert(cursor.clone());
        self.cursor = Some(cursor);
        self
    }

    /// Whether there is no further page.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Fetches the next page; `None` when there is no more.
    ///
    /// # Errors
    /// Those of [`Client::send`]; the same page may then be asked for again. [`Error::Unexpected`] when an answer is no
    /// list, or when it leads back to where the listing has been, which would never end.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Value>>, Error> {
        while !self.finished {
            let mut answer = match self.client.send(self.next_request()).await {
                Err(error) if self.step_back(&error) => continue,
                answer => answer?,
            };
            let Some(Value::Array(mut objects)) = answer.get_mut("data").map(Value::take) else {
                return Err(Error::Unexpected(format!("the answer from {} is not a list", self.request.path())));
            };
            if self.kind == Kind::Newer {
                objects.reverse();
            }
            match self.cursor_after(&answer, &objects)? {
                Some(next) if self.seen.insert(next.clone()) => self.cursor = Some(next),
                Some(_) => return Err(self.no_progress()),
                None => self.finished = true,
            }
            self.before = self.ids_before_the_last(&objects);
            // A page of a search or of v2 may be empty and yet not the last.
            if !objects.is_empty() {
                return Ok(Some(objects));
            }
        }
        Ok(None)
    }

    /// Fetches all pages that are left.
    ///
    /// # Errors
    /// Those of [`next_page`](Self::next_page), and [`Error::TooMany`] beyond `cap` objects.
    pub async fn collect_all(mut self, cap: usize) -> Result<Vec<Value>, Error> {
        let mut all = Vec::new();
        while let Some(page) = self.next_page().await? {
            all.extend(page);
            if all.len() > cap {
                return Err(Error::TooMany { cap });
            }
        }
        Ok(all)
    }

    /// The same list object by object, as a stream.
    pub fn objects(self) -> Objects {
        Objects::new(self)
    }

    /// Where the next page starts: store it, to resume with [`after`](Self::after). It is an id, of a search Stripe's
    /// name for the page, of a v2 list the address of the page.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    fn next_request(&self) -> Request {
        match (&self.cursor, self.kind) {
            // The address carries all parameters; to send them once more is an error.
            (Some(url), Kind::V2) => Request::next_page(url, self.client.base_url()),
            (Some(cursor), kind) => {
                let mut request = self.request.clone();
                request.query_mut().replace(kind.param(), cursor);
                request
            }
            (None, _) => self.request.clone(),
        }
    }

    /// After a refusal because the cursor's object is gone: goes on after the object before it, if one is known.
    fn step_back(&mut self, error: &Error) -> bool {
        let lost = error.api().is_some_and(ApiError::is_lost_cursor);
        let before = if lost { self.before.pop() } else { None };
        let found = before.is_some();
        self.cursor = before.or(self.cursor.take());
        found
    }

    fn ids_before_the_last(&self, objects: &[Value]) -> Vec<String> {
        let before = objects.split_last().map_or(&[][..], |(_, before)| before);
        let ids = before.iter().filter(|_| self.kind.is_by_id()).filter_map(|object| object["id"].as_str());
        ids.map(str::to_owned).collect()
    }

    fn cursor_after(&self, answer: &Value, objects: &[Value]) -> Result<Option<String>, Error> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if self.kind == Kind::V2 {
            return Ok(text(&answer["next_page_url"]));
        }
        if answer["has_more"].as_bool() != Some(true) {
            return Ok(None);
        }
        let next = match self.kind {
            Kind::Search => text(&answer["next_page"]),
            _ => objects.last().and_then(|object| text(&object["id"])),
        };
        next.map(Some).ok_or_else(|| self.no_progress())
    }

    fn no_progress(&self) -> Error {
        Error::Unexpected(format!("the list at {} does not get further", self.request.path()))
    }
}
