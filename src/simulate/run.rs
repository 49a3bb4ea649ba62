//! `dxring simulate`.

use super::mqtt::publish;
use super::options::{DEFAULT_START, Options};
use super::serve::serve;
use super::truth::{Bust, TruthRow};
use crate::spot::Utc;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Length of a run that nobody gave one, in minutes.
const MINUTES: f64 = 10.0;

/// What a run made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// Lines.
    pub lines: u64,
    /// Lines with a wrong call.
    pub busts: u64,
    /// Lines of people.
    pub people: u64,
    /// Clients of a server that were dropped because they read too slowly.
    pub slow_clients: u64,
}

impl Summary {
    pub(super) fn count(&mut self, row: &TruthRow) {
        self.lines += 1;
        self.busts += u64::from(row.bust != Bust::None);
        self.people += u64::from(!row.spotter.is_skimmer());
    }
}

/// Runs the command: lines with CR LF to `out` under virtual time, or a server or a publisher until its minutes
/// are over. Says where it listens, or what became of its reports, on stderr.
pub fn run(options: &Options, out: &mut dyn Write) -> io::Result<Summary> {
    if let Some(addr) = options.serve {
        let server = serve(addr, options)?;
        eprintln!("simulating on {}", server.local_addr());
        let report = server.wait()?;
        return Ok(report.summary);
    }
    if let Some(broker) = options.mqtt {
        let publisher = publish(broker, options)?;
        publisher.stop_at_signals()?;
        let report = publisher.wait()?;
        eprintln!(
            "{} reports made: {} published in {} connections, {} not taken by the broker, {} made without a connection",
            report.made, report.published, report.connections, report.not_taken, report.not_connected
        );
        return Ok(report.summary);
    }
    let mut truth = TruthFile::create(options.truth.as_deref())?;
    let mut band = options.band(DEFAULT_START);
    let end = end_of(options.start.unwrap_or(DEFAULT_START), options.minutes.unwrap_or(MINUTES));
    let mut summary = Summary::default();
    while band.next_at() < end {
        band.next(|line, row| {
            summary.count(row);
            out.write_all(line)?;
            out.write_all(b"\r\n")?;
            truth.write(row)
        })?;
    }
    out.flush()?;
    truth.finish()?;
    Ok(summary)
}

pub(super) fn end_of(start: Utc, minutes: f64) -> Utc {
    Utc::from_ms(start.ms().saturating_add((minutes * 60_000.0) as i64))
}

/// The truth file, or none.
pub(super) struct TruthFile(Option<BufWriter<File>>);

impl TruthFile {
    pub(super) fn create(path: Option<&Path>) -> io::Result<TruthFile> {
        let Some(path) = path else { return Ok(TruthFile(None)) };
        let file = File::create(path)
            .map_err(|error| io::Error::new(error.kind(), format!("--truth {}: {error}", path.display())))?;
        let mut file = BufWriter::with_capacity(1 << 16, file);
        file.write_all(TruthRow::HEADER.as_bytes())?;
        Ok(TruthFile(Some(file)))
    }

    pub(super) fn write(&mut self, row: &TruthRow) -> io::Result<()> {
        self.0.as_mut().map_or(Ok(()), |file| row.write(file))
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.0.as_mut().map_or(Ok(()), Write::flush)
    }
}
