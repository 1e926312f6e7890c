//! Works a backfill off: its parts several at a time, each page stored with how far its part is, in one transaction.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use serde_json::Value;
use tollgate_models::mirror::{self, Change, Subject};
use tollgate_models::refetches::{self, NewRefetch, Reason};
use tollgate_models::syncs::{self, Status, Window};
use tollgate_models::{Database, Lane, QueryResult};
use tollgate_stripe_client::{Client, Error as StripeError};

use super::plan::{self, Place};
use super::{Report, report_of, windows};
use crate::asked::Asked;
use crate::lease::Lease;
use crate::stripe_keys::StripeKeys;
use crate::{Clock, Error};

/// The lease of the process that works a backfill off.
pub(super) const LEASE: &str = "sync";
/// How long it has it, in milliseconds; each page takes it anew. Should two be at it after all, pages are stored twice.
const LEASE_FOR: i64 = 15_000;
/// Parts that are listed at the same time, as far as the request budget lets them.
const AT_ONCE: usize = 16;
/// How much longer to wait after each answer in a row that Stripe did not give.
const PAUSE: Duration = Duration::from_secs(1);
/// So many of them in a row, and the backfill is left for later.
const MOST_FAILURES: u32 = 10;
/// How often it is told how far the backfill is: that adds up all of its parts.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// Why a backfill without any part failed.
const NO_KEY: &str = "there is no Stripe key: add one under Accounts and keys, or with `tollgate keys add`";

/// Works backfills off, on a thread that may block.
pub(crate) struct Runner {
    pub(crate) database: Database,
    pub(crate) stripe: StripeKeys,
    pub(crate) clock: Clock,
}

/// What asking for a page of a part led to.
enum Listed {
    Stored,
    Refused,
    NoAnswer(StripeError),
}

type Listing<'a> = LocalBoxFuture<'a, (i64, Result<Listed, Error>)>;

impl Runner {
    /// Works a backfill off for as long as `go_on` says so; whether it came to its end. False also while another process has it.
    pub(crate) fn run(&self, id: i64, go_on: impl Fn() -> bool, mut tell: impl FnMut(&Report)) -> Result<bool, Error> {
        let lease = Lease::new(LEASE, LEASE_FOR);
        if !lease.hold(&self.database, &self.clock)? {
            return Ok(false);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
        let go_on = || Ok(go_on() && lease.hold(&self.database, &self.clock)?);
        let worked = runtime.block_on(self.work(id, go_on, &mut tell));
        lease.give_back(&self.database);
        worked
    }

    async fn work(
        &self,
        id: i64,
        go_on: impl Fn() -> Result<bool, Error>,
        tell: &mut impl FnMut(&Report),
    ) -> Result<bool, Error> {
        let Some(sync) = self.database.read(|conn| syncs::find(conn, id))? else { return Ok(true) };
        if sync.status != Status::Running {
            return Ok(true);
        }
        let accounts = plan::accounts(self).await?;
        plan::begin(self, &sync, &accounts)?;
        let (mut under_way, mut failures, mut told) = (Vec::new(), 0, Instant::now());
        let mut listings = FuturesUnordered::new();
        loop {
            self.start(id, &accounts, &mut under_way, &mut listings)?;
            let Some((window, listed)) = listings.next().await else { break };
            under_way.retain(|other| *other != window);
            failures = match listed? {
                Listed::Stored | Listed::Refused => 0,
                Listed::NoAnswer(error) if failures == MOST_FAILURES => return Err(error.into()),
                Listed::NoAnswer(_) => failures + 1,
            };
            if failures > 0 {
                tokio::time::sleep(PAUSE * failures).await;
            }
            if self.database.read(|conn| syncs::find(conn, id))?.is_none_or(|sync| sync.status != Status::Running) {
                return Ok(true);
            }
            if told.elapsed() > TELL_EVERY
                && let Some(report) = report_of(&self.database, id)?
            {
                tell(&report);
                told = Instant::now();
            }
            if !go_on()? {
                return Ok(false);
            }
        }
        self.finish(id)
    }

    // So many pages are asked for at a time, each of another part.
    fn start<'a>(
        &'a self,
        id: i64,
        accounts: &'a HashMap<Place, Client>,
        under_way: &mut Vec<i64>,
        listings: &mut FuturesUnordered<Listing<'a>>,
    ) -> Result<(), Error> {
        let free = AT_ONCE.saturating_sub(under_way.len());
        if free == 0 {
            return Ok(());
        }
        for window in self.database.read(|conn| syncs::next_windows(conn, id, under_way, free as i64))? {
            under_way.push(window.id);
            let client = accounts.get(&Place::of(&window));
            listings.push(async move { (window.id, self.list(&window, client).await) }.boxed_local());
        }
        Ok(())
    }

    async fn list(&self, window: &Window, client: Option<&Client>) -> Result<Listed, Error> {
        let Some(client) = client else {
            let gone = "there is no longer a key for this account";
            self.database.write(Lane::Ordinary, |conn| syncs::record_error(conn, window.id, Status::Failed, gone))?;
            return Ok(Listed::Refused);
        };
        let asked = Asked::now(&self.clock);
        let mut pages = client.list_objects(&window.object, windows::params(window))?;
        match pages.next_page().await {
            Ok(page) => {
                let as_of = asked.at_stripe(client);
                self.store(window, client, &page.unwrap_or_default(), !pages.is_finished(), as_of)?;
                Ok(Listed::Stored)
            }
            Err(error) => self.refused(window, error),
        }
    }

    fn store(&self, window: &Window, client: &Client, page: &[Value], more: bool, as_of: i64) -> Result<(), Error> {
        let account = Some(window.account.as_str()).filter(|account| !account.is_empty());
        let change = |object| Change {
            object,
            previous: None,
            event_id: None,
            event_type: "",
            fetched: true,
            as_of,
            account,
            livemode: window.livemode,
            api_version: Some(client.api_version()),
        };
        let changes: Vec<Change<'_>> = page.iter().map(change).collect();
        let now = self.clock.now_millis();
        let cut: Vec<NewRefetch<'_>> = changes.iter().filter_map(|change| going_on(change, now)).collect();
        let (parts, cursor) = windows::after(window, page, more);
        let status = if cursor.is_some() { Status::Pending } else { Status::Done };
        self.database.write(Lane::Ordinary, |conn| -> QueryResult<()> {
            let stored = mirror::apply_fetched(conn, &changes)? as i64;
            refetches::want(conn, &cut)?;
            syncs::insert_windows(conn, &parts)?;
            syncs::record_page(conn, window.id, page.len() as i64, stored, cursor.as_deref(), status)
        })?;
        Ok(())
    }

    // What Stripe refuses once, it refuses again; what it did not answer is asked for again.
    fn refused(&self, window: &Window, error: StripeError) -> Result<Listed, Error> {
        let again = error.is_transient();
        let status = if again { Status::Pending } else { Status::Failed };
        let text = error.to_string();
        self.database.write(Lane::Ordinary, |conn| syncs::record_error(conn, window.id, status, &text))?;
        Ok(if again { Listed::NoAnswer(error) } else { Listed::Refused })
    }

    fn finish(&self, id: i64) -> Result<bool, Error> {
        let now = self.clock.now_millis();
        self.database.write(Lane::Ordinary, |conn| -> QueryResult<()> {
            let progress = syncs::progress(conn, id)?;
            let all_refused = progress.iter().all(|of| of.refused == of.windows);
            let (status, error) = match progress.first() {
                None => (Status::Failed, Some(NO_KEY.to_owned())),
                Some(first) if all_refused => (Status::Failed, Some(first.error.clone())),
                Some(_) => (Status::Done, None),
            };
            syncs::finish(conn, id, status, error.as_deref(), now).map(drop)
        })?;
        Ok(true)
    }
}

// An object of which a list goes on at Stripe.
fn going_on<'a>(change: &Change<'a>, now: i64) -> Option<NewRefetch<'a>> {
    let (object, id) = change.place()?;
    let kind = mirror::kind(object).filter(|kind| mirror::has_more(kind, change.object))?;
    let subject = Subject { object: kind.object, id, livemode: change.livemode, account: change.account };
    Some(NewRefetch::new(subject, Reason::List, now))
}
