//! A list object by object, as a stream.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde_json::Value;

use super::Pages;
use crate::error::Error;

/// The objects of a list; pages are fetched when they are needed, and the stream ends after an error.
///
/// ```no_run
/// # async fn f(client: tollgate_stripe_client::Client) -> Result<(), tollgate_stripe_client::Error> {
/// use tollgate_stripe_client::resources::invoices;
/// let mut open = client.pages(invoices::list().query("status", "open")).objects();
/// while let Some(invoice) = open.next().await {
///     println!("{}; resume after {:?}", invoice?["id"], open.cursor());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Objects {
    state: State,
    page: std::vec::IntoIter<Value>,
    by_id: bool,
    cursor: Option<String>,
}

type Fetched = (Box<Pages>, Result<Option<Vec<Value>>, Error>);

enum State {
    Idle(Box<Pages>),
    Fetching(Pin<Box<dyn Future<Output = Fetched> + Send>>),
    Ended,
}

impl Objects {
    pub(super) fn new(pages: Pages) -> Self {
        let (by_id, cursor) = (pages.kind.is_by_id(), pages.cursor.clone());
        Self { state: State::Idle(Box::new(pages)), page: Vec::new().into_iter(), by_id, cursor }
    }

    /// The next object; the same as `StreamExt::next`, without that trait.
    pub async fn next(&mut self) -> Option<Result<Value, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Where to resume with [`Pages::after`], as of the last object that was given out. In a search and on v2 that is
    /// the start of its page, so that some objects of this page come again.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    fn give(&mut self) -> Option<Value> {
        let object = self.page.next()?;
        if let Some(id) = object["id"].as_str().filter(|_| self.by_id) {
            self.cursor = Some(id.to_owned());
        }
        Some(object)
    }

    /// Goes on with the list until there is a page; `None` at its end.
    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Vec<Value>, Error>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Poll::Ready(None),
                State::Idle(mut pages) => {
                    // The page that is fetched now starts there; an id stays that of the last object given out.
                    self.cursor = pages.cursor.clone();
                    self.state = State::Fetching(Box::pin(async move {
                        let fetched = pages.next_page().await;
                        (pages, fetched)
                    }));
                }
                State::Fetching(mut fetching) => {
                    let polled = fetching.as_mut().poll(context);
                    if polled.is_pending() {
                        self.state = State::Fetching(fetching);
                    }
                    let (pages, fetched) = ready!(polled);
                    let page = match fetched.transpose() {
                        Some(Ok(page)) => page,
                        end => return Poll::Ready(end),
                    };
                    self.state = State::Idle(pages);
                    return Poll::Ready(Some(Ok(page)));
                }
            }
        }
    }
}

impl Stream for Objects {
    type Item = Result<Value, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(object) = self.give() {
            return Poll::Ready(Some(Ok(object)));
        }
        match ready!(self.poll_page(context)) {
            Some(Ok(page)) => {
                self.page = page.into_iter();
                Poll::Ready(self.give().map(Ok))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => Poll::Ready(None),
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Idle(_) => "Idle",
            Self::Fetching(_) => "Fetching",
            Self::Ended => "Ended",
        })
    }
}
