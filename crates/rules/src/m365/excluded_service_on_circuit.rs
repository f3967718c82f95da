//! Rule: one of the services that Microsoft excludes by name takes the circuit.

use super::{at, service_at};
use crate::{Answer, Facts, Spot, Tally};
use catalog::M365Support;
use model::{Fact, Path};

rule! {
    /// ## What it asks
    /// Client downloads of Microsoft 365 Apps, sign-in at an identity provider on your premises, and the Chinese
    /// cloud of 21Vianet are not planned on the circuit, neither as services nor as flows.
    /// ## Why it matters
    /// Microsoft excludes these three by name. Downloads come from content delivery networks, sign-in at your own
    /// provider is reached from anywhere, and the Chinese cloud has no connection with the global one.
    /// ## How to mend it
    /// Set their `path` to `internet` and let the Internet edge carry them.
    pub(crate) static RULE = {
        id: "M365-015",
        name: "excluded-service-on-circuit",
        title: "services that Microsoft excludes stay on the Internet",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Plan],
        reads: ["services.m365", "m365.services.*.path", "flows.*.service|path"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            pass "m365: {services: {adfs: {path: internet}}}";
            fail "m365: {services: {apps-updates: {path: expressroute}}}";
            fail "m365: {services: {adfs: {path: expressroute}}}";
            fail "m365: {services: {21vianet: {path: expressroute}}}";
            fail "flows: {adfs: {service: AD FS sign-in, path: expressroute}}";
            unknown "m365: {services: {apps-updates: {path: null}}}";
            unknown "m365: {services: null}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let design = facts.design;
    let mut tally = Tally::new();
    if design.m365.services.is_empty() {
        tally.unknown(at(facts, "m365.services"));
    }
    for (name, service) in &design.m365.services {
        judge(facts, &mut tally, name.as_str(), service_at(name, service, "path"), &service.path);
    }
    for view in facts.flows() {
        if let Some(service) = view.flow.service.value() {
            judge(facts, &mut tally, service, view.at("path"), &view.flow.path);
        }
    }
    tally.verdict("")
}

fn judge(facts: &Facts<'_>, tally: &mut Tally, service: &str, spot: Spot<'_>, path: &Fact<Path>) {
    match facts.catalog.m365_service(service) {
        Some(known) if known.support == M365Support::Excluded => {
            let expected = format!("internet, for Microsoft excludes it: {}", known.service);
            tally.expect(spot, path, |path| *path == Path::Internet, expected);
        }
        Some(_) | None => tally.hold(),
    }
}
