//! The events that are sent: one body of about 3 kB as Stripe writes them, with fresh ids and times.

use std::io::Write;

use uuid::Uuid;

/// What changes from event to event stands between at signs.
const TEMPLATE: &str = include_str!("event.json");

enum Piece {
    Text(String),
    EventId,
    ObjectId,
}

/// Writes the body of any event by its number; all bodies of a run have the same length.
pub struct Bodies {
    pieces: Vec<Piece>,
    /// In every id, so that no two runs send the same event.
    run: String,
    objects: u64,
}

impl Bodies {
    /// Bodies of events created at `now` (unix seconds) that are about so many objects.
    pub fn new(now: i64, objects: u64) -> Self {
        let text = TEMPLATE.trim_end().replace("@created@", &now.to_string());
        let piece = |part: &str| match part {
            "event" => Piece::EventId,
            "object" => Piece::ObjectId,
            text => Piece::Text(text.to_owned()),
        };
        let run = Uuid::new_v4().simple().to_string()[..8].to_owned();
        Self { pieces: text.split('@').map(piece).collect(), run, objects: objects.max(1) }
    }

    /// Appends the body of event number `number`.
    pub fn write(&self, number: u64, out: &mut Vec<u8>) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::EventId => self.write_id(out, "evt_1", number),
                Piece::ObjectId => self.write_id(out, "sub_1", number % self.objects),
            }
        }
    }

    fn write_id(&self, out: &mut Vec<u8>, prefix: &str, number: u64) {
        // A vector takes whatever is written to it.
        let _ = write!(out, "{prefix}{}{number:010}", self.run);
    }
}

#[cfg(test)]
mod tests {
    use tollgate_stripe_client::Event;

    use super::*;

    fn body(bodies: &Bodies, number: u64) -> Vec<u8> {
        let mut body = Vec::new();
        bodies.write(number, &mut body);
        body
    }

    #[test]
    fn bodies_are_events_of_three_kilobytes_with_ids_of_their_own() {
        let bodies = Bodies::new(1_790_000_000, 2);
        let events: Vec<_> = [0, 1, 2].iter().map(|number| body(&bodies, *number)).collect();
        assert!(events.iter().all(|body| (2_900..3_100).contains(&body.len()) && body.len() == events[0].len()));
        let events: Vec<_> = events.iter().map(|body| Event::parse(body).unwrap()).collect();
        assert_ne!(events[0].id(), events[1].id());
        let object = |number: usize| &events[number].data_object()["id"];
        assert_ne!(object(0), object(1));
        assert_eq!(object(0), object(2));
        assert_eq!(events[0].data_object()["items"]["data"][0]["subscription"], *object(0));
        assert_eq!(events[0].created(), 1_790_000_000);
    }

    #[test]
    fn two_runs_share_no_event() {
        assert_ne!(body(&Bodies::new(1, 1), 0), body(&Bodies::new(1, 1), 0));
    }
}
