//! Looks after the workers: holds on to what they have, takes over what dead ones left, and deals with a handler that does
//! not end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tollgate_models::runs::{self, NewRun, Outcome};
use tollgate_models::{Error, Lane, claims, tasks};

use super::attempt::{self, Failure};
use super::slot::{Running, Slot};
use super::{LEASE, MOST_ABANDONED, Pool, Shared};

/// How often workers are looked at.
const GLANCE: Duration = Duration::from_secs(1);
/// How often what dead workers left is looked for.
const TAKE_BACK_EVERY: Duration = Duration::from_secs(5);
/// By how much the clocks of two machines may differ, in milliseconds.
const CLOCKS_DIFFER: i64 = 2000;
/// A handler that takes this many times its time limit ends the process, where its transaction cannot be broken off.
const PATIENCE: u32 = 5;

/// Looks after a pool until the process stops.
pub(super) fn keep(pool: &Arc<Pool>) {
    let shared = &pool.shared;
    let (mut renewed, mut taken_back) = (Instant::now(), Instant::now());
    // Tests have shorter limits.
    let glance = GLANCE.min(shared.handler_deadline / 4);
    // What this process was started for may be that another one died.
    take_back(shared);
    while !shared.stopping.load(Ordering::Relaxed) {
        shared.stop_bell.wait(glance);
        for slot in pool.slots() {
            look_at(pool, &slot);
        }
        if renewed.elapsed() > Duration::from_millis(LEASE as u64 / 4) {
            renew(pool);
            renewed = Instant::now();
        }
        if taken_back.elapsed() > TAKE_BACK_EVERY {
            take_back(shared);
            hurry(shared);
            taken_back = Instant::now();
        }
    }
}

fn look_at(pool: &Arc<Pool>, slot: &Arc<Slot>) {
    let deadline = pool.shared.handler_deadline;
    let Some((running, news)) = slot.overdue(deadline) else { return };
    if news {
        pool.shared.metrics.work().overdue(&running.handler);
        tracing::error!(
            handler = running.handler,
            event = running.event.id,
            seconds = running.since.elapsed().as_secs(),
            "a handler does not end"
        );
    }
    match pool.shared.database.break_off(&slot.name) {
        Ok(true) => {
            pool.shared.metrics.work().broken_off();
            give_up(pool, slot, &running);
        }
        Ok(false) if pool.shared.database.url().is_sqlite() => despair(pool, &running, deadline),
        Ok(false) => {}
        Err(error) => tracing::error!(%error, "could not break off a handler's transaction"),
    }
}

// PostgreSQL has rolled its transaction back: the event is tried again later, the others go on with a new worker. The
// thread itself cannot be ended; if the handler ever returns, it ends by itself.
fn give_up(pool: &Arc<Pool>, slot: &Arc<Slot>, running: &Running) {
    slot.give_up();
    if let Err(error) = settle(&pool.shared, slot, running) {
        tracing::error!(%error, "could not record a handler that does not end; its event comes back when the claim ends");
    }
    pool.replace(slot);
    pool.shared.alarm.ring();
    if pool.abandoned(slot) >= MOST_ABANDONED as usize && pool.shared.exits_when_stuck {
        tracing::error!(
            handler = running.handler,
            event = running.event.id,
            "ending the process: {MOST_ABANDONED} handlers do not end, and each holds a thread and a connection; start it again"
        );
        end();
    }
}

// Without the handlers that libraries registered for the end: other threads still use what those free.
fn end() -> ! {
    signal_hook::low_level::exit(70)
}

fn settle(shared: &Shared, slot: &Slot, running: &Running) -> Result<(), Error> {
    let (row, now) = (&running.event, shared.clock.now_millis());
    let text = format!("{}: it had not ended after {} s", running.handler, shared.handler_deadline.as_secs_f32());
    let failure = Failure::again(text.clone());
    let ended = attempt::failed(row, &failure, &shared.retry_delays, now);
    let run = NewRun {
        event_id: row.id.clone(),
        handler: running.handler.clone(),
        attempt: ended.attempts,
        outcome: Outcome::TimedOut,
        error: Some(text),
        cause: row.cause,
        started_at: now - i64::try_from(running.since.elapsed().as_millis()).unwrap_or_default(),
        duration_us: i64::try_from(running.since.elapsed().as_micros()).unwrap_or(i64::MAX),
        task_id: None,
    };
    let deaths = match ended.status {
        tollgate_models::events::Status::Dead => attempt::death(shared, row, &failure, &ended),
        _ => Vec::new(),
    };
    let runs = [run];
    let recorded = shared.database.write(Lane::Ordinary, |conn| -> Result<bool, Error> {
        let mine = claims::finish(conn, row.seq, &slot.name, &ended)?;
        if mine {
            runs::insert(conn, &runs)?;
            tasks::insert(conn, &deaths)?;
        }
        claims::release(conn, &slot.name)?;
        Ok(mine)
    })?;
    if recorded {
        shared.ended(std::iter::once((row, &ended)), &runs);
    }
    Ok(())
}

// SQLite's one writer is inside the handler: nothing can be taken in or processed until it returns. Another process can
// go on, and counts this event's death; after several it is not tried again.
fn despair(pool: &Pool, running: &Running, deadline: Duration) {
    if running.since.elapsed() > deadline * PATIENCE && pool.shared.exits_when_stuck {
        tracing::error!(
            handler = running.handler,
            event = running.event.id,
            "ending the process: the handler holds the only connection that can write to SQLite; start it again"
        );
        end();
    }
}

fn renew(pool: &Pool) {
    let until = pool.shared.clock.now_millis() + LEASE;
    for slot in pool.slots() {
        let renewed = pool.shared.database.write(Lane::Ordinary, |conn| claims::renew(conn, &slot.name, until));
        if let Err(error) = renewed {
            tracing::warn!(%error, "could not hold on to claimed events");
        }
    }
}

/// Puts events back whose workers are gone.
pub(super) fn take_back(shared: &Shared) {
    let now = shared.clock.now_millis();
    let taken = shared.database.read(|conn| claims::any_expired(conn, now)).and_then(|any| match any {
        true => shared.database.write(Lane::Ordinary, |conn| claims::take_back_expired(conn, now)),
        false => Ok(0),
    });
    match taken {
        Ok(0) => {}
        Ok(events) => {
            shared.metrics.work().taken_back(events);
            tracing::warn!(events, "took over events of a worker that is gone");
            shared.alarm.ring();
        }
        Err(error) => tracing::warn!(%error, "could not look for events of workers that are gone"),
    }
}

// Tasks that were enqueued while the clock was far ahead would wait until it is that late again. Processes whose clocks
// differ by less are left alone.
fn hurry(shared: &Shared) {
    let now = shared.clock.now_millis();
    let hurried = shared.database.read(|conn| tasks::any_ahead(conn, now + CLOCKS_DIFFER)).and_then(|any| match any {
        true => shared.database.write(Lane::Ordinary, |conn| tasks::make_due(conn, now)),
        false => Ok(0),
    });
    match hurried {
        Ok(0) => {}
        Ok(tasks) => {
            tracing::warn!(tasks, "the clock was put back: tasks that had to wait for it are due now");
            shared.alarm.ring();
        }
        Err(error) => tracing::warn!(%error, "could not look for tasks that wait for a clock that was put back"),
    }
}
