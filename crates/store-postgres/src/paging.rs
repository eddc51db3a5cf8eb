//! One page of a list, whatever the filter: as many rows are looked at as are needed, and never more than a bound.

use std::future::Future;

use counterfoil_core::Page;

use crate::error::Result;

/// Rows looked at for one page: some tens of milliseconds.
const EXAMINED: usize = 5000;
/// Rows asked for at a time, after the first ones, which are as many as fill the page if all of them match.
const PIECE: usize = 1000;

/// Takes items, newest first, until the page is full or the bound is reached. `piece` gives so many that are older than
/// the cursor; fewer mean that there are no more.
pub(crate) async fn collect_page<T, C: Copy, F>(
    limit: u16,
    after: Option<C>,
    piece: impl Fn(Option<C>, i64) -> F,
    matches: impl Fn(&T) -> bool,
    cursor: impl Fn(&T) -> C,
) -> Result<Page<T, C>>
where
    F: Future<Output = Result<Vec<T>>>,
{
    let limit = usize::from(limit);
    let mut items: Vec<T> = Vec::new();
    let mut reached = after;
    let mut examined = 0;
    let mut size = limit + 1;
    loop {
        let size_now = size.min(EXAMINED - examined);
        let found = piece(reached, i64::try_from(size_now).unwrap_or(i64::MAX)).await?;
        let complete = found.len() < size_now;
        examined += found.len();
        for item in found {
            reached = Some(cursor(&item));
            if !matches(&item) {
                continue;
            }
            if items.len() == limit {
                // There is more: the next page begins after the last one of this.
                return Ok(Page { next: items.last().map(&cursor), items });
            }
            items.push(item);
        }
        if complete {
            return Ok(Page { items, next: None });
        }
        if examined >= EXAMINED {
            return Ok(Page { items, next: reached });
        }
        size = PIECE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn page(all: u32, limit: u16, after: Option<u32>, wanted: impl Fn(&u32) -> bool) -> Page<u32, u32> {
        let piece = |after: Option<u32>, size: i64| async move {
            let size = usize::try_from(size).unwrap();
            Ok((0..after.unwrap_or(all)).rev().take(size).collect::<Vec<_>>())
        };
        collect_page(limit, after, piece, wanted, |item| *item).await.unwrap()
    }

    #[tokio::test]
    async fn a_page_is_full_or_the_last() {
        assert_eq!(page(5, 2, None, |_| true).await, Page { items: vec![4, 3], next: Some(3) });
        assert_eq!(page(5, 2, Some(3), |_| true).await, Page { items: vec![2, 1], next: Some(1) });
        assert_eq!(page(5, 2, Some(1), |_| true).await, Page { items: vec![0], next: None });
        assert_eq!(page(5, 5, None, |_| true).await, Page { items: vec![4, 3, 2, 1, 0], next: None });
        assert_eq!(page(0, 5, None, |_| true).await, Page { items: vec![], next: None });
    }

    #[tokio::test]
    async fn a_rare_one_is_looked_for_within_the_bound() {
        let rare = |item: &u32| *item == 7;
        let first = page(12_000, 10, None, rare).await;
        assert_eq!(first, Page { items: vec![], next: Some(7000) });
        let second = page(12_000, 10, first.next, rare).await;
        assert_eq!(second, Page { items: vec![], next: Some(2000) });
        assert_eq!(page(12_000, 10, second.next, rare).await, Page { items: vec![7], next: None });
    }
}
