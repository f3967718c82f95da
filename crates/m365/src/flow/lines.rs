//! Tables of one record a line, with a header that names the columns: CSV of nfdump (`-o csv`), flow logs of a VPC.

use super::{Column, Draft, Note, Notes, ReadError, Sink, Value};
use std::io::BufRead;

/// The columns of a VPC flow log of version 2 that comes without a header.
const VPC: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
/// A longer line is none of a table.
const LONGEST: usize = 64 << 10;

/// How the lines of a table are cut.
struct Table {
    sign: u8,
    columns: Vec<Option<Column>>,
}

impl Table {
    /// The table of a header; nothing where that names no addresses.
    fn of(header: &str, sign: u8) -> Option<Self> {
        let columns: Vec<Option<Column>> = header.split(char::from(sign)).map(Column::of).collect();
        let has = |column| columns.contains(&Some(column));
        let enough = has(Column::Source) && has(Column::Destination) && has(Column::Bytes);
        enough.then_some(Self { sign, columns })
    }

    fn draft(&self, line: &[u8]) -> (Draft, bool) {
        let mut draft = Draft::default();
        let mut fields = line.split(|byte| *byte == self.sign);
        let mut whole = true;
        for column in &self.columns {
            let Some(field) = fields.next() else {
                whole = false;
                break;
            };
            if let Some(column) = column {
                let field = field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")).unwrap_or(field);
                draft.set(*column, Value::Text(field));
            }
        }
        (draft, whole)
    }
}

pub(super) fn read(input: &mut dyn BufRead, notes: &mut Notes, sink: Sink<'_>) -> Result<(), ReadError> {
    let mut line = Vec::new();
    let mut number = 0u64;
    let mut table: Option<Table> = None;
    // What nfdump adds up below its table is no record.
    let mut summary = false;
    loop {
        line.clear();
        let taken = std::io::Read::take(&mut *input, LONGEST as u64).read_until(b'\n', &mut line)?;
        if taken == 0 {
            return Ok(());
        }
        number += 1;
        let ended = line.last() == Some(&b'\n');
        if !ended && taken == LONGEST {
            return Err(ReadError::Unknown(format!(
                "line {number} is longer than {LONGEST} bytes; no table of flow records"
            )));
        }
        let text = line.trim_ascii();
        if text.is_empty() || summary {
            continue;
        }
        let Some(known) = &table else {
            let header = String::from_utf8_lossy(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)).into_owned();
            table = [b',', b' ', b'\t', b';'].into_iter().find_map(|sign| Table::of(&header, sign));
            if table.is_none() && header.starts_with("2 ") {
                table = Table::of(VPC, b' ');
                if let Some(table) = &table {
                    take(table, text, number, ended, notes, sink)?;
                }
            }
            if table.is_none() {
                let shown: String = header.chars().take(80).collect();
                return Err(ReadError::Unknown(format!(
                    "line {number} is `{shown}`; wanted a header that names addresses and bytes, as nfdump's `ts,te,td,sa,da,…`"
                )));
            }
            continue;
        };
        if text.eq_ignore_ascii_case(b"Summary") {
            summary = true;
            continue;
        }
        take(known, text, number, ended, notes, sink)?;
    }
}

fn take(
    table: &Table,
    line: &[u8],
    number: u64,
    ended: bool,
    notes: &mut Notes,
    sink: Sink<'_>,
) -> Result<(), ReadError> {
    let (draft, whole) = table.draft(line);
    // A last line without its end may be cut within a number.
    if !whole && !ended {
        notes.add(Note::Cut, || format!("line {number}"));
        return Ok(());
    }
    match draft.finish() {
        Ok((flow, back)) => {
            sink(&flow)?;
            if let Some(back) = back {
                sink(&back)?;
            }
        }
        Err(note) => notes.add(note, || format!("line {number}")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Flow, Kind};
    use super::*;

    fn flows(text: &str) -> (Vec<Flow>, Notes) {
        let (mut flows, mut notes) = (Vec::new(), Notes::default());
        assert_eq!(Kind::of(text.as_bytes()).unwrap(), Kind::Lines);
        read(&mut text.as_bytes(), &mut notes, &mut |flow| {
            flows.push(*flow);
            Ok(())
        })
        .unwrap();
        (flows, notes)
    }

    #[test]
    fn the_csv_of_nfdump_is_read_old_and_new() {
        let old = "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,sas,das\n\
            2026-11-21 08:30:00,2026-11-21 08:30:02,2.250,10.10.0.1,52.96.0.1,50000,443,TCP,.AP.SF,0,0,5,1000,7,9000,1,2,0,0\n\
            garbage\n\
            2026-11-21 08:30:00,2026-11-21 08:30:00,0.000,10.10.0.1,192.0.2.1,0,8.0,ICMP,......,0,0,1,84,0,0,1,2,0,0\n\
            Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n2,1,1,1,1,1\n";
        let (list, notes) = flows(old);
        assert_eq!(list.len(), 3);
        assert_eq!((list[0].bytes, list[0].destination_port, list[0].end_ms - list[0].start_ms), (1000, 443, 2000));
        assert_eq!((list[1].bytes, list[1].source_port, list[1].packets), (9000, 443, 7));
        assert_eq!(list[2].protocol, 1);
        assert_eq!(
            notes.sentences().map(|(_, text)| text).collect::<Vec<_>>(),
            ["line 3: no flow record with addresses, times and bytes; left out"]
        );
        let new = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,bps,bpp,flows\n\
            2026-11-21 08:30:00.250,1.5,UDP,10.10.0.1,50000,2603:1063::1,3478,5,1000,1,1,1\n";
        let (list, _) = flows(new);
        assert_eq!(list[0].end_ms - list[0].start_ms, 1500);
    }

    #[test]
    fn the_flow_logs_of_a_vpc_are_read_with_and_without_a_header() {
        let record = "2 123456789010 eni-1 10.10.0.1 52.96.0.1 50000 443 6 20 4249 1795249800 1795249860 ACCEPT OK\n";
        let refused = record.replace("ACCEPT", "REJECT");
        let none = "2 123456789010 eni-1 - - - - - - - 1795249800 1795249860 - NODATA\n";
        let (list, notes) = flows(&format!("{record}{refused}{none}"));
        assert_eq!((list.len(), list[0].bytes, list[0].start_ms), (1, 4249, 1_795_249_800_000));
        assert_eq!((notes.count(Note::Rejected), notes.count(Note::NoData)), (1, 1));
        let headed = format!("{VPC}\n{record}");
        assert_eq!(flows(&headed).0, list);
        // Cut in the middle.
        let (list, notes) = flows(&format!("{record}{}", &record[..40]));
        assert_eq!((list.len(), notes.count(Note::Cut)), (1, 1));
    }

    #[test]
    fn what_is_no_table_says_so() {
        let error =
            |text: &str| read(&mut text.as_bytes(), &mut Notes::default(), &mut |_| Ok(())).unwrap_err().to_string();
        assert!(error("hello\n").starts_with("line 1 is `hello`"));
        assert!(error(&"x".repeat(100_000)).contains("longer than"));
        for (head, wanted) in
            [(&b""[..], "empty"), (b"\x1f\x8b\x08", "gzip"), (b"<html>", "HTML"), (b"\0\0\0", "no flow")]
        {
            assert!(Kind::of(head).unwrap_err().to_string().contains(wanted));
        }
    }
}
