//! The rows of the table, a file for each group.

pub(crate) mod check;
pub(crate) mod footprint;
pub(crate) mod library;
pub(crate) mod login;
pub(crate) mod nodes;
pub(crate) mod revocation;
pub(crate) mod scale;
