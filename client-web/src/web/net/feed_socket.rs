//! The feed over a WebSocket: each message is one event in JSON. It tells the same as the other ways; one that is
//! dropped is closed and says nothing more.

use std::rc::Rc;

use super::feed::SourceEvent;
use super::raw_socket::RawSocket;
use crate::web::dom::Fault;

/// An open or opening socket.
#[derive(Debug)]
pub struct FeedSocket(#[expect(dead_code, reason = "it is kept to be closed when it is dropped")] RawSocket);

impl FeedSocket {
    /// Opens `url`, which begins with `http` as the page's own address does; `take` gets the text of each message.
    pub fn open(
        url: &str,
        tell: &Rc<dyn Fn(SourceEvent)>,
        mut take: impl FnMut(&str) + 'static,
    ) -> Result<FeedSocket, Fault> {
        let url = url.replacen("http", "ws", 1);
        let (opened, closed) = (Rc::clone(tell), Rc::clone(tell));
        let raw = RawSocket::open(
            &url,
            shared::feed::FEED_SUBPROTOCOL,
            move || opened(SourceEvent::Opened),
            move |event| take(&event.data().as_string().unwrap_or_default()),
            move |_| closed(SourceEvent::Lost { retries: false }),
        )?;
        Ok(FeedSocket(raw))
    }
}
