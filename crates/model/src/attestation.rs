//! Attestations: what only a person can vouch for.

use crate::{Date, Shape, Value, ValueError};
use std::fmt;

/// A yes or no that no program can measure, with the document that backs it.
///
/// Written as `yes`, `no`, or a date and a reference: `2026-03-02 contract EQ-1182`.
/// A reference means yes. A bare date is not enough: it does not say what was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attestation {
    /// It is so, and this backs it.
    Yes {
        /// When it was settled.
        date: Option<Date>,
        /// The document, ticket or person that backs it.
        reference: Option<String>,
    },
    /// It is known not to be so.
    No,
}

impl Attestation {
    /// Whether the answer is yes.
    pub fn is_yes(&self) -> bool {
        matches!(self, Self::Yes { .. })
    }

    /// When it was settled, if that is written down.
    pub fn date(&self) -> Option<Date> {
        match self {
            Self::Yes { date, .. } => *date,
            Self::No => None,
        }
    }
}

impl fmt::Display for Attestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::No => f.write_str("no"),
            Self::Yes { date: None, reference: None } => f.write_str("yes"),
            Self::Yes { date: Some(date), reference: None } => write!(f, "{date} yes"),
            Self::Yes { date: None, reference: Some(reference) } => f.write_str(reference),
            Self::Yes { date: Some(date), reference: Some(reference) } => write!(f, "{date} {reference}"),
        }
    }
}

impl Value for Attestation {
    const EXPECTED: &'static str = "`yes`, `no`, or a date and a document, like `2026-03-02 contract EQ-1182`";
    const SHAPE: Shape = Shape::Form { example: "2026-03-02 contract EQ-1182" };

    fn parse(text: &str) -> Result<Self, ValueError> {
        let text = text.trim();
        match text {
            "no" | "No" | "false" | "none" => return Ok(Self::No),
            "yes" | "Yes" | "true" => return Ok(Self::Yes { date: None, reference: None }),
            "" => return Err(ValueError::new("an empty text vouches for nothing")),
            _ => {}
        }
        let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let reference = |text: &str| (!text.is_empty() && text != "yes").then(|| text.to_owned());
        match Date::parse(first) {
            Ok(_) if rest.trim().is_empty() => {
                Err(ValueError::new(format!("`{text}` is a date without what was settled on it"))
                    .suggest(format!("{text} yes")))
            }
            Ok(date) => Ok(Self::Yes { date: Some(date), reference: reference(rest.trim()) }),
            Err(_) => Ok(Self::Yes { date: None, reference: reference(text) }),
        }
    }
}
