//! What is wrong with a configuration, one line each.

use std::fmt;

/// Longest value that an error line repeats, in characters; the rest is cut.
const SHOWN_MAX: usize = 48;

/// Where a mistake stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a file, line and column from 1. Line 0: the file as a whole.
    File {
        /// Name as the operator gave it.
        name: String,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        col: usize,
    },
    /// On the command line.
    Set,
}

/// One mistake or doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// Which key, as a path; empty when none is known.
    pub key: String,
    /// The value as it stands; empty when none is there. Never a password.
    pub value: String,
    /// What is wrong.
    pub wrong: String,
    /// What to do about it; empty when that is plain.
    pub remedy: String,
    /// Whether it only deserves a warning.
    pub is_warning: bool,
}

impl Problem {
    /// A problem with a file as a whole.
    pub(super) fn of_file(name: &str, wrong: impl Into<String>, remedy: impl Into<String>) -> Problem {
        Problem {
            place: Place::File { name: name.into(), line: 0, col: 0 },
            key: String::new(),
            value: String::new(),
            wrong: wrong.into(),
            remedy: remedy.into(),
            is_warning: false,
        }
    }
}

/// `file:line:col: key = value: what is wrong; remedy`, without line end.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File { name, line: 0, .. } => write!(f, "{name}: ")?,
            Place::File { name, line, col } => write!(f, "{name}:{line}:{col}: ")?,
            Place::Set => write!(f, "--set: ")?,
        }
        if self.is_warning {
            write!(f, "warning: ")?;
        }
        match (self.key.is_empty(), self.value.is_empty()) {
            (true, _) => {}
            (false, true) => write!(f, "{}: ", self.key)?,
            (false, false) => write!(f, "{} = {}: ", self.key, self.value)?,
        }
        write!(f, "{}", self.wrong)?;
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        Ok(())
    }
}

/// All that is wrong, in order of place; displayed one line each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if i > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

/// A value as an error line shows it: one line, cut, and no password.
pub(super) fn shown(key: &str, value: &str) -> String {
    if key.ends_with("password") {
        return "\"***\"".into();
    }
    let flat: Vec<&str> = value.split_whitespace().collect();
    let flat = flat.join(" ");
    match flat.char_indices().nth(SHOWN_MAX) {
        Some((cut, _)) => format!("{}…", &flat[..cut]),
        None => flat,
    }
}

/// The candidate that a misspelt word most likely meant.
pub(super) fn did_you_mean<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    if word.len() > SHOWN_MAX {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    // A third of the letters may be wrong; beyond that a suggestion misleads.
    let distance_max = (word.chars().count() / 3).max(1);
    candidates
        .iter()
        .map(|c| (edit_distance(&lower, &c.to_ascii_lowercase()), *c))
        .filter(|(distance, _)| *distance <= distance_max)
        .min()
        .map(|(_, c)| c)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut least = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(rows[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_words_find_their_neighbour() {
        let keys = ["listen", "login_prompt", "line_format", "dedupe", "motd"];
        assert_eq!(did_you_mean("lisen", &keys), Some("listen"));
        assert_eq!(did_you_mean("lsiten", &keys), Some("listen"));
        assert_eq!(did_you_mean("DEDUPE", &keys), Some("dedupe"));
        assert_eq!(did_you_mean("login-promt", &keys), Some("login_prompt"));
        assert_eq!(did_you_mean("bananas", &keys), None);
    }

    #[test]
    fn values_are_shown_on_one_line_and_passwords_never() {
        assert_eq!(shown("feeds.0.password", "\"secret\""), "\"***\"");
        assert_eq!(shown("a", "[1,\n   2]"), "[1, 2]");
        assert_eq!(shown("a", &"é".repeat(100)).chars().count(), SHOWN_MAX + 1);
    }
}
