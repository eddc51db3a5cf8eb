//! One page of a list, whatever the filter: as many rows are looked at as are needed, and never more than a bound.

use counterfoil_core::Page;
use rusqlite::{Row, Rows};

use crate::columns::Result;

/// Rows looked at for one page: some ten milliseconds.
const EXAMINED: usize = 5000;

/// Takes rows, newest first, until the page is full or the bound is reached.
pub(crate) fn collect_page<T, C>(
    mut rows: Rows<'_>,
    limit: u16,
    read: impl Fn(&Row<'_>) -> Result<T>,
    matches: impl Fn(&T) -> bool,
    cursor: impl Fn(&T) -> C,
) -> Result<Page<T, C>> {
    let limit = usize::from(limit);
    let mut items: Vec<T> = Vec::new();
    let mut examined = 0;
    while let Some(row) = rows.next()? {
        examined += 1;
        let item = read(row)?;
        let wanted = matches(&item);
        if wanted && items.len() == limit {
            // There is more: the next page begins after the last one of this.
            return Ok(Page { next: items.last().map(&cursor), items });
        }
        if examined == EXAMINED {
            let next = Some(cursor(&item));
            if wanted {
                items.push(item);
            }
            return Ok(Page { items, next });
        }
        if wanted {
            items.push(item);
        }
    }
    Ok(Page { items, next: None })
}
