//! What is wrong with an input.

use model::Place;

/// Something in an input that cannot be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Where, if the input could be read far enough to say.
    pub place: Option<Place>,
    /// What was seen, in lower case.
    pub seen: String,
    /// What was expected instead.
    pub expected: String,
    /// What was probably meant, as text to write in its place.
    pub suggestion: Option<String>,
}

impl Problem {
    /// A problem at a place.
    pub fn new(place: impl Into<Option<Place>>, seen: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { place: place.into(), seen: seen.into(), expected: expected.into(), suggestion: None }
    }

    /// The same with what was probably meant.
    #[must_use]
    pub fn suggest(mut self, suggestion: Option<impl Into<String>>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }
}

/// The known word nearest to an unknown one, if any is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = |candidate: &str| strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase());
    known
        .map(|candidate| (near(candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}
