//! Revocation: which credentials a revocation selects, the marker that it leaves, and the view that a verifier keeps.
//!
//! A revocation *is* its marker. Markers form a feed, numbered without end; whoever has applied the feed up to number
//! `n` refuses everything that was revoked up to `n`. The number also serves as the generation: a credential carries the
//! feed's number at the time its log-in began, and a marker of many ("everything of this user") covers what carries a
//! lower number than its own. So no two clocks need agree, and a revocation of many costs as little as one of one.

mod expiry;
mod marker;
mod selection;
mod view;

pub use marker::{FeedHead, Issued, Marker, Snapshot, Subject};
pub use selection::{Plan, Selection, SelectionError, SelectionRequest};
pub use view::{Freshness, View};
