//! The connections: accepted, bounded, timed, and let finish when the server stops.

mod serve;

pub(crate) use serve::{Limits, serve};
