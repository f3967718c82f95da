//! Traffic classes: how real-time media is marked on its way to Microsoft.
//!
//! The marks are those of the catalogue's QoS table. Most rules ask only where voice or video of Microsoft 365
//! takes the circuit, which [`real_time`] guards; what marks leave towards Microsoft is asked of any design.

mod foreign_mark_emitted;
mod marks_not_preserved;
mod no_priority_on_private_peering;
mod qos_not_evaluated;
mod real_time_without_classes;
mod single_queue;
mod voice_not_expedited;

use crate::{Facts, Rule, Spot, Subject, Verdict};
use model::{Dscp, Name, QosClass};

/// The rules of this folder.
pub(crate) static RULES: &[&Rule] = &[
    &foreign_mark_emitted::RULE,
    &marks_not_preserved::RULE,
    &no_priority_on_private_peering::RULE,
    &qos_not_evaluated::RULE,
    &real_time_without_classes::RULE,
    &single_queue::RULE,
    &voice_not_expedited::RULE,
];

/// The guard: real-time media of Microsoft 365 takes Microsoft peering.
fn real_time(facts: &Facts<'_>) -> Result<(), Verdict> {
    facts.microsoft_peering()?;
    facts.m365()?;
    let services = &facts.design.services;
    let place = services.place.or(facts.design.place);
    facts.guard(&services.real_time, "services.real_time", place, "no real-time media takes the circuit")
}

/// One key of the design's traffic classes.
fn at<'a>(facts: &Facts<'_>, key: &'a str) -> Spot<'a> {
    Subject::Design.at(key, facts.design.qos.place.or(facts.design.place))
}

/// One key of a traffic class.
fn class_at<'a>(name: &'a Name, class: &QosClass, key: &'a str) -> Spot<'a> {
    Subject::Named("qos.classes", name.as_str()).at(key, class.place)
}

/// Marks in a row, for a finding.
fn list<'a>(marks: impl IntoIterator<Item = &'a Dscp>) -> String {
    let marks: Vec<_> = marks.into_iter().map(Dscp::to_string).collect();
    if marks.is_empty() { "no mark".to_owned() } else { marks.join(", ") }
}
