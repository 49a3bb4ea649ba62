//! More than fits: PSKReporter gives way.

use super::bench::{FeedServer, User, books, call, stop, until};
use super::feed;
use super::publisher::{publish, report};
use dxring::config::{Dedupe, Feed};
use dxring::measure::Reason;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// Lines or messages of one write.
const BATCH: usize = 200;
/// As many stations as [`call`] can name.
const LINES_MAX: usize = 150_000;

fn line(n: usize) -> String {
    format!("DX de W3LPL-#:   {:.1}  {:<13}  CW    23 dB  25 WPM  CQ      1234Z\r\n", khz(n), call(n))
}

/// Far enough apart that nobody is taken for a busted call of another.
fn khz(n: usize) -> f64 {
    14_000.0 + (n % 700) as f64 / 10.0
}

fn is_of_skimmer(line: &str) -> bool {
    line.starts_with("DX de W3LPL-#:")
}

/// Ends when dropped.
struct Flood<'a>(&'a AtomicBool);

impl Drop for Flood<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[test]
fn a_flood_of_reports_is_shed_before_any_line_of_a_skimmer() {
    let (mut skimmers, mut broker) = (FeedServer::new(), FeedServer::new());
    let running = super::bench::node(|node| {
        let reports = Feed { modes: vec!["FT8".into()], ..feed("psk", broker.feed("").port) };
        node.feeds = vec![skimmers.feed("rbn"), reports];
        node.telnet.default_filter = Vec::new();
        node.telnet.dedupe = Dedupe::Off;
        node.rings.spots = 1_024;
        node.rings.patience_ms = 100;
        // Parse and what takes from it share one thread: the ring fills whatever the machine can do.
        node.placement.cores = Some(1);
    });
    let mut user = User::log_in(running.telnet, "K1ABC");
    let mut reports = broker.accept();
    assert!(reports.read(&mut [0; 256]).unwrap() > 0, "CONNECT");
    reports.write_all(&[0x20, 2, 0, 0]).unwrap();
    assert!(reports.read(&mut [0; 256]).unwrap() > 0, "SUBSCRIBE");
    reports.write_all(&[0x90, 3, 0, 1, 0]).unwrap();
    let mut lines = skimmers.log_in();

    let (enough, lines_sent, messages_sent) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let shed = || books(&running, "parse/psk").ended_by(Reason::RingFull);
    let mut arrived = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut n = 0;
            while !enough.load(Relaxed) {
                let batch: Vec<u8> = (n..n + BATCH)
                    .flat_map(|n| {
                        let (topic, payload, _) = report(n);
                        publish(&topic, &payload)
                    })
                    .collect();
                reports.write_all(&batch).unwrap();
                n += BATCH;
            }
            messages_sent.store(n, Relaxed);
        });
        scope.spawn(|| {
            let mut n = 0;
            while !enough.load(Relaxed) && n < LINES_MAX {
                let batch: String = (n..n + BATCH).map(line).collect();
                lines.write_all(batch.as_bytes()).unwrap();
                n += BATCH;
            }
            lines_sent.store(n, Relaxed);
        });
        let reader = scope.spawn(|| {
            while !enough.load(Relaxed) {
                arrived += u64::from(is_of_skimmer(&user.spot()));
            }
        });
        // Also when the wait is in vain: the scope waits for its threads.
        let flood = Flood(&enough);
        until("reports are shed", || shed() > 0);
        drop(flood);
        reader.join().unwrap();
    });
    let (lines_sent, messages_sent) = (lines_sent.load(Relaxed) as u64, messages_sent.load(Relaxed) as u64);
    // Every line that was sent arrives, while reports were shed and counted.
    while arrived < lines_sent {
        arrived += u64::from(is_of_skimmer(&user.spot()));
    }
    until("all is read", || {
        books(&running, "parse/psk").total_in() == messages_sent && books(&running, "parse/psk").held == 0
    });
    let (rbn, psk) = (books(&running, "parse/rbn"), books(&running, "parse/psk"));
    assert_eq!((rbn.total_out(), rbn.ended_by(Reason::RingFull)), (lines_sent, 0), "{rbn:?}");
    assert!(psk.ended_by(Reason::RingFull) > 0, "{psk:?}");
    assert_eq!(psk.total_in(), psk.total_out() + psk.ended_by(Reason::RingFull), "{psk:?}");
    assert_eq!(running.feeds[1].failures_total(), 0, "nobody is hung up on");
    stop(running);
}
