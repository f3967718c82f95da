//! Records: the inner nodes of the design tree.
//!
//! [`record!`] declares a struct whose fields are facts, lists, parts and maps, and with it the
//! one description that everything else is made from: reading YAML, the JSON Schema, merging
//! several files, and finding where sources disagree. There is no second list of keys anywhere.

use crate::{Fact, List, Name, Place, Rank, Value};
use std::collections::BTreeMap;

/// What is known of a field at compile time.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The key in a design file.
    pub name: &'static str,
    /// Its meaning, from the doc comment.
    pub doc: &'static str,
    /// The weakest evidence that may state it: a session state cannot be declared.
    pub rank: Rank,
}

/// An inner node of the design tree; made by [`record!`].
pub trait Record: Default {
    /// What it stands for, from the doc comment.
    const DOC: &'static str;
    /// Its name, for the schema.
    const NAME: &'static str;

    /// Where the record stands in its source, if it was read from one.
    fn place(&self) -> Option<Place>;
    /// Notes where the record stands; the first note stays.
    fn set_place(&mut self, place: Place);
    /// Shows every field to the visitor, in order of declaration.
    fn visit<V: Visitor>(&mut self, visitor: &mut V);
    /// Shows every field to the reader, in order of declaration.
    fn read<R: Reader>(&self, reader: &mut R);
    /// Takes over what another record says of the same thing.
    fn merge(&mut self, other: Self);
}

/// Something that goes through the fields of a record and may fill them.
pub trait Visitor {
    /// A single value.
    fn fact<T: Value>(&mut self, field: &'static Field, fact: &mut Fact<T>);
    /// A list of values.
    fn list<T: Value>(&mut self, field: &'static Field, list: &mut Fact<List<T>>);
    /// A nested record that always exists, maybe with nothing known in it.
    fn part<R: Record>(&mut self, field: &'static Field, part: &mut R);
    /// A nested record that may be absent.
    fn maybe<R: Record>(&mut self, field: &'static Field, part: &mut Option<Box<R>>);
    /// Named records.
    fn map<R: Record>(&mut self, field: &'static Field, map: &mut BTreeMap<Name, R>);
}

/// Something that looks at the fields of a record without changing them.
pub trait Reader {
    /// A single value.
    fn fact<T: Value>(&mut self, field: &'static Field, fact: &Fact<T>);
    /// A list of values.
    fn list<T: Value>(&mut self, field: &'static Field, list: &Fact<List<T>>);
    /// A nested record that always exists.
    fn part<R: Record>(&mut self, field: &'static Field, part: &R);
    /// A nested record that may be absent.
    fn maybe<R: Record>(&mut self, field: &'static Field, part: Option<&R>);
    /// Named records.
    fn map<R: Record>(&mut self, field: &'static Field, map: &BTreeMap<Name, R>);
}

/// Merging of what two sources say, field by field; the work behind [`Record::merge`].
pub(crate) trait Merge {
    /// Takes over what `other` says.
    fn merge_from(&mut self, other: Self);
}

impl<T> Merge for Fact<T> {
    fn merge_from(&mut self, other: Self) {
        self.merge(other);
    }
}

impl<R: Record> Merge for Option<Box<R>> {
    fn merge_from(&mut self, other: Self) {
        match (self, other) {
            (_, None) => {}
            (Some(mine), Some(theirs)) => mine.merge(*theirs),
            (mine, theirs) => *mine = theirs,
        }
    }
}

impl<R: Record> Merge for BTreeMap<Name, R> {
    fn merge_from(&mut self, other: Self) {
        for (name, theirs) in other {
            self.entry(name).or_default().merge(theirs);
        }
    }
}

/// Declares records. A field is one of
///
/// - `key: fact T` one value, `key: list T` a list of values;
/// - `key: ordered T`, `key: live T`, `key: live_list T` the same, but only evidence of that rank may state it;
/// - `key: part R` a nested record, `key: maybe R` one that may be absent, `key: map R` named records.
macro_rules! record {
    ($($(#[doc = $doc:literal])* pub struct $name:ident {
        $($(#[doc = $field_doc:literal])* $field:ident: $kind:ident $type:ty,)*
    })*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            /// Where the record stands in its source.
            pub place: Option<$crate::Place>,
            $($(#[doc = $field_doc])* pub $field: record!(@type $kind $type),)*
        }

        impl $crate::Record for $name {
            const DOC: &'static str = concat!($($doc, "\n"),*);
            const NAME: &'static str = stringify!($name);

            fn place(&self) -> Option<$crate::Place> {
                self.place
            }

            fn set_place(&mut self, place: $crate::Place) {
                self.place.get_or_insert(place);
            }

            fn visit<V: $crate::Visitor>(&mut self, visitor: &mut V) {
                $(record!(@visit visitor, $kind, self.$field,
                    &$crate::Field { name: stringify!($field), doc: concat!($($field_doc, "\n"),*), rank: record!(@rank $kind) });)*
            }

            fn read<R: $crate::Reader>(&self, reader: &mut R) {
                $(record!(@read reader, $kind, self.$field,
                    &$crate::Field { name: stringify!($field), doc: concat!($($field_doc, "\n"),*), rank: record!(@rank $kind) });)*
            }

            fn merge(&mut self, other: Self) {
                self.place = self.place.or(other.place);
                $(record!(@merge $kind, self.$field, other.$field);)*
            }
        }
    )*};
    (@type fact $type:ty) => { $crate::Fact<$type> };
    (@type ordered $type:ty) => { $crate::Fact<$type> };
    (@type live $type:ty) => { $crate::Fact<$type> };
    (@type list $type:ty) => { $crate::Fact<$crate::List<$type>> };
    (@type live_list $type:ty) => { $crate::Fact<$crate::List<$type>> };
    (@type part $type:ty) => { $type };
    (@type maybe $type:ty) => { Option<Box<$type>> };
    (@type map $type:ty) => { ::std::collections::BTreeMap<$crate::Name, $type> };
    (@rank ordered) => { $crate::Rank::Ordered };
    (@rank live) => { $crate::Rank::Live };
    (@rank live_list) => { $crate::Rank::Live };
    (@rank $other:ident) => { $crate::Rank::Declared };
    (@visit $v:ident, list, $value:expr, $field:expr) => { $v.list($field, &mut $value) };
    (@visit $v:ident, live_list, $value:expr, $field:expr) => { $v.list($field, &mut $value) };
    (@visit $v:ident, part, $value:expr, $field:expr) => { $v.part($field, &mut $value) };
    (@visit $v:ident, maybe, $value:expr, $field:expr) => { $v.maybe($field, &mut $value) };
    (@visit $v:ident, map, $value:expr, $field:expr) => { $v.map($field, &mut $value) };
    (@visit $v:ident, $fact:ident, $value:expr, $field:expr) => { $v.fact($field, &mut $value) };
    (@read $v:ident, list, $value:expr, $field:expr) => { $v.list($field, &$value) };
    (@read $v:ident, live_list, $value:expr, $field:expr) => { $v.list($field, &$value) };
    (@read $v:ident, part, $value:expr, $field:expr) => { $v.part($field, &$value) };
    (@read $v:ident, maybe, $value:expr, $field:expr) => { $v.maybe($field, $value.as_deref()) };
    (@read $v:ident, map, $value:expr, $field:expr) => { $v.map($field, &$value) };
    (@read $v:ident, $fact:ident, $value:expr, $field:expr) => { $v.fact($field, &$value) };
    (@merge part, $mine:expr, $theirs:expr) => { $crate::Record::merge(&mut $mine, $theirs) };
    (@merge $other:ident, $mine:expr, $theirs:expr) => { $crate::record::Merge::merge_from(&mut $mine, $theirs) };
}
