//! A socket with a record of what passes, which the connection's driver can read while hyper has the socket.
//! The record says whether bytes for the peer are still on their way, and when something last moved.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{pace::Pace, wire::Wire};
use crate::telemetry::Traffic;

/// What the driver may know of a socket that hyper has.
#[derive(Debug)]
pub(super) struct Record {
    owes: AtomicBool,
    pub(super) pace: Pace,
    traffic: Traffic,
}

impl Record {
    pub(super) fn new(traffic: Traffic) -> Record {
        Record { owes: AtomicBool::new(false), pace: Pace::new(Instant::now()), traffic }
    }

    /// Whether bytes were given to the socket that it has not taken yet. A socket that owes can't be handed over:
    /// what is left of an earlier response would be lost.
    pub(super) fn owes(&self) -> bool {
        self.owes.load(Ordering::Relaxed)
    }

    fn wrote(&self, result: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = result {
            self.pace.wrote(Instant::now());
            self.traffic.sent.increment(*bytes as u64);
        }
    }
}

/// A socket that keeps a record.
#[derive(Debug)]
pub(super) struct Watched {
    wire: Wire,
    record: Arc<Record>,
    /// What was read already and is read again first.
    early: Bytes,
}

impl Watched {
    pub(super) fn new(wire: Wire, record: Arc<Record>) -> Watched {
        Watched { wire, record, early: Bytes::new() }
    }

    pub(super) fn record(&self) -> &Arc<Record> {
        &self.record
    }

    /// Puts back what was read and not used, to be read first. All that was put back before must have been taken out.
    pub(super) fn put_back(&mut self, early: Bytes) {
        debug_assert!(self.early.is_empty(), "{} bytes would be lost", self.early.len());
        self.early = early;
    }

    /// Takes out what was put back and not read again.
    pub(super) fn take_early(&mut self) -> Bytes {
        std::mem::take(&mut self.early)
    }

    /// Whether nobody between can read it.
    pub(super) fn is_secure(&self) -> bool {
        self.wire.is_secure()
    }

    pub(super) fn into_wire(self) -> Wire {
        self.wire
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.early.is_empty() {
            let count = self.early.len().min(buf.remaining());
            buf.put_slice(&self.early.split_to(count));
            self.record.pace.read(Instant::now());
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.wire).poll_read(cx, buf))?;
        let bytes = buf.filled().len().saturating_sub(before);
        if bytes > 0 {
            self.record.pace.read(Instant::now());
            self.record.traffic.received.increment(bytes as u64);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.record.owes.store(true, Ordering::Relaxed);
        let result = Pin::new(&mut self.wire).poll_write(cx, bytes);
        self.record.wrote(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.record.owes.store(true, Ordering::Relaxed);
        let result = Pin::new(&mut self.wire).poll_write_vectored(cx, slices);
        self.record.wrote(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.wire).poll_flush(cx))?;
        self.record.owes.store(false, Ordering::Relaxed);
        self.record.pace.flushed(Instant::now());
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}
