//! What became of an event, and what an operator should know about it, in words.

use tollgate_models::events::{Event, Status, Tie};

use super::HIDDEN;
use crate::admin::show::{Stamp, Tone};

/// A sentence about the state, and when what it tells will be.
pub(in crate::admin) struct Remark {
    pub(in crate::admin) tone: Tone,
    pub(in crate::admin) text: String,
    pub(in crate::admin) at: Option<Stamp>,
}

impl Remark {
    fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into(), at: None }
    }

    fn at(tone: Tone, text: impl Into<String>, at: i64, now: i64) -> Self {
        Self { at: Some(Stamp::full(at, now)), ..Self::new(tone, text) }
    }
}

/// Everything worth a remark; errors in full only for operators.
pub(in crate::admin) fn remarks(event: &Event, operator: bool, now: i64) -> Vec<Remark> {
    let mut remarks: Vec<Remark> = progress(event, operator, now).into_iter().collect();
    if let Some(name) = event.only_handler.as_ref().filter(|_| event.status != Status::Processed) {
        remarks
            .push(Remark::new(Tone::Info, format!("A replay asked for the handler {name} alone; no other one runs.")));
    }
    let waits = matches!(event.status, Status::Pending | Status::Processing | Status::Failed);
    if event.crashes > 0 && waits {
        let times = if event.crashes == 1 { "once".to_owned() } else { format!("{} times", event.crashes) };
        let text = format!(
            "A worker died {times} while it had this event. It is tried last and by itself now, and given up if more workers die of it: \
             look at what its handlers do."
        );
        remarks.push(Remark::new(Tone::Warn, text));
    }
    if event.status == Status::Processed {
        remarks.extend(order(event.superseded, event.tie).map(|text| Remark::new(Tone::Info, text)));
    }
    remarks
}

fn progress(event: &Event, operator: bool, now: i64) -> Option<Remark> {
    let error = match event.last_error.as_deref() {
        None => String::new(),
        Some(error) if operator => format!(": {error}"),
        Some(_) => format!(". {}", HIDDEN.trim_end_matches('.')),
    };
    Some(match event.status {
        Status::Pending if event.next_attempt_at > now => {
            Remark::at(Tone::Waiting, "Waits for its time: it is tried", event.next_attempt_at, now)
        }
        Status::Pending => Remark::new(Tone::Waiting, "Waits for a worker."),
        Status::Processing => Remark::new(Tone::Info, "A worker has it just now."),
        Status::Failed => {
            let text = format!("Attempt {} failed{error}. The next one follows", event.attempts);
            Remark::at(Tone::Again, text, event.next_attempt_at, now)
        }
        Status::Dead => {
            let attempts = if event.attempts == 1 {
                "The only attempt".to_owned()
            } else {
                format!("All {} attempts", event.attempts)
            };
            Remark::new(Tone::Bad, format!("{attempts} failed, and nothing follows by itself{error}"))
        }
        Status::Ignored => Remark::new(Tone::Quiet, format!("There was nothing to do for it{error}")),
        Status::Processed => return None,
    })
}

/// Why the mirror took the event's content over, or did not, where that was a question.
fn order(superseded: bool, tie: Option<Tie>) -> Option<&'static str> {
    Some(match (tie, superseded) {
        (None, false) => return None,
        (None, true) => "The mirror had newer content already, and kept it. The handlers ran all the same.",
        (Some(Tie::Deletion), false) => {
            "The mirror had content of the same second. This event deletes the object, and a deletion comes last."
        }
        (Some(Tie::Deletion), true) => {
            "The object was deleted within the same second. A deletion comes last, so the mirror kept it."
        }
        (Some(Tie::Creation), false) => {
            "The mirror had content of the same second, from the object's creation. A creation comes first, so this event's \
             content took its place."
        }
        (Some(Tie::Creation), true) => {
            "The mirror had content of the same second. This event creates the object, and a creation comes first, so the mirror \
             kept what it had."
        }
        (Some(Tie::PreviousAttributes), false) => {
            "The mirror had content of the same second. What this update says was before told that it came later."
        }
        (Some(Tie::PreviousAttributes), true) => {
            "The mirror had content of the same second, and kept it: what that says was before, or its being fetched from Stripe in \
             that second, told that it came later."
        }
        (Some(Tie::Lifecycle), false) => {
            "The mirror had content of the same second. This event's content is further in the object's life, so it took its place."
        }
        (Some(Tie::Lifecycle), true) => {
            "The mirror had content of the same second that is further in the object's life, and kept it."
        }
        (Some(Tie::Arrival), _) => {
            "The mirror had content of the same second, and nothing told which is the newer: the one processed later stayed. If that \
             is the wrong one, replay the other event."
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tie_is_told_in_a_sentence_of_its_own() {
        let mut told: Vec<&str> = Vec::new();
        for tie in Tie::ALL.iter().map(|tie| Some(*tie)).chain([None]) {
            told.extend([false, true].into_iter().filter_map(|superseded| order(superseded, tie)));
        }
        assert!(told.iter().all(|text| text.ends_with('.')), "{told:?}");
        told.sort_unstable();
        told.dedup();
        // Arrival says the same of both sides.
        assert_eq!(told.len(), 10);
    }
}
