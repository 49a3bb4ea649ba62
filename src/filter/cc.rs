//! SET/FILTER and its kin, as CC Cluster has them, over the lists of [`super::go`] and the switches of
//! [`super::Skimmers`].

use super::dims::{Dim, SOURCE_SKIMMER, mode_item};
use super::go::{self, Type, Verb, print_list};
use super::lists::{Typed, read_list, shortened};
use super::nearest::nearest;
use super::{Context, Outcome, Wish};
use crate::spot::Mode;

/// CC Cluster's own filters and the lists they are.
const FILTERS: [(&str, Dim); 6] = [
    ("DXBM", Dim::Band),
    ("DXBANDMODE", Dim::Band),
    ("DXCTY", Dim::DxDxcc),
    ("DXSTATE", Dim::DxState),
    ("DOC", Dim::DeDxcc),
    ("DOS", Dim::DeState),
];
/// Filters on the origin of announcements and weather, which come from this node's users and few peers here.
const NOT_FILTERED: [&str; 4] = ["AOC", "AOS", "WOC", "WOS"];

/// Skimmer modes that have commands of their own: SET/FT8, UNSET/CW.
const MODES: [&str; 7] = ["CW", "RTTY", "PSK", "FT8", "FT4", "FT", "FTX"];

/// Runs SET or UNSET with one of our nouns; `None` when it is none of ours.
pub(super) fn run(
    wish: &mut Wish,
    set: bool,
    noun: &str,
    rest: &str,
    context: &Context<'_>,
    trusting: bool,
) -> Option<Outcome> {
    // SET/SKIMMER OFF, SET/FT8 OFF: the word decides, not the verb.
    let switch = matches!(noun, "SKIMMER" | "WANTRBN" | "RBN" | "BEACON" | "BEACONS") || MODES.contains(&noun);
    let (set, rest) = match rest.trim() {
        word if switch && word.eq_ignore_ascii_case("OFF") => (false, ""),
        word if switch && word.eq_ignore_ascii_case("ON") => (set, ""),
        _ => (set, rest),
    };
    Some(match noun {
        "FILTER" if rest.is_empty() && set => Outcome::refused(go::usage(Verb::Pass)),
        "FILTER" if rest.is_empty() => no_filter(wish),
        "FILTER" => filter(wish, if set { Verb::Pass } else { Verb::Reject }, rest, context, trusting),
        "NOFILTER" if set => no_filter(wish),
        "SKIMMER" | "WANTRBN" | "RBN" => skimmer(wish, set, rest),
        _ if MODES.contains(&noun) => skimmer(wish, set, noun),
        "BEACON" | "BEACONS" => go::beacon(wish, set),
        "ANN" | "ANNOUNCE" => go::stream(2, set),
        "WWV" => go::stream(0, set),
        "WCY" => go::stream(1, set),
        "SELF" => go::stream(3, set),
        _ => {
            return noun.strip_prefix("NO").filter(|_| set).and_then(|noun| {
                // SET/NOFILTER is its own command, and UNSET/FILTER takes a list.
                (noun != "FILTER").then(|| run(wish, false, noun, rest, context, trusting)).flatten()
            });
        }
    })
}

fn no_filter(wish: &mut Wish) -> Outcome {
    *wish = Wish::open();
    Outcome::done(["All filters disabled".into()])
}

/// SET/SKIMMER, SET/FT8 and the like.
fn skimmer(wish: &mut Wish, on: bool, modes: &str) -> Outcome {
    let mut outcome = wish.skimmers.command(on, modes);
    if !outcome.done || !on {
        return outcome;
    }
    let sources = wish.lists.of_mut(Dim::Source);
    if sources.block.contains(&SOURCE_SKIMMER) {
        sources.block.retain(|item| *item != SOURCE_SKIMMER);
        outcome.reply.push("REJECT SOURCE SKIMMER is taken back.".into());
    } else if sources.closed || (!sources.allow.is_empty() && !sources.allow.contains(&SOURCE_SKIMMER)) {
        outcome
            .reply
            .push("Your SOURCE list still holds skimmers back: PASS SOURCE SKIMMER or PASS SOURCE ALL.".into());
    }
    let held = |mode: &Mode| {
        let (list, item) = (wish.lists.of(Dim::Mode), mode_item(*mode));
        let is_in = |items: &[_]| item.as_ref().is_some_and(|item| items.contains(item));
        list.closed || is_in(&list.block) || (!list.allow.is_empty() && !is_in(&list.allow))
    };
    let named = modes.to_ascii_uppercase();
    let named = named.split([',', ' ', '/']).filter_map(|word| Mode::all().find(|mode| mode.name() == word));
    let held: Vec<&str> = named.filter(held).map(|mode| mode.name()).collect();
    if !held.is_empty() {
        let held = held.join(",");
        outcome.reply.push(format!("Your MODE list still holds {held} back: PASS MODE {held} or PASS MODE ALL."));
    }
    outcome
}

/// What stands behind a filter's name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Verb(Verb),
    On,
    Off,
}

impl Action {
    fn parse(word: &str) -> Option<Action> {
        match word.to_ascii_uppercase().as_str() {
            "PASS" | "ACCEPT" => Some(Action::Verb(Verb::Pass)),
            "REJECT" => Some(Action::Verb(Verb::Reject)),
            "ON" => Some(Action::On),
            "OFF" => Some(Action::Off),
            _ => None,
        }
    }
}

/// SET/FILTER and UNSET/FILTER with something behind.
fn filter(wish: &mut Wish, verb: Verb, text: &str, context: &Context<'_>, trusting: bool) -> Outcome {
    let (head, mut list) = text.split_once(' ').unwrap_or((text, ""));
    list = list.trim_start();
    let mut parts = head.splitn(3, '/');
    let name = parts.next().unwrap_or_default().to_ascii_uppercase();
    let mut action = parts.next().and_then(Action::parse);
    if action.is_none() && head.contains('/') {
        return unknown(&name, head);
    }
    let joined = parts.next().map(|more| format!("{more} {list}"));
    let mut list = joined.as_deref().unwrap_or(list);
    // The action may be a word of its own; but ON alone is Ontario.
    let (first, rest) = list.split_once(' ').unwrap_or((list, ""));
    if action.is_none()
        && let Some(found) = Action::parse(first)
        && !(name.ends_with("STATE") && found == Action::On)
    {
        action = Some(found);
        list = rest;
    }
    let action = action.unwrap_or(Action::Verb(verb));
    if NOT_FILTERED.contains(&name.as_str()) {
        return Outcome::refused([format!("{name}: announcements and weather are not filtered by origin here.")]);
    }
    if let Some((_, dim)) = FILTERS.iter().find(|(own, _)| *own == name) {
        return own_filter(wish, &name, *dim, action, list, context);
    }
    match Type::parse(&name) {
        Some(found) => go_filter(wish, found, &name, action, list, context, trusting),
        None => match (action, read_list(Dim::DxDxcc, &name, context)) {
            // K,VE/PASS
            (Action::Verb(verb), Ok(Typed::Items(_))) if list.is_empty() && head.contains('/') => {
                let mut outcome = go::list(wish, verb, Dim::DxDxcc, &name, context);
                outcome.reply.push("Announcements and weather are not filtered by origin here.".into());
                outcome
            }
            _ => unknown(&name, head),
        },
    }
}

/// GoCluster's types with PASS, REJECT, ON, OFF.
fn go_filter(
    wish: &mut Wish,
    found: Type,
    name: &str,
    action: Action,
    list: &str,
    context: &Context<'_>,
    trusting: bool,
) -> Outcome {
    let (verb, list) = match (action, found) {
        (Action::On, Type::Nearby) => (Verb::Pass, "ON"),
        (Action::Off, Type::Nearby) => (Verb::Pass, "OFF"),
        (Action::On, _) => (Verb::Pass, "ALL"),
        (Action::Off, _) => (Verb::Reject, "ALL"),
        (Action::Verb(verb), _) => (verb, list),
    };
    let mut outcome = go::run(wish, verb, name, list, context, trusting);
    if outcome.done
        && action == Action::Off
        && let Type::List(dim) = found
    {
        let name = dim.name();
        outcome.reply.push(format!("{name}/OFF blocks all of {name}; SET/FILTER {name}/ON passes all of it again."));
    }
    outcome
}

/// CC Cluster's filters. Here OFF means that the filter is out of force, as CC Cluster's users know it.
fn own_filter(wish: &mut Wish, name: &str, dim: Dim, action: Action, list: &str, context: &Context<'_>) -> Outcome {
    let verb = match action {
        Action::Verb(verb) => verb,
        Action::On | Action::Off => {
            let mut outcome = go::list(wish, Verb::Pass, dim, "ALL", context);
            if outcome.done && action == Action::Off {
                outcome.reply.push(format!("The {name} filter is off: its list is gone."));
            }
            return outcome;
        }
    };
    if dim != Dim::Band {
        return go::list(wish, verb, dim, list, context);
    }
    let list = band_words(list);
    if list.is_empty() {
        return Outcome::refused([
            "Usage: SET/FILTER DXBM/PASS|REJECT <band>[,<band>...]".into(),
            "Example: SET/FILTER DXBM/PASS 20-CW,15-SSB,6".into(),
            "Type HELP for usage.".into(),
        ]);
    }
    let mut outcome = go::list(wish, verb, dim, &list, context);
    match read_list(dim, &list, context) {
        Ok(Typed::Items(items)) if outcome.done => {
            let what = if verb == Verb::Pass { "allow" } else { "block" };
            outcome.reply[0] = format!("DXBM mapped: {what} bands {}", print_list(dim, &items).to_uppercase());
        }
        Err(_) => {
            let wrong = list.split(',').find(|word| dim.parse(word, context).is_none()).unwrap_or_default();
            outcome.reply = vec![
                format!("Unknown DXBM band: {}", shortened(wrong).to_ascii_uppercase()),
                "Supported: 160, 80, 60, 40, 30, 20, 17, 15, 12, 10, 6, 4, 2, 1, HF, VHF, and".into(),
                "parts of them: 20-CW, 20-RTTY, 20-SSB, 6-FM, 4-MTR, MW.".into(),
            ];
        }
        _ => {}
    }
    outcome
}

/// DXBM elements joined by commas; CC Cluster calls 1.25 m `1`.
fn band_words(list: &str) -> String {
    let words = list.split([',', ' ']).filter(|word| !word.is_empty());
    words.map(|word| if word == "1" { "1.25m" } else { word }).collect::<Vec<_>>().join(",")
}

fn unknown(name: &str, head: &str) -> Outcome {
    let names = || FILTERS.iter().map(|(name, _)| *name).chain(Dim::all().map(Dim::name));
    let mut reply = vec![format!("Unknown filter type. SET/FILTER has no {}.", shortened(head).to_ascii_uppercase())];
    if let Some(near) = nearest(name, names()) {
        reply.push(format!("Did you mean SET/FILTER {near}?"));
    }
    reply.push("Filters: DXBM, DXCTY, DXSTATE, DOC, DOS, and all types of PASS.".into());
    reply.push("Example: SET/FILTER DXBM/PASS 20-CW,15-SSB or SET/FILTER DXCTY/REJECT K,VE".into());
    Outcome::refused(reply)
}
