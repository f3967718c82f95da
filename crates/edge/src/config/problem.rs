//! What is wrong with a configuration, and where.

use std::fmt;
use std::ops::Range;

/// Something in a configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The bytes of the file that it is about; `None` when it is about the whole file.
    pub at: Option<Range<usize>>,
    /// What was seen, in lower case.
    pub seen: String,
    /// What was expected instead.
    pub expected: String,
    /// What was probably meant, as text to write in its place.
    pub suggestion: Option<String>,
}

impl Problem {
    /// A problem at a place.
    pub fn new(at: impl Into<Option<Range<usize>>>, seen: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { at: at.into(), seen: seen.into(), expected: expected.into(), suggestion: None }
    }

    /// The same with what was probably meant.
    #[must_use]
    pub fn suggest(mut self, suggestion: Option<impl Into<String>>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }
}

/// A configuration that cannot be used: every problem of it, in the order of the file.
#[derive(Clone, PartialEq, Eq)]
pub struct Refused {
    /// The name of the file.
    pub file: String,
    /// Its text, for lines and columns; empty when it could not be read. It may hold secrets, so it is never shown.
    pub(crate) text: String,
    /// What is wrong; never empty.
    pub problems: Vec<Problem>,
}

impl Refused {
    /// What is told who wants to read the file of an edge that has none.
    pub(crate) fn without_file(edge: &str) -> Self {
        let problem = Problem::new(None, "no file", "a change of what the service holds: it says what this edge runs");
        Self { file: edge.to_owned(), text: String::new(), problems: vec![problem] }
    }

    /// The line and the column of a byte of the text, both from 1; columns count characters.
    pub fn line_column(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(&self.text);
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// One line a problem, `FILE:LINE:COLUMN: SEEN; expected EXPECTED`.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}", self.file)?;
            if let Some(at) = &problem.at {
                let (line, column) = self.line_column(at.start);
                write!(f, ":{line}:{column}")?;
            }
            write!(f, ": {}; expected {}", problem.seen, problem.expected)?;
            if let Some(suggestion) = &problem.suggestion {
                write!(f, "; did you mean `{suggestion}`?")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("file", &self.file).field("problems", &self.problems).finish_non_exhaustive()
    }
}

impl std::error::Error for Refused {}

/// The known word nearest to an unknown one, if any is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}
