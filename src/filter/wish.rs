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
            ("UNSET", "DX") if rest.eq_ignore_ascii_case("FILTER") => self.ar.command("SET/DX/FILTER", context),
            ("SET", "DX") => self.ar.command(&format!("{verb}/DX/{}", rest.trim_start()), context),
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
        all_of(parts)
    }
    /// What is demanded of a spot, each with the command that made it; all together they are [`Wish::expr`].
    pub fn parts(&self) -> Vec<(String, Expr)> {
        let whole = |commands: Vec<String>, expr: Expr| (commands.join("; "), expr);
        let mut parts = self.lists.parts(self.nearby.is_active());
        parts.push(whole(self.skimmers.commands(), self.skimmers.expr()));
        parts.push(whole(self.nearby.commands(), self.nearby.expr()));
        parts.extend(self.slots.parts());
        parts.extend(self.ar.parts());
        parts.retain(|(_, expr)| *expr != Expr::All);
        parts
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

/// All of these, without those that pass everything.
pub(super) fn all_of(parts: impl IntoIterator<Item = Expr>) -> Expr {
    let mut parts: Vec<Expr> = parts.into_iter().filter(|part| *part != Expr::All).collect();
    match parts.len() {
        0 => Expr::All,
        1 => parts.remove(0),
        _ => Expr::And(parts),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Dim;
    use crate::spot::{Band, Call, Class, Flags, Freq, Mode, Spot};
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static CTY: LazyLock<Cty> = LazyLock::new(Cty::embedded);
    static FEEDS: LazyLock<Vec<String>> = LazyLock::new(|| vec!["rbn".into(), "club".into()]);

    fn context(grid: &str) -> Context<'static> {
        let grid = Grid::parse(grid.as_bytes()).unwrap_or_default();
        Context { cty: &CTY, feeds: &FEEDS, grid, default_filter: &[] }
    }

    fn after(commands: &[&str]) -> Wish {
        let mut wish = Wish::open();
        for line in commands {
            let outcome = wish.command(line, &context("FN31")).unwrap_or_else(|| panic!("no command: {line}"));
            assert!(outcome.done, "{line}: {:?}", outcome.reply);
        }
        wish
    }

    fn reply(wish: &mut Wish, line: &str) -> String {
        wish.command(line, &context("FN31")).map_or_else(|| "none".into(), |outcome| outcome.reply.join("\n"))
    }

    fn spot(khz: u64, mode: Mode) -> Spot {
        let mut spot = Spot::empty();
        spot.dx = Call::literal("K1ABC");
        spot.de = Call::literal("W3LPL");
        spot.set_freq(Freq::from_khz(khz));
        spot.set_mode(mode);
        spot
    }

    #[test]
    fn words_are_joined_by_blanks_or_slashes() {
        for line in ["PASS BAND 20", "pass/band 20", "Pass  Band/20", "SET/FILTER BAND 20", "set filter band/pass 20M"]
        {
            let mut wish = Wish::open();
            assert!(wish.command(line, &context("")).is_some_and(|outcome| outcome.done), "{line}");
            assert_eq!(wish.commands(), ["PASS BAND 20m"], "{line}");
        }
        for line in [
            "DX 14025 K1ABC",
            "UNSET/DX",
            "SET/DX",
            "",
            "/",
            "SET",
            "SET/PAGE 0",
            "UNSET/NOFILTER",
            "SET/NOPAGE",
            "SHOW/FILTER",
        ] {
            assert_eq!(Wish::open().command(line, &context("")), None, "{line}");
        }
    }

    #[test]
    fn rejecting_the_last_passed_element_does_not_open_the_rest() {
        let mut wish = after(&["PASS BAND 20"]);
        let said = reply(&mut wish, "REJECT BAND 20");
        assert!(said.starts_with("Band filters disabled: 20m\nNothing of BAND is left"), "{said}");
        assert!(!wish.filter().passes(&spot(14_025, Mode::Cw)) && !wish.filter().passes(&spot(7_025, Mode::Cw)));
        let said = reply(&mut wish, "PASS BAND 40");
        assert!(said.starts_with("Filter set: Band 40m"), "{said}");
        assert!(wish.filter().passes(&spot(7_025, Mode::Cw)) && !wish.filter().passes(&spot(14_025, Mode::Cw)));
    }

    #[test]
    fn rejecting_one_after_all_leaves_all_rejected() {
        let mut wish = after(&["REJECT BAND ALL"]);
        assert!(reply(&mut wish, "REJECT BAND 20").contains("nothing passes now; PASS BAND ALL opens all"));
        assert!(!wish.filter().passes(&spot(7_025, Mode::Cw)));
        assert!(reply(&mut wish, "PASS BAND ALL").contains("All bands enabled"));
        assert!(wish.is_open() && wish.filter().is_all());
    }

    #[test]
    fn passing_a_mode_wakes_its_skimmers() {
        let mut ft8 = spot(14_074, Mode::Ft8);
        ft8.flags = Flags::SKIMMER;
        let mut wish = after(&["UNSET/SKIMMER FT8,FT4"]);
        assert!(!wish.filter().passes(&ft8));
        assert!(reply(&mut wish, "PASS MODE FT8").contains("Skimmers' FT8 were switched off; they are on again."));
        assert!(wish.filter().passes(&ft8));
        assert_eq!(wish.commands(), ["PASS MODE FT8", "UNSET/SKIMMER FT4"]);
        // Who wants no skimmers at all does not get them by a mode.
        let mut wish = after(&["UNSET/SKIMMER"]);
        assert!(!reply(&mut wish, "PASS MODE FT8").contains("again"));
        assert!(!wish.filter().passes(&ft8));
        assert!(reply(&mut wish, "PASS SOURCE SKIMMER").contains("on again"));
        assert!(wish.filter().passes(&ft8));
    }

    #[test]
    fn switching_skimmers_on_says_what_still_holds_them_back() {
        let mut wish = after(&["REJECT SOURCE SKIMMER", "REJECT MODE FT8"]);
        let said = reply(&mut wish, "SET/FT8");
        assert!(said.contains("REJECT SOURCE SKIMMER is taken back") && said.contains("PASS MODE FT8"), "{said}");
        let mut wish = after(&["PASS SOURCE HUMAN"]);
        assert!(reply(&mut wish, "SET/SKIMMER").contains("Your SOURCE list still holds skimmers back"));
    }

    #[test]
    fn segments_are_parts_of_bands() {
        let filter = after(&["SET/FILTER DXBM/PASS 20-CW,15-SSB,6"]).filter();
        for (khz, passes) in [
            (14_000, true),
            (14_069, true),
            (14_070, false),
            (21_200, true),
            (21_450, true),
            (50_313, true),
            (7_010, false),
        ] {
            assert_eq!(filter.passes(&spot(khz, Mode::Cw)), passes, "{khz}");
        }
        let filter = after(&["PASS BAND 20", "REJECT BAND 20-SSB"]).filter();
        assert!(filter.passes(&spot(14_149, Mode::Cw)) && !filter.passes(&spot(14_150, Mode::Cw)));
        assert_eq!(after(&["PASS BAND 20-CW,40", "REJECT BAND 20"]).commands(), ["PASS BAND 40m", "REJECT BAND 20m"]);
        assert_eq!(after(&["REJECT BAND 20", "PASS BAND 20-CW"]).commands(), ["PASS BAND 20-CW"]);
        assert_eq!(after(&["SET/FILTER DXBM/PASS 60"]).commands(), ["PASS BAND 60m"], "not 6 m");
    }

    #[test]
    fn sources_are_people_machines_classes_and_feeds() {
        let mut rbn = spot(14_025, Mode::Cw);
        rbn.flags = Flags::SKIMMER;
        rbn.set_class(Class::Rbn);
        let mut psk = rbn;
        psk.set_class(Class::PskReporter);
        let person = spot(14_025, Mode::Cw);
        let mut club = person;
        club.feed = 1;
        for (commands, passing) in [
            (&["PASS SOURCE HUMAN"][..], [true, false, false, true]),
            (&["PASS SOURCE SKIMMER", "REJECT SOURCE PSKREPORTER"], [false, true, false, false]),
            (&["PASS SOURCE RBN"], [false, true, false, false]),
            (&["REJECT SOURCE SKIMMER", "PASS SOURCE RBN,HUMAN"], [true, true, false, true]),
            (&["PASS SOURCE CLUB"], [false, false, false, true]),
            (&["REJECT SOURCE ALL"], [false; 4]),
        ] {
            let filter = after(commands).filter();
            assert_eq!([person, rbn, psk, club].map(|spot| filter.passes(&spot)), passing, "{commands:?}");
        }
    }

    #[test]
    fn nearby_puts_lists_about_places_aside() {
        let mut near = spot(14_025, Mode::Cw);
        near.dx_grid = Grid::parse(b"FN32").unwrap();
        let mut far = near;
        far.dx_grid = Grid::parse(b"EM48").unwrap();
        let mut wish = after(&["PASS DXCONT EU", "PASS NEARBY ON"]);
        assert!(wish.filter().passes(&near) && !wish.filter().passes(&far));
        assert!(reply(&mut wish, "PASS DXCONT NA").starts_with("This filter is disabled when NEARBY ON."));
        assert!(reply(&mut wish, "REJECT NEARBY ON").starts_with("Usage: PASS NEARBY ON|OFF"));
        // FN31 to EM48 are some 1,500 km.
        assert!(reply(&mut wish, "PASS NEARBY 2000").starts_with("Nearby filter enabled.\n"));
        assert!(wish.filter().passes(&far));
        wish.set_home(Grid::NONE);
        assert!(!wish.filter().passes(&near), "inactive: the continent counts again");
        assert!(reply(&mut wish, "PASS DXCONT NA").starts_with("Filter set"));
        assert_eq!(reply(&mut wish, "PASS NEARBY OFF"), "Nearby filter disabled.");
        assert_eq!(wish.commands(), ["PASS DXCONT EU,NA"]);
        let told = Wish::open().command("PASS NEARBY ON", &context("")).unwrap();
        assert_eq!((told.done, &*told.reply[0]), (false, "Grid not set. Use SET GRID <4-6 char maidenhead>."));
    }

    #[test]
    fn a_profile_is_restored_even_where_something_is_gone() {
        let saved = ["PASS SOURCE GONE", "PASS BAND 20m", "PASS NEARBY ON"];
        let (wish, lost) = Wish::restore(saved, &context(""));
        assert_eq!((wish.commands(), lost), (vec!["PASS BAND 20m".into(), "PASS NEARBY ON".into()], vec![saved[0]]));
        assert!(wish.nearby.is_on() && !wish.nearby.is_active() && wish.filter().passes(&spot(14_025, Mode::Cw)));
    }

    #[test]
    fn the_node_decides_what_reset_means() {
        let default = ["UNSET/SKIMMER FT8,FT4".to_string(), "RESET FILTER".into(), "REJECT BAND 2".into()];
        let context = Context { default_filter: &default, ..context("") };
        let mut wish = after(&["PASS BAND 20", "PASS NEARBY ON", "ACCEPT/SPOTS on 20m"]);
        let outcome = wish.command("RESET FILTER", &context).unwrap();
        assert_eq!(outcome.reply[0], "Filters reset to defaults");
        assert_eq!((&wish, wish.commands()), (&Wish::of_node(&context), vec!["REJECT BAND 2m".to_string()]));
        assert_eq!(outcome.streams.len(), 4);
    }

    #[test]
    fn a_filter_has_a_size() {
        let mut wish = Wish::open();
        for at in 0..100 {
            assert!(wish.command(&format!("PASS DXCALL K{at}*"), &context("")).unwrap().done);
        }
        let full = wish.clone();
        assert!(reply(&mut wish, "PASS DXCALL W1*").contains("at most 100"));
        assert_eq!(wish, full);
        let mut wish = Wish::open();
        let words = |from: usize| (from..from + 100).map(|n| format!("{n:029}X")).collect::<Vec<_>>().join(",");
        assert!(reply(&mut wish, &format!("PASS COMMENT {}", words(0))).starts_with("Filter set"));
        assert!(reply(&mut wish, &format!("REJECT COMMENT {}", words(100))).starts_with("Your filter would become"));
    }

    /// Commands that change something, from which sequences are drawn.
    fn any_command() -> impl Strategy<Value = String> {
        let verb = prop_oneof![Just("PASS"), Just("REJECT")];
        let lists = prop::sample::select(vec![
            ("BAND", vec!["20", "40", "20-CW", "20-SSB", "1-CW", "HF", "MW", "70cm", "ALL"]),
            ("MODE", vec!["FT8", "CW", "SSB", "PSK31", "RTTY", "AM", "ALL"]),
            ("SOURCE", vec!["HUMAN", "SKIMMER", "RBN", "PSKREPORTER", "CLUB", "PEER", "ALL"]),
            ("DXCALL", vec!["K1*", "*/P", "K1ABC", "*1A?C*", "ALL"]),
            ("DECALL", vec!["W3LPL", "*-#", "ALL"]),
            ("CONFIDENCE", vec!["?", "V", "C", "ALL"]),
            ("DXCONT", vec!["EU", "NA", "ALL"]),
            ("DEZONE", vec!["5", "14", "ALL"]),
            ("DXITU", vec!["8", "28", "ALL"]),
            ("DXDXCC", vec!["291", "K", "9A", "ALL"]),
            ("DEGRID2", vec!["FN", "EM48", "ALL"]),
            ("DXGRID", vec!["FN", "FN31", "FN32", "ALL"]),
            ("DXSTATE", vec!["NH", "ON", "ALL"]),
            ("FREQ", vec!["14000-14070", "7000/7040.5", "50000+", "ALL"]),
            ("SNR", vec!["10+", "<=5", "-20..-10", "8-12", "ALL"]),
            ("WPM", vec!["20-35", "<18", "ALL"]),
            ("TIME", vec!["22:00-05:59", "0600-0700Z", "ALL"]),
            ("COMMENT", vec!["qrp", "TEST", "ALL"]),
            ("REFERENCE", vec!["POTA", "IOTA", "ALL"]),
            ("BEACON", vec![""]),
        ]);
        let of_list = (verb, lists, any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(
            |(verb, (name, elements), one, two)| {
                let (one, two) = (one.get(&elements), two.get(&elements));
                match *one == "ALL" || *two == "ALL" {
                    true => format!("{verb} {name} {one}"),
                    false => format!("{verb} {name} {one},{two}"),
                }
            },
        );
        let others = prop::sample::select(vec![
            "UNSET/SKIMMER FT8,FT4",
            "UNSET/SKIMMER",
            "SET/SKIMMER",
            "SET/FT8",
            "SET/NOCW",
            "SET/NOBEACON",
            "UNSET/SKIMMER BEACON,OTHER",
            "PASS NEARBY ON",
            "PASS NEARBY 500",
            "PASS NEARBY OFF",
            "SET/FILTER DXBM/OFF",
            "SET/FILTER K,VE/REJECT",
            "SET/FILTER DOS/PASS VA",
            "SET/NOFILTER",
            "ACCEPT/SPOTS 1 on 20m and not info ft8",
            "REJECT/SPOTS 3 by_zone 14,15 or call_dxcc w",
            "ACCEPT/RBN 2 db 8-30",
            "CLEAR/SPOTS ALL",
            "SET/DX/FILTER (band=20 or freq<7040) and not skimmer",
            "SET/DX/FILTER spottercont=EU",
            "SET/DX/MODE OPEN",
            "SET/DX/MODE FILTER",
            "UNSET/DX/FILTER",
        ]);
        prop_oneof![6 => of_list, 2 => others.prop_map(str::to_string)]
    }

    fn any_spot() -> impl Strategy<Value = Spot> {
        let modes: Vec<Mode> = [Mode::Unknown].into_iter().chain(Mode::all()).collect();
        let khz = prop::sample::select(vec![1_830, 7_010, 14_025, 14_074, 14_200, 21_300, 50_313, 432_100, 12_000]);
        let grid = prop::sample::select(vec!["", "FN31", "FN42", "EM48", "JO01"]);
        let numbers = (any::<u8>(), 0u8..3, 0u8..41, any::<bool>(), any::<bool>(), -30i16..40);
        (khz, prop::sample::select(modes), grid, numbers).prop_map(
            |(khz, mode, grid, (confidence, place, zone, skimmer, beacon, snr_db))| {
                let mut spot = spot(khz, mode);
                spot.flags.set(Flags::SKIMMER, skimmer);
                spot.flags.set(Flags::BEACON, beacon);
                spot.set_snr(Some(snr_db));
                spot.confidence = *[0, b'?', b'V', b'C'].get(usize::from(confidence % 4)).unwrap_or(&0);
                spot.dx_grid = Grid::parse(grid.as_bytes()).unwrap_or_default();
                spot.dx_adif = [0, 291, 497][usize::from(place)];
                spot.de_cq = zone;
                spot
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn commands_give_the_same_wish_and_filter(
            commands in prop::collection::vec(any_command(), 0..14),
            before in prop::collection::vec(any_command(), 0..4),
            spots in prop::collection::vec(any_spot(), 8),
        ) {
            let run = |wish: &mut Wish, lines: &[String]| -> Vec<Outcome> {
                lines.iter().map(|line| wish.command(line, &context("FN31")).expect("a filter command")).collect()
            };
            let mut wish = Wish::open();
            run(&mut wish, &commands);
            // Typed back by somebody with another filter.
            let shown = wish.show_commands();
            prop_assert_eq!(&shown[0], "Commands that make this filter:");
            let mut again = Wish::open();
            run(&mut again, &before);
            for outcome in run(&mut again, &shown[1..]) {
                prop_assert!(outcome.done, "{:?}", outcome.reply);
            }
            prop_assert_eq!(&again, &wish);
            prop_assert_eq!(again.filter(), wish.filter());
            prop_assert_eq!(again.show("K1ABC", Streams::default(), &context("FN31")),
                            wish.show("K1ABC", Streams::default(), &context("FN31")));
            prop_assert_eq!(&Wish::restore(wish.commands().iter().map(String::as_str), &context("FN31")).0, &wish);
            for spot in &spots {
                prop_assert_eq!(wish.filter().passes(spot), wish.expr().passes(spot));
                prop_assert_eq!(wish.parts().iter().all(|(_, part)| part.passes(spot)), wish.expr().passes(spot));
            }
            for line in shown.iter().chain(&wish.commands()) {
                prop_assert!(line.len() < 80, "{}", line);
            }
        }

        #[test]
        fn any_line_is_answered_or_none_of_ours(line in "(?i)(pass|reject|set|unset|set/filter|accept|clear) ?[/ ]?[ -~]{0,60}") {
            let mut wish = after(&["PASS BAND 20", "UNSET/SKIMMER FT8"]);
            let before = wish.clone();
            if let Some(outcome) = wish.command(&line, &context("")) {
                prop_assert!(!outcome.reply.is_empty());
                prop_assert!(outcome.done || wish == before);
            }
        }
    }

    #[test]
    fn show_tells_the_lists_as_gocluster_does() {
        let open = Wish::open().show("K1ABC", Streams::default(), &context(""));
        assert!(open[0].starts_with("Current filters: BAND=all pass | MODE=all pass | SOURCE=all pass"), "{}", open[0]);
        assert!(open[1].starts_with("                 "), "{}", open[1]);
        for line in [
            "DXCALL: allow=ALL block=NONE (effective: all pass)",
            "PATH: allow=ALL block=NONE (effective: all pass)",
            "NEARBY: OFF",
            "BEACON: ON (default)",
            "SELF: ON (default)",
        ] {
            assert!(open.iter().any(|l| l == line), "{line}\n{open:?}");
        }
        assert!(!open.iter().any(|line| line.starts_with("SNR")));
        for (commands, line) in [
            (&["PASS BAND 40,20"][..], "BAND: allow=40m, 20m block=NONE (effective: only: 40m, 20m)"),
            (&["REJECT BAND 20"], "BAND: allow=ALL block=20m (effective: all except: 20m)"),
            (&["REJECT BAND ALL"], "BAND: allow=NONE block=ALL (effective: all blocked)"),
            (&["PASS BAND 20", "REJECT BAND 20"], "BAND: allow=NONE block=20m (effective: none pass)"),
            (&["PASS SOURCE HUMAN,SKIMMER"], "SOURCE: allow=ALL block=NONE (effective: all pass)"),
            (
                &["PASS DXCALL K1*", "REJECT DXCALL K1A"],
                "DXCALL: allow=K1* block=K1A (effective: allowlist minus blocklist)",
            ),
            (&["REJECT DECALL ALL"], "DECALL: allow=ALL block=* (effective: none pass)"),
            (&["PASS SNR 10+"], "SNR: allow=10+ block=NONE (effective: only: 10+)"),
            (&["REJECT BEACON"], "BEACON: OFF"),
            (&["UNSET/SKIMMER FT"], "Skimmer spots: CW, RTTY, PSK, BEACON, OTHER; not FT8, FT4."),
        ] {
            let shown = after(commands).show("K1ABC", Streams::default(), &context(""));
            assert!(shown.iter().any(|l| l == line), "{line}\n{shown:#?}");
        }
        let slots = after(&["ACCEPT/SPOTS by_zone 14,15"]).show_spider("K1ABC", &context(""));
        assert_eq!(slots, ["K1ABC : spots", "   filter1 accept by_zone 14,15"]);
    }

    #[test]
    fn a_forgotten_type_is_found_by_what_was_typed() {
        for (typed, meant) in [
            ("20,40", "Did you mean PASS BAND 20,40?"),
            ("FT8", "Did you mean PASS MODE FT8?"),
            ("EU", "Did you mean PASS DXCONT EU?"),
            ("POTA", "Did you mean PASS REFERENCE POTA?"),
            ("K1*", "Did you mean PASS DXCALL K1*?"),
            ("K1ABC", "Did you mean PASS DXCALL K1ABC?"),
            ("DXCALS K1*", "Did you mean PASS DXCALL K1*?"),
            ("BANANA 1", ""),
        ] {
            let said = reply(&mut Wish::open(), &format!("PASS {typed}"));
            assert!(said.starts_with("Unknown filter type.") && said.contains(meant), "{said}");
            assert_eq!(said.contains("Did you mean"), !meant.is_empty(), "{said}");
        }
    }

    #[test]
    fn every_list_has_an_example_that_works() {
        for dim in Dim::all() {
            let (name, example) = (dim.name(), dim.words().example);
            for verb in ["PASS", "REJECT"] {
                let mut wish = Wish::open();
                let outcome = wish.command(&format!("{verb} {name} {example}"), &context("")).unwrap();
                assert!(outcome.done && !wish.is_open(), "{verb} {name} {example}: {:?}", outcome.reply);
                let usage = reply(&mut wish, &format!("{verb} {name}"));
                assert!(usage.starts_with(&format!("Usage: {verb} {name}")) && usage.contains("Example:"), "{usage}");
                let wrong = reply(&mut wish, &format!("{verb} {name} {example},$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$"));
                assert!(wrong.contains("$") && wrong.contains("Example:"), "{wrong}");
            }
        }
    }

    #[test]
    fn missing_facts_fail_what_is_passed_and_pass_what_is_rejected() {
        let bare = spot(12_000, Mode::Unknown);
        assert_eq!(bare.band(), Band::None);
        for dim in
            Dim::all().filter(|dim| !matches!(dim, Dim::Source | Dim::DxCall | Dim::DeCall | Dim::Freq | Dim::Time))
        {
            let (name, example) = (dim.name(), dim.words().example);
            assert!(!after(&[&format!("PASS {name} {example}")]).filter().passes(&bare), "PASS {name}");
            assert!(after(&[&format!("REJECT {name} {example}")]).filter().passes(&bare), "REJECT {name}");
        }
        // No glyph counts as `?`.
        assert!(after(&["PASS CONFIDENCE ?"]).filter().passes(&bare));
        assert!(!after(&["REJECT CONFIDENCE ?"]).filter().passes(&bare));
        let exempt = spot(14_074, Mode::Ft8);
        assert!(after(&["REJECT CONFIDENCE ALL"]).filter().passes(&exempt));
    }
}
