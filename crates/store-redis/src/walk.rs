//! A walk along an index, newest first, in pieces.

use std::collections::VecDeque;

use counterfoil_core::port::StoreResult;
use futures_util::future::try_join_all;

use crate::index::{Entry, Index};
use crate::keys::bucket_of;

/// Buckets looked into at once, where each holds little.
const AT_ONCE: usize = 32;
/// Names of buckets read at once.
const NAMES: usize = 128;

pub(crate) struct Walk<'a> {
    index: &'a Index,
    /// Where it goes on: everything from here on is behind it. In the notation of Redis.
    below: Vec<u8>,
    /// Where it ends.
    from: [u8; 16],
    /// Buckets whose names were read and which were not looked into.
    buckets: VecDeque<String>,
    /// The oldest bucket whose name was read.
    reached: Option<String>,
    at_once: usize,
    over: bool,
}

impl<'a> Walk<'a> {
    /// Walks what is older than `before`, down to `from`.
    pub(crate) fn new(index: &'a Index, before: Option<[u8; 16]>, from: Option<[u8; 16]>) -> Self {
        let below = before.unwrap_or([0xFF; 16]);
        Self {
            index,
            below: [b"(".as_slice(), &below].concat(),
            from: from.unwrap_or_default(),
            buckets: VecDeque::new(),
            reached: None,
            at_once: 1,
            over: false,
        }
    }

    /// The next entries: some `wanted`, more where many buckets hold little, and none at the end.
    pub(crate) async fn next<E: Entry>(&mut self, wanted: usize) -> StoreResult<Vec<E>> {
        let mut found = Vec::new();
        while found.len() < wanted && !self.over {
            if self.buckets.is_empty() {
                self.read_names::<E>().await?;
                continue;
            }
            let looked_into = self.buckets.len().min(self.at_once);
            let pieces =
                self.buckets.iter().take(looked_into).map(|bucket| self.read_bucket::<E>(bucket, wanted));
            let pieces = try_join_all(pieces).await?;
            self.at_once = (self.at_once * 2).min(AT_ONCE);
            for piece in pieces {
                let whole = piece.len() < wanted;
                if let Some(last) = piece.last() {
                    self.below = [b"(".as_slice(), last].concat();
                }
                for member in piece {
                    found.push(E::read(&member)?);
                }
                if !whole {
                    // There is more in this one. What was read of those after it is read again.
                    self.at_once = 1;
                    break;
                }
                self.buckets.pop_front();
            }
        }
        Ok(found)
    }

    async fn read_names<E: Entry>(&mut self) -> StoreResult<()> {
        let newest = match &self.reached {
            Some(bucket) => format!("({bucket}"),
            None => format!("[{}", bucket_of(self.below.last_chunk().copied().unwrap_or([0xFF; 16]))),
        };
        let mut command = redis::cmd("ZREVRANGEBYLEX");
        command.arg(self.index.keys.directory(E::BOOK)).arg(newest).arg(format!("[{}", bucket_of(self.from)));
        command.arg("LIMIT").arg(0).arg(NAMES);
        let names: Vec<String> = self.index.link.query(&command).await?;
        self.over = names.is_empty();
        self.reached = names.last().cloned().or(self.reached.take());
        self.buckets = names.into();
        Ok(())
    }

    async fn read_bucket<E: Entry>(&self, bucket: &str, limit: usize) -> StoreResult<Vec<Vec<u8>>> {
        let mut command = redis::cmd("ZREVRANGEBYLEX");
        command.arg(self.index.keys.bucket(E::BOOK, bucket)).arg(&self.below);
        command.arg([b"[".as_slice(), &self.from].concat()).arg("LIMIT").arg(0).arg(limit);
        self.index.link.query(&command).await
    }
}
