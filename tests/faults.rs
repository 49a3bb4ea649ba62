//! A whole node in this process: the ends that are in order, and the starts that cannot be.
//! What peers do to it is in `hostile.rs`.

#[path = "faults/rig.rs"]
mod rig;

use dxring::config::{Dedupe, Node};
use rig::{Feeder, Rig, User, spot_line, until};
use std::io::Write;

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
