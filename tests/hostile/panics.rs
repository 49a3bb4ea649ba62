//! A panic in each stage costs what it happened on and nothing else.

use super::bench::{FeedServer, User, node, over_cores, spot_line, stop, until};
use dxring::config::Fault;
use dxring::measure::Reason;
use dxring::telnet::CloseReason;
use std::io::Write;

const POISON: &str = "K9BAD";

fn fault(stage: &str) -> Fault {
    Fault { stage: stage.into(), call: POISON.into() }
}

fn one_spot_is_lost(stage: &str, books: &str) {
    let mut server = FeedServer::new();
    let running = node(|node| {
        node.feeds.push(server.feed("rbn"));
        node.faults.push(fault(stage));
    });
    let mut stream = server.log_in();
    let mut user = User::log_in(running.telnet, "K1ABC");
    let lines = [spot_line("K2AAA"), spot_line(POISON), spot_line("K2BBB")].concat();
    stream.write_all(lines.as_bytes()).unwrap();
    let seen = [user.spot(), user.spot()];
    assert!(seen[0].contains("K2AAA") && seen[1].contains("K2BBB"), "{stage}: {seen:?}");
    stream.write_all(spot_line("K2CCC").as_bytes()).unwrap();
    assert!(user.spot().contains("K2CCC"), "{stage}: later spots flow");

    let quarantined = running.control.take_quarantined();
    // Every telnet core has its own fan-out, and each met the poison.
    let panics = if stage == "fanout" { running.users.len() } else { 1 };
    assert_eq!(quarantined.len(), panics, "{stage}");
    for poison in &quarantined {
        assert_eq!((poison.stage.as_str(), poison.spot.dx.as_str()), (stage, POISON));
        assert!(poison.panic.contains("injected fault on K9BAD"), "{stage}: {}", poison.panic);
        assert!(poison.panic.contains("FaultPoint::trip"), "{stage}: no stack in {}", poison.panic);
    }
    assert_eq!(running.control.failure(), None);
    let instruments = stop(running);
    let views: Vec<_> = instruments.ledgers.iter().map(|l| l.view()).collect();
    // In the fan-out the one user was due the lost line.
    let undelivered: u64 =
        views.iter().filter(|v| v.name.starts_with("deliveries ")).map(|v| v.ended_by(Reason::Panic)).sum();
    assert_eq!(undelivered, u64::from(stage == "fanout"));
    for view in views {
        let expected = u64::from(view.name.starts_with(books));
        assert_eq!(view.panics, expected, "{stage}: {view:?}");
        if !view.name.starts_with("deliveries ") {
            assert_eq!(view.ended_by(Reason::Panic), expected, "{stage}: {view:?}");
        }
    }
}

#[test]
fn in_parse() {
    one_spot_is_lost("parse", "parse/rbn");
}

#[test]
fn in_correct() {
    one_spot_is_lost("correct", "correct");
}

#[test]
fn in_dedup() {
    one_spot_is_lost("dedup", "dedup");
}

#[test]
fn in_fan_out() {
    one_spot_is_lost("fanout", "telnet ");
}

#[test]
fn in_a_session() {
    let mut server = FeedServer::new();
    let running = node(|node| {
        node.feeds.push(server.feed("rbn"));
        node.faults.push(fault("session"));
    });
    let mut stream = server.log_in();
    let mut witness = User::log_in(running.telnet, "K1ABC");
    let mut victim = User::log_in(running.telnet, POISON);
    victim.say("SHOW/TIME");
    victim.rest();
    until("the panic is counted", || over_cores(&running, |s| s.closed(CloseReason::Panic).get()) == 1);
    assert_eq!(over_cores(&running, |s| s.session_panics.get()), 1);
    stream.write_all(spot_line("K2AAA").as_bytes()).unwrap();
    assert!(witness.spot().contains("K2AAA"));
    witness.say("SHOW/TIME");
    witness.line_with("UTC");
    assert_eq!(over_cores(&running, |s| s.users.get()), 1);
    stop(running);
}

#[test]
fn in_parse_on_a_post() {
    let running = node(|node| node.faults.push(fault("parse")));
    let mut user = User::log_in(running.telnet, "K1ABC");
    user.say(&format!("DX 14025 {POISON}"));
    user.line_with("K9BAD on 14025.0 kHz: refused: an internal fault");
    user.say("DX 14025 K2AAA");
    user.line_with("K2AAA on 14025.0 kHz: sent to 1 user here");
    stop(running);
}
