//! Bans as every telnet core reads them: an immutable list, swapped whole when a sysop changes it.
//!
//! A lookup costs one hash probe per length of network in the list, and none when it is empty; it is done
//! at accept and at log-in, without a question to anybody.

use super::owner;
use crate::spot::{Call, Utc, is_plausible};
use ahash::AHashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;

/// Most bans. Public lists of bad addresses have some thousands; at about 300 bytes each this is 6 MB.
pub const BANS_MAX: usize = 20_000;
/// Longest reason, in bytes: one line of a terminal with the words around it.
pub const BAN_REASON_MAX: usize = 120;
/// Widest networks that may be banned, in bits: beyond them a typing mistake locks out a continent.
const NETWORK_BITS_MIN: (u32, u32) = (8, 16);
/// IPv4 lies in the last 32 bits of its mapped form, so both families are one table.
const MAPPED_BITS: u32 = 96;

/// A ban in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ban {
    /// A call (for all its SSIDs and portable suffixes), an address, or a network `192.0.2.0/24`: in the
    /// form of [`BanTarget`]'s text.
    pub target: String,
    /// Until when; `None` = for good.
    pub until: Option<Utc>,
    /// Why; told to whoever is refused. At most [`BAN_REASON_MAX`] bytes.
    pub reason: String,
    /// Which sysop.
    pub by: Call,
    /// Since when.
    pub since: Utc,
}

impl Ban {
    /// Whether it still holds.
    pub fn is_in_force(&self, now: Utc) -> bool {
        self.until.is_none_or(|until| now < until)
    }
    /// What the sysop is told: what was understood.
    pub fn done_line(&self) -> String {
        let reason = if self.reason.is_empty() { "no reason given" } else { &self.reason };
        match self.until {
            None => format!("Banned {} for good: {reason}.", self.target),
            Some(until) => format!("Banned {} until {} {}: {reason}.", self.target, until.date_text(), until.hhmmz()),
        }
    }
    /// What whoever is refused is told: one line without line end.
    pub fn line(&self) -> String {
        let reason = if self.reason.is_empty() { "no reason given" } else { &self.reason };
        match self.until {
            None => format!("You are banned from this node: {reason}"),
            Some(until) => {
                format!("You are banned from this node until {} {}: {reason}", until.date_text(), until.hhmmz())
            }
        }
    }
}

/// What a ban is on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BanTarget {
    /// A call without SSID and portable suffix.
    Call(Call),
    /// Addresses that share their first `fixed` bits, as numbers of IPv6; IPv4 in its mapped form.
    Network {
        /// The fixed bits, the others zero.
        net: u128,
        /// How many, 0 to 128.
        fixed: u32,
    },
}

impl BanTarget {
    /// Reads `K1ABC`, `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. Bits behind the network's length are
    /// cleared, a call loses its SSID.
    ///
    /// # Errors
    /// One sentence for the sysop: no such thing, or so wide that half the world would be banned.
    pub fn parse(text: &str) -> Result<BanTarget, String> {
        let text = text.trim();
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let Ok(address) = address.parse::<IpAddr>() else {
            let call = Call::new(text.as_bytes()).map(|call| owner(&call)).filter(is_plausible);
            return call.map(BanTarget::Call).ok_or_else(|| {
                "no call, address or network: write for example K1ABC, 192.0.2.7 or 192.0.2.0/24".to_string()
            });
        };
        let address = address.to_canonical();
        let (width, bits_min) = if address.is_ipv4() { (32, NETWORK_BITS_MIN.0) } else { (128, NETWORK_BITS_MIN.1) };
        let bits: u32 = match bits {
            None => width,
            Some(text) => text
                .parse()
                .ok()
                .filter(|bits| *bits <= width)
                .ok_or_else(|| format!("the part after `/` is no number from {bits_min} to {width}"))?,
        };
        if bits < bits_min {
            return Err(format!("/{bits} is too wide: use /{bits_min} or more"));
        }
        let fixed = bits + 128 - width;
        let net = number(address) & mask(fixed);
        if number(IpAddr::V6(Ipv6Addr::LOCALHOST)) & mask(fixed) == net
            || number([127, 0, 0, 1].into()) & mask(fixed) == net
        {
            return Err("that is the node's own machine".into());
        }
        Ok(BanTarget::Network { net, fixed })
    }
}

impl std::fmt::Display for BanTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            BanTarget::Call(call) => write!(f, "{call}"),
            BanTarget::Network { net, fixed } => {
                let address = IpAddr::V6(Ipv6Addr::from(net)).to_canonical();
                let bits = if address.is_ipv4() { fixed.saturating_sub(MAPPED_BITS) } else { fixed };
                if fixed == 128 { write!(f, "{address}") } else { write!(f, "{address}/{bits}") }
            }
        }
    }
}

/// All bans, for lookup. Never changed: a new one takes its place.
#[derive(Clone, Debug, Default)]
pub struct BanList {
    bans: Vec<Ban>,
    calls: AHashMap<Call, u32>,
    networks: AHashMap<(u32, u128), u32>,
    /// The lengths that occur, longest first: the closest ban gives the reason.
    lengths: Vec<u32>,
}

impl BanList {
    /// A list of these. A target that cannot be read bans nobody; of two bans on one target the last counts.
    pub fn new(bans: Vec<Ban>) -> BanList {
        let mut list = BanList::default();
        for (at, ban) in bans.iter().enumerate() {
            match BanTarget::parse(&ban.target) {
                Ok(BanTarget::Call(call)) => drop(list.calls.insert(call, at as u32)),
                Ok(BanTarget::Network { net, fixed }) => {
                    list.networks.insert((fixed, net), at as u32);
                    if !list.lengths.contains(&fixed) {
                        list.lengths.push(fixed);
                    }
                }
                Err(_) => {}
            }
        }
        list.lengths.sort_unstable_by(|a, b| b.cmp(a));
        list.bans = bans;
        list
    }

    /// The list without bans.
    pub fn empty() -> &'static BanList {
        static EMPTY: LazyLock<BanList> = LazyLock::new(BanList::default);
        &EMPTY
    }

    /// The ban on an address at this time, if there is one.
    pub fn of_address(&self, address: IpAddr, now: Utc) -> Option<&Ban> {
        let number = number(address.to_canonical());
        self.lengths
            .iter()
            .filter_map(|&fixed| self.networks.get(&(fixed, number & mask(fixed))))
            .map(|&at| &self.bans[at as usize])
            .find(|ban| ban.is_in_force(now))
    }

    /// The ban on a call at this time, if there is one. A ban on `K1ABC` holds for `K1ABC-7`, `K1ABC/P`
    /// and `OH2/K1ABC` too.
    pub fn of_call(&self, call: &Call, now: Utc) -> Option<&Ban> {
        if self.calls.is_empty() {
            return None;
        }
        let owner = owner(call);
        let parts = owner.as_bytes().split(|&b| b == b'/').filter_map(Call::new);
        std::iter::once(owner)
            .chain(parts)
            .filter_map(|call| self.calls.get(&call))
            .map(|&at| &self.bans[at as usize])
            .find(|ban| ban.is_in_force(now))
    }

    /// All bans that hold at this time, in order of their beginning.
    pub fn in_force(&self, now: Utc) -> impl Iterator<Item = &Ban> {
        self.bans.iter().filter(move |ban| ban.is_in_force(now))
    }

    /// How many, expired ones included.
    pub fn len(&self) -> usize {
        self.bans.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bans.is_empty()
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

const fn mask(fixed: u32) -> u128 {
    if fixed == 0 { 0 } else { u128::MAX << (128 - fixed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ban(target: &str, until: Option<i64>) -> Ban {
        Ban {
            target: target.into(),
            until: until.map(Utc::from_secs),
            reason: target.into(),
            by: Call::literal("W1AW"),
            since: Utc::from_secs(0),
        }
    }

    #[test]
    fn targets_have_one_form() {
        for (typed, expected) in [
            ("k1abc", "K1ABC"),
            (" K1ABC-7 ", "K1ABC"),
            ("K1ABC/P", "K1ABC"),
            ("DL/S53ZO", "DL/S53ZO"),
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7/32", "192.0.2.7"),
            ("192.0.2.7/24", "192.0.2.0/24"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:DB8::1", "2001:db8::1"),
            ("2001:db8:1::/32", "2001:db8::/32"),
        ] {
            let target = BanTarget::parse(typed).unwrap();
            assert_eq!(target.to_string(), expected, "{typed}");
            assert_eq!(BanTarget::parse(expected), Ok(target), "{typed}");
        }
        for (typed, expected) in [
            ("", "no call"),
            ("1.2.3", "no call"),
            ("FT8", "no call"),
            ("192.0.2.0/33", "no number from 8 to 32"),
            ("192.0.2.0/x", "no number"),
            ("0.0.0.0/0", "too wide"),
            ("2001::/15", "too wide"),
            ("127.0.0.1", "own machine"),
            ("127.0.0.0/8", "own machine"),
            ("::1", "own machine"),
        ] {
            let wrong = BanTarget::parse(typed).unwrap_err();
            assert!(wrong.contains(expected), "{typed}: {wrong}");
        }
    }

    #[test]
    fn the_closest_ban_in_force_is_found() {
        let list = BanList::new(vec![
            ban("192.0.2.0/24", None),
            ban("192.0.2.7", Some(100)),
            ban("198.51.100.9", Some(100)),
            ban("2001:db8::/32", None),
            ban("K1ABC", Some(100)),
            ban("nothing at all", None),
        ]);
        let address =
            |text: &str, s| list.of_address(text.parse().unwrap(), Utc::from_secs(s)).map(|ban| ban.target.clone());
        assert_eq!(address("192.0.2.7", 99).as_deref(), Some("192.0.2.7"));
        assert_eq!(address("::ffff:192.0.2.7", 100).as_deref(), Some("192.0.2.0/24"));
        assert_eq!(address("192.0.3.7", 0), None);
        assert_eq!(address("198.51.100.9", 99).as_deref(), Some("198.51.100.9"));
        assert_eq!(address("198.51.100.9", 100), None);
        assert_eq!(address("2001:db8:ffff::1", 0).as_deref(), Some("2001:db8::/32"));
        assert_eq!(address("2001:db9::1", 0), None);
        let call = |text: &str, s| list.of_call(&Call::literal(text), Utc::from_secs(s)).is_some();
        for text in ["K1ABC", "K1ABC-7", "K1ABC/P", "OH2/K1ABC", "K1ABC/4"] {
            assert!(call(text, 99) && !call(text, 100), "{text}");
        }
        assert!(!call("K1ABD", 0));
        assert_eq!((list.len(), list.in_force(Utc::from_secs(100)).count()), (6, 3));
        assert!(BanList::empty().of_address("192.0.2.7".parse().unwrap(), Utc::from_secs(0)).is_none());
    }

    #[test]
    fn the_refused_are_told_why_and_until_when() {
        let mut ban = ban("K1ABC", Some(86_400 * 365));
        ban.reason = "robot".into();
        assert_eq!(ban.line(), "You are banned from this node until 1-Jan-1971 0000Z: robot");
        ban.until = None;
        ban.reason.clear();
        assert_eq!(ban.line(), "You are banned from this node: no reason given");
    }
}
