//! What every value of a design can do: parse from text, say what was expected, print back.

use std::fmt;

/// A scalar of the design: parsed from the text a person or an API writes.
///
/// Printing a value gives text that parses to the same value.
pub trait Value: Clone + PartialEq + fmt::Debug + fmt::Display + Sized {
    /// What a reader of an error should write instead, for example `an AS number, 0 to 4294967295`.
    const EXPECTED: &'static str;
    /// What the JSON Schema says of it.
    const SHAPE: Shape;
    /// Other words that mean the same as those of [`Shape::Words`].
    const ALIASES: &'static [&'static str] = &[];

    /// Parses the text of one scalar.
    ///
    /// # Errors
    /// The text is no such value; the error says why in the value's own words.
    fn parse(text: &str) -> Result<Self, ValueError>;
}

/// The form of a value in the JSON Schema of the design file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Any text.
    Text,
    /// Text of a certain form, with an example.
    Form {
        /// One value that parses.
        example: &'static str,
    },
    /// A whole number in a range, both ends included.
    Number {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// `true` or `false`.
    Boolean,
    /// One of a list of words.
    Words(&'static [&'static str]),
}

/// Why a text is not a value of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError {
    /// What is wrong, in lower case, with the offending number or word.
    pub reason: String,
    /// What to write instead, when that is certain.
    pub suggestion: Option<String>,
}

impl ValueError {
    /// An error with a reason and no suggestion.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), suggestion: None }
    }

    /// The same error with what to write instead.
    #[must_use]
    pub fn suggest(mut self, text: impl Into<String>) -> Self {
        self.suggestion = Some(text.into());
        self
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for ValueError {}

impl Value for String {
    const EXPECTED: &'static str = "text";
    const SHAPE: Shape = Shape::Text;

    fn parse(text: &str) -> Result<Self, ValueError> {
        Ok(text.to_owned())
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "`true` or `false`";
    const SHAPE: Shape = Shape::Boolean;

    fn parse(text: &str) -> Result<Self, ValueError> {
        match text {
            "true" | "True" | "TRUE" | "yes" | "Yes" => Ok(true),
            "false" | "False" | "FALSE" | "no" | "No" => Ok(false),
            _ => Err(ValueError::new(format!("`{text}` is neither true nor false"))),
        }
    }
}

impl Value for u32 {
    const EXPECTED: &'static str = "a whole number";
    const SHAPE: Shape = Shape::Number { min: 0, max: u32::MAX as u64 };

    fn parse(text: &str) -> Result<Self, ValueError> {
        text.replace('_', "")
            .parse()
            .map_err(|_| ValueError::new(format!("`{text}` is no whole number of 0 to {}", u32::MAX)))
    }
}

impl Value for std::net::IpAddr {
    const EXPECTED: &'static str = "an IPv4 or IPv6 address";
    const SHAPE: Shape = Shape::Form { example: "192.168.15.17" };

    fn parse(text: &str) -> Result<Self, ValueError> {
        text.parse().map_err(|_| ValueError::new(format!("`{text}` is no IP address")))
    }
}
