//! A connection in HTTP/1.1 and all that goes with it, while it passes between those who serve it: hyper's driver, and
//! who waits for a response without hyper. It does nothing itself.

use std::net::IpAddr;

use super::watched::Watched;
use crate::{admission::ConnectionPermit, telemetry::Counted};

/// A connection that can have a request.
pub(super) struct Line {
    /// Its bytes.
    pub(super) io: Watched,
    /// Its place in the figures.
    pub(super) counted: Counted,
    /// Who is at its other end.
    pub(super) peer: IpAddr,
    /// Its place among the allowed connections.
    pub(super) permit: ConnectionPermit,
}
