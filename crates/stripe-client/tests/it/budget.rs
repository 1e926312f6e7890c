//! The request budget: who goes when, how it gives way to Stripe's complaints, and what it shows.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tollgate_stripe_client::{Budget, Budgets, Error, Limited, Limits, Priority};

const SMALL: Limits = Limits { per_second: 10.0, burst: 2, in_flight: 100 };

/// Calls that say who they are when they get through, and hold their permits for a while.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(String, Instant)>>>);

impl Log {
    fn call(&self, budget: &Budget, priority: Priority, name: impl Into<String>, hold: Duration) -> JoinHandle<()> {
        let (log, budget, name) = (self.clone(), budget.clone(), name.into());
        tokio::spawn(async move {
            let permit = budget.acquire(priority, None).await.unwrap();
            log.0.lock().unwrap().push((name, Instant::now()));
            sleep(hold).await;
            drop(permit);
        })
    }

    fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(name, _)| name.clone()).collect()
    }

    fn times(&self) -> Vec<Instant> {
        self.0.lock().unwrap().iter().map(|(_, time)| *time).collect()
    }
}

/// Takes all tokens and gives the slots back.
async fn drain(budget: &Budget) {
    while budget.snapshot().tokens >= 1.0 {
        budget.acquire(Priority::Person, None).await.unwrap();
    }
}

async fn all(calls: Vec<JoinHandle<()>>) {
    for call in calls {
        call.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_while_there_are_tokens() {
    for (limits, burst) in [(Limits::LIVE, 15), (Limits::SANDBOX, 4)] {
        let budget = Budget::new(limits);
        let start = Instant::now();
        for _ in 0..burst {
            budget.acquire(Priority::Backfill, None).await.unwrap();
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        budget.acquire(Priority::Backfill, None).await.unwrap();
        assert!(start.elapsed() > Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn no_second_has_more_requests_than_stripe_allows() {
    for (limits, allowed) in [(Limits::LIVE, 100), (Limits::SANDBOX, 25)] {
        let (budget, log, start) = (Budget::new(limits), Log::default(), Instant::now());
        let calls = (0..400).map(|n| log.call(&budget, Priority::ALL[n % 4], "", Duration::from_millis(3))).collect();
        all(calls).await;
        let times = log.times();
        for (index, first) in times.iter().enumerate() {
            let within = times[index..].iter().take_while(|time| **time - *first < Duration::from_secs(1)).count();
            assert!(within <= allowed, "{within} requests in a second");
        }
        let ideal = f64::from(400 - limits.burst) / limits.per_second;
        assert!(start.elapsed().as_secs_f64() < ideal * 1.1, "{:?} for {ideal} s of work", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_goes_first_and_backfill_last() {
    let (budget, log) = (Budget::new(SMALL), Log::default());
    drain(&budget).await;
    let order = [Priority::Backfill, Priority::Reconcile, Priority::Worker, Priority::Person];
    let mut calls = Vec::new();
    for (priority, n) in order.into_iter().flat_map(|priority| [(priority, 1), (priority, 2)]) {
        calls.push(log.call(&budget, priority, format!("{} {n}", priority.name()), Duration::ZERO));
        tokio::task::yield_now().await;
    }
    assert_eq!(budget.snapshot().waiting, [2; 4]);
    assert_eq!(budget.snapshot().waiting_at(Priority::Backfill), 2);
    all(calls).await;
    // The tenth grant is for whoever has waited longest: two were taken before.
    let expected =
        ["person 1", "person 2", "worker 1", "worker 2", "reconcile 1", "reconcile 2", "backfill 1", "backfill 2"];
    assert_eq!(log.names(), expected);
    assert_eq!(budget.snapshot().waiting, [0; 4]);
}

#[tokio::test(start_paused = true)]
async fn backfill_gets_on_under_steady_load() {
    let (budget, log) = (Budget::new(SMALL), Log::default());
    drain(&budget).await;
    let mut calls: Vec<_> = (0..3).map(|_| log.call(&budget, Priority::Backfill, "backfill", Duration::ZERO)).collect();
    tokio::task::yield_now().await;
    calls.extend((0..60).map(|_| log.call(&budget, Priority::Worker, "worker", Duration::ZERO)));
    all(calls).await;
    let names = log.names();
    let places: Vec<usize> = (0..names.len()).filter(|at| names[*at] == "backfill").collect();
    assert_eq!(places, [7, 17, 27], "one grant in ten");
}

#[tokio::test(start_paused = true)]
async fn background_work_leaves_half_of_the_slots() {
    let (budget, log) = (Budget::new(Limits { per_second: 1000.0, burst: 100, in_flight: 6 }), Log::default());
    let minute = Duration::from_secs(60);
    let background: Vec<_> = (0..5).map(|_| log.call(&budget, Priority::Backfill, "backfill", minute)).collect();
    tokio::task::yield_now().await;
    let urgent: Vec<_> = (0..4).map(|_| log.call(&budget, Priority::Person, "person", minute)).collect();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(log.names(), ["backfill", "backfill", "backfill", "person", "person", "person"]);
    let snapshot = budget.snapshot();
    assert_eq!((snapshot.in_flight, snapshot.most_in_flight, snapshot.waiting), (6, 6, [1, 0, 0, 2]));
    all(urgent).await;
    all(background).await;
    assert_eq!((budget.snapshot().in_flight, budget.snapshot().granted), (0, 9));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_turns_into_an_error_and_leaves_the_queue() {
    let budget = Budget::new(Limits { per_second: 0.5, burst: 1, in_flight: 9 });
    drain(&budget).await;
    let start = Instant::now();
    let error = budget.acquire(Priority::Person, Some(start + Duration::from_millis(1500))).await.unwrap_err();
    assert!(matches!(error, Error::NoRoom { waited } if waited == Duration::from_millis(1500)), "{error}");
    assert!(error.is_transient());
    assert_eq!(budget.snapshot().waiting, [0; 4]);
    let past = budget.acquire(Priority::Person, Some(start)).await;
    assert!(matches!(past, Err(Error::NoRoom { .. })));
    budget.acquire(Priority::Person, Some(start + Duration::from_secs(3))).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(2), "who gave up did not cost a token");
}

#[tokio::test(start_paused = true)]
async fn a_complaint_about_the_rate_pauses_and_halves_it_and_it_comes_back_slowly() {
    let budget = Budget::new(Limits::LIVE);
    let permits =
        [budget.acquire(Priority::Worker, None).await.unwrap(), budget.acquire(Priority::Worker, None).await.unwrap()];
    sleep(Duration::from_millis(200)).await;
    // Two requests of one burst are refused: that is one complaint.
    for permit in &permits {
        permit.slow_down(Limited::Rate, Some(Duration::from_secs(4)));
    }
    let snapshot = budget.snapshot();
    assert_eq!((snapshot.rate, snapshot.tokens, snapshot.limited), (40.0, 0.0, 2));
    assert_eq!(snapshot.paused_for, Some(Duration::from_secs(4)));

    let start = Instant::now();
    let soon = budget.acquire(Priority::Person, Some(start + Duration::from_secs(3))).await;
    assert!(
        matches!(soon, Err(Error::NoRoom { waited }) if waited.is_zero()),
        "a pause beyond the deadline is told at once"
    );
    let permit = budget.acquire(Priority::Person, None).await.unwrap();
    assert!((4.0..4.1).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
    assert_eq!(budget.snapshot().paused_for, None);
    sleep(Duration::from_secs(56)).await;
    let rate = budget.snapshot().rate;
    assert!((59.0..61.0).contains(&rate), "a minute later {rate}");
    permit.slow_down(Limited::Rate, None);
    assert_eq!(budget.snapshot().paused_for, Some(Duration::from_secs(1)), "without a time it is a second");
    sleep(Duration::from_secs(300)).await;
    assert_eq!((budget.snapshot().rate, budget.snapshot().tokens), (80.0, 15.0));
}

#[tokio::test(start_paused = true)]
async fn a_complaint_about_concurrency_halves_the_slots_and_not_the_rate() {
    let budget = Budget::new(Limits { per_second: 1000.0, burst: 20, in_flight: 50 });
    let mut permits = Vec::new();
    for _ in 0..8 {
        permits.push(budget.acquire(Priority::Worker, None).await.unwrap());
    }
    sleep(Duration::from_millis(10)).await;
    permits[0].slow_down(Limited::Concurrency, None);
    let snapshot = budget.snapshot();
    assert_eq!((snapshot.most_in_flight, snapshot.rate, snapshot.paused_for), (4, 1000.0, None));
    permits.truncate(4);
    let waiting = budget.acquire(Priority::Worker, Some(Instant::now() + Duration::from_secs(1))).await;
    assert!(waiting.is_err(), "there are four under way");
    permits.pop();
    budget.acquire(Priority::Worker, Some(Instant::now() + Duration::from_secs(1))).await.unwrap();
    drop(permits);
    sleep(Duration::from_secs(240)).await;
    assert_eq!(budget.snapshot().most_in_flight, 50);
}

#[tokio::test(start_paused = true)]
async fn one_object_s_limit_holds_nobody_up() {
    let budget = Budget::new(SMALL);
    let permit = budget.acquire(Priority::Worker, None).await.unwrap();
    sleep(Duration::from_millis(10)).await;
    for limited in [Limited::Resource, Limited::Lock] {
        permit.slow_down(limited, Some(Duration::from_secs(5)));
    }
    let snapshot = budget.snapshot();
    assert_eq!((snapshot.rate, snapshot.most_in_flight, snapshot.paused_for, snapshot.limited), (10.0, 100, None, 2));
}

#[tokio::test(start_paused = true)]
async fn a_hostile_retry_after_pauses_for_a_minute_at_most() {
    let budget = Budget::new(SMALL);
    let permit = budget.acquire(Priority::Worker, None).await.unwrap();
    permit.slow_down(Limited::Rate, Some(Duration::from_secs(u64::MAX)));
    assert_eq!(budget.snapshot().paused_for, Some(Duration::from_secs(60)));
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_waiting_hands_the_watch_on() {
    let (budget, log) = (Budget::new(SMALL), Log::default());
    drain(&budget).await;
    let start = Instant::now();
    let first = log.call(&budget, Priority::Worker, "first", Duration::ZERO);
    tokio::task::yield_now().await;
    let second = log.call(&budget, Priority::Worker, "second", Duration::ZERO);
    tokio::task::yield_now().await;
    first.abort();
    second.await.unwrap();
    assert_eq!(log.names(), ["second"]);
    assert!(start.elapsed() <= Duration::from_millis(101), "{:?}", start.elapsed());
    assert_eq!(budget.snapshot().waiting, [0; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_comes_free_before_the_token_is_used_when_the_token_comes() {
    let (budget, log, start) =
        (Budget::new(Limits { per_second: 10.0, burst: 1, in_flight: 1 }), Log::default(), Instant::now());
    let first = log.call(&budget, Priority::Worker, "first", Duration::from_millis(50));
    let second = log.call(&budget, Priority::Worker, "second", Duration::ZERO);
    all(vec![first, second]).await;
    assert!((100..=102).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_kept_and_not_polled_stops_nobody() {
    let (budget, log) = (Budget::new(SMALL), Log::default());
    drain(&budget).await;
    let mut kept = Box::pin(budget.acquire(Priority::Person, None));
    assert!(timeout(Duration::ZERO, &mut kept).await.is_err());
    let start = Instant::now();
    let calls = (0..5).map(|_| log.call(&budget, Priority::Worker, "worker", Duration::ZERO)).collect();
    all(calls).await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    drop(kept);
    assert_eq!((budget.snapshot().in_flight, budget.snapshot().waiting), (0, [0; 4]));
}

#[test]
fn threads_with_runtimes_of_their_own_share_a_budget() {
    let budget = Budget::new(Limits { per_second: 2000.0, burst: 1, in_flight: 2 });
    let threads: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn({
                let budget = budget.clone();
                move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(async {
                        for n in 0..50 {
                            let permit = budget.acquire(Priority::ALL[n % 4], None).await.unwrap();
                            assert!(budget.snapshot().in_flight <= 2);
                            tokio::task::yield_now().await;
                            drop(permit);
                        }
                    });
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let snapshot = budget.snapshot();
    assert_eq!((snapshot.granted, snapshot.in_flight, snapshot.waiting), (200, 0, [0; 4]));
}

#[test]
fn each_account_and_mode_has_one_budget() {
    let budgets = Budgets::default();
    let live = budgets.of("acct_1", true);
    drop(budgets.of("acct_1", false));
    drop(budgets.of("acct_2", true));
    assert_eq!(budgets.all().len(), 3);
    assert_eq!((live.snapshot().rate, budgets.of("acct_1", false).snapshot().rate), (80.0, 20.0));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let permit = runtime.block_on(live.acquire(Priority::Person, None)).unwrap();
    assert_eq!(budgets.of("acct_1", true).snapshot().in_flight, 1);
    drop(permit);
}

#[test]
fn odd_limits_do_no_harm() {
    let odd = [
        Limits { per_second: 0.0, burst: 0, in_flight: 0 },
        Limits { per_second: f64::NAN, burst: 1, in_flight: 1 },
        Limits { per_second: f64::INFINITY, burst: u32::MAX, in_flight: u32::MAX },
        Limits { per_second: -1.0, burst: 1, in_flight: 1 },
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for limits in odd {
        let budget = Budget::new(limits);
        let permit = runtime.block_on(budget.acquire(Priority::Person, None)).unwrap();
        permit.slow_down(Limited::Rate, None);
        permit.slow_down(Limited::Concurrency, None);
        let deadline = Some(Instant::now() + Duration::from_millis(5));
        assert!(runtime.block_on(budget.acquire(Priority::Person, deadline)).is_err());
    }
}
