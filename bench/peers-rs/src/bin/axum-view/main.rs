//! A peer as a good developer writes it first: axum's WebSocket, a task for each player with a channel to it,
//! MessagePack, and for each player a snapshot of what it sees, encoded for it alone. Flags: `--port P`, `--players N`.

mod arena;
mod cells;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use bench_peers::beat::Beat;
use bench_peers::flags::Flags;
use bench_peers::{open_files, say_listening};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::arena::{Arena, Ship, Shot, Wish};

/// Snapshots that wait for a player's task; when there are more, the newest is left out.
const OUTBOX: usize = 8;

#[derive(Deserialize)]
struct Input {
    x: f32,
    y: f32,
    a: f32,
    f: u8,
}

#[derive(Serialize)]
struct Snapshot<'a> {
    k: u32,
    p: &'a [Ship],
    b: &'a [Shot],
}

struct Game {
    arena: Arena,
    outboxes: Vec<(u32, mpsc::Sender<Vec<u8>>)>,
}

type SharedGame = Arc<Mutex<Game>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    open_files::raise_limit();
    let flags = Flags::read(&["port", "players"])?;
    let game = Game { arena: Arena::new(flags.number("players", 50)?), outboxes: Vec::new() };
    let game: SharedGame = Arc::new(Mutex::new(game));
    let listener = TcpListener::bind(("127.0.0.1", flags.number("port", 0)?)).await?;
    say_listening(listener.local_addr()?);
    tokio::spawn(tick(Arc::clone(&game)));
    let router = Router::new().route("/", get(upgrade)).with_state(game);
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

fn locked(game: &SharedGame) -> MutexGuard<'_, Game> {
    game.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn tick(game: SharedGame) {
    let mut beat = Beat::new();
    let (mut ships, mut shots) = (Vec::new(), Vec::new());
    loop {
        tokio::time::sleep_until(beat.due().into()).await;
        let mut game = locked(&game);
        game.arena.step();
        let k = game.arena.tick();
        for (id, outbox) in &game.outboxes {
            game.arena.view(*id, &mut ships, &mut shots);
            if let Ok(bytes) = rmp_serde::to_vec_named(&Snapshot { k, p: &ships, b: &shots }) {
                let _ = outbox.try_send(bytes);
            }
        }
    }
}

async fn upgrade(upgrade: WebSocketUpgrade, State(game): State<SharedGame>) -> Response {
    upgrade.read_buffer_size(4096).write_buffer_size(0).on_upgrade(move |socket| play(socket, game))
}

async fn play(socket: WebSocket, game: SharedGame) {
    let (outbox, mut snapshots) = mpsc::channel(OUTBOX);
    let id = {
        let mut game = locked(&game);
        let id = game.arena.join();
        game.outboxes.push((id, outbox));
        id
    };
    let (mut out, mut inputs) = socket.split();
    loop {
        tokio::select! {
            snapshot = snapshots.recv() => {
                let Some(bytes) = snapshot else { break };
                if out.send(Message::Binary(bytes.into())).await.is_err() {
                    break;
                }
            }
            input = inputs.next() => match input {
                Some(Ok(Message::Binary(bytes))) => steer(&game, id, &bytes),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            },
        }
    }
    let mut game = locked(&game);
    game.arena.leave(id);
    game.outboxes.retain(|(other, _)| *other != id);
}

fn steer(game: &SharedGame, id: u32, bytes: &[u8]) {
    if let Ok(Input { x, y, a, f }) = rmp_serde::from_slice(bytes) {
        locked(game).arena.steer(id, Wish { way: (x, y), aim: a, fire: f != 0 });
    }
}
