#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed law is a panic"
)]

pub mod accounts;
pub mod build;
pub mod model;
mod nodes;
pub mod servers;
pub mod sessions;
mod suite;

pub use nodes::{AccountNodes, Nodes, SessionNodes};
pub use suite::run;
