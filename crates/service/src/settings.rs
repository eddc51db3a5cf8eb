//! What an operator can choose. Every value has a default that is good to start with.

use std::time::Duration;

/// The authority's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The issuer as configured; `None` takes the stored one.
    pub public_url: Option<String>,
    /// The issuer of an installation that is started for the first time without a configured one.
    pub fallback_issuer: String,
    /// Whether the issuer is fixed by this opening, if it is not yet. A command that prepares an installation leaves it to
    /// the first server, which knows where it listens.
    pub fix_issuer: bool,
    /// Allows `public_url` to differ from the stored issuer. Every token given out before is refused then.
    pub change_issuer: bool,
    /// Whether anybody may make an account.
    pub sign_up_open: bool,
    /// The fewest code points of a new password.
    pub password_min_length: usize,
    /// How passwords are hashed.
    pub hashing: HashingSettings,
    /// How old the view of the revocation feed may be.
    pub view: ViewSettings,
    /// The most checked credentials that are kept in memory, of each kind.
    pub cache_entries: usize,
    /// For how long the records of what is over are kept.
    pub retention: Duration,
    /// For how long audit entries are kept.
    pub audit_retention: Duration,
    /// How old the active signing key may grow before it is replaced; `None` leaves rotation to the operator.
    pub key_rotation: Option<Duration>,
    /// For how long the answer to a revocation waits for connected verifiers to confirm it.
    pub confirmation_wait: Duration,
    /// How far the clocks of several nodes may be apart when a token's `iat` and `exp` are checked.
    pub clock_leeway: Duration,
}

/// How passwords are hashed, and how much of the machine that may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashingSettings {
    /// Argon2id's memory in KiB. OWASP's first choice is 19,456.
    pub memory_kib: u32,
    /// Argon2id's passes.
    pub iterations: u32,
    /// Argon2id's lanes.
    pub parallelism: u32,
    /// Hashing threads; each needs `memory_kib` while it works.
    pub workers: usize,
    /// How many passwords may wait. Beyond it callers are told to come back later.
    pub queue: usize,
}

/// How old the view of the revocation feed may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewSettings {
    /// The limit.
    pub limit: Duration,
    /// What is done past it.
    pub past_limit: PastLimit,
}

/// What a check does when the view is too old to be trusted alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastLimit {
    /// Ask the store about this one credential, and refuse if it does not answer.
    AskThenRefuse,
    /// Refuse.
    Refuse,
}

impl Default for Settings {
    fn default() -> Self {
        let day = Duration::from_secs(24 * 60 * 60);
        Self {
            public_url: None,
            fallback_issuer: "http://127.0.0.1:8080".to_owned(),
            fix_issuer: true,
            change_issuer: false,
            sign_up_open: true,
            password_min_length: 8,
            hashing: HashingSettings::default(),
            view: ViewSettings { limit: Duration::from_secs(5), past_limit: PastLimit::AskThenRefuse },
            cache_entries: 100_000,
            retention: 7 * day,
            audit_retention: 400 * day,
            key_rotation: Some(90 * day),
            confirmation_wait: Duration::from_millis(250),
            clock_leeway: Duration::from_secs(5),
        }
    }
}

impl Default for HashingSettings {
    fn default() -> Self {
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { memory_kib: 19_456, iterations: 2, parallelism: 1, workers, queue: 64 }
    }
}
