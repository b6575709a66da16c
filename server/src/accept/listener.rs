//! Listens and lets connections in, one task for each, until it is told to stop. What goes wrong with one connection
//! is no matter of the others; what goes wrong with accepting is waited out and counted, and never spins.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, watch},
};

use super::{
    connection::drive,
    door::{Door, Guest},
    turned_away::turn_away,
};
use crate::telemetry::{rejected, seldom::Seldom};

/// Connections that the kernel holds for us until we take them.
const BACKLOG: i32 = 1024;
/// Connections that are being told that there is no place, at a time; more are dropped without a word.
const TURNED_AWAY_MAX: usize = 64;
/// Pauses after a failure to accept, the first and the longest; most failures are a lack of file descriptors.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// Least time between two warnings of one kind.
const WARN_EVERY: Duration = Duration::from_secs(10);

/// A socket that listens on `address`; with `share_port` another process of the same user may do so too.
pub fn bind(address: SocketAddr, share_port: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Elsewhere the option lets two programs share a port, which is not what is meant.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    if share_port {
        socket.set_reuse_port(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

/// Lets connections in at `door` until `closing` turns true, then waits until all of them are done with HTTP.
/// Connections that are between requests when it turns end at once.
pub async fn serve(listener: TcpListener, door: Door, mut closing: watch::Receiver<bool>) {
    // Every task holds a sender; when all are gone, the receiver knows.
    let (busy, mut done) = mpsc::channel::<()>(1);
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY_MAX));
    let mut pause = PAUSE.0;
    let mut warning = Seldom::new(WARN_EVERY);
    let stop = closing.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = closing.wait_for(|closing| *closing) => break,
        };
        match accepted {
            Ok((socket, peer)) => {
                pause = PAUSE.0;
                let (door, stop, busy) = (door.clone(), stop.clone(), busy.clone());
                welcome((socket, peer), door, &turned_away, (stop, busy));
            }
            Err(error) => {
                rejected("accept_failed");
                if warning.now() {
                    tracing::warn!(%error, "a connection could not be accepted");
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE.1);
            }
        }
    }
    drop((listener, busy));
    done.recv().await;
}

/// Gives a new connection a task of its own, if there is a place for it.
fn welcome(
    (socket, peer): (TcpStream, SocketAddr),
    door: Door,
    turned_away: &Arc<Semaphore>,
    (stop, busy): (watch::Receiver<bool>, mpsc::Sender<()>),
) {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "a new connection went away at once");
        return;
    }
    match door.admission.connection(peer.ip()) {
        Ok(permit) => {
            tokio::spawn(async move {
                drive(Guest { socket, peer, permit }, door, stop).await;
                drop(busy);
            });
        }
        // A handshake only to say no would be the dearest answer of all.
        Err(_) if door.tls.is_some() => {}
        Err(refusal) => {
            let Ok(turn) = Arc::clone(turned_away).try_acquire_owned() else { return };
            tokio::spawn(async move {
                turn_away(socket, refusal).await;
                drop(turn);
            });
        }
    }
}
