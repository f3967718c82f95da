//! Questions and commands to an edge that runs.

use crate::args::{EdgeCommand, Family, Routes, Show, Socket};
use crate::{Outcome, table};
use anyhow::Context;
use catalog::Catalog;
use edge::control::{
    ArpRow, BfdRow, NeighborRow, PathRow, Request, RouteRow, RouteSide, RoutesRequest, SessionRow, SummaryRow, ask,
};
use edge::record::from_hex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::path::{Path, PathBuf};

/// Does what is asked of an edge.
pub(super) fn run(command: &EdgeCommand, catalog: &Catalog) -> anyhow::Result<Outcome> {
    match command {
        EdgeCommand::Show { what } => show(what),
        EdgeCommand::Reload { at } => tell(at, &Request::Reload),
        EdgeCommand::Shutdown { peer, message, at } => {
            tell(at, &Request::Shutdown { peer: peer.clone(), message: message.clone() })
        }
        EdgeCommand::Start { peer, at } => tell(at, &Request::Start { peer: peer.clone() }),
        EdgeCommand::Drain { domain, off, at } => tell(at, &Request::Drain { domain: domain.clone(), on: !off }),
        EdgeCommand::Refresh { peer, at } => tell(at, &Request::Refresh { peer: peer.clone() }),
        EdgeCommand::Dump { domain, mrt, at } => dump(domain.clone(), mrt, at),
        EdgeCommand::Replay { files } => replay(files, catalog),
        EdgeCommand::Restart { at } => tell(at, &Request::Restart),
        EdgeCommand::Stop { at } => tell(at, &Request::Stop),
    }
}

fn show(what: &Show) -> anyhow::Result<Outcome> {
    match what {
        Show::Sessions { domain, at } => {
            let heading = &["Domain", "Peer", "Address", "AS", "State", "Received", "Taken", "Told", "Last error"];
            rows(at, &Request::Sessions { domain: domain.clone() }, heading, |row: SessionRow| {
                let last_error = row.last_error.unwrap_or_default();
                vec![
                    row.domain,
                    row.peer,
                    row.address.to_string(),
                    row.asn.to_string(),
                    row.state,
                    row.received.to_string(),
                    row.accepted.to_string(),
                    row.advertised.to_string(),
                    last_error,
                ]
            })
        }
        Show::Summary { domain, at } => {
            let heading = &["Neighbor", "V", "AS", "Up/Down", "State/PfxRcd", "Domain"];
            rows(at, &Request::Summary { domain: domain.clone() }, heading, |row: SummaryRow| {
                let (neighbor, v, asn) = (row.neighbor.to_string(), row.v.to_string(), row.asn.to_string());
                vec![neighbor, v, asn, row.up_down, row.state_pfx_rcd, row.domain]
            })
        }
        Show::Neighbors { peer, at } => neighbors(at, &Request::Neighbors { peer: peer.clone() }),
        Show::Routes(routes) => {
            let request = Request::Routes(request(routes));
            let heading = &["", "Network", "NextHop", "LocPrf", "Weight", "Path", "Domain"];
            rows(&routes.at, &request, heading, |row: RouteRow| {
                let mark = mark(&row);
                let (loc_prf, weight) = (row.loc_prf.to_string(), row.weight.to_string());
                vec![mark, row.network, row.next_hop, loc_prf, weight, row.path, row.domain]
            })
        }
        Show::Why { prefix, domain, at } => {
            let request = Request::Why { domain: domain.clone(), prefix: prefix.clone() };
            let heading = &["", "Network", "NextHop", "LocPrf", "Weight", "Path", "From", "Decided by"];
            rows(at, &request, heading, |row: PathRow| {
                let mark = mark(&row.route);
                let decided = match (&row.route.reason, row.lost_at) {
                    (Some(reason), _) => format!("refused: {reason}"),
                    (None, Some(step)) => format!("lost at {step}"),
                    (None, None) => String::new(),
                };
                let route = row.route;
                let from = route.from.map_or_else(|| "ours".to_owned(), |from| from.to_string());
                let (loc_prf, weight) = (route.loc_prf.to_string(), route.weight.to_string());
                vec![mark, route.network, route.next_hop, loc_prf, weight, route.path, from, decided]
            })
        }
        Show::Bfd { domain, at } => {
            let heading = &["Domain", "Peer", "Address", "State", "Peer's", "Send", "Detect", "Diagnostic", "Fault"];
            let span = |ms: Option<u64>| ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms} ms"));
            rows(at, &Request::Bfd { domain: domain.clone() }, heading, |row: BfdRow| {
                let (send, detect) = (span(row.transmit_ms), span(row.detect_ms));
                let (address, fault) = (row.address.to_string(), row.fault.unwrap_or_default());
                vec![row.domain, row.peer, address, row.state, row.remote_state, send, detect, row.diagnostic, fault]
            })
        }
        Show::Arp { domain, at } => {
            let heading = &["Age", "Interface", "IpAddress", "MacAddress", "Domain"];
            rows(at, &Request::Arp { domain: domain.clone() }, heading, |row: ArpRow| {
                vec![row.age.to_string(), row.interface, row.ip_address.to_string(), row.mac_address, row.domain]
            })
        }
    }
}

fn request(routes: &Routes) -> RoutesRequest {
    RoutesRequest {
        domain: routes.domain.clone(),
        peer: routes.peer.clone(),
        side: if routes.advertised { RouteSide::Advertised } else { RouteSide::Received },
        family: routes.family.map(|family| match family {
            Family::Ipv4 => edge::control::Family::V4,
            Family::Ipv6 => edge::control::Family::V6,
        }),
        within: routes.within.clone(),
        asn: routes.asn,
        community: routes.community.clone(),
        best: routes.best,
        limit: routes.limit,
    }
}

/// The first column of a route.
fn mark(row: &RouteRow) -> String {
    let state = match row.state.as_str() {
        "best" => ">",
        "multipath" => "=",
        "rejected" => "x",
        _ => " ",
    };
    format!("{state}{}", if row.stale { "S" } else { "" })
}

/// Prints what the edge says of a command.
fn tell(at: &Socket, request: &Request) -> anyhow::Result<Outcome> {
    let mut answer = ask::<Json>(&at.socket, request)?;
    for row in answer.by_ref() {
        row?;
    }
    say(at, answer.end().unwrap_or_default())
}

fn say(at: &Socket, end: &str) -> anyhow::Result<Outcome> {
    let mut out = anstream::stdout();
    match at.json {
        true => writeln!(out, "{}", serde_json::json!({ "done": end }))?,
        false => writeln!(out, "{end}")?,
    }
    Ok(Outcome::Ready)
}

/// Plays a recording.
fn replay(files: &[PathBuf], catalog: &Catalog) -> anyhow::Result<Outcome> {
    let mut parts: Box<dyn BufRead> = Box::new(io::empty());
    for path in files {
        let part = File::open(path).with_context(|| path.display().to_string())?;
        parts = Box::new(parts.chain(io::BufReader::new(part)));
    }
    let mut out = io::BufWriter::new(io::stdout());
    edge::record::replay(parts, catalog, &mut out)?;
    out.flush()?;
    Ok(Outcome::Ready)
}

/// Writes tables to a file.
fn dump(domain: Option<String>, path: &Path, at: &Socket) -> anyhow::Result<Outcome> {
    let mut answer = ask::<String>(&at.socket, &Request::Dump { domain })?;
    let shown = || path.display().to_string();
    let mut file = io::BufWriter::new(File::create(path).with_context(shown)?);
    for part in answer.by_ref() {
        let bytes = from_hex(&part?).context("the edge answered something else than digits")?;
        file.write_all(&bytes).with_context(shown)?;
    }
    file.flush().with_context(shown)?;
    say(at, answer.end().unwrap_or_default())
}

/// Prints rows as they come.
fn rows<R: Serialize + DeserializeOwned>(
    at: &Socket,
    request: &Request,
    heading: &[&str],
    cells: impl Fn(R) -> Vec<String>,
) -> anyhow::Result<Outcome> {
    if at.json {
        return json(at, request);
    }
    let mut answer = ask::<R>(&at.socket, request)?;
    let mut out = io::BufWriter::new(anstream::stdout());
    let mut table = table::Stream::new(heading);
    for row in answer.by_ref() {
        table.row(&mut out, cells(row?))?;
    }
    table.end(&mut out)?;
    writeln!(out, "\n{}", answer.end().unwrap_or_default())?;
    out.flush()?;
    Ok(Outcome::Ready)
}

/// Prints rows as a JSON array, as they come.
fn json(at: &Socket, request: &Request) -> anyhow::Result<Outcome> {
    let mut out = io::BufWriter::new(anstream::stdout());
    let mut before = "[\n  ";
    for row in ask::<Json>(&at.socket, request)? {
        write!(out, "{before}{}", row?)?;
        before = ",\n  ";
    }
    writeln!(out, "{}", if before.starts_with('[') { "[]" } else { "\n]" })?;
    out.flush()?;
    Ok(Outcome::Ready)
}

fn neighbors(at: &Socket, request: &Request) -> anyhow::Result<Outcome> {
    if at.json {
        return json(at, request);
    }
    let bold = anstyle::Style::new().bold();
    let mut out = io::BufWriter::new(anstream::stdout());
    for (index, row) in ask::<NeighborRow>(&at.socket, request)?.enumerate() {
        let row = row?;
        let session = &row.session;
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{bold}{}/{}{bold:#}  {} AS {}", session.domain, session.peer, session.address, session.asn)?;
        let mut line = |name: &str, value: String| match value.is_empty() {
            true => Ok(()),
            false => writeln!(out, "  {name:<13}{value}"),
        };
        line("description", row.description.unwrap_or_default())?;
        let since = session.for_seconds.map_or_else(String::new, |seconds| format!(" for {seconds} s"));
        line("state", format!("{}{since}", session.state))?;
        line("last error", session.last_error.clone().unwrap_or_default())?;
        line("router id", row.router_id.unwrap_or_default())?;
        if let (Some(hold), Some(heard)) = (row.hold_time, row.heard_seconds_ago) {
            line("hold time", format!("{hold} s, heard {heard} s ago"))?;
        }
        line("agreed", row.agreed.join(", "))?;
        let (accepted, rejected) = (session.accepted, row.rejected);
        line(
            "routes",
            format!("{} held, {accepted} taken, {rejected} refused; {} told", session.received, session.advertised),
        )?;
        line(
            "heard",
            format!(
                "{} UPDATEs ({} announced, {} withdrawn), {} other messages, {} bytes",
                row.updates_in, row.announced, row.withdrawn, row.others_in, row.bytes_in
            ),
        )?;
        line("written", format!("{} UPDATEs, {} bytes", row.updates_out, row.bytes_out))?;
        if row.malformed > 0 {
            line("malformed", format!("{} attributes", row.malformed))?;
        }
        line("up, down", format!("{} times, {} times", row.ups, row.downs))?;
        line(
            "runs on",
            format!("worker {}, as a {} with {} attribute sets", row.worker, session.role, row.attribute_sets),
        )?;
    }
    out.flush()?;
    Ok(Outcome::Ready)
}
