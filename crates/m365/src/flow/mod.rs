//! Flow records, whoever wrote them.
//!
//! [`Kind::of`] sees by its first bytes what a file holds; [`read`] gives its records one by one. Files are read once, from the
//! front, in memory that does not grow with them. What cannot be read is counted in [`Notes`], with the place of the first
//! of its kind, and the rest goes on.

mod column;
mod draft;
mod json;
mod lines;
mod netflow;
mod notes;

pub use column::Column;
pub use draft::{Draft, Value, instant};
pub use notes::{Note, Notes};

use crate::capacity::TallyError;
use std::io::BufRead;
use std::net::IpAddr;

/// One record: so many bytes from one end to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// The first packet, in milliseconds since 1970.
    pub start_ms: i64,
    /// The last packet.
    pub end_ms: i64,
    /// Where it comes from.
    pub source: IpAddr,
    /// Where it goes.
    pub destination: IpAddr,
    /// The port there; 0 where the protocol has none.
    pub source_port: u16,
    /// The port there.
    pub destination_port: u16,
    /// The number of the protocol.
    pub protocol: u8,
    /// Bytes, headers of IP included.
    pub bytes: u64,
    /// Packets; 0 where the record does not say.
    pub packets: u64,
}

/// Who takes records.
pub type Sink<'a> = &'a mut dyn FnMut(&Flow) -> Result<(), TallyError>;

/// Why the reading of a file ends.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read on.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Nobody can take its records.
    #[error(transparent)]
    Tally(#[from] TallyError),
    /// It is in no form that is known.
    #[error("{0}")]
    Unknown(String),
}

/// The forms of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A table with a header: nfdump's CSV, VPC flow logs.
    Lines,
    /// JSON: NSG and VNet flow logs, records as objects.
    Json,
    /// Packets of exporters, as pcap or pcapng: NetFlow 5 and 9, IPFIX.
    Capture,
    /// Messages of NetFlow 5 or IPFIX, one behind the other.
    Messages,
    /// Parquet, which is read from its end and so is not for [`read`].
    Parquet,
    /// A partial result of our own.
    Partial,
}

impl Kind {
    /// What a file holds, by its first bytes; some tens of them are enough.
    ///
    /// # Errors
    /// It holds nothing, or something else.
    pub fn of(head: &[u8]) -> Result<Self, ReadError> {
        let unknown = |what: &str| Err(ReadError::Unknown(format!("{what}; wanted {FORMS}")));
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        match head {
            [] => unknown("the file is empty"),
            [0xd4, 0xc3, 0xb2, 0xa1, ..] | [0x4d, 0x3c, 0xb2, 0xa1, ..] => Ok(Self::Capture),
            [0xa1, 0xb2, 0xc3, 0xd4, ..] | [0xa1, 0xb2, 0x3c, 0x4d, ..] | [0x0a, 0x0d, 0x0d, 0x0a, ..] => {
                Ok(Self::Capture)
            }
            [0, 5 | 9 | 10, ..] => Ok(Self::Messages),
            [b'P', b'A', b'R', b'1', ..] => Ok(Self::Parquet),
            [0x1f, 0x8b, ..] => unknown("the file is compressed by gzip; unpack it first, as by `zcat FILE | … -`"),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => unknown("the file is compressed by zstd; unpack it first"),
            _ if text.starts_with(br#"{"twinpath_capacity""#) => Ok(Self::Partial),
            _ if text.starts_with(b"{") || text.starts_with(b"[") => Ok(Self::Json),
            _ if text.starts_with(b"<") => unknown("the file is HTML"),
            _ if text.is_empty() || head.iter().take(64).any(|byte| *byte < 9) => {
                unknown("no flow records are in the file")
            }
            _ => Ok(Self::Lines),
        }
    }
}

/// The forms that are read, for messages.
const FORMS: &str =
    "a capture of NetFlow or IPFIX, CSV of nfdump, flow logs of a VPC, an NSG or a VNet, Parquet, or a partial result";

/// Reads records of a stream.
///
/// # Errors
/// The stream fails, its form is unknown or needs a file, or nobody can take its records. What came before counts.
pub fn read(kind: Kind, input: &mut dyn BufRead, notes: &mut Notes, sink: Sink<'_>) -> Result<(), ReadError> {
    match kind {
        Kind::Lines => lines::read(input, notes, sink),
        Kind::Json => json::read(input, notes, sink),
        Kind::Capture => netflow::read_capture(input, notes, sink),
        Kind::Messages => netflow::read_messages(input, notes, sink),
        Kind::Parquet => {
            Err(ReadError::Unknown("Parquet is read from its end; wanted a file, not a stream".to_owned()))
        }
        Kind::Partial => Err(ReadError::Unknown("a partial result is not read record by record".to_owned())),
    }
}
