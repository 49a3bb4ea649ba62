//! SHOW FILTER: GoCluster's summary and lines, what the other dialects hold, and the commands that make it all.

use super::dims::{Dim, Item};
use super::go::{STREAMS, print_list};
use super::lists::Choice;
use super::{Context, Streams, Wish};

const SUMMARY: &str = "Current filters: ";
/// Longest value of one field of the summary.
const VALUE_MAX: usize = 61;
/// Columns of the summary.
const WIDTH: usize = 78;

impl Wish {
    /// The lines of SHOW FILTER, without the commands: `call` and `streams` are the user's.
    pub fn show(&self, call: &str, streams: Streams, context: &Context<'_>) -> Vec<String> {
        let mut lines = summary(&self.fields(streams, context));
        for dim in self.dims() {
            lines.push(self.dim_line(dim, context));
            if dim == Dim::Confidence {
                lines.push("PATH: allow=ALL block=NONE (effective: all pass)".into());
            }
        }
        lines.push(format!("NEARBY: {}", self.nearby.state()));
        lines.push(match self.lists.beacon {
            None => "BEACON: ON (default)".into(),
            Some(on) => format!("BEACON: {}", on_off(on)),
        });
        for (name, stream, _) in STREAMS {
            let on = streams.has(stream);
            let note = if on == Streams::default().has(stream) { " (default)" } else { "" };
            lines.push(format!("{name}: {}{note}", on_off(on)));
        }
        if !self.skimmers.is_open() {
            lines.push(self.skimmers.sentence());
        }
        lines.extend(self.show_slots(call));
        lines.extend(self.show_ar());
        lines
    }

    /// The lines of SHOW/FILTER in DXSpider's layout: its slots, and of the other parts those that filter.
    pub fn show_spider(&self, call: &str, context: &Context<'_>) -> Vec<String> {
        let mut lines = self.show_slots(call);
        if lines.is_empty() {
            lines.push(format!("{call} : no ACCEPT or REJECT filter"));
        }
        for dim in Dim::all().filter(|dim| !self.lists.of(*dim).is_open()) {
            lines.push(self.dim_line(dim, context));
        }
        if self.nearby.is_on() {
            lines.push(format!("NEARBY: {}", self.nearby.state()));
        }
        if self.lists.beacon == Some(false) {
            lines.push("BEACON: OFF".into());
        }
        if !self.skimmers.is_open() {
            lines.push(self.skimmers.sentence());
        }
        lines.extend(self.show_ar());
        lines
    }

    /// `DX/FILTER: not skimmer`, `DX/MODE: OPEN`; nothing when there is none.
    fn show_ar(&self) -> impl Iterator<Item = String> {
        self.ar.commands().into_iter().map(|command| {
            let (path, said) = command.split_once(' ').unwrap_or((&command, ""));
            format!("{}: {said}", path.strip_prefix("SET/").unwrap_or(path))
        })
    }

    /// The end of SHOW FILTER: typed back, these commands give this filter, whatever was before.
    pub fn show_commands(&self) -> Vec<String> {
        let mut lines = vec!["Commands that make this filter:".to_string(), "SET/NOFILTER".into()];
        lines.extend(self.commands());
        lines
    }

    /// The slots as DXSpider shows them; nothing when there are none.
    pub fn show_slots(&self, call: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let mut stream = String::new();
        for command in self.slots.commands() {
            let (path, rest) = command.split_once(' ').unwrap_or((&command, ""));
            let (verb, of) = path.split_once('/').unwrap_or((path, ""));
            let (slot, terms) = rest.split_once(' ').unwrap_or((rest, ""));
            if stream != of {
                stream = of.to_string();
                lines.push(format!("{call} : {}", of.to_ascii_lowercase()));
            }
            lines.push(format!("   filter{slot} {} {terms}", verb.to_ascii_lowercase()));
        }
        lines
    }

    /// The dimensions that are shown: those that GoCluster's users expect, and those in use.
    fn dims(&self) -> impl Iterator<Item = Dim> + '_ {
        Dim::all().filter(|dim| dim.is_classic() || !self.lists.of(*dim).is_open())
    }

    fn fields(&self, streams: Streams, context: &Context<'_>) -> Vec<String> {
        let mut fields = Vec::new();
        for dim in self.dims() {
            let choice = self.lists.of(dim);
            let value = if dim.keeps_order() { pattern_summary(choice) } else { short_label(dim, choice, context) };
            fields.push(format!("{}={value}", dim.name()));
            if dim == Dim::Confidence {
                fields.push("PATH=all pass".into());
            }
        }
        fields.push(format!("NEARBY={}", on_off(self.nearby.is_on())));
        fields.push(format!("BEACON={}", on_off(self.lists.beacon != Some(false))));
        fields.extend(STREAMS.iter().map(|(name, stream, _)| format!("{name}={}", on_off(streams.has(*stream)))));
        fields
    }

    fn dim_line(&self, dim: Dim, context: &Context<'_>) -> String {
        let choice = self.lists.of(dim);
        let allow = match (choice.allow.is_empty(), choice.closed) {
            (true, true) if !dim.keeps_order() => "NONE".into(),
            (true, _) => "ALL".into(),
            (false, _) if dim.is_everything(&choice.allow, context) => "ALL".into(),
            (false, _) => print_list(dim, &choice.allow),
        };
        let block = match (choice.block.is_empty(), choice.closed) {
            // GoCluster blocks all calls by the pattern that fits all.
            (_, true) if dim.keeps_order() => "*".into(),
            (true, true) => "ALL".into(),
            (true, false) => "NONE".into(),
            (false, _) => print_list(dim, &choice.block),
        };
        let effective = if dim.keeps_order() { pattern_label(choice).into() } else { label(dim, choice, context) };
        format!("{}: allow={allow} block={block} (effective: {effective})", dim.name())
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "ON" } else { "OFF" }
}

/// What passes, in words.
fn label(dim: Dim, choice: &Choice, context: &Context<'_>) -> String {
    match (choice.closed, choice.allow.is_empty(), choice.block.is_empty()) {
        (true, _, true) => "all blocked".into(),
        (true, _, false) => "none pass".into(),
        (false, true, true) => "all pass".into(),
        (false, true, false) => format!("all except: {}", print_list(dim, &choice.block)),
        (false, false, _) if dim.is_everything(&choice.allow, context) && choice.block.is_empty() => "all pass".into(),
        (false, false, _) => {
            let takes = |block| choice.allow.iter().any(|allow| dim.takes_from(block, allow));
            let except: Vec<Item> = choice.block.iter().filter(|block| takes(block)).cloned().collect();
            let only = format!("only: {}", print_list(dim, &choice.allow));
            match except.is_empty() {
                true => only,
                false => format!("{only} except: {}", print_list(dim, &except)),
            }
        }
    }
}

fn short_label(dim: Dim, choice: &Choice, context: &Context<'_>) -> String {
    let label = label(dim, choice, context);
    if label.len() <= VALUE_MAX {
        return label;
    }
    match choice.allow.is_empty() {
        true => format!("all except: {} items", choice.block.len()),
        false => format!("only: {} items", choice.allow.len()),
    }
}

fn pattern_label(choice: &Choice) -> &'static str {
    match (choice.closed, choice.allow.is_empty(), choice.block.is_empty()) {
        (true, ..) => "none pass",
        (_, true, true) => "all pass",
        (_, false, true) => "allowlist",
        (_, true, false) => "all except blocklist",
        (_, false, false) => "allowlist minus blocklist",
    }
}

fn pattern_summary(choice: &Choice) -> String {
    match (choice.closed, choice.allow.len(), choice.block.len()) {
        (true, ..) => "none pass".into(),
        (_, 0, 0) => "all pass".into(),
        (_, allow, 0) => format!("allowlist({allow})"),
        (_, 0, block) => format!("blocklist({block})"),
        (_, allow, block) => format!("allow({allow}) block({block})"),
    }
}

/// Fields joined by bars, wrapped at bars.
fn summary(fields: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = SUMMARY.to_string();
    for (at, field) in fields.iter().enumerate() {
        let bar = if at == 0 { "" } else { " | " };
        if at > 0 && line.len() + bar.len() + field.len() > WIDTH {
            lines.push(std::mem::replace(&mut line, format!("{:width$}{field}", "", width = SUMMARY.len())));
        } else {
            line.extend([bar, field]);
        }
    }
    lines.push(line);
    lines
}
