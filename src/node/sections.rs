//! The report's lines about feeds, users and notes.

use super::Instruments;
use crate::accounts::AccountsStats;
use crate::engine::{Mailbox, Now};
use crate::parse::{Failure, FeedStats, UpstreamStats};
use crate::spot::Note;
use crate::telnet::limits::Refusal;
use crate::telnet::{CloseReason, TelnetStats};
use std::fmt::Write as _;
use std::sync::Arc;

/// Adds the sections to the report.
pub fn add(
    instruments: &mut Instruments,
    feeds: &[Arc<FeedStats>],
    users: &[Arc<TelnetStats>],
    accounts: &Arc<AccountsStats>,
    notes: &Arc<Mailbox<Note>>,
) {
    let feeds = feeds.to_vec();
    instruments.sections.push(Box::new(move |out, now| feeds_text(out, &feeds, now)));
    let users = users.to_vec();
    instruments.sections.push(Box::new(move |out, _| {
        for (core, stats) in users.iter().enumerate() {
            users_text(out, core, stats);
        }
    }));
    let accounts = Arc::clone(accounts);
    instruments.sections.push(Box::new(move |out, _| accounts.text(out)));
    let notes = Arc::clone(notes);
    instruments.sections.push(Box::new(move |out, _| {
        if notes.refused() > 0 {
            let _ = writeln!(out, "notes refused because their mailbox was full: {}", notes.refused());
        }
    }));
}

fn feeds_text(out: &mut String, feeds: &[Arc<FeedStats>], now: Now) {
    for feed in feeds {
        let age = feed.last_line_age_s(now.mono_ns).map_or("never".into(), |s| format!("{s} s ago"));
        let _ = write!(
            out,
            "feed {:<17} {} · {} connects · {} lines · {} spots · last line {age}",
            feed.name,
            feed.state().name(),
            feed.connects.get(),
            feed.lines.get(),
            feed.spots.get()
        );
        if let Some(upstream) = &feed.upstream {
            upstream_text(out, upstream);
        }
        for failure in Failure::ALL.into_iter().filter(|f| feed.failures(*f) > 0) {
            let _ = write!(out, " · {} {}", failure.name(), feed.failures(failure));
        }
        if let Some(error) = feed.last_error() {
            let _ = write!(out, " · last error: {error}");
        }
        out.push('\n');
    }
}

/// What was lost before it came here.
fn upstream_text(out: &mut String, upstream: &UpstreamStats) {
    match upstream.lost() {
        Some(lost) => {
            let _ = write!(out, " · upstream lost {lost}");
        }
        None => out.push_str(" · upstream lost unknown (filtered topics)"),
    }
    for (name, n) in [
        ("missed while away", upstream.missed_away().unwrap_or(0)),
        ("sent twice", upstream.duplicates()),
        ("sequence resets", upstream.resets()),
    ] {
        if n > 0 {
            let _ = write!(out, " · {name} {n}");
        }
    }
}

fn users_text(out: &mut String, core: usize, stats: &TelnetStats) {
    let (lines, sends) = (stats.lines.get(), stats.sends.get());
    let _ = write!(
        out,
        "users {core:<16} {} logged in, {} connected · {} cohorts, {} filters, {} segments (most {}) · {lines} lines in {sends} sends ({:.1} per send), {} MB, {} short · gap {} us, sending {:.1} % · commands {} (unknown {})",
        stats.users.get(),
        stats.connections.get(),
        stats.cohorts.get(),
        stats.filters.get(),
        stats.segments.get(),
        stats.segments_max.get(),
        lines as f64 / sends.max(1) as f64,
        stats.bytes.get() / 1_000_000,
        stats.short_writes.get(),
        stats.gap_us.get(),
        stats.load_permille.get() as f64 / 10.0,
        stats.commands.get(),
        stats.commands_unknown.get()
    );
    for (name, n) in [
        ("laps", stats.laps.get()),
        ("session panics", stats.session_panics.get()),
        ("posts refused", stats.posts_refused.get()),
        ("held for pace", stats.held.get()),
        ("upward dropped", stats.upward_dropped.get()),
        ("accept errors", stats.accept_errors.get()),
        ("lines too long", stats.lines_too_long.get()),
        ("invalid log-ins", stats.logins_invalid.get()),
        ("too many wrong passwords", stats.passwords_braked.get()),
        ("replies missed", stats.replies_missed.get()),
    ] {
        if n > 0 {
            let _ = write!(out, " · {name} {n}");
        }
    }
    for reason in Refusal::ALL.into_iter().filter(|r| stats.refused(*r).get() > 0) {
        let _ = write!(out, " · refused {} {}", reason.name(), stats.refused(reason).get());
    }
    for reason in CloseReason::ALL.into_iter().filter(|r| stats.closed(*r).get() > 0) {
        let _ = write!(out, " · closed {} {}", reason.name(), stats.closed(reason).get());
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FeedKind;

    #[test]
    fn what_was_lost_upstream_is_said_or_said_to_be_unknown() {
        let clock = crate::engine::TestClock::at(crate::spot::Utc::from_secs(0));
        let text = |stats: FeedStats| {
            let mut out = String::new();
            feeds_text(&mut out, &[Arc::new(stats)], clock.now());
            out
        };
        let psk = || FeedStats::new("psk", 0, Some(FeedKind::PskReporter));
        assert!(text(psk()).ends_with("last line never · upstream lost unknown (filtered topics)\n"));
        assert!(text(psk().of_network(true)).ends_with("last line never · upstream lost 0\n"));
        assert!(!text(FeedStats::new("rbn", 0, Some(FeedKind::Rbn))).contains("upstream"));
    }
}
