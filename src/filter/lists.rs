//! PASS and REJECT lists, one of each per dimension: GoCluster's model, which the go and cc dialects share.
//!
//! With nothing passed by name, everything passes but what is rejected. With something passed by name,
//! only that passes. What is rejected never passes. Where GoCluster's lists surprise, these do not:
//! rejecting the last element that was passed leaves nothing, instead of opening everything else, and
//! rejecting one element after all of them leaves all of them rejected.

use super::dims::{Dim, Item};
use super::wish::all_of;
use super::{Context, Expr, Term};

/// The lists of one user.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    /// `None` = nothing was said of any. Most users never do, and 26 lists are 1.4 KiB.
    choices: Option<Box<[Choice; Dim::COUNT]>>,
    /// Beacons pass; `None` = never said, they do.
    pub(super) beacon: Option<bool>,
}

/// What is said about one dimension.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Choice {
    /// Passed by name.
    pub allow: Vec<Item>,
    /// Rejected by name. Never covers an element of `allow`.
    pub block: Vec<Item>,
    /// Nothing passes. Only with an empty `allow`.
    pub closed: bool,
}

/// Most elements of one list that are texts or ranges: they are compared one by one.
pub const ITEMS_MAX: usize = 100;

impl Choice {
    /// Whether everything passes.
    pub fn is_open(&self) -> bool {
        !self.closed && self.allow.is_empty() && self.block.is_empty()
    }

    pub fn open() -> Choice {
        Choice::default()
    }

    pub fn closed() -> Choice {
        Choice { closed: true, ..Choice::default() }
    }

    pub fn pass(&mut self, dim: Dim, items: &[Item]) {
        self.closed = false;
        for item in items {
            self.block.retain(|other| !dim.covers(item, other) && !dim.covers(other, item));
            self.allow.retain(|other| !dim.covers(item, other) || other == item);
            add(dim, &mut self.allow, item);
        }
    }

    pub fn reject(&mut self, dim: Dim, items: &[Item]) {
        let had = !self.allow.is_empty();
        for item in items {
            self.allow.retain(|other| !dim.covers(item, other));
            self.block.retain(|other| !dim.covers(item, other) || other == item);
            add(dim, &mut self.block, item);
        }
        self.closed |= had && self.allow.is_empty();
    }

    /// Elements that are compared one by one, in the longer list.
    pub fn compared(&self) -> usize {
        let count = |items: &[Item]| items.iter().filter(|item| !matches!(item, Item::Number(_))).count();
        count(&self.allow).max(count(&self.block))
    }

    fn expr(&self, dim: Dim) -> Expr {
        if self.is_open() {
            return Expr::All;
        }
        if self.closed {
            return dim.exempt();
        }
        let mut all = Vec::new();
        if !self.allow.is_empty() {
            all.push(dim.any_of(&self.allow));
        }
        if !self.block.is_empty() {
            all.push(dim.any_of(&self.block).not());
        }
        match dim.exempt() {
            Expr::Nothing => all_of(all),
            exempt => exempt.or(all_of(all)),
        }
    }

    /// What each list demands, under the command that made it.
    fn parts(&self, dim: Dim, out: &mut Vec<(String, Expr)>) {
        let guarded = |expr: Expr| match dim.exempt() {
            Expr::Nothing => expr,
            exempt => exempt.or(expr),
        };
        let named = |verb: &str, items: &[Item]| {
            let items: Vec<String> = items.iter().map(|item| dim.print(item)).collect();
            format!("{verb} {} {}", dim.name(), items.join(","))
        };
        if self.closed {
            out.push((format!("REJECT {} ALL", dim.name()), dim.exempt()));
        }
        if !self.allow.is_empty() {
            out.push((named("PASS", &self.allow), guarded(dim.any_of(&self.allow))));
        }
        if !self.block.is_empty() {
            out.push((named("REJECT", &self.block), guarded(dim.any_of(&self.block).not())));
        }
    }

    fn commands(&self, dim: Dim, out: &mut Vec<String>) {
        if self.closed {
            out.push(format!("REJECT {} ALL", dim.name()));
        }
        list_commands("PASS", dim, &self.allow, out);
        list_commands("REJECT", dim, &self.block, out);
    }
}

fn add(dim: Dim, list: &mut Vec<Item>, item: &Item) {
    if list.contains(item) {
        return;
    }
    let at = match dim.keeps_order() {
        true => list.len(),
        false => list.partition_point(|other| other < item),
    };
    list.insert(at, item.clone());
}

/// A command is typed back: it must fit into a terminal's line.
const COMMAND_BYTES_MAX: usize = 76;

/// `PASS BAND 20m,40m`, in as many commands as fit.
fn list_commands(verb: &str, dim: Dim, items: &[Item], out: &mut Vec<String>) {
    let mut line = String::new();
    for item in items {
        let word = dim.print(item);
        if !line.is_empty() && line.len() + 1 + word.len() > COMMAND_BYTES_MAX {
            out.push(std::mem::take(&mut line));
        }
        match line.is_empty() {
            true => line = format!("{verb} {} {word}", dim.name()),
            false => line.extend([",", &word]),
        }
    }
    if !line.is_empty() {
        out.push(line);
    }
}

/// What holds where nothing was said.
static OPEN: Choice = Choice { allow: Vec::new(), block: Vec::new(), closed: false };

impl PartialEq for Lists {
    fn eq(&self, other: &Lists) -> bool {
        self.beacon == other.beacon && Dim::all().all(|dim| self.of(dim) == other.of(dim))
    }
}

impl Lists {
    pub(super) fn of(&self, dim: Dim) -> &Choice {
        self.choices.as_ref().map_or(&OPEN, |choices| &choices[dim as usize])
    }
    pub(super) fn of_mut(&mut self, dim: Dim) -> &mut Choice {
        &mut self.choices.get_or_insert_default()[dim as usize]
    }
    /// Whether everything passes.
    pub fn is_open(&self) -> bool {
        self.beacon != Some(false) && Dim::all().all(|dim| self.of(dim).is_open())
    }
    /// Whether a list about a place is not open.
    pub(super) fn has_location(&self) -> bool {
        Dim::all().any(|dim| dim.is_location() && !self.of(dim).is_open())
    }
    /// As an expression; without the lists about places while NEARBY is in force.
    pub fn expr(&self, nearby: bool) -> Expr {
        let mut all = Vec::new();
        if self.beacon == Some(false) {
            all.push(Expr::Is(Term::Beacon).not());
        }
        let dims = Dim::all().filter(|dim| !(nearby && dim.is_location()));
        all.extend(dims.map(|dim| self.of(dim).expr(dim)));
        all_of(all)
    }
    /// The lists one by one, each with the command that made it; all together they are [`Lists::expr`].
    pub fn parts(&self, nearby: bool) -> Vec<(String, Expr)> {
        let mut out = Vec::new();
        if self.beacon == Some(false) {
            out.push(("REJECT BEACON".to_string(), Expr::Is(Term::Beacon).not()));
        }
        for dim in Dim::all().filter(|dim| !(nearby && dim.is_location())) {
            self.of(dim).parts(dim, &mut out);
        }
        out
    }
    /// The commands that make these lists from open ones.
    pub fn commands(&self) -> Vec<String> {
        let mut out = Vec::new();
        for dim in Dim::all() {
            self.of(dim).commands(dim, &mut out);
        }
        match self.beacon {
            Some(true) => out.push("PASS BEACON".into()),
            Some(false) => out.push("REJECT BEACON".into()),
            None => {}
        }
        out
    }
}

/// A list typed by a user, all of it or nothing.
pub(super) enum Typed {
    Nothing,
    All,
    Items(Vec<Item>),
}

/// Reads a list separated by commas and blanks. The error lines name the first word that is no element.
pub(super) fn read_list(dim: Dim, text: &str, context: &Context<'_>) -> Result<Typed, Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
        // `20 meters` is one band.
        let is_unit = dim == Dim::Band && UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(word));
        match words.last_mut() {
            Some(last) if is_unit && last.ends_with(|c: char| c.is_ascii_digit()) => last.push_str(word),
            _ => words.push(word.to_string()),
        }
    }
    match words.as_slice() {
        [] => return Ok(Typed::Nothing),
        [all] if all.eq_ignore_ascii_case("ALL") => return Ok(Typed::All),
        _ => {}
    }
    let mut items = Vec::new();
    for word in &words {
        if word.eq_ignore_ascii_case("ALL") {
            let name = dim.name();
            return Err(vec![format!("ALL stands alone: PASS {name} ALL, REJECT {name} ALL.")]);
        }
        let Some(found) = dim.parse(word, context) else {
            return Err(dim.wrong(&shortened(word), context).into());
        };
        for item in found {
            if !items.contains(&item) {
                items.push(item);
            }
        }
    }
    Ok(Typed::Items(items))
}

const UNITS: [&str; 9] = ["m", "cm", "meter", "meters", "metre", "metres", "centimeters", "centimetres", "centimeter"];

/// What was typed, as far as it is worth repeating.
pub(super) fn shortened(word: &str) -> String {
    const SHOWN_MAX: usize = 20;
    word.chars().filter(|c| !c.is_control()).take(SHOWN_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_which_nothing_was_said_take_no_memory_and_equal_open_ones() {
        let mut touched = Lists::default();
        touched.of_mut(Dim::Band).closed = true;
        assert_ne!(touched, Lists::default());
        assert!(!touched.is_open());
        touched.of_mut(Dim::Band).closed = false;
        assert_eq!(touched, Lists::default());
        assert!(touched.is_open());
        assert!(size_of::<Lists>() <= 16, "it is in every session");
    }
}
