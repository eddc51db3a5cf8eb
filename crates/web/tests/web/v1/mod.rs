//! `/v1`

mod admin;
mod login;
mod logout;
mod me;
mod renew;
mod revocations;
mod sessions;
mod users;
