//! The whole binary, over HTTP and the command line.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assertion is a panic"
)]

mod bad_input;
mod book;
mod command_line;
mod crash;
mod failure;
mod feed;
mod forgery;
mod keys;
mod modes;
mod operations;
mod page;
mod refresh;
mod secrets;
