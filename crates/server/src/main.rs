//! The counterfoil binary.
fn main() {}
