//! What was counted, for people, as JSON and as evidence.

use super::work::Counted;
use crate::table;
use ::m365::capacity::{Need, Report, Shape, Terms};
use model::Design;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

/// Writes a report.
pub(crate) fn report(
    report: &Report,
    counted: &Counted,
    terms: &Terms,
    title: &str,
    as_json: bool,
) -> anyhow::Result<()> {
    let mut err = anstream::stderr();
    for told in &counted.told {
        writeln!(err, "{}: {}", told.file, told.text)?;
    }
    let mut out = anstream::stdout();
    let odd = counted.tally.odd();
    if as_json {
        let told: Vec<Json> = counted
            .told
            .iter()
            .map(|told| json!({ "file": told.file, "text": told.text, "loss": told.loss }))
            .collect();
        let object = json!({
            "endpoints": title, "interval_s": report.seconds, "from_s": report.from, "intervals": report.intervals,
            "records": counted.tally.records(), "between_sites": odd.between, "outside": counted.outside,
            "backwards": odd.backwards, "endless": odd.endless, "headroom_percent": terms.headroom,
            "loads": report.loads.iter().map(|load| {
                let mut object = json!({
                    "site": load.key.site, "way": load.key.way.to_string(), "class": load.key.class,
                });
                extend(&mut object, shape(report, &load.shape));
                object
            }).collect::<Vec<_>>(),
            "paths": report.needs.iter().map(|one| need(report, one)).collect::<Vec<_>>(),
            "notes": told,
        });
        writeln!(out, "{object:#}")?;
        return Ok(());
    }
    let cells: Vec<Vec<String>> = report
        .loads
        .iter()
        .map(|load| {
            let Shape { total, p95, peak, flows, peak_at } = load.shape;
            vec![
                load.key.site.clone(),
                load.key.way.to_string(),
                load.key.class.clone(),
                bytes(total[0].saturating_add(total[1])),
                pair(report, p95),
                pair(report, peak),
                instant(peak_at),
                flows.to_string(),
            ]
        })
        .collect();
    table::write(
        &mut out,
        &["site", "way", "class", "bytes", "p95 out / in Mbps", "peak out / in Mbps", "peak at", "flows"],
        &cells,
    )?;
    writeln!(out)?;
    let size = |size: Option<u64>| size.map_or_else(|| "more than is sold".to_owned(), |mbps| format!("{mbps} Mbps"));
    for need in &report.needs {
        let kind = if need.circuit { "circuit" } else { "Internet of" };
        let own = rate(report, most(&need.own));
        write!(out, "{kind} {}: peak {own} Mbps, {} with {} % to spare", need.name, size(need.size), terms.headroom)?;
        if let Some((path, shape)) = &need.failed {
            let peak = rate(report, most(shape));
            write!(out, "; with {path} failed {peak} Mbps, {}", size(need.size_failed))?;
        }
        if need.circuit && need.m365.flows > 0 {
            write!(out, "; NAT {} ports on {} public addresses", need.m365.flows, need.addresses)?;
        }
        writeln!(out)?;
    }
    let outside = match counted.outside {
        0 => String::new(),
        count => format!(", {count} outside of the span"),
    };
    writeln!(
        out,
        "\n{title} · {} records in {} intervals of {} s from {}; not counted: {} between sites, {} that end before they \
         begin, {} longer than a day or out of time{outside}",
        counted.tally.records(),
        report.intervals,
        report.seconds,
        instant(report.from),
        odd.between,
        odd.backwards,
        odd.endless,
    )?;
    Ok(())
}

fn most(shape: &Shape) -> u64 {
    shape.peak[0].max(shape.peak[1])
}

/// Bytes an interval in Mbps, with three digits that count.
fn rate(report: &Report, bytes: u64) -> String {
    let mbps = report.bps(bytes) as f64 / 1e6;
    match mbps {
        ..0.0005 => "0".to_owned(),
        ..10.0 => format!("{mbps:.2}"),
        ..100.0 => format!("{mbps:.1}"),
        _ => format!("{mbps:.0}"),
    }
}

fn pair(report: &Report, bytes: [u64; 2]) -> String {
    format!("{} / {}", rate(report, bytes[0]), rate(report, bytes[1]))
}

fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let step = (0..4).find(|step| bytes < 1000u64.pow(step + 1)).unwrap_or(4);
    let unit = UNITS.get(usize::try_from(step).unwrap_or(4)).copied().unwrap_or("TB");
    match step {
        0 => format!("{bytes} {unit}"),
        _ => format!("{:.1} {unit}", bytes as f64 / 1000f64.powi(i32::try_from(step).unwrap_or(4))),
    }
}

fn instant(seconds: i64) -> String {
    let time = jiff::Timestamp::from_second(seconds).ok();
    time.map_or_else(|| format!("{seconds} s"), |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

fn shape(report: &Report, shape: &Shape) -> Json {
    json!({
        "bytes_out": shape.total[0], "bytes_in": shape.total[1], "p95_out": shape.p95[0], "p95_in": shape.p95[1],
        "peak_out": shape.peak[0], "peak_in": shape.peak[1], "p95_out_bps": report.bps(shape.p95[0]),
        "p95_in_bps": report.bps(shape.p95[1]), "peak_out_bps": report.bps(shape.peak[0]),
        "peak_in_bps": report.bps(shape.peak[1]), "peak_at_s": shape.peak_at, "flows": shape.flows,
    })
}

fn need(report: &Report, need: &Need) -> Json {
    let mut object = json!({
        "path": if need.circuit { "circuit" } else { "internet" }, "name": need.name, "size_mbps": need.size,
        "own": shape(report, &need.own), "m365": shape(report, &need.m365),
    });
    if need.circuit {
        extend(&mut object, json!({ "nat_ports": need.m365.flows, "nat_addresses": need.addresses }));
    }
    if let Some((path, failed)) = &need.failed {
        extend(
            &mut object,
            json!({ "failed": path, "with_failed": shape(report, failed), "size_mbps_failed": need.size_failed }),
        );
    }
    object
}

fn extend(object: &mut Json, more: Json) {
    if let (Some(object), Json::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
}

/// What rules CAP-007 and M365-007 ask, as a file of live evidence. A circuit's busy hour is its busiest interval, all
/// of its traffic; what Microsoft 365 needs is its part, with the failed path of the others on top for an egress.
pub(crate) fn evidence(report: &Report, design: &Design) -> anyhow::Result<String> {
    let mbps = |bytes: u64| report.bps(bytes).div_ceil(1_000_000).max(1);
    let day = instant(report.from).split(' ').next().unwrap_or_default().to_owned();
    let mut text = format!(
        "# What `twinpath m365 capacity` measured from {}.\nevidence: live\ntaken: {day}\n",
        instant(report.from)
    );
    let (mut hours, mut needed, mut egress) = (String::new(), String::new(), BTreeMap::<&str, u64>::new());
    // Of a path without a byte the records say nothing.
    for need in report.needs.iter().filter(|need| need.own.total != [0, 0] || !need.circuit) {
        if need.circuit {
            let peak = mbps(most(&need.own));
            writeln!(hours, "  {}: {{ busy_hour: {peak} Mbps }}", need.name)?;
            let peak = mbps(most(&need.m365));
            writeln!(needed, "    {}: {{ needed: {peak} Mbps }}", need.name)?;
            continue;
        }
        let site = design.sites.iter().find(|(name, _)| name.as_str() == need.name).map(|(_, site)| site);
        let shape = need.failed.as_ref().map_or(&need.own, |(_, shape)| shape);
        for name in site.iter().flat_map(|site| site.internet_egress.values()) {
            // A site with two takes the other when one fails, so each carries all of it.
            *egress.entry(name).or_default() += mbps(most(shape));
        }
    }
    if !hours.is_empty() {
        write!(text, "circuits:\n{hours}")?;
    }
    let egress: String = egress.iter().map(|(name, mbps)| format!("    {name}: {{ needed: {mbps} Mbps }}\n")).collect();
    if !needed.is_empty() || !egress.is_empty() {
        text.push_str("m365:\n");
        if !needed.is_empty() {
            write!(text, "  circuits:\n{needed}")?;
        }
        if !egress.is_empty() {
            write!(text, "  egress:\n{egress}")?;
        }
    }
    Ok(text)
}
