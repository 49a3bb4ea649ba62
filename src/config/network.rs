//! Addresses of `limits.exempt`: one address, or a network as `192.0.2.0/24`.

use std::net::IpAddr;
use std::str::FromStr;

/// An address range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    bits: u128,
    prefix: u32,
    is_v4: bool,
}

impl Network {
    /// Whether an address lies inside. An IPv4 address that came through an IPv6 socket counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (bits, is_v4) = bits_of(address.to_canonical());
        is_v4 == self.is_v4 && (bits ^ self.bits).checked_shr(width(is_v4) - self.prefix).unwrap_or(0) == 0
    }
}

fn bits_of(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), true),
        IpAddr::V6(v6) => (v6.to_bits(), false),
    }
}

const fn width(is_v4: bool) -> u32 {
    if is_v4 { 32 } else { 128 }
}

/// `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. The error says what is wrong.
impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Network, String> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| "not an IP address or network".to_string())?;
        let (bits, is_v4) = bits_of(address);
        let prefix = match prefix {
            None => width(is_v4),
            Some(text) => text
                .parse()
                .ok()
                .filter(|p| *p <= width(is_v4))
                .ok_or_else(|| format!("the part after `/` is no number from 0 to {}", width(is_v4)))?,
        };
        Ok(Network { bits, prefix, is_v4 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses_only() {
        for (network, address, expected) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::2", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "::1", true),
            ("::1", "::1", true),
        ] {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), expected, "{network:?} {address}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "localhost", "192.0.2.0/33", "192.0.2.0/", "::/129", "1.2.3", "192.0.2.0/-1"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
