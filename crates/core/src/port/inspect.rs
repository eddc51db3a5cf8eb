//! How a store says how it is doing, for `counterfoil doctor`.

use async_trait::async_trait;
use serde::Serialize;

use super::StoreResult;
use crate::Timestamp;

/// One thing that an operator should know of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is about, in two or three words.
    pub name: &'static str,
    /// How it is.
    pub value: String,
    /// What to change, as one line to be typed or written, if something should be.
    pub advice: Option<String>,
}

impl Fact {
    /// Something that is as it should be.
    #[must_use]
    pub fn new(name: &'static str, value: impl ToString) -> Self {
        Self { name, value: value.to_string(), advice: None }
    }

    /// With what to change, unless it is as it should be.
    #[must_use]
    pub fn unless(self, good: bool, advice: impl Into<String>) -> Self {
        Self { advice: (!good).then(|| advice.into()), ..self }
    }
}

/// A store that can be looked into.
#[async_trait]
pub trait Inspect: Send + Sync {
    /// Version, durability, room, clock, and whatever else has to be known of this kind of store.
    async fn inspect(&self, now: Timestamp) -> StoreResult<Vec<Fact>>;
}
