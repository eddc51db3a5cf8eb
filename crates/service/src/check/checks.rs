//! The credentials that were checked before, bounded, and the uses of sessions that are still to be noted.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use counterfoil_core::revocation::Issued;
use counterfoil_core::session::Session;
use counterfoil_core::{Digest, SessionId, Timestamp};
use quick_cache::sync::Cache;

use super::{Caller, CallerCredential};

/// After this long a session is looked up again, whatever the view says. Markers live longer than this, so that a copy
/// cannot outlive the marker that covers it.
const RELOAD_AFTER: Duration = Duration::from_secs(300);
/// Uses within this time of the last noted one are not noted.
const SEEN_GRANULARITY: Duration = Duration::from_secs(60);

/// What was checked.
pub(crate) struct Checks {
    /// By session.
    cookies: Cache<SessionId, Arc<Checked>>,
    /// By SHA-256 of the token.
    tokens: Cache<[u8; 32], Arc<Checked>>,
    /// Raised before the copy of a session is dropped whose cookie was replaced. What was read while it stood is good.
    replacing: AtomicU64,
    seen: Mutex<HashMap<SessionId, Timestamp>>,
}

/// A credential that was found good.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) caller: Caller,
    /// The feed's number when its login began.
    generation: u64,
    /// When it is over whatever its use.
    expires_at: Timestamp,
    /// The accounts' epoch that `caller` was made upon.
    pub(crate) epoch: u64,
    /// The view's sequence as of which no marker covers it.
    confirmed: AtomicU64,
    /// What only a cookie has.
    pub(crate) cookie: Option<CheckedCookie>,
}

/// What is known of a session whose cookie was checked.
#[derive(Debug)]
pub(crate) struct CheckedCookie {
    /// The digest of the cookie that was checked, tag and all: another text is another cookie.
    text: Digest,
    idle_timeout: Duration,
    loaded_at: Timestamp,
    last_seen: AtomicI64,
}

impl Checks {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            cookies: Cache::new(capacity),
            tokens: Cache::new(capacity),
            replacing: AtomicU64::new(0),
            seen: Mutex::default(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.cookies.len() + self.tokens.len()
    }

    pub(crate) fn clear(&self) {
        self.cookies.clear();
        self.tokens.clear();
    }

    pub(super) fn cookie(&self, session: SessionId) -> Option<Arc<Checked>> {
        self.cookies.get(&session)
    }

    /// To be taken before a session is read.
    pub(super) fn replacements(&self) -> u64 {
        self.replacing.load(Ordering::Acquire)
    }

    /// Keeps a session that was read after `replacements`, unless a cookie was replaced meanwhile: perhaps this one's.
    pub(super) fn keep_cookie(&self, session: SessionId, checked: Arc<Checked>, replacements: u64) {
        self.cookies.insert(session, checked);
        if self.replacements() != replacements {
            self.cookies.remove(&session);
        }
    }

    pub(super) fn forget_cookie(&self, session: SessionId) {
        self.cookies.remove(&session);
    }

    /// Drops what was read before the cookie was replaced.
    pub(crate) fn cookie_replaced(&self, session: SessionId) {
        self.replacing.fetch_add(1, Ordering::AcqRel);
        self.cookies.remove(&session);
    }

    pub(super) fn token(&self, digest: &Digest) -> Option<Arc<Checked>> {
        self.tokens.get(digest.as_bytes())
    }

    pub(super) fn keep_token(&self, digest: &Digest, checked: Arc<Checked>) {
        self.tokens.insert(*digest.as_bytes(), checked);
    }

    pub(super) fn forget_token(&self, digest: &Digest) {
        self.tokens.remove(digest.as_bytes());
    }

    pub(super) fn note_seen(&self, session: SessionId, now: Timestamp) {
        self.lock_seen().insert(session, now);
    }

    /// The last use of a session that may not be in its record yet.
    pub(super) fn last_use(&self, session: SessionId) -> Option<Timestamp> {
        let noted = self.lock_seen().get(&session).copied();
        let cached =
            self.cookies.get(&session).and_then(|checked| Some(checked.cookie.as_ref()?.last_seen()));
        noted.max(cached)
    }

    /// Takes the uses that are to be written.
    pub(crate) fn take_seen(&self) -> Vec<(SessionId, Timestamp)> {
        std::mem::take(&mut *self.lock_seen()).into_iter().collect()
    }

    /// Puts back what could not be written, unless a later use was noted meanwhile.
    pub(crate) fn put_back_seen(&self, seen: Vec<(SessionId, Timestamp)>) {
        let mut noted = self.lock_seen();
        for (session, at) in seen {
            noted.entry(session).or_insert(at);
        }
    }

    fn lock_seen(&self) -> MutexGuard<'_, HashMap<SessionId, Timestamp>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Checked {
    pub(super) fn of_token(caller: Caller, generation: u64, expires_at: Timestamp, epoch: u64) -> Self {
        Self { caller, generation, expires_at, epoch, confirmed: AtomicU64::new(u64::MAX), cookie: None }
    }

    /// A session, as long as the cookie of that text stands for it.
    pub(super) fn of_session(
        caller: Caller,
        session: &Session,
        (text, until): (Digest, Timestamp),
        epoch: u64,
        now: Timestamp,
    ) -> Self {
        let cookie = CheckedCookie {
            text,
            idle_timeout: session.idle_timeout,
            loaded_at: now,
            last_seen: AtomicI64::new(session.last_seen_at.millis()),
        };
        // A session that is superseded has an end that lies a little ahead.
        let ends_at = session.ended.as_ref().map_or(session.expires_at, |end| end.at.min(session.expires_at));
        Self {
            caller,
            generation: session.generation,
            expires_at: until.min(ends_at),
            epoch,
            confirmed: AtomicU64::new(u64::MAX),
            cookie: Some(cookie),
        }
    }

    /// What a marker needs to know of it; `None` for a stateless token, which is checked without the view.
    pub(super) fn issued(&self) -> Option<Issued<'_>> {
        let token = match &self.caller.credential {
            CallerCredential::Cookie => None,
            CallerCredential::Token(token) => Some(token.id),
        };
        Some(Issued {
            token,
            session: self.caller.session_id()?,
            user: self.caller.user_id(),
            client: &self.caller.principal.client_id,
            generation: self.generation,
        })
    }

    pub(super) fn expires_at(&self) -> Timestamp {
        match &self.cookie {
            None => self.expires_at,
            Some(cookie) => (cookie.last_seen() + cookie.idle_timeout).min(self.expires_at),
        }
    }

    pub(super) fn confirmed_sequence(&self) -> u64 {
        self.confirmed.load(Ordering::Acquire)
    }

    pub(super) fn confirm(&self, sequence: u64) {
        self.confirmed.store(sequence, Ordering::Release);
    }
}

impl CheckedCookie {
    /// Whether this copy can answer for a cookie of that text.
    pub(super) fn answers_for(&self, text: Digest, now: Timestamp) -> bool {
        self.text == text && now.since(self.loaded_at) < RELOAD_AFTER
    }

    /// Notes a use; whether it is long enough after the last noted one to be written.
    pub(super) fn use_at(&self, now: Timestamp) -> bool {
        let granularity = SEEN_GRANULARITY.min(self.idle_timeout / 10);
        let due = now.since(self.last_seen()) >= granularity;
        if due {
            self.last_seen.fetch_max(now.millis(), Ordering::AcqRel);
        }
        due
    }

    fn last_seen(&self) -> Timestamp {
        Timestamp::from_millis(self.last_seen.load(Ordering::Acquire))
    }
}
