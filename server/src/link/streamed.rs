//! A link whose bytes leave as the body of a response, for whoever writes as to a socket but has none: a feed over HTTP/2,
//! where many share one connection. A body that is not asked for fills up, and a full one takes nothing, so that one slow
//! reader holds up nobody else. Nothing ever comes from its client.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};

/// Bytes that wait for the response at most.
const BYTES_MAX: usize = 16 * 1024;

/// The end that a response holds; dropping it is hanging up.
#[derive(Debug)]
pub struct Streamed(Arc<Mutex<Lane>>);

/// The end that is written to.
#[derive(Debug)]
pub struct StreamedLink(Arc<Mutex<Lane>>);

#[derive(Debug, Default)]
struct Lane {
    bytes: BytesMut,
    /// Whether nothing more will be written.
    finished: bool,
    /// Whether the response is gone.
    hung_up: bool,
    waker: Option<Waker>,
}

/// Both ends of a new lane.
pub fn open() -> (Streamed, StreamedLink) {
    let lane = Arc::new(Mutex::default());
    (Streamed(Arc::clone(&lane)), StreamedLink(lane))
}

fn lock(lane: &Mutex<Lane>) -> MutexGuard<'_, Lane> {
    lane.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Streamed {
    /// Everything that was written since the last time; `None` is the end.
    pub fn poll_take(&self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut lane = lock(&self.0);
        if !lane.bytes.is_empty() {
            // A buffer of its own, so that a silent feed keeps none.
            return Poll::Ready(Some(std::mem::take(&mut lane.bytes).freeze()));
        }
        if lane.finished {
            return Poll::Ready(None);
        }
        lane.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        let mut lane = lock(&self.0);
        lane.hung_up = true;
        lane.bytes = BytesMut::new();
    }
}

impl StreamedLink {
    /// Says that nothing more will be written.
    pub fn finish(&mut self) {
        let mut lane = lock(&self.0);
        lane.finished = true;
        if let Some(waker) = lane.waker.take() {
            waker.wake();
        }
    }
}

impl Read for StreamedLink {
    /// There is never anything; the end is that the response is gone.
    fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
        if lock(&self.0).hung_up { Ok(0) } else { Err(ErrorKind::WouldBlock.into()) }
    }
}

impl Write for StreamedLink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lane = lock(&self.0);
        if lane.hung_up || lane.finished {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let room = BYTES_MAX.saturating_sub(lane.bytes.len());
        let taken = bytes.get(..room).unwrap_or(bytes);
        if taken.is_empty() && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        lane.bytes.extend_from_slice(taken);
        if let Some(waker) = lane.waker.take() {
            waker.wake();
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for StreamedLink {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(body: &Streamed) -> Poll<Option<Bytes>> {
        body.poll_take(&Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_body_that_nobody_asks_for_fills_up() {
        let (body, mut link) = open();
        assert_eq!(take(&body), Poll::Pending);
        assert_eq!(link.write(&[1; 10_000]).unwrap(), 10_000);
        assert_eq!(link.write(&[2; 10_000]).unwrap(), BYTES_MAX - 10_000);
        assert_eq!(link.write(&[3]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(matches!(take(&body), Poll::Ready(Some(bytes)) if bytes.len() == BYTES_MAX));
        assert_eq!(link.write(&[3]).unwrap(), 1);
        drop(link);
        assert_eq!(take(&body), Poll::Ready(Some(Bytes::from_static(&[3]))), "the last words come");
        assert_eq!(take(&body), Poll::Ready(None));
    }

    #[test]
    fn a_response_that_is_dropped_is_a_peer_that_is_gone() {
        let (body, mut link) = open();
        assert_eq!(link.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
        drop(body);
        assert_eq!(link.read(&mut [0; 8]).unwrap(), 0);
        assert_eq!(link.write(&[1]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    }
}
