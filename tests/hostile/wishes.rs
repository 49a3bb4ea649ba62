//! Users with every rule that one user may have, who change their minds under load: the books balance.

use super::bench::{FeedServer, User, books, call, node, stop, until};
use dxring::measure::Reason;
use std::io::Write;

/// Users, each of whom the skimmers hear.
const USERS: usize = 24;
/// Stations that are heard, the users among them.
const STATIONS: usize = 60;
/// Spots that must have come before the node stops; the feed goes on.
const SPOTS_MIN: u64 = 6_000;
/// What users say by turns while spots come.
const WISHES: [&str; 12] = [
    "PASS BAND 20M",
    "UNSET/SELF",
    "SET/LINEWISE ON",
    "SET/SEEME",
    "UNSET/DX",
    "ACCEPT/SPOTS 1 on 40m and not call K0AAB",
    "SET/DX",
    "REJECT DXCALL K0A*",
    "SET/SELF",
    "SET/LINEWISE OFF",
    "RESET FILTER",
    "UNSET/SEEME",
];

fn line(n: usize) -> String {
    let band_khz = [7_000, 14_000, 21_000][n / STATIONS % 3];
    let freq_khz = band_khz + n / (STATIONS * 3) % 80 * 2;
    format!("DX de W3LPL-#:  {freq_khz}.0  {:<13}  CW    23 dB  25 WPM  CQ      1234Z\r\n", call(n % STATIONS))
}

#[test]
fn a_stop_under_load_leaves_no_delivery_unaccounted_for() {
    let mut server = FeedServer::new();
    let running = node(|node| {
        node.feeds.push(server.feed("rbn"));
        node.telnet.flush_gap_ms = 5;
    });
    let mut feed = server.log_in();
    let feeder = std::thread::spawn(move || (0..).all(|n| feed.write_all(line(n).as_bytes()).is_ok()));
    let mut users: Vec<User> = (0..USERS).map(|n| User::log_in(running.telnet, &call(n))).collect();
    for (round, _) in WISHES.iter().enumerate() {
        for (n, user) in users.iter_mut().enumerate() {
            user.say(WISHES[(n + round) % WISHES.len()]);
        }
        // One breaks off in the middle, with lines on their way to him.
        drop(users.pop());
    }
    let ended = |why| -> u64 {
        let cores = 0..running.users.len();
        cores.map(|core| books(&running, &format!("deliveries {core}")).ended_by(why)).sum()
    };
    until("enough spots came", || books(&running, "dedup").total_in() >= SPOTS_MIN);
    until("a rule about an own call was used", || ended(Reason::OwnCall) > 0);
    until("a filter held spots", || ended(Reason::Filter) > 0);
    stop(running);
    assert!(!feeder.join().unwrap(), "the feed ended before the node did");
}
