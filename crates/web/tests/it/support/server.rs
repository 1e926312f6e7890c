//! A served actix-web application in a thread of its own, on a free port of 127.0.0.1, stopped when it is dropped.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use tollgate::Tollgate;

/// A running server.
pub struct Server {
    /// For example `http://127.0.0.1:40123`.
    pub base: String,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves routes, and shuts Tollgate down after the last request.
    pub fn start(tollgate: Tollgate, routes: impl FnOnce(&mut ServiceConfig) + Clone + Send + 'static) -> Self {
        let (started, handles) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            System::new().block_on(async move {
                let server = HttpServer::new(move || App::new().configure(routes.clone()))
                    .workers(2)
                    .shutdown_timeout(1)
                    .disable_signals()
                    .bind("127.0.0.1:0")
                    .unwrap();
                let base = format!("http://{}", server.addrs()[0]);
                let server = server.run();
                started.send((base, server.handle())).unwrap();
                server.await.unwrap();
                tollgate.shut_down(Duration::from_secs(5)).await;
            });
        });
        let (base, handle) = handles.recv().unwrap();
        Self { base, handle, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Sends the order at once; what it answers tells when it is done, which the thread's end does too.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the server panicked");
        }
    }
}
