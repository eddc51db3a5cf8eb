//! How every list is answered: `{"items": […], "next": cursor or null}`.

use axum::Json;
use counterfoil_core::Page;
use serde::Serialize;
use utoipa::ToSchema;

/// One page of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The entries. A page may have fewer than asked for, even none, and still go on.
    pub(crate) items: Vec<T>,
    /// The `cursor` of the next page; null at the end.
    pub(crate) next: Option<String>,
}

impl<T> List<T> {
    /// All there is.
    pub(crate) fn whole(items: Vec<T>) -> Json<Self> {
        Json(Self { items, next: None })
    }

    /// A page whose entries are shown as something else.
    pub(crate) fn page<U, C: ToString>(page: Page<U, C>, show: impl FnMut(U) -> T) -> Json<Self> {
        let next = page.next.map(|next| next.to_string());
        Json(Self { items: page.items.into_iter().map(show).collect(), next })
    }
}
