//! Signed events to post: each with its own id, object and time, all of about 3 kB like most of Stripe's.

use tollgate_stripe_client::{WebhookSecret, webhook};

/// What every event has in common: all that comes after the object's id.
pub const REST: &str = include_str!("../data/payment_intent.rest");

/// What is different in each event.
#[derive(Clone, Copy, Debug)]
pub struct Numbering<'a> {
    /// Sets one run's events apart from another's.
    pub run: &'a str,
    /// How many objects the events are about; they take turns.
    pub objects: usize,
    /// When the events are sent, in unix seconds.
    pub now: i64,
}

impl Numbering<'_> {
    /// The start of an event's body; [`REST`] follows.
    pub fn start(&self, index: usize) -> String {
        let object = index % self.objects.max(1);
        // An object's next event is one second younger: two of one second are the exception in real life.
        let created = self.now - 100_000 + (index / self.objects.max(1)) as i64;
        format!(
            r#"{{
  "id": "evt_{run}{index:010}",
  "object": "event",
  "api_version": "2026-10-28.endive",
  "created": {created},
  "data": {{
    "object": {{
      "id": "pi_{run}{object:010}""#,
            run = self.run,
        )
    }
}

/// A POST that is ready to go: the start of its bytes, after which [`REST`] follows.
#[derive(Debug)]
pub struct Request {
    /// Request line, headers and the start of the body.
    pub start: Box<[u8]>,
}

/// Makes requests to one path of one host.
#[derive(Debug)]
pub struct Maker<'a> {
    /// The value of the `Host` header.
    pub host: &'a str,
    /// The path of the webhook URL.
    pub path: &'a str,
    /// What the events are signed with.
    pub secret: &'a WebhookSecret,
    /// What is different in each event.
    pub numbering: Numbering<'a>,
}

impl Maker<'_> {
    /// Makes and signs the requests number `from` to `to`, the last not included.
    pub fn make(&self, from: usize, to: usize) -> Vec<Request> {
        let mut body = Vec::with_capacity(4096);
        (from..to).map(|index| self.one(index, &mut body)).collect()
    }

    fn one(&self, index: usize, body: &mut Vec<u8>) -> Request {
        let start = self.numbering.start(index);
        body.clear();
        body.extend_from_slice(start.as_bytes());
        body.extend_from_slice(REST.as_bytes());
        let signature = webhook::sign(self.secret, self.numbering.now, body);
        let text = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json; charset=utf-8\r\n\
             User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\nStripe-Signature: {signature}\r\n\
             Content-Length: {}\r\n\r\n{start}",
            self.path,
            self.host,
            body.len(),
        );
        Request { start: text.into_bytes().into_boxed_slice() }
    }
}

#[cfg(test)]
mod tests {
    use tollgate_stripe_client::{Envelope, Tolerance};

    use super::*;

    fn request(index: usize) -> (String, String) {
        let secret = WebhookSecret::parse("whsec_bench").unwrap();
        let numbering = Numbering { run: "abc", objects: 3, now: 1_795_000_000 };
        let maker = Maker { host: "127.0.0.1:1", path: "/hook", secret: &secret, numbering };
        let made = maker.make(index, index + 1).remove(0);
        let whole = String::from_utf8(made.start.into_vec()).unwrap() + REST;
        let (head, body) = whole.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    #[test]
    fn a_request_is_an_event_of_about_3_kb_that_verifies() {
        let (head, body) = request(4);
        assert!((2700..3300).contains(&body.len()), "{}", body.len());
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        assert_eq!(envelope.id, "evt_abc0000000004");
        assert_eq!(envelope.type_, "payment_intent.succeeded");
        let signature = head.lines().find_map(|line| line.strip_prefix("Stripe-Signature: "));
        let secrets = [WebhookSecret::parse("whsec_bench").unwrap()];
        let now = 1_795_000_001;
        webhook::verify(body.as_bytes(), signature, &secrets, Tolerance::default(), now).unwrap();
    }

    #[test]
    fn events_are_distinct_and_objects_take_turns() {
        let object = |index| {
            let body: serde_json::Value = serde_json::from_str(&request(index).1).unwrap();
            (body["id"].clone(), body["data"]["object"]["id"].clone())
        };
        assert_ne!(object(1).0, object(4).0);
        assert_eq!(object(1).1, object(4).1);
        assert_ne!(object(1).1, object(2).1);
    }
}
