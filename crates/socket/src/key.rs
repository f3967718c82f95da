//! A key for the signing of segments.

use std::fmt;

/// A secret shared with a peer, 1 to 80 bytes. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Box<[u8]>);

impl Key {
    /// The longest key that the kernel takes, in bytes.
    pub const MAX_LEN: usize = 80;

    /// The key of these bytes.
    ///
    /// # Errors
    ///
    /// There are none, or more than [`Self::MAX_LEN`].
    pub fn new(secret: impl Into<Vec<u8>>) -> Result<Self, KeyLength> {
        let secret = secret.into();
        match secret.len() {
            1..=Self::MAX_LEN => Ok(Self(secret.into_boxed_slice())),
            length => Err(KeyLength(length)),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(hidden)")
    }
}

/// A key has too few or too many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("key of {0} bytes is outside 1..={max}", max = Key::MAX_LEN)]
pub struct KeyLength(pub usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_printed() {
        let text = format!("{:?}", Key::new("hunter2").unwrap());
        assert!(!text.contains("hunter2") && !text.contains('7'), "{text}");
    }

    #[test]
    fn a_key_has_1_to_80_bytes() {
        assert_eq!(Key::new(""), Err(KeyLength(0)));
        assert!(Key::new([b'k'; 80]).is_ok());
        assert_eq!(Key::new([b'k'; 81]).unwrap_err().to_string(), "key of 81 bytes is outside 1..=80");
    }
}
