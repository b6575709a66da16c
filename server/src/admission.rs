//! Who may come in: connections in all and by address, and how often an address may host or join.
//! It knows addresses and numbers, no HTTP. The accept loop asks it for permits, the routes for turns.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use dashmap::DashMap;
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use ipnet::IpNet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{config::Config, telemetry::rejected};

/// Playgrounds that one address may have at a time: tabs, and one that is about to end.
const PLAYGROUNDS_PER_ADDRESS: u32 = 3;

/// What limits are counted by: an IPv4 address, or the network of 64 bits that one IPv6 customer gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Origin(IpAddr);

impl Origin {
    fn of(address: IpAddr) -> Origin {
        match address.to_canonical() {
            IpAddr::V4(v4) => Origin(IpAddr::V4(v4)),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Origin(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
            }
        }
    }
}

/// Where a request comes from, after trusted proxies have been believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The address that limits count for.
    pub address: IpAddr,
    /// Whether `address` was named by a trusted proxy and is not the peer of the socket.
    pub named: bool,
}

impl Caller {
    /// The peer of a socket itself.
    pub fn peer(address: IpAddr) -> Caller {
        Caller { address: address.to_canonical(), named: false }
    }

    /// Whether limits and rates by address leave this caller alone: somebody on this machine.
    pub fn is_exempt(self) -> bool {
        !self.named && self.address.is_loopback()
    }
}

/// A place among all playgrounds and among those of its address; dropping it frees both.
#[derive(Debug)]
pub struct PlaygroundPermit {
    _place: OwnedSemaphorePermit,
    _share: Option<Share>,
}

/// Why a connection or a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// As many connections as the server takes.
    Full,
    /// As many connections as one address may have.
    AddressFull,
    /// As many playgrounds as the server, or one address, may have.
    PlaygroundsFull,
    /// Too many acts in a minute; the time after which the next one is allowed.
    TooOften(Duration),
}

/// A place among all connections and among those of its address; dropping it frees both.
#[derive(Debug)]
pub struct ConnectionPermit {
    _place: Option<OwnedSemaphorePermit>,
    _share: Option<Share>,
}

/// One of an address's connections.
#[derive(Debug)]
struct Share {
    counts: Arc<DashMap<Origin, u32>>,
    origin: Origin,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.counts.remove_if_mut(&self.origin, |_, count| {
            *count = count.saturating_sub(1);
            *count == 0
        });
    }
}

/// All limits that depend on who asks.
#[derive(Debug)]
pub struct Admission {
    places: Arc<Semaphore>,
    counts: Arc<DashMap<Origin, u32>>,
    playgrounds: Arc<Semaphore>,
    playground_counts: Arc<DashMap<Origin, u32>>,
    per_address: u32,
    trusted: Vec<IpNet>,
    hosts: DefaultKeyedRateLimiter<Origin>,
    joins: DefaultKeyedRateLimiter<Origin>,
}

impl Admission {
    /// The limits of a config.
    pub fn new(config: &Config) -> Admission {
        Admission {
            places: Arc::new(Semaphore::new(config.max_connections as usize)),
            counts: Arc::default(),
            playgrounds: Arc::new(Semaphore::new(config.playgrounds_max as usize)),
            playground_counts: Arc::default(),
            per_address: config.max_connections_per_address,
            trusted: config.trusted_proxy.clone(),
            hosts: per_minute(config.hosts_per_minute),
            joins: per_minute(config.joins_per_minute),
        }
    }

    /// Whether what `address` says about others is believed.
    pub fn is_trusted(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// A place for a new connection. A trusted proxy's connections are not its own, so they count in all only.
    pub fn connection(&self, peer: IpAddr) -> Result<ConnectionPermit, Refusal> {
        let caller = Caller::peer(peer);
        let share =
            if caller.is_exempt() || self.is_trusted(peer) { None } else { Some(self.share(caller)?) };
        let place = self.places.clone().try_acquire_owned().map_err(|_| {
            rejected("connections_full");
            Refusal::Full
        })?;
        Ok(ConnectionPermit { _place: Some(place), _share: share })
    }

    /// A share of the connections of an address that a trusted proxy named; for as long as it is kept.
    pub fn named(&self, caller: Caller) -> Result<Option<ConnectionPermit>, Refusal> {
        if !caller.named {
            return Ok(None);
        }
        Ok(Some(ConnectionPermit { _place: None, _share: Some(self.share(caller)?) }))
    }

    /// Asks for a turn to host a match.
    pub fn may_host(&self, caller: Caller) -> Result<(), Refusal> {
        turn(&self.hosts, caller).inspect_err(|_| rejected("host_rate"))
    }

    /// Asks for a turn to join a match.
    pub fn may_join(&self, caller: Caller) -> Result<(), Refusal> {
        turn(&self.joins, caller).inspect_err(|_| rejected("join_rate"))
    }

    /// A place for a new playground; it is also a match that is hosted.
    pub fn may_open_playground(&self, caller: Caller) -> Result<PlaygroundPermit, Refusal> {
        self.may_host(caller)?;
        self.playground_permit(caller).ok_or_else(|| {
            rejected("playgrounds_full");
            Refusal::PlaygroundsFull
        })
    }

    fn playground_permit(&self, caller: Caller) -> Option<PlaygroundPermit> {
        let place = self.playgrounds.clone().try_acquire_owned().ok()?;
        if caller.is_exempt() {
            return Some(PlaygroundPermit { _place: place, _share: None });
        }
        let share = share(&self.playground_counts, caller, PLAYGROUNDS_PER_ADDRESS)?;
        Some(PlaygroundPermit { _place: place, _share: Some(share) })
    }

    /// Forgets addresses that have all their turns again. Call it now and then.
    pub fn forget_idle(&self) {
        self.hosts.retain_recent();
        self.joins.retain_recent();
    }

    fn share(&self, caller: Caller) -> Result<Share, Refusal> {
        share(&self.counts, caller, self.per_address).ok_or_else(|| {
            rejected("connections_per_address");
            Refusal::AddressFull
        })
    }
}

/// One more of `counts` for an address, unless it has `most` already.
fn share(counts: &Arc<DashMap<Origin, u32>>, caller: Caller, most: u32) -> Option<Share> {
    let origin = Origin::of(caller.address);
    let mut count = counts.entry(origin).or_insert(0);
    if *count >= most {
        return None;
    }
    *count += 1;
    Some(Share { counts: Arc::clone(counts), origin })
}

fn per_minute(turns: u32) -> DefaultKeyedRateLimiter<Origin> {
    RateLimiter::keyed(Quota::per_minute(NonZeroU32::new(turns).unwrap_or(NonZeroU32::MIN)))
}

fn turn(limiter: &DefaultKeyedRateLimiter<Origin>, caller: Caller) -> Result<(), Refusal> {
    if caller.is_exempt() {
        return Ok(());
    }
    limiter
        .check_key(&Origin::of(caller.address))
        .map_err(|not_yet| Refusal::TooOften(not_yet.wait_time_from(DefaultClock::default().now())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::layer::Layer;

    fn admission(layer: Layer) -> Admission {
        Admission::new(&Config::load(layer, &BTreeMap::new()).unwrap())
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn places_come_back_when_permits_are_dropped() {
        let admission = admission(Layer { max_connections: Some(2), ..Layer::default() });
        let one = admission.connection(address("127.0.0.1")).unwrap();
        let _two = admission.connection(address("10.0.0.1")).unwrap();
        assert_eq!(admission.connection(address("10.0.0.2")).unwrap_err(), Refusal::Full);
        drop(one);
        assert!(admission.connection(address("10.0.0.2")).is_ok());
        assert_eq!(admission.counts.len(), 1, "a refused or dropped connection leaves no count behind");
    }

    #[test]
    fn an_address_has_its_share_and_loopback_has_none() {
        let admission = admission(Layer {
            max_connections_per_address: Some(1),
            trusted_proxy: Some(vec!["10.9.0.0/16".parse().unwrap()]),
            ..Layer::default()
        });
        let _kept = admission.connection(address("2001:db8::1")).unwrap();
        assert_eq!(admission.connection(address("2001:db8::2")).unwrap_err(), Refusal::AddressFull);
        assert!(admission.connection(address("2001:db8:0:1::1")).is_ok());
        for free in ["127.0.0.1", "127.0.0.7", "::1", "::ffff:127.0.0.1", "10.9.1.1"] {
            let permits: Vec<_> = (0..3).map(|_| admission.connection(address(free))).collect();
            assert!(permits.iter().all(Result::is_ok), "{free}");
        }
        let named = Caller { address: address("127.0.0.5"), named: true };
        let _share = admission.named(named).unwrap().unwrap();
        assert_eq!(admission.named(named).unwrap_err(), Refusal::AddressFull);
        assert!(admission.named(Caller::peer(address("10.0.0.1"))).unwrap().is_none());
    }

    #[test]
    fn playgrounds_are_few_for_an_address_and_for_all() {
        let admission = admission(Layer { playgrounds_max: Some(5), ..Layer::default() });
        let stranger = Caller::peer(address("10.0.0.1"));
        let mut kept: Vec<_> = (0..3).map(|_| admission.may_open_playground(stranger).unwrap()).collect();
        assert_eq!(admission.may_open_playground(stranger).unwrap_err(), Refusal::PlaygroundsFull);
        let local = Caller::peer(address("127.0.0.1"));
        kept.extend((0..2).map(|_| admission.may_open_playground(local).unwrap()));
        assert_eq!(admission.may_open_playground(local).unwrap_err(), Refusal::PlaygroundsFull);
        drop(kept);
        assert!(admission.may_open_playground(stranger).is_ok());
        assert!(admission.playground_counts.len() <= 1);
    }

    #[test]
    fn turns_run_out_and_say_when_to_come_back() {
        let admission = admission(Layer { hosts_per_minute: Some(2), ..Layer::default() });
        let caller = Caller::peer(address("10.0.0.1"));
        assert!(admission.may_host(caller).is_ok() && admission.may_host(caller).is_ok());
        let Err(Refusal::TooOften(wait)) = admission.may_host(caller) else { panic!("a third turn") };
        assert!(wait > Duration::from_secs(20) && wait <= Duration::from_secs(30), "{wait:?}");
        let local = Caller::peer(address("127.0.0.1"));
        assert!((0..50).all(|_| admission.may_host(local).is_ok()));
        assert!(admission.may_join(caller).is_ok());
        admission.forget_idle();
    }
}
