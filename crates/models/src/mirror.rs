//! The mirror: local copies of Stripe's objects, newer content never overwritten by older.
//!
//! Each object type that has a table of its own is declared in one short file under `mirror/kinds/`: the columns and where
//! each is read. Every other type lands whole in the table `objects`, so nothing is dropped. Each row
//! keeps the object's JSON whole; columns exist for what is filtered, joined, sorted or shown in a list.

mod adopt;
mod apply;
mod counts;
mod entries;
mod hand_over;
mod history;
mod kind;
mod kinds;
mod move_in;
mod past;
mod read;
mod statements;
mod ties;
mod truth;
mod typed;
mod versions;

pub use adopt::adopt;
pub use apply::{Applied, Change, Outcome, apply, apply_all, apply_fetched};
pub use counts::{Count, count_up_to, counts_up_to, other_types};
pub(crate) use hand_over::hand_over;
pub(crate) use history::NewVersion;
pub use history::{Content, Subject, Version, history, keep};
pub use kind::{Column, Kind, Nested, SqlType};
pub use kinds::{KINDS, kind};
pub(crate) use move_in::move_in;
pub(crate) use past::forget_before;
pub use past::{Expired, Then, as_of, expired, kept_since};
pub use read::{Filter, Object, Objects, Position, Related, Whose, find, find_anywhere, find_of, list, related};
pub(crate) use statements::Statement;
pub use truth::{
    Missing, differences, events_after, gap_before, has_more, made_between, made_until, mark_gone, missing, newest_seq,
    sample,
};
pub use typed::{
    Account, Charge, CheckoutSession, Customer, Invoice, PaymentIntent, Price, Product, Refund, Subscription,
    SubscriptionItem,
};
pub use versions::{ColumnDifference, column_differences};
