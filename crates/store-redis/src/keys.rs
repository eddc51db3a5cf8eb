//! The names of all keys. `README.md` says what each holds.

use counterfoil_core::{SessionId, Timestamp, UserId};

use crate::index::Book;

/// The names of keys, which all begin alike.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    prefix: Box<str>,
}

/// Keys of the feed, all in one hash slot.
pub(crate) struct FeedKeys {
    pub(crate) stream: String,
    pub(crate) head: String,
    pub(crate) open: String,
    pub(crate) swept: String,
    pub(crate) expiry: String,
}

/// As many bits of a millisecond's number are left away for its bucket: a bucket is some nine minutes. Each one costs some
/// 500 bytes besides what is in it, which is much for a quiet book with shorter ones.
const BUCKET_BITS: u32 = 19;

impl Keys {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.into() }
    }

    /// Everything of one user.
    pub(crate) fn user(&self, user: UserId) -> String {
        let text = user.to_string();
        let id = text.split_once('_').map_or(text.as_str(), |(_, id)| id);
        format!("{}:{{{id}}}", self.prefix)
    }

    pub(crate) fn feed(&self) -> FeedKeys {
        let stream = format!("{}:{{feed}}", self.prefix);
        FeedKeys {
            head: format!("{stream}:head"),
            open: format!("{stream}:open"),
            swept: format!("{stream}:swept"),
            expiry: format!("{stream}:expiry"),
            stream,
        }
    }

    pub(crate) fn directory(&self, book: Book) -> String {
        format!("{}:{}", self.prefix, book.name())
    }

    pub(crate) fn due(&self, book: Book) -> String {
        format!("{}:{}:due", self.prefix, book.name())
    }

    pub(crate) fn bucket(&self, book: Book, bucket: &str) -> String {
        format!("{}:{}:{bucket}", self.prefix, book.name())
    }
}

/// The bucket of an id, as text that sorts as the number does.
pub(crate) fn bucket_of(id: [u8; 16]) -> String {
    bucket_at(SessionId::from_bytes(id).created_at())
}

fn bucket_at(instant: Timestamp) -> String {
    format!("{:08x}", instant.millis() >> BUCKET_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_readable() {
        let keys = Keys::new("cf");
        let user: UserId = "usr_01h455vb4pex5vsknk084sn02q".parse().unwrap();
        assert_eq!(keys.user(user), "cf:{01h455vb4pex5vsknk084sn02q}");
        assert_eq!(keys.feed().head, "cf:{feed}:head");
        assert_eq!(keys.bucket(Book::Tokens, &bucket_of(*user.as_bytes())), "cf:tokens:0031214b");
    }

    #[test]
    fn buckets_sort_as_their_time_does() {
        let ends = [Timestamp::EPOCH, Timestamp::from_seconds(1 << 31), Timestamp::MAX].map(bucket_at);
        assert!(ends.is_sorted() && ends.iter().all(|bucket| bucket.len() == 8), "{ends:?}");
    }
}
