//! The requests that are sent: signed before the clock starts, put together when it is their turn.

use std::io::Write;

use tollgate_stripe_client::webhook::{self, WebhookSecret};
use url::Url;

use super::Load;
use super::event::Bodies;
use crate::error::Error;

/// Where to connect, and what to ask for there.
pub struct Target {
    /// Host and port.
    pub address: String,
    path: String,
}

impl Target {
    /// Takes an `http` URL apart.
    ///
    /// # Errors
    /// [`Error::Url`] for any other URL.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::Url(text.to_owned());
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "http").ok_or_else(wrong)?;
        let host = url.host_str().ok_or_else(wrong)?;
        let port = url.port_or_known_default().ok_or_else(wrong)?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Self { address: format!("{host}:{port}"), path: format!("{}{query}", url.path()) })
    }
}

/// All requests of a run: what is common once, and a signature for each.
pub struct Requests {
    head: Vec<u8>,
    bodies: Bodies,
    signatures: Vec<String>,
}

impl Requests {
    /// Signs all events of a run, dated `now` (unix seconds).
    pub fn sign(target: &Target, secret: &WebhookSecret, load: &Load, now: i64) -> Self {
        let count = load.prepared();
        let bodies = Bodies::new(now, load.objects.unwrap_or(count));
        let mut body = Vec::new();
        let signatures = (0..count)
            .map(|number| {
                body.clear();
                bodies.write(number, &mut body);
                webhook::sign(secret, now, &body)
            })
            .collect();
        body.clear();
        bodies.write(0, &mut body);
        Self { head: head(target, body.len()), bodies, signatures }
    }

    /// Puts request number `number` into a buffer; false when there is none.
    pub fn write(&self, number: u64, out: &mut Vec<u8>) -> bool {
        let Some(signature) = usize::try_from(number).ok().and_then(|number| self.signatures.get(number)) else {
            return false;
        };
        out.clear();
        out.extend_from_slice(&self.head);
        out.extend_from_slice(signature.as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
        self.bodies.write(number, out);
        true
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.signatures.len() as u64
    }
}

/// The headers Stripe sends, up to the value of the last one.
fn head(target: &Target, length: usize) -> Vec<u8> {
    let mut head = Vec::new();
    // A vector takes whatever is written to it.
    let _ = write!(
        head,
        "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n\
         Accept: */*; q=0.5, application/xml\r\nCache-Control: no-cache\r\n\
         Content-Type: application/json; charset=utf-8\r\nContent-Length: {length}\r\nStripe-Signature: ",
        target.path, target.address
    );
    head
}

#[cfg(test)]
mod tests {
    use tollgate_stripe_client::webhook::{Tolerance, verify};

    use super::*;

    #[test]
    fn only_plain_http_is_posted_to() {
        let target = Target::parse("http://127.0.0.1:8000/stripe/webhooks?x=1").unwrap();
        assert_eq!((target.address.as_str(), target.path.as_str()), ("127.0.0.1:8000", "/stripe/webhooks?x=1"));
        for url in ["https://127.0.0.1/", "127.0.0.1:8000", "", "file:///x"] {
            assert!(matches!(Target::parse(url), Err(Error::Url(_))), "{url}");
        }
    }

    #[test]
    fn a_request_carries_the_signature_of_its_own_body() {
        let target = Target::parse("http://127.0.0.1:1/x").unwrap();
        let secret = WebhookSecret::parse("whsec_test").unwrap();
        let load =
            Load { url: String::new(), connections: 1, rate: None, events: Some(3), seconds: None, objects: None };
        let requests = Requests::sign(&target, &secret, &load, 1_790_000_000);
        let mut request = Vec::new();
        assert!(requests.write(2, &mut request));
        assert!(!requests.write(3, &mut Vec::new()));
        let text = String::from_utf8(request).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        assert_eq!(value("Content-Length: "), body.len().to_string());
        let signature = Some(value("Stripe-Signature: "));
        verify(body.as_bytes(), signature, &[secret], Tolerance::default(), 1_790_000_000).unwrap();
    }
}
