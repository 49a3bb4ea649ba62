//! A whole node in this process, with everything that goes wrong on its sockets: broken feeds, silent
//! and hostile users, injected panics. The node goes on, counts, tells.

#[path = "faults/rig.rs"]
mod rig;
#[path = "script/mod.rs"]
mod script;

use dxring::config::{Dedupe, Fault, Node};
use dxring::measure::Reason;
use dxring::telnet::CloseReason;
use rig::{Feeder, Rig, User, spot_line, until};
use std::io::Write;
use std::time::Duration;

/// A feed whose server hangs up at once is dialled again at its own pace, not in a tight loop, and a
/// good server later is a good feed.
#[test]
fn a_feed_that_accepts_and_closes_is_not_dialled_in_a_loop() {
    let feeder = Feeder::bind();
    let node = Rig::start(&feeder, |_| {});
    drop(feeder.accept());
    until("the close is counted", || node.feed().failures_total() >= 1);
    // The first wait is 5 s less a quarter: nothing may come for three of them.
    assert!(!feeder.connects_within(Duration::from_secs(3)), "dialled again at once");
    assert_eq!(node.feed().connects.get(), 1);
    node.stop();
}

/// Junk, a megabyte without a line end, and cut-off telnet options cost lines, never the feed.
#[test]
fn junk_costs_its_lines_and_the_next_spot_comes_through() {
    let feeder = Feeder::bind();
    let node = Rig::start(&feeder, |_| {});
    let mut feed = feeder.log_in();
    let mut user = User::log_in(&node, "K1ABC");
    feed.write_all(&vec![b'x'; 1_000_000]).unwrap();
    feed.write_all(b"\n").unwrap();
    let junk: Vec<u8> = (0..20_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    feed.write_all(&junk).unwrap();
    feed.write_all(b"\xff\xf0\r\n").unwrap();
    feed.write_all(b"DX de W3LPL-#:\r\nDX de W3LPL-#:  14025.0\r\n").unwrap();
    feed.write_all(spot_line(0, "CW").as_bytes()).unwrap();
    assert!(user.hears("DX de W3LPL-#:"), "the good spot after the junk: {}", user.heard());
    let books = node.feed().ledger.view();
    assert!(books.ended_by(Reason::LineTooLong) >= 1, "{books:?}");
    assert_eq!(node.feed().connects.get(), 1, "the same connection");
    node.stop();
}

/// Who never reads is overtaken, told by the counters, and closed; everybody else gets every line.
#[test]
fn a_client_that_never_reads_costs_only_himself() {
    const SPOTS: usize = 30_000;
    let feeder = Feeder::bind();
    let node = Rig::start(&feeder, |node| {
        node.telnet.cohort_mib = 1;
        node.telnet.slow_close_s = 1;
    });
    let mut feed = feeder.log_in();
    let sleeper = User::log_in(&node, "K9ZZZ");
    let users: Vec<_> = (0..20).map(|n| User::log_in(&node, &format!("K1A{}{}", (b'A' + n) as char, 'B'))).collect();
    let readers: Vec<_> =
        users.into_iter().map(|mut user| std::thread::spawn(move || user.count_lines("DX de ", SPOTS))).collect();
    for batch in 0..SPOTS / 100 {
        let lines: String = (0..100).map(|n| spot_line(batch * 100 + n, "CW")).collect();
        feed.write_all(lines.as_bytes()).unwrap();
    }
    for reader in readers {
        assert_eq!(reader.join().unwrap(), SPOTS);
    }
    let stats = node.users();
    until("the sleeper is overtaken", || stats.laps.get() >= 1);
    until("the sleeper is closed", || stats.closed(CloseReason::Slow).get() == 1);
    drop(sleeper);
    let books = stats.deliveries.view();
    assert_eq!(
        (books.total_out(), books.imbalance()),
        (20 * SPOTS as u64 + (books.total_out() - 20 * SPOTS as u64), 0)
    );
    assert!(books.ended_by(Reason::Lapped) + books.ended_by(Reason::SessionClosed) > 0, "{books:?}");
    node.stop();
}

/// A storm of connects from one outside address meets the bounds with a polite line; loopback's own
/// address is exempt.
#[test]
fn two_thousand_connects_meet_the_bounds() {
    let feeder = Feeder::bind();
    let node = Rig::start(&feeder, |node| {
        node.limits.per_address = 5;
        node.limits.pre_login = 50;
        node.limits.connections = 1_500;
    });
    let outside: Vec<_> = (0..1_000).map(|n| node.connect_from([127, 0, 0, 2 + (n % 200) as u8])).collect();
    let stats = node.users();
    until("all were answered", || stats.accepted.get() + rig::refused(&stats) >= 1_000);
    assert_eq!(stats.accepted.get(), 50, "log-ins that are awaited");
    let polite = outside.iter().filter(|s| rig::says_sorry(s)).count();
    assert!(polite >= 900, "{polite} were told");
    drop(outside);
    until("their places are free", || stats.connections.get() == 0);
    let exempt: Vec<_> = (0..1_000).map(|_| node.connect_from([127, 0, 0, 1])).collect();
    until("loopback is exempt", || stats.connections.get() == 1_000);
    drop(exempt);
    node.stop();
}

/// Each stage, struck by a panic on one call: that spot is lost and named, the next one arrives.
#[test]
fn a_panic_in_any_stage_costs_one_spot() {
    for stage in ["parse", "correct", "dedup", "fanout"] {
        let feeder = Feeder::bind();
        let poison = spot_line(7, "CW").split_whitespace().nth(4).unwrap().to_string();
        let node = Rig::start(&feeder, |node| node.faults = vec![Fault { stage: stage.into(), call: poison.clone() }]);
        let mut feed = feeder.log_in();
        let mut user = User::log_in(&node, "K1ABC");
        for n in 0..20 {
            feed.write_all(spot_line(n, "CW").as_bytes()).unwrap();
        }
        assert_eq!(user.count_lines("DX de ", 19), 19, "{stage}");
        assert!(!user.heard().contains(&format!(" {poison} ")), "{stage}");
        let views = node.views();
        // The book of deliveries counts lines for users, not spots.
        let stages = views.iter().filter(|v| !v.name.starts_with("deliveries"));
        let ended: u64 = stages.map(|v| v.ended_by(Reason::Panic)).sum();
        assert_eq!(ended, 1, "{stage}: {views:#?}");
        until("the books balance", || node.views().iter().all(|v| v.imbalance() == 0));
        let quarantined = node.control().take_quarantined();
        assert_eq!(quarantined.len(), 1, "{stage}");
        assert!(quarantined[0].panic.contains("injected fault"), "{stage}: {}", quarantined[0].panic);
        node.stop();
    }
}

/// A panic in a session closes that session and no other.
#[test]
fn a_panic_in_a_session_costs_that_session() {
    let feeder = Feeder::bind();
    let node = Rig::start(&feeder, |node| {
        node.faults = vec![Fault { stage: "session".into(), call: "K9ZZZ".into() }];
    });
    let mut feed = feeder.log_in();
    let mut good = User::log_in(&node, "K1ABC");
    let mut struck = User::connect(&node);
    struck.say("K9ZZZ");
    assert!(struck.hears("dxspider >"), "{}", struck.heard());
    struck.say("sh/time");
    assert!(struck.is_closed_soon());
    let stats = node.users();
    until("the panic is counted", || stats.session_panics.get() == 1);
    feed.write_all(spot_line(1, "CW").as_bytes()).unwrap();
    assert!(good.hears("DX de W3LPL-#:"));
    node.stop();
}

/// What a user posts, others see, and he is told its fate.
#[test]
fn a_post_travels_the_road_and_its_poster_is_told() {
    let feeder = Feeder::bind();
    let node = Rig::start(&feeder, |node| node.limits.posts_per_minute = 3);
    let _feed = feeder.log_in();
    let mut poster = User::log_in(&node, "K1ABC");
    let mut other = User::log_in(&node, "G4XYZ");
    poster.say("DX 14025.3 3D2AG up 2 tnx Paul");
    assert!(other.hears("DX de K1ABC:     14025.3  3D2AG        up 2 tnx Paul"), "{}", other.heard());
    assert!(poster.hears("sent to 2 users here"), "{}", poster.heard());
    poster.say("DX 14025.3 3D2AG up 2 tnx Paul");
    assert!(poster.hears("duplicate"), "{}", poster.heard());
    poster.say("DX 14026.3 VK9X/G6AY");
    assert!(poster.hears("VK9X/G6AY on 14026.3 kHz: sent to 2"), "{}", poster.heard());
    poster.say("DX 14027.3 ZL9A");
    assert!(poster.hears("refused"), "the fourth within a minute: {}", poster.heard());
    poster.say("DX 13999 3D2AG");
    assert!(poster.hears("not in band"), "{}", poster.heard());
    node.stop();
}

/// The newest log-in of a call stays; the old one is told.
#[test]
fn a_second_log_in_ends_the_first() {
    let feeder = Feeder::bind();
    let node = Rig::start(&feeder, |_| {});
    let mut old = User::log_in(&node, "K1ABC");
    let mut new = User::log_in(&node, "K1ABC");
    assert!(old.hears("logged in again"), "{}", old.heard());
    assert!(old.is_closed_soon());
    new.say("ping");
    assert!(new.hears("PONG"), "{}", new.heard());
    node.stop();
}

/// A burst in front of a drain: the stages empty, users get everything and a farewell.
#[test]
fn a_drain_under_load_loses_nothing_that_was_taken_in() {
    let feeder = Feeder::bind();
    let node = Rig::start(&feeder, |node| node.telnet.dedupe = Dedupe::Off);
    let mut feed = feeder.log_in();
    let mut user = User::log_in(&node, "K1ABC");
    let lines: String = (0..5_000).map(|n| spot_line(n, "CW")).collect();
    feed.write_all(lines.as_bytes()).unwrap();
    until("some are on the road", || node.feed().spots.get() > 0);
    let reader = std::thread::spawn(move || {
        user.read_to_end();
        user
    });
    let views = node.stop();
    let user = reader.join().unwrap();
    let published = views.iter().find(|v| v.name == "dedup").unwrap().total_out();
    assert_eq!(user.heard().matches("DX de ").count() as u64, published);
    assert!(user.heard().contains("going down"), "a farewell");
    for view in views {
        assert_eq!(view.imbalance(), 0, "{view:?}");
    }
}

/// Nobody is forgotten when the configuration is wrong or the port is taken: one line each.
#[test]
fn mistakes_at_the_start_are_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let node = Node {
        telnet: dxring::config::Telnet { listen: taken.local_addr().unwrap().to_string(), ..Default::default() },
        ..Node::default()
    };
    let error = dxring::node::start(node).err().expect("the port is taken");
    assert!(error.contains("telnet.listen") && error.lines().count() == 1, "{error}");
    let node = Node {
        reference: dxring::config::Reference { cty: Some("/nonexistent/cty.csv".into()) },
        telnet: dxring::config::Telnet { listen: "127.0.0.1:0".into(), ..Default::default() },
        ..Node::default()
    };
    let error = dxring::node::start(node).err().expect("no country file");
    assert!(error.contains("cty.csv") && error.lines().count() == 1, "{error}");
}

/// The log-in dialogues of logging programs, as the sessions' own tests play them, with a whole node.
#[test]
fn log_in_scripts_play_through_a_node() {
    let feeder = Feeder::bind();
    let node = Rig::start(&feeder, |_| {});
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conversations");
    let mut played = 0;
    let mut failed = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        // What history and other users say depends on the bench that those scripts are written for.
        let of_the_bench =
            text.to_lowercase().lines().any(|l| l.starts_with('<') && (l.contains("sh") || l.contains("who")));
        if !script::is_for_sockets(&text) || of_the_bench {
            continue;
        }
        let mut client = script::Tcp::connect(node.addr()).unwrap();
        if let Err(why) = script::play(&text, &mut client) {
            failed.push(format!("{}: {why}", path.display()));
        }
        played += 1;
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(played >= 8, "{played} scripts fit");
    node.stop();
}
