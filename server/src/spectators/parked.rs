//! A long poll that is held: it waits here, among the sockets of its thread, until its feed has news.
//! The route that asked answers it; this only says when to look.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::feed::log::{FeedLog, Watching};
use crate::telemetry::{Counted, Transport};

/// A poll that waits.
#[derive(Debug)]
pub struct Parked {
    log: Arc<FeedLog>,
    next: u64,
    news: Option<oneshot::Sender<()>>,
    _watching: Watching,
    _counted: Counted,
}

impl Parked {
    /// Waits for the event `next` of `log`; whoever holds the receiver is told, once.
    pub fn new(log: Arc<FeedLog>, next: u64) -> (Parked, oneshot::Receiver<()>) {
        let (news, told) = oneshot::channel();
        let (watching, counted) = (log.watch(), Counted::connection(Transport::FeedPoll));
        (Parked { log, next, news: Some(news), _watching: watching, _counted: counted }, told)
    }

    /// Tells of news if there are any. True as long as it waits.
    pub fn look(&mut self) -> bool {
        if self.log.head() >= self.next || self.log.ended() {
            if let Some(news) = self.news.take() {
                // Nobody waits any more: then nobody needs to be told.
                let _ = news.send(());
            }
            return false;
        }
        self.news.as_ref().is_some_and(|news| !news.is_closed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_for_its_event_and_for_nobody() {
        let log = Arc::new(FeedLog::new(7, "{}", Vec::new()));
        log.publish("keyframe", "{}");
        let (mut parked, mut told) = Parked::new(Arc::clone(&log), 2);
        assert!(parked.look() && told.try_recv().is_err());
        assert_eq!(log.watching(), 1);
        log.publish("delta", "{}");
        assert!(!parked.look() && told.try_recv().is_ok());
        drop(parked);
        let (mut left, gone) = Parked::new(Arc::clone(&log), 9);
        drop(gone);
        assert!(!left.look());
        drop(left);
        assert_eq!(log.watching(), 0);
    }
}
