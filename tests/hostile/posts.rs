//! A user's post: seen by the others, answered with its fate.

use super::bench::{User, books, node, stop};
use dxring::measure::Reason;

#[test]
fn a_post_is_seen_and_answered_with_its_fate() {
    let running = node(|node| node.limits.posts_per_minute = 2);
    let mut poster = User::log_in(running.telnet, "K1ABC");
    let mut other = User::log_in(running.telnet, "G4XYZ-2");

    poster.say("DX 14025.3 JA1ABC CW up 2");
    let seen = other.spot();
    assert!(seen.contains("DX de K1ABC:") && seen.contains("14025.3") && seen.contains("JA1ABC"), "{seen}");
    assert!(seen.contains("CW up 2"), "{seen}");
    poster.line_with("JA1ABC on 14025.3 kHz: sent to 2 users here");

    poster.say("DX 14025.3 JA1ABC CW up 2");
    let line = poster.line_with("JA1ABC on 14025.3 kHz: ");
    assert!(line.contains("duplicate of K1ABC's spot ") && line.ends_with(" s ago"), "{line}");

    poster.say("DX 21025 JA2ABC");
    let line = poster.line_with("JA2ABC on 21025.0 kHz: ");
    assert!(line.ends_with("refused: you post too fast, please wait a little"), "{line}");

    poster.say("DX 14025 Q1ABC");
    poster.line_with("Q1ABC: refused: it belongs to no country");

    // The limit is the call's, not the node's.
    other.say("DX 21025 JA3ABC");
    assert!(poster.spot().contains("JA3ABC"));
    other.line_with("JA3ABC on 21025.0 kHz: sent to 2 users here");

    assert_eq!(books(&running, "parse/posts").ended_by(Reason::PostLimit), 1);
    assert_eq!(books(&running, "dedup").ended_by(Reason::Duplicate), 1);
    stop(running);
}

#[test]
fn an_announcement_is_there_for_who_comes_later() {
    let running = node(|_| {});
    let mut sender = User::log_in(running.telnet, "K1ABC");
    sender.say("ANN net on 3650 at 18Z");
    sender.line_with("To ALL de K1ABC: net on 3650 at 18Z");
    let mut late = User::log_in(running.telnet, "G4XYZ");
    late.say("SH/ANN");
    late.line_with("To ALL de K1ABC: net on 3650 at 18Z");
    stop(running);
}
