//! The word that a misspelt one most likely meant.

/// Letters per typing error: with more errors it is another word.
const LETTERS_PER_ERROR: usize = 3;
/// Longest word that is compared.
const WORD_CHARS_MAX: usize = 24;

/// The nearest candidate, if one is near. Case aside.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_uppercase();
    let chars = word.chars().count();
    if chars > WORD_CHARS_MAX {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word, &candidate.to_ascii_uppercase()), candidate))
        .filter(|(errors, _)| *errors <= (chars / LETTERS_PER_ERROR).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}
