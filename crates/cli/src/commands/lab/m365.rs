//! `twinpath lab m365`: Microsoft 365 over the circuits of a design, from the refusal to a change of endpoints, proven by
//! where packets went.
//!
//! The lab is ordered in the steps that a customer goes through: without Microsoft's permission, with it on the wrong
//! tier, as designed, without a route filter, as designed again. After each the same question is asked: from every site
//! and from a user outside to a stand-in for each endpoint set, which cable carried the packets? Last the endpoints change
//! while all of it is running.

use super::page::Page;
use super::up;
use crate::args::{Lab, LabM365};
use crate::commands::m365::subject;
use crate::load::Loaded;
use crate::{Outcome, table};
use ::m365::history::History;
use ::m365::list::{self, Dialect};
use ::m365::{EndpointSet, Outputs, Policy, Snapshot, Split, Way};
use anyhow::{Context, ensure};
use catalog::Catalog;
use lab::sight::{self, Sight};
use lab::topology::{At, StandIn};
use lab::{Ordered, Topology, keeper};
use model::{Attestation, Community, Design, Fact, Family, Prefix, Tier};
use planner::Plan;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The instance of the endpoint service whose sets a lab has.
const INSTANCE: &str = "Worldwide";

/// Stand-ins for what has no addresses in any set and is on the Internet only (spec 05, 3).
const ELSEWHERE: [&str; 3] = ["dns", "cdn", "crl"];

/// The codes with which the service refuses (spec 05, 1.3 and 1.4).
const UNAUTHORIZED: &str = "SubscriptionNotAuthorizedForOffice365";
const WRONG_TIER: &str = "RouteFilterNotCompatible";

/// For how long routes may be on their way after a step.
const SETTLE: Duration = Duration::from_secs(20);

/// Runs all steps in a lab of its own, which ends with them.
pub(super) fn run(args: &Lab, asked: &LabM365, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let Some(loaded) = super::read(&asked.file)? else { return Ok(Outcome::BadInput) };
    let name = match &args.name {
        Some(name) => name.clone(),
        None => format!("{}-m365", super::named(args, &loaded)),
    };
    let ends = Endpoints::of(asked, &loaded.design, catalog)?;
    if keeper::is_inside(&name) {
        return Walk::new(args, asked, &name, &loaded, catalog, ends)?.all();
    }
    if let Some(missing) = up::missing(asked.ce) {
        anyhow::bail!("{missing}");
    }
    let topology = Topology::of_endpoints(&loaded.design, catalog, super::kind(asked.ce), &ends.stand_ins)?;
    keeper::end(&name)?;
    up::begin_for_now(&name, &asked.file, topology)?;
    let outcome = super::pass(&name);
    keeper::end(&name)?;
    outcome
}

/// The endpoints before and after the change, and who stands for them.
struct Endpoints {
    before: Split,
    after: Split,
    /// What becomes of them, for people.
    change: String,
    stand_ins: Vec<StandIn>,
}

impl Endpoints {
    fn of(asked: &LabM365, design: &Design, catalog: &Catalog) -> anyhow::Result<Self> {
        let history = History::of(catalog)?;
        let policy = Policy::of_design(design, catalog, INSTANCE);
        let (name, old) = subject::snapshot(&history, INSTANCE, asked.endpoints.as_deref())?;
        let before = Split::new(old.clone(), policy.clone());
        ensure!(
            !before.circuit_prefixes(Family::V4).is_empty(),
            "nothing of Microsoft 365 takes a circuit of this design; `twinpath m365 split` says why"
        );
        let (change, new) = match &asked.change {
            Some(wanted) => {
                let (version, new) = subject::snapshot(&history, INSTANCE, Some(wanted))?;
                (format!("{name} → {version}"), new)
            }
            None => rehearsal(&before, old),
        };
        let after = Split::new(new, policy);
        let stand_ins = stand_ins(&before, &after);
        Ok(Self { before, after, change, stand_ins })
    }

    /// Whether a split has a stand-in take the circuit.
    fn is_circuit(split: &Split, stand_in: &StandIn) -> bool {
        Self::wanted(split, stand_in) == Way::Circuit
    }

    /// The way that a split wants for a stand-in.
    fn wanted(split: &Split, stand_in: &StandIn) -> Way {
        stand_in.address.map_or(Way::Internet, |address| split.address(address, None).decision.way)
    }
}

/// What Microsoft calls `ChangedIsExpressRoute`, the change that asks for action (spec 05, 6.7): the last set that the
/// circuit carries loses its support.
fn rehearsal(split: &Split, mut snapshot: Snapshot) -> (String, Snapshot) {
    let carried = split.sets().filter(|(set, decision)| decision.way == Way::Circuit && !set.ips.is_empty());
    let last = carried.map(|(set, _)| (set.id, set.service_area.clone())).last();
    let Some((id, area)) = last else { return ("nothing".to_owned(), snapshot) };
    snapshot.sets.iter_mut().filter(|set| set.id == id).for_each(|set| set.express_route = false);
    (format!("rehearsed: set {id} ({area}) loses its support for ExpressRoute"), snapshot)
}

/// One for each set that has addresses of IPv4 before or after, and those that are on the Internet only.
fn stand_ins(before: &Split, after: &Split) -> Vec<StandIn> {
    let mut sets: BTreeMap<u32, &EndpointSet> = after.snapshot.sets.iter().map(|set| (set.id, set)).collect();
    sets.extend(before.snapshot.sets.iter().map(|set| (set.id, set)));
    let mut taken = BTreeSet::new();
    let mut list: Vec<StandIn> = Vec::new();
    for (id, set) in sets {
        // The set's own way, where an address of its goes that way in both: others may list some of them, too.
        let own = |address: &IpAddr| {
            [before, after].iter().all(|split| {
                let decided = split.sets().find(|(own, _)| own.id == id).map(|(_, decision)| decision.way);
                decided.is_none_or(|way| split.address(*address, None).decision.way == way)
            })
        };
        let v4 = || set.ips.iter().filter(|prefix| prefix.family() == Family::V4);
        let candidates: Vec<IpAddr> =
            v4().flat_map(|prefix: &Prefix| [id, 1, 0].into_iter().filter_map(|at| prefix.address(at))).collect();
        let free = || candidates.iter().filter(|address| !taken.contains(*address));
        let Some(address) = free().find(|address| own(address)).or_else(|| free().next()).copied() else { continue };
        taken.insert(address);
        list.push(StandIn { name: format!("{}-{id}", set.service_area.to_lowercase()), address: Some(address) });
    }
    list.extend(ELSEWHERE.iter().map(|name| StandIn { name: (*name).to_owned(), address: None }));
    list
}

/// What stands in the way of a connection, or nothing: the way that was wanted and the one that was seen.
struct Judged<'s> {
    sight: &'s Sight,
    wanted: Way,
    over: &'static str,
    holds: bool,
}

impl<'s> Judged<'s> {
    fn of(sight: &'s Sight, wanted: Way) -> Self {
        let over = match (sight.circuits.is_empty(), sight.internet.is_empty()) {
            (false, true) => "circuit",
            (true, false) => "internet",
            (false, false) => "both",
            (true, true) => "nowhere",
        };
        // A proxy of the site stands at its way to the Internet.
        let as_wanted = match wanted {
            Way::Circuit => over == "circuit",
            Way::Internet | Way::Proxy => over == "internet",
            Way::Blocked => over == "nowhere",
        };
        Self { sight, wanted, over, holds: as_wanted && sight.works }
    }
}

/// The steps, one after the other.
struct Walk<'w> {
    page: Page,
    lab: lab::Lab,
    asked: &'w LabM365,
    design: &'w Design,
    catalog: &'w Catalog,
    plan: Plan,
    gated: Vec<Community>,
    ends: Endpoints,
    /// Whether each step came out as it has to.
    holds: bool,
}

impl<'w> Walk<'w> {
    fn new(
        args: &Lab,
        asked: &'w LabM365,
        name: &str,
        loaded: &'w Loaded,
        catalog: &'w Catalog,
        ends: Endpoints,
    ) -> anyhow::Result<Self> {
        let gated = catalog.communities().iter().filter(|fact| fact.authorization_required);
        Ok(Self {
            page: Page::new(args.json),
            lab: lab::Lab::open(name)?,
            asked,
            design: &loaded.design,
            catalog,
            plan: planner::plan(&loaded.design, catalog),
            gated: gated.map(|fact| fact.community).collect(),
            ends,
            holds: true,
        })
    }

    fn all(mut self) -> anyhow::Result<Outcome> {
        let (mut standard, mut bare) = (self.plan.clone(), self.plan.clone());
        let skus = standard.circuits.iter_mut().filter_map(|circuit| circuit.sku.as_mut());
        skus.for_each(|sku| sku.tier = Tier::Standard);
        let peerings = bare.circuits.iter_mut().flat_map(|circuit| &mut circuit.peerings);
        peerings.for_each(|peering| peering.filter.clear());
        let mut unpermitted = self.design.clone();
        unpermitted.m365.authorization = Fact::<Attestation>::default();

        let (patience, own) = (Duration::from_secs(self.asked.patience), up::Authority);
        let came = lab::up::up(&mut self.lab, &unpermitted, &standard, self.catalog, &own, patience, &mut self.page)?;
        sight::accept(&self.lab, &routes(&self.ends.before), &self.gated)?;
        self.page.text("");
        self.step("unauthorized", "no permission", &came.ordered, UNAUTHORIZED, false)?;
        for (step, title, plan, code, carries) in [
            ("standard", "permitted, wrong tier", &standard, WRONG_TIER, false),
            ("attached", "Premium, filter attached", &self.plan.clone(), "", true),
            ("detached", "filter detached", &bare, "", false),
            ("attached-again", "filter attached again", &self.plan.clone(), "", true),
        ] {
            let ordered = lab::up::order_again(&self.lab, self.design, plan)?;
            self.step(step, title, &ordered, code, carries)?;
        }
        self.change()?;
        self.page.event(&json!({ "event": "ready", "works": self.holds }));
        Ok(if self.holds { Outcome::Ready } else { Outcome::Findings })
    }

    /// The endpoints change while packets are sent: the cores take other routes, the route filter loses what nobody
    /// needs any more. Who is not meant loses nothing.
    fn change(&mut self) -> anyhow::Result<()> {
        let needed = Outputs::new(&self.ends.after).filter;
        let mut plan = self.plan.clone();
        for peering in plan.circuits.iter_mut().flat_map(|circuit| &mut circuit.peerings) {
            peering.filter.retain(|entry| !entry.gated || entry.community.is_some_and(|own| needed.contains(&own)));
        }
        let mut ordered = Ordered::default();
        let folder = self.folder("change")?;
        let sights = sight::look(&self.lab, folder.as_deref(), || {
            sight::accept(&self.lab, &routes(&self.ends.after), &self.gated)?;
            ordered = lab::up::order_again(&self.lab, self.design, &plan)?;
            Ok(())
        })?;
        let meant = |sight: &Sight| sight.at == At::Site && self.is_meant(&sight.to);
        let (moved, others): (Vec<&Sight>, Vec<&Sight>) = sights.iter().partition(|sight| meant(sight));
        let hurt: Vec<&&Sight> = others.iter().filter(|sight| sight.lost() > 0 || !sight.works).collect();
        let sent: usize = others.iter().map(|sight| sight.packets.0).sum();
        let lost: usize = others.iter().map(|sight| sight.lost()).sum();
        let title = self.ends.change.clone();
        self.page.event(&json!({ "event": "change", "change": title, "meant": moved.len(), "others": others.len(),
            "sent": sent, "lost": lost, "hurt": hurt.iter().map(|one| format!("{} → {}", one.from, one.to))
            .collect::<Vec<_>>() }));
        let said = format!("{} connections are not meant: {lost} of {sent} packets lost while it rolled", others.len());
        if !self.page.is_json() {
            self.page.line("change", &title, None);
        }
        self.page.text(&format!("             {} {said}", mark(hurt.is_empty())));
        self.holds &= hurt.is_empty();
        self.step("changed", "after it", &ordered, "", true)
    }

    /// Whether the change is meant to move a stand-in to another way.
    fn is_meant(&self, name: &str) -> bool {
        let own = self.ends.stand_ins.iter().find(|own| own.name == name);
        own.is_some_and(|own| {
            Endpoints::is_circuit(&self.ends.before, own) != Endpoints::is_circuit(&self.ends.after, own)
        })
    }

    /// Judges one step: what the service refused, and where packets go. Circuits carry what the split says if the step
    /// `carries`, else nothing.
    fn step(&mut self, step: &str, title: &str, ordered: &Ordered, code: &str, carries: bool) -> anyhow::Result<()> {
        let refused = match code {
            "" => ordered.refused.is_empty(),
            code => ordered.refused.iter().any(|(_, why)| why.contains(code)),
        };
        let split = if step == "changed" { &self.ends.after } else { &self.ends.before };
        let wanted = |sight: &Sight| {
            let own = self.ends.stand_ins.iter().find(|own| own.name == sight.to);
            let way = own.map_or(Way::Internet, |own| Endpoints::wanted(split, own));
            // Users outside have no circuit, whatever the split of the sites says.
            if carries && sight.at == At::Site || way != Way::Circuit { way } else { Way::Internet }
        };
        let (began, folder) = (now(), self.folder(step)?);
        let mut sights = sight::look(&self.lab, folder.as_deref(), || Ok(()))?;
        while !sights.iter().all(|sight| Judged::of(sight, wanted(sight)).holds) && began.elapsed() < SETTLE {
            sights = sight::look(&self.lab, folder.as_deref(), || Ok(()))?;
        }
        let judged: Vec<Judged<'_>> = sights.iter().map(|sight| Judged::of(sight, wanted(sight))).collect();
        let held = judged.iter().filter(|one| one.holds).count();
        let holds = refused && held == judged.len() && !judged.is_empty();
        self.page.event(&json!({ "event": "step", "step": step, "holds": holds,
            "refused": ordered.refused.iter().map(|(what, why)| json!({ "what": what, "why": why })).collect::<Vec<_>>() }));
        for one in &judged {
            let Sight { from, to, works, circuits, internet, packets, .. } = one.sight;
            let own = self.ends.stand_ins.iter().find(|own| own.name == *to).and_then(|own| own.address);
            self.page.event(&json!({ "event": "packets", "step": step, "from": from, "to": to, "address": own,
                "wanted": one.wanted.to_string(), "over": one.over, "circuits": circuits, "internet": internet,
                "works": works, "sent": packets.0, "lost": one.sight.lost() }));
        }
        let by = |over: &str| judged.iter().filter(|one| one.over == over).count();
        let said = format!(
            "{title}: {held} of {} as they have to be, {} by circuit, {} by the Internet",
            judged.len(),
            by("circuit"),
            by("internet")
        );
        if !self.page.is_json() {
            self.page.line("m365", &said, Some(began.elapsed()));
            for (what, why) in &ordered.refused {
                self.page
                    .text(&format!("             {} {what}: {why}", if code.is_empty() { "✗" } else { "refused" }));
            }
            if !refused && !code.is_empty() {
                self.page.text(&format!("             ✗ wanted a refusal with {code}"));
            }
            match step {
                "attached" | "changed" => self.page.text(&grid(&judged)?),
                _ => judged.iter().filter(|one| !one.holds).for_each(|one| self.page.text(&fault(one))),
            }
        }
        self.holds &= holds;
        Ok(())
    }

    /// Where the captures of a step are kept, if they are.
    fn folder(&self, step: &str) -> anyhow::Result<Option<PathBuf>> {
        let Some(folder) = self.asked.captures.as_ref().map(|folder| folder.join(step)) else { return Ok(None) };
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Some(folder))
    }
}

/// The routes of a split, as the cores take them.
fn routes(split: &Split) -> String {
    let outputs = Outputs::new(split);
    list::routes(&outputs.routes, &outputs.filter, Dialect::Bird)
}

fn mark(holds: bool) -> &'static str {
    if holds { "✓" } else { "✗" }
}

/// One connection that is not as it has to be.
fn fault(one: &Judged<'_>) -> String {
    let Sight { from, to, why, .. } = one.sight;
    let why = why.as_ref().map_or_else(String::new, |why| format!(", {why}"));
    format!("             ✗ {from} → {to}: wanted {}, packets went {}{why}", one.wanted, one.over)
}

/// Every stand-in with the cables that carried packets to it, from each host.
fn grid(judged: &[Judged<'_>]) -> anyhow::Result<String> {
    let mut from: Vec<&str> = judged.iter().map(|one| one.sight.from.as_str()).collect();
    from.dedup();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for one in judged {
        let links: Vec<&str> = one.sight.circuits.keys().chain(one.sight.internet.keys()).map(String::as_str).collect();
        let cell =
            format!("{} {}", mark(one.holds), if links.is_empty() { "nothing".to_owned() } else { links.join(", ") });
        match rows.iter_mut().find(|row| row[0] == one.sight.to) {
            Some(row) => row.push(cell),
            None => rows.push(vec![one.sight.to.clone(), cell]),
        }
    }
    let heads: Vec<String> =
        std::iter::once("to".to_owned()).chain(from.iter().map(|from| format!("from {from}"))).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut text = Vec::new();
    table::write(&mut text, &heads, &rows)?;
    let text = String::from_utf8(text)?;
    Ok(text.lines().map(|line| format!("             {line}\n")).collect())
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "what took how long is told")]
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splits() -> (Split, Split) {
        let catalog = Catalog::builtin();
        let history = History::of(catalog).unwrap();
        let (_, newest) = history.latest(INSTANCE).unwrap();
        let policy = Policy::of_flags(catalog, INSTANCE);
        let before = Split::new(newest.clone(), policy.clone());
        let (_, after) = rehearsal(&before, newest.clone());
        (before, Split::new(after, policy))
    }

    #[test]
    fn every_set_with_addresses_has_one_that_goes_its_way() {
        let (before, after) = splits();
        let list = stand_ins(&before, &after);
        let addresses: BTreeSet<_> = list.iter().filter_map(|own| own.address).collect();
        assert_eq!(addresses.len() + ELSEWHERE.len(), list.len(), "no address twice");
        for (set, decision) in before.sets().filter(|(set, _)| set.ips.iter().any(|ip| ip.family() == Family::V4)) {
            let name = format!("{}-{}", set.service_area.to_lowercase(), set.id);
            let own = list.iter().find(|own| own.name == name).unwrap();
            assert!(set.ips.iter().any(|prefix| prefix.contains(own.address.unwrap())), "{name}");
            assert_eq!(Endpoints::wanted(&before, own), decision.way, "{name}");
        }
        let moved = list.iter().filter(|own| Endpoints::wanted(&before, own) != Endpoints::wanted(&after, own));
        assert_eq!(moved.count(), 1, "what is rehearsed moves one set");
    }

    #[test]
    fn packets_on_another_way_and_connections_that_fail_do_not_hold() {
        let on = |circuit: u32, internet: u32, works: bool| Sight {
            from: "ams".to_owned(),
            at: At::Site,
            to: "exchange-1".to_owned(),
            works,
            why: None,
            packets: (100, 100),
            circuits: [("c".to_owned(), circuit)].into_iter().filter(|(_, count)| *count > 0).collect(),
            internet: [("i".to_owned(), internet)].into_iter().filter(|(_, count)| *count > 0).collect(),
        };
        let holds = |sight: &Sight, wanted| Judged::of(sight, wanted).holds;
        assert!(holds(&on(9, 0, true), Way::Circuit) && holds(&on(0, 9, true), Way::Proxy));
        assert!(!holds(&on(9, 1, true), Way::Circuit), "one packet beside it");
        assert!(!holds(&on(9, 0, false), Way::Circuit), "no answer");
        assert!(!holds(&on(9, 0, true), Way::Internet) && !holds(&on(0, 0, true), Way::Internet));
    }
}
