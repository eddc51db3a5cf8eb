#![doc = include_str!("../README.md")]

mod accounts;
mod authority;
mod background;
mod check;
mod crypto;
mod error;
mod feed;
mod hashing;
mod keys;
mod machine;
mod settings;
mod statistics;
mod use_case;

pub use authority::{Authority, By, Readiness, Stores};
pub use background::Background;
pub use check::{Caller, CallerCredential, Presented, TokenCard};
pub use crypto::{MasterKey, MasterKeyError};
pub use error::Error;
pub use feed::{FeedEvent, FeedSubscription, VerifierView};
pub use keys::{JwksDocument, KeyView};
pub use machine::{SystemClock, SystemEntropy};
pub use settings::{HashingSettings, PastLimit, Settings, ViewSettings};
pub use statistics::Statistics;
pub use use_case::{
    AccessToken, BookQuery, Introspection, IssuedCookie, NewClient, NewUser, PasswordChanged, RefreshCause,
    Refreshed, RevocationReport, RevokeRequest, SessionView, SignIn, SignUp, SignedIn, SignedOut,
    TokenHeader, TokenView, UserEdit, UserRef, Verifiers,
};
