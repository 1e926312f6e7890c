//! Lists of objects, page by page, until Stripe has no more.

use std::collections::HashSet;

use serde_json::Value;

use crate::client::Client;
use crate::error::Error;
use crate::form::Form;
use crate::request::Request;

/// A v1 list, fetched 100 objects at a time and newest first, as Stripe sorts.
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
        if self.finished {
            return Ok(None);
        }
        let mut params = self.params.clone();
        if let Some(cursor) = &self.cursor {
            params.replace("starting_after", cursor);
        }
        let mut answer = self.client.send(Request::get(self.path.as_str()).queries(params)).await?;
        let Value::Array(objects) = answer["data"].take() else {
            return Err(Error::Unexpected(format!("the answer from {} is not a list", self.path)));
        };
        if answer["has_more"].as_bool() == Some(true) {
            self.advance(&objects)?;
        } else {
            self.finished = true;
        }
        Ok((!objects.is_empty()).then_some(objects))
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

    /// The id after which the next page starts: store it to resume as `starting_after`.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    fn advance(&mut self, objects: &[Value]) -> Result<(), Error> {
        let last = objects.last().and_then(|object| object["id"].as_str());
        let no_progress = || Error::Unexpected(format!("the list at {} does not get further", self.path));
        let last = last.ok_or_else(no_progress)?;
        if !self.seen.insert(last.to_owned()) {
            return Err(no_progress());
        }
        self.cursor = Some(last.to_owned());
        Ok(())
    }
}
