//! A small design and a hand-made checklist with one of everything, so that the reports are tested
//! without the rules.

use catalog::Catalog;
use model::{AccountState, Date, Design, Place, Record, Source, SourceId, Sources};
use rules::report::{Checked, Report};
use rules::source;
use rules::{
    Answer, Case, Checklist, Evidence, Facts, Finding, Owner, Profile, Reason, Rule, Severity, Stage, Tally, Verdict,
    Waived, check, disagreements,
};
use std::sync::Arc;
use testkit::{Layers, TODAY};

/// A checklist with what it was made of.
pub(crate) struct Sample {
    pub(crate) checklist: Checklist,
    pub(crate) sources: Sources,
    pub(crate) design: Design,
}

impl Sample {
    pub(crate) fn report(&self) -> Report<'_> {
        Report::new(Checked {
            checklist: &self.checklist,
            sources: &self.sources,
            design: &self.design,
            catalog: Catalog::builtin(),
            today: TODAY,
        })
    }
}

pub(crate) const DESIGN: &str = include_str!("../data/fabrikam.design.yaml");
const ORDERED: &str = include_str!("../data/fabrikam.ordered.yaml");
const WAIVERS: &str = include_str!("../data/waivers.yaml");

/// Faults for each owner, a warning, unknown facts, a waiver, a disagreement, what holds and what is not asked.
pub(crate) fn sample() -> Sample {
    sample_of(DESIGN)
}

/// The same of another text of the design.
pub(crate) fn sample_of(text: &'static str) -> Sample {
    let (design, sources) = read(text);
    let facts = Facts::new(&design, Catalog::builtin(), TODAY, Profile::Current, Stage::Ordered);
    let mut rows: Vec<(&'static Rule, Verdict)> =
        RULES.iter().map(|rule| (rule, verdict((rule.check)(&facts)))).collect();
    rows.push((&PUBLIC, Verdict::NotApplicable(Reason::Guard("no circuit has public peering"))));
    rows.push((&SESSION, Verdict::NotApplicable(Reason::Later(Stage::Live))));
    accept(&mut rows);
    let checklist = Checklist {
        rows,
        disagreements: disagreements(&design),
        profile: Profile::Current,
        stage: Stage::Ordered,
        waivers: vec![expired(&sources)],
    };
    Sample { checklist, sources, design }
}

/// The same design with nothing wrong and nothing unknown.
pub(crate) fn clean() -> Sample {
    let mut sample = sample();
    sample.checklist.rows.retain(|(_, verdict)| matches!(verdict, Verdict::Pass { .. }));
    sample.checklist.disagreements.clear();
    sample.checklist.waivers.clear();
    sample
}

/// No rule, no circuit, no text: what every format must survive.
pub(crate) fn empty() -> Sample {
    let checklist = Checklist {
        rows: Vec::new(),
        disagreements: Vec::new(),
        profile: Profile::Y2015,
        stage: Stage::Design,
        waivers: Vec::new(),
    };
    Sample { checklist, sources: Sources::default(), design: Design::default() }
}

/// The reference design as a case of a rule patches it, judged by every rule.
pub(crate) fn of_case(case: &Case) -> Sample {
    let layers = match case.stage {
        Stage::Design => 1,
        Stage::Ordered => 2,
        Stage::Live => 3,
    };
    let mut layers = Layers::contoso(layers);
    let design = layers.patch(case.patch).design();
    let checklist = check(Facts::new(&design, Catalog::builtin(), TODAY, case.profile, case.stage));
    Sample { checklist, sources: layers.sources, design }
}

fn read(text: &'static str) -> (Design, Sources) {
    let mut layers = Layers::new(&[("fabrikam.design.yaml", text), ("fabrikam.ordered.yaml", ORDERED)]);
    let design = layers.design();
    let mut sources = layers.sources;
    sources.add(Source {
        name: "waivers.yaml".into(),
        text: Some(Arc::from(WAIVERS)),
        rank: model::Rank::Declared,
        taken: None,
    });
    (design, sources)
}

fn verdict(answer: Answer) -> Verdict {
    match answer {
        Ok(verdict) | Err(verdict) => verdict,
    }
}

/// The warning about one link is accepted.
fn accept(rows: &mut [(&'static Rule, Verdict)]) {
    for (rule, verdict) in rows {
        if let (&"NET-BGP-099", Verdict::Fail { findings, .. }) = (&rule.id, verdict) {
            findings[0].waived = Some(Waived {
                waiver: "old-asn".into(),
                owner: "network team".into(),
                reason: "renumbered with the next router".into(),
                expires: Date::constant(2027, 1, 31),
            });
        }
    }
}

fn expired(sources: &Sources) -> Finding {
    let at = WAIVERS.find("2026-10-01").unwrap();
    let waivers = SourceId(u32::try_from(sources.iter().count() - 1).unwrap());
    Finding {
        subject: "waiver old-edge".into(),
        path: "waivers.old-edge".into(),
        place: Some(Place { source: waivers, start: at as u32, end: at as u32 + 10 }),
        seen: "waiver of ACC-001 by finance expired 2026-10-01".into(),
        expected: "a fault that is mended, or a waiver renewed".into(),
        severity: Some(Severity::Recommended),
        waived: None,
    }
}

static DOCS: &[&source::Doc] = &[&source::SEED_2015, &source::ROUTING];

const fn rule(id: &'static str, name: &'static str, title: &'static str, check: fn(&Facts<'_>) -> Answer) -> Rule {
    Rule {
        id,
        name,
        title,
        doc: "## What it asks\nWhat the title says.\n## Why it matters\nIt breaks **else**.\n## How to mend it\nMend it.\n",
        severity: Severity::Required,
        owner: Owner::You,
        stage: Stage::Design,
        since: 2015,
        until: None,
        superseded_by: None,
        sources: DOCS,
        evidence: &[Evidence::Plan],
        reads: &[],
        guard: None,
        fixable: false,
        check,
        cases: &[],
    }
}

static RULES: &[Rule] = &[
    rule("ACC-001", "account-inactive", "a valid, active Azure account exists", account),
    Rule {
        fixable: true,
        ..rule("ADDR-002", "wrong-link-subnet", "each link of a private peering has a /30 of its own", subnets)
    },
    rule("CAP-001", "busy-hour-unknown", "the busy hour fits one link", busy_hour),
    Rule { severity: Severity::Recommended, ..rule("CAP-002", "no-headroom", "the links have head-room", busy_hour) },
    rule("CFG-003", "requirements-not-met", "the requirements on routing and addresses are met", summed_up),
    rule("NET-BGP-001", "reserved-asn", "the AS number is none of Azure's own", asn),
    Rule { severity: Severity::Recommended, ..rule("NET-BGP-098", "no-bfd", "BFD is on", bfd) },
    rule("NET-BGP-099", "asn-accepted", "the AS number is none of Azure's own, again", asn),
    Rule {
        owner: Owner::Provider,
        ..rule("PROV-012", "bandwidth-not-sold", "the provider sells the bandwidth at the location", bandwidth)
    },
    rule("PROV-013", "no-location", "every circuit has a peering location", location),
];

static PUBLIC: Rule = rule("PUB-001", "public-peering", "no circuit uses public peering", account);
static SESSION: Rule =
    Rule { stage: Stage::Live, ..rule("NET-RED-003", "session-down", "both sessions are up", account) };

fn account(facts: &Facts<'_>) -> Answer {
    let azure = &facts.design.azure;
    let mut tally = Tally::new();
    let spot = rules::Subject::Design.at("azure.account", azure.place);
    tally.expect(spot, &azure.account, |state| *state == AccountState::Active, "an active account");
    tally.verdict("")
}

fn subnets(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for link in facts.peerings_of(model::PeeringKind::Private).flat_map(|peering| peering.links()) {
        tally.expect(link.at("subnet"), &link.link.subnet, |subnet| subnet.length() == 30, "a /30: four addresses");
    }
    tally.verdict("no private peering")
}

/// A rule that sums up others finds what they find.
fn summed_up(facts: &Facts<'_>) -> Answer {
    let mut findings = Vec::new();
    for answer in [subnets(facts), asn(facts)] {
        if let Verdict::Fail { findings: more, .. } = verdict(answer) {
            findings.extend(more);
        }
    }
    Ok(Verdict::Fail { findings, missing: Vec::new() })
}

fn busy_hour(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits() {
        tally.expect(view.at("busy_hour"), &view.circuit.busy_hour, |_| true, "");
    }
    tally.verdict("no circuit")
}

fn asn(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings() {
        tally.expect(view.at("asn"), &view.peering.asn, |asn| asn.0 != 65515, "a number outside 65515 to 65520");
    }
    tally.verdict("no peering")
}

fn bfd(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings() {
        tally.fail(view.at("bfd").finding(view.peering.place(), "no BFD", "BFD on the customer's routers"));
    }
    tally.verdict("no peering")
}

fn bandwidth(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits() {
        let sold = "one of 50 Mbps, 100 Mbps, 200 Mbps, 500 Mbps, 1 Gbps, 2 Gbps, 5 Gbps, 10 Gbps";
        tally.expect(view.at("bandwidth"), &view.circuit.bandwidth, |sold| sold.as_mbps() != 3000, sold);
    }
    tally.verdict("no circuit")
}

fn location(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits() {
        tally.expect(view.at("location"), &view.circuit.location, |_| true, "");
        tally.note(view.at("location").finding(view.circuit.location.place(), "no other location nearby", ""));
    }
    tally.verdict("no circuit")
}
