//! Access tokens: their claims, the record kept of each in `recorded` mode, and the verdict on a presented refresh token.

mod claims;
mod record;
mod refresh;

pub use claims::{ACCESS_TOKEN_TYPE, AccessClaims, Audience, ClaimsError, Expectation, MAX_TOKEN_BYTES};
pub use record::{TokenRecord, TokenState};
pub use refresh::{RefreshVerdict, jittered, judge_refresh};
