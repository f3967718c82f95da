//! Rule: a service takes the circuit that Microsoft does not offer over it.

use super::{at, service_at};
use crate::{Answer, Facts, Tally};
use catalog::M365Support;
use model::Path;

rule! {
    /// ## What it asks
    /// Only services that Microsoft lists for ExpressRoute are planned on the circuit: Exchange, Skype and Teams,
    /// SharePoint and OneDrive, sign-in and the browser applications, as the catalogue holds them.
    /// ## Why it matters
    /// Routes of other services are not advertised. Their traffic would take the Internet all the same, past
    /// firewalls and translation that nobody planned for it.
    /// ## How to mend it
    /// Set the service's `path` to `internet`, or write its name as Microsoft does. Defender for Endpoint is asked
    /// for on its own, by `M365-016`.
    pub(crate) static RULE = {
        id: "M365-014",
        name: "service-not-included",
        title: "only services on Microsoft's list take the circuit",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Plan],
        reads: ["services.m365", "m365.services.*.path"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            pass "m365: {services: {'Microsoft Teams': {path: expressroute}, intune: {path: internet}}}";
            fail "m365: {services: {intune: {path: expressroute}}}";
            fail "m365: {services: {apps-updates: {path: expressroute}}}";
            fail "m365: {services: {windows-update: {path: expressroute}}}";
            unknown "m365: {services: {teams: {path: null}}}";
            unknown "m365: {services: null}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let services = &facts.design.m365.services;
    let mut tally = Tally::new();
    if services.is_empty() {
        tally.unknown(at(facts, "m365.services"));
    }
    for (name, service) in services {
        let spot = service_at(name, service, "path");
        match (service.path.known(), facts.catalog.m365_service(name.as_str()).map(|known| known.support)) {
            (None, _) => tally.unknown(spot),
            (Some(path), Some(M365Support::Included | M365Support::OwnRules)) => tally.pass(path),
            (Some(path), Some(M365Support::Excluded | M365Support::Unsupported) | None) => match path.value {
                Path::Internet => tally.pass(path),
                Path::ExpressRoute => {
                    let seen = format!("{name} over expressroute");
                    tally.fail(spot.finding(Some(path.place), seen, "internet, for it is not on Microsoft's list"));
                }
            },
        }
    }
    tally.verdict("")
}
