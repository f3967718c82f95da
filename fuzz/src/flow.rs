//! Files of flow records, of whatever form.

use catalog::Catalog;
use m365::capacity::{Classifier, Report, Site, Tally, TallyError, Terms};
use m365::flow::{self, Flow, Kind, Notes, ReadError};
use m365::history::History;
use m365::{Policy, Split};
use model::{Prefix, Value as _};
use std::io::BufReader;
use std::sync::OnceLock;

/// Seconds of an interval.
const INTERVAL: u32 = 300;

/// Any bytes are records, or are told. In pieces they are the same records; cut short, they are the first of them; and
/// counted in two parts they add up to what is counted in one.
pub fn file(bytes: &[u8]) {
    let Ok(kind) = Kind::of(bytes) else { return };
    if kind == Kind::Partial {
        return partial(bytes);
    }
    if kind == Kind::Parquet {
        return;
    }
    let (flows, said) = read(kind, bytes, bytes.len().max(1));
    assert_eq!(read(kind, bytes, 7), (flows.clone(), said), "in pieces");

    let (short, _) = read(kind, &bytes[..bytes.len() / 2], 1 << 16);
    // A line that is cut within its last number is a record with another one; it may tell both directions.
    let sure = if kind == Kind::Lines { short.len().saturating_sub(2) } else { short.len() };
    assert_eq!(flows.get(..sure), short.get(..sure), "cut short");

    let Some(whole) = count(&flows) else { return };
    let (head, tail) = flows.split_at(flows.len() / 2);
    let mut parts = count(tail).expect("a part has no more intervals");
    parts.merge(&count(head).expect("nor the other")).expect("nor have both");
    let [whole_text, parts_text] = [&whole, &parts].map(written);
    let again = |text: &str| Tally::from_partial(text, mark(), INTERVAL).expect("what was written is read");
    let told = report(&whole);
    assert_eq!(report(&parts), told);
    assert_eq!(report(&again(&whole_text)), told);
    assert_eq!(report(&again(&parts_text)), told);
    assert_eq!((parts.records(), parts.odd()), (whole.records(), whole.odd()));
}

/// What another process says that it counted: added to itself, and reported.
fn partial(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // Whatever its fingerprint is: few inputs would have the right one.
    let own = text.split_once("\"fingerprint\":").and_then(|(_, rest)| rest.split(',').next()?.trim().parse().ok());
    let Ok(tally) = Tally::from_partial(text, own.unwrap_or_else(mark), INTERVAL) else { return };
    let mut twice = Tally::new(INTERVAL);
    if twice.merge(&tally).and_then(|()| twice.merge(&tally)).is_ok() {
        report(&twice);
    }
}

/// The records of a file whose reader gives so many bytes at once, and how it ended.
fn read(kind: Kind, bytes: &[u8], piece: usize) -> (Vec<Flow>, String) {
    let (mut flows, mut notes) = (Vec::new(), Notes::default());
    let mut reader = BufReader::with_capacity(piece, bytes);
    let ended = flow::read(kind, &mut reader, &mut notes, &mut |flow| {
        flows.push(*flow);
        Ok(())
    });
    let mut said: String = notes.sentences().map(|(_, sentence)| sentence).collect();
    match ended {
        Ok(()) => {}
        Err(ReadError::Io(error)) => panic!("nothing fails to be read here: {error}"),
        Err(error) => said += &error.to_string(),
    }
    (flows, said)
}

/// Records counted; nothing when they are of more intervals than are counted.
fn count(flows: &[Flow]) -> Option<Tally> {
    let mut tally = Tally::new(INTERVAL);
    for flow in flows {
        match tally.add(classifier(), flow) {
            Ok(()) => {}
            Err(TallyError::Span { .. }) => return None,
        }
    }
    Some(tally)
}

fn written(tally: &Tally) -> String {
    tally.to_partial(mark()).expect("counts are text")
}

fn report(tally: &Tally) -> Report {
    let terms = Terms { circuits: Vec::new(), headroom: 20, offers: vec![50, 1000, 10_000], ports_per_address: 64_512 };
    Report::new(tally, &terms)
}

fn mark() -> u64 {
    classifier().fingerprint()
}

fn classifier() -> &'static Classifier {
    static CLASSIFIER: OnceLock<Classifier> = OnceLock::new();
    CLASSIFIER.get_or_init(|| {
        let catalog = Catalog::builtin();
        let history = History::of(catalog).expect("the built-in catalogue has snapshots");
        let (_, snapshot) = history.versions("Worldwide").last().expect("one of them is worldwide");
        let split = Split::new(snapshot.clone(), Policy::of_flags(catalog, "Worldwide"));
        let prefixes = ["10.10.0.0/16", "2001:db8:10::/48"].map(|text| Prefix::parse(text).expect("a prefix"));
        Classifier::new(&split, &[Site { name: "ams".to_owned(), prefixes: prefixes.to_vec() }], &[])
    })
}
