//! Stub.
//! Being written.
fn main() {}
