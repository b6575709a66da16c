//! What stands behind a listening socket, and who has just come in. It does nothing itself: `listener` makes guests,
//! and the drivers of HTTP serve them.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::net::TcpStream;

use crate::{
    admission::{Admission, ConnectionPermit},
    tls::Tls,
};

/// What lies behind a listening socket.
#[derive(Clone, Debug)]
pub struct Door {
    /// Answers requests.
    pub router: Router,
    /// Admits connections and addresses.
    pub admission: Arc<Admission>,
    /// Time that a handshake of TLS, and then a request's head, may take.
    pub head_max: Duration,
    /// The certificate to show; without one the door speaks plain HTTP.
    pub tls: Option<Arc<Tls>>,
}

/// A connection that was admitted.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) socket: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) permit: ConnectionPermit,
}
