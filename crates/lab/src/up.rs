//! From nothing to a lab that runs, stage by stage.
//!
//! Each stage may be run again: what is there is left, what is missing is made. So an `up` that was interrupted goes on
//! where it was, and a lab in which something was killed is made whole by another one.

pub use crate::service::Own;
use crate::state::State;
use crate::{Error, Lab, Ordered, build, gateways, order, provider, routers, service, wait};
use catalog::Catalog;
use model::Design;
use planner::Plan;
use std::time::Duration;

/// The stages, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Namespaces, cables, the service.
    Topology,
    /// What customer, provider and Microsoft do by the API.
    Order,
    /// Routers find each other.
    Sessions,
}

impl Stage {
    /// Its name, for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Topology => "topology",
            Self::Order => "order",
            Self::Sessions => "sessions",
        }
    }
}

/// Who is told how it goes.
pub trait Watch {
    /// A stage begins.
    fn begin(&mut self, stage: Stage);
    /// What is being done in it.
    fn doing(&mut self, what: &str);
    /// A stage has ended: what came of it, and how long it took.
    fn done(&mut self, stage: Stage, what: &str, took: Duration);
}

/// How it went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Came {
    /// What was ordered and what was refused.
    pub ordered: Ordered,
    /// Sessions that are up.
    pub established: u64,
    /// Sessions that were to come up.
    pub sessions: u64,
}

/// Brings a lab up, inside its namespaces.
///
/// # Errors
///
/// Something of the machine's or the lab's own is in the way. Refused orders and sessions that stay down are none: a
/// design with faults has them.
pub fn up(
    lab: &mut Lab,
    design: &Design,
    plan: &Plan,
    catalog: &Catalog,
    own: &dyn Own,
    patience: Duration,
    watch: &mut dyn Watch,
) -> Result<Came, Error> {
    let mut came = Came::default();

    let began = wait::now();
    watch.begin(Stage::Topology);
    watch.doing("namespaces and links");
    build::build(lab.topology())?;
    for node in lab.topology().nodes.clone() {
        let lines = build::routes(lab.topology(), &node);
        lab.state_mut().routes.insert(node.name.clone(), lines);
        lab.routes(&node.name)?;
    }
    watch.doing("the service");
    service::start(lab)?;
    watch.doing("edges");
    service::edges(lab, own)?;
    watch.doing("routers");
    routers::start(lab, plan, catalog)?;
    let summary = lab.topology().summary();
    watch.done(Stage::Topology, &summary, began.elapsed());

    let began = wait::now();
    watch.begin(Stage::Order);
    came.ordered = order::order(lab, design, plan, &mut |what| watch.doing(what))?;
    watch.doing("the provider's part");
    provider::hand_over(lab, plan)?;
    watch.doing("gateways");
    gateways::start(lab)?;
    watch.done(Stage::Order, &came.ordered.summary(), began.elapsed());

    let began = wait::now();
    watch.begin(Stage::Sessions);
    let wanted = plan.sessions().filter(|placed| placed.ends().is_some()).count() as u64;
    came.sessions = wanted;
    while came.established < wanted && began.elapsed() < patience {
        let (up, known) = service::sessions(lab)?;
        came.established = up;
        came.sessions = wanted.max(known);
        watch.doing(&format!("{up} of {} established", came.sessions));
        std::thread::sleep(Duration::from_millis(100));
    }
    gateways::services(lab, &provider::microsoft(lab, plan)?)?;
    let said = format!("{} of {} established", came.established, came.sessions);
    watch.done(Stage::Sessions, &said, began.elapsed());

    let state = lab.state_mut();
    state.up = true;
    lab.save()?;
    Ok(came)
}

/// Orders again, in a lab that is up: what stands is changed to what is wanted now.
///
/// # Errors
///
/// The service does not answer. Refusals are no errors.
pub fn order_again(lab: &Lab, design: &Design, plan: &Plan) -> Result<Ordered, Error> {
    order::order(lab, design, plan, &mut |_| {})
}

impl State {
    /// The port of the service.
    pub fn port(&self) -> u16 {
        self.base.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_default()
    }
}

impl Ordered {
    /// What was ordered, in a line.
    pub fn summary(&self) -> String {
        let parts = [
            (self.circuits, "circuit"),
            (self.peerings, "peering"),
            (self.filters, "filter"),
            (self.connections, "connection"),
            (self.refused.len(), "refusal"),
        ];
        let part = |(number, word): &(usize, &str)| format!("{number} {word}{}", if *number == 1 { "" } else { "s" });
        let parts: Vec<String> = parts.iter().filter(|(number, _)| *number > 0).map(part).collect();
        format!("{}, through the API", parts.join(" · "))
    }
}
