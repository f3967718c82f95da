//! What a page of a plan says, in order.

use crate::nat::list;
use crate::order::quote;
use crate::plan::{CircuitPlan, Origin, PeeringPlan, Placed, Plan, Planned};
use crate::steps::Step;
use crate::timeline::Timeline;
use model::{Bfd, NatPlacement};
use std::fmt::Display;

/// A page: a head and sections.
pub(super) struct Page {
    pub(super) head: String,
    pub(super) sections: Vec<Section>,
}

/// A section: a table, and sentences behind it.
#[derive(Default)]
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) heading: &'static [&'static str],
    pub(super) rows: Vec<Vec<String>>,
    pub(super) notes: Vec<String>,
}

impl Page {
    pub(super) fn of(plan: &Plan, time: &Timeline) -> Self {
        let sections = [
            sessions(plan),
            peerings(plan),
            filters(plan),
            networks(plan),
            nat(plan),
            qos(plan),
            steps(plan, time),
            chosen(plan),
            missing(plan),
        ];
        let filled = |section: &Section| !section.rows.is_empty() || !section.notes.is_empty();
        Self { head: head(plan), sections: sections.into_iter().filter(filled).collect() }
    }
}

/// `1 circuit`, `2 circuits`.
pub(super) fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

fn head(plan: &Plan) -> String {
    let peerings = plan.circuits.iter().map(|circuit| circuit.peerings.len()).sum();
    let mut parts = vec![
        plan.company.clone().unwrap_or_else(|| "a design without a company".to_owned()),
        count(plan.circuits.len(), "circuit"),
        count(peerings, "peering"),
        count(plan.sessions().count(), "session"),
        count(plan.routers.len(), "router"),
        count(plan.vnets.len(), "VNet"),
    ];
    parts.extend(plan.cutover.map(|date| format!("production traffic moves on {date}")));
    parts.join(" · ")
}

/// A value with a star behind it when it was chosen, or a question mark in its place.
fn star<T: Display>(planned: Option<Planned<T>>) -> String {
    match planned {
        Some(Planned { value, origin: Origin::Chosen }) => format!("{value}*"),
        Some(Planned { value, .. }) => value.to_string(),
        None => "?".to_owned(),
    }
}

fn sessions(plan: &Plan) -> Section {
    let row = |placed: Placed<'_>| {
        let Placed { circuit, peering, session } = placed;
        let length = session.subnet.map(|subnet| format!("/{}", subnet.value.length())).unwrap_or_default();
        let chosen = session.subnet.is_some_and(|subnet| subnet.origin == Origin::Chosen);
        let mark = if chosen { "*" } else { "" };
        let customer = session.customer.map_or("?".to_owned(), |address| format!("{}{length}{mark}", address.value));
        let outer = match session.outer {
            crate::Outer::None => String::new(),
            crate::Outer::Tag(tag) => format!("{tag}."),
            crate::Outer::Assigned => "S.".to_owned(),
        };
        vec![
            circuit.name.to_string(),
            peering.kind.to_string(),
            session.link.to_string(),
            format!("{outer}{}", star(peering.vlan)),
            session.router.clone(),
            customer,
            star(peering.asn),
            star(session.microsoft),
            peering.remote_asn.value.to_string(),
            session.msee.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = plan.sessions().map(row).collect();
    let mut notes = Vec::new();
    if plan.sessions().any(|placed| placed.session.outer == crate::Outer::Assigned) {
        notes.push("S is the outer tag that Microsoft gives a circuit when it is created.".to_owned());
    }
    Section {
        title: "Sessions",
        heading: &["circuit", "peering", "link", "VLAN", "router", "address", "AS", "Microsoft", "AS", "edge"],
        rows,
        notes,
    }
}

fn peerings(plan: &Plan) -> Section {
    let row = |circuit: &CircuitPlan, peering: &PeeringPlan| {
        let bfd = match peering.bfd.value {
            Bfd::Off => "off".to_owned(),
            Bfd::On { .. } => star(Some(peering.bfd)),
        };
        let most = format!("{} / {}", peering.expected[0], peering.expected[1]);
        vec![
            circuit.name.to_string(),
            peering.kind.to_string(),
            bfd,
            peering.key.clone().unwrap_or_else(|| "none".to_owned()),
            most,
            if peering.advertise.is_empty() { "nothing".to_owned() } else { list(&peering.advertise) },
        ]
    };
    let all = plan.circuits.iter().flat_map(|circuit| circuit.peerings.iter().map(move |peering| (circuit, peering)));
    Section {
        title: "Peerings",
        heading: &["circuit", "peering", "BFD", "MD5 key", "most routes v4 / v6", "advertised to Microsoft"],
        rows: all.map(|(circuit, peering)| row(circuit, peering)).collect(),
        notes: Vec::new(),
    }
}

fn filters(plan: &Plan) -> Section {
    let mut rows = Vec::new();
    for circuit in &plan.circuits {
        for entry in circuit.peerings.iter().flat_map(|peering| &peering.filter) {
            rows.push(vec![
                circuit.name.to_string(),
                entry.community.map_or("?".to_owned(), |community| community.to_string()),
                entry.meaning.clone(),
                if entry.gated { "Microsoft must permit it".to_owned() } else { String::new() },
            ]);
        }
    }
    Section { title: "Route filters", heading: &["circuit", "community", "stands for", ""], rows, notes: Vec::new() }
}

fn networks(plan: &Plan) -> Section {
    let row = |vnet: &crate::VnetPlan| {
        vec![
            vnet.name.to_string(),
            vnet.region.clone().unwrap_or_else(|| "?".to_owned()),
            if vnet.space.is_empty() { "?".to_owned() } else { list(&vnet.space) },
            vnet.gateway.map_or("?".to_owned(), |sku| sku.to_string()),
            star(vnet.gateway_subnet),
            if vnet.circuits.is_empty() { "none".to_owned() } else { list(&vnet.circuits) },
        ]
    };
    Section {
        title: "Networks in Azure",
        heading: &["VNet", "region", "space", "gateway", "gateway subnet", "linked to"],
        rows: plan.vnets.iter().map(row).collect(),
        notes: Vec::new(),
    }
}

fn nat(plan: &Plan) -> Section {
    let row = |pool: &crate::PoolPlan| {
        let link = pool.link.map_or(String::new(), |link| format!(", {link} link"));
        vec![
            pool.name.to_string(),
            format!("{}{link}", pool.circuit),
            list(&pool.prefixes),
            pool.flows.to_string(),
            pool.peak_flows.map_or("?".to_owned(), |flows| flows.to_string()),
        ]
    };
    let mut notes = Vec::new();
    if !plan.nat.pools.is_empty() {
        let place = match plan.nat.placement {
            NatPlacement::BeforeSplit => "before the split into two links",
            NatPlacement::AfterSplit => "after the split, on each link by itself",
        };
        let who = plan.nat.operator.map_or("somebody".to_owned(), |operator| format!("the {operator}"));
        notes.push(format!("Run by {who}, {place}; translates {}.", list(&plan.nat.sources)));
    }
    for flow in &plan.nat.published {
        let by = flow.filter.as_deref().unwrap_or("nothing");
        notes.push(format!("Published: {} at {}, scoped by {by}.", flow.name, list(&flow.prefixes)));
    }
    Section {
        title: "Address translation",
        heading: &["pool", "for", "addresses", "flows to one destination", "peak"],
        rows: plan.nat.pools.iter().map(row).collect(),
        notes,
    }
}

fn qos(plan: &Plan) -> Section {
    let mut rows = Vec::new();
    for class in &plan.qos {
        for (index, mark) in class.marks.iter().enumerate() {
            let first = index == 0;
            let share = if class.strict { format!("{} %, strict", class.share) } else { format!("{} %", class.share) };
            rows.push(vec![
                if first { class.name.clone() } else { String::new() },
                if first { share } else { String::new() },
                format!("{} ({})", mark.dscp, mark.dscp.number()),
                mark.workload.clone(),
                mark.ports.clone(),
            ]);
        }
    }
    let notes = match rows.is_empty() {
        true => Vec::new(),
        false => vec!["Shares are a start, and yours to choose. Every other mark is rewritten to 0.".to_owned()],
    };
    Section { title: "Traffic classes", heading: &["queue", "share", "mark", "carries", "client ports"], rows, notes }
}

/// Who takes a step, by name where that is known.
pub(super) fn owner(step: &Step) -> String {
    step.who.clone().unwrap_or_else(|| step.owner.to_string())
}

/// How long a step takes, in words.
pub(super) fn lead(step: &Step) -> String {
    if step.done.is_some() {
        return "done".to_owned();
    }
    let days = match step.lead.days {
        Some(0) => String::new(),
        Some(days) => count(days as usize, "day"),
        None => "unknown".to_owned(),
    };
    match (step.not_before, step.lead.days) {
        (Some(date), Some(0) | None) => format!("from {date}"),
        (Some(date), Some(_)) => format!("{days} from {date}"),
        (None, Some(0)) => "same day".to_owned(),
        (None, _) => days,
    }
}

fn steps(plan: &Plan, time: &Timeline) -> Section {
    let row = |step: &Step| {
        let on_path = if time.path.contains(&step.number) { "●" } else { "" };
        vec![
            on_path.to_owned(),
            step.number.to_string(),
            owner(step),
            step.what.clone(),
            lead(step),
            if step.needs.is_empty() { "–".to_owned() } else { list(&step.needs) },
            step.rules.first().copied().unwrap_or_default().to_owned(),
        ]
    };
    Section {
        title: "Steps",
        heading: &["", "#", "owner", "step", "takes", "after", "judged by"],
        rows: plan.steps.iter().map(row).collect(),
        notes: verdict(plan, time),
    }
}

/// What the steps mean for the day.
fn verdict(plan: &Plan, time: &Timeline) -> Vec<String> {
    let path: Vec<String> = time.path.iter().map(ToString::to_string).collect();
    let mut notes = vec![format!("● Critical path: {}.", path.join(" → "))];
    let unknown = time.unknown.len();
    let known = match unknown {
        0 => String::new(),
        _ => format!(", if {} of unknown length took no time: {}", count(unknown, "step"), list(&time.unknown)),
    };
    notes.push(format!(
        "From {} on, production traffic can move on {} at the earliest{known}.",
        time.today, time.earliest
    ));
    if let Some(cutover) = plan.cutover {
        let days = cutover.days_since(time.earliest);
        let left = usize::try_from(days.unsigned_abs()).unwrap_or(usize::MAX);
        notes.push(match days {
            0.. if unknown == 0 => format!("That leaves {} before {cutover}.", count(left, "day")),
            0.. => format!("That leaves {} for them before {cutover}.", count(left, "day")),
            _ => format!("That is {} after {cutover}.", count(left, "day")),
        });
    }
    notes
}

fn chosen(plan: &Plan) -> Section {
    let row = |choice: &crate::Choice| {
        vec![choice.subject.clone(), choice.what.to_owned(), choice.value.clone(), choice.reason.clone()]
    };
    Section {
        title: "Chosen, for the design leaves it open (*)",
        heading: &["where", "what", "value", "why"],
        rows: plan.chosen.iter().map(row).collect(),
        notes: Vec::new(),
    }
}

fn missing(plan: &Plan) -> Section {
    let row = |missing: &crate::Missing| {
        vec![missing.subject.clone(), missing.what.clone(), missing.ask.to_string(), missing.hint.clone()]
    };
    Section {
        title: "Missing, and nobody but these can say",
        heading: &["where", "what", "ask", "hint"],
        rows: plan.missing.iter().map(row).collect(),
        notes: Vec::new(),
    }
}

/// A command as it can be pasted: the design's files in their place, in quotes where they need them.
pub(super) fn on_files(command: &str, files: &[String]) -> String {
    let files: Vec<String> = files.iter().map(|file| quote(file)).collect();
    command.replace("DESIGN", &files.join(" "))
}
