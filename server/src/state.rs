//! What every request may need: the lobby, the limits, the signer, and whether the server is about to stop.
//! One of it for each server in a process, handed out as a shared pointer. It holds no game state.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use crate::{
    admission::Admission,
    config::{BaseUrl, Config, Secret},
    lobby::{Lobby, front::Front},
    maps::Maps,
    panel::Board,
    replay::shelf::Shelf,
    store::handle::Store,
    token::Signer,
};

/// The parts of a running server that routes use.
#[derive(Debug)]
pub struct State {
    /// The matches.
    pub lobby: Lobby,
    /// What can be played on.
    pub maps: Maps,
    /// Accounts and results.
    pub store: Store,
    /// What ended matches left, if that is kept.
    pub replays: Option<Arc<Shelf>>,
    /// Limits by address.
    pub admission: Arc<Admission>,
    /// Makes and reads tokens.
    pub signer: Signer,
    /// How players reach this server, if the config says so.
    pub public_url: Option<BaseUrl>,
    /// Other sites whose pages may host and play.
    pub allowed_origins: Vec<BaseUrl>,
    /// What metrics ask for, if the config says so.
    pub admin_token: Option<Secret>,
    /// The word by which the operator is known.
    pub operator_word: Secret,
    /// What the lobby page watches.
    pub front: Front,
    /// What operators watch.
    pub board: Board,
    /// Longest time for which a spectator's poll is held.
    pub feed_poll_hold: Duration,
    stream_age: Duration,
    /// Whether metrics have an address of their own.
    pub admin_elsewhere: bool,
    /// Where players connect, with the real port.
    pub listening: SocketAddr,
    /// Whether that is by https without anybody's help.
    pub has_tls: bool,
    /// This machine's address on its network, if players may connect from there.
    pub lan: Option<IpAddr>,
    draining: AtomicBool,
    stopping: Notify,
}

impl State {
    /// The state of a server that takes players.
    pub fn new(parts: Parts<'_>) -> State {
        let Parts { lobby, store, replays, admission, signer, operator_word, config, listening, lan } = parts;
        State {
            lobby,
            maps: Maps::open(&config.data_dir),
            store,
            replays,
            admission,
            signer,
            public_url: config.public_url.clone(),
            allowed_origins: config.allowed_origins.clone(),
            admin_token: config.admin_token.clone(),
            operator_word,
            front: Front::default(),
            board: Board::new(Instant::now()),
            feed_poll_hold: config.feed_poll_hold_s.0,
            stream_age: config.stream_age_s.0,
            admin_elsewhere: config.admin_listen.is_some(),
            listening,
            has_tls: config.tls_cert.is_some(),
            lan,
            draining: AtomicBool::new(false),
            stopping: Notify::new(),
        }
    }

    /// When a player's next stream is to be opened, in seconds: less up to a fifth by chance, so that a crowd that came
    /// together does not go on together.
    pub fn stream_age_s(&self) -> u64 {
        let age_s = self.stream_age.as_secs();
        let mut chance = [0; 2];
        // Without chance all wait the full time, which is right too.
        let _ = getrandom::fill(&mut chance);
        age_s - age_s * u64::from(u16::from_le_bytes(chance)) / (5 * 65_536)
    }

    /// Whether the server is about to stop and takes no new players.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// The operator wants the server to stop, as by a signal.
    pub fn ask_to_stop(&self) {
        self.stopping.notify_one();
    }

    /// Waits until the operator wants the server to stop.
    pub async fn asked_to_stop(&self) {
        self.stopping.notified().await;
    }

    /// From now on the server takes no new players.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

/// What a state is made of.
#[derive(Debug)]
pub struct Parts<'a> {
    /// The matches.
    pub lobby: Lobby,
    /// Accounts and results.
    pub store: Store,
    /// What ended matches left, if that is kept.
    pub replays: Option<Arc<Shelf>>,
    /// Limits by address.
    pub admission: Arc<Admission>,
    /// Makes and reads tokens.
    pub signer: Signer,
    /// The word by which the operator is known.
    pub operator_word: Secret,
    /// The settings.
    pub config: &'a Config,
    /// Where players connect, with the real port.
    pub listening: SocketAddr,
    /// This machine's address on its network, if players may connect from there.
    pub lan: Option<IpAddr>,
}

#[cfg(test)]
pub(crate) mod sample {
    //! A state for tests of what stands above it: a real lobby with one standing match, and a fixed secret.
    //! Nothing listens and nothing is on disk.

    use std::collections::BTreeMap;

    use super::*;
    use crate::config::layer::Layer;
    use crate::lobby::Side;

    /// The word of this state's operator.
    pub(crate) const WORD: &str = "the-operator-of-samples";

    /// A state with the settings of a layer; the public matches have no bots unless the layer says so.
    pub(crate) fn state(layer: Layer) -> Arc<State> {
        crate::telemetry::start_metrics().unwrap();
        let quiet = Layer { public_match_bots: Some(0), ..Layer::default() };
        let config = Config::load(layer.over(quiet), &BTreeMap::new()).unwrap();
        let store = Store::start(None).unwrap();
        let lobby = Lobby::open(&config, Side::of(store.desk().clone())).unwrap();
        lobby.tend().unwrap();
        let admission = Arc::new(Admission::new(&config));
        let (signer, listening) = (Signer::new(&[1; 32]), ([127, 0, 0, 1], 7777).into());
        let operator_word = WORD.parse().unwrap();
        Arc::new(State::new(Parts {
            lobby,
            store,
            replays: None,
            admission,
            signer,
            operator_word,
            config: &config,
            listening,
            lan: None,
        }))
    }
}
