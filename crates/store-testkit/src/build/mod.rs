//! Valid values for tests, each different from every other.

mod accounts;
mod sessions;

use std::sync::atomic::{AtomicU64, Ordering};

use counterfoil_core::{ClientId, Clock, Digest, Entropy, SessionId, Timestamp, TokenId, UserId};

pub use accounts::{application, audit_event, service, signing_key, user};
pub use sessions::{ACCESS, IDLE, REFRESH, WINDOW, cookie, end, recorded, refresh, revoke, token};

/// So many seconds after an instant that all tests begin at.
#[must_use]
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_900_000_000 + seconds)
}

/// A new user's id.
#[must_use]
pub fn user_id() -> UserId {
    UserId::generate(&Fixed(at(0)), &Counting)
}

/// A new session's id, of that instant.
#[must_use]
pub fn session_id(begun: Timestamp) -> SessionId {
    SessionId::generate(&Fixed(begun), &Counting)
}

/// A new token's id, of that instant.
#[must_use]
pub fn token_id(issued: Timestamp) -> TokenId {
    TokenId::generate(&Fixed(issued), &Counting)
}

/// The client of that name.
#[must_use]
pub fn client(name: &str) -> ClientId {
    name.parse().unwrap()
}

/// A new digest.
#[must_use]
pub fn digest() -> Digest {
    let mut bytes = [0xD1; 32];
    Counting.fill(&mut bytes);
    Digest::new(bytes)
}

struct Fixed(Timestamp);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Counts: all that tests need of entropy is that no two values are the same. Ids of one instant sort as they were made.
struct Counting;

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (byte, value) in buffer.iter_mut().rev().zip(number.into_iter().rev()) {
            *byte = value;
        }
    }
}
