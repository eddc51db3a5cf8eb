//! The authority on a real store, with a clock that is moved by hand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed assertion is a panic")]

mod checking;
mod keys;
mod refreshing;
mod revoking;
mod signing_in;
mod support;
