//! Stub.
//! Being written.
