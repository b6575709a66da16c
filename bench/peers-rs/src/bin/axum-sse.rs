//! The peer of the fan-out: axum's `Sse`, fed from a broadcast channel, as its documentation shows it.
//! Flags: `--port P`, `--bytes N` (text of an event). Every path is the feed.

use std::convert::Infallible;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use bench_peers::beat::Beat;
use bench_peers::flags::Flags;
use bench_peers::marker::{clock_ns, text};
use bench_peers::{open_files, say_listening};
use futures_util::stream::{Stream, unfold};
use tokio::net::TcpListener;
use tokio::sync::broadcast::{Receiver, Sender, channel, error::RecvError};

/// Events that a slow reader may be behind.
const BEHIND_MAX: usize = 16;

/// An event's number and text.
type Told = (u64, std::sync::Arc<str>);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    open_files::raise_limit();
    let flags = Flags::read(&["port", "bytes"])?;
    let bytes = flags.number("bytes", 1024)?;
    let listener = TcpListener::bind(("127.0.0.1", flags.number("port", 0)?)).await?;
    say_listening(listener.local_addr()?);
    let (tell, _) = channel::<Told>(BEHIND_MAX);
    let teller = tell.clone();
    tokio::spawn(async move {
        let mut beat = Beat::new();
        for number in 1.. {
            tokio::time::sleep_until(beat.due().into()).await;
            // Nobody listens before the first reader.
            let _ = teller.send((number, text(bytes, clock_ns()).into()));
        }
    });
    let router = Router::new().route("/feed", get(watch)).with_state(tell);
    Ok(axum::serve(listener, router).await?)
}

async fn watch(State(tell): State<Sender<Told>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(unfold(tell.subscribe(), next)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

async fn next(mut told: Receiver<Told>) -> Option<(Result<Event, Infallible>, Receiver<Told>)> {
    loop {
        match told.recv().await {
            Ok((number, text)) => {
                let event = Event::default().event("delta").id(format!("7.{number}")).data(text);
                return Some((Ok(event), told));
            }
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    }
}
