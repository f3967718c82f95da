//! What is told, and where it comes from.

use super::text::{Kind, family, sample};
use crate::config::{Domain, Peer};
use crate::forward::BOUNDS;
use crate::process::{Core, Way};
use bgp_fsm::Time;
use bgp_rib::{FamilyCounts, Memory};
use bgp_speaker::{Counters, PeerView, Speaker};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// So many sessions are asked for at a time.
const SESSIONS_A_PAGE: usize = 512;

/// A session as it is at one moment.
struct Sample {
    state: bgp_fsm::Name,
    counters: Counters,
    v4: FamilyCounts,
    v6: FamilyCounts,
    /// Milliseconds that the peer may still be silent.
    margin: Option<u64>,
}

/// A number of a session: its name, what it means, and how to read it.
type Column = (&'static str, Kind, &'static str, fn(&Sample) -> u64);

/// A number of a family of a session, a gauge.
type FamilyColumn = (&'static str, &'static str, fn(&FamilyCounts) -> u32);

/// Numbers of each family of a session.
const BY_FAMILY: &[FamilyColumn] = &[
    ("prefixes_received", "Routes held of a peer.", |counts| counts.received),
    ("prefixes_accepted", "Routes of a peer that were taken.", |counts| counts.accepted),
    ("prefixes_advertised", "Routes that a peer is told.", |counts| counts.advertised),
];

/// Numbers of a session.
const PLAIN: &[Column] = &[
    ("session_up", Kind::Gauge, "1 while the session is established.", |taken| {
        u64::from(taken.state == bgp_fsm::Name::Established)
    }),
    ("session_ups_total", Kind::Counter, "How often the session came up.", |taken| taken.counters.ups),
    ("session_downs_total", Kind::Counter, "How often the session went down.", |taken| taken.counters.downs),
    ("updates_received_total", Kind::Counter, "UPDATEs heard.", |taken| taken.counters.updates_in),
    ("updates_sent_total", Kind::Counter, "UPDATEs written.", |taken| taken.counters.updates_out),
    ("bytes_received_total", Kind::Counter, "Bytes heard.", |taken| taken.counters.bytes_in),
    ("bytes_sent_total", Kind::Counter, "Bytes written.", |taken| taken.counters.bytes_out),
    ("malformed_attributes_total", Kind::Counter, "Attributes that RFC 7606 had something done about.", |taken| {
        taken.counters.malformed
    }),
];

/// Writes everything.
///
/// # Errors
///
/// The reader has left, or a worker has ended.
pub(super) fn collect(core: &Core, out: &mut impl Write) -> io::Result<()> {
    family(out, "build_info", Kind::Gauge, "The version of the program.")?;
    sample(out, "build_info", &[("version", &env!("CARGO_PKG_VERSION")), ("name", &core.config().name)], 1)?;
    process(out)?;
    tally(core, out)?;
    memory(core, out)?;
    bfd(core, out)?;
    forwarding(core, out)?;
    sessions(core, out)
}

fn ended(refused: impl std::fmt::Display) -> io::Error {
    io::Error::other(refused.to_string())
}

/// Sessions, a family of numbers after the other as the format wants it.
fn sessions(core: &Core, out: &mut impl Write) -> io::Result<()> {
    let config = core.config();
    let all: Vec<(&Domain, &Peer)> =
        config.domains.iter().flat_map(|domain| domain.peers.iter().map(move |peer| (&**domain, peer))).collect();
    let mut taken = Vec::with_capacity(all.len());
    for page in all.chunks(SESSIONS_A_PAGE) {
        let page = core.peers(page, |speaker, peer, _, now| speaker.peer(peer).map(|view| take(speaker, &view, now)));
        taken.extend(page.map_err(ended)?);
    }
    family(out, "sessions", Kind::Gauge, "Sessions by state.")?;
    let mut states: BTreeMap<bgp_fsm::Name, u64> = BTreeMap::new();
    taken.iter().for_each(|(_, _, taken)| *states.entry(taken.state).or_default() += 1);
    for (state, count) in states {
        sample(out, "sessions", &[("state", &state)], count)?;
    }
    family(
        out,
        "hold_margin_seconds",
        Kind::Gauge,
        "How long the session nearest to its hold time may still be silent.",
    )?;
    if let Some(least) = taken.iter().filter_map(|(_, _, taken)| taken.margin).min() {
        sample(out, "hold_margin_seconds", &[], least as f64 / 1000.0)?;
    }
    for (name, help, read) in BY_FAMILY {
        family(out, name, Kind::Gauge, help)?;
        for (domain, peer, taken) in &taken {
            for (label, counts) in [("ipv4", &taken.v4), ("ipv6", &taken.v6)] {
                sample(out, name, &[("domain", &domain.name), ("peer", &peer.name), ("family", &label)], read(counts))?;
            }
        }
    }
    for (name, kind, help, read) in PLAIN {
        family(out, name, *kind, help)?;
        for (domain, peer, taken) in &taken {
            sample(out, name, &[("domain", &domain.name), ("peer", &peer.name)], read(taken))?;
        }
    }
    Ok(())
}

fn take(speaker: &Speaker, view: &PeerView<'_>, now: Time) -> Sample {
    let counts = speaker.tables().counts(view.routes);
    let margin = view.state.established().and_then(|established| {
        let silent = now.since(established.heard);
        let left = established.terms.hold()?.saturating_sub(silent);
        u64::try_from(left.as_millis()).ok()
    });
    Sample { state: view.state.name(), counters: view.counters, v4: counts.v4, v6: counts.v6, margin }
}

fn tally(core: &Core, out: &mut impl Write) -> io::Result<()> {
    family(out, "notifications_total", Kind::Counter, "NOTIFICATIONs by direction, code and subcode.")?;
    let counts = core.tally.notifications.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for ((way, code, subcode), count) in counts {
        let way = match way {
            Way::Sent => "sent",
            Way::Received => "received",
        };
        sample(out, "notifications_total", &[("direction", &way), ("code", &code), ("subcode", &subcode)], count)?;
    }
    let counters = [
        ("limits_total", "Sessions that ended for too many routes.", &core.tally.limits),
        ("strangers_total", "Callers that nobody knows.", &core.tally.strangers),
        ("log_lines_lost_total", "Notices of which no line was written, since too many waited.", &core.tally.lost),
    ];
    for (name, help, counter) in counters {
        family(out, name, Kind::Counter, help)?;
        sample(out, name, &[], counter.load(Ordering::Relaxed))?;
    }
    Ok(())
}

fn memory(core: &Core, out: &mut impl Write) -> io::Result<()> {
    family(out, "table_bytes", Kind::Gauge, "Memory of the tables by worker and by what it is for.")?;
    let workers = core.each_worker(|speaker, _| speaker.tables().memory()).map_err(ended)?;
    for (worker, memory) in workers.iter().enumerate() {
        let Memory { slots, indices, paths, logs, attributes, other } = memory;
        let parts = [
            ("slots", slots),
            ("indices", indices),
            ("paths", paths),
            ("logs", logs),
            ("attributes", attributes),
            ("other", other),
        ];
        for (part, bytes) in parts {
            sample(out, "table_bytes", &[("worker", &worker), ("part", &part)], bytes)?;
        }
    }
    Ok(())
}

fn bfd(core: &Core, out: &mut impl Write) -> io::Result<()> {
    let Some(Ok(snapshot)) = core.watched() else { return Ok(()) };
    family(out, "bfd_sessions", Kind::Gauge, "BFD sessions by state.")?;
    let mut states: BTreeMap<String, u64> = BTreeMap::new();
    for session in &snapshot.sessions {
        *states.entry(session.state.to_string()).or_default() += 1;
    }
    for (state, count) in states {
        sample(out, "bfd_sessions", &[("state", &state)], count)?;
    }
    let counters = snapshot.counters;
    let counters = [
        ("bfd_packets_received_total", "BFD packets received.", counters.received),
        ("bfd_packets_sent_total", "BFD packets sent.", counters.sent),
        ("bfd_packets_unsent_total", "BFD packets that the kernel did not send.", counters.send_failed),
        ("bfd_packets_malformed_total", "Datagrams that are no BFD packet.", counters.malformed),
        ("bfd_packets_unknown_total", "BFD packets for no session.", counters.unknown),
        ("bfd_packets_discarded_total", "BFD packets that their session did not take.", counters.discarded),
    ];
    for (name, help, count) in counters {
        family(out, name, Kind::Counter, help)?;
        sample(out, name, &[], count)?;
    }
    Ok(())
}

/// What is forwarded, and how fast packets went another way.
fn forwarding(core: &Core, out: &mut impl Write) -> io::Result<()> {
    let Some(forwarding) = &core.forwarding else { return Ok(()) };
    let config = core.config();
    family(out, "forwarded_prefixes", Kind::Gauge, "Prefixes in the kernel by domain.")?;
    let routes = forwarding.routes();
    let counted: Vec<_> = config
        .domains
        .iter()
        .filter_map(|domain| {
            let number = core.number_of(domain);
            let (_, count) = routes.iter().find(|(id, _)| id.0 == number)?;
            Some((domain, *count, core.counters(domain.name.as_str()).unwrap_or_default()))
        })
        .collect();
    for (domain, count, _) in &counted {
        sample(out, "forwarded_prefixes", &[("domain", &domain.name)], count)?;
    }
    for (name, help) in [
        ("forwarded_packets_total", "Packets by domain, link and what became of them."),
        ("forwarded_bytes_total", "Bytes by domain, link and what became of them."),
    ] {
        family(out, name, Kind::Counter, help)?;
        for (domain, _, counters) in &counted {
            for (counter, is_link) in counters {
                let value = if name.contains("packets") { counter.packets } else { counter.bytes };
                let link = match (is_link, counter.interface) {
                    (true, _) => "customer".to_owned(),
                    (false, Some(interface)) => interface.index.to_string(),
                    (false, None) => "all".to_owned(),
                };
                sample(out, name, &[("domain", &domain.name), ("link", &link), ("what", &counter.name)], value)?;
            }
        }
    }
    let (buckets, count, micros) = forwarding.switches.read();
    let name = "path_switch_seconds";
    family(out, name, Kind::Histogram, "From the news that a path is lost to the group replaced in the kernel.")?;
    for (bound, below) in BOUNDS.iter().zip(buckets) {
        let bound = *bound as f64 / 1e6;
        sample(out, "path_switch_seconds_bucket", &[("le", &bound)], below)?;
    }
    sample(out, "path_switch_seconds_bucket", &[("le", &"+Inf")], count)?;
    sample(out, "path_switch_seconds_sum", &[], micros as f64 / 1e6)?;
    sample(out, "path_switch_seconds_count", &[], count)
}

/// Memory and processor time of the process, from proc(5); what cannot be read is left out.
fn process(out: &mut impl Write) -> io::Result<()> {
    /// Bytes of a page and ticks of a second on the machines that Linux runs on here.
    const PAGE: u64 = 4096;
    const TICKS: f64 = 100.0;
    let words = |file: &str| -> Vec<u64> {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        // The name of the program is in parentheses and may hold blanks.
        let behind = text.rsplit(") ").next().unwrap_or_default();
        behind.split_ascii_whitespace().map(|word| word.parse().unwrap_or(0)).collect()
    };
    if let Some(resident) = words("/proc/self/statm").get(1) {
        family(out, "resident_memory_bytes", Kind::Gauge, "Resident memory of the process.")?;
        sample(out, "resident_memory_bytes", &[], resident * PAGE)?;
    }
    if let Some([user, system]) = words("/proc/self/stat").get(11..13) {
        family(out, "cpu_seconds_total", Kind::Counter, "Processor time of the process.")?;
        sample(out, "cpu_seconds_total", &[], (user + system) as f64 / TICKS)?;
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        family(out, "open_files", Kind::Gauge, "Open file descriptors of the process.")?;
        sample(out, "open_files", &[], files.count())?;
    }
    Ok(())
}
