//! What the tests of the whole binary share: a server of their own on a free port, its command line, and requests whose
//! every header can be chosen.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a harness that fails is a test that fails"
)]

mod answer;
mod browser;
mod raw;
mod server;
mod text;

pub use answer::Answer;
pub use browser::Browser;
pub use raw::{Raw, RawAnswer};
pub use server::{PASSWORD, Server, binary};
pub use text::{claims_of, form_encoded};
