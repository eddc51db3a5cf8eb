//! Pages of a list: newest first, bounded, continued from an id rather than an offset, so that every page costs the same.

use serde::Serialize;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page<T, C> {
    /// The entries, newest first.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end. A page may have fewer entries than asked for, even none, and
    /// still go on: a store bounds how much it looks through for one page.
    pub next: Option<C>,
}

/// Which page is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest<C> {
    /// At most so many entries.
    pub limit: u16,
    /// Only entries older than this one.
    pub after: Option<C>,
}

impl<C> PageRequest<C> {
    /// The most entries that one page can have.
    pub const MAX_LIMIT: u16 = 200;

    /// A request for at most `limit` entries (1 to [`Self::MAX_LIMIT`]) older than `after`.
    #[must_use]
    pub fn new(limit: u16, after: Option<C>) -> Self {
        Self { limit: limit.clamp(1, Self::MAX_LIMIT), after }
    }
}
