//! The floor of the usual way: tokio, tokio-tungstenite and a task for each client, still without a game.
//! All tasks share the bytes that they send. Flags: `--port P`, `--bytes N` (payload of a message).

use anyhow::Result;
use bench_peers::beat::Beat;
use bench_peers::flags::Flags;
use bench_peers::{open_files, say_listening};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    open_files::raise_limit();
    let flags = Flags::read(&["port", "bytes"])?;
    let listener = TcpListener::bind(("127.0.0.1", flags.number("port", 0)?)).await?;
    say_listening(listener.local_addr()?);
    let payload = Bytes::from(vec![b'x'; flags.number("bytes", 160)?]);
    let (ticks, tick) = watch::channel(Bytes::new());
    tokio::spawn(async move {
        let mut beat = Beat::new();
        loop {
            tokio::time::sleep_until(beat.due().into()).await;
            // Nobody listens before the first client.
            let _ = ticks.send(payload.clone());
        }
    });
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(play(socket, tick.clone()));
    }
}

/// Sends every tick and throws inputs away, until the client goes.
async fn play(socket: TcpStream, mut tick: watch::Receiver<Bytes>) {
    let _ = socket.set_nodelay(true);
    let config = WebSocketConfig::default().read_buffer_size(2048).write_buffer_size(0);
    let Ok(socket) = accept_async_with_config(socket, Some(config)).await else { return };
    let (mut out, mut inputs) = socket.split();
    loop {
        tokio::select! {
            biased;
            changed = tick.changed() => {
                let payload = tick.borrow_and_update().clone();
                if changed.is_err() || out.send(Message::Binary(payload)).await.is_err() {
                    return;
                }
            }
            input = inputs.next() => {
                if !matches!(input, Some(Ok(_))) {
                    return;
                }
            }
        }
    }
}
