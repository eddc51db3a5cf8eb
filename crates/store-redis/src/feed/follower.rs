//! Who waits for the feed is told when it moves, by a task with a connection of its own: reading a stream blocks it.

use std::sync::Arc;
use std::time::Duration;

use counterfoil_core::port::StoreResult;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Feed;
use crate::RedisOptions;
use crate::keys::Keys;
use crate::link::{Link, part_of};

/// How long one read of the stream waits.
const BLOCK: Duration = Duration::from_millis(400);
/// How long it waits before it tries again when Redis does not answer.
const AGAIN: Duration = Duration::from_millis(200);

pub(crate) struct Follower {
    moved: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl Follower {
    /// Begins to follow, on a link that is the task's alone.
    pub(crate) fn start(url: &str, options: RedisOptions, keys: Arc<Keys>) -> StoreResult<Self> {
        let response_timeout = options.response_timeout + BLOCK;
        let link = Arc::new(Link::new(url, &RedisOptions { response_timeout, ..options })?);
        let (sender, moved) = watch::channel(0);
        let task = tokio::spawn(follow(Feed { link, keys }, sender));
        Ok(Self { moved, task })
    }

    /// What tells that the feed has moved since now. The numbers mean nothing.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        let mut moved = self.moved.clone();
        moved.mark_unchanged();
        moved
    }

    pub(crate) fn stop(&self) {
        self.task.abort();
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn follow(feed: Feed, moved: watch::Sender<u64>) {
    let mut seen = None;
    loop {
        match step(&feed, seen).await {
            Ok(sequence) => {
                if seen.is_some_and(|seen| seen != sequence) {
                    moved.send_modify(|count| *count = count.wrapping_add(1));
                }
                seen = Some(sequence);
            }
            Err(error) => {
                // Who waits meanwhile asks for the head, and is told that error.
                tracing::debug!(error = &error as &dyn std::error::Error, "the feed is not followed");
                tokio::time::sleep(AGAIN + part_of(AGAIN)).await;
            }
        }
    }
}

/// Waits for what follows and returns where the feed stands. The head is asked each time: a feed that was lost and begun
/// again has numbers that were seen already, and nothing follows them.
async fn step(feed: &Feed, seen: Option<u64>) -> StoreResult<u64> {
    if let Some(seen) = seen {
        let mut command = redis::cmd("XREAD");
        command.arg("BLOCK").arg(u64::try_from(BLOCK.as_millis()).unwrap_or(400));
        command.arg("STREAMS").arg(feed.keys.feed().stream).arg(format!("{seen}-{}", u64::MAX));
        feed.link.query::<redis::Value>(&command).await?;
    }
    Ok(feed.head().await?.sequence)
}
