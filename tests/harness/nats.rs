//! A real NATS broker on a port of this machine that can be killed, stopped and started again, and a consumer that
//! speaks the broker's text protocol by itself, so that the product's client library is not held against itself.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::feed_socket::event_of_record;
use crate::patience::wait_for;
use crate::sse::SseEvent;

/// Time within which a broker listens.
const START_WITHIN: Duration = Duration::from_secs(10);

/// A broker, running or not.
#[derive(Debug)]
pub struct Broker {
    /// Where it listens, now or after its next start.
    pub address: SocketAddr,
    args: Vec<String>,
    child: Option<Child>,
}

impl Broker {
    /// An address for a broker that does not run yet; it will be given `args`.
    pub fn away(args: &[&str]) -> Result<Broker> {
        // Free a moment ago, and nobody else's soon: the system hands out others first.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        Ok(Broker { address, args: args.iter().map(|&arg| arg.to_owned()).collect(), child: None })
    }

    /// A running broker.
    pub fn start(args: &[&str]) -> Result<Broker> {
        let mut broker = Broker::away(args)?;
        broker.come()?;
        Ok(broker)
    }

    /// Starts it, for the first time or again, at the same address.
    pub fn come(&mut self) -> Result<()> {
        let (ip, port) = (self.address.ip().to_string(), self.address.port().to_string());
        let child = Command::new("nats-server")
            .args(["-a", &ip, "-p", &port])
            .args(&self.args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("nats-server could not be started; `cargo xtask test` installs it")?;
        self.child = Some(child);
        wait_for("the broker to listen", START_WITHIN, || Ok(TcpStream::connect(self.address).ok()))?;
        Ok(())
    }

    /// Kills it.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Sends it a signal by name, such as `STOP`.
    pub fn signal(&self, name: &str) -> Result<()> {
        let child = self.child.as_ref().context("the broker does not run")?;
        let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status()?;
        ensure!(sent.success(), "SIG{name} could not be sent");
        Ok(())
    }

    /// The setting that names it.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, which is fine.
        drop(self.kill());
    }
}

/// A message as a consumer gets it.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub payload: String,
}

impl Delivery {
    /// The feed's event that it carries.
    pub fn event(&self) -> Result<SseEvent> {
        event_of_record(&serde_json::from_str(&self.payload)?)
    }
}

/// Somebody connected to a broker.
#[derive(Debug)]
pub struct Consumer {
    socket: TcpStream,
    received: Vec<u8>,
    subscriptions: u32,
}

impl Consumer {
    /// Connects, and subscribes to `subjects`.
    pub fn subscribed(broker: &Broker, subjects: &[&str]) -> Result<Consumer> {
        Consumer::as_user(broker, subjects, ("", ""))
    }

    /// The same with a name and a password.
    pub fn as_user(broker: &Broker, subjects: &[&str], user: (&str, &str)) -> Result<Consumer> {
        let socket = TcpStream::connect(broker.address)?;
        socket.set_nodelay(true)?;
        let mut consumer = Consumer { socket, received: Vec::new(), subscriptions: 0 };
        let (name, password) = user;
        consumer.say(&format!(
            "CONNECT {{\"verbose\":false,\"pedantic\":true,\"user\":\"{name}\",\"pass\":\"{password}\"}}\r\n"
        ))?;
        for subject in subjects {
            consumer.subscribe(subject)?;
        }
        Ok(consumer)
    }

    fn say(&mut self, text: &str) -> Result<()> {
        Ok(self.socket.write_all(text.as_bytes())?)
    }

    fn subscribe(&mut self, subject: &str) -> Result<()> {
        self.subscriptions += 1;
        let number = self.subscriptions;
        self.say(&format!("SUB {subject} {number}\r\n"))
    }

    /// Publishes a request without waiting; the answer comes as a delivery on `reply`.
    pub fn ask(&mut self, subject: &str, reply: &str) -> Result<()> {
        self.subscribe(reply)?;
        self.say(&format!("PUB {subject} {reply} 0\r\n\r\n"))
    }

    /// The next message; `None` if none comes within the time, or the broker is gone.
    pub fn next(&mut self, within: Duration) -> Result<Option<Delivery>> {
        let end = Instant::now() + within;
        loop {
            if let Some(delivery) = self.take()? {
                return Ok(Some(delivery));
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || !self.fill(left)? {
                return Ok(None);
            }
        }
    }

    /// Reads once; false when the broker is gone.
    fn fill(&mut self, left: Duration) -> Result<bool> {
        self.socket
            .set_read_timeout(Some(left.clamp(Duration::from_millis(1), Duration::from_millis(50))))?;
        let mut bytes = [0; 16 << 10];
        match self.socket.read(&mut bytes) {
            Ok(0) => return Ok(false),
            Ok(count) => self.received.extend_from_slice(bytes.get(..count).unwrap_or_default()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// A whole message from what was received; answers pings on the way.
    fn take(&mut self) -> Result<Option<Delivery>> {
        while let Some(end) = self.received.windows(2).position(|pair| pair == b"\r\n") {
            let line = String::from_utf8_lossy(self.received.get(..end).unwrap_or_default()).into_owned();
            let words: Vec<&str> = line.split_whitespace().collect();
            let (subject, length) = match words.as_slice() {
                ["MSG", subject, _, length] | ["MSG", subject, _, _, length] => {
                    ((*subject).to_owned(), length)
                }
                ["PING"] => {
                    self.received.drain(..end + 2);
                    self.say("PONG\r\n")?;
                    continue;
                }
                _ => {
                    ensure!(!line.starts_with("-ERR"), "the broker says {line}");
                    self.received.drain(..end + 2);
                    continue;
                }
            };
            let (begins, length) = (end + 2, length.parse::<usize>()?);
            let Some(payload) = self.received.get(begins..begins + length) else { return Ok(None) };
            let payload = String::from_utf8(payload.to_vec())?;
            if self.received.len() < begins + length + 2 {
                return Ok(None);
            }
            self.received.drain(..begins + length + 2);
            return Ok(Some(Delivery { subject, payload }));
        }
        Ok(None)
    }
}
