//! PASS and REJECT, GoCluster's own commands, with its replies. Where a command does more or other than
//! its user may think, a further line of the reply says so.

use super::dims::{Dim, Item, SOURCE_SKIMMER, modes_of};
use super::lists::{Choice, ITEMS_MAX, Typed, read_list, shortened};
use super::nearby::Nearby;
use super::nearest::nearest;
use super::{Context, Outcome, Streams, Wish};
use crate::spot::{Call, Mode, is_plausible};

/// What is done with a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verb {
    Pass,
    Reject,
}

impl Verb {
    pub fn name(self) -> &'static str {
        match self {
            Verb::Pass => "PASS",
            Verb::Reject => "REJECT",
        }
    }
}

/// Streams that GoCluster counts among the filters: name, stream, subject of the reply.
pub(super) const STREAMS: [(&str, Streams, &str); 4] = [
    ("WWV", Streams::WWV, "WWV bulletins"),
    ("WCY", Streams::WCY, "WCY bulletins"),
    ("ANNOUNCE", Streams::ANN, "Announcements"),
    ("SELF", Streams::SELF, "Self spots"),
];

/// What can follow PASS or REJECT.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    List(Dim),
    Beacon,
    Path,
    Nearby,
    Stream(usize),
}

/// Names that are not those of a list.
const OTHER_TYPES: [(&str, Type); 9] = [
    ("BEACON", Type::Beacon),
    ("PATH", Type::Path),
    ("NEARBY", Type::Nearby),
    ("WWV", Type::Stream(0)),
    ("WCY", Type::Stream(1)),
    ("ANNOUNCE", Type::Stream(2)),
    ("PC93", Type::Stream(2)),
    ("SELF", Type::Stream(3)),
    ("ANN", Type::Stream(2)),
];

/// Shortest cut of a type's name that is understood.
const CUT_MIN: usize = 3;

fn types() -> impl Iterator<Item = (&'static str, Type)> {
    Dim::all().map(|dim| (dim.name(), Type::List(dim))).chain(OTHER_TYPES)
}

impl Type {
    /// Reads a name, also its plural or a clear beginning of it.
    pub fn parse(word: &str) -> Option<Type> {
        let upper = word.to_ascii_uppercase();
        let exact = |name: &str| types().find(|(known, _)| *known == name).map(|(_, found)| found);
        if let Some(found) = exact(&upper).or_else(|| exact(upper.strip_suffix('S')?)) {
            return Some(found);
        }
        let mut fitting = types().filter(|(name, _)| upper.len() >= CUT_MIN && name.starts_with(&upper));
        let (_, first) = fitting.next()?;
        fitting.all(|(_, other)| other == first).then_some(first)
    }
}

/// Runs PASS or REJECT.
pub(super) fn run(
    wish: &mut Wish,
    verb: Verb,
    name: &str,
    rest: &str,
    context: &Context<'_>,
    trusting: bool,
) -> Outcome {
    if name.is_empty() {
        return Outcome::refused(usage(verb));
    }
    match Type::parse(name) {
        Some(Type::List(dim)) => list(wish, verb, dim, rest, context),
        Some(Type::Beacon) => beacon(wish, verb == Verb::Pass),
        Some(Type::Path) => {
            Outcome::refused(["PATH filtering unavailable (path predictor disabled). Command ignored.".into()])
        }
        Some(Type::Nearby) if verb == Verb::Reject => Nearby::reject(),
        Some(Type::Nearby) => {
            let outcome = wish.nearby.pass(rest, context.grid, trusting);
            tell_suspended(wish, outcome)
        }
        Some(Type::Stream(at)) => stream(at, verb == Verb::Pass),
        None => Outcome::refused(unknown(verb, name, rest, context)),
    }
}

/// ACCEPT and CLEAR of anything but spots.
pub(super) fn accept(verb: &str, name: &str, rest: &str) -> Outcome {
    match Type::parse(name) {
        Some(Type::Stream(at)) if verb == "CLEAR" || rest.is_empty() || rest.eq_ignore_ascii_case("ALL") => {
            stream(at, true)
        }
        Some(Type::Stream(at)) => {
            let name = STREAMS[at].0;
            Outcome::refused([
                format!("{name} is switched on or off as a whole here, it has no terms."),
                format!("Example: ACCEPT/{name} or REJECT/{name}"),
            ])
        }
        Some(Type::List(dim)) if verb == "ACCEPT" => Outcome::refused([
            format!("ACCEPT is about SPOTS or RBN. Did you mean PASS {} {rest}?", dim.name()),
            "Example: ACCEPT/SPOTS on 20m".into(),
        ]),
        _ if verb == "CLEAR" => Outcome::refused([
            "Usage: CLEAR/SPOTS [0-9|ALL], CLEAR/RBN [0-9|ALL]".into(),
            "Example: CLEAR/SPOTS ALL".into(),
        ]),
        _ => Outcome::refused([
            "Usage: ACCEPT/SPOTS [0-9] <terms>, ACCEPT/RBN [0-9] <terms>".into(),
            "Example: ACCEPT/SPOTS 1 on 20m and by_zone 14,15".into(),
        ]),
    }
}

/// Switches a stream; the session keeps them.
pub(super) fn stream(at: usize, on: bool) -> Outcome {
    let (_, stream, subject) = STREAMS[at];
    let state = if on { "enabled" } else { "disabled" };
    let mut outcome = Outcome::done([format!("{subject} {state}")]);
    outcome.streams.push((stream, on));
    outcome
}

/// Lets beacons pass or not, people's reports and skimmers' alike.
pub(super) fn beacon(wish: &mut Wish, on: bool) -> Outcome {
    wish.lists.beacon = Some(on);
    let mut outcome = Outcome::done([format!("Beacon spots {}", if on { "enabled" } else { "disabled" })]);
    if on && wish.skimmers.lacks_beacons() {
        wish.skimmers.switch_on_beacons();
        outcome.reply.push("Beacon reports of skimmers were switched off; they are on again.".into());
    }
    outcome
}

fn tell_suspended(wish: &Wish, mut outcome: Outcome) -> Outcome {
    if outcome.done && wish.nearby.is_on() && wish.lists.has_location() {
        outcome.reply.push("Your location filters rest until PASS NEARBY OFF.".into());
    }
    outcome
}

/// Runs PASS or REJECT of a list.
pub(super) fn list(wish: &mut Wish, verb: Verb, dim: Dim, text: &str, context: &Context<'_>) -> Outcome {
    let words = dim.words();
    let typed = match read_list(dim, text, context) {
        Ok(typed) => typed,
        Err(lines) => {
            let mut lines: Vec<String> = lines.iter().flat_map(|line| fold(line, 2)).collect();
            lines.push(format!("Example: {} {} {}", verb.name(), words.name, words.example));
            return Outcome::refused(lines);
        }
    };
    if wish.nearby.is_active() && dim.is_location() {
        return Outcome::refused([
            "This filter is disabled when NEARBY ON. Disable NEARBY if you want to use regular location filters".into(),
        ]);
    }
    let choice = wish.lists.of_mut(dim);
    match (verb, typed) {
        (_, Typed::Nothing) => Outcome::refused([
            format!("Usage: {} {} {}", verb.name(), words.name, words.list),
            format!("Example: {v} {n} {}, {v} {n} ALL", words.example, v = verb.name(), n = words.name),
            "Type HELP for usage.".into(),
        ]),
        (Verb::Pass, Typed::All) => {
            *choice = Choice::open();
            Outcome::done([words.pass_all.to_string()])
        }
        (Verb::Reject, Typed::All) => {
            *choice = Choice::closed();
            Outcome::done([words.reject_all.to_string()])
        }
        (_, Typed::Items(items)) => {
            let before = choice.clone();
            match verb {
                Verb::Pass => choice.pass(dim, &items),
                Verb::Reject => choice.reject(dim, &items),
            }
            if choice.compared() > ITEMS_MAX {
                return Outcome::refused([
                    format!("A list of {} has at most {ITEMS_MAX} elements; nothing is changed.", words.name),
                    format!("PASS {} ALL empties it.", words.name),
                ]);
            }
            let after = choice.clone();
            let mut reply = vec![confirmation(verb, dim, &items)];
            reply.extend(entities(dim, text, &items, context));
            reply.extend(surprise(verb, dim, &items, &before, &after));
            if verb == Verb::Pass {
                reply.extend(wake_skimmers(wish, dim, &items));
            }
            Outcome::done(reply)
        }
    }
}

/// GoCluster's words for what was done.
fn confirmation(verb: Verb, dim: Dim, items: &[Item]) -> String {
    let words = dim.words();
    let mut items = items.to_vec();
    // GoCluster sorts these and no others.
    if matches!(dim, Dim::DxDxcc | Dim::DeDxcc) {
        items.sort();
    }
    let list = print_list(dim, &items);
    match (verb, items.len()) {
        (Verb::Pass, 1) => format!("{} {list}", words.pass_one),
        (Verb::Pass, _) => format!("{} {list}", words.pass_many),
        (Verb::Reject, _) => format!("{} {list}", words.reject),
    }
}

/// Entities that were typed as prefixes, by name: ZZZ is Brazil, which not everybody would guess.
fn entities(dim: Dim, text: &str, items: &[Item], context: &Context<'_>) -> Option<String> {
    let by_prefix = matches!(dim, Dim::DxDxcc | Dim::DeDxcc) && text.bytes().any(|b| b.is_ascii_alphabetic());
    if !by_prefix || items.len() > ENTITIES_NAMED_MAX {
        return None;
    }
    let names = items.iter().filter_map(|item| match item {
        Item::Number(adif) => Some(format!("{adif} {}", context.cty.entity(*adif)?.name)),
        _ => None,
    });
    Some(format!("These are {}.", names.collect::<Vec<_>>().join(", ")))
}

/// More names than these would be a page.
const ENTITIES_NAMED_MAX: usize = 3;

pub(super) fn print_list(dim: Dim, items: &[Item]) -> String {
    items.iter().map(|item| dim.print(item)).collect::<Vec<_>>().join(", ")
}

/// What a user might not expect.
fn surprise(verb: Verb, dim: Dim, items: &[Item], before: &Choice, after: &Choice) -> Option<String> {
    let name = dim.name();
    let was_open = !before.closed && before.allow.is_empty();
    match verb {
        Verb::Pass if was_open && items.iter().any(|item| before.block.contains(item)) => {
            Some(format!("Of {name} only this passes, no longer rejected; PASS {name} ALL opens all."))
        }
        Verb::Pass if was_open => {
            Some(format!("Of {name} only this passes: PASS adds more, PASS {name} ALL opens all."))
        }
        Verb::Reject if before.closed => {
            Some(format!("Nothing of {name} passed before, and nothing passes now; PASS {name} ALL opens all."))
        }
        Verb::Reject if after.closed => {
            Some(format!("Nothing of {name} is left to pass, so nothing passes; PASS {name} ALL opens all."))
        }
        _ => None,
    }
}

/// Somebody who passes FT8 wants to see FT8: skimmers' switches must not stand against it.
fn wake_skimmers(wish: &mut Wish, dim: Dim, items: &[Item]) -> Option<String> {
    match dim {
        Dim::Mode => {
            let asleep: Vec<Mode> = modes_of(items).filter(|mode| wish.skimmers.lacks(*mode)).collect();
            asleep.iter().for_each(|mode| wish.skimmers.switch_on(*mode));
            let names: Vec<&str> = asleep.iter().map(|mode| mode.name()).collect();
            let names = names.join(", ");
            (!names.is_empty()).then(|| format!("Skimmers' {names} were switched off; they are on again."))
        }
        Dim::Source if items.contains(&SOURCE_SKIMMER) && wish.skimmers.is_closed() => {
            wish.skimmers = super::Skimmers::ALL;
            Some("Skimmer spots were switched off; they are on again.".into())
        }
        _ => None,
    }
}

/// PASS or REJECT alone.
pub(super) fn usage(verb: Verb) -> Vec<String> {
    let verb = verb.name();
    let mut lines = vec![
        format!("Usage: {verb} <type> <list>, {verb} <type> ALL"),
        format!("Example: {verb} BAND 20,40 or {verb} DXCALL K1*,*/P"),
        "PASS adds to what passes, REJECT to what is blocked; the block wins.".into(),
        "Types:".into(),
    ];
    lines.extend(wrapped(&type_names()));
    lines.push(format!("Supported modes: {}", super::dims::mode_names().join(", ")));
    lines.push(format!("Type HELP {verb} for more."));
    lines.iter().flat_map(|line| fold(line, 2)).collect()
}

fn type_names() -> Vec<&'static str> {
    types().map(|(name, _)| name).filter(|name| !["PC93", "ANN"].contains(name)).collect()
}

/// Not a type: says which there are, and which was probably meant.
fn unknown(verb: Verb, name: &str, rest: &str, context: &Context<'_>) -> Vec<String> {
    let mut lines = vec!["Unknown filter type. Types are:".to_string()];
    lines.extend(wrapped(&type_names()));
    let verb = verb.name();
    let list = format!("{name} {rest}");
    let list = list.trim();
    if name == "ALL" {
        lines.push(match verb {
            "PASS" => "For everything: SET/NOFILTER. For one type: PASS BAND ALL.".into(),
            _ => "For no spots at all: UNSET/DX. For one type: REJECT BAND ALL.".into(),
        });
    } else if let Some(found) = of_value(list, context) {
        lines.push(format!("Did you mean {verb} {} {}?", found.name(), shortened(list)));
    } else if let Some(found) = nearest(name, types().map(|(name, _)| name)) {
        let example = match Type::parse(found) {
            Some(Type::List(dim)) => dim.words().example,
            Some(Type::Nearby) => "ON",
            _ => "",
        };
        let example = if rest.is_empty() { example.into() } else { shortened(rest) };
        lines.push(format!("Did you mean {}?", format!("{verb} {found} {example}").trim()));
    } else if are_calls(list) {
        lines.push(format!("Did you mean {verb} DXCALL {}?", shortened(list)));
    }
    lines.push("Type HELP for usage.".into());
    lines
}

/// The list whose elements these are: `PASS 20,40` lacks BAND.
fn of_value(list: &str, context: &Context<'_>) -> Option<Dim> {
    [Dim::Band, Dim::Mode, Dim::DxCont, Dim::Reference, Dim::Source]
        .into_iter()
        .find(|dim| matches!(read_list(*dim, list, context), Ok(Typed::Items(_))))
}

/// Whether these look like calls or patterns of calls. (Nearly every word could be one.)
fn are_calls(list: &str) -> bool {
    let is_call = |word: &str| word.contains('*') || Call::new(word.as_bytes()).is_some_and(|call| is_plausible(&call));
    list.split([',', ' ']).filter(|word| !word.is_empty()).all(is_call)
}

/// Names joined by commas, indented by two.
fn wrapped(names: &[&str]) -> Vec<String> {
    fold(&format!("  {}", names.join(", ")), 2)
}

/// Columns of a reply.
const WIDTH: usize = 78;

/// Cuts a line at blanks so that it fits a terminal; what follows is indented.
pub(super) fn fold(line: &str, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = line.to_string();
    while rest.len() > WIDTH {
        let Some(at) = rest.as_bytes()[..WIDTH].iter().rposition(|b| *b == b' ').filter(|at| *at > indent) else {
            break;
        };
        let next = format!("{:indent$}{}", "", &rest[at + 1..]);
        rest.truncate(at);
        lines.push(std::mem::replace(&mut rest, next));
    }
    lines.push(rest);
    lines
}
