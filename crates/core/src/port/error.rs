//! What can go wrong in a store, told by what the caller can do about it.

/// The source of an error, kept for the log.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// What a store's methods return.
pub type StoreResult<T> = Result<T, StoreError>;

/// What can go wrong in a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached, or did not answer in time. Trying again later may help.
    #[error("the store cannot be reached")]
    Unavailable(#[source] Source),
    /// It has no room left. Reads still work.
    #[error("the store is full")]
    Full(#[source] Source),
    /// It cannot be written to.
    #[error("the store is read-only")]
    ReadOnly(#[source] Source),
    /// It was written by a newer version.
    #[error(
        "the store has schema version {found}, and this version of Counterfoil knows up to {known}: use a newer one"
    )]
    FromTheFuture {
        /// The version found.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// What it returned makes no sense, or it refused a command that it should know.
    #[error("the store gave an unexpected answer")]
    Broken(#[source] Source),
}
