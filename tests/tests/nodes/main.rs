//! Several servers that share their stores: real processes, real stores.

#![expect(clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod house;

mod failure;
mod readme;
mod refresh;
mod sharing;
