//! One connection to a NATS broker, from its handshake to its loss; the only file that knows the client library.
//! It never connects again by itself: the library would send what it still held, and consumers would see old events
//! after new ones. Who holds a lost connection drops it and opens another.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::{Auth, AuthError, Client, ConnectOptions, Event, ServerAddr, Subscriber};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use tokio::time::timeout;

use crate::cluster::batch::BATCH_MESSAGES;
use crate::cluster::subjects;
use crate::config::{BrokerUrl, Secret};
use crate::matches::id::MatchId;

/// Longest time for each step of getting connected.
const STEP_WITHIN: Duration = Duration::from_secs(3);
/// Longest time for handing a message to the library, whose queue has room for all that is given to it.
const HAND_OVER_WITHIN: Duration = Duration::from_secs(1);
/// Time between two pings of an idle connection; the third without an answer ends it.
const PING_EVERY: Duration = Duration::from_secs(5);
/// Messages that the library holds at most: a whole batch, all that one feed keeps beyond it, answers and a mark.
const COMMANDS_MAX: usize = 4 * BATCH_MESSAGES;
/// Requests that wait for an answer at most; more are dropped, and those who asked ask again.
const REQUESTS_MAX: usize = 256;

/// A connection on which the broker has answered.
#[derive(Debug)]
pub struct Connection {
    client: Client,
    echo: Subscriber,
    requests: Subscriber,
    echo_subject: String,
    complaint: Complaint,
}

/// What the broker complained about last.
type Complaint = Arc<Mutex<Option<String>>>;

/// Somebody who wants a match's present state.
#[derive(Debug)]
pub struct Request {
    /// Which match.
    pub id: String,
    /// Where the answer goes.
    pub reply: String,
}

/// Why there is no connection, in one line.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The broker is away or refuses.
    #[error("{0}")]
    Refused(String),
    /// It took the connection, but what is published does not come back.
    #[error("nothing comes back: may this user publish and subscribe on starfray.bridge.*?")]
    NoEcho,
    /// It was there and is gone.
    #[error("the connection was lost")]
    Lost,
    /// The system gave no random bytes.
    #[error("the system has no randomness")]
    NoRandomness,
}

fn refused(error: impl std::fmt::Display) -> ConnectionError {
    ConnectionError::Refused(error.to_string())
}

impl Connection {
    /// Connects and waits until something that was published came back.
    pub async fn open(url: &BrokerUrl) -> Result<Connection, ConnectionError> {
        let mut name = [0; 10];
        getrandom::fill(&mut name).map_err(|_| ConnectionError::NoRandomness)?;
        let echo_subject = subjects::echo(&MatchId::from_random(name));
        let complaint = Complaint::default();
        let address: ServerAddr = url.bare().parse().map_err(refused)?;
        let client = options(url, &complaint).connect(address).await.map_err(refused)?;
        let echo = client.subscribe(echo_subject.clone()).await.map_err(refused)?;
        let requests = client.subscribe(subjects::every_request()).await.map_err(refused)?;
        let mut connection = Connection { client, echo, requests, echo_subject, complaint };
        connection.mark(0).await?;
        match timeout(STEP_WITHIN, connection.echoed()).await {
            Ok(Some(0)) => Ok(connection),
            _ => Err(ConnectionError::NoEcho),
        }
    }

    /// Hands a message over. It never waits for the broker, only for the library.
    pub async fn publish(&self, subject: String, payload: Bytes) -> Result<(), ConnectionError> {
        match timeout(HAND_OVER_WITHIN, self.client.publish(subject, payload)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(ConnectionError::Lost),
        }
    }

    /// Publishes a mark that comes back when the broker has taken everything before it.
    pub async fn mark(&self, number: u64) -> Result<(), ConnectionError> {
        self.publish(self.echo_subject.clone(), Bytes::from(number.to_string())).await
    }

    /// The next mark that comes back; `None` when the connection is gone. Cancelling it loses nothing.
    pub async fn echoed(&mut self) -> Option<u64> {
        loop {
            let message = self.echo.next().await?;
            if let Some(number) =
                std::str::from_utf8(&message.payload).ok().and_then(|text| text.parse().ok())
            {
                return Some(number);
            }
        }
    }

    /// A request that waits, if there is one.
    pub fn request(&mut self) -> Option<Request> {
        loop {
            let message = self.requests.next().now_or_never()??;
            let id = subjects::asked_match(&message.subject).map(str::to_owned);
            if let (Some(id), Some(reply)) = (id, message.reply) {
                return Some(Request { id, reply: reply.to_string() });
            }
        }
    }

    /// Bytes that one message may have.
    pub fn payload_max(&self) -> usize {
        self.client.server_info().max_payload
    }

    /// Whether the broker is gone.
    pub fn is_lost(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Disconnected
    }

    /// What the broker complained about since the last look, if it did.
    pub fn complaint(&self) -> Option<String> {
        self.complaint.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

fn options(url: &BrokerUrl, complaint: &Complaint) -> ConnectOptions {
    let auth = auth(url);
    let used = Arc::new(AtomicBool::new(false));
    let complaint = Arc::clone(complaint);
    // The library asks for the credentials once for each connection; without them and without a second attempt it gives up.
    let once = move |_nonce| {
        let answer = if used.swap(true, Ordering::Relaxed) {
            Err(AuthError::new("one connection only"))
        } else {
            Ok(auth.clone())
        };
        async move { answer }
    };
    ConnectOptions::with_auth_callback(once)
        .name("starfray")
        .max_reconnects(1)
        .reconnect_delay_callback(|_| Duration::ZERO)
        .ignore_discovered_servers()
        .connection_timeout(STEP_WITHIN)
        .ping_interval(PING_EVERY)
        .client_capacity(COMMANDS_MAX)
        .subscription_capacity(REQUESTS_MAX)
        .event_callback(move |event| {
            if let Event::ServerError(error) = event {
                *complaint.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            }
            async {}
        })
}

fn auth(url: &BrokerUrl) -> Auth {
    let word = |secret: Option<&Secret>| secret.map(|secret| secret.reveal().to_owned());
    let mut auth = Auth::new();
    match url.password() {
        Some(password) => (auth.username, auth.password) = (word(url.user()), word(Some(password))),
        None => auth.token = word(url.user()),
    }
    auth
}
