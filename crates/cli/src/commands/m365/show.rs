//! The split and its outputs, for people and as JSON.

use super::subject::{self, Subjected};
use crate::args::{FirewallFormat, Way as WayArg};
use crate::{Outcome, input, table};
use ::catalog::Catalog;
use ::m365::history::{self, History, Version};
use ::m365::list::{self, Dialect};
use ::m365::pac::{self, Answers};
use ::m365::{Decision, Edit, Outputs, Protocol, Snapshot, Split, Way};
use anyhow::{Context, ensure};
use model::{Date, Family, Value as _};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// `m365 split`.
pub(crate) fn split(subjected: &Subjected, way: Option<WayArg>, as_json: bool) -> anyhow::Result<Outcome> {
    let Subjected { split, title } = subjected;
    let way: Option<Way> = way.map(Into::into);
    let rows: Vec<_> = split.sets().filter(|(_, decision)| way.is_none_or(|way| decision.way == way)).collect();
    let mut out = anstream::stdout();
    if as_json {
        let sets: Vec<Json> = rows
            .iter()
            .map(|(set, decision)| {
                let mut object = serde_json::to_value(set).unwrap_or_default();
                if let Some(object) = object.as_object_mut() {
                    object.insert("way".to_owned(), decision.way.to_string().into());
                    object.insert("why".to_owned(), decision.why.to_string().into());
                }
                object
            })
            .collect();
        writeln!(out, "{:#}", json!({ "endpoints": title, "areas": areas(split), "sets": sets }))?;
        return Ok(Outcome::Ready);
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|(set, decision)| {
            vec![
                set.id.to_string(),
                set.service_area.clone(),
                set.category.to_string(),
                if set.express_route { "yes" } else { "–" }.to_owned(),
                format!("{} urls, {} prefixes", set.urls.len(), set.ips.len()),
                set.ports(),
                decision.way.to_string(),
                decision.why.to_string(),
            ]
        })
        .collect();
    table::write(&mut out, &["set", "area", "category", "er", "holds", "ports", "way", "why"], &cells)?;
    writeln!(out)?;
    for (area, answer) in split.policy.areas() {
        match answer {
            Ok(carried) => writeln!(out, "{area:10} may take the circuit, community {}", carried.community)?,
            Err(refusal) => writeln!(out, "{area:10} stays off it: {refusal}")?,
        }
    }
    let by = if split.policy.is_by_flags() {
        "by the flags alone; name a design for its own split"
    } else {
        "by the design"
    };
    let counts: Vec<String> = Way::ALL
        .into_iter()
        .map(|way| (way, rows.iter().filter(|(_, decision)| decision.way == way).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(way, count)| format!("{count} {way}"))
        .collect();
    writeln!(out, "\n{title} · {} sets: {} · {by}", rows.len(), counts.join(", "))?;
    Ok(Outcome::Ready)
}

fn areas(split: &Split) -> Json {
    let area = |(name, answer): (&str, &Result<::m365::Carried, ::m365::Refusal>)| {
        let value = match answer {
            Ok(carried) => json!({ "community": carried.community.to_string(), "circuits": carried.circuits }),
            Err(refusal) => json!({ "refused": refusal.to_string() }),
        };
        (name.to_owned(), value)
    };
    Json::Object(split.policy.areas().map(area).collect())
}

/// One target of a lookup.
#[derive(Debug)]
enum Target {
    Host(String),
    Address(IpAddr),
}

type Port = Option<(Protocol, u16)>;

/// Reads `host`, `host:993`, `https://host/path`, `address`, `address:3478/udp`, `[address]:443`.
fn target(text: &str) -> anyhow::Result<(Target, Port)> {
    let bad =
        || format!("`{text}` is neither host nor address; wanted one like `outlook.office365.com` or `40.96.1.1:443`");
    let (rest, scheme) = match text.split_once("://") {
        Some(("https", rest)) => (rest, Some(443)),
        Some(("http", rest)) => (rest, Some(80)),
        Some(_) => anyhow::bail!(bad()),
        None => (text, None),
    };
    let (rest, protocol) = match rest.strip_suffix("/udp") {
        Some(rest) => (rest, Protocol::Udp),
        None => (rest.strip_suffix("/tcp").unwrap_or(rest), Protocol::Tcp),
    };
    let rest = rest.split('/').next().unwrap_or_default();
    let default = scheme.map(|port| (protocol, port));
    if let Ok(address) = rest.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok((Target::Address(address), default));
    }
    if let Ok(socket) = rest.parse::<SocketAddr>() {
        return Ok((Target::Address(socket.ip()), Some((protocol, socket.port()))));
    }
    let (host, port) = match rest.split_once(':') {
        Some((host, port)) => (host, Some((protocol, port.parse().ok().with_context(bad)?))),
        None => (rest, default),
    };
    let host = ::m365::host(host);
    ensure!(!host.contains('*') && ::m365::Pattern::parse(&host).is_ok(), bad());
    Ok((Target::Host(host), port))
}

/// `m365 lookup`.
pub(crate) fn lookup(subjected: &Subjected, targets: &[String], as_json: bool) -> anyhow::Result<Outcome> {
    let Subjected { split, title } = subjected;
    let mut out = anstream::stdout();
    let mut list = Vec::new();
    for text in targets {
        let (target, port) = target(text)?;
        let answer = match &target {
            Target::Host(host) => split.host(host, port),
            Target::Address(address) => split.address(*address, port),
        };
        let Decision { way, why, category } = &answer.decision;
        if as_json {
            list.push(json!({
                "target": text, "way": way.to_string(), "why": why.to_string(), "by": answer.by, "sets": answer.sets,
                "category": category.map(|category| category.to_string()),
            }));
            continue;
        }
        let bold = anstyle::Style::new().bold();
        writeln!(out, "{text}  {bold}{way}{bold:#}  {why}")?;
        if let Some(by) = &answer.by {
            let sets: Vec<String> = answer
                .sets
                .iter()
                .filter_map(|id| split.snapshot.set(*id))
                .map(|set| format!("set {} ({}, {}, {})", set.id, set.service_area, set.category, set.ports()))
                .collect();
            writeln!(out, "    by {by}, {}", sets.join("; "))?;
        }
    }
    match as_json {
        true => writeln!(out, "{:#}", json!({ "endpoints": title, "answers": list }))?,
        false => writeln!(out, "\n{title}{}", if split.policy.is_by_flags() { " · by the flags alone" } else { "" })?,
    }
    Ok(Outcome::Ready)
}

/// `m365 routes`.
pub(crate) fn routes(subjected: &Subjected, dialect: Dialect, as_json: bool) -> anyhow::Result<Outcome> {
    let Subjected { split, title } = subjected;
    let outputs = Outputs::new(split);
    let mut out = anstream::stdout();
    if as_json {
        let text = |list: Vec<model::Prefix>| list.iter().map(model::Prefix::to_string).collect::<Vec<_>>();
        let object = json!({
            "endpoints": title,
            "ipv4": text(split.circuit_prefixes(Family::V4)),
            "ipv6": text(split.circuit_prefixes(Family::V6)),
            "communities": outputs.filter.iter().map(model::Community::to_string).collect::<Vec<_>>(),
            "nat": outputs.nat.iter().map(model::Prefix::to_string).collect::<Vec<_>>(),
        });
        writeln!(out, "{object:#}")?;
    } else {
        match dialect {
            Dialect::Plain => {}
            Dialect::Bird => writeln!(out, "# {title}")?,
            Dialect::Frr => writeln!(out, "! {title}")?,
        }
        write!(out, "{}", list::routes(&outputs.routes, &outputs.filter, dialect))?;
    }
    if outputs.routes.is_empty() {
        writeln!(anstream::stderr(), "nothing takes the circuit; `twinpath m365 split` says why")?;
    }
    Ok(Outcome::Ready)
}

/// `m365 pac`.
pub(crate) fn pac(
    subjected: &Subjected,
    answers: &Answers,
    evidence: Option<&Path>,
    as_json: bool,
) -> anyhow::Result<Outcome> {
    let Subjected { split, title } = subjected;
    let names = Outputs::new(split).names;
    let script = pac::script(&names, answers, &format!("Microsoft 365 endpoints {title}, made by twinpath m365 pac"))?;
    let order: Vec<String> = pac::order(&names).iter().map(ToString::to_string).collect();
    if let Some(file) = evidence {
        // What Microsoft lists without support is asked of the file, not of the flags that made it.
        let mut unsupported = split.snapshot.sets.iter().filter(|set| !set.express_route).flat_map(|set| &set.urls);
        let way = match unsupported.any(|url| names.get(url) == Some(&Way::Circuit)) {
            true => "expressroute",
            false => "internet",
        };
        let text = format!(
            "# What `twinpath m365 pac` made of {title}.\nm365:\n  pac: {{ used: true, order: [{}] }}\n  \
             unsupported_endpoints: {way}\n",
            order.join(", ")
        );
        std::fs::write(file, text).with_context(|| file.display().to_string())?;
    }
    let mut out = anstream::stdout();
    match as_json {
        true => {
            let size = script.len();
            writeln!(out, "{:#}", json!({ "endpoints": title, "order": order, "bytes": size, "script": script }))?;
        }
        false => write!(out, "{script}")?,
    }
    Ok(Outcome::Ready)
}

/// `m365 firewall`.
pub(crate) fn firewall(subjected: &Subjected, format: FirewallFormat, as_json: bool) -> anyhow::Result<Outcome> {
    let Subjected { split, title } = subjected;
    let rules = Outputs::new(split).firewall;
    let mut out = anstream::stdout();
    if as_json {
        let perimeters = [Way::Circuit, Way::Internet, Way::Proxy].map(|way| {
            let groups = list::grouped(&rules, way).into_iter().map(|(destinations, services)| {
                let to: Vec<String> = destinations.iter().map(ToString::to_string).collect();
                json!({ "services": list::services_text(&services), "to": to })
            });
            (way.to_string(), Json::Array(groups.collect()))
        });
        writeln!(
            out,
            "{:#}",
            json!({ "endpoints": title, "perimeters": Json::Object(perimeters.into_iter().collect()) })
        )?;
        return Ok(Outcome::Ready);
    }
    match format {
        FirewallFormat::Nft => write!(out, "# {title}\n{}", list::nft(&rules))?,
        FirewallFormat::Text => {
            let mut cells = Vec::new();
            for way in [Way::Circuit, Way::Internet, Way::Proxy] {
                for (destinations, services) in list::grouped(&rules, way) {
                    for to in destinations {
                        cells.push(vec![way.to_string(), list::services_text(&services), to.to_string()]);
                    }
                }
            }
            table::write(&mut out, &["perimeter", "services", "to"], &cells)?;
            writeln!(out, "\n{title} · {} openings to {} destinations", rules.len(), cells.len())?;
        }
    }
    Ok(Outcome::Ready)
}

/// What `m365 diff` was asked.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) versions: [&'a String; 2],
    pub(crate) design: &'a [String],
    pub(crate) instance: &'a str,
    pub(crate) published: Option<&'a str>,
    pub(crate) changes: Option<&'a Path>,
    pub(crate) ipv6: bool,
}

/// `m365 diff`.
pub(crate) fn diff(asked: &Asked<'_>, catalog: &Catalog, as_json: bool) -> anyhow::Result<Outcome> {
    let history = History::of(catalog)?;
    let instance = subject::instance(&history, asked.instance)?;
    let policy = subject::policy(asked.design, catalog, &instance)?;
    let lead = lead(catalog)?;
    let [old, new] = asked.versions.map(|wanted| subject::snapshot(&history, &instance, Some(wanted)));
    let ((old_name, old), (new_name, new)) = (old?, new?);
    let published = match asked.published {
        Some(text) => Date::parse(text).map_err(|error| anyhow::anyhow!("--published: {error}"))?,
        None => match Version::parse(&new_name).and_then(|version| version.date()) {
            Some(date) => date,
            None => input::today(None)?,
        },
    };
    let (old, new) = match asked.ipv6 {
        true => (old, new),
        false => comparable(old, new)?,
    };
    let effective = match asked.changes {
        Some(file) => {
            let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            let changes: Vec<history::Change> =
                serde_json::from_str(&text).with_context(|| format!("{}: no answer of /changes", file.display()))?;
            history::effective(&changes)
        }
        None => BTreeMap::new(),
    };
    let (old, new) = (Split::new(old, policy.clone()), Split::new(new, policy));
    let edits = ::m365::diff(&old, &new, published, lead, &effective);
    write_edits(&edits, &format!("{instance} {old_name} → {new_name}"), as_json)?;
    Ok(if edits.is_empty() { Outcome::Ready } else { Outcome::Findings })
}

/// Two snapshots that are alike in their families. One without any IPv6 was taken so; it does not say that all of it
/// went.
pub(crate) fn comparable(old: Snapshot, new: Snapshot) -> anyhow::Result<(Snapshot, Snapshot)> {
    if old.has(Family::V6) == new.has(Family::V6) {
        return Ok((old, new));
    }
    writeln!(
        anstream::stderr(),
        "one of the two was taken without IPv6, so IPv6 is left out; `m365 diff --ipv6` compares it all the same"
    )?;
    Ok((old.without_ipv6(), new.without_ipv6()))
}

/// So many days additions are published before their use.
pub(crate) fn lead(catalog: &Catalog) -> anyhow::Result<u32> {
    let days = catalog.limit("m365", "endpoint-lead-days", "").and_then(|days| u32::try_from(days).ok());
    days.context("the catalogue does not say how many days additions are published ahead (m365, endpoint-lead-days)")
}

/// Writes edits.
pub(crate) fn write_edits(edits: &[Edit], title: &str, as_json: bool) -> anyhow::Result<()> {
    let mut out = anstream::stdout();
    if as_json {
        let list: Vec<Json> = edits.iter().map(edit_json).collect();
        writeln!(out, "{:#}", json!({ "endpoints": title, "edits": list }))?;
        return Ok(());
    }
    let cells: Vec<Vec<String>> = edits
        .iter()
        .map(|edit| {
            let sets: Vec<String> = edit.sets.iter().map(u32::to_string).collect();
            vec![
                edit.item.side().to_string(),
                if edit.add { "add" } else { "remove" }.to_owned(),
                edit.item.to_string(),
                edit.due.to_string(),
                sets.join(","),
            ]
        })
        .collect();
    if cells.is_empty() {
        writeln!(out, "{title}: nothing to change")?;
        return Ok(());
    }
    table::write(&mut out, &["where", "do", "what", "due", "sets"], &cells)?;
    writeln!(out, "\n{title} · {} changes", edits.len())?;
    Ok(())
}

/// One edit for programs.
pub(crate) fn edit_json(edit: &Edit) -> Json {
    json!({
        "where": edit.item.side().to_string(),
        "do": if edit.add { "add" } else { "remove" },
        "what": edit.item.to_string(),
        "due": edit.due.to_string(),
        "sets": edit.sets,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_hosts_urls_and_addresses_with_ports() {
        let read = |text: &str| target(text).map(|(target, port)| format!("{target:?} {port:?}")).unwrap();
        assert_eq!(read("Outlook.Office.com."), "Host(\"outlook.office.com\") None");
        assert_eq!(read("https://a.b/c?d=e:f"), "Host(\"a.b\") Some((Tcp, 443))");
        assert_eq!(read("a.b:3478/udp"), "Host(\"a.b\") Some((Udp, 3478))");
        assert_eq!(read("40.96.1.1:443"), "Address(40.96.1.1) Some((Tcp, 443))");
        assert_eq!(read("[2603::1]:443"), "Address(2603::1) Some((Tcp, 443))");
        assert_eq!(read("2603::1"), "Address(2603::1) None");
        for bad in ["", "*.office.com", "ftp://a.b", "a.b:99999", "a b"] {
            assert!(target(bad).is_err(), "{bad}");
        }
    }
}
