//! Flow logs as JSON: of network security groups and of virtual networks in Azure, whose records are texts under
//! `flowTuples`, and of clouds and collectors that write one object a record, nested or not.
//!
//! Documents are walked, not kept: one of a busy hour has hundreds of megabytes.

use super::{Column, Draft, Flow, Note, Notes, ReadError, Sink, Value, draft};
use crate::capacity::TallyError;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::io::BufRead;
use std::net::IpAddr;

/// What the walk carries along.
struct Walk<'a, 'b> {
    notes: &'a mut Notes,
    sink: Sink<'b>,
    /// Why it ended, if not for the text.
    stopped: Option<TallyError>,
    /// How many records and tuples came by, which is the place of the next.
    seen: u64,
}

pub(super) fn read(input: &mut dyn BufRead, notes: &mut Notes, sink: Sink<'_>) -> Result<(), ReadError> {
    let mut walk = Walk { notes, sink, stopped: None, seen: 0 };
    // One document, or one a line.
    let mut reader = serde_json::Deserializer::from_reader(input);
    loop {
        let mut draft = Draft::default();
        let node = Node { walk: &mut walk, column: None, tuples: false, draft: &mut draft, depth: 0 };
        let error = match node.deserialize(&mut reader) {
            Ok(()) => {
                // Another document follows, or nothing.
                match reader.end() {
                    Ok(()) => return Ok(()),
                    Err(error) if error.is_io() => return Err(ReadError::Io(error.into())),
                    Err(_) => continue,
                }
            }
            Err(error) => error,
        };
        if let Some(stopped) = walk.stopped {
            return Err(stopped.into());
        }
        let place = || format!("line {}, column {}", error.line(), error.column());
        if error.is_eof() {
            walk.notes.add(Note::Cut, place);
            return Ok(());
        }
        if error.is_io() {
            return Err(ReadError::Io(error.into()));
        }
        return Err(ReadError::Unknown(format!("{}: no JSON: {error}; {} records came before", place(), walk.seen)));
    }
}

/// Records lie no deeper; what does is no flow log.
const DEEPEST: u8 = 32;

/// One value of the document.
struct Node<'w, 'a, 'b, 'd> {
    walk: &'w mut Walk<'a, 'b>,
    /// The column that its key names.
    column: Option<Column>,
    /// Whether its texts are tuples.
    tuples: bool,
    /// The record that it is a part of.
    draft: &'d mut Draft,
    depth: u8,
}

impl Node<'_, '_, '_, '_> {
    fn scalar(&mut self, value: Value<'_>) {
        if let Some(column) = self.column {
            self.draft.set(column, value);
        }
    }

    fn give<E: serde::de::Error>(&mut self, flow: &Flow) -> Result<(), E> {
        (self.walk.sink)(flow).map_err(|error| {
            self.walk.stopped = Some(error);
            E::custom("stopped")
        })
    }

    fn text<E: serde::de::Error>(&mut self, text: &str) -> Result<(), E> {
        if !self.tuples {
            self.scalar(Value::Text(text.as_bytes()));
            return Ok(());
        }
        self.walk.seen += 1;
        let seen = self.walk.seen;
        match tuple(text) {
            Ok(flows) => {
                for flow in flows.iter().flatten() {
                    self.give(flow)?;
                }
            }
            Err(note) => {
                let shown: String = text.chars().take(80).collect();
                self.walk.notes.add(note, || format!("flow tuple {seen}, `{shown}`"));
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a flow log")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(mut self, number: i64) -> Result<(), E> {
        self.scalar(Value::Number(number));
        Ok(())
    }

    fn visit_u64<E>(mut self, number: u64) -> Result<(), E> {
        if let Ok(number) = i64::try_from(number) {
            self.scalar(Value::Number(number));
        }
        Ok(())
    }

    fn visit_f64<E>(mut self, number: f64) -> Result<(), E> {
        self.scalar(Value::Text(number.to_string().as_bytes()));
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> Result<(), E> {
        self.text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let depth = self.depth + 1;
        if depth > DEEPEST {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        loop {
            let (column, tuples) = (None, self.tuples);
            let node = Node { walk: &mut *self.walk, column, tuples, draft: &mut *self.draft, depth };
            if list.next_element_seed(node)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let depth = self.depth + 1;
        if depth > DEEPEST {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        // A record may be an object of objects; its outermost that has both addresses is the record.
        let mut own = *self.draft;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let node = Node {
                walk: &mut *self.walk,
                column: Column::of(&key),
                tuples: key == "flowTuples",
                draft: &mut own,
                depth,
            };
            map.next_value_seed(node)?;
        }
        if own.is_spoken_for() {
            // An inner object knows only a part, as the five of `connection`; what is around it may know the rest.
            match own.finish() {
                Ok((flow, back)) => {
                    self.walk.seen += 1;
                    let mut node =
                        Node { column: None, tuples: false, draft: &mut Draft::default(), depth, walk: self.walk };
                    node.give::<A::Error>(&flow)?;
                    if let Some(back) = back {
                        node.give::<A::Error>(&back)?;
                    }
                }
                Err(note) if self.depth == 0 || note != Note::NoRecord => {
                    self.walk.seen += 1;
                    let seen = self.walk.seen;
                    self.walk.notes.add(note, || format!("record {seen}"));
                }
                Err(_) => *self.draft = own,
            }
        }
        Ok(())
    }
}

/// The records of a flow tuple. NSG: seconds, addresses, ports, `T` or `U`, direction, `A` or `D`, and since version 2 the state,
/// packets and bytes there and back. VNet: milliseconds, the number of the protocol, the state in place of the decision, `NX` or
/// another word for encryption. Both say when they were written, not when the bytes went, so these count for that moment.
fn tuple(text: &str) -> Result<[Option<Flow>; 2], Note> {
    let fields: Vec<&str> = text.split(',').collect();
    let at = |index: usize| fields.get(index).copied().unwrap_or_default();
    let number = |index: usize| draft::digits(at(index).as_bytes());
    let mut draft = Draft::default();
    let columns = [
        Column::Start,
        Column::Source,
        Column::Destination,
        Column::SourcePort,
        Column::DestinationPort,
        Column::Protocol,
    ];
    for (index, column) in columns.into_iter().enumerate() {
        draft.set(column, Value::Text(at(index).as_bytes()));
    }
    // VNet: state at 7, encryption at 8. NSG: decision at 7, state at 8, none in version 1.
    let denied = at(7) == "D";
    let begins = at(7) == "B" || at(8) == "B";
    if fields.len() < 8 || at(1).parse::<IpAddr>().is_err() {
        return Err(Note::NoRecord);
    }
    if denied {
        return Err(Note::Rejected);
    }
    draft.set(Column::Bytes, Value::Number(0));
    let (flow, _) = draft.finish()?;
    let (packets, bytes, packets_back, bytes_back) = (number(9), number(10), number(11), number(12));
    match (bytes, bytes_back) {
        (Some(0) | None, Some(0) | None) if begins || bytes.is_none() => Err(Note::Begin),
        _ => {
            let of = |bytes: u64, packets: Option<u64>| (bytes > 0).then_some((bytes, packets.unwrap_or(0)));
            let there = of(bytes.unwrap_or(0), packets).map(|(bytes, packets)| Flow { bytes, packets, ..flow });
            let back = of(bytes_back.unwrap_or(0), packets_back).map(|(bytes, packets)| flow.turned(bytes, packets));
            Ok([there, back])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flows(text: &str) -> (Vec<Flow>, Notes) {
        let (mut flows, mut notes) = (Vec::new(), Notes::default());
        read(&mut text.as_bytes(), &mut notes, &mut |flow| {
            flows.push(*flow);
            Ok(())
        })
        .unwrap();
        (flows, notes)
    }

    const NSG: &str = r#"{"records":[{"time":"2026-11-21T08:30:00Z","category":"NetworkSecurityGroupFlowEvent","properties":
{"Version":2,"flows":[{"rule":"r","flows":[{"mac":"000D3A","flowTuples":[
"1795249800,10.10.0.1,52.96.0.1,50000,443,T,O,A,B,,,,",
"1795249860,10.10.0.1,52.96.0.1,50000,443,T,O,A,C,10,5000,12,60000",
"1795249860,10.10.0.1,52.96.0.1,50000,25,T,O,D,B,,,,"]}]}]}}]}"#;

    const VNET: &str = r#"{"records":[{"flowLogVersion":4,"flowRecords":{"flows":[{"aclID":"a","flowGroups":[{"rule":"r",
"flowTuples":["1795249860000,10.10.0.1,52.96.0.1,50000,443,6,O,C,NX,10,5000,12,60000","1795249860000,10.10.0.1,52.96.0.1,50000,443,6,O,B,NX,0,0,0,0"]}]}]}}]}"#;

    #[test]
    fn the_flow_logs_of_an_nsg_and_a_vnet_say_the_same() {
        let (list, notes) = flows(NSG);
        assert_eq!(list.len(), 2);
        assert_eq!((list[0].bytes, list[1].bytes, list[1].source_port), (5000, 60000, 443));
        assert_eq!((notes.count(Note::Begin), notes.count(Note::Rejected)), (1, 1));
        let (same, notes) = flows(VNET);
        assert_eq!(list, same);
        assert_eq!(notes.count(Note::Begin), 1);
    }

    #[test]
    fn objects_are_records_flat_or_nested_one_a_line_or_in_a_list() {
        let flat = r#"{"srcaddr":"10.10.0.1","dstaddr":"52.96.0.1","srcport":50000,"dstport":443,"protocol":6,"bytes":5000,"packets":"10","start":1795249860,"end":1795249860}"#;
        let nested = r#"{"insertId":"x","jsonPayload":{"connection":{"src_ip":"10.10.0.1","dest_ip":"52.96.0.1","src_port":50000,"dest_port":443,
"protocol":6},"bytes_sent":"5000","packets_sent":"10","start_time":"2026-11-21T08:31:00Z","end_time":"2026-11-21T08:31:00.000000Z"}}"#;
        let (list, notes) = flows(&format!("{flat}\n{nested}\n[{flat},\n{nested}]"));
        assert_eq!(notes, Notes::default());
        assert_eq!(list.len(), 4);
        assert!(list.iter().all(|flow| *flow == list[0]), "{list:#?}");
    }

    #[test]
    fn a_document_that_is_cut_counts_as_far_as_it_goes() {
        let cut = NSG.find("12,60000\"").unwrap() + 9;
        let (list, notes) = flows(&NSG[..cut]);
        assert_eq!((list.len(), notes.count(Note::Cut)), (2, 1));
        let error = read(&mut &b"{\"a\": nonsense}"[..], &mut Notes::default(), &mut |_| Ok(())).unwrap_err();
        assert!(error.to_string().starts_with("line 1, column"), "{error}");
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert!(flows(&deep).0.is_empty());
    }
}
