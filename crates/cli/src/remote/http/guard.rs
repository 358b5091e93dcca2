//! With `--untrusted`: nothing but public addresses is asked.
//!
//! Names are checked after they were resolved, and the connection goes to exactly the addresses that
//! were checked, so a name that means something else a moment later (DNS rebinding) gains nothing.
//! Addresses in place of names are checked before each request, redirects included.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use thiserror::Error;

/// An address that is not asked.
#[derive(Debug, Error)]
#[error("{0} is not a public address")]
pub(super) struct Refused(pub(super) IpAddr);

/// Lets public addresses through, and those of hosts that are named.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// Hosts that may be private, in lower case, as addresses write them.
    allowed: Arc<BTreeSet<String>>,
}

impl Guard {
    /// A guard that lets these hosts through; a port behind one does not count.
    pub(super) fn new(allowed: impl IntoIterator<Item = String>) -> Guard {
        let host = |name: String| match name.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() && !host.ends_with(':') => {
                host.to_owned()
            }
            _ => name,
        };
        Guard { allowed: Arc::new(allowed.into_iter().map(host).collect()) }
    }

    /// Whether a host that is given by its address may be asked. Names are for the resolver.
    pub(super) fn check(&self, url: &Url) -> Result<(), Refused> {
        let Some(host) = url.host_str() else { return Ok(()) };
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse();
        match literal {
            Ok(address) if !is_public(address) && !self.allowed.contains(host) => {
                Err(Refused(address))
            }
            _ => Ok(()),
        }
    }

    fn admit(&self, host: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Refused> {
        if self.allowed.contains(host) {
            return Ok(found);
        }
        let first = found.first().map(SocketAddr::ip);
        let public: Vec<_> = found.into_iter().filter(|address| is_public(address.ip())).collect();
        match first {
            Some(refused) if public.is_empty() => Err(Refused(refused)),
            _ => Ok(public),
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let host = name.as_str().to_ascii_lowercase();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            Ok(Box::new(guard.admit(&host, found)?.into_iter()) as Addrs)
        })
    }
}

/// Whether an address can be reached from anywhere, after IANA's registries of special-purpose
/// addresses (<https://www.iana.org/assignments/iana-ipv4-special-registry>, `…-ipv6-…`).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    match address.octets() {
        // This network; private use; loopback; link-local; private use; private use.
        [0 | 10 | 127, ..] | [169, 254, ..] | [172, 16..=31, ..] | [192, 168, ..] => false,
        // Carrier-grade NAT.
        [100, 64..=127, ..] => false,
        // Protocol assignments, documentation, 6to4 relays, benchmarks.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] => false,
        [198, 51, 100, _] | [203, 0, 113, _] => false,
        // Multicast, reserved, broadcast.
        [224..=255, ..] => false,
        _ => true,
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        // IPv4-mapped, NAT64, 6to4: as good as the address within.
        [0, 0, 0, 0, 0, 0xffff, high, low] => embedded(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Protocol assignments (Teredo, benchmarks, ORCHID), documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Of the rest only global unicast: neither loopback, unspecified, link-local, unique local,
        // multicast, discarded, nor NAT64 of a local network.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::808:808",
            "2002:7f00:1::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::",
            "2600::1",
            "2a00:1450::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn addresses_in_place_of_names_are_checked_however_they_are_written() {
        let guard = Guard::new(["10.0.0.7:8080".to_owned(), "[::2]".to_owned()]);
        for url in ["http://127.0.0.1/", "http://0x7f.1/", "http://2130706433/", "http://[::1]:80/"]
        {
            assert!(guard.check(&Url::parse(url).unwrap()).is_err(), "{url}");
        }
        for url in ["http://8.8.8.8/", "http://10.0.0.7:8080/", "http://[::2]/", "http://a.name/"] {
            assert!(guard.check(&Url::parse(url).unwrap()).is_ok(), "{url}");
        }
    }

    #[test]
    fn of_a_name_only_public_addresses_are_left() {
        let guard = Guard::new(["intern".to_owned()]);
        let both = vec![SocketAddr::from(([10, 0, 0, 1], 0)), SocketAddr::from(([8, 8, 8, 8], 0))];
        assert_eq!(guard.admit("a.name", both.clone()).unwrap(), both[1..]);
        assert_eq!(guard.admit("intern", both.clone()).unwrap(), both);
        assert!(guard.admit("a.name", both[..1].to_vec()).is_err());
        assert!(guard.admit("a.name", Vec::new()).unwrap().is_empty());
    }
}
