//! The two ports: what a store must offer. Spoken in use cases, not in rows; every command is atomic by itself.
//!
//! # For whoever writes an adapter
//!
//! Implement [`AccountStore`], [`SessionStore`] or both, and run the suite of `counterfoil-store-testkit` against it.
//! Four rules hold for every method:
//!
//! - **Acknowledged is durable.** A method that returns `Ok` has stored what it was given as durably as the store is
//!   configured to, and every later call on any node sees it.
//! - **Nothing comes back to life.** A command on a session that has ended, or is not there, changes nothing and says
//!   so. No command creates a session but [`SessionStore::create`].
//! - **The marker comes first.** A revocation is appended to the feed before, or together with, the change of any
//!   record. Whatever is interrupted in between leaves the credentials dead.
//! - **Time is handed in.** An adapter reads no clock to decide anything.
//!
//! Methods take no locks that outlive them and may be dropped at any await without harm.

mod accounts;
mod error;
mod inspect;
mod sessions;

pub use accounts::{AccountChange, AccountStore, AuditFilter, EmailTaken, KeyTransition, UserFilter};
pub use error::{StoreError, StoreResult};
pub use inspect::{Fact, Inspect};
pub use sessions::{
    Counts, Created, Ended, RefreshOutcome, Revocation, Revoke, RotateRefresh, RotateSecret, SearchText,
    SessionFilter, SessionStore, Swept, TokenFilter, TokenListing,
};
