//! Path attributes by type, length and value (RFC 4271, section 4.3).
//!
//! ```text
//! +---------------+---------------+---------------------+-----------------+
//! |  Flags (1)    |  Type (1)     | Length (1, or 2     | Value           |
//! | O T P E 0000  |               |  where E is set)    | (variable)      |
//! +---------------+---------------+---------------------+-----------------+
//! ```
//!
//! O optional, T transitive, P partial, E extended length. The low four bits mean nothing.

use crate::iana::attribute_flag::{EXTENDED_LENGTH, OPTIONAL, PARTIAL, TRANSITIVE};

/// An attribute whose value has not been looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawAttribute<'a> {
    /// The flags octet.
    pub flags: u8,
    /// The type code.
    pub code: u8,
    /// The value.
    pub value: &'a [u8],
    /// Type, length and value as received.
    pub bytes: &'a [u8],
}

impl RawAttribute<'_> {
    /// The attribute is optional, not well-known.
    pub fn is_optional(&self) -> bool {
        self.flags & OPTIONAL != 0
    }

    /// It is passed on by who does not know it.
    pub fn is_transitive(&self) -> bool {
        self.flags & TRANSITIVE != 0
    }

    /// Somebody on the way did not know it.
    pub fn is_partial(&self) -> bool {
        self.flags & PARTIAL != 0
    }
}

/// An attribute list that does not end with the end of an attribute (RFC 7606, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut<'a> {
    /// What is left.
    pub(crate) bytes: &'a [u8],
    /// The octets were there for a length, and it is too large; otherwise they were not.
    pub(crate) overrun: bool,
}

impl Cut<'_> {
    /// The type code, if that much was there, else 0.
    pub(crate) fn code(&self) -> u8 {
        self.bytes.get(1).copied().unwrap_or_default()
    }
}

/// A walk over an attribute list.
#[derive(Debug, Clone)]
pub(crate) struct RawAttributes<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for RawAttributes<'a> {
    type Item = Result<RawAttribute<'a>, Cut<'a>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.0;
        if bytes.is_empty() {
            return None;
        }
        let Some((flags, code, header, length)) = header(bytes) else {
            self.0 = &[];
            return Some(Err(Cut { bytes, overrun: false }));
        };
        let Some((attribute, rest)) = bytes.split_at_checked(header + length) else {
            self.0 = &[];
            return Some(Err(Cut { bytes, overrun: true }));
        };
        self.0 = rest;
        let value = attribute.get(header..).unwrap_or_default();
        Some(Ok(RawAttribute { flags, code, value, bytes: attribute }))
    }
}

/// Flags, type code, length of the header and length of the value.
#[inline]
fn header(bytes: &[u8]) -> Option<(u8, u8, usize, usize)> {
    let (&[flags, code, length], rest) = bytes.split_first_chunk()?;
    if flags & EXTENDED_LENGTH == 0 {
        return Some((flags, code, 3, length.into()));
    }
    let low = rest.first()?;
    Some((flags, code, 4, u16::from_be_bytes([length, *low]).into()))
}

/// A set of attribute type codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TypeSet([u64; 4]);

impl TypeSet {
    /// Whether the code is in the set.
    pub fn contains(&self, code: u8) -> bool {
        self.0.get(usize::from(code >> 6)).is_some_and(|word| word & 1 << (code & 63) != 0)
    }

    /// Takes the code out.
    pub fn remove(&mut self, code: u8) {
        if let Some(word) = self.0.get_mut(usize::from(code >> 6)) {
            *word &= !(1 << (code & 63));
        }
    }

    /// Puts the code in; whether it was not there yet.
    pub fn insert(&mut self, code: u8) -> bool {
        let new = !self.contains(code);
        if let Some(word) = self.0.get_mut(usize::from(code >> 6)) {
            *word |= 1 << (code & 63);
        }
        new
    }
}
