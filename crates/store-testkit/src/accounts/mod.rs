//! The laws of the accounts port.

pub mod audit;
pub mod changes;
pub mod clients;
pub mod installation;
pub mod keys;
pub mod setup_link;
pub mod users;
