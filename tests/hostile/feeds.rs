//! Feeds that close, keep silent, send rubbish.

use super::bench::{FeedServer, User, books, node, spot_line, stop, until, until_some};
use dxring::measure::Reason;
use dxring::parse::{Failure, FeedState};
use std::io::Write;
use std::time::{Duration, Instant};

/// The first wait, 5 s, less its jitter of a quarter.
const FIRST_WAIT_MIN: Duration = Duration::from_millis(3_750);

#[test]
fn a_feed_that_accepts_and_closes_is_left_alone_for_a_while() {
    let mut server = FeedServer::new();
    let running = node(|node| node.feeds.push(server.feed("rude")));
    let first = server.accept();
    let closed = Instant::now();
    drop(first);
    until("the end is counted", || running.feeds[0].failures_total() == 1);
    assert_eq!(running.feeds[0].state(), FeedState::BackingOff);
    let second = until_some("the second attempt", || server.try_accept());
    assert!(closed.elapsed() >= FIRST_WAIT_MIN, "dialled again after {:?}", closed.elapsed());
    drop(second);
    until("the second end is counted", || running.feeds[0].failures_total() == 2);
    assert_eq!(running.feeds[0].failures(Failure::Closed) + running.feeds[0].failures(Failure::Io), 2);
    assert!(server.try_accept().is_none(), "not dialled again at once");
    assert_eq!((server.accepted, running.feeds[0].connects.get()), (2, 2));
    stop(running);
}

#[test]
fn a_feed_that_never_sends_is_given_up_and_the_others_flow() {
    let (mut mute, mut half_open, mut good) = (FeedServer::new(), FeedServer::new(), FeedServer::new());
    let running = node(|node| {
        let mut feed = mute.feed("mute");
        feed.login_timeout_s = 1;
        node.feeds.push(feed);
        let mut feed = half_open.feed("half_open");
        feed.read_deadline_s = 3;
        node.feeds.push(feed);
        node.feeds.push(good.feed("good"));
    });
    // A peer that is gone without a word looks just so.
    let _half_open = half_open.log_in();
    let _mute = mute.accept();
    let mut stream = good.log_in();
    let mut user = User::log_in(running.telnet, "K1ABC");
    until("the mute feed is given up", || running.feeds[0].failures(Failure::LoginTimeout) > 0);
    until("the silent feed is given up", || running.feeds[1].failures(Failure::Silent) > 0);
    stream.write_all(spot_line("K2XYZ").as_bytes()).unwrap();
    assert!(user.spot().contains("K2XYZ"));
    assert_eq!(running.feeds[2].failures_total(), 0);
    stop(running);
}

#[test]
fn rubbish_costs_its_lines_and_the_good_spots_between_arrive() {
    let mut server = FeedServer::new();
    let running = node(|node| node.feeds.push(server.feed("rubbish")));
    let mut stream = server.log_in();
    let mut user = User::log_in(running.telnet, "K1ABC");
    stream.write_all(spot_line("K2AAA").as_bytes()).unwrap();
    assert!(user.spot().contains("K2AAA"));

    stream.write_all(&vec![b'x'; 1 << 20]).unwrap();
    stream.write_all(b"\r\n").unwrap();
    stream.write_all(spot_line("K2BBB").as_bytes()).unwrap();
    assert!(user.spot().contains("K2BBB"));

    // Every byte there is, 40 times, in an order that a seed fixes; 0xFF begins telnet options.
    let mut junk: Vec<u8> = (0..40 * 256_usize).map(|n| n as u8).collect();
    fastrand::Rng::with_seed(7).shuffle(&mut junk);
    stream.write_all(&junk).unwrap();
    // IAC SE ends whatever option the junk began.
    stream.write_all(b"\xff\xf0\r\n").unwrap();
    stream.write_all(b"DX de \r\nDX de W3LPL-#:\r\nDX de W3LPL-#: 13000.0 K1ABC CW 1 dB 1234Z\r\n").unwrap();
    stream.write_all(spot_line("K2CCC").as_bytes()).unwrap();
    assert!(user.spot().contains("K2CCC"));

    let view = books(&running, "parse/rubbish");
    assert_eq!((view.total_out(), view.ended_by(Reason::LineTooLong)), (3, 1), "{view:?}");
    assert!(view.ended_by(Reason::NotASpot) > 10, "{view:?}");
    assert!(view.ended_by(Reason::NoSpotter) + view.ended_by(Reason::BadSpotter) > 0, "{view:?}");
    assert!(view.ended_by(Reason::NoFrequency) > 0 && view.ended_by(Reason::OutOfBand) > 0, "{view:?}");
    assert_eq!((view.panics, running.feeds[0].failures_total()), (0, 0));

    // Half a line, and the end.
    stream.write_all(b"DX de W3LPL-#:   14025.0  K2D").unwrap();
    drop(stream);
    until("the half line is counted", || books(&running, "parse/rubbish").ended_by(Reason::LineCutOff) == 1);
    stop(running);
}
