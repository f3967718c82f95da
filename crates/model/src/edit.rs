//! Changes of a design file, as values.
//!
//! Whoever wants a file changed says which value becomes what, by its [`Place`]; `design` writes the text.

use crate::Place;

/// One change of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// The value at a place becomes another one.
    Replace {
        /// Where the value stands: the place of a fact, of a list or of one of its elements.
        place: Place,
        /// What stands there afterwards.
        value: Written,
    },
    /// A record gets a key that says nothing there yet: one that is absent, empty or `unknown`.
    Set {
        /// The record's place.
        record: Place,
        /// The key.
        key: &'static str,
        /// The key after which it is written when it is absent; the end of the record without that one.
        after: Option<&'static str>,
        /// Its value.
        value: Written,
    },
}

/// A value to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// One value.
    Value(String),
    /// A list of values.
    List(Vec<String>),
    /// A record of keys and values.
    Record(Vec<(&'static str, Written)>),
}

impl Edit {
    /// The place that it names, and with it the source that it changes.
    pub fn place(&self) -> Place {
        match self {
            Self::Replace { place, .. } => *place,
            Self::Set { record, .. } => *record,
        }
    }
}
