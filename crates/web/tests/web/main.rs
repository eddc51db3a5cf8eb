//! The HTTP surface over a real authority on the embedded store, without a socket. The modules mirror the URLs.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assertion is a panic, in the tests' helpers too"
)]

mod bad_input;
mod oauth;
mod openapi;
mod operations;
mod pages;
mod redact;
mod support;
mod v1;
mod verify;
mod well_known;
