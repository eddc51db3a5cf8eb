//! The whole binary, over HTTP and the command line.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assertion is a panic"
)]

mod bad_input;
mod command_line;
mod failure;
mod feed;
mod keys;
mod modes;
mod operations;
mod refresh;
