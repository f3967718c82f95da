//! Sections: the tables of the configuration file.
//!
//! [`section!`] declares a struct and with it everything else that is known of a table: which keys it has,
//! what each expects, what holds when it is left out. Reading, refusing unknown keys and the reference page
//! are made from that one description.

use super::Problem;
use super::problem::nearest;
use super::setting::{Door, Setting};
use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table of the file, as the reference page shows it.
#[derive(Debug)]
pub struct Section {
    /// Its heading, like `[[domain.peer]]`.
    pub heading: &'static str,
    /// Its meaning.
    pub doc: &'static str,
    /// Its keys, in the order of the reference.
    pub keys: &'static [Key],
}

/// A key of a table.
#[derive(Debug)]
pub struct Key {
    /// As written in the file.
    pub name: &'static str,
    /// Its meaning.
    pub doc: &'static str,
    /// What its value must be.
    pub expected: fn() -> String,
    /// What holds when it is left out.
    pub absent: Absent,
}

/// What holds when a key is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// It must not be.
    Required,
    /// Nothing is said; the meaning of the key tells what follows.
    Optional,
    /// This value, as TOML.
    Default(&'static str),
}

/// Where the keys of a table stand in the file. Two are always equal: where something is written makes no difference.
#[derive(Clone, Default)]
pub struct Places {
    /// The heading, or the table itself.
    whole: Range<usize>,
    keys: Vec<(&'static str, Range<usize>)>,
}

impl Places {
    /// The value of a key; the table when the key was left out.
    pub(crate) fn of(&self, key: &str) -> Range<usize> {
        self.keys.iter().find(|(name, _)| *name == key).map_or(&self.whole, |(_, at)| at).clone()
    }

    /// Whether the key was written.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|(name, _)| *name == key)
    }
}

impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Places {}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A table while it is read.
pub(crate) struct Fields<'v, 'i> {
    section: &'static Section,
    table: &'v DeTable<'i>,
    places: Places,
}

impl<'v, 'i> Fields<'v, 'i> {
    /// Opens a table; keys that the section does not have are refused at once.
    pub(crate) fn open(
        section: &'static Section,
        table: &'v DeTable<'i>,
        whole: Range<usize>,
        door: &mut Door<'_>,
    ) -> Self {
        let mut places = Places { whole, keys: Vec::with_capacity(table.len()) };
        for (name, value) in table {
            match section.keys.iter().find(|key| key.name == name.get_ref().as_ref()) {
                Some(key) => places.keys.push((key.name, value.span())),
                None => door.refuse(unknown(section, name)),
            }
        }
        Self { section, table, places }
    }

    /// The value of a key that must be there.
    pub(crate) fn required<T: Setting>(&self, name: &'static str, door: &mut Door<'_>) -> Option<T> {
        if let Some(value) = self.table.get(name) {
            return T::read(value, door);
        }
        let heading = self.section.heading;
        let seen = match heading.is_empty() {
            true => format!("`{name}` is missing"),
            false => format!("`{name}` is missing in {heading}"),
        };
        // The span of a table is its heading, or for the file as a whole everything.
        let at = self.places.whole.clone();
        let at = at.start..at.end.min(at.start + heading.len().max(1));
        door.refuse(Problem::new(at, seen, T::expected()));
        None
    }

    /// The value of a key, if it is there; the outer `None` is a refused value.
    pub(crate) fn optional<T: Setting>(&self, name: &'static str, door: &mut Door<'_>) -> Option<Option<T>> {
        match self.table.get(name) {
            Some(value) => T::read(value, door).map(Some),
            None => Some(None),
        }
    }

    /// Ends the reading of the table.
    pub(crate) fn close(self) -> Places {
        self.places
    }
}

fn unknown(section: &Section, name: &Spanned<std::borrow::Cow<'_, str>>) -> Problem {
    let word = name.get_ref().as_ref();
    let known = || section.keys.iter().map(|key| key.name);
    let of = match section.heading.is_empty() {
        true => "the file".to_owned(),
        false => section.heading.to_owned(),
    };
    let meant = nearest(word, known());
    let expected = match meant {
        Some(_) => format!("a key of {of}"),
        None => format!("a key of {of}: {}", known().collect::<Vec<_>>().join(", ")),
    };
    Problem::new(name.span(), format!("unknown key `{word}`"), expected).suggest(meant)
}

/// The value that a section's default stands for, read once by the same reader as the file.
///
/// # Panics
/// The text is no such value; every default is read by a test.
#[expect(clippy::unwrap_used, reason = "defaults are constants, each read by a test")]
pub(crate) fn default_value<T: Setting>(text: &'static str) -> T {
    let value = DeValue::parse(text).unwrap();
    let mut door = Door::without_files();
    T::read(&value, &mut door).unwrap()
}

/// Declares a table of the file: `"key" field: Type, required | optional | default "TOML";`.
macro_rules! section {
    (
        $(#[doc = $doc:literal])+
        $name:ident, $heading:literal {
            $($(#[doc = $key_doc:literal])+ $key:literal $field:ident: $type:ty, $kind:ident $($default:literal)?;)+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $($(#[doc = $key_doc])+ pub $field: section!(@type $kind $type),)+
            /// Where the keys stand in the file.
            pub places: $crate::config::Places,
        }

        impl $name {
            /// The table as the reference shows it.
            pub const SECTION: &'static $crate::config::Section = &$crate::config::Section {
                heading: $heading,
                doc: concat!($($doc, "\n"),+),
                keys: &[$($crate::config::Key {
                    name: $key,
                    doc: concat!($($key_doc, "\n"),+),
                    expected: <$type as $crate::config::setting::Setting>::expected,
                    absent: section!(@absent $kind $($default)?),
                },)+],
            };

            pub(super) fn read_table(
                table: &toml::de::DeTable<'_>,
                whole: std::ops::Range<usize>,
                door: &mut $crate::config::setting::Door<'_>,
            ) -> Option<Self> {
                let fields = $crate::config::section::Fields::open(Self::SECTION, table, whole, door);
                // Every key is read before the first refused one ends it, so that all problems are told at once.
                $(let $field = section!(@read $kind $type, $key, fields, door $(, $default)?);)+
                Some(Self { $($field: $field?,)+ places: fields.close() })
            }
        }

        impl $crate::config::setting::Setting for $name {
            fn expected() -> String {
                format!("a table with the keys of {}", $heading)
            }

            fn read(
                value: &toml::Spanned<toml::de::DeValue<'_>>,
                door: &mut $crate::config::setting::Door<'_>,
            ) -> Option<Self> {
                match value.get_ref().as_table() {
                    Some(table) => Self::read_table(table, value.span(), door),
                    None => door.mismatch::<Self, _>(value),
                }
            }
        }
    };
    (@type required $type:ty) => { $type };
    (@type optional $type:ty) => { Option<$type> };
    (@type default $type:ty) => { $type };
    (@absent required) => { $crate::config::Absent::Required };
    (@absent optional) => { $crate::config::Absent::Optional };
    (@absent default $text:literal) => { $crate::config::Absent::Default($text) };
    (@read required $type:ty, $key:literal, $fields:ident, $door:ident) => {
        $fields.required::<$type>($key, $door)
    };
    (@read optional $type:ty, $key:literal, $fields:ident, $door:ident) => {
        $fields.optional::<$type>($key, $door)
    };
    (@read default $type:ty, $key:literal, $fields:ident, $door:ident, $text:literal) => {{
        static DEFAULT: std::sync::LazyLock<$type> =
            std::sync::LazyLock::new(|| $crate::config::section::default_value($text));
        $fields.optional::<$type>($key, $door).map(|value| value.unwrap_or_else(|| DEFAULT.clone()))
    }};
}
