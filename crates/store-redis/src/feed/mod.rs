//! Markers and the feed that they form: one stream, with what is kept beside it in the same hash slot.

mod follower;
mod marker;

use std::collections::HashMap;
use std::sync::Arc;

use counterfoil_core::port::StoreResult;
use counterfoil_core::revocation::{FeedHead, Marker, Snapshot, Subject};
use counterfoil_core::session::{End, Session};
use counterfoil_core::{FeedId, SessionId, Timestamp};

pub(crate) use follower::Follower;
pub(crate) use marker::Open;

use crate::error::corrupt;
use crate::index::Book;
use crate::keys::Keys;
use crate::link::{Link, random};
use crate::scripts::{ADVANCE, ANEW, APPEND, BEGIN, FORGET, SINCE};

/// Markers read at once.
const PIECE: u32 = 1000;

type HeadFields = (Option<String>, Option<u64>, Option<u64>);
type StreamEntries = Vec<(String, Vec<String>)>;

pub(crate) struct Feed {
    pub(crate) link: Arc<Link>,
    pub(crate) keys: Arc<Keys>,
}

impl Feed {
    /// Where it stands. A feed that is not there begins.
    pub(crate) async fn head(&self) -> StoreResult<FeedHead> {
        let key = self.keys.feed().head;
        let mut command = redis::cmd("HMGET");
        command.arg(&key).arg(&["id", "sequence", "forgotten"]);
        let fields: HeadFields = self.link.query(&command).await?;
        match head(fields)? {
            Some(head) => Ok(head),
            None => self.begin(key).await,
        }
    }

    /// Begins a feed. If there are sessions, another one was lost, whose numbers they carry as generations: then the new
    /// one begins above them, for else its markers of many would cover none of these.
    async fn begin(&self, key: String) -> StoreResult<FeedHead> {
        let mut question = redis::cmd("EXISTS");
        question.arg(self.keys.directory(Book::Sessions));
        let was_lost: u8 = self.link.query(&question).await?;
        let mut script = BEGIN.prepare_invoke();
        script.key(key).arg(new_id().to_string()).arg(was_lost);
        head(self.link.run(&script).await?)?.ok_or_else(|| corrupt("the head of the feed"))
    }

    /// Where it stands and what follows a number, at most [`PIECE`] markers, as of one moment. A feed that is not there
    /// stands at nothing.
    async fn since(&self, sequence: u64) -> StoreResult<(Option<FeedHead>, Vec<Marker>)> {
        let keys = self.keys.feed();
        let mut script = SINCE.prepare_invoke();
        script.key(keys.stream).key(keys.head).arg(sequence).arg(PIECE);
        let (fields, entries): (HeadFields, StreamEntries) = self.link.run(&script).await?;
        Ok((head(fields)?, markers(entries)?))
    }

    /// Whether a log-in of that session was overtaken by a revocation: a marker that is newer than its generation covers
    /// it, or what came after that is not known any more.
    pub(crate) async fn overtakes(&self, session: &Session) -> StoreResult<bool> {
        let (head, mut newer) = self.since(session.generation).await?;
        // A feed that stands below the generation is not the one that the log-in knew: that one was lost.
        let (sequence, forgotten) = head.map_or((0, 0), |head| (head.sequence, head.forgotten));
        if forgotten > session.generation || sequence < session.generation {
            return Ok(true);
        }
        loop {
            if newer.iter().any(|marker| marker.covers(&session.issued())) {
                return Ok(true);
            }
            let Some(last) = newer.last() else { return Ok(false) };
            if newer.len() < usize::try_from(PIECE).unwrap_or(usize::MAX) {
                return Ok(false);
            }
            newer = self.after(last.sequence, PIECE).await?;
        }
    }

    pub(crate) async fn after(&self, sequence: u64, limit: u32) -> StoreResult<Vec<Marker>> {
        let mut command = redis::cmd("XRANGE");
        command.arg(self.keys.feed().stream).arg(format!("{}-0", sequence.saturating_add(1))).arg("+");
        command.arg("COUNT").arg(limit);
        markers(self.link.query(&command).await?)
    }

    /// All that still covers something. Read piece by piece: what is forgotten meanwhile has expired, and what is appended
    /// meanwhile comes after the head and is left out.
    pub(crate) async fn snapshot(&self, now: Timestamp) -> StoreResult<Snapshot> {
        let head = self.head().await?;
        let open = self.open().await?;
        let mut kept = Vec::new();
        let mut reached = 0;
        while reached < head.sequence {
            let piece = self.after(reached, PIECE).await?;
            let Some(last) = piece.last() else { break };
            reached = last.sequence;
            let is_open = |marker: &Marker| open.iter().any(|open| open.marker.sequence == marker.sequence);
            kept.extend(piece.into_iter().filter(|marker| {
                marker.sequence <= head.sequence && (marker.expires_at > now || is_open(marker))
            }));
        }
        Ok(Snapshot { head, markers: kept })
    }

    /// Appends a marker, and returns its number.
    pub(crate) async fn append(
        &self,
        subject: &Subject,
        end: &End,
        expires_at: Timestamp,
    ) -> StoreResult<u64> {
        let keys = self.keys.feed();
        let many = matches!(subject, Subject::Client { .. } | Subject::All | Subject::BegunBefore { .. });
        let mut script = APPEND.prepare_invoke();
        script.key(keys.stream).key(keys.head).key(keys.expiry).key(keys.open);
        script.arg(marker::text(subject, end, expires_at)?).arg(expires_at.millis()).arg(u8::from(many));
        loop {
            match self.link.run::<Option<u64>>(&script).await? {
                Some(sequence) => return Ok(sequence),
                // There is no feed: it was lost a moment ago. Asking for it begins one.
                None => self.head().await?,
            };
        }
    }

    /// Another life of the feed, above what was lost, with a marker of everything; not if it is another one by now.
    pub(crate) async fn begin_anew(
        &self,
        found: FeedHead,
        above: u64,
        end: &End,
        expires_at: Timestamp,
    ) -> StoreResult<FeedHead> {
        let keys = self.keys.feed();
        let mut script = ANEW.prepare_invoke();
        script.key(keys.stream).key(keys.head).key(keys.expiry).key(keys.open);
        script.arg(found.feed.to_string()).arg(found.sequence).arg(new_id().to_string()).arg(above);
        script.arg(marker::text(&Subject::All, end, expires_at)?).arg(expires_at.millis());
        self.link.run::<u8>(&script).await?;
        self.head().await
    }

    /// The markers of many whose records have not all been ended, oldest first. Nearly always none.
    ///
    /// Whoever reads records too begins this first: a marker leaves only after the records were ended.
    pub(crate) async fn open(&self) -> StoreResult<Vec<Open>> {
        let mut command = redis::cmd("HGETALL");
        command.arg(self.keys.feed().open);
        let fields: HashMap<u64, String> = self.link.query(&command).await?;
        let mut open = fields
            .into_iter()
            .map(|(sequence, text)| marker::read(sequence, &text))
            .collect::<StoreResult<Vec<_>>>()?;
        open.sort_unstable_by_key(|open| open.marker.sequence);
        Ok(open)
    }

    /// The last session that was looked at for an open marker.
    pub(crate) async fn swept_to(&self, sequence: u64) -> StoreResult<Option<SessionId>> {
        let mut command = redis::cmd("HGET");
        command.arg(self.keys.feed().swept).arg(sequence);
        let text: Option<String> = self.link.query(&command).await?;
        text.map(|text| text.parse().map_err(|_| corrupt("the progress of a marker"))).transpose()
    }

    /// Notes the last session that was looked at for an open marker, or that its work is done.
    pub(crate) async fn advance(&self, sequence: u64, to: Option<SessionId>) -> StoreResult<()> {
        let keys = self.keys.feed();
        let mut script = ADVANCE.prepare_invoke();
        script.key(keys.open).key(keys.swept).arg(sequence);
        self.link.run(script.arg(to.map_or(String::new(), |to| to.to_string()))).await
    }

    /// Whether a marker has expired. One that is open may be it.
    pub(crate) async fn has_expired(&self, now: Timestamp) -> StoreResult<bool> {
        let mut command = redis::cmd("ZRANGEBYSCORE");
        command.arg(self.keys.feed().expiry).arg("-inf").arg(now.millis()).arg("LIMIT").arg(0).arg(1);
        Ok(!self.link.query::<Vec<u64>>(&command).await?.is_empty())
    }

    /// Forgets markers that have expired and whose work is done.
    pub(crate) async fn forget(&self, now: Timestamp, limit: u32) -> StoreResult<u32> {
        let keys = self.keys.feed();
        let mut script = FORGET.prepare_invoke();
        script.key(keys.stream).key(keys.head).key(keys.expiry).key(keys.open);
        self.link.run(script.arg(now.millis()).arg(limit)).await
    }
}

fn head((id, sequence, forgotten): HeadFields) -> StoreResult<Option<FeedHead>> {
    let Some(id) = id else { return Ok(None) };
    let feed = id.parse().map_err(|_| corrupt("the id of the feed"))?;
    Ok(Some(FeedHead { feed, sequence: sequence.unwrap_or(0), forgotten: forgotten.unwrap_or(0) }))
}

fn markers(entries: StreamEntries) -> StoreResult<Vec<Marker>> {
    let read = |(id, fields): (String, Vec<String>)| {
        let sequence = id.split_once('-').and_then(|(sequence, _)| sequence.parse().ok());
        let sequence = sequence.ok_or_else(|| corrupt("a number in the feed"))?;
        let text = fields.get(1).ok_or_else(|| corrupt("a marker"))?;
        Ok(marker::read(sequence, text)?.marker)
    };
    entries.into_iter().map(read).collect()
}

/// An id for a feed that begins; of those that are offered one is taken.
fn new_id() -> FeedId {
    let mut bytes = [0; 16];
    for (part, random) in bytes.as_chunks_mut::<8>().0.iter_mut().zip([random(), random()]) {
        *part = random.to_be_bytes();
    }
    FeedId::from_bytes(bytes)
}
