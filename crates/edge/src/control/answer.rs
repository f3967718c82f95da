//! What the edge answers.

use super::arp;
use super::row::{BfdRow, Family, NeighborRow, PathRow, RouteRow, SessionRow, SummaryRow};
use super::{Request, RouteSide, RoutesRequest};
use crate::config::{Config, Domain, Peer};
use crate::process::{Core, End, Found, NotFound};
use crate::record::{dump, to_hex};
use crate::worker::Refused;
use bgp_fsm::Time;
use bgp_rib::{PathState, RouteFilter, RouteView};
use bgp_speaker::{PeerView, Speaker};
use bgp_wire::{AttributeSet, NextHop, Origin, SegmentKind};
use model::{Asn, Community, Prefix, Value};
use serde::Serialize;
use serde_json::Value as Json;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Takes a row to the client.
pub(crate) type Sink<'s> = dyn FnMut(Json) -> io::Result<()> + 's;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnswerError {
    #[error("the client left")]
    Gone(#[from] io::Error),
    #[error("{0}")]
    Refused(String),
}

impl From<Refused> for AnswerError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.to_string())
    }
}

impl From<NotFound> for AnswerError {
    fn from(not_found: NotFound) -> Self {
        Self::Refused(not_found.to_string())
    }
}

/// So many sessions are asked for at a time.
const SESSIONS_A_PAGE: usize = 512;

/// So many prefixes are asked for at a time.
const PREFIXES_A_PAGE: usize = 8192;

/// The end of an answer.
pub(crate) struct Done {
    /// The last sentence.
    pub(crate) says: String,
    /// The process is to end once that has been said.
    pub(crate) end: Option<End>,
}

/// Answers a request row by row.
pub(crate) fn answer(core: &Core, request: Request, sink: &mut Sink<'_>) -> Result<Done, AnswerError> {
    let end = match request {
        Request::Restart => Some(End::Restart),
        Request::Stop => Some(End::Stop),
        _ => None,
    };
    say(core, request, sink).map(|says| Done { says, end })
}

fn say(core: &Core, request: Request, sink: &mut Sink<'_>) -> Result<String, AnswerError> {
    match request {
        Request::Sessions { domain } => sessions(core, domain.as_deref(), None, sink, |snapshot| snapshot.row.session),
        Request::Summary { domain } => sessions(core, domain.as_deref(), None, sink, Snapshot::summary),
        Request::Neighbors { peer } => {
            let found = peer.map(|peer| core.find(&peer)).transpose()?;
            let domain = found.as_ref().map(|found| found.domain.as_str().to_owned());
            let name = found.as_ref().map(|found| found.name.as_str());
            sessions(core, domain.as_deref(), name, sink, |snapshot| snapshot.row)
        }
        Request::Routes(request) => routes(core, &request, sink),
        Request::Why { domain, prefix } => why(core, domain.as_deref(), &prefix, sink),
        Request::Bfd { domain } => bfd(core, domain.as_deref(), sink),
        Request::Arp { domain } => {
            let config = core.config();
            let mut count = 0;
            for domain in chosen(&config, domain.as_deref())? {
                for row in arp::table(domain).map_err(|error| AnswerError::Refused(error.to_string()))? {
                    put(sink, &row)?;
                    count += 1;
                }
            }
            Ok(counted(count, "row"))
        }
        Request::Dump { domain } => {
            let config = core.config();
            let mut count = 0;
            for domain in chosen(&config, domain.as_deref())? {
                let mut part = |bytes: &[u8]| sink(Json::String(to_hex(bytes)));
                count += dump(core, domain, &mut part).map_err(|error| AnswerError::Refused(error.to_string()))?;
            }
            Ok(counted(count as usize, "prefix").replace("prefixs", "prefixes"))
        }
        Request::Reload => match core.reload() {
            Ok(applied) => Ok(applied.to_string()),
            Err(refused) => Err(AnswerError::Refused(format!("nothing changed; {refused}"))),
        },
        Request::Shutdown { peer, message } => {
            let message = message.unwrap_or_default();
            if message.len() > 255 {
                return Err(AnswerError::Refused(format!(
                    "a message of {} bytes; at most 255 are sent",
                    message.len()
                )));
            }
            let found = core.find(&peer)?;
            core.alter(|config| with_peer(config, &found, |peer| peer.shutdown = Some(message)));
            Ok(format!("{}/{} is shut down", found.domain, found.name))
        }
        Request::Start { peer } => {
            let found = core.find(&peer)?;
            core.alter(|config| with_peer(config, &found, |peer| peer.shutdown = None));
            match core.start(&found)? {
                None => Ok(format!("{}/{} is started", found.domain, found.name)),
                Some(why) => Err(AnswerError::Refused(format!("{}/{} stays down: {why}", found.domain, found.name))),
            }
        }
        Request::Drain { domain, on } => {
            let config = core.config();
            let names: Vec<_> = chosen(&config, domain.as_deref())?.map(|domain| domain.name.clone()).collect();
            core.alter(|config| {
                config
                    .domains
                    .iter_mut()
                    .filter(|domain| names.contains(&domain.name))
                    .for_each(|domain| Arc::make_mut(domain).drain = on);
            });
            let what = if on { "drained" } else { "in service" };
            Ok(format!("{} {what}", counted(names.len(), "domain")))
        }
        Request::Refresh { peer } => {
            let found = core.find(&peer)?;
            core.refresh(&found)?;
            Ok(format!("{}/{} is asked for its routes and told ours", found.domain, found.name))
        }
        Request::Restart => {
            let refused = |error| AnswerError::Refused(format!("not restarted: {error}"));
            core.leave_mark().map_err(refused)?;
            Ok("restarting".to_owned())
        }
        Request::Stop => Ok("stopping".to_owned()),
    }
}

fn with_peer(config: &mut Config, found: &Found, change: impl FnOnce(&mut Peer)) {
    let domain = config.domains.iter_mut().find(|domain| domain.name == found.domain);
    if let Some(peer) =
        domain.and_then(|domain| Arc::make_mut(domain).peers.iter_mut().find(|peer| peer.name == found.name))
    {
        change(peer);
    }
}

fn put(sink: &mut Sink<'_>, row: &impl Serialize) -> Result<(), AnswerError> {
    let row = serde_json::to_value(row).map_err(io::Error::from)?;
    Ok(sink(row)?)
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// The domain of a name, or all of them.
fn chosen<'c>(
    config: &'c Config,
    name: Option<&str>,
) -> Result<impl Iterator<Item = &'c Domain> + use<'c>, AnswerError> {
    let one = match name {
        Some(name) => match config.domains.iter().position(|domain| domain.name.as_str() == name) {
            Some(index) => index..index + 1,
            None => return Err(AnswerError::Refused(format!("no domain `{name}`"))),
        },
        None => 0..config.domains.len(),
    };
    Ok(config.domains[one].iter().map(|domain| &**domain))
}

fn bfd(core: &Core, domain: Option<&str>, sink: &mut Sink<'_>) -> Result<String, AnswerError> {
    // An unknown name is told, though nothing of the configuration is needed.
    let _ = chosen(&core.config(), domain)?;
    let sessions = match core.watched() {
        None => Vec::new(),
        Some(Ok(snapshot)) => snapshot.sessions,
        Some(Err(gone)) => return Err(AnswerError::Refused(gone.to_string())),
    };
    let mut count = 0;
    for shown in sessions {
        let Some((of, peer)) = core.names(shown.watch.id) else { continue };
        if domain.is_some_and(|domain| of.as_str() != domain) {
            continue;
        }
        let milliseconds = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let row = BfdRow {
            domain: of.to_string(),
            peer: peer.to_string(),
            address: shown.watch.peer,
            state: shown.state.to_string(),
            for_seconds: shown.in_state.as_secs(),
            diagnostic: shown.diagnostic.to_string(),
            remote_state: shown.remote_state.to_string(),
            transmit_ms: shown.transmit_interval.map(milliseconds),
            detect_ms: shown.detection_time.map(milliseconds),
            sent: shown.sent,
            received: shown.received,
            ups: shown.ups,
            fault: shown.fault,
        };
        put(sink, &row)?;
        count += 1;
    }
    Ok(counted(count, "peer"))
}

/// A session as it is at one moment.
struct Snapshot {
    row: NeighborRow,
    is_established: bool,
}

impl Snapshot {
    fn summary(self) -> SummaryRow {
        let session = self.row.session;
        SummaryRow {
            domain: session.domain,
            neighbor: session.address,
            v: 4,
            asn: session.asn,
            up_down: session.for_seconds.map_or_else(|| "never".to_owned(), span),
            state_pfx_rcd: if self.is_established { session.received.to_string() } else { session.state },
        }
    }
}

/// A span of time in a few characters: `00:01:02`, `3d04h`, `8w4d`.
pub(crate) fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match days {
        0 => format!("{hours:02}:{:02}:{:02}", minutes % 60, seconds % 60),
        1..=6 => format!("{days}d{:02}h", hours % 24),
        _ => format!("{}w{}d", days / 7, days % 7),
    }
}

/// Everything about the sessions of a domain, or of all.
pub(crate) fn neighbors(core: &Core, domain: Option<&str>) -> Result<Vec<NeighborRow>, AnswerError> {
    let mut rows = Vec::new();
    each_session(core, domain, None, |snapshot| {
        rows.push(snapshot.row);
        Ok(())
    })?;
    Ok(rows)
}

/// The routes of a domain that are used.
pub(crate) fn best_routes(core: &Core, domain: &str) -> Result<Vec<RouteRow>, AnswerError> {
    let request = RoutesRequest { domain: Some(domain.to_owned()), best: true, ..RoutesRequest::default() };
    let mut rows = Vec::new();
    let mut sink = |row| {
        rows.push(serde_json::from_value(row).map_err(io::Error::from)?);
        Ok(())
    };
    routes(core, &request, &mut sink)?;
    Ok(rows)
}

/// The neighbour table of a domain.
pub(crate) fn neighbour_table(core: &Core, domain: &str) -> Result<Vec<super::ArpRow>, AnswerError> {
    let config = core.config();
    let mut rows = Vec::new();
    for domain in chosen(&config, Some(domain))? {
        rows.extend(arp::table(domain).map_err(|error| AnswerError::Refused(error.to_string()))?);
    }
    Ok(rows)
}

fn sessions<R: Serialize>(
    core: &Core,
    domain: Option<&str>,
    peer: Option<&str>,
    sink: &mut Sink<'_>,
    row: impl Fn(Snapshot) -> R,
) -> Result<String, AnswerError> {
    let count = each_session(core, domain, peer, |snapshot| put(sink, &row(snapshot)))?;
    Ok(counted(count, "session"))
}

fn each_session(
    core: &Core,
    domain: Option<&str>,
    peer: Option<&str>,
    mut each: impl FnMut(Snapshot) -> Result<(), AnswerError>,
) -> Result<usize, AnswerError> {
    let config = core.config();
    let all = chosen(&config, domain)?.flat_map(|domain| domain.peers.iter().map(move |peer| (domain, peer)));
    let all: Vec<_> = all.filter(|(_, other)| peer.is_none_or(|name| other.name.as_str() == name)).collect();
    for page in all.chunks(SESSIONS_A_PAGE) {
        for snapshot in core.peers(page, |speaker, peer, worker, now| {
            speaker.peer(peer).map(|view| snapshot(speaker, &view, worker, now))
        })? {
            let (domain, peer, mut snapshot) = snapshot;
            let session = &mut snapshot.row.session;
            session.domain = domain.name.to_string();
            session.peer = peer.name.to_string();
            session.address = peer.address;
            session.role = peer.role.as_str().to_owned();
            snapshot.row.description = peer.description.clone();
            each(snapshot)?;
        }
    }
    Ok(all.len())
}

/// What a worker knows of a session; names are filled in by who asked.
fn snapshot(speaker: &Speaker, view: &PeerView<'_>, worker: usize, now: Time) -> Snapshot {
    let counts = speaker.tables().counts(view.routes);
    let both = |of: fn(&bgp_rib::FamilyCounts) -> u32| of(&counts.v4) + of(&counts.v6);
    let established = view.state.established();
    let since = established.map(|established| established.since).or(view.last.map(|(at, _)| *at));
    let terms = established.map(|established| &established.terms);
    let agreed = terms.map(|terms| {
        let named = [
            (terms.refresh, "route refresh"),
            (terms.enhanced_refresh, "enhanced route refresh"),
            (terms.session.four_octet_as, "4-octet AS"),
            (terms.session.receive_extended, "extended messages"),
            (terms.theirs.graceful_restart().is_some() && view.config.graceful_restart.is_some(), "graceful restart"),
            (!terms.session.add_path.is_empty(), "add-path"),
        ];
        named.iter().filter(|(agreed, _)| *agreed).map(|(_, name)| (*name).to_owned()).collect()
    });
    let families = established.map_or(view.config.families, |established| established.terms.session.families);
    let families = families.iter().map(|family| match family {
        model::Family::V4 => Family::V4,
        model::Family::V6 => Family::V6,
    });
    let counters = view.counters;
    let session = SessionRow {
        domain: String::new(),
        peer: String::new(),
        address: [0; 4].into(),
        asn: view.config.peer_asn.0,
        role: String::new(),
        state: view.state.name().to_string(),
        for_seconds: since.map(|since| now.since(since).as_secs()),
        received: both(|counts| counts.received),
        accepted: both(|counts| counts.accepted),
        advertised: both(|counts| counts.advertised),
        last_error: view.last.map(|(_, reason)| reason.to_string()),
    };
    let row = NeighborRow {
        session,
        description: None,
        router_id: terms.map(|terms| terms.theirs.router_id.to_string()),
        hold_time: terms.map(|terms| terms.hold_time.seconds()),
        heard_seconds_ago: established.map(|established| now.since(established.heard).as_secs()),
        families: families.collect(),
        agreed: agreed.unwrap_or_default(),
        ups: counters.ups,
        downs: counters.downs,
        updates_in: counters.updates_in,
        updates_out: counters.updates_out,
        others_in: counters.others_in,
        bytes_in: counters.bytes_in,
        bytes_out: counters.bytes_out,
        announced: counters.announced,
        withdrawn: counters.withdrawn,
        malformed: counters.malformed,
        attribute_sets: counts.attribute_sets,
        rejected: both(|counts| counts.rejected),
        worker,
    };
    Snapshot { row, is_established: established.is_some() }
}

fn routes(core: &Core, request: &RoutesRequest, sink: &mut Sink<'_>) -> Result<String, AnswerError> {
    let refused = |error: model::ValueError| AnswerError::Refused(error.to_string());
    let filter = RouteFilter {
        within: request.within.as_deref().map(Prefix::parse).transpose().map_err(refused)?,
        asn: request.asn.map(Asn),
        community: request.community.as_deref().map(Community::parse).transpose().map_err(refused)?,
        best: request.best,
    };
    let peer = request.peer.as_deref().map(|peer| core.find(peer)).transpose()?;
    let config = core.config();
    let name = peer.as_ref().map(|found| found.domain.as_str()).or(request.domain.as_deref());
    let families = match (request.family, filter.within.map(Prefix::family)) {
        (Some(Family::V4), _) | (None, Some(model::Family::V4)) => &[model::Family::V4][..],
        (Some(Family::V6), _) | (None, Some(model::Family::V6)) => &[model::Family::V6],
        (None, None) => &[model::Family::V4, model::Family::V6],
    };
    let most = request.limit.unwrap_or(u64::MAX);
    let mut count = 0;
    for domain in chosen(&config, name)? {
        for &family in families {
            let mut after = None;
            loop {
                let filter = filter.clone();
                let of = peer.as_ref().map(|found| (found.peer, request.side));
                let page = core.domain(domain.name.as_str(), move |speaker, id| {
                    let tables = speaker.tables();
                    match of.map(|(peer, side)| (speaker.peer(peer).map(|view| view.routes), side)) {
                        Some((None, _)) => Vec::new(),
                        Some((Some(peer), RouteSide::Received)) => {
                            tables.received(peer, family, &filter, after, PREFIXES_A_PAGE)
                        }
                        Some((Some(peer), RouteSide::Advertised)) => {
                            tables.advertised(peer, family, &filter, after, PREFIXES_A_PAGE)
                        }
                        None => tables.routes(id, family, &filter, after, PREFIXES_A_PAGE),
                    }
                })?;
                let Some(last) = page.last() else { break };
                after = Some(last.prefix);
                for view in &page {
                    if count == most {
                        return Ok(format!("the first {count} routes"));
                    }
                    put(sink, &route(domain, view))?;
                    count += 1;
                }
            }
        }
    }
    Ok(counted(usize::try_from(count).unwrap_or(usize::MAX), "route"))
}

fn why(core: &Core, domain: Option<&str>, prefix: &str, sink: &mut Sink<'_>) -> Result<String, AnswerError> {
    let prefix = Prefix::parse(prefix).map_err(|error| AnswerError::Refused(error.to_string()))?;
    let config = core.config();
    let mut domains = chosen(&config, domain)?;
    let (Some(domain), None) = (domains.next(), domains.next()) else {
        return Err(AnswerError::Refused(format!("{} domains; which?", config.domains.len())));
    };
    let why = core.domain(domain.name.as_str(), move |speaker, id| speaker.tables().why(id, prefix))?;
    let Some(why) = why else { return Ok(format!("no path to {prefix}")) };
    let count = why.paths.len();
    for (path, step) in why.paths.iter().zip(why.lost_at) {
        let lost_at = step.map(|step| words(&format!("{step:?}")));
        put(sink, &PathRow { route: route(domain, path), lost_at })?;
    }
    Ok(counted(count, "path"))
}

/// `AsPathLength` as `as path length`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

fn route(domain: &Domain, view: &RouteView) -> RouteRow {
    let (state, reason) = match &view.state {
        PathState::Best => ("best", None),
        PathState::Multipath => ("multipath", None),
        PathState::Backup => ("backup", None),
        PathState::Rejected(refusal) => ("rejected", Some(refusal.to_string())),
    };
    RouteRow {
        domain: domain.name.to_string(),
        network: view.prefix.to_string(),
        next_hop: view.next_hop.map_or_else(String::new, next_hop),
        loc_prf: view.local_pref,
        weight: view.weight,
        path: path(&view.attributes),
        state: state.to_owned(),
        reason,
        stale: view.stale,
        from: view.peer,
        communities: view.attributes.communities.iter().map(ToString::to_string).collect(),
        large_communities: view.attributes.large_communities.iter().map(ToString::to_string).collect(),
        med: view.attributes.med,
    }
}

fn next_hop(next_hop: NextHop) -> String {
    match next_hop {
        NextHop::V4(address) => address.to_string(),
        NextHop::V6(next_hop) => next_hop.global.to_string(),
    }
}

/// The path as routers print it: sets in braces, the origin at the end.
fn path(attributes: &AttributeSet) -> String {
    let mut words = Vec::new();
    for segment in &attributes.as_path {
        let asns: Vec<String> = segment.asns.iter().map(ToString::to_string).collect();
        words.push(match segment.kind {
            SegmentKind::Sequence => asns.join(" "),
            SegmentKind::Set => format!("{{{}}}", asns.join(",")),
        });
    }
    words.push(
        match attributes.origin {
            Origin::Igp => "i",
            Origin::Egp => "e",
            Origin::Incomplete => "?",
        }
        .to_owned(),
    );
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_fits_in_a_column() {
        assert_eq!(span(62), "00:01:02");
        assert_eq!(span(3 * 86_400 + 4 * 3600), "3d04h");
        assert_eq!(span(60 * 86_400), "8w4d");
    }

    #[test]
    fn steps_are_told_in_words() {
        assert_eq!(words("AsPathLength"), "as path length");
    }
}
