//! The feed as it is served to a verifier: a snapshot or the deltas that it missed, then deltas and heartbeats.
//!
//! Every event has the id `<feed>:<sequence>`. A snapshot may come in several pieces; the verifier has it when a piece
//! says `complete`. A heartbeat says that the server's own view is complete as of now; a server whose view is stale
//! sends none, and so the verifier's view grows old together with the server's.

use std::collections::VecDeque;
use std::time::Duration;

use counterfoil_core::revocation::{FeedHead, Marker};
use counterfoil_core::{ClientId, FeedId, TokenId};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use crate::{Authority, Error, VerifierView};

/// How often a heartbeat is sent.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Markers in one piece of a snapshot, and taken from the store at a time.
const PIECE: usize = 500;
/// The most verifiers that may follow the feed at one node.
const MAX_SUBSCRIPTIONS: usize = 10_000;

/// One event of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedEvent {
    /// A piece of a snapshot: begin anew with it.
    Snapshot {
        /// `<feed>:<sequence>`
        id: String,
        /// JSON: `feed`, `sequence`, `forgotten`, `markers`, `complete`.
        data: String,
    },
    /// One marker.
    Delta {
        /// `<feed>:<sequence>`
        id: String,
        /// JSON: the marker, and `after`: the sequence before it.
        data: String,
    },
    /// The view is complete as of now.
    Heartbeat {
        /// `<feed>:<sequence>`
        id: String,
        /// JSON: `sequence`.
        data: String,
    },
}

/// One verifier's place in the feed. Dropping it ends the subscription.
pub struct FeedSubscription {
    authority: Authority,
    verifier: String,
    feed: FeedId,
    position: u64,
    ready: VecDeque<FeedEvent>,
    heartbeat: Interval,
    moved: watch::Receiver<u64>,
    closed: watch::Receiver<bool>,
}

#[derive(Serialize)]
struct SnapshotPiece<'a> {
    #[serde(flatten)]
    head: FeedHead,
    markers: &'a [Marker],
    complete: bool,
}

#[derive(Serialize)]
struct Delta<'a> {
    after: u64,
    #[serde(flatten)]
    marker: &'a Marker,
}

impl Authority {
    /// Subscribes a verifier, from where its last event left it if that is still possible.
    ///
    /// # Errors
    /// [`Error::Store`] when the store does not answer; [`Error::Busy`] beyond 10,000 subscriptions.
    pub async fn subscribe(
        &self,
        client: &ClientId,
        name: Option<String>,
        last_event_id: Option<&str>,
    ) -> Result<FeedSubscription, Error> {
        if self.0.verifiers.connected() >= MAX_SUBSCRIPTIONS {
            return Err(Error::Busy { retry_after: Duration::from_secs(10) });
        }
        let moved = self.0.view.watch();
        let head = self.0.stores.sessions.feed_head().await?;
        let verifier = format!(
            "ver{}",
            TokenId::generate(self.clock(), self.0.entropy.as_ref()).to_string().split_off(3)
        );
        let mut subscription = FeedSubscription {
            authority: self.clone(),
            verifier: verifier.clone(),
            feed: head.feed,
            position: head.sequence,
            ready: VecDeque::new(),
            heartbeat: heartbeat(),
            moved,
            closed: self.0.verifiers.closed(),
        };
        match last_event_id.and_then(|id| resume(id, &head)) {
            Some(position) => {
                subscription.position = position;
                subscription.take_deltas().await?;
                if subscription.is_complete() {
                    subscription.push_heartbeat();
                }
            }
            None => subscription.take_snapshot().await?,
        }
        let name = name.map(|name| name.chars().filter(|c| !c.is_control()).take(64).collect());
        self.0.verifiers.add(verifier, client.clone(), name, self.0.clock.now());
        Ok(subscription)
    }

    /// Notes that a verifier has applied everything up to `sequence`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when no such verifier of that client is connected here; [`Error::BadQuery`] for a number that
    /// the feed has not reached.
    pub async fn acknowledge(&self, client: &ClientId, verifier: &str, sequence: u64) -> Result<(), Error> {
        if !self.0.verifiers.knows(client, verifier) {
            return Err(Error::NotFound);
        }
        if sequence > self.0.view.sequence() && sequence > self.catch_up().await? {
            return Err(Error::BadQuery("sequence: the feed has not come so far".to_owned()));
        }
        let noted = self.0.verifiers.confirm(client, verifier, sequence, self.0.clock.now());
        if noted { Ok(()) } else { Err(Error::NotFound) }
    }

    /// The verifiers that follow the feed at this node.
    #[must_use]
    pub fn verifiers(&self) -> Vec<VerifierView> {
        self.0.verifiers.list()
    }
}

/// Ticks at its pace whatever else is told in between: a busy feed has a heartbeat too.
fn heartbeat() -> Interval {
    let mut heartbeat = tokio::time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeat
}

/// Where a verifier with that last event can go on; `None` when it needs a snapshot.
fn resume(last_event_id: &str, head: &FeedHead) -> Option<u64> {
    let (feed, sequence) = last_event_id.split_once(':')?;
    let position = sequence.parse().ok()?;
    let same = feed.parse() == Ok(head.feed);
    (same && position >= head.forgotten && position <= head.sequence).then_some(position)
}

impl FeedSubscription {
    /// The id to acknowledge with.
    #[must_use]
    pub fn verifier(&self) -> &str {
        &self.verifier
    }

    /// The next event; `None` when the feed was lost here, the store fails, or the server shuts down: connect again.
    pub async fn next(&mut self) -> Option<FeedEvent> {
        while self.ready.is_empty() {
            let position = self.position;
            let moved = tokio::select! {
                biased;
                _ = self.closed.wait_for(|closed| *closed) => return None,
                _ = self.heartbeat.tick() => false,
                moved = self.moved.wait_for(|sequence| *sequence > position) => moved.is_ok().then_some(true)?,
            };
            if moved || self.authority.0.view.sequence() > self.position {
                self.take_deltas().await.ok()?;
            }
            if !moved && self.is_complete() {
                self.push_heartbeat();
            }
        }
        self.ready.pop_front()
    }

    /// Whether the verifier will have everything, as of now, once it has taken what is ready.
    fn is_complete(&self) -> bool {
        let view = &self.authority.0.view;
        view.is_fresh(self.authority.0.clock.now()) && view.is_within(self.feed, self.position)
    }

    async fn take_snapshot(&mut self) -> Result<(), Error> {
        let now = self.authority.0.clock.now();
        let snapshot = self.authority.0.stores.sessions.snapshot(now).await?;
        self.feed = snapshot.head.feed;
        self.position = snapshot.head.sequence;
        let pieces = snapshot.markers.chunks(PIECE);
        let last = pieces.len().saturating_sub(1);
        let empty: [&[Marker]; 1] = [&[]];
        let pieces: Box<dyn Iterator<Item = &[Marker]>> =
            if snapshot.markers.is_empty() { Box::new(empty.into_iter()) } else { Box::new(pieces) };
        for (number, markers) in pieces.enumerate() {
            let piece = SnapshotPiece { head: snapshot.head, markers, complete: number == last };
            self.ready
                .push_back(FeedEvent::Snapshot { id: self.event_id(self.position), data: json(&piece)? });
        }
        Ok(())
    }

    async fn take_deltas(&mut self) -> Result<(), Error> {
        let sessions = &self.authority.0.stores.sessions;
        let head = sessions.feed_head().await?;
        if head.feed != self.feed || head.forgotten > self.position {
            return self.take_snapshot().await;
        }
        let limit = u32::try_from(PIECE).unwrap_or(u32::MAX);
        for marker in sessions.markers_after(self.position, limit).await? {
            let data = json(&Delta { after: self.position, marker: &marker })?;
            self.position = marker.sequence;
            self.ready.push_back(FeedEvent::Delta { id: self.event_id(self.position), data });
        }
        Ok(())
    }

    fn push_heartbeat(&mut self) {
        let data = format!("{{\"sequence\":{}}}", self.position);
        self.ready.push_back(FeedEvent::Heartbeat { id: self.event_id(self.position), data });
    }

    fn event_id(&self, sequence: u64) -> String {
        format!("{}:{sequence}", self.feed)
    }
}

impl Drop for FeedSubscription {
    fn drop(&mut self) {
        self.authority.0.verifiers.remove(&self.verifier);
    }
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::internal)
}
