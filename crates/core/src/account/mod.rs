//! Who may log in, through which application, and with which keys tokens are signed.

mod claim_rules;
mod client;
mod email;
mod installation;
mod invisible;
mod lifetimes;
mod password;
mod signing_key;
mod user;

pub use claim_rules::{ClaimRules, ClaimRulesError, ClaimSource, UserField};
pub use client::{Client, ClientChange, ClientError, ClientKind};
pub use email::{Email, EmailError};
pub use installation::Installation;
pub use lifetimes::{Lifetimes, LifetimesError};
pub use password::{PasswordError, PasswordPolicy, normalise_password};
pub use signing_key::{KeyAlgorithm, KeyState, StoredKey, UnknownKeyWord};
pub use user::{DisplayName, NameError, PasswordHash, User, UserChange};
