//! What the accounts count. One writer, the agent; reporters read.

use super::{BanList, Kept};
use crate::measure::{Count, Gauge};
use arc_swap::ArcSwap;
use std::fmt::Write as _;

/// Counters of the accounts.
#[derive(Debug)]
pub struct AccountsStats {
    /// Where users are kept.
    pub kept: ArcSwap<Kept>,
    /// What an operator should know, newest last; at most [`NOTES_MAX`].
    pub notes: ArcSwap<Vec<String>>,
    /// Users remembered.
    pub users: Gauge,
    /// Bans, expired ones that were not swept yet included.
    pub bans: Gauge,
    /// Calls looked up at the login prompt.
    pub opens: Count,
    /// Log-ins kept.
    pub logins: Count,
    /// Public data looked up.
    pub looks: Count,
    /// Settings written.
    pub saves: Count,
    /// Settings not written because a later session, or the operator, had written since.
    pub saves_older: Count,
    /// Writes that failed: settings, log-ins, passwords, bans.
    pub write_failures: Count,
    /// Reads that failed.
    pub read_failures: Count,
    /// New users that were not remembered because there is no room.
    pub users_refused: Count,
    /// Saved commands and values that were not understood any more.
    pub lost: Count,
    /// Passwords hashed.
    pub hashes: Count,
    /// Passwords not hashed because too many waited.
    pub hashes_refused: Count,
    /// Wrong passwords.
    pub wrong_passwords: Count,
    /// Longest write, from begin to commit, in µs.
    pub write_us_max: Gauge,
}

/// Most notes that are kept for the report.
pub const NOTES_MAX: usize = 8;

impl Default for AccountsStats {
    fn default() -> Self {
        AccountsStats {
            kept: ArcSwap::from_pointee(Kept::File),
            notes: Default::default(),
            users: Default::default(),
            bans: Default::default(),
            opens: Default::default(),
            logins: Default::default(),
            looks: Default::default(),
            saves: Default::default(),
            saves_older: Default::default(),
            write_failures: Default::default(),
            read_failures: Default::default(),
            users_refused: Default::default(),
            lost: Default::default(),
            hashes: Default::default(),
            hashes_refused: Default::default(),
            wrong_passwords: Default::default(),
            write_us_max: Default::default(),
        }
    }
}

impl AccountsStats {
    /// Logs a note and keeps it for the report.
    pub(super) fn note(&self, note: String) {
        tracing::error!("accounts: {note}");
        let mut notes = Vec::clone(&self.notes.load());
        notes.push(note);
        let over = notes.len().saturating_sub(NOTES_MAX);
        notes.drain(..over);
        self.notes.store(notes.into());
    }

    /// Counts what is in force.
    pub(super) fn count_bans(&self, bans: &BanList) {
        self.bans.set(bans.len() as u64);
    }

    /// The lines of the report.
    pub fn text(&self, out: &mut String) {
        let _ = write!(
            out,
            "accounts               {} users, {} bans · {} opens, {} log-ins, {} looks · {} saves · {} hashes · longest write {} us",
            self.users.get(),
            self.bans.get(),
            self.opens.get(),
            self.logins.get(),
            self.looks.get(),
            self.saves.get(),
            self.hashes.get(),
            self.write_us_max.get()
        );
        for (name, count) in [
            ("saves of older sessions", &self.saves_older),
            ("write failures", &self.write_failures),
            ("read failures", &self.read_failures),
            ("users refused", &self.users_refused),
            ("saved lines not understood", &self.lost),
            ("hashes refused", &self.hashes_refused),
            ("wrong passwords", &self.wrong_passwords),
        ] {
            if count.get() > 0 {
                let _ = write!(out, " · {name} {}", count.get());
            }
        }
        out.push('\n');
        if let Kept::Memory(why) = &**self.kept.load() {
            let _ = writeln!(out, "accounts               in memory only, gone when the node stops: {why}");
        }
        for note in self.notes.load().iter() {
            let _ = writeln!(out, "accounts               {note}");
        }
    }
}
