//! Classes of traffic on Microsoft peering, as the catalogue's table has them (spec 04, B3).
//!
//! Voice is served first and held to a bound; the other classes share what it leaves, and each takes what the others do not
//! use. Marks of no class are cleared: Microsoft sends only those of the table (B6).

use catalog::Catalog;
use dataplane::{QosPolicy, TrafficClass};
use model::Dscp;

/// Percent of the bandwidth that voice has for sure, and to which it may rise.
const VOICE: (u8, u8) = (20, 30);
/// Milliseconds of the bandwidth that may wait in any other class (spec 09, 8).
const WAIT_MS: u32 = 50;

/// The classes, most urgent first. Packets without a mark belong to the last.
pub(crate) fn of(catalog: &Catalog) -> Vec<TrafficClass> {
    let mut classes: Vec<TrafficClass> = Vec::new();
    for fact in catalog.current_qos_classes() {
        let name = fact.traffic_class.to_lowercase();
        match classes.iter_mut().find(|class| class.name == name) {
            Some(class) => class.marks.push(fact.dscp),
            None => classes.push(TrafficClass {
                name,
                marks: vec![fact.dscp],
                share: 0,
                ceiling: 100,
                queue_ms: Some(WAIT_MS),
            }),
        }
    }
    let is_voice = |class: &TrafficClass| class.marks.contains(&Dscp::EF);
    let has_voice = classes.iter().any(is_voice);
    let others = classes.iter().filter(|class| !is_voice(class)).count().max(1);
    let left = 100 - if has_voice { usize::from(VOICE.0) } else { 0 };
    for class in &mut classes {
        if is_voice(class) {
            (class.share, class.ceiling, class.queue_ms) = (VOICE.0, VOICE.1, None);
        } else {
            class.share = u8::try_from(left / others).unwrap_or(0);
        }
    }
    // Voice first, what has no mark last; the table's order in between.
    classes.sort_by_key(|class| (!is_voice(class), class.marks.contains(&Dscp::DEFAULT)));
    classes
}

/// The policy of a link of so many bits a second; none where the catalogue knows no classes.
pub(super) fn policy(classes: &[TrafficClass], bps: u64) -> Option<QosPolicy> {
    let classes = classes.to_vec();
    (!classes.is_empty()).then_some(QosPolicy { bps, classes, rewrite_others: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voice_is_first_and_bounded_and_what_has_no_mark_last() {
        let classes = of(Catalog::builtin());
        let told: Vec<_> = classes.iter().map(|class| (class.name.as_str(), class.share, class.ceiling)).collect();
        assert_eq!(told, [("voice", 20, 30), ("interactive", 40, 100), ("default", 40, 100)]);
        let marks = |class: &TrafficClass| class.marks.iter().map(|mark| mark.number()).collect::<Vec<_>>();
        assert_eq!(classes.iter().map(marks).collect::<Vec<_>>(), [vec![46], vec![34, 18], vec![10, 0]]);
        policy(&classes, 50_000_000).unwrap().check().unwrap();
        assert_eq!(policy(&[], 1), None);
    }
}
