//! Hears what any node commits: a connection that listens, made again whenever it is lost.
//!
//! What is heard only wakes who waits; they look for themselves. So what was said while nobody listened is not lost: it
//! is noticed at the next look, which no wait puts off for longer than half a second.

use std::convert::Infallible;
use std::future::poll_fn;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use counterfoil_core::port::StoreError;
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;
use tokio_postgres::{AsyncMessage, Client};

use crate::connection::Connector;
use crate::error::{Error, Result, closed, late};

/// The channel, as an expression of SQL. Channels are told apart by database; the schema is in the name.
macro_rules! channel {
    () => {
        "'counterfoil_' || hashtext(current_schema())"
    };
}
pub(crate) use channel;

/// What is said when the feed has a new marker.
const FEED: &str = "feed";
/// What is said when an account was changed.
const ACCOUNTS: &str = "accounts";

/// How often a connection is asked whether it is still there.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// How long before the connection is made again: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// Tells those who wait that something may have moved.
#[derive(Default)]
pub(crate) struct Moved {
    pub(crate) feed: watch::Sender<()>,
    pub(crate) accounts: watch::Sender<()>,
}

impl Moved {
    /// Wakes everybody.
    pub(crate) fn all(&self) {
        self.feed.send_replace(());
        self.accounts.send_replace(());
    }

    fn told(&self, what: &str) {
        match what {
            FEED => self.feed.send_replace(()),
            ACCOUNTS => self.accounts.send_replace(()),
            _ => self.all(),
        }
    }
}

/// The listening task. It ends when this is dropped, or told to.
pub(crate) struct Listener(AbortHandle);

impl Listener {
    /// Starts it, and returns when it listens, or has failed to for the first time.
    pub(crate) async fn start(connector: Connector, moved: Arc<Moved>) -> Self {
        let (listening, begun) = oneshot::channel();
        let listener = Self(tokio::spawn(keep_listening(connector, moved, listening)).abort_handle());
        let _ = begun.await;
        listener
    }

    pub(crate) fn stop(&self) {
        self.0.abort();
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn keep_listening(connector: Connector, moved: Arc<Moved>, listening: oneshot::Sender<()>) {
    let mut pause = PAUSE.0;
    let mut first = Some(listening);
    loop {
        let mut heard = false;
        let listening = || {
            heard = true;
            // Something may have moved before it listened.
            moved.all();
            first.take().map(|first| first.send(()));
        };
        let Err(error) = listen(&connector, &moved, listening).await;
        first = None;
        tracing::warn!(
            error = &StoreError::from(error) as &dyn std::error::Error,
            "not listening to PostgreSQL: revocations are noticed within half a second, and not at once"
        );
        pause = if heard { PAUSE.0 } else { (pause * 2).min(PAUSE.1) };
        tokio::time::sleep(jittered(pause)).await;
    }
}

/// Listens until the connection is lost.
async fn listen(connector: &Connector, moved: &Moved, listening: impl FnOnce()) -> Result<Infallible> {
    let limit = connector.connect_timeout();
    let (client, mut driver) = tokio::time::timeout(limit, connector.open()).await.map_err(|_| late())??;
    let hear = async {
        loop {
            match poll_fn(|context| driver.poll_message(context)).await {
                Some(Ok(AsyncMessage::Notification(said))) => moved.told(said.payload()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(Error::from(error)),
                None => return Err(closed()),
            }
        }
    };
    let ask = async {
        tokio::time::timeout(limit, subscribe(&client)).await.map_err(|_| late())??;
        listening();
        loop {
            // A connection that nothing comes over may be dead.
            tokio::time::sleep(ASK_EVERY).await;
            tokio::time::timeout(limit, client.batch_execute("")).await.map_err(|_| late())??;
        }
    };
    tokio::select! {
        lost = hear => lost,
        lost = ask => lost,
    }
}

async fn subscribe(client: &Client) -> Result<()> {
    let sql = concat!("SELECT quote_ident(", channel!(), ") AS channel");
    let row = client.query_one(sql, &[]).await?;
    let channel: &str = row.try_get("channel")?;
    Ok(client.batch_execute(&format!("LISTEN {channel}")).await?)
}

/// Between three and five quarters of a pause: nodes that lost the same server do not come back in step. The standard
/// library's random state is good enough for that, and no secret depends on it.
fn jittered(pause: Duration) -> Duration {
    let random = RandomState::new().hash_one(pause);
    pause * 3 / 4 + pause / 2 * u32::try_from(random % 1024).unwrap_or(0) / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_differ_and_stay_near() {
        let pause = Duration::from_secs(1);
        let pauses: Vec<Duration> = (0..50).map(|_| jittered(pause)).collect();
        assert!(pauses.iter().all(|found| (pause * 3 / 4..pause * 5 / 4).contains(found)));
        assert!(pauses.iter().any(|found| *found != pauses[0]));
    }
}
