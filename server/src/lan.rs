//! This machine's address on its network, for links that others are to open.
//! It asks the system which way packets would leave and sends none.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// An address that documents use and nobody has (RFC 5737): the way to it is the way to everywhere.
const ELSEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// The address by which machines of the same network reach a server that listens on `listening`; `None` if it
/// listens for itself only, or if there is no network.
pub fn address(listening: SocketAddr) -> Option<IpAddr> {
    if !listening.ip().is_unspecified() {
        return None;
    }
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ELSEWHERE).ok()?;
    let own = socket.local_addr().ok()?.ip();
    (!own.is_loopback() && !own.is_unspecified()).then_some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_for_one_address_has_no_other() {
        assert_eq!(address(([127, 0, 0, 1], 7777).into()), None);
        let open = address(([0, 0, 0, 0], 7777).into());
        assert!(open.is_none_or(|own| !own.is_loopback()));
    }
}
