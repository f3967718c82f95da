//! Settings: from a TOML value to one that is legal, or a problem that says what was expected.

use super::Problem;
use super::problem::nearest;
use catalog::Catalog;
use ipnet::IpNet;
use model::{Asn, Community, CommunityRef, Prefix, PrefixState, Tier, Value};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;
use toml::de::DeValue;

/// A value of the configuration.
pub(crate) trait Setting: Sized {
    /// What a reader of an error should write instead.
    fn expected() -> String;

    /// Reads the value; `None` when it was refused, which the door has been told.
    fn read(value: &Spanned<DeValue<'_>>, door: &mut Door<'_>) -> Option<Self>;
}

/// Reads another file that the configuration names.
pub(crate) type ReadFile<'f> = dyn FnMut(&Path) -> io::Result<String> + 'f;

/// Where values come in: what was refused so far, and the way to other files.
pub(crate) struct Door<'f> {
    problems: Vec<Problem>,
    /// Knows communities by name.
    catalog: &'f Catalog,
    files: &'f mut ReadFile<'f>,
}

/// So many problems are kept; a file with more of them has one cause.
const MOST_PROBLEMS: usize = 100;

impl<'f> Door<'f> {
    pub(crate) fn new(catalog: &'f Catalog, files: &'f mut ReadFile<'f>) -> Self {
        Self { problems: Vec::new(), catalog, files }
    }

    /// A door for values that need no other file.
    pub(crate) fn without_files() -> Door<'static> {
        // Leaks nothing: a closure without captures takes no memory.
        let files = Box::leak(Box::new(|_: &Path| Err(io::ErrorKind::Unsupported.into())));
        Door { problems: Vec::new(), catalog: Catalog::builtin(), files }
    }

    pub(crate) fn catalog(&self) -> &'f Catalog {
        self.catalog
    }

    pub(crate) fn refuse(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        }
    }

    /// Refuses a value of the wrong type.
    pub(crate) fn mismatch<T: Setting, R>(&mut self, value: &Spanned<DeValue<'_>>) -> Option<R> {
        self.refuse(Problem::new(value.span(), shown(value.get_ref()), T::expected()));
        None
    }

    /// Reads another file.
    pub(crate) fn file(&mut self, path: &Path) -> io::Result<String> {
        (self.files)(path)
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

/// A value as a message names it.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("`{text}`"),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(truth) => format!("`{truth}`"),
        DeValue::Datetime(time) => format!("the time {time}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Whole numbers of a range, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Whole<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Whole<MIN, MAX> {
    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }

    /// The number in 16 bits.
    pub fn get16(self) -> u16 {
        const { assert!(MAX <= u16::MAX as u32, "the range fits in 16 bits") };
        self.0 as u16
    }
}

impl<const MIN: u32, const MAX: u32> Setting for Whole<MIN, MAX> {
    fn expected() -> String {
        match MAX {
            u32::MAX => format!("a whole number from {MIN}"),
            _ => format!("a whole number, {MIN} to {MAX}"),
        }
    }

    fn read(value: &Spanned<DeValue<'_>>, door: &mut Door<'_>) -> Option<Self> {
        match integer(value.get_ref()).and_then(|number| u32::try_from(number).ok()) {
            Some(number) if (MIN..=MAX).contains(&number) => Some(Self(number)),
            _ => door.mismatch::<Self, _>(value),
        }
    }
}

fn integer(value: &DeValue<'_>) -> Option<i128> {
    let number = value.as_integer()?;
    i128::from_str_radix(number.as_str(), number.radix()).ok()
}

impl Setting for bool {
    fn expected() -> String {
        "`true` or `false`".to_owned()
    }

    fn read(value: &Spanned<DeValue<'_>>, door: &mut Door<'_>) -> Option<Self> {
        value.get_ref().as_bool().or_else(|| door.mismatch::<Self, _>(value))
    }
}

impl<T: Setting> Setting for Vec<T> {
    fn expected() -> String {
        format!("a list; each {}", T::expected())
    }

    fn read(value: &Spanned<DeValue<'_>>, door: &mut Door<'_>) -> Option<Self> {
        let Some(items) = value.get_ref().as_array() else { return door.mismatch::<Self, _>(value) };
        // All are read, so that each bad one is told.
        let read: Vec<Option<T>> = items.iter().map(|item| T::read(item, door)).collect();
        read.into_iter().collect()
    }
}

/// Tables that many configurations share: a change of one of ten thousand domains copies no other.
impl<T: Setting> Setting for Arc<T> {
    fn expected() -> String {
        T::expected()
    }

    fn read(value: &Spanned<DeValue<'_>>, door: &mut Door<'_>) -> Option<Self> {
        T::read(value, door).map(Arc::new)
    }
}

/// Settings that are text which parses by itself.
macro_rules! parsed {
    ($($type:ty, $expected:literal;)*) => {$(
        impl Setting for $type {
            fn expected() -> String {
                $expected.to_owned()
            }

            fn read(value: &Spanned<DeValue<'_>>, door: &mut Door<'_>) -> Option<Self> {
                value.get_ref().as_str().and_then(|text| text.parse().ok()).or_else(|| door.mismatch::<Self, _>(value))
            }
        }
    )*};
}

parsed! {
    String, "text";
    PathBuf, "the path of a file or folder, from the folder of this file on";
    IpAddr, "an IPv4 or IPv6 address";
    Ipv4Addr, "four numbers like an IPv4 address";
    IpNet, "an address and the length of its subnet, like `10.0.0.2/30`";
    SocketAddr, "an address and a port, like `10.0.0.1:179` or `[fd00::1]:179`";
}

/// Settings that are values of the model, with what the model suggests.
macro_rules! modelled {
    ($($type:ty),*) => {$(
        impl Setting for $type {
            fn expected() -> String {
                <$type as Value>::EXPECTED.to_owned()
            }

            fn read(value: &Spanned<DeValue<'_>>, door: &mut Door<'_>) -> Option<Self> {
                let text = match value.get_ref() {
                    DeValue::String(text) => text.as_ref(),
                    DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
                    _ => return door.mismatch::<Self, _>(value),
                };
                match <$type as Value>::parse(text) {
                    Ok(value) => Some(value),
                    Err(error) => {
                        let problem = Problem::new(value.span(), error.reason, Self::expected());
                        door.refuse(problem.suggest(error.suggestion));
                        None
                    }
                }
            }
        }
    )*};
}

modelled!(Asn, Prefix, PrefixState, Tier);

impl Setting for Community {
    fn expected() -> String {
        CommunityRef::EXPECTED.to_owned()
    }

    fn read(value: &Spanned<DeValue<'_>>, door: &mut Door<'_>) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else { return door.mismatch::<Self, _>(value) };
        let named = CommunityRef::parse(text).ok().and_then(|reference| door.catalog.resolve(&reference));
        if named.is_none() {
            let regions = door.catalog.regions().iter().map(|region| region.name.as_str());
            let meant = nearest(text, regions).map(str::to_owned);
            door.refuse(
                Problem::new(value.span(), format!("`{text}` is no community"), Self::expected()).suggest(meant),
            );
        }
        named
    }
}

/// Declares a closed list of words of the configuration.
macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $word_doc:literal])+ $word:ident = $text:literal,)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[doc = $word_doc])+ $word,)+
        }

        impl $name {
            /// The word as the file has it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }
        }

        impl $crate::config::setting::Setting for $name {
            fn expected() -> String {
                let words = [$(concat!("`", $text, "`")),+];
                let (last, first) = words.split_last().unwrap_or((&"", &[]));
                match first.is_empty() {
                    true => (*last).to_owned(),
                    false => format!("{} or {last}", first.join(", ")),
                }
            }

            fn read(
                value: &toml::Spanned<toml::de::DeValue<'_>>,
                door: &mut $crate::config::setting::Door<'_>,
            ) -> Option<Self> {
                let Some(text) = value.get_ref().as_str() else { return door.mismatch::<Self, _>(value) };
                match text {
                    $($text => return Some(Self::$word),)+
                    _ => {}
                }
                let meant = $crate::config::problem::nearest(text, [$($text),+].into_iter());
                let problem = $crate::config::Problem::new(value.span(), format!("`{text}`"), Self::expected());
                door.refuse(problem.suggest(meant));
                None
            }
        }
    )+};
}
