//! Rule: the MD5 key of a peering is not the same on both sides.

use super::NO_PEERING;
use crate::{Answer, Facts, LinkView, PeeringView, Tally};
use model::{Secret, SessionState};

rule! {
    /// ## What it asks
    /// An MD5 key is optional. Where one side of a peering has it, the other has it too, and the running sessions
    /// show that both keys are the same.
    ///
    /// The key itself never stands in a design: `md5` and `md5_router` say whether one is set.
    /// ## Why it matters
    /// A router drops TCP segments with a digest that is wrong or missing, without an answer. The session stays in
    /// Active and nothing says why.
    /// ## How to mend it
    /// Set the same key on the peering and on both routers, or on neither side.
    pub(crate) static RULE = {
        id: "NET-BGP-009",
        name: "md5-key-mismatch",
        title: "an MD5 key, where used, is the same on both sides",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING, TROUBLESHOOTING],
        evidence: [Plan, Control, Live],
        reads: [
            "circuits.*.private|microsoft.md5|md5_router",
            "circuits.*.private|microsoft.subnets|subnets_v6",
            "circuits.*.private|microsoft.primary|secondary.subnet|subnet_v6",
            "circuits.*.private|microsoft.primary|secondary.session|session_v6|md5_rejected",
        ],
        guard: "no peering uses an MD5 key",
        check: check,
        cases: [
            pass;
            pass(live);
            pass(live) "{design: {circuits: {amsterdam: {private: {md5_router: null}}}}}";
            fail "circuits: {'*': {private: {md5_router: none}}}";
            fail "circuits: {'*': {microsoft: {md5: none}}}";
            fail(live) "circuits: {'*': {private: {primary: {session: active, md5_rejected: true}}}}";
            fail(live) "circuits: {'*': {private: {primary: {session: active}}}}";
            fail(live) "{design: {circuits: {amsterdam: {private: {md5_router: none}}}}, live: {circuits: {amsterdam: {private: {primary: {session: connect}}}}}}";
            unknown "circuits: {amsterdam: {private: {md5_router: null}}}";
            unknown(live) "circuits: {amsterdam: {private: {primary: {session: idle}}}}";
            none "circuits: {'*': {private: {md5: none, md5_router: none}, microsoft: {md5: none, md5_router: none}}}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings() {
        ask(view, &mut tally);
    }
    let nothing = match facts.peerings().next() {
        Some(_) => "no peering uses an MD5 key",
        None => NO_PEERING,
    };
    tally.verdict(nothing)
}

fn ask(view: PeeringView<'_>, tally: &mut Tally) {
    let (ours, theirs) = (&view.peering.md5_router, &view.peering.md5);
    if ours.is(&Secret::None) && theirs.is(&Secret::None) {
        return;
    }
    let (running, quiet): (Vec<_>, Vec<_>) = view.links().into_iter().partition(|link| reports(*link));
    running.into_iter().for_each(|link| session(view, link, tally));
    if quiet.is_empty() || differ(view, tally) {
        return;
    }
    match (ours.known(), theirs.known()) {
        (Some(ours), Some(_)) => tally.pass(ours),
        (None, _) => tally.unknown(view.at("md5_router")),
        (_, None) => tally.unknown(view.at("md5")),
    }
}

/// Whether the two sides are known to differ, which is then told.
fn differ(view: PeeringView<'_>, tally: &mut Tally) -> bool {
    let (ours, theirs) = (view.peering.md5_router.known(), view.peering.md5.known());
    let (Some(ours), Some(theirs)) = (ours, theirs) else { return false };
    if ours.value == theirs.value {
        return false;
    }
    let expected = format!("{}, as on Microsoft's side", theirs.value);
    tally.fail(view.at("md5_router").finding(Some(ours.place), ours.value, expected));
    true
}

/// Whether the running link says anything of its sessions.
fn reports(link: LinkView<'_>) -> bool {
    link.link.md5_rejected.is_known() || link.peering.families().any(|family| link.session(family).is_known())
}

/// A TCP connection that came up has agreed on the digest, whatever BGP does then.
fn session(view: PeeringView<'_>, link: LinkView<'_>, tally: &mut Tally) {
    if let Some(rejected) = link.link.md5_rejected.known().filter(|rejected| rejected.value) {
        let seen = "TCP refused for its MD5 digest";
        return tally.fail(link.at("md5_rejected").finding(Some(rejected.place), seen, "the same key on both sides"));
    }
    for family in link.peering.families() {
        let spot = link.session_at(family);
        match link.session(family).known() {
            None => tally.unknown(spot),
            Some(state) => match state.value {
                SessionState::Established | SessionState::OpenSent | SessionState::OpenConfirm => tally.pass(state),
                SessionState::Active => {
                    let seen = format!("{} with an MD5 key set", state.value);
                    tally.fail(spot.finding(Some(state.place), seen, "the same key on both sides"));
                }
                // Silence alone does not say why; where the two sides are known to differ, it does.
                SessionState::Idle | SessionState::Connect if differ(view, tally) => {}
                SessionState::Idle | SessionState::Connect => tally.unknown(spot),
            },
        }
    }
}
