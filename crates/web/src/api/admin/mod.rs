//! `/v1/admin`: the book, revocation, and the administration of users, clients and keys. Administrators only.

pub(crate) mod audit;
pub(crate) mod clients;
pub(crate) mod keys;
pub(crate) mod revocations;
pub(crate) mod sessions;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod verifiers;
