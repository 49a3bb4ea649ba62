//! What a user said, as he said it: the part that is shown, saved, and changed command by command.

use super::go::Verb;
use super::nearby::Nearby;
use super::skimmers::Skimmers;
use super::{Ar, Expr, Filter, Lists, Slots, Streams, cc, go};
use crate::reference::Cty;
use crate::spot::Grid;

/// What commands need to know beside the words.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Country data: prefixes to entities.
    pub cty: &'a Cty,
    /// Names of the feeds, by their place in the configuration.
    pub feeds: &'a [String],
    /// The user's locator; none = unknown.
    pub grid: Grid,
    /// Commands of the node's default filter (`telnet.default_filter`): what RESET FILTER runs.
    pub default_filter: &'a [String],
}

/// Answer to a filter command.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// Lines for the user, without line ends.
    pub reply: Vec<String>,
    /// Whether the command was understood and done; else nothing changed.
    pub done: bool,
    /// Streams that the command switches on or off: they are not part of a wish, whoever keeps them obeys.
    pub streams: Vec<(Streams, bool)>,
}

impl Outcome {
    /// Done, and said so.
    pub fn done(reply: impl IntoIterator<Item = String>) -> Outcome {
        Outcome { reply: reply.into_iter().collect(), done: true, streams: Vec::new() }
    }
    /// Not done; the reply says why.
    pub fn refused(reply: impl IntoIterator<Item = String>) -> Outcome {
        Outcome { reply: reply.into_iter().collect(), done: false, streams: Vec::new() }
    }
}

/// A user's filter in all dialects at once. A spot passes when every part lets it pass.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Wish {
    /// PASS and REJECT lists (go and cc).
    pub lists: Lists,
    /// Which modes of skimmers come at all.
    pub skimmers: Skimmers,
    /// Distance from the user; puts the lists about places aside.
    pub nearby: Nearby,
    /// ACCEPT and REJECT slots (spider).
    pub slots: Slots,
    /// SET/DX/FILTER (ar).
    pub ar: Ar,
}

impl Wish {
    /// Most bytes of the commands of one user's filter.
    pub const TEXT_BYTES_MAX: usize = 4096;

    /// Passes everything.
    pub fn open() -> Wish {
        Wish::default()
    }
    /// What the node gives to new users. A line that is no filter command is left out; the check of the
    /// configuration has named it.
    pub fn of_node(context: &Context<'_>) -> Wish {
        // Without a default of its own, so that a RESET FILTER among the lines cannot call itself.
        let bare = Context { default_filter: &[], ..*context };
        let mut wish = Wish::open();
        for line in context.default_filter {
            wish.command(line, &bare);
        }
        wish
    }
    /// What a saved profile says: the commands of [`Wish::commands`], and beside the wish those that no
    /// longer work (a feed or an entity that is gone).
    ///
    /// NEARBY stays on without a locator, and rests until there is one.
    pub fn restore<'a>(commands: impl IntoIterator<Item = &'a str>, context: &Context<'_>) -> (Wish, Vec<&'a str>) {
        let mut wish = Wish::open();
        let mut lost = Vec::new();
        for line in commands {
            if !wish.change(line, context, true).is_some_and(|outcome| outcome.done) {
                lost.push(line);
            }
        }
        (wish, lost)
    }

    /// Runs a filter command of any dialect, in full words: `PASS BAND 20M`, `REJECT/SPOTS 1 on hf/cw`,
    /// `SET/DX/FILTER not skimmer`. `None` when it is no filter command at all.
    pub fn command(&mut self, line: &str, context: &Context<'_>) -> Option<Outcome> {
        self.change(line, context, false)
    }

    fn change(&mut self, line: &str, context: &Context<'_>, trusting: bool) -> Option<Outcome> {
        let mut changed = self.clone();
        let outcome = changed.run(&Words::of(line), context, trusting)?;
        if !outcome.done {
            return Some(outcome);
        }
        if changed.expr().terms() > Expr::TERMS_MAX || changed.text_bytes() > Wish::TEXT_BYTES_MAX {
            return Some(Outcome::refused([
                "Your filter would become too large; nothing is changed.".into(),
                "SHOW FILTER shows it, SET/NOFILTER empties it.".into(),
            ]));
        }
        *self = changed;
        Some(outcome)
    }

    fn run(&mut self, words: &Words<'_>, context: &Context<'_>, trusting: bool) -> Option<Outcome> {
        let Words { verb, noun, rest } = words;
        match (verb.as_str(), noun.as_str()) {
            ("ACCEPT" | "REJECT" | "CLEAR", "SPOT" | "SPOTS") => {
                self.slots.command(&format!("{verb}/SPOTS {rest}"), context)
            }
            ("ACCEPT" | "REJECT" | "CLEAR", "RBN") => self.slots.command(&format!("{verb}/RBN {rest}"), context),
            ("PASS", _) => Some(go::run(self, Verb::Pass, noun, rest, context, trusting)),
            ("REJECT", _) => Some(go::run(self, Verb::Reject, noun, rest, context, trusting)),
            ("ACCEPT" | "CLEAR", _) => Some(go::accept(verb, noun, rest)),
            ("SET" | "UNSET", "DX") => self.ar.command(&format!("{verb}/DX/{}", rest.trim_start()), context),
            ("RESET", _) => Some(self.reset(noun, context)),
            ("SET" | "UNSET", _) => cc::run(self, verb == "SET", noun, rest, context, trusting),
            _ => None,
        }
    }

    fn reset(&mut self, noun: &str, context: &Context<'_>) -> Outcome {
        if noun != "FILTER" {
            return Outcome::refused(["Usage: RESET FILTER".into(), "Type HELP for usage.".into()]);
        }
        *self = Wish::of_node(context);
        let mut outcome = Outcome::done(["Filters reset to defaults".into()]);
        if !context.default_filter.is_empty() {
            outcome.reply.push(format!("Defaults of this node: {}.", context.default_filter.join("; ")));
        }
        outcome.streams = go::STREAMS.iter().map(|(_, stream, _)| (*stream, true)).collect();
        outcome
    }

    /// The commands that make this wish from an open one; saved with the user, shown by SHOW FILTER.
    pub fn commands(&self) -> Vec<String> {
        // Skimmers after the lists, whose commands may switch them on; NEARBY last of these two, since it
        // closes the lists about places to changes.
        let mut out = self.lists.commands();
        out.extend(self.skimmers.commands());
        out.extend(self.nearby.commands());
        out.extend(self.slots.commands());
        out.extend(self.ar.commands());
        out
    }
    fn text_bytes(&self) -> usize {
        self.commands().iter().map(String::len).sum()
    }
    /// Whether everything passes.
    pub fn is_open(&self) -> bool {
        self.lists.is_open()
            && self.skimmers.is_open()
            && !self.nearby.is_active()
            && self.slots.is_open()
            && self.ar.is_open()
    }
    /// All parts as one expression.
    pub fn expr(&self) -> Expr {
        let parts = [
            self.lists.expr(self.nearby.is_active()),
            self.skimmers.expr(),
            self.nearby.expr(),
            self.slots.expr(),
            self.ar.expr(),
        ];
        Expr::And(parts.into_iter().filter(|part| *part != Expr::All).collect())
    }
    /// Compiled.
    pub fn filter(&self) -> Filter {
        Filter::compile(&self.expr())
    }
    /// Takes over a new locator of the user, for NEARBY. Call it whenever the grid of the settings changes.
    pub fn set_home(&mut self, home: Grid) {
        self.nearby.set_home(home);
    }
}

/// A command line in three: the first two words, upper case, joined by blanks or `/`, and the rest.
struct Words<'a> {
    verb: String,
    noun: String,
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn of(line: &'a str) -> Words<'a> {
        let (verb, rest) = word(line);
        let (noun, rest) = word(rest);
        Words { verb: verb.to_ascii_uppercase(), noun: noun.to_ascii_uppercase(), rest: rest.trim() }
    }
}

fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(['/', ' ']);
    match text.find(['/', ' ']) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    }
}
