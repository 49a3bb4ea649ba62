//! What is wrong with a filter text, and where: the reply with a caret under the place.

/// Columns of the excerpt that is shown above the caret.
const EXCERPT_COLUMNS: usize = 72;
/// Columns kept before the place when the text is too long to be shown whole.
const BEFORE_COLUMNS: usize = 48;
/// Longest word in which a slip is looked for.
const WORD_BYTES_MAX: usize = 16;
/// One wrong letter in so many; more, and it is another word.
const LETTERS_PER_SLIP: usize = 3;

/// A mistake in a filter text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Where it begins, in bytes from the start of the text; at most the text's length.
    pub at: usize,
    /// What is wrong, in a sentence or two.
    pub what: String,
    /// How it is said rightly; may be empty.
    pub example: String,
}

impl Fault {
    /// A mistake at a place.
    pub fn new(at: usize, what: impl Into<String>, example: impl Into<String>) -> Fault {
        Fault { at, what: what.into(), example: example.into() }
    }

    /// The reply: the text, a caret under the place, the reason, and an example. Without line ends.
    pub fn lines(&self, text: &str) -> Vec<String> {
        let column = text.char_indices().take_while(|(at, _)| *at < self.at).count();
        let shown: Vec<char> = text.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        let from = if shown.len() <= EXCERPT_COLUMNS { 0 } else { column.saturating_sub(BEFORE_COLUMNS) };
        let to = shown.len().min(from + EXCERPT_COLUMNS);
        let (before, after) = (if from > 0 { "..." } else { "" }, if to < shown.len() { "..." } else { "" });
        let excerpt: String = shown[from..to].iter().collect();
        let blanks = " ".repeat(before.len() + column - from);
        let mut lines = vec![format!("{before}{excerpt}{after}"), format!("{blanks}^"), self.what.clone()];
        if !self.example.is_empty() {
            lines.push(format!("Example: {}", self.example));
        }
        lines
    }
}

/// The candidate that is spelt most alike, if any is near; ASCII case aside.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let ranked = candidates.map(|candidate| (distance(word.as_bytes(), candidate.as_bytes()), candidate));
    let (slips, best) = ranked.min_by_key(|(slips, _)| *slips)?;
    (slips <= (word.len() / LETTERS_PER_SLIP).max(1) && slips < best.len()).then_some(best)
}

/// Letters to change, insert, drop, or swap with their neighbour.
fn distance(a: &[u8], b: &[u8]) -> usize {
    if a.len() > WORD_BYTES_MAX || b.len() > WORD_BYTES_MAX {
        return WORD_BYTES_MAX;
    }
    let mut table = [[0usize; WORD_BYTES_MAX + 1]; WORD_BYTES_MAX + 1];
    table[0] = std::array::from_fn(|j| j);
    let is_same = |i: usize, j: usize| a[i].eq_ignore_ascii_case(&b[j]);
    for i in 1..=a.len() {
        table[i][0] = i;
        for j in 1..=b.len() {
            let changed = table[i - 1][j - 1] + usize::from(!is_same(i - 1, j - 1));
            let mut least = changed.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
            if i > 1 && j > 1 && is_same(i - 1, j - 2) && is_same(i - 2, j - 1) {
                least = least.min(table[i - 2][j - 2] + 1);
            }
            table[i][j] = least;
        }
    }
    table[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        let fault = Fault::new(6, "No such band.", "on 20m");
        assert_eq!(fault.lines("on hf,21m"), ["on hf,21m", "      ^", "No such band.", "Example: on 20m"]);
        // Columns, not bytes; and nothing that moves a terminal's cursor.
        assert_eq!(Fault::new(4, "x", "").lines("ä\x1b b"), ["ä? b", "   ^", "x"]);
        assert_eq!(Fault::new(99, "x", "").lines("ab"), ["ab", "  ^", "x"], "a place beyond the end is the end");
    }

    #[test]
    fn a_long_text_is_shown_around_the_place() {
        let text = format!("{}X{}", "a".repeat(200), "b".repeat(200));
        let lines = Fault::new(200, "x", "").lines(&text);
        assert!(lines[0].len() < 80 && lines[0].starts_with("...a") && lines[0].ends_with("b..."));
        assert_eq!(lines[0].as_bytes()[lines[1].len() - 1], b'X');
    }

    #[test]
    fn slips_are_forgiven_other_words_are_not() {
        let near = |word| nearest(word, ["by_zone", "spotter", "on", "info"].into_iter());
        assert_eq!((near("by_zoen"), near("spoter"), near("inof")), (Some("by_zone"), Some("spotter"), Some("info")));
        assert_eq!((near("xyzzy"), near(""), near("a-very-long-word-indeed")), (None, None, None));
    }
}
