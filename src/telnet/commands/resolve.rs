//! From what was typed to the command that is meant.

use super::table::{ALIASES, Command, commands};
use std::sync::LazyLock;

/// What follows the words of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Args<'a> {
    /// A number tied to the last word: the 20 of `SH/DX/20`.
    pub tied: Option<&'a [u8]>,
    /// The rest of the line as typed, without the one blank before it.
    pub rest: &'a [u8],
}

impl<'a> Args<'a> {
    /// The arguments word by word, a tied number first.
    pub fn words(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.tied.into_iter().chain(words(self.rest))
    }
    /// The first word.
    pub fn first(&self) -> Option<&'a [u8]> {
        self.words().next()
    }
}

/// What a line turned out to be.
#[derive(Clone, Debug)]
pub enum Parsed<'a> {
    /// Nothing.
    Blank,
    /// A command.
    Command {
        /// Which.
        command: &'static Command,
        /// Its arguments.
        args: Args<'a>,
    },
    /// Short for several commands.
    Ambiguous {
        /// The words typed.
        typed: &'a [u8],
        /// What they could mean, at most `CHOICES_MAX`.
        choices: Vec<&'static str>,
    },
    /// No command.
    Unknown {
        /// The words typed.
        typed: &'a [u8],
        /// The command that is spelt most alike, if any is near.
        nearest: Option<&'static Command>,
    },
}

/// Most choices an ambiguous command is told about.
pub const CHOICES_MAX: usize = 6;
/// Words a path may have.
const WORDS_MAX: usize = 4;
/// Commands whose arguments begin with a name: it may be joined to them by a slash. Only these: a mistyped path
/// must not become the text of another command, as `A/B` would that of ANNOUNCE.
const SLASHED: &[&str] = &["PASS", "REJECT", "SET/FILTER", "UNSET/FILTER"];
/// Longest word that is compared for likeness.
const WORD_BYTES_MAX: usize = 16;
/// Commands that are never shortened: too much hangs on them, and `SH` alone is a SHOW that was sent early.
const NEVER_SHORT: &[&str] = &["SHUTDOWN"];
/// One wrong letter in so many: more, and it is another word (`SET/NAME` is not `SET/PAGE`).
const LETTERS_PER_TYPO: usize = 3;

/// Reads one command line. Never fails: whatever is typed is one of the four.
///
/// Words are joined by `/` (doubled ones count once) or by a blank, in any case, and may be cut short as
/// long as they stay clear. Among several candidates one whose word is typed in full wins. `SET/NOX`
/// is `UNSET/X` unless it is a command itself. Behind the commands of [`SLASHED`] a slash may stand
/// for the blank: `PASS/BAND 20`.
pub fn parse_command(line: &[u8]) -> Parsed<'_> {
    let line = line.trim_ascii_start();
    match parse_words(line) {
        Parsed::Unknown { typed, nearest } => match parse_slashed(line) {
            Some((command, rest)) => Parsed::Command { command, args: Args { tied: None, rest } },
            None => Parsed::Unknown { typed, nearest },
        },
        parsed => parsed,
    }
}

/// The longest beginning up to a slash that is one of [`SLASHED`], and what follows the slash, as written.
fn parse_slashed(line: &[u8]) -> Option<(&'static Command, &[u8])> {
    let slashes = line.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| at).take(WORDS_MAX);
    slashes.collect::<Vec<_>>().into_iter().rev().find_map(|at| match parse_words(&line[..at]) {
        Parsed::Command { command, args: Args { tied: None, rest: b"" } } if SLASHED.contains(&command.path) => {
            Some((command, &line[at + 1..]))
        }
        _ => None,
    })
}

fn parse_words(line: &[u8]) -> Parsed<'_> {
    if line.is_empty() {
        return Parsed::Blank;
    }
    let mut typed = Typed::default();
    let mut best: Option<(Found, Args<'_>, usize)> = None;
    let mut end = 0;
    // Word by word as far as paths go: `SET DX FILTER` must find the longest command.
    while typed.len < WORDS_MAX {
        let Some((next, tied)) = typed.take_token(line, end) else { break };
        end = next;
        let rest = line[end..].strip_prefix(b" ").unwrap_or(&line[end..]);
        let found = find(typed.words());
        if !matches!(found, Found::Nothing) {
            best = Some((found, Args { tied, rest }, end));
        }
        if tied.is_some() || !leads_on(typed.words()) {
            break;
        }
    }
    match best {
        Some((Found::One(command), args, _)) => Parsed::Command { command, args },
        Some((Found::Several(choices), _, end)) => Parsed::Ambiguous { typed: &line[..end], choices },
        _ if end == line.trim_ascii_end().len() && leads_on(typed.words()) => {
            Parsed::Ambiguous { typed: line.trim_ascii_end(), choices: longer_paths(typed.words()) }
        }
        _ => Parsed::Unknown { typed: unknown_words(line), nearest: nearest(line) },
    }
}

/// Finds a command by what a user typed after HELP: `SHOW DX`, `sh/dx`.
pub fn find_topic(topic: &[u8]) -> Option<&'static Command> {
    match parse_command(topic) {
        Parsed::Command { command, .. } => Some(command),
        _ => None,
    }
}

/// The words typed so far.
#[derive(Default)]
struct Typed<'a> {
    words: [&'a [u8]; WORDS_MAX],
    len: usize,
}

impl<'a> Typed<'a> {
    fn words(&self) -> &[&'a [u8]] {
        &self.words[..self.len]
    }

    /// Adds the words of the blank-separated token at or after `from`. Returns where the token ends and
    /// the number tied to it; `None` when there is no further token that could be words.
    fn take_token(&mut self, line: &'a [u8], from: usize) -> Option<(usize, Option<&'a [u8]>)> {
        let start = from + line[from..].iter().position(|&b| b != b' ')?;
        let end = line[start..].iter().position(|&b| b == b' ').map_or(line.len(), |at| start + at);
        let token = &line[start..end];
        let mut tied = None;
        for word in token.split(|&b| b == b'/').filter(|word| !word.is_empty()) {
            let is_argument = self.len > 0 && word[0].is_ascii_digit();
            if tied.is_some() || self.len == WORDS_MAX {
                return None;
            }
            if is_argument && token.contains(&b'/') {
                tied = Some(word);
            } else if is_argument {
                return None;
            } else {
                self.words[self.len] = word;
                self.len += 1;
            }
        }
        Some((end, tied))
    }
}

enum Found {
    Nothing,
    One(&'static Command),
    Several(Vec<&'static str>),
}

/// Every spelling of every command. Looked up once: the tables are constant, and a log-in storm resolves
/// thousands of commands a second.
fn spellings() -> impl Iterator<Item = (&'static str, &'static Command)> {
    static ALL: LazyLock<Vec<(&'static str, &'static Command)>> = LazyLock::new(|| {
        let aliases = ALIASES.iter().filter_map(|&(alias, path)| Some((alias, by_path(path)?)));
        commands().map(|command| (command.path, command)).chain(aliases).collect()
    });
    ALL.iter().copied()
}

fn by_path(path: &str) -> Option<&'static Command> {
    commands().find(|command| command.path == path)
}

fn find(words: &[&[u8]]) -> Found {
    match find_exactly_these(words) {
        Found::Nothing => match un_no(words) {
            Some((group, rest)) => find_exactly_these(&[group, rest]),
            None => Found::Nothing,
        },
        found => found,
    }
}

/// `SET NOX` read as `UNSET X`.
fn un_no<'a>(words: &[&'a [u8]]) -> Option<(&'static [u8], &'a [u8])> {
    let [group, word] = words else { return None };
    let is_set = group.len() >= 2 && is_short_for(group, b"SET");
    let is_no = word.len() > 2 && word[..2].eq_ignore_ascii_case(b"NO");
    (is_set && is_no).then(|| (&b"UNSET"[..], &word[2..]))
}

fn find_exactly_these(words: &[&[u8]]) -> Found {
    let mut found: Vec<(&str, &Command)> = spellings()
        .filter(|(path, _)| path.split('/').count() == words.len())
        .filter(|(path, _)| path.split('/').zip(words).all(|(full, word)| is_short_for(word, full.as_bytes())))
        .filter(|(path, _)| !NEVER_SHORT.contains(path) || words[0].len() == path.len())
        .collect();
    for (at, word) in words.iter().enumerate() {
        let is_full = |path: &str| path.split('/').nth(at).is_some_and(|full| full.len() == word.len());
        if found.iter().any(|(path, _)| is_full(path)) {
            found.retain(|(path, _)| is_full(path));
        }
    }
    let Some(&(_, first)) = found.first() else {
        return Found::Nothing;
    };
    if found.iter().all(|(_, command)| std::ptr::eq(*command, first)) {
        return Found::One(first);
    }
    Found::Several(choices(found.into_iter().map(|(_, command)| command.path)))
}

fn choices(paths: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut choices: Vec<&str> = paths.collect();
    choices.sort_unstable();
    choices.dedup();
    choices.truncate(CHOICES_MAX);
    choices
}

fn is_short_for(word: &[u8], full: &[u8]) -> bool {
    !word.is_empty() && word.len() <= full.len() && word.eq_ignore_ascii_case(&full[..word.len()])
}

/// Whether longer paths begin with these words.
fn leads_on(words: &[&[u8]]) -> bool {
    commands().any(|command| is_start_of(words, command.path))
}

fn longer_paths(words: &[&[u8]]) -> Vec<&'static str> {
    choices(commands().map(|command| command.path).filter(|path| is_start_of(words, path)))
}

fn is_start_of(words: &[&[u8]], path: &str) -> bool {
    let mut pairs = path.split('/').zip(words);
    !words.is_empty()
        && path.split('/').count() > words.len()
        && pairs.all(|(full, word)| is_short_for(word, full.as_bytes()))
}

/// The words of an unknown command: the first token, and the second too when the first is a group.
fn unknown_words(line: &[u8]) -> &[u8] {
    let mut ends = line.iter().enumerate().filter(|(_, b)| **b == b' ').map(|(at, _)| at);
    let first = ends.next().unwrap_or(line.len());
    let is_group = leads_on(&[&line[..first]]);
    if is_group { &line[..ends.next().unwrap_or(line.len())] } else { &line[..first] }
}

/// The command whose spelling is nearest to the first words of a line.
fn nearest(line: &[u8]) -> Option<&'static Command> {
    let mut typed = words(line).take(2);
    let (first, second) = (typed.next()?, typed.next());
    let joined: Vec<&[u8]> = first.split(|&b| b == b'/').filter(|word| !word.is_empty()).collect();
    let mut spaced = joined.clone();
    spaced.extend(second);
    let distance = |path: &str| {
        let either = [&joined, &spaced].map(|words| path_distance(words, path));
        either.into_iter().flatten().min()
    };
    let ranked = spellings().filter_map(|(path, command)| Some((distance(path)?, command)));
    ranked.min_by_key(|(distance, _)| *distance).map(|(_, command)| command)
}

/// Typing errors between words and a path of as many; `None` when a word is too far off.
fn path_distance(words: &[&[u8]], path: &str) -> Option<usize> {
    if path.split('/').count() != words.len() {
        return None;
    }
    let mut sum = 0;
    for (word, full) in words.iter().zip(path.split('/')) {
        let errors = word_distance(word, full.as_bytes());
        if errors * LETTERS_PER_TYPO > word.len() {
            return None;
        }
        sum += errors;
    }
    Some(sum)
}

/// Errors between a word and another or its beginning.
fn word_distance(word: &[u8], full: &[u8]) -> usize {
    if is_short_for(word, full) {
        return 0;
    }
    let whole = edit_distance(word, full);
    let cut = edit_distance(word, &full[..word.len().min(full.len())]);
    whole.min(cut)
}

/// Letters to change, insert, drop, or swap with their neighbour, ASCII case aside.
fn edit_distance(a: &[u8], b: &[u8]) -> usize {
    if a.len() > WORD_BYTES_MAX || b.len() > WORD_BYTES_MAX {
        return WORD_BYTES_MAX;
    }
    let mut table = [[0usize; WORD_BYTES_MAX + 1]; WORD_BYTES_MAX + 1];
    table[0] = std::array::from_fn(|j| j);
    for i in 1..=a.len() {
        table[i][0] = i;
        for j in 1..=b.len() {
            let same = |i: usize, j: usize| a[i - 1].eq_ignore_ascii_case(&b[j - 1]);
            let changed = table[i - 1][j - 1] + usize::from(!same(i, j));
            let mut least = changed.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
            if i > 1 && j > 1 && same(i, j - 1) && same(i - 1, j) {
                least = least.min(table[i - 2][j - 2] + 1);
            }
            table[i][j] = least;
        }
    }
    table[a.len()][b.len()]
}

/// Splits at blanks.
pub fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| b == b' ').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path(rest|tied)`, `? choices`, `- nearest`.
    fn parsed(line: &str) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match parse_command(line.as_bytes()) {
            Parsed::Blank => "blank".into(),
            Parsed::Command { command, args } => {
                let tied = args.tied.map(|tied| format!("|{}", text(tied))).unwrap_or_default();
                format!("{}({}{tied})", command.path, text(args.rest))
            }
            Parsed::Ambiguous { choices, .. } => format!("? {}", choices.join(" ")),
            Parsed::Unknown { typed, nearest } => {
                format!("- {} {}", text(typed), nearest.map_or("", |command| command.path))
            }
        }
    }

    #[test]
    fn words_slashes_and_short_forms_lead_to_one_command() {
        for (line, want) in [
            ("SHOW/DX", "SHOW/DX()"),
            ("show dx", "SHOW/DX()"),
            ("sh/dx 20", "SHOW/DX(20)"),
            ("SH DX 20", "SHOW/DX(20)"),
            ("sh  dx  20", "SHOW/DX( 20)"),
            ("sh/dx/20", "SHOW/DX(|20)"),
            ("sh dx/20", "SHOW/DX(|20)"),
            ("sh/dx/5-10 9a", "SHOW/DX(9a|5-10)"),
            ("sh//dx", "SHOW/DX()"),
            ("/sh/dx/", "SHOW/DX()"),
            ("sh/d", "SHOW/DX()"),
            ("sh/de", "SHOW/DEDUPE()"),
            ("sh dx 9a", "SHOW/DX(9a)"),
            ("show dx k1abc/p", "SHOW/DX(k1abc/p)"),
            ("dx 14025 k1abc", "DX(14025 k1abc)"),
            ("d 14025 k1abc", "DX(14025 k1abc)"),
            ("  dx   14025 k1abc up 2 ", "DX(  14025 k1abc up 2 )"),
            ("echo  #a b# ", "ECHO( #a b# )"),
            ("q", "BYE()"),
            ("exit", "BYE()"),
            ("w", "WHO()"),
            ("l", "MAIL()"),
            ("r 1", "MAIL(1)"),
            ("sh/f", "SHOW/FILTER()"),
            ("sh/fd 5", "SHOW/FDX(5)"),
            ("shutdown now", "SHUTDOWN(now)"),
            ("?", "HELP()"),
            ("h sh/dx", "HELP(sh/dx)"),
            ("help show dx", "HELP(show dx)"),
            ("set/nofilter", "SET/NOFILTER()"),
            ("set nofi", "SET/NOFILTER()"),
            ("unset/filter", "UNSET/FILTER()"),
            ("set/noft8", "UNSET/FT8()"),
            ("set/noskimmer", "UNSET/SKIMMER()"),
            ("set/rbn ft", "SET/SKIMMER(ft)"),
            ("acc/spots 3 by_zone 14", "ACCEPT/SPOTS(3 by_zone 14)"),
            ("reject/spot on hf/cw", "REJECT/SPOTS(on hf/cw)"),
            ("rej/spots/2 on hf", "REJECT/SPOTS(on hf|2)"),
            ("reject source human", "REJECT(source human)"),
            ("rej/ann all", "REJECT/ANNOUNCE(all)"),
            ("set/filter dxbm/pass 20-CW", "SET/FILTER(dxbm/pass 20-CW)"),
            ("set dx filter band=20", "SET/DX/FILTER(band=20)"),
            ("set/noupdates", "UNSET/UPDATES()"),
            ("set noup", "UNSET/UPDATES()"),
            ("set/noecho", "UNSET/ECHO()"),
            ("set page 0", "SET/PAGE(0)"),
            ("set/page/0", "SET/PAGE(|0)"),
            ("   ", "blank"),
            ("", "blank"),
        ] {
            assert_eq!(parsed(line), want, "{line:?}");
        }
    }

    #[test]
    fn a_slash_may_stand_between_a_filter_command_and_the_name() {
        for (line, want) in [
            ("PASS/BAND 20", "PASS(BAND 20)"),
            ("pass/band/20", "PASS(band/20)"),
            ("pass/dxcall k1*,*/p", "PASS(dxcall k1*,*/p)"),
            ("reject/mode ft8", "REJECT(mode ft8)"),
            ("rej/source human", "REJECT(source human)"),
            ("SET/FILTER/DXBM/PASS 20", "SET/FILTER(DXBM/PASS 20)"),
            ("set filter/dxbm/pass 20", "SET/FILTER(dxbm/pass 20)"),
            ("set/filter/dxbm/pass/20", "SET/FILTER(dxbm/pass/20)"),
            ("set/filter/dxcty/reject/k,ve", "SET/FILTER(dxcty/reject/k,ve)"),
            ("unset/filter/dxbm 160", "UNSET/FILTER(dxbm 160)"),
            // All as without it.
            ("reject/spots 2 on hf", "REJECT/SPOTS(2 on hf)"),
            ("pass band 20/40", "PASS(band 20/40)"),
            // SET/NOFILTER opens everything: not what is meant here.
            ("set/nofilter/dxbm 160", "- set/nofilter/dxbm "),
            ("a/b/c", "- a/b/c "),
            ("ann/hello there", "- ann/hello "),
            ("dx/k1abc 14025", "- dx/k1abc "),
            ("set/filtre/dxbm/pass 20", "- set/filtre/dxbm/pass "),
            ("sh/usrs/pass/band", "- sh/usrs/pass/band "),
        ] {
            assert_eq!(parsed(line), want, "{line:?}");
        }
    }

    #[test]
    fn what_is_not_clear_is_asked_back() {
        for (line, want) in [
            ("e", "? BYE ECHO EXPLAIN"),
            ("s/de", "? SET/DEDUPE SHOW/DEDUPE"),
            ("pnig", "- pnig PING"),
            ("hepl dx", "- hepl HELP"),
            ("shwo dx 5", "- shwo SHOW/DX"),
            ("sh/usrs", "- sh/usrs SHOW/USERS"),
            ("xyzzy", "- xyzzy "),
            ("////", "- //// "),
            ("14025 k1abc", "- 14025 "),
            ("a/b/c/d/e/f", "- a/b/c/d/e/f "),
        ] {
            assert_eq!(parsed(line), want, "{line:?}");
        }
        for group in ["show", "unset ", "sh"] {
            let choices = parsed(group);
            assert!(choices.starts_with("? "), "{choices}");
            assert!((4..=1 + CHOICES_MAX).contains(&choices.split(' ').count()), "{choices}");
        }
    }

    #[test]
    fn every_command_is_reached_by_its_path_and_every_alias_leads_somewhere() {
        for command in commands() {
            let by_blank = command.path.replace('/', " ");
            for line in [command.path, &by_blank, &command.path.to_lowercase()] {
                assert_eq!(parsed(line), format!("{}()", command.path), "{line}");
            }
            assert!(command.usage.to_uppercase().starts_with(command.path), "{}", command.usage);
            for line in command.more.lines().chain([command.usage, command.brief]) {
                assert!(line.len() < 80, "too wide for a terminal: {line}");
            }
        }
        for (alias, path) in ALIASES {
            assert_eq!(parsed(alias), format!("{path}()"), "{alias}");
        }
    }
}
