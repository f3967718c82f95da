//! The authentication section (RFC 5880 sections 4.2 to 4.4), read so that it can be refused by name.
//!
//! ```text
//! +---------------+---------------+---------------+---------------+
//! |   Auth Type   |   Auth Len    |  Auth Key ID  | password ...  |   type 1, 4 to 19 bytes
//! +---------------+---------------+---------------+---------------+
//! |   Auth Type   |   Auth Len    |  Auth Key ID  |   reserved    |   types 2 to 5,
//! |                       sequence number                         |   24 bytes with MD5,
//! |                    digest (16) or hash (20)                   |   28 bytes with SHA1
//! +---------------------------------------------------------------+
//! ```

use crate::PacketError;
use crate::iana::auth_type;
use std::fmt;

/// An authentication section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Auth {
    /// Auth Key ID: which of several keys.
    pub key_id: u8,
    /// What proves the sender, by type.
    pub proof: Proof,
}

/// What proves the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A password in the clear (type 1).
    Password(Password),
    /// A keyed MD5 digest (types 2 and 3).
    Md5 {
        /// The sequence number rises with every packet (type 3).
        meticulous: bool,
        /// Against replay.
        sequence: u32,
        /// Over the whole packet.
        digest: [u8; 16],
    },
    /// A keyed SHA1 hash (types 4 and 5).
    Sha1 {
        /// The sequence number rises with every packet (type 5).
        meticulous: bool,
        /// Against replay.
        sequence: u32,
        /// Over the whole packet.
        hash: [u8; 20],
    },
}

impl Auth {
    /// Bytes of the longest section.
    pub(crate) const MAX_LEN: usize = 28;

    /// Auth Type.
    pub fn number(&self) -> u8 {
        match self.proof {
            Proof::Password(_) => auth_type::SIMPLE_PASSWORD,
            Proof::Md5 { meticulous: false, .. } => auth_type::KEYED_MD5,
            Proof::Md5 { meticulous: true, .. } => auth_type::METICULOUS_KEYED_MD5,
            Proof::Sha1 { meticulous: false, .. } => auth_type::KEYED_SHA1,
            Proof::Sha1 { meticulous: true, .. } => auth_type::METICULOUS_KEYED_SHA1,
        }
    }

    /// Auth Len: bytes of the section.
    pub(crate) fn len(&self) -> u8 {
        match self.proof {
            Proof::Password(password) => 3 + password.len,
            Proof::Md5 { .. } => 24,
            Proof::Sha1 { .. } => 28,
        }
    }

    /// Reads the bytes of a packet behind its mandatory section.
    pub(crate) fn parse(section: &[u8]) -> Result<Self, PacketError> {
        // Both bytes are there: a packet with the A bit has a length of 26 or more.
        let &[kind, length, ref body @ ..] = section else { return Err(PacketError::Length { length: 24, least: 26 }) };
        let wrong = PacketError::AuthLength { kind, length, room: section.len() };
        let Some(body) = usize::from(length).checked_sub(2).and_then(|len| body.get(..len)) else { return Err(wrong) };
        let &[key_id, ref body @ ..] = body else { return Err(wrong) };
        let proof = match kind {
            auth_type::SIMPLE_PASSWORD => Password::new(body).map(Proof::Password),
            auth_type::KEYED_MD5 | auth_type::METICULOUS_KEYED_MD5 => {
                let meticulous = kind == auth_type::METICULOUS_KEYED_MD5;
                numbered(body).map(|(sequence, digest)| Proof::Md5 { meticulous, sequence, digest })
            }
            auth_type::KEYED_SHA1 | auth_type::METICULOUS_KEYED_SHA1 => {
                let meticulous = kind == auth_type::METICULOUS_KEYED_SHA1;
                numbered(body).map(|(sequence, hash)| Proof::Sha1 { meticulous, sequence, hash })
            }
            _ => return Err(PacketError::AuthType(kind)),
        };
        Ok(Self { key_id, proof: proof.ok_or(wrong)? })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend([self.number(), self.len(), self.key_id]);
        match &self.proof {
            Proof::Password(password) => out.extend(password.bytes()),
            Proof::Md5 { sequence, digest, .. } => write_numbered(*sequence, digest, out),
            Proof::Sha1 { sequence, hash, .. } => write_numbered(*sequence, hash, out),
        }
    }
}

/// Reads a reserved byte, a sequence number and a digest of exactly `N` bytes.
fn numbered<const N: usize>(body: &[u8]) -> Option<(u32, [u8; N])> {
    let (_reserved, body) = body.split_first()?;
    let (sequence, digest) = body.split_first_chunk()?;
    Some((u32::from_be_bytes(*sequence), digest.try_into().ok()?))
}

fn write_numbered(sequence: u32, digest: &[u8], out: &mut Vec<u8>) {
    out.push(0);
    out.extend(sequence.to_be_bytes());
    out.extend(digest);
}

/// A password of 1 to 16 bytes. Its `Debug` hides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Password {
    len: u8,
    bytes: [u8; 16],
}

impl Password {
    /// The password of these bytes; `None` unless there are 1 to 16.
    pub fn new(password: &[u8]) -> Option<Self> {
        let mut bytes = [0; 16];
        bytes.get_mut(..password.len())?.copy_from_slice(password);
        let len = u8::try_from(password.len()).ok()?;
        (len > 0).then_some(Self { len, bytes })
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Password({} bytes)", self.len)
    }
}
