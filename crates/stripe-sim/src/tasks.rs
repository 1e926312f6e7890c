//! The simulator's background tasks: started in one place, ended together.

use std::future::Future;

use tokio::runtime::Handle;
use tokio::sync::watch;

/// Starts tasks on the runtime of the builder and ends them all at once.
#[derive(Clone, Debug)]
pub(crate) struct Tasks {
    runtime: Handle,
    stop: watch::Sender<bool>,
    running: watch::Sender<usize>,
}

/// Counts one task for as long as it lives, a panic included.
struct Running(watch::Sender<usize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Tasks {
    /// Must be called inside a tokio runtime.
    pub(crate) fn new() -> Self {
        Self { runtime: Handle::current(), stop: watch::Sender::new(false), running: watch::Sender::new(0) }
    }

    /// Runs `work` until it is done or everything stops.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.running.send_modify(|count| *count += 1);
        let (running, stopped) = (Running(self.running.clone()), self.stopped());
        self.runtime.spawn(async move {
            let _running = running;
            tokio::select! {
                () = stopped => {}
                () = work => {}
            }
        });
    }

    /// Is done once everything stops.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stop = self.stop.subscribe();
        async move {
            // An error means that every sender is gone, and so is everything that could go on.
            let _ = stop.wait_for(|stop| *stop).await;
        }
    }

    /// Tells every task to end, without waiting for it.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until every task has ended.
    pub(crate) async fn ended(&self) {
        let _ = self.running.subscribe().wait_for(|count| *count == 0).await;
    }
}
