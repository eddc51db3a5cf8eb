//! `/oauth`

mod introspect;
mod revoke;
mod token;
