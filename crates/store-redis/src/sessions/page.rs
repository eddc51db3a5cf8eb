//! One page of a list, whatever the filter: as many records are looked at as are needed, and never more than a bound.

use counterfoil_core::Page;

/// Records looked at for one page: some tens of milliseconds.
const EXAMINED: usize = 5000;

/// A page that is being filled, newest first.
pub(super) struct Filling<T, C> {
    limit: usize,
    examined: usize,
    items: Vec<T>,
    cursor: fn(&T) -> C,
}

impl<T, C> Filling<T, C> {
    pub(super) fn new(limit: u16, cursor: fn(&T) -> C) -> Self {
        Self { limit: limit.into(), examined: 0, items: Vec::new(), cursor }
    }

    /// How many records to read next: what is missing, and one more, by which is told that there is more.
    pub(super) fn wanted(&self) -> usize {
        // Of what does not match the filter more is looked at with each step.
        (self.limit + 1 - self.items.len()).max(self.examined).min(256)
    }

    /// Takes the next record, of which may be told whether it is wanted; returns the page when it is full.
    pub(super) fn take(&mut self, item: T, wanted: bool) -> Option<Page<T, C>> {
        self.examined += 1;
        let is_full = wanted && self.items.len() == self.limit;
        let next = if is_full {
            // There is more: the next page begins after the last one of this.
            self.items.last().map(self.cursor)
        } else if self.examined == EXAMINED {
            Some((self.cursor)(&item))
        } else {
            None
        };
        if wanted && !is_full {
            self.items.push(item);
        }
        next.is_some().then(|| Page { items: std::mem::take(&mut self.items), next })
    }

    /// The page when there is nothing left.
    pub(super) fn end(self) -> Page<T, C> {
        Page { items: self.items, next: None }
    }
}
