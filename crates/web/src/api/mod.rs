//! The JSON API, one small file for each endpoint.

pub(crate) mod admin;
pub(crate) mod feed;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod password;
pub(crate) mod reauthenticate;
pub(crate) mod renew;
pub(crate) mod sessions;
pub(crate) mod users;
