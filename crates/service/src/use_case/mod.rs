//! What the authority does, one file for each use case.

mod audit;
mod book;
mod clients;
mod credentials;
mod introspect;
mod issue_token;
mod keys;
mod my_sessions;
mod open_login;
mod refresh;
mod renew;
mod revoke;
mod revoke_token;
mod set_up;
mod sign_in;
mod sign_out;
mod sign_up;
mod users;

pub use book::{BookQuery, SessionView, TokenHeader, TokenView, UserRef};
pub use clients::NewClient;
pub use credentials::PasswordChanged;
pub use introspect::Introspection;
pub use issue_token::AccessToken;
pub use open_login::{IssuedCookie, SignedIn};
pub use refresh::{RefreshCause, Refreshed};
pub use revoke::{RevocationReport, RevokeRequest, Verifiers};
pub use sign_in::SignIn;
pub use sign_out::SignedOut;
pub use sign_up::SignUp;
pub use users::{NewUser, UserEdit};
