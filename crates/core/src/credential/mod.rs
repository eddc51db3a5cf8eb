//! The text of what a client holds: a recognisable prefix, then base64url (RFC 4648, section 5) of a body and a keyed tag.
//!
//! The tag lets garbage be refused without asking any store, and secret scanners confirm a find. It is a truncated
//! HMAC-SHA256, computed by whoever holds the key: this module only lays out and takes apart.

mod client_secret;
mod refresh_token;
mod session_cookie;
mod setup_secret;
mod text;

pub use client_secret::ClientSecret;
pub use refresh_token::RefreshToken;
pub use session_cookie::SessionCookie;
pub use setup_secret::SetupSecret;
pub use text::{Credential, CredentialError, Mac};
