//! The steps from a design to production traffic, in an order in which they can be taken.
//!
//! Each [`Step`] has an owner, what it needs, how long it takes where anybody has said so, the command or document, and
//! the rules of the checklist that judge it. A date that the design gives counts more than the catalogue. What the
//! design shows to be done stays in the list, done.

use crate::order::{self, Shell};
use crate::plan::{CircuitPlan, Owner, PeeringPlan, Plan};
use catalog::Catalog;
use model::{Attestation, CircuitState, Date, Design, Fact, Layer3, Name, PeeringKind, ProviderState};
use std::collections::BTreeSet;

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its number, from 1; a step needs only such with smaller numbers.
    pub number: usize,
    /// What kind it is, as in the catalogue's lead times.
    pub action: &'static str,
    /// Who does it.
    pub owner: Owner,
    /// Who that is by name, where the design says so.
    pub who: Option<String>,
    /// What is done, in one line.
    pub what: String,
    /// Numbers of the steps that come before it.
    pub needs: Vec<usize>,
    /// How long it takes.
    pub lead: Lead,
    /// The design's own date before which it is not done.
    pub not_before: Option<Date>,
    /// What shows that it is done already.
    pub done: Option<String>,
    /// Commands that do it; those after `twinpath` play the part of others at a service of your own.
    pub commands: Vec<String>,
    /// Files of the plan that it needs.
    pub files: Vec<String>,
    /// The document that it leaves or wants.
    pub document: Option<&'static str>,
    /// Ids of the rules that judge it.
    pub rules: Vec<&'static str>,
}

/// How long a step takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    /// Days; `None` when nobody has published a figure.
    pub days: Option<u32>,
    /// Who says so, and on what day.
    pub source: String,
    /// Remarks.
    pub notes: String,
}

/// A list of steps in the making.
struct List<'a> {
    catalog: &'a Catalog,
    steps: Vec<Step>,
}

impl List<'_> {
    /// Adds a step and gives it to be completed.
    fn add(&mut self, action: &'static str, owner: Owner, what: impl Into<String>, needs: &[usize]) -> &mut Step {
        let lead = match self.catalog.lead_time(action) {
            Some(row) => {
                Lead { days: row.days, source: format!("{} ({})", row.source, row.date), notes: row.notes.clone() }
            }
            None => Lead { days: None, source: "not in the catalogue".to_owned(), notes: String::new() },
        };
        let number = self.steps.len() + 1;
        let mut needs = needs.to_vec();
        needs.sort_unstable();
        needs.dedup();
        self.steps.push(Step {
            number,
            action,
            owner,
            who: None,
            what: what.into(),
            needs,
            lead,
            not_before: None,
            done: None,
            commands: Vec::new(),
            files: Vec::new(),
            document: None,
            rules: Vec::new(),
        });
        &mut self.steps[number - 1]
    }
}

impl Step {
    fn by(&mut self, who: Option<&String>) -> &mut Self {
        self.who = who.cloned();
        self
    }

    fn rules(&mut self, rules: &[&'static str]) -> &mut Self {
        self.rules.extend(rules);
        self
    }

    fn run(&mut self, commands: Vec<String>) -> &mut Self {
        self.commands.extend(commands);
        self
    }

    fn paper(&mut self, document: &'static str) -> &mut Self {
        self.document = Some(document);
        self
    }

    fn attested(&mut self, fact: &Fact<Attestation>) -> &mut Self {
        self.done_if(fact.value().filter(|attestation| attestation.is_yes()).map(ToString::to_string))
    }

    fn done_if(&mut self, done: Option<String>) -> &mut Self {
        self.done = self.done.take().or(done);
        self
    }
}

/// The steps of a plan.
pub(crate) fn steps(plan: &Plan, design: &Design, catalog: &Catalog) -> Vec<Step> {
    let mut list = List { catalog, steps: Vec::new() };
    let shell = Shell::of(plan, catalog);
    let customer = Owner::Customer;

    let account = &design.azure;
    let ready = account.subscription_state.is(&model::SubscriptionState::Active)
        && account.account.is(&model::AccountState::Active)
        && plan.subscription.is_some();
    let subscription = list
        .add("subscription", customer, "Have an active Azure subscription that owns and pays for the circuits", &[])
        .run(shell.subscription(!plan.ports.is_empty()))
        .rules(&["ACC-001", "ACC-002", "ACC-006", "ACC-007"])
        .done_if(ready.then(|| "the design says it is active".to_owned()))
        .number;

    let permit = m365_permit(&mut list, plan, design, subscription);
    let (ways, contracts) = ways(&mut list, plan, design, subscription, &shell);
    let addresses = addresses(&mut list, plan, design);

    let mut sessions: Vec<usize> = Vec::new();
    let mut private: Vec<(Name, usize)> = Vec::new();
    for (circuit, way) in plan.circuits.iter().zip(&ways) {
        let stated = design.circuits.get(&circuit.name);
        let step =
            list.add("create-circuit", customer, format!("Create the circuit {}", circuit.name), &[subscription, *way]);
        step.not_before = circuit.create;
        let exists = stated.is_some_and(|stated| stated.circuit_state.is(&CircuitState::Enabled));
        let created = stated.and_then(|stated| stated.created.get()).map_or(String::new(), |date| format!(" {date}"));
        let create = step
            .run(shell.circuit(circuit))
            .rules(&["CFG-004", "PROV-011", "PROV-012", "ACC-009"])
            .done_if(exists.then(|| format!("Microsoft's side is enabled{created}")))
            .number;
        let mut provisioned = create;
        if circuit.port.is_none() {
            let what = format!("Hand the service key of {} to the provider", circuit.name);
            let key = list.add("service-key", customer, what, &[create]).run(shell.show_key(circuit));
            let key = key.rules(&["PROV-013"]).number;
            let connectivity = stated.map(|stated| &stated.connectivity);
            let by_design = connectivity.and_then(|own| own.ready.or(&design.connectivity.ready).get());
            let step = list
                .add("provision", Owner::Provider, format!("Provision both links of {}", circuit.name), &[key])
                .by(circuit.provider.as_ref())
                .run(order::provision(circuit))
                .rules(&["PROV-014", "NET-RED-005"]);
            step.not_before = by_design;
            let done = stated.is_some_and(|stated| stated.provider_state.is(&ProviderState::Provisioned));
            provisioned = step.done_if(done.then(|| "the provider's side is provisioned".to_owned())).number;
        }
        // One peering at a time (spec 03, 1.2).
        let mut before = provisioned;
        for peering in &circuit.peerings {
            let mut needs = vec![before];
            if peering.kind == PeeringKind::Microsoft {
                needs.extend(addresses);
            }
            before = self::peering(&mut list, circuit, peering, &needs, &shell);
            if peering.kind == PeeringKind::Private {
                private.push((circuit.name.clone(), before));
                sessions.push(before);
                continue;
            }
            sessions.push(microsoft(&mut list, design, circuit, peering, before, permit, &shell));
        }
    }

    let gateways = networks(&mut list, plan, subscription, &shell);
    for (vnet, gateway) in plan.vnets.iter().zip(&gateways) {
        for circuit in &vnet.circuits {
            let peering = private.iter().find(|(name, _)| name == circuit).map(|(_, number)| *number);
            let needs: Vec<usize> = peering.into_iter().chain([*gateway]).collect();
            let number = list
                .add("connection", customer, format!("Link {} to {circuit}", vnet.name), &needs)
                .run(shell.connection(vnet, circuit, plan))
                .rules(&["CFG-006", "CAP-001", "CAP-002", "CAP-003"])
                .number;
            sessions.push(number);
        }
    }
    for (circuit, other) in reaches(plan) {
        let needs: Vec<usize> =
            private.iter().filter(|(name, _)| *name == circuit || *name == other).map(|(_, number)| *number).collect();
        let what = format!("Join {circuit} and {other} by Global Reach");
        let step = list.add("global-reach", customer, what, &needs).run(shell.reach(&circuit, &other));
        sessions.push(step.rules(&["NET-BGP-022"]).number);
    }

    let mut built = routers(&mut list, plan, &sessions);
    built.extend(edges_of_policy(&mut list, plan, design, &sessions));

    let needs: Vec<usize> = sessions.iter().copied().chain(built).chain(contracts).collect();
    let check = list
        .add("check", customer, "Judge what runs by the whole checklist", &needs)
        .run(vec!["twinpath check DESIGN --live URL".to_owned()])
        .rules(&["NET-RED-001", "NET-RED-004", "NET-BGP-001", "NET-BGP-018", "NET-BGP-021"])
        .number;
    let test = list
        .add("failover-test", customer, "Fail each part in turn and measure", &[check])
        .run(vec!["twinpath drill DESIGN".to_owned()])
        .rules(&["DR-007", "NET-RED-007"])
        .number;
    let mut last = vec![test];
    if design.services.m365.is(&true) {
        let validation = &design.m365.validation;
        let step = list
            .add("m365-validation", customer, "Validate Microsoft 365 over the circuit before traffic moves", &[test])
            .paper("test report")
            .rules(&["M365-009", "M365-027", "M365-020"]);
        // A report dated in the days to come is a date to keep, not work done.
        step.not_before = validation.value().and_then(Attestation::date);
        last.push(step.number);
    }
    let cutover = list.add("cutover", customer, "Move production traffic", &last).rules(&["NET-BGP-014", "CAP-006"]);
    cutover.not_before = plan.cutover;
    direct(&mut list.steps);
    list.steps
}

/// Leaves each step only those needs that no other of its needs waits for; what is done waits for nothing.
fn direct(steps: &mut [Step]) {
    let mut before: Vec<BTreeSet<usize>> = Vec::with_capacity(steps.len());
    for step in steps {
        let of = |number: &usize| number.checked_sub(1).and_then(|index| before.get(index));
        let implied: BTreeSet<usize> = step.needs.iter().filter_map(of).flatten().copied().collect();
        step.needs.retain(|number| !implied.contains(number));
        before.push(match step.done {
            Some(_) => BTreeSet::new(),
            None => step.needs.iter().copied().chain(implied).collect(),
        });
    }
}

/// The way to Microsoft 365 over a circuit: three teams, then Microsoft's permit.
fn m365_permit(list: &mut List<'_>, plan: &Plan, design: &Design, subscription: usize) -> Option<usize> {
    let gated = plan.circuits.iter().flat_map(|circuit| &circuit.peerings).flat_map(|peering| &peering.filter);
    if !design.services.m365.is(&true) && !gated.clone().any(|entry| entry.gated) {
        return None;
    }
    let signed = &design.m365.sign_offs;
    let all = [&signed.productivity, &signed.network, &signed.security];
    let dates: Vec<String> =
        all.iter().filter_map(|fact| fact.value().filter(|a| a.is_yes()).map(ToString::to_string)).collect();
    let teams = list
        .add("teams-review", Owner::Customer, "Review Microsoft 365 over ExpressRoute with three teams", &[])
        .paper("sign-offs of the productivity, network and security teams")
        .rules(&["M365-002", "M365-004", "M365-005"])
        .done_if((dates.len() == all.len()).then(|| dates.join("; ")))
        .number;
    let what = "Permit Microsoft 365 over ExpressRoute for the subscription";
    let id = plan.subscription.as_deref().map_or("ID".to_owned(), order::quote);
    let number = list
        .add("m365-authorization", Owner::Microsoft, what, &[teams, subscription])
        .run(vec![format!("twinpath operator subscription permit-m365 {id}")])
        .paper("exception request through the account team")
        .rules(&["M365-001"])
        .attested(&design.m365.authorization)
        .number;
    Some(number)
}

/// What must stand before each circuit can be created: the provider's readiness, or own ports. With it contracts.
fn ways(
    list: &mut List<'_>,
    plan: &Plan,
    design: &Design,
    subscription: usize,
    shell: &Shell<'_>,
) -> (Vec<usize>, Vec<usize>) {
    let mut by_name: Vec<(String, usize)> = Vec::new();
    let mut contracts = Vec::new();
    let mut ways = Vec::new();
    for circuit in &plan.circuits {
        let stated = design.circuits.get(&circuit.name).map(|circuit| &circuit.connectivity);
        let whom = match (&circuit.port, &circuit.provider) {
            (Some(port), _) => format!("port {port}"),
            (None, Some(provider)) => provider.clone(),
            (None, None) => "the provider".to_owned(),
        };
        if let Some((_, number)) = by_name.iter().find(|(name, _)| *name == whom) {
            ways.push(*number);
            continue;
        }
        let design = &design.connectivity;
        let own = |pick: fn(&model::Connectivity) -> &Fact<Attestation>| {
            stated.map(pick).filter(|fact| fact.is_known()).unwrap_or_else(|| pick(design))
        };
        let number = if let Some(port) = &circuit.port {
            let ports = list
                .add(
                    "port-pair",
                    Owner::Customer,
                    format!("Make the port pair {port} and get its letter of authorization"),
                    &[subscription],
                )
                .run(shell.port(port, plan))
                .rules(&["ACC-008"])
                .number;
            let step = list
                .add(
                    "cross-connect",
                    Owner::Customer,
                    format!("Have {port} cross-connected and its links up"),
                    &[ports],
                )
                .run(shell.port_up(port))
                .paper("cross-connect orders to the facility, with the letter of authorization")
                .rules(&["NET-RED-010", "PROV-006"]);
            step.not_before = stated.map_or(&design.ready, |stated| stated.ready.or(&design.ready)).get();
            step.number
        } else {
            let contract = list
                .add("contract", Owner::Customer, format!("Order connectivity from {whom}"), &[])
                .paper("contract, with the provider's word on ExpressRoute")
                .rules(&["PROV-003", "PROV-004", "PROV-009"])
                .attested(own(|connectivity| &connectivity.contract))
                .number;
            contracts.push(contract);
            let step = list
                .add(
                    "last-mile",
                    Owner::Provider,
                    "Be ready to provision: last mile, ports, both virtual circuits",
                    &[contract],
                )
                .by(circuit.provider.as_ref())
                .rules(&["PROV-006", "PROV-005", "ACC-009"]);
            step.not_before = stated.map_or(&design.ready, |stated| stated.ready.or(&design.ready)).get();
            step.number
        };
        by_name.push((whom, number));
        ways.push(number);
    }
    (ways, contracts)
}

/// Public addresses and AS numbers of Microsoft peering.
fn addresses(list: &mut List<'_>, plan: &Plan, design: &Design) -> Option<usize> {
    let microsoft =
        |circuit: &CircuitPlan| circuit.peerings.iter().any(|peering| peering.kind == PeeringKind::Microsoft);
    if !plan.circuits.iter().any(microsoft) {
        return None;
    }
    let owned = design.circuits.values().filter_map(|circuit| circuit.microsoft.as_deref());
    let owned: Option<Vec<String>> =
        owned.map(|peering| Some(peering.subnets_owned.value().filter(|paper| paper.is_yes())?.to_string())).collect();
    let what = "Have public addresses and AS numbers registered for Microsoft peering";
    let step = list.add("reserve-addresses", Owner::Customer, what, &[]).paper("registration with a registry");
    step.rules(&["NET-BGP-002", "ADDR-007", "NAT-006"]);
    step.done_if(owned.map(|mut papers| {
        papers.dedup();
        papers.join("; ")
    }));
    Some(step.number)
}

/// One peering, configured by whoever runs layer 3.
fn peering(
    list: &mut List<'_>,
    circuit: &CircuitPlan,
    peering: &PeeringPlan,
    needs: &[usize],
    shell: &Shell<'_>,
) -> usize {
    let kind = match peering.kind {
        PeeringKind::Private => "private",
        PeeringKind::Microsoft => "Microsoft",
        PeeringKind::Public => "public",
    };
    let what = format!("Configure {kind} peering of {}", circuit.name);
    let rules = ["CFG-005", "NET-BGP-001", "ADDR-002", "ADDR-008"];
    match circuit.layer3 {
        Layer3::Provider => {
            let step = list.add("peering", Owner::Provider, what, needs).by(circuit.provider.as_ref());
            step.run(order::provider_peering(circuit, peering)).rules(&rules).rules(&["PROV-010"]).number
        }
        Layer3::Customer | Layer3::Nobody => {
            list.add("peering", Owner::Customer, what, needs).run(shell.peering(circuit, peering)).rules(&rules).number
        }
    }
}

/// What Microsoft peering needs beside: validation of its prefixes, a route filter. Gives the last of them.
fn microsoft(
    list: &mut List<'_>,
    design: &Design,
    circuit: &CircuitPlan,
    peering: &PeeringPlan,
    before: usize,
    permit: Option<usize>,
    shell: &Shell<'_>,
) -> usize {
    let stated = design.circuits.get(&circuit.name).and_then(|circuit| circuit.microsoft.as_deref());
    let step = list
        .add("validate-prefixes", Owner::Microsoft, format!("Validate the prefixes of {}", circuit.name), &[before])
        .run(order::validate(circuit, peering))
        .paper("letter of authorization, where no registry proves them")
        .rules(&["NET-BGP-015", "NET-BGP-006"]);
    if stated.is_some_and(|stated| stated.prefix_state.is(&model::PrefixState::Configured)) {
        step.done_if(Some("Microsoft says configured".to_owned()));
    } else if let Some(papers) =
        stated.and_then(|stated| stated.manual_validation.value()).filter(|paper| paper.is_yes())
    {
        step.lead =
            Lead { days: Some(0), source: "the design".to_owned(), notes: format!("papers are there: {papers}") };
    }
    let validated = step.number;
    let gated = peering.filter.iter().any(|entry| entry.gated);
    let needs: Vec<usize> = [before, validated].into_iter().chain(permit.filter(|_| gated)).collect();
    list.add("route-filter", Owner::Customer, format!("Attach a route filter to {}", circuit.name), &needs)
        .run(shell.filter(circuit, peering))
        .rules(&["NET-BGP-016"])
        .number
}

fn networks(list: &mut List<'_>, plan: &Plan, subscription: usize, shell: &Shell<'_>) -> Vec<usize> {
    let one = |vnet: &crate::VnetPlan| {
        list.add("gateway", Owner::Customer, format!("Make {} and its gateway", vnet.name), &[subscription])
            .run(shell.vnet(vnet))
            .rules(&["ADDR-009", "ADDR-010", "SEC-006"])
            .number
    };
    plan.vnets.iter().map(one).collect()
}

/// Pairs of circuits that Global Reach joins, each once.
pub(crate) fn reaches(plan: &Plan) -> Vec<(Name, Name)> {
    let mut pairs: Vec<(Name, Name)> = Vec::new();
    for circuit in &plan.circuits {
        for other in &circuit.global_reach {
            let mut pair = [circuit.name.clone(), other.clone()];
            pair.sort();
            let [one, two] = pair;
            if one != two && !pairs.contains(&(one.clone(), two.clone())) {
                pairs.push((one, two));
            }
        }
    }
    pairs
}

fn routers(list: &mut List<'_>, plan: &Plan, sessions: &[usize]) -> Vec<usize> {
    let one = |router: &crate::Router| {
        let step = list.add("router", router.owner, format!("Configure {}", router.name), sessions);
        step.files.push(format!("routers/{}/", router.id));
        step.rules(&["NET-RED-001", "NET-BGP-008", "NET-BGP-011", "NET-BGP-017", "NET-BGP-019", "SEC-008"]).number
    };
    plan.routers.iter().map(one).collect()
}

/// NAT, traffic classes, security: what stands beside the routers.
fn edges_of_policy(list: &mut List<'_>, plan: &Plan, design: &Design, sessions: &[usize]) -> Vec<usize> {
    let mut built = Vec::new();
    for pool in &plan.nat.pools {
        let owner = match plan.nat.operator {
            Some(model::NatOperator::Provider) => Owner::Provider,
            _ => Owner::Customer,
        };
        let link = pool.link.map_or(String::new(), |link| format!(", {link} link"));
        let step =
            list.add("nat", owner, format!("Translate to pool {} for {}{link}", pool.name, pool.circuit), sessions);
        step.files.push(crate::nat::file_name(pool));
        built.push(step.rules(&["NAT-001", "NAT-002", "NAT-003", "NAT-009"]).number);
    }
    if !plan.qos.is_empty() {
        let step = list
            .add("qos", Owner::Customer, "Mark, queue and keep the classes towards Microsoft", sessions)
            .paper("the provider's agreement to treat them")
            .rules(&["QOS-001", "QOS-003", "QOS-004", "QOS-005", "QOS-006"]);
        step.files.push("qos/".to_owned());
        built.push(step.number);
    }
    let security = list
        .add("security", Owner::Customer, "Have the perimeter reviewed and in place", &[])
        .paper("review and plan of network security")
        .rules(&["SEC-001", "SEC-002", "SEC-003", "SEC-004", "SEC-009"]);
    let papers = [&design.security.review, &design.security.plan];
    let papers: Option<Vec<String>> =
        papers.iter().map(|fact| fact.value().filter(|paper| paper.is_yes()).map(ToString::to_string)).collect();
    built.push(security.done_if(papers.map(|papers| papers.join("; "))).number);
    built
}
