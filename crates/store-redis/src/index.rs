//! Two indexes of everything, one of sessions and one of tokens: who an id belongs to, what is newest, what may be removed.
//!
//! Each is cut into buckets by the time within the ids, so that none is large, each can be on another node of a cluster,
//! and old ones vanish. A directory lists the buckets, and `due` when each is to be looked at for what can be removed.

use std::sync::Arc;

use counterfoil_core::port::StoreResult;
use counterfoil_core::{SessionId, Timestamp, TokenId, UserId};
use futures_util::future::{try_join, try_join_all, try_join3};

use crate::error::corrupt;
use crate::keys::{Keys, bucket_of};
use crate::link::Link;
use crate::scripts::{ENTER, POSTPONE};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Book {
    Sessions,
    Tokens,
}

impl Book {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Tokens => "tokens",
        }
    }
}

/// An entry of the index of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionEntry {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
}

/// An entry of the index of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenEntry {
    pub(crate) id: TokenId,
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
}

/// What an index has for an id: bytes that begin with the id's.
pub(crate) trait Entry: Sized {
    const BOOK: Book;
    fn member(&self) -> Vec<u8>;
    fn read(member: &[u8]) -> StoreResult<Self>;
}

impl Entry for SessionEntry {
    const BOOK: Book = Book::Sessions;

    fn member(&self) -> Vec<u8> {
        [*self.id.as_bytes(), *self.user.as_bytes()].concat()
    }

    fn read(member: &[u8]) -> StoreResult<Self> {
        match parts(member)[..] {
            [id, user] => Ok(Self { id: SessionId::from_bytes(id), user: UserId::from_bytes(user) }),
            _ => Err(corrupt("an entry of the index of sessions")),
        }
    }
}

impl Entry for TokenEntry {
    const BOOK: Book = Book::Tokens;

    fn member(&self) -> Vec<u8> {
        [*self.id.as_bytes(), *self.user.as_bytes(), *self.session.as_bytes()].concat()
    }

    fn read(member: &[u8]) -> StoreResult<Self> {
        match parts(member)[..] {
            [id, user, session] => Ok(Self {
                id: TokenId::from_bytes(id),
                user: UserId::from_bytes(user),
                session: SessionId::from_bytes(session),
            }),
            _ => Err(corrupt("an entry of the index of tokens")),
        }
    }
}

fn parts(member: &[u8]) -> Vec<[u8; 16]> {
    let (parts, rest) = member.as_chunks::<16>();
    if rest.is_empty() { parts.to_vec() } else { Vec::new() }
}

fn id_of(member: &[u8]) -> [u8; 16] {
    member.first_chunk().copied().unwrap_or_default()
}

/// A bucket that is due, with its score as it was read.
pub(crate) struct Due {
    pub(crate) bucket: String,
    pub(crate) score: i64,
}

pub(crate) struct Index {
    pub(crate) link: Arc<Link>,
    pub(crate) keys: Arc<Keys>,
}

impl Index {
    /// Enters something that may be removed from `due` on.
    pub(crate) async fn enter<E: Entry>(&self, entry: &E, due: Timestamp, ttl: u64) -> StoreResult<()> {
        let member = entry.member();
        let bucket = bucket_of(id_of(&member));
        // The bucket first: whoever finds it in the directory finds the entry in it.
        let written = try_join3(
            self.add(self.keys.bucket(E::BOOK, &bucket), ttl, 0, &member),
            self.add(self.keys.directory(E::BOOK), ttl, 0, bucket.as_bytes()),
            self.add(self.keys.due(E::BOOK), ttl, due.millis(), bucket.as_bytes()),
        );
        written.await.map(drop)
    }

    /// Says that a session may be removed earlier than it seemed.
    pub(crate) async fn due_earlier(&self, id: SessionId, due: Timestamp, ttl: u64) -> StoreResult<()> {
        let bucket = bucket_of(*id.as_bytes());
        self.add(self.keys.due(Book::Sessions), ttl, due.millis(), bucket.as_bytes()).await
    }

    async fn add(&self, key: String, ttl: u64, score: i64, member: &[u8]) -> StoreResult<()> {
        self.link.run(ENTER.prepare_invoke().key(key).arg(ttl).arg(score).arg(member)).await
    }

    pub(crate) async fn remove<E: Entry>(&self, entries: &[E]) -> StoreResult<()> {
        let removals = entries.iter().map(|entry| async {
            let member = entry.member();
            let mut command = redis::cmd("ZREM");
            command.arg(self.keys.bucket(E::BOOK, &bucket_of(id_of(&member)))).arg(member);
            self.link.query::<u32>(&command).await
        });
        try_join_all(removals).await.map(drop)
    }

    /// The entry of an id.
    pub(crate) async fn find<E: Entry>(&self, id: [u8; 16]) -> StoreResult<Option<E>> {
        let mut command = redis::cmd("ZRANGEBYLEX");
        command.arg(self.keys.bucket(E::BOOK, &bucket_of(id)));
        command.arg([b"[".as_slice(), &id].concat()).arg([b"[".as_slice(), &id, &[0xFF; 33]].concat());
        command.arg("LIMIT").arg(0).arg(1);
        let found: Vec<Vec<u8>> = self.link.query(&command).await?;
        found.first().map(|member| E::read(member)).transpose()
    }

    /// Up to `limit` entries of a bucket, oldest first, after that one.
    pub(crate) async fn entries<E: Entry>(
        &self,
        bucket: &str,
        after: Option<&E>,
        limit: usize,
    ) -> StoreResult<Vec<E>> {
        let mut command = redis::cmd("ZRANGEBYLEX");
        let from = after.map_or(b"-".to_vec(), |entry| [b"(".as_slice(), &entry.member()].concat());
        command.arg(self.keys.bucket(E::BOOK, bucket)).arg(from).arg("+");
        command.arg("LIMIT").arg(0).arg(limit);
        let members: Vec<Vec<u8>> = self.link.query(&command).await?;
        members.iter().map(|member| E::read(member)).collect()
    }

    /// The buckets in which something may be removed that was over before that instant, at most `limit`.
    pub(crate) async fn due(&self, book: Book, before: Timestamp, limit: usize) -> StoreResult<Vec<Due>> {
        let mut command = redis::cmd("ZRANGEBYSCORE");
        command.arg(self.keys.due(book)).arg("-inf").arg(format!("({}", before.millis()));
        command.arg("WITHSCORES").arg("LIMIT").arg(0).arg(limit);
        let found: Vec<(String, f64)> = self.link.query(&command).await?;
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds are whole and far from 2^53")]
        let due = |(bucket, score): (String, f64)| Due { bucket, score: score as i64 };
        Ok(found.into_iter().map(due).collect())
    }

    /// A bucket is to be looked at again then; or never, being empty. Nothing changes if it was said meanwhile that it is
    /// to be looked at earlier.
    pub(crate) async fn postpone(&self, book: Book, due: &Due, to: Option<Timestamp>) -> StoreResult<()> {
        let to_text = to.map_or(String::new(), |to| to.millis().to_string());
        let mut script = POSTPONE.prepare_invoke();
        script.key(self.keys.due(book)).arg(&due.bucket).arg(due.score).arg(to_text);
        if to.is_some() {
            return self.link.run(&script).await;
        }
        let mut strike = redis::cmd("ZREM");
        strike.arg(self.keys.directory(book)).arg(&due.bucket);
        try_join(self.link.run::<u32>(&script), self.link.query::<u32>(&strike)).await?;
        // Somebody may have entered something since it was found empty. Nobody does after ten minutes, unless a clock is
        // wrong; then whoever entered it before this look is seen here, and whoever did after it writes the directory after.
        let mut left = redis::cmd("PTTL");
        left.arg(self.keys.bucket(book, &due.bucket));
        // Negative for a key that is not there.
        if let Ok(ttl) = u64::try_from(self.link.query::<i64>(&left).await?) {
            self.add(self.keys.directory(book), ttl, 0, due.bucket.as_bytes()).await?;
            self.add(self.keys.due(book), ttl, due.score, due.bucket.as_bytes()).await?;
        }
        Ok(())
    }
}
