//! Traffic classes towards Microsoft: the table of the QoS page, in queues.

use catalog::Catalog;
use model::{Design, Dscp};

/// A queue and the marks that go into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Voice, Interactive or Default.
    pub name: String,
    /// Strict priority, as expedited forwarding wants it (RFC 3246).
    pub strict: bool,
    /// The marks, highest first, each with what runs under it and the source ports of the clients.
    pub marks: Vec<Mark>,
    /// Its share of the link in percent, with all classes full; the strict class is held to its own.
    pub share: u8,
}

/// A mark of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The code point.
    pub dscp: Dscp,
    /// What runs under it.
    pub workload: String,
    /// Source ports of the clients; empty when any.
    pub ports: String,
}

/// The classes in force, for a design whose real-time traffic takes the circuit or that plans classes.
pub(crate) fn plan(design: &Design, catalog: &Catalog) -> Vec<Class> {
    if !design.services.real_time.is(&true) && design.qos.classes.is_empty() {
        return Vec::new();
    }
    let mut classes: Vec<Class> = Vec::new();
    for fact in catalog.current_qos_classes() {
        let mark = Mark { dscp: fact.dscp, workload: fact.workload.clone(), ports: fact.client_source_ports.clone() };
        match classes.iter_mut().find(|class| class.name == fact.traffic_class) {
            Some(class) => class.marks.push(mark),
            None => classes.push(Class {
                name: fact.traffic_class.clone(),
                strict: fact.dscp == Dscp::EF,
                marks: vec![mark],
                share: 0,
            }),
        }
    }
    let queues = u8::try_from(classes.len()).unwrap_or(u8::MAX);
    for class in &mut classes {
        class.share = share(class, queues);
    }
    classes
}

/// Shares are the customer's to choose (spec 04, B5); these are a start: voice little and strict, the rest of the
/// interactive classes and the default class alike.
fn share(class: &Class, queues: u8) -> u8 {
    match class.strict {
        true => STRICT,
        false => (100 - STRICT) / queues.saturating_sub(1).max(1),
    }
}

/// Share of the strict class in percent: what is more waits for nobody and so must be bounded.
const STRICT: u8 = 20;
