//! The address of a message broker, with what opens it. It is read from a setting and never shown with its secrets.
//! It knows no protocol; the bridge in `cluster` connects to what stands here.

use std::fmt;

use serde::{Serialize, Serializer};

use super::values::{Secret, ValueError};

/// The port that brokers listen on if none is named.
const DEFAULT_PORT: u16 = 4222;

/// Where a broker is: `nats://[USER:PASSWORD@]HOST[:PORT]`, or `tls://` instead. A user without a password is a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerUrl {
    tls: bool,
    /// Host and port.
    authority: String,
    user: Option<Secret>,
    password: Option<Secret>,
}

impl BrokerUrl {
    /// Reads an address. The error shows nothing that stands before an `@`.
    pub fn parse(text: &str) -> Result<BrokerUrl, ValueError> {
        let (credentials, place) =
            match text.split_once("://").map_or(text, |(_, rest)| rest).rsplit_once('@') {
                Some((credentials, place)) => (Some(credentials), place),
                None => (None, text),
            };
        let wrong =
            || ValueError::new(format!("\"{place}\" is not like nats://HOST:4222 or tls://HOST:4222"));
        let (tls, rest) = match (text.strip_prefix("nats://"), text.strip_prefix("tls://")) {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => return Err(wrong()),
        };
        let bare = rest.rsplit_once('@').map_or(rest, |(_, bare)| bare);
        let authority = authority(bare.strip_suffix('/').unwrap_or(bare)).ok_or_else(wrong)?;
        let (user, password) = match credentials {
            None => (None, None),
            Some(text) => {
                let read = |text: &str| {
                    let wrong =
                        || ValueError::new("the user or password is not percent-encoded text".to_owned());
                    decoded(text).filter(|text| !text.is_empty()).map(Secret::new).ok_or_else(wrong)
                };
                match text.split_once(':') {
                    Some((user, password)) => (Some(read(user)?), Some(read(password)?)),
                    None => (Some(read(text)?), None),
                }
            }
        };
        Ok(BrokerUrl { tls, authority, user, password })
    }

    /// The address without secrets.
    pub fn bare(&self) -> String {
        format!("{}://{}", if self.tls { "tls" } else { "nats" }, self.authority)
    }

    /// The user, or the token if there is no password.
    pub fn user(&self) -> Option<&Secret> {
        self.user.as_ref()
    }

    /// The user's password.
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }
}

/// Host and port of `text`; `None` if there is no host, or something behind them.
fn authority(text: &str) -> Option<String> {
    let parsed: hyper::http::uri::Authority = text.parse().ok()?;
    let port = match text.strip_prefix(parsed.host())? {
        "" => DEFAULT_PORT,
        rest => rest.strip_prefix(':')?.parse().ok().filter(|port| *port > 0)?,
    };
    let named = parsed.host().chars().any(|c| c.is_ascii_alphanumeric());
    named.then(|| format!("{}:{port}", parsed.host()))
}

/// `text` without its percent signs; `None` if one of them stands for nothing, or the bytes are no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { hex(rest.next()?)? << 4 | hex(rest.next()?)? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "tls" } else { "nats" };
        let credentials = if self.user.is_some() { "***@" } else { "" };
        write!(f, "{scheme}://{credentials}{}", self.authority)
    }
}

impl Serialize for BrokerUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_s_address_has_a_scheme_a_host_and_perhaps_secrets() {
        for (text, bare, shown) in [
            ("nats://10.0.0.5", "nats://10.0.0.5:4222", "nats://10.0.0.5:4222"),
            ("tls://mq.example:4443/", "tls://mq.example:4443", "tls://mq.example:4443"),
            ("nats://ann:s%40cret@[::1]:1", "nats://[::1]:1", "nats://***@[::1]:1"),
            ("nats://token@mq", "nats://mq:4222", "nats://***@mq:4222"),
        ] {
            let url = BrokerUrl::parse(text).unwrap();
            assert_eq!((url.bare().as_str(), url.to_string().as_str()), (bare, shown));
        }
        let url = BrokerUrl::parse("nats://ann:s%40cret@mq").unwrap();
        assert_eq!(url.user().map(Secret::reveal), Some("ann"));
        assert_eq!(url.password().map(Secret::reveal), Some("s@cret"));
        assert!(!format!("{url:?}").contains("s@c"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_telling_secrets() {
        for text in [
            "",
            "mq",
            "mq:4222",
            "http://mq",
            "nats://",
            "nats://:4222",
            "nats://mq:0",
            "nats://mq:99999",
            "nats://mq/path",
            "nats://a b",
            "nats://ann:hush@",
            "ann:hush@mq",
            "nats://ann:%zzhush@mq",
            "nats://ann:hush%2@mq",
            "nats://@mq",
            "nats://:hush@mq",
            "nats://mq?x=1",
            "ws://ann:hush@mq",
            "nats://..",
        ] {
            let error = BrokerUrl::parse(text).unwrap_err().to_string();
            assert!(!error.contains("hush") && !error.contains('\n'), "{text}: {error}");
        }
    }
}
