//! Tests of a whole server in this process: it starts, says where it is, serves, and stops when it is told to.
//! They use only what the program uses.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    sync::mpsc::sync_channel,
    thread::{self, JoinHandle},
    time::Instant,
};

use tokio::{runtime::Runtime, sync::oneshot};

use super::*;
use crate::config::layer::Layer;

const PATIENCE: Duration = Duration::from_secs(10);

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), RunError>>,
    _folder: tempfile::TempDir,
}

fn config(layer: Layer) -> Config {
    let layer = Layer { public_match_bots: Some(0), ..layer };
    Config::load(layer, &BTreeMap::new()).unwrap()
}

fn start(layer: Layer) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let listen = Some("127.0.0.1:0".parse().unwrap());
    let config = config(Layer { listen, data_dir: Some(folder.path().join("data")), ..layer });
    let (stop, stopped) = oneshot::channel();
    let (said, hear) = sync_channel(1);
    let thread = thread::spawn(move || {
        Runtime::new().unwrap().block_on(run(config, |address| said.send(address).unwrap(), stopped))
    });
    Running { address: hear.recv_timeout(PATIENCE).unwrap(), stop, thread, _folder: folder }
}

fn get(address: SocketAddr, path: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_server_serves_until_it_is_told_to_stop_and_then_ends_at_once() {
    let running = start(Layer::default());
    assert!(get(running.address, "/readyz").starts_with("HTTP/1.1 200 OK"));
    assert!(get(running.address, "/api/matches").contains("\"name\":\"Lattice\""));
    assert!(get(running.address, "/metrics").contains("starfray_build_info"));
    let start = Instant::now();
    running.stop.send(()).unwrap();
    running.thread.join().unwrap().unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert!(TcpStream::connect(running.address).is_err());
}

#[test]
fn stopping_tells_spectators_and_ends_within_its_time() {
    let running = start(Layer { drain_timeout_s: Some("3".parse().unwrap()), ..Layer::default() });
    let list = get(running.address, "/api/matches");
    let id = list.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap();
    let mut watching = TcpStream::connect(running.address).unwrap();
    watching.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(watching, "GET /api/matches/{id}/events HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    let mut first = [0; 512];
    assert!(watching.read(&mut first).unwrap() > 0);
    let start = Instant::now();
    running.stop.send(()).unwrap();
    let mut rest = String::new();
    watching.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("event: bye"), "{rest}");
    drop(watching);
    running.thread.join().unwrap().unwrap();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_busy_port_and_a_bad_folder_are_one_clear_line() {
    let running = start(Layer::default());
    let outcome = |layer| {
        let nobody = std::future::pending::<()>();
        Runtime::new().unwrap().block_on(run(config(layer), |_| (), nobody)).unwrap_err().to_string()
    };
    let listen = Some(running.address.to_string().parse().unwrap());
    let busy = outcome(Layer { listen, ..Layer::default() });
    assert!(
        busy.starts_with(&format!("can't listen on {}: ", running.address)) && busy.lines().count() == 1,
        "{busy}"
    );
    let listen = Some("127.0.0.1:0".parse().unwrap());
    let folder = outcome(Layer { listen, data_dir: Some("/dev/null/x".into()), ..Layer::default() });
    assert!(folder.starts_with("the data folder: /dev/null/x: ") && folder.lines().count() == 1, "{folder}");
    running.stop.send(()).unwrap();
    running.thread.join().unwrap().unwrap();
}

#[test]
fn metrics_move_to_the_address_set_apart() {
    // The port is free a moment before; nobody else takes ports of this range in so short a time.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let running = start(Layer {
        admin_listen: Some(free.to_string().parse().unwrap()),
        admin_token: Some("0123456789abcdef".parse().unwrap()),
        ..Layer::default()
    });
    assert!(get(running.address, "/metrics").starts_with("HTTP/1.1 404 "));
    assert!(get(free, "/metrics").starts_with("HTTP/1.1 401 "));
    let with_token = "/metrics HTTP/1.1\r\nauthorization: Bearer 0123456789abcdef\r\nx: ";
    assert!(get(free, with_token).contains("starfray_build_info"));
    assert!(get(free, "/api/matches").starts_with("HTTP/1.1 404 "));
    assert!(get(free, "/healthz").starts_with("HTTP/1.1 200 OK"));
    running.stop.send(()).unwrap();
    running.thread.join().unwrap().unwrap();
}
