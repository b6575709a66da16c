//! The kinds of values that settings have, each with one way to read it from text and one to show it.
//! They know nothing of keys, flags or files, so that a wrong value reads the same wherever it stood.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
    time::Duration,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A value that makes no sense, with what would.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ValueError(String);

impl ValueError {
    /// An error that says `message`, one line.
    pub(super) fn new(message: String) -> ValueError {
        ValueError(message)
    }
}

/// Where to listen: an IP address and a port; `localhost:PORT` is 127.0.0.1. Port 0 lets the system choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ListenAddress(pub SocketAddr);

impl FromStr for ListenAddress {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let numeric = match text.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => text.to_owned(),
        };
        let wrong = || ValueError(format!("\"{text}\" is not an address like 127.0.0.1:7777 or [::]:7777"));
        numeric.parse().map(ListenAddress).map_err(|_| wrong())
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

/// A scheme, a host and perhaps a port: what stands before a path, and also what an `Origin` header holds.
/// Lower case, without the port that the scheme means anyway, so that equal ones are equal text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseUrl {
    https: bool,
    host: String,
    port: u16,
}

impl BaseUrl {
    /// From a scheme and what a `Host` header holds: `HOST` or `HOST:PORT`.
    pub fn from_host(https: bool, authority: &str) -> Result<BaseUrl, ValueError> {
        let wrong =
            || ValueError(format!("\"{authority}\" is not a host like play.example or 10.0.0.5:7777"));
        let parsed: hyper::http::uri::Authority = authority.parse().map_err(|_| wrong())?;
        let host = parsed.host().to_ascii_lowercase();
        let port = match authority.strip_prefix(parsed.host()).ok_or_else(wrong)? {
            "" => None,
            rest => Some(rest.strip_prefix(':').and_then(|port| port.parse::<u16>().ok()).ok_or_else(wrong)?),
        };
        if host.is_empty() {
            return Err(wrong());
        }
        Ok(BaseUrl { https, host, port: port.unwrap_or_else(|| default_port(https)) })
    }

    /// The address of a listening socket.
    pub fn of_socket(socket: SocketAddr, https: bool) -> BaseUrl {
        let host = match socket.ip() {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("[{v6}]"),
        };
        BaseUrl { https, host, port: socket.port() }
    }

    /// Whether it leads to nowhere but the machine itself.
    pub fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        let address = bare.parse::<IpAddr>().map(|address| address.to_canonical());
        self.host == "localhost"
            || address.is_ok_and(|address| address.is_loopback() || address.is_unspecified())
    }

    /// Whether it begins with `https`.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Host and port without the scheme; the port only if it is not the scheme's own.
    pub fn authority(&self) -> String {
        if self.port == default_port(self.https) {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

fn default_port(https: bool) -> u16 {
    if https { 443 } else { 80 }
}

impl FromStr for BaseUrl {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = || ValueError(format!("\"{text}\" is not like https://play.example, without a path"));
        let lower = text.to_ascii_lowercase();
        let (https, rest) = match (lower.strip_prefix("https://"), lower.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(wrong()),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        BaseUrl::from_host(https, authority).map_err(|_| wrong())
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.authority())
    }
}

impl Serialize for BaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A time in seconds, also with a fraction; never negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seconds(pub Duration);

impl Seconds {
    /// From a number of seconds; refuses what is negative, endless or not a number.
    pub fn from_number(number: f64) -> Result<Seconds, ValueError> {
        let wrong = |_| ValueError(format!("{number} is not a number of seconds"));
        Duration::try_from_secs_f64(number).map(Seconds).map_err(wrong)
    }
}

impl FromStr for Seconds {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let number =
            text.parse().map_err(|_| ValueError(format!("\"{text}\" is not a number of seconds")))?;
        Seconds::from_number(number)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Seconds::from_number(f64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let whole = self.0.as_secs();
        if self.0.subsec_nanos() == 0 {
            serializer.serialize_u64(whole)
        } else {
            serializer.serialize_f64(self.0.as_secs_f64())
        }
    }
}

/// How log lines look on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(ValueError(format!("\"{text}\" is neither text nor json"))),
        }
    }
}

impl TryFrom<String> for LogFormat {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

/// Which matches' feeds go to the message broker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum NatsMatches {
    /// Those without a password.
    #[default]
    Open,
    /// Also those with one.
    All,
}

impl FromStr for NatsMatches {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "open" => Ok(NatsMatches::Open),
            "all" => Ok(NatsMatches::All),
            _ => Err(ValueError(format!("\"{text}\" is neither open nor all"))),
        }
    }
}

impl TryFrom<String> for NatsMatches {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

/// What is kept of matches on the disk while they run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum JournalMode {
    /// Nothing: a match ends with its process.
    Off,
    /// Handed to the system a few times a second: survives the process, not a power cut.
    Written,
    /// The same, and synced once a second: survives a power cut too, but for the last second.
    #[default]
    Synced,
}

impl FromStr for JournalMode {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "off" => Ok(JournalMode::Off),
            "written" => Ok(JournalMode::Written),
            "synced" => Ok(JournalMode::Synced),
            _ => Err(ValueError(format!("\"{text}\" is neither off nor written nor synced"))),
        }
    }
}

impl TryFrom<String> for JournalMode {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

/// A secret word that never shows in logs or in the printed config.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A word to be kept from view.
    pub(super) fn new(word: String) -> Secret {
        Secret(word)
    }

    /// The word itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        Ok(Secret(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_numeric_or_localhost() {
        assert_eq!("localhost:80".parse::<ListenAddress>().unwrap().0.to_string(), "127.0.0.1:80");
        assert_eq!("[::1]:0".parse::<ListenAddress>().unwrap().0.to_string(), "[::1]:0");
        for wrong in ["", "7777", "host:1", "127.0.0.1", "127.0.0.1:99999"] {
            assert!(wrong.parse::<ListenAddress>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn equal_addresses_of_pages_are_equal_text() {
        for (text, shown) in [
            ("https://Play.Example/", "https://play.example"),
            ("https://play.example:443", "https://play.example"),
            ("http://10.0.0.5:7777", "http://10.0.0.5:7777"),
            ("http://[::1]:80", "http://[::1]"),
            ("http://play.example:443", "http://play.example:443"),
        ] {
            assert_eq!(text.parse::<BaseUrl>().unwrap().to_string(), shown, "{text}");
        }
        for wrong in
            ["null", "", "play.example", "ftp://a", "https://a/b", "https://u@a", "https://a:b", "https://"]
        {
            assert!(wrong.parse::<BaseUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn loopback_is_known_by_all_its_names() {
        for text in [
            "http://localhost:1",
            "http://127.0.0.1",
            "http://127.9.9.9",
            "http://[::1]:5",
            "http://0.0.0.0:1",
        ] {
            assert!(text.parse::<BaseUrl>().unwrap().is_loopback(), "{text}");
        }
        assert!(!BaseUrl::of_socket(([192, 168, 1, 5], 7777).into(), false).is_loopback());
        assert_eq!(BaseUrl::of_socket("[::1]:80".parse().unwrap(), false).to_string(), "http://[::1]");
        assert_eq!(BaseUrl::of_socket(([10, 0, 0, 5], 443).into(), true).to_string(), "https://10.0.0.5");
    }

    #[test]
    fn seconds_may_have_a_fraction() {
        assert_eq!("0.25".parse::<Seconds>().unwrap().0.as_millis(), 250);
        for wrong in ["-1", "NaN", "inf", "soon", ""] {
            assert!(wrong.parse::<Seconds>().is_err(), "{wrong}");
        }
    }
}
