#![doc = include_str!("../README.md")]

pub mod account;
pub mod audit;
mod clock;
pub mod credential;
mod id;
mod mode;
mod page;
pub mod port;
mod principal;
pub mod revocation;
mod secret;
pub mod session;
mod time;
pub mod token;

pub use clock::{Clock, Entropy};
pub use id::{ClientId, FeedId, IdError, SessionId, TokenId, UserId};
pub use mode::{Mode, UnknownMode};
pub use page::{Page, PageRequest};
pub use principal::{Principal, SessionCard, UserCard};
pub use secret::{Digest, SecretBytes};
pub use time::{Timestamp, TimestampError};
