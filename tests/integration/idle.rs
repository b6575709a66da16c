//! Spectators of a feed in which nothing happens: thousands of sockets, heartbeats and pings, and hardly any work. One
//! thread looks after all of them; there is no timer for each.
//!
//! Ten thousand connections are twenty thousand open files, more than many systems give one process, so the server's half
//! runs in a process of its own: this test program, started once more.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use server::feed::form::Form;
use server::feed::log::FeedLog;
use server::link::{Arrival, Link};
use server::open_files;
use server::spectators::thread::{SpectatorThread, Ticket};
use server::spectators::watcher::Newcomer;
use server::telemetry::start_metrics;
use server::timing::Timing;
use tests::patience::wants_long_tests;

/// Set for the process that is the server.
const IS_SERVER: &str = "STARFRAY_TESTS_IDLE_SERVER";
/// So often something does happen; without any event for five minutes connections end.
const EVENT_EVERY: Duration = Duration::from_secs(60);
/// Longest time without a sign of life: heartbeats come every 15 s, pings every 5 s.
const SIGN_WITHIN: Duration = Duration::from_secs(17);
/// A client's answer to a ping, masked with zeros.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// Not a test: the server's half of those below.
#[test]
#[ignore = "the other half of the tests of this file, which start it"]
fn serve_a_feed_in_which_nothing_happens() {
    if std::env::var_os(IS_SERVER).is_none() {
        return;
    }
    start_metrics().unwrap();
    open_files::raise();
    let spectators = SpectatorThread::start("spectators".to_owned(), Timing::default(), 1).unwrap();
    let log = Arc::new(FeedLog::new(7, "{}", vec![spectators.thread()]));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    writeln!(std::io::stdout(), "\nlistening on {}", listener.local_addr().unwrap()).unwrap();
    let telling = Arc::clone(&log);
    thread::spawn(move || {
        while !telling.ended() {
            telling.publish("keyframe", "{}");
            telling.wake();
            thread::sleep(EVENT_EVERY);
        }
    });
    for socket in listener.incoming() {
        let mut socket = socket.unwrap();
        let mut form = [0];
        socket.read_exact(&mut form).unwrap();
        let form = Form::ALL[usize::from(form[0])];
        let arrival = Arrival { link: Link::tcp(socket).unwrap(), early: Bytes::new(), permit: Box::new(()) };
        let (log, watching) = (Arc::clone(&log), log.watch());
        let newcomer = Newcomer { arrival, log, watching, resume: None, form, chunked: true };
        spectators.arrivals().send(Ticket::Watch(Box::new(newcomer))).unwrap();
    }
}

struct OtherHalf(Child, SocketAddr);

impl OtherHalf {
    fn start() -> OtherHalf {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "--nocapture", "idle::serve_a_feed_in_which_nothing_happens"]);
        let mut child = command.env(IS_SERVER, "1").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("listening on ")?.parse().ok());
        OtherHalf(child, address.unwrap())
    }

    /// CPU time so far, where the system tells it.
    fn cpu(&self) -> Option<Duration> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.0.id())).ok()?;
        let spent = |task: std::fs::DirEntry| -> Option<u64> {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse().ok()
        };
        Some(Duration::from_nanos(tasks.flatten().filter_map(spent).sum()))
    }
}

impl Drop for OtherHalf {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, which is fine.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

struct Spectator {
    socket: TcpStream,
    form: Form,
    heard_at: Instant,
    quiet: Duration,
}

impl Spectator {
    fn connect(address: SocketAddr, form: Form) -> Spectator {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.write_all(&[form as u8]).unwrap();
        socket.set_nonblocking(true).unwrap();
        Spectator { socket, form, heard_at: Instant::now(), quiet: Duration::ZERO }
    }

    /// Reads what is there, and answers if it could be a ping. False when the connection has ended.
    fn look(&mut self) -> bool {
        let mut room = [0; 512];
        match self.socket.read(&mut room) {
            Ok(0) => return false,
            Ok(_) => {
                self.heard_at = Instant::now();
                if self.form == Form::WebSocket && self.socket.write_all(&PONG).is_err() {
                    return false;
                }
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return false,
        }
        self.quiet = self.quiet.max(self.heard_at.elapsed());
        true
    }
}

/// Lets `count` spectators be idle; the share of a core that serving them takes.
fn idle(count: usize, time: Duration) -> Option<f64> {
    open_files::raise();
    let server = OtherHalf::start();
    let connect = |i: usize| Spectator::connect(server.1, Form::ALL[i % Form::ALL.len()]);
    let mut spectators: Vec<Spectator> = (0..count).map(connect).collect();
    // Being greeted is not being idle.
    thread::sleep(Duration::from_secs(2));
    let (begin, before) = (Instant::now(), server.cpu());
    while begin.elapsed() < time {
        let turn = Instant::now();
        let alive = spectators.iter_mut().filter_map(|s| s.look().then_some(())).count();
        assert_eq!(alive, count, "after {:?}", begin.elapsed());
        thread::sleep(Duration::from_secs(2).saturating_sub(turn.elapsed()));
    }
    let longest = spectators.iter().map(|s| s.quiet).max().unwrap_or_default();
    assert!(longest < SIGN_WITHIN + Duration::from_secs(2), "nothing was heard for {longest:?}");
    Some(server.cpu()?.checked_sub(before?)?.as_secs_f64() / begin.elapsed().as_secs_f64())
}

#[test]
fn a_thousand_idle_spectators_stay_and_cost_nothing() {
    let share = idle(1000, Duration::from_secs(30)).unwrap_or(0.0);
    assert!(share < 0.02, "{:.2} % of a core", share * 100.0);
}

#[test]
fn ten_thousand_idle_spectators_stay_for_five_minutes() {
    if !wants_long_tests() {
        return;
    }
    let share = idle(10_000, Duration::from_secs(300)).unwrap_or(0.0);
    writeln!(std::io::stdout(), "10,000 idle spectators take {:.2} % of a core", share * 100.0).unwrap();
    assert!(share < 0.10, "{:.2} % of a core", share * 100.0);
}
