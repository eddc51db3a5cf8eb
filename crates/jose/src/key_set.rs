//! An immutable set of verifying keys, found by `kid`.

use std::sync::OnceLock;

use crate::VerifyingKey;

/// Verifying keys, each with a `kid` of its own. There are few: looking through them is faster than hashing.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    key: VerifyingKey,
    /// The first header of a token that was found good, and the type that the token was verified as.
    header: OnceLock<(Box<str>, Box<str>)>,
}

impl KeySet {
    /// Takes the keys in. Of two with one `kid` the later one is kept.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        let mut set = Self::default();
        for key in keys {
            set.keys.retain(|other| other.key.key_id() != key.key_id());
            set.keys.push(Entry { key, header: OnceLock::new() });
        }
        set
    }

    /// The key of that id.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&VerifyingKey> {
        self.keys.iter().map(|entry| &entry.key).find(|key| key.key_id() == kid)
    }

    /// The key for an encoded header that stood in a good token of that type before.
    pub(crate) fn by_known_header(&self, header: &str, typ: &str) -> Option<&VerifyingKey> {
        let known = |entry: &&Entry| entry.header.get().is_some_and(|(h, t)| **h == *header && **t == *typ);
        self.keys.iter().find(known).map(|entry| &entry.key)
    }

    /// Keeps the encoded header of a good token of that type, if the key has none yet.
    pub(crate) fn know_header(&self, key: &VerifyingKey, header: &str, typ: &str) {
        if let Some(entry) = self.keys.iter().find(|entry| entry.key.key_id() == key.key_id()) {
            entry.header.get_or_init(|| (header.into(), typ.into()));
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl FromIterator<VerifyingKey> for KeySet {
    fn from_iter<I: IntoIterator<Item = VerifyingKey>>(keys: I) -> Self {
        Self::new(keys)
    }
}
