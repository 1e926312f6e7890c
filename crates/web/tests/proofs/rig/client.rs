//! A connection to a server that is made anew whenever it is lost.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{PATH, Payload, sign_at};

/// Nobody waits longer for an answer.
const LONGEST: Duration = Duration::from_secs(30);

/// One connection, or the intention to have one.
#[derive(Default)]
pub struct Client {
    open: Option<(SocketAddr, SendRequest<Full<Bytes>>)>,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Bytes,
}

/// There was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// Nobody listens.
    Refused,
    /// The connection broke; the server may have done what it was asked.
    Broken,
}

impl Client {
    /// Delivers an event, signed at a time in unix seconds.
    pub async fn deliver(&mut self, to: SocketAddr, payload: &Payload, seconds: i64) -> Result<Answer, Gone> {
        let signature = sign_at(seconds, &payload.body);
        self.post(to, PATH, &[("stripe-signature", &signature)], payload.body.clone()).await
    }

    pub async fn post(
        &mut self,
        to: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, Gone> {
        if !self.open.as_ref().is_some_and(|(address, open)| *address == to && !open.is_closed()) {
            self.open = Some((to, connect(to).await?));
        }
        let (_, open) = self.open.as_mut().ok_or(Gone::Refused)?;
        let mut request = Request::post(path).header("host", to.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answered = tokio::time::timeout(LONGEST, answer(open, request.body(Full::from(body)).unwrap())).await;
        let answered = answered.unwrap_or_else(|_| panic!("no answer within {LONGEST:?}"));
        if answered.is_err() {
            self.open = None;
        }
        answered
    }
}

async fn connect(to: SocketAddr) -> Result<SendRequest<Full<Bytes>>, Gone> {
    let stream = TcpStream::connect(to).await.map_err(|_| Gone::Refused)?;
    stream.set_nodelay(true).map_err(|_| Gone::Broken)?;
    let (open, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Gone::Broken)?;
    tokio::spawn(connection);
    Ok(open)
}

async fn answer(open: &mut SendRequest<Full<Bytes>>, request: Request<Full<Bytes>>) -> Result<Answer, Gone> {
    open.ready().await.map_err(|_| Gone::Broken)?;
    let response = open.send_request(request).await.map_err(|_| Gone::Broken)?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|_| Gone::Broken)?.to_bytes();
    Ok(Answer { status: parts.status.as_u16(), body })
}
