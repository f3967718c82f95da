//! NetFlow 5 and 9 (RFC 3954) and IPFIX (RFC 7011), as captured on their way to a collector, or as an IPFIX file (RFC 5655).
//!
//! [`capture`] takes packets out of pcap and pcapng, [`message`] reads what exporters say, [`template`] the layouts that
//! they announce. Nothing is believed before it is measured: lengths, counts, templates.

mod capture;
mod message;
mod template;

use super::{Note, Notes, ReadError, Sink};
use std::io::{BufRead, ErrorKind};
use std::net::{IpAddr, Ipv4Addr};

pub(super) use capture::read as read_capture;

/// Reads messages that stand one behind the other. Those of NetFlow 9 do not say how long they are, so they need a capture.
pub(super) fn read_messages(input: &mut dyn BufRead, notes: &mut Notes, sink: Sink<'_>) -> Result<(), ReadError> {
    let mut collector = message::Collector::default();
    let mut bytes = Vec::new();
    for number in 1u64.. {
        bytes.resize(4, 0);
        match fill(input, &mut bytes)? {
            Filled::None => break,
            Filled::Cut => {
                notes.add(Note::Cut, || format!("message {number}"));
                break;
            }
            Filled::Whole => {}
        }
        let word = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let length = match word(0) {
            5 => 24 + 48 * usize::from(word(2)),
            10 => usize::from(word(2)),
            9 => {
                return Err(ReadError::Unknown(
                    "NetFlow 9 without packets around it has no lengths; wanted a capture".to_owned(),
                ));
            }
            version => {
                return Err(ReadError::Unknown(format!(
                    "message {number} says version {version}; wanted 5 or 10, one message behind the other"
                )));
            }
        };
        if length < 16 {
            return Err(ReadError::Unknown(format!(
                "message {number} says that it has {length} bytes; a header has 16"
            )));
        }
        bytes.resize(length, 0);
        let filled = fill(input, &mut bytes[4..])?;
        if length > 4 && filled != Filled::Whole {
            notes.add(Note::Cut, || format!("message {number}"));
            break;
        }
        collector.message(IpAddr::V4(Ipv4Addr::UNSPECIFIED), number, &bytes, notes, sink)?;
    }
    Ok(())
}

/// How much of a buffer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filled {
    Whole,
    None,
    Cut,
}

/// Fills a buffer, or says how far it came.
fn fill(input: &mut dyn BufRead, buffer: &mut [u8]) -> Result<Filled, ReadError> {
    let mut done = 0;
    while done < buffer.len() {
        match input.read(&mut buffer[done..]) {
            Ok(0) if done == 0 => return Ok(Filled::None),
            Ok(0) => return Ok(Filled::Cut),
            Ok(count) => done += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Filled::Whole)
}

/// A number of so many bytes in the order of the network; of more than eight, the last eight.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests;
