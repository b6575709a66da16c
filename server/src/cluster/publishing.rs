//! What the bridge does while a broker answers: batch after batch, answers to requests, and the look whether it still does.
//! It returns when the connection is of no more use; `bridge` opens the next one.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::cluster::batch::Batch;
use crate::cluster::board::Board;
use crate::cluster::connection::{Connection, ConnectionError, Request};
use crate::feed::answer::answer;
use crate::telemetry::bridge_figures::BridgeFigures;
use crate::telemetry::seldom::Seldom;

/// Time between two batches.
const BATCH_EVERY: Duration = Duration::from_millis(20);
/// For how long a broker may leave a batch unconfirmed.
const CONFIRM_WITHIN: Duration = Duration::from_secs(4);
/// Requests that are answered with one batch at most.
const ANSWERS_PER_BATCH: usize = 8;
/// Least time between two warnings about one broker.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// Why publishing came to its end.
#[derive(Debug, thiserror::Error)]
pub enum Finish {
    /// The server stops, and everything was told.
    #[error("everything was told")]
    Done,
    /// The connection is gone.
    #[error(transparent)]
    Lost(#[from] ConnectionError),
    /// The broker took nothing for too long.
    #[error("the broker confirmed nothing for {} s", CONFIRM_WITHIN.as_secs())]
    Hung,
}

/// One connection's work.
#[derive(Debug)]
pub struct Publishing<'a> {
    connection: Connection,
    board: &'a mut Board,
    figures: &'a BridgeFigures,
    batch: Batch,
    began: Instant,
    warning: Seldom,
}

impl<'a> Publishing<'a> {
    /// Publishes what is on `board` over a connection that is new: every feed goes on with a keyframe.
    pub fn new(
        connection: Connection,
        board: &'a mut Board,
        figures: &'a BridgeFigures,
        began: Instant,
    ) -> Self {
        figures.dropped.increment(board.begin_again());
        let (batch, warning) = (Batch::default(), Seldom::new(WARN_EVERY));
        Publishing { connection, board, figures, batch, began, warning }
    }

    /// Goes on until the connection is lost, or, once `stop` is set, until everything was told.
    pub async fn run(mut self, stop: &watch::Receiver<bool>) -> Finish {
        let mut turns = interval(BATCH_EVERY);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let finish = loop {
            let done = tokio::select! {
                mark = self.connection.echoed() => self.confirm(mark),
                _ = turns.tick() => {
                    let stopping = *stop.borrow();
                    self.turn(stopping).await
                }
            };
            if let Err(finish) = done {
                break finish;
            }
        };
        self.figures.dropped.increment(self.batch.give_up());
        finish
    }

    fn confirm(&mut self, mark: Option<u64>) -> Result<(), Finish> {
        let mark = mark.ok_or(ConnectionError::Lost)?;
        self.figures.published.increment(self.batch.confirm(mark).unwrap_or(0));
        Ok(())
    }

    async fn turn(&mut self, stopping: bool) -> Result<(), Finish> {
        let now = self.began.elapsed();
        if self.connection.is_lost() {
            return Err(ConnectionError::Lost.into());
        }
        if self.batch.waits(now) >= CONFIRM_WITHIN {
            return Err(Finish::Hung);
        }
        if let Some(complaint) = self.connection.complaint().filter(|_| self.warning.now()) {
            tracing::warn!(complaint, "the message broker complains");
        }
        self.figures.dropped.increment(self.board.tidy(now));
        self.fill().await?;
        if self.batch.is_open() && !self.batch.is_empty() {
            self.close(now).await?;
        }
        let told = self.batch.is_empty() && self.board.is_done();
        if stopping && told { Err(Finish::Done) } else { Ok(()) }
    }

    async fn close(&mut self, now: Duration) -> Result<(), Finish> {
        let mark = self.batch.close(now);
        Ok(self.connection.mark(mark).await?)
    }

    /// Publishes what is new, and answers who asks.
    async fn fill(&mut self) -> Result<(), Finish> {
        let (payload_max, mut lost) = (self.connection.payload_max(), 0);
        while let Some((subject, taken)) = self.board.next(&mut self.batch, payload_max, &mut lost) {
            for payload in taken.payloads {
                self.connection.publish(subject.clone(), payload).await?;
            }
        }
        self.figures.dropped.increment(lost);
        if lost > 0 && self.warning.now() {
            tracing::warn!(
                events = lost,
                payload_max,
                "events were left out: the broker is slow, or takes too little at once"
            );
        }
        for _ in 0..ANSWERS_PER_BATCH {
            if !self.batch.is_open() {
                break;
            }
            let Some(request) = self.connection.request() else { break };
            self.answer(request, payload_max).await?;
        }
        Ok(())
    }

    /// Tells the present state of a match. A match that is not here stays unanswered: another server may have it.
    async fn answer(&mut self, request: Request, payload_max: usize) -> Result<(), Finish> {
        let Some(feed) = self.board.find(&request.id) else { return Ok(()) };
        let log = feed.log();
        let hello = || format!("{{\"events\":[{}]}}\n", log.hello().record()).into_bytes();
        let body = answer(log, log.resume(None), false, payload_max).unwrap_or_else(hello);
        self.batch.add(1, body.len(), 0);
        Ok(self.connection.publish(request.reply, Bytes::from(body)).await?)
    }
}
