//! Lists of objects, page by page, until Stripe has no more.

use std::collections::HashSet;

use serde_json::Value;

use crate::client::Client;
use crate::error::Error;
use crate::form::Form;
use crate::request::Request;

/// A list, fetched 100 objects at a time and newest first, as Stripe sorts.
///
/// A list of v1 goes on after its last id, one of v2 at the address that Stripe gives.
///
/// ```no_run
/// # async fn f(client: tollgate_stripe_client::Client) -> Result<(), tollgate_stripe_client::Error> {
/// use tollgate_stripe_client::Form;
/// let mut pages = client.list("/v1/customers", Form::new().with("created[gte]", "1700000000"));
/// while let Some(customers) = pages.next_page().await? {
///     println!("{} customers, resume after {:?}", customers.len(), pages.cursor());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Pages {
    client: Client,
    path: String,
    params: Form,
    cursor: Option<String>,
    seen: HashSet<String>,
    finished: bool,
}

impl Client {
    /// Lists what is at `path`. A `starting_after` among the parameters resumes an earlier listing.
    pub fn list(&self, path: impl Into<String>, mut params: Form) -> Pages {
        if params.get("limit").is_none() {
            params.push("limit", "100");
        }
        let cursor = params.get("starting_after").map(str::to_owned);
        let seen = cursor.iter().cloned().collect();
        Pages { client: self.clone(), path: path.into(), params, cursor, seen, finished: false }
    }
}

impl Pages {
    /// Fetches the next page; `None` when there is no more.
    ///
    /// # Errors
    /// Those of [`Client::send`]; the same page may then be asked for again. [`Error::Unexpected`] when an answer is no
    /// list, or when it leads back to where the listing has been, which would never end.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Value>>, Error> {
        while !self.finished {
            let mut answer = self.client.send(self.request()).await?;
            let Some(Value::Array(objects)) = answer.get_mut("data").map(Value::take) else {
                return Err(Error::Unexpected(format!("the answer from {} is not a list", self.path)));
            };
            match self.cursor_after(&answer, &objects)? {
                Some(next) if self.seen.insert(next.clone()) => self.cursor = Some(next),
                Some(_) => return Err(self.no_progress()),
                None => self.finished = true,
            }
            // A page of v2 may be empty and yet not the last.
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

    /// The id after which the next page starts: store it to resume as `starting_after`. Of a v2 list it is the address
    /// of the next page.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    fn is_v2(&self) -> bool {
        self.path.starts_with("/v2/")
    }

    fn request(&self) -> Request {
        let mut params = self.params.clone();
        match &self.cursor {
            // The address carries all parameters; to send them once more is an error.
            Some(url) if self.is_v2() => return Request::next_page(url, self.client.base_url()),
            Some(id) => params.replace("starting_after", id),
            None => {}
        }
        Request::get(self.path.as_str()).queries(params)
    }

    fn cursor_after(&self, answer: &Value, objects: &[Value]) -> Result<Option<String>, Error> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if self.is_v2() {
            return Ok(text(&answer["next_page_url"]));
        }
        if answer["has_more"].as_bool() != Some(true) {
            return Ok(None);
        }
        objects.last().and_then(|object| text(&object["id"])).map(Some).ok_or_else(|| self.no_progress())
    }

    fn no_progress(&self) -> Error {
        Error::Unexpected(format!("the list at {} does not get further", self.path))
    }
}
