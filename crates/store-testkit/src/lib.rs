//! store-testkit
