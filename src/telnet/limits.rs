//! Bounds on connections and on the commands that come over them, for all telnet cores together: atomics
//! touched at accept, log-in and close, and once per command.

use crate::accounts::owner;
use crate::config;
use crate::spot::Call;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Slots an address may lie in, from where its hash points: 8 cache lines. With a table at least twice
/// as large as the connections, all 64 taken by others is beyond practice; it is answered as busy.
const PROBES: usize = 64;
/// Bits of a slot that count; the rest names the address. 65,535 connections of one address.
const COUNT_BITS: u32 = 16;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;

/// Commands of one address: a burst, then one per interval. A club's ten loggers behind one address each
/// send some twenty when they start, twice that when two of their parts do.
const ADDRESS_PACE: Pacing = Pacing { burst: 400, interval_ms: 50 };
/// Commands of one call, over all its connections: three times what one connection may send at once
/// (clients 0.3, fact 8), so that a logger that starts over is not held.
const CALL_PACE: Pacing = Pacing { burst: 180, interval_ms: 125 };
/// Wrong passwords of one address: ten within ten minutes, then one a minute. One in a million passwords takes
/// a year to find so.
const WRONG_PASSWORDS_PACE: Pacing = Pacing { burst: 10, interval_ms: 60_000 };
/// Lines of one station to other users (TALK, ANNOUNCE, WX), over all its SSIDs: what a quick typist sends in a
/// conversation. A flood would reach everybody.
const SAY_CALL_PACE: Pacing = Pacing { burst: 20, interval_ms: 3_000 };
/// The same of one address, whatever calls are used there: three in conversation.
const SAY_ADDRESS_PACE: Pacing = Pacing { burst: 60, interval_ms: 1_000 };
/// Longest time that a bucket holds its connections.
const HOLD_MAX_MS: u64 = 10_000;
/// Slots that a bucket may lie in: 2 cache lines. When others take all 16, it goes unheld.
const BUCKET_PROBES: usize = 16;
/// Bits of a bucket that tell its time, in ms: 34 years. The rest names the address or call; two that have
/// the same 24 bits and meet within the probes share a bucket.
const BUCKET_TIME_BITS: u32 = 40;
const BUCKET_TIME_MASK: u64 = (1 << BUCKET_TIME_BITS) - 1;

/// A token bucket's measure.
#[derive(Clone, Copy, Debug)]
struct Pacing {
    burst: u64,
    interval_ms: u64,
}

/// Why a connection was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Refusal {
    /// `limits.connections`.
    Full = 0,
    /// `limits.per_address`.
    Address = 1,
    /// `limits.pre_login`.
    PreLogin = 2,
    /// No descriptor left.
    Descriptors = 3,
    /// The node goes down.
    Draining = 4,
    /// A sysop's ban on the address.
    Banned = 5,
}

impl Refusal {
    /// How many.
    pub const COUNT: usize = 6;
    /// All.
    pub const ALL: [Refusal; Refusal::COUNT] =
        [Refusal::Full, Refusal::Address, Refusal::PreLogin, Refusal::Descriptors, Refusal::Draining, Refusal::Banned];
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Refusal::Full => "full",
            Refusal::Address => "address",
            Refusal::PreLogin => "pre_login",
            Refusal::Descriptors => "descriptors",
            Refusal::Draining => "draining",
            Refusal::Banned => "banned",
        }
    }
    /// What the other side is told.
    pub fn line(self) -> &'static str {
        match self {
            Refusal::Full | Refusal::Descriptors => "Sorry, this node is full. Please try again later.\r\n",
            Refusal::Address => "Sorry, too many connections from your address.\r\n",
            Refusal::PreLogin => "Sorry, too many log-ins under way. Please try again in a minute.\r\n",
            Refusal::Banned => "Sorry, your address is banned from this node.\r\n",
            Refusal::Draining => "Sorry, this node is going down. Please try again later.\r\n",
        }
    }
}

/// An address or a block of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    net: u128,
    mask: u128,
}

impl Block {
    /// The block of an address and a prefix length, which is cut to the address's width.
    pub fn of(address: IpAddr, bits: u8) -> Block {
        let width = if address.is_ipv4() { 32 } else { 128 };
        // IPv4 lies in the last 32 bits of its mapped form.
        let fixed = u32::from(bits).min(width) + 128 - width;
        let mask = if fixed == 0 { 0 } else { u128::MAX << (128 - fixed) };
        Block { net: number(address) & mask, mask }
    }
    /// Reads `127.0.0.1`, `::1`, `192.0.2.0/24`, `2001:db8::/32`.
    ///
    /// # Errors
    /// One sentence about what is wrong with the text.
    pub fn parse(text: &str) -> Result<Block, String> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let wrong = || format!("{text:?} is no address and no block: write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32");
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let width: u8 = if address.is_ipv4() { 32 } else { 128 };
        let bits: u8 = match bits {
            Some(bits) => bits.trim().parse().ok().filter(|b| *b <= width).ok_or_else(wrong)?,
            None => width,
        };
        Ok(Block::of(address, bits))
    }
    /// Whether an address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        number(address) & self.mask == self.net
    }
}

/// An address as a number; IPv4 in its mapped form, so both forms are one.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// What is counted as one address: an IPv4 address, an IPv6 /64.
fn unit(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6) & (u128::MAX << 64),
    }
}

/// The connections of the node.
#[derive(Debug)]
pub struct Table {
    connections_max: u32,
    per_address_max: u64,
    pre_login_max: u32,
    exempt: Vec<Block>,
    /// Proxies: their connections count where they really come from.
    proxies: Vec<Block>,
    connections: AtomicU32,
    pre_login: AtomicU32,
    /// Each: 48 bits of the address's keyed hash, 16 bits of count; 0 = free. One word, so that
    /// claiming and freeing are single exchanges.
    slots: Box<[AtomicU64]>,
    /// Each: 24 bits of the keyed hash of an address or call, and when its bucket is full again, in ms;
    /// a time that has passed = free. So buckets need no sweeping.
    buckets: Box<[AtomicU64]>,
    hasher: ahash::RandomState,
}

impl Table {
    /// # Errors
    /// One sentence about an entry of `limits.exempt` that cannot be read.
    pub fn new(limits: &config::Limits) -> Result<Table, String> {
        let exempt = limits.exempt.iter().map(|text| Block::parse(text)).collect::<Result<_, _>>()?;
        let slots = (limits.connections as usize * 2).next_power_of_two().clamp(1 << 10, 1 << 22);
        Ok(Table {
            connections_max: limits.connections,
            per_address_max: u64::from(limits.per_address).min(COUNT_MASK),
            pre_login_max: limits.pre_login,
            exempt,
            proxies: Vec::new(),
            connections: AtomicU32::new(0),
            pre_login: AtomicU32::new(0),
            slots: (0..slots).map(|_| AtomicU64::new(0)).collect(),
            // An address and a call per connection.
            buckets: (0..slots * 2).map(|_| AtomicU64::new(0)).collect(),
            hasher: ahash::RandomState::new(),
        })
    }

    /// With the addresses and blocks of proxies, whose connections are not counted as theirs.
    ///
    /// # Errors
    /// One sentence about an entry that cannot be read.
    pub fn with_proxies(mut self, proxies: &[String]) -> Result<Table, String> {
        self.proxies = proxies.iter().map(|text| Block::parse(text)).collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// Takes a connection in, or says why not. Its place is free again when the ticket is dropped.
    pub fn admit(self: &Arc<Table>, address: IpAddr) -> Result<Ticket, Refusal> {
        if !raise(&self.connections, self.connections_max) {
            return Err(Refusal::Full);
        }
        // From here on the ticket gives back what was taken.
        let mut ticket = Ticket { table: Arc::clone(self), slot: None, pre_login: false };
        if self.is_exempt(address) {
            return Ok(ticket);
        }
        if !raise(&self.pre_login, self.pre_login_max) {
            return Err(Refusal::PreLogin);
        }
        ticket.pre_login = true;
        if !self.proxies.iter().any(|block| block.contains(address)) {
            ticket.slot = Some(self.count_address(address)?);
        }
        Ok(ticket)
    }

    /// Whether the per-address and pre-login bounds do not hold for an address.
    pub fn is_exempt(&self, address: IpAddr) -> bool {
        self.exempt.iter().any(|block| block.contains(address))
    }

    /// Counts so many commands of a call and an address, which came. Returns until when, in monotonic ns,
    /// no more should be taken from this connection; 0 = go on. Its lines wait, nothing is lost.
    pub fn pace(&self, address: IpAddr, call: Option<Call>, commands: u64, now_ns: u64) -> u64 {
        let now_ms = now_ns / NS_PER_MS;
        let mut hold_ms = 0;
        if !self.is_exempt(address) {
            // The tags keep an address and a call with the same bits apart.
            hold_ms = self.take_tokens(self.hasher.hash_one((0u8, unit(address))), ADDRESS_PACE, commands, now_ms);
        }
        if let Some(call) = call {
            hold_ms = hold_ms.max(self.take_tokens(self.hasher.hash_one((1u8, call)), CALL_PACE, commands, now_ms));
        }
        hold_ms * NS_PER_MS
    }

    /// Counts wrong passwords that came from an address. No address is exempt: a proxy or the node's own machine
    /// guesses as well as any. Returns until when, in monotonic ns, it should try no more; 0 = it may.
    pub fn wrong_passwords(&self, address: IpAddr, passwords: u64, now_ns: u64) -> u64 {
        let hash = self.hasher.hash_one((4u8, unit(address)));
        self.take_tokens(hash, WRONG_PASSWORDS_PACE, passwords, now_ns / NS_PER_MS) * NS_PER_MS
    }

    /// Takes a line to other users from the allowance of its sender's station and address, which outlives his
    /// connection. An exempt address has no bound of its own.
    ///
    /// # Errors
    /// Too many came: from when on the next one may, in monotonic ns. It is not counted.
    pub fn may_say(&self, address: IpAddr, call: Call, now_ns: u64) -> Result<(), u64> {
        let now_ms = now_ns / NS_PER_MS;
        let of_call = (self.hasher.hash_one((2u8, owner(&call))), SAY_CALL_PACE);
        let of_address = (self.hasher.hash_one((3u8, unit(address))), SAY_ADDRESS_PACE);
        let asked = if self.is_exempt(address) { &[of_call][..] } else { &[of_call, of_address][..] };
        let next_ms = asked.iter().map(|(hash, pacing)| self.take_tokens(*hash, *pacing, 0, now_ms)).max();
        if let Some(next_ms) = next_ms.filter(|next_ms| *next_ms > 0) {
            return Err(next_ms * NS_PER_MS);
        }
        for (hash, pacing) in asked {
            self.take_tokens(*hash, *pacing, 1, now_ms);
        }
        Ok(())
    }

    /// Takes tokens, beyond the last one on credit; returns when the next one is there, in ms, or 0 when
    /// it is.
    fn take_tokens(&self, hash: u64, pacing: Pacing, tokens: u64, now_ms: u64) -> u64 {
        let name = hash & !BUCKET_TIME_MASK;
        let at = |i: usize| (hash as usize).wrapping_add(i) & (self.buckets.len() - 1);
        let empty_ms = now_ms + pacing.burst * pacing.interval_ms;
        for _ in 0..BUCKET_PROBES {
            let (mut own, mut free) = (None, None);
            for i in 0..BUCKET_PROBES {
                let word = self.buckets[at(i)].load(Relaxed);
                if word & BUCKET_TIME_MASK <= now_ms {
                    free = free.or(Some((i, word)));
                } else if word & !BUCKET_TIME_MASK == name {
                    own = Some((i, word));
                    break;
                }
            }
            let Some((i, word)) = own.or(free) else { return 0 };
            let full_ms = (word & BUCKET_TIME_MASK).max(now_ms) + tokens.saturating_mul(pacing.interval_ms);
            let full_ms = full_ms.min(empty_ms + HOLD_MAX_MS) & BUCKET_TIME_MASK;
            if self.buckets[at(i)].compare_exchange(word, name | full_ms, Relaxed, Relaxed).is_ok() {
                let next_ms = full_ms.saturating_sub((pacing.burst - 1) * pacing.interval_ms);
                return if next_ms > now_ms { next_ms } else { 0 };
            }
        }
        0
    }

    /// Connections now.
    pub fn connections(&self) -> u32 {
        self.connections.load(Relaxed)
    }
    /// Connections now that count as not logged in.
    pub fn pre_login(&self) -> u32 {
        self.pre_login.load(Relaxed)
    }

    fn count_address(&self, address: IpAddr) -> Result<u32, Refusal> {
        let hash = self.hasher.hash_one(unit(address));
        let name = hash & !COUNT_MASK;
        let at = |i: usize| (hash as usize).wrapping_add(i) & (self.slots.len() - 1);
        // Two cores that see an address for the first time at once may both claim a slot for it: the
        // sum is what counts, and it is over by at most one per core.
        loop {
            let (mut sum, mut own, mut free) = (0, None, None);
            for i in 0..PROBES {
                let word = self.slots[at(i)].load(Relaxed);
                if word == 0 {
                    free = free.or(Some(i));
                } else if word & !COUNT_MASK == name {
                    sum += word & COUNT_MASK;
                    own = own.or(Some((i, word)));
                }
            }
            if sum >= self.per_address_max {
                return Err(Refusal::Address);
            }
            let (i, old, new) = match (own, free) {
                (Some((i, word)), _) => (i, word, word + 1),
                (None, Some(i)) => (i, 0, name | 1),
                (None, None) => return Err(Refusal::Full),
            };
            if self.slots[at(i)].compare_exchange(old, new, Relaxed, Relaxed).is_ok() {
                return Ok(at(i) as u32);
            }
        }
    }
}

const NS_PER_MS: u64 = 1_000_000;

/// Adds one unless the bound is reached.
fn raise(counter: &AtomicU32, max: u32) -> bool {
    counter.fetch_update(Relaxed, Relaxed, |n| (n < max).then_some(n + 1)).is_ok()
}

/// A connection's place in the [`Table`].
#[derive(Debug)]
pub struct Ticket {
    table: Arc<Table>,
    slot: Option<u32>,
    pre_login: bool,
}

impl Ticket {
    /// It counts as logged in from now on.
    pub fn logged_in(&mut self) {
        if std::mem::take(&mut self.pre_login) {
            self.table.pre_login.fetch_sub(1, Relaxed);
        }
    }

    /// The connection comes from another address than was thought: a proxy told. It counts there from now
    /// on, by that one's exemption.
    ///
    /// # Errors
    /// Why there is no place for it there. It then counts for no address, and should be closed.
    pub fn move_to(&mut self, address: IpAddr) -> Result<(), Refusal> {
        let table = Arc::clone(&self.table);
        self.leave_address();
        if table.is_exempt(address) {
            self.logged_in();
            return Ok(());
        }
        if !self.pre_login && !raise(&table.pre_login, table.pre_login_max) {
            return Err(Refusal::PreLogin);
        }
        self.pre_login = true;
        self.slot = Some(table.count_address(address)?);
        Ok(())
    }

    fn leave_address(&mut self) {
        if let Some(slot) = self.slot.take() {
            // The last one frees the slot, name and all.
            let _ = self.table.slots[slot as usize]
                .fetch_update(Relaxed, Relaxed, |word| Some(if word & COUNT_MASK <= 1 { 0 } else { word - 1 }));
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.logged_in();
        self.leave_address();
        self.table.connections.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(change: impl FnOnce(&mut config::Limits)) -> Arc<Table> {
        let mut limits = config::Limits::default();
        change(&mut limits);
        Arc::new(Table::new(&limits).unwrap())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn blocks_contain_what_they_say() {
        let block = |text| Block::parse(text).unwrap();
        assert!(block("192.0.2.0/24").contains(ip("192.0.2.255")));
        assert!(!block("192.0.2.0/24").contains(ip("192.0.3.0")));
        assert!(block("127.0.0.1").contains(ip("::ffff:127.0.0.1")), "mapped is the same");
        assert!(!block("127.0.0.1").contains(ip("127.0.0.2")));
        assert!(block("0.0.0.0/0").contains(ip("8.8.8.8")));
        assert!(!block("0.0.0.0/0").contains(ip("2001:db8::1")));
        assert!(block("::/0").contains(ip("2001:db8::1")));
        assert!(block("2001:db8::/32").contains(ip("2001:db8:7::1")));
        for wrong in ["", "localhost", "192.0.2.0/33", "192.0.2/24", "::1/129", "1.2.3.4/x"] {
            assert!(Block::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_address_has_its_share_and_gets_it_back() {
        let table = table(|l| l.per_address = 2);
        let first = table.admit(ip("192.0.2.1")).unwrap();
        let _second = table.admit(ip("::ffff:192.0.2.1")).unwrap();
        assert_eq!(table.admit(ip("192.0.2.1")).unwrap_err(), Refusal::Address);
        let _other = table.admit(ip("192.0.2.2")).unwrap();
        drop(first);
        let _third = table.admit(ip("192.0.2.1")).unwrap();
        assert_eq!(table.connections(), 3, "refused ones are not counted");
        let _a = table.admit(ip("2001:db8::1")).unwrap();
        let _b = table.admit(ip("2001:db8::ffff:2")).unwrap();
        assert_eq!(table.admit(ip("2001:db8:0:0:9::3")).unwrap_err(), Refusal::Address, "one /64");
        let _c = table.admit(ip("2001:db8:0:1::3")).unwrap();
    }

    #[test]
    fn logging_in_frees_the_pre_login_place() {
        let table = table(|l| l.pre_login = 1);
        let mut first = table.admit(ip("192.0.2.1")).unwrap();
        assert_eq!(table.admit(ip("192.0.2.2")).unwrap_err(), Refusal::PreLogin);
        first.logged_in();
        let second = table.admit(ip("192.0.2.2")).unwrap();
        drop(first);
        drop(second);
        assert_eq!((table.connections(), table.pre_login()), (0, 0));
        assert!(table.slots.iter().all(|s| s.load(Relaxed) == 0), "every slot is free again");
    }

    #[test]
    fn the_exempt_have_only_the_total() {
        let table = table(|l| {
            l.per_address = 1;
            l.pre_login = 1;
            l.connections = 3;
        });
        let _held: Vec<_> = (0..3).map(|_| table.admit(ip("127.0.0.1")).unwrap()).collect();
        assert_eq!(table.pre_login(), 0);
        assert_eq!(table.admit(ip("::1")).unwrap_err(), Refusal::Full);
    }

    #[test]
    fn a_proxys_connection_counts_where_it_comes_from() {
        let limits = config::Limits { per_address: 1, pre_login: 2, ..config::Limits::default() };
        let table = Table::new(&limits).unwrap().with_proxies(&["198.51.100.0/24".into()]).unwrap();
        let table = Arc::new(table);
        let mut first = table.admit(ip("198.51.100.1")).unwrap();
        drop(table.admit(ip("198.51.100.1")).expect("the proxy's own connections have no bound"));
        first.move_to(ip("192.0.2.1")).unwrap();
        assert_eq!(table.admit(ip("192.0.2.1")).unwrap_err(), Refusal::Address);
        let mut second = table.admit(ip("127.0.0.1")).unwrap();
        assert_eq!(second.move_to(ip("192.0.2.1")).unwrap_err(), Refusal::Address);
        drop(second);
        let mut third = table.admit(ip("192.0.2.3")).unwrap();
        let mut fourth = table.admit(ip("127.0.0.1")).unwrap();
        assert_eq!(fourth.move_to(ip("192.0.2.4")).unwrap_err(), Refusal::PreLogin);
        third.move_to(ip("127.0.0.1")).unwrap();
        let _back = table.admit(ip("192.0.2.3")).unwrap();
        drop((first, third, fourth, _back));
        assert_eq!((table.connections(), table.pre_login()), (0, 0));
        assert!(table.slots.iter().all(|s| s.load(Relaxed) == 0));
    }

    #[test]
    fn commands_of_an_address_and_of_a_call_have_a_pace() {
        let table = table(|_| {});
        let call = |text: &str| Some(Call::literal(text));
        let (now_ns, at) = (5_000 * NS_PER_MS, ip("192.0.2.1"));
        assert_eq!(table.pace(at, call("K1ABC"), 40 * 3, now_ns), 0, "three loggers that start");
        assert_eq!(table.pace(at, call("K1ABC"), 59, now_ns), 0);
        let held_ns = table.pace(ip("192.0.2.2"), call("K1ABC"), 1, now_ns);
        assert_eq!(held_ns, now_ns + 125 * NS_PER_MS, "one interval, wherever it comes from");
        assert_eq!(table.pace(at, call("K2ABC"), 1, now_ns), 0, "not another call");
        assert_eq!(table.pace(ip("192.0.2.2"), call("K1ABC"), 0, held_ns), 0, "then there is one again");
        // Calls change, the address stays.
        let all_ns: u64 = (0..300).map(|n| table.pace(at, call(&format!("K1A{n}")), 1, now_ns)).max().unwrap();
        assert!(all_ns > now_ns && all_ns < now_ns + 10_000 * NS_PER_MS, "{all_ns}");
        let exempt = (0..300).map(|n| table.pace(ip("127.0.0.1"), call(&format!("K2A{n}")), 1, now_ns));
        assert_eq!(exempt.max(), Some(0));
        let flood_ns = table.pace(at, None, 1 << 40, now_ns);
        assert!(flood_ns <= now_ns + (HOLD_MAX_MS + 50) * NS_PER_MS, "bounded: {flood_ns}");
        // An hour later all is forgotten.
        assert_eq!(table.pace(at, call("K1ABC"), 100, now_ns + 3_600_000 * NS_PER_MS), 0);
    }

    #[test]
    fn an_address_has_ten_wrong_passwords_in_ten_minutes() {
        let table = table(|_| {});
        let minute_ns = 60_000 * NS_PER_MS;
        let now_ns = 5_000 * minute_ns;
        let wrong = |address: &str, at_ns| table.wrong_passwords(ip(address), 1, at_ns);
        for _ in 0..9 {
            assert_eq!(wrong("127.0.0.1", now_ns), 0, "exempt from other bounds");
        }
        assert_eq!(wrong("127.0.0.1", now_ns), now_ns + minute_ns);
        let may = |address: &str, at_ns| table.wrong_passwords(ip(address), 0, at_ns) == 0;
        assert!(!may("127.0.0.1", now_ns + minute_ns - NS_PER_MS), "asking costs nothing");
        assert!(may("127.0.0.1", now_ns + minute_ns));
        assert!(wrong("127.0.0.1", now_ns + minute_ns) > now_ns + minute_ns, "one a minute");
        assert!(may("192.0.2.9", now_ns), "not another address");
        // An IPv6 user has a /64 of them.
        for host in 0..10 {
            wrong(&format!("2001:db8:1:2::{host}"), now_ns);
        }
        assert!(!may("2001:db8:1:2:ffff::1", now_ns) && may("2001:db8:1:3::1", now_ns));
        assert!(may("127.0.0.1", now_ns + 20 * minute_ns));
        for _ in 0..9 {
            assert_eq!(wrong("127.0.0.1", now_ns + 20 * minute_ns), 0, "all is forgotten");
        }
    }

    #[test]
    fn lines_to_others_have_a_pace_that_a_reconnect_does_not_renew() {
        let table = table(|_| {});
        let call = Call::literal;
        let (now_ns, at) = (5_000 * NS_PER_MS, ip("192.0.2.1"));
        assert!((0..20).all(|_| table.may_say(at, call("K1ABC"), now_ns).is_ok()));
        let next_ns = now_ns + 3_000 * NS_PER_MS;
        assert_eq!(table.may_say(at, call("K1ABC"), now_ns), Err(next_ns));
        assert_eq!(table.may_say(ip("127.0.0.1"), call("K1ABC-7"), now_ns), Err(next_ns), "the station counts");
        assert_eq!(table.may_say(at, call("K1ABC"), next_ns), Ok(()));
        assert!(table.may_say(at, call("K1ABC"), next_ns).is_err(), "what was refused cost nothing, nor won anything");
        // Calls change, the address stays.
        let said = (0..300).filter(|n| table.may_say(at, call(&format!("K1A{n}")), now_ns).is_ok()).count();
        assert_eq!(said, 60 - 20 - 1);
        assert_eq!(table.may_say(ip("192.0.2.2"), call("K2ABC"), now_ns), Ok(()));
    }

    #[test]
    fn counts_hold_when_cores_race() {
        let table = table(|l| {
            l.per_address = 10_000;
            l.pre_login = 100_000;
        });
        std::thread::scope(|scope| {
            for core in 0..4_u8 {
                let table = &table;
                scope.spawn(move || {
                    for round in 0..2_000_u32 {
                        let held: Vec<_> = (0..4)
                            .map(|i| table.admit(IpAddr::from([10, 0, 0, (round + i + u32::from(core)) as u8 % 7])))
                            .collect();
                        assert!(held.iter().all(|t| t.is_ok()));
                    }
                });
            }
        });
        assert_eq!((table.connections(), table.pre_login()), (0, 0));
        assert!(table.slots.iter().all(|s| s.load(Relaxed) == 0));
    }
}
