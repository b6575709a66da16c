//! Who asks, and by which address of ours: the socket's peer, or what a trusted proxy says of the one behind it.
//! The accept loop makes it once for each request; routes find it among the request's extensions.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, Uri, header};

use crate::{
    admission::{Admission, Caller},
    config::BaseUrl,
    state::State,
};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Where a request comes from and how it found us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Whom limits count for.
    pub caller: Caller,
    /// Whether anybody, trusted or not, says that the request was passed on.
    pub passed_on: bool,
    /// Whether the page came by https: as a trusted proxy says, or as we know ourselves if it came by our own.
    pub https: Option<bool>,
    /// Host and port that were asked for.
    pub host: Option<String>,
}

impl Visit {
    /// Reads it from a request's headers and the peer of its socket.
    pub fn read(peer: IpAddr, headers: &HeaderMap, admission: &Admission) -> Visit {
        let passed_on = [FORWARDED_FOR, REAL_IP, header::FORWARDED, header::VIA]
            .iter()
            .any(|name| headers.contains_key(name));
        let host = last(headers, &header::HOST);
        if !admission.is_trusted(peer) {
            return Visit { caller: Caller::peer(peer), passed_on, https: None, host };
        }
        let proto = last(headers, &FORWARDED_PROTO).or_else(|| forwarded(headers, "proto").pop());
        let named_host = last(headers, &FORWARDED_HOST).or_else(|| forwarded(headers, "host").pop());
        Visit {
            caller: named_caller(peer, headers, admission),
            passed_on,
            https: proto
                .map(|proto| proto.eq_ignore_ascii_case("https") || proto.eq_ignore_ascii_case("wss")),
            host: named_host.or(host),
        }
    }

    /// Whether somebody on this machine asks. A proxy on this machine that passes on what strangers ask would otherwise
    /// lend them its address.
    pub fn is_local(&self) -> bool {
        self.caller.is_exempt() && !self.passed_on
    }

    /// The same, over TLS of our own or not, with what the request's first line says. HTTP/2 has no `Host` header.
    #[must_use]
    pub fn over(mut self, is_secure: bool, uri: &Uri) -> Visit {
        self.https = self.https.or(is_secure.then_some(true));
        self.host = self.host.or_else(|| uri.authority().map(ToString::to_string));
        self
    }

    /// The address of ours that the caller should go on using: the configured one, or the one just used.
    pub fn base(&self, state: &State) -> BaseUrl {
        if let Some(url) = &state.public_url {
            return url.clone();
        }
        let https = self.https.unwrap_or(false);
        let used = self.host.as_deref().and_then(|host| BaseUrl::from_host(https, host).ok());
        used.unwrap_or_else(|| BaseUrl::of_socket(state.listening, state.has_tls))
    }

    /// The address for a link that is passed on to others. It never says 127.0.0.1 where others could connect.
    pub fn invite_base(&self, state: &State) -> BaseUrl {
        let base = self.base(state);
        match state.lan {
            Some(lan) if base.is_loopback() => {
                BaseUrl::of_socket((lan, state.listening.port()).into(), state.has_tls)
            }
            _ => base,
        }
    }
}

/// The nearest address that is not a trusted proxy's. Each proxy adds the one that it sees, so only what stands
/// right of a stranger's own words is believed.
fn named_caller(peer: IpAddr, headers: &HeaderMap, admission: &Admission) -> Caller {
    let list = headers.get_all(FORWARDED_FOR);
    let mut hops: Vec<String> = list.iter().filter_map(|value| value.to_str().ok()).flat_map(items).collect();
    if hops.is_empty() {
        hops = forwarded(headers, "for");
    }
    let mut caller = Caller::peer(peer);
    for hop in hops.iter().rev() {
        let Some(address) = address(hop) else { break };
        caller =
            Caller { address: address.to_canonical(), named: address.to_canonical() != peer.to_canonical() };
        if !admission.is_trusted(address) {
            break;
        }
    }
    caller
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = match hop.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None if hop.matches(':').count() == 1 => hop.split(':').next().unwrap_or_default(),
        None => hop,
    };
    bare.parse().ok()
}

/// The values of one parameter of all elements of the `Forwarded` header.
fn forwarded(headers: &HeaderMap, name: &str) -> Vec<String> {
    let lines = headers.get_all(header::FORWARDED).iter().filter_map(|value| value.to_str().ok());
    let pairs = lines.flat_map(items).flat_map(|element| {
        let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs
            .map(|(key, value)| (key.to_ascii_lowercase(), value.trim_matches('"').to_owned()))
            .collect::<Vec<_>>()
    });
    pairs.filter(|(key, _)| key == name).map(|(_, value)| value).collect()
}

/// The last of a header's values; the nearest proxy wrote it.
fn last(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get_all(name).iter().next_back()?.to_str().ok().and_then(|value| items(value).pop())
}

fn items(value: &str) -> Vec<String> {
    value.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::{Config, layer::Layer};

    fn read(peer: &str, lines: &[(&'static str, &str)]) -> Visit {
        let trusted_proxy = Some(vec!["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()]);
        let config = Config::load(Layer { trusted_proxy, ..Layer::default() }, &BTreeMap::new()).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        Visit::read(peer.parse().unwrap(), &headers, &Admission::new(&config))
    }

    fn caller(peer: &str, lines: &[(&'static str, &str)]) -> (String, bool) {
        let caller = read(peer, lines).caller;
        (caller.address.to_string(), caller.named)
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let spoof = [("x-forwarded-for", "8.8.8.8")];
        assert_eq!(caller("203.0.113.9", &spoof), ("203.0.113.9".into(), false));
        assert!(read("203.0.113.9", &spoof).passed_on);
        assert_eq!(caller("127.0.0.1", &spoof), ("8.8.8.8".into(), true));
        assert_eq!(caller("127.0.0.1", &[]), ("127.0.0.1".into(), false));
    }

    #[test]
    fn the_nearest_stranger_counts() {
        for (value, expected) in [
            ("1.1.1.1, 8.8.8.8", "8.8.8.8"),
            ("1.1.1.1, 8.8.8.8, 10.1.2.3", "8.8.8.8"),
            ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
            ("1.1.1.1, nonsense, 10.2.2.2", "10.2.2.2"),
            ("8.8.8.8:1234", "8.8.8.8"),
            ("[2001:db8::1]:99", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(caller("127.0.0.1", &[("x-forwarded-for", value)]).0, expected, "{value}");
        }
        let two_lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "8.8.8.8")];
        assert_eq!(caller("127.0.0.1", &two_lines).0, "8.8.8.8");
        let standard =
            [("forwarded", "for=1.1.1.1;proto=http, For=\"[2001:db8::1]:80\";proto=https;host=a.example")];
        let visit = read("127.0.0.1", &standard);
        assert_eq!(visit.caller.address.to_string(), "2001:db8::1");
        assert_eq!((visit.https, visit.host.as_deref()), (Some(true), Some("a.example")));
    }
}
