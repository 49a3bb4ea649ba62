//! What is wrong with a filter text, and where: the reply with a caret under the place.

/// Columns of the excerpt that is shown above the caret.
const EXCERPT_COLUMNS: usize = 72;
/// Columns kept before the place when the text is too long to be shown whole.
const BEFORE_COLUMNS: usize = 48;
/// Columns of one line of a reply.
const COLUMNS: usize = 78;

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
        let mut lines = vec![format!("{before}{excerpt}{after}"), format!("{blanks}^")];
        lines.extend(wrapped(&self.what));
        if !self.example.is_empty() {
            lines.push(format!("Example: {}", self.example));
        }
        lines
    }
}

/// A text in lines of at most [`COLUMNS`], cut at blanks; those behind the first are set in by two.
pub fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= COLUMNS => line.extend([" ", word]),
            Some(_) => lines.push(format!("  {word}")),
            None => lines.push(word.to_string()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_are_cut_at_blanks() {
        let text = "one two three four ".repeat(20);
        let lines = wrapped(text.trim());
        assert!(lines.len() > 2 && lines.iter().all(|line| line.len() <= COLUMNS && !line.ends_with(' ')));
        assert!(lines[0].starts_with("one two") && lines[1..].iter().all(|line| line.starts_with("  ")));
        assert_eq!(lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" "), text.trim());
        assert_eq!(wrapped("short"), ["short"]);
        assert_eq!(wrapped(&"x".repeat(100)), ["x".repeat(100)]);
    }

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
}
