//! The design as a drawing: sites, providers, the two links of each circuit, peerings and what lies behind.
//!
//! Circuits are bands from left to right. What a rule says is marked at the part it is about, found by its
//! path: the finding's path is cut from its end until a drawn part has it. What belongs to no drawn part is
//! a chip below, so nothing is lost.

use super::{Report, text};
use crate::Severity;
use maud::{Markup, html};
use model::{Circuit, Fact, LinkRole, List, Name, Peering, Prefix};
use std::collections::BTreeMap;

/// The drawing, `None` when the design has no circuit.
pub(super) fn drawing(report: &Report<'_>) -> Option<Markup> {
    let layout = Layout::new(report);
    (!layout.bands.is_empty()).then(|| layout.svg(report))
}

// Columns: left edge and width. Everything is in units of the view box.
const WIDTH: u32 = 1160;
const SITE: (u32, u32) = (0, 200);
const EDGE: (u32, u32) = (36, 152);
const PROVIDER: (u32, u32) = (258, 180);
const MSEE: (u32, u32) = (502, 124);
const PEERING: (u32, u32) = (744, 160);
const CLOUD: (u32, u32) = (968, 192);

const TOP: u32 = 40;
const BAND: u32 = 156;
/// Where the two links run within a band.
const LINKS: [u32; 2] = [58, 106];
const BOX: u32 = 34;
const TARGET: u32 = 58;
const CHIP: u32 = 30;
/// How many circuits are drawn.
const BANDS: usize = 12;

/// What is said of a part, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Unknown,
    Advice,
    Fault,
}

impl Level {
    fn class(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Advice => "advice",
            Self::Fault => "fault",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Unknown => "?",
            Self::Advice => "!",
            Self::Fault => "✗",
        }
    }
}

/// Everything said of one part.
struct Mark {
    level: Level,
    words: Vec<(Level, &'static str, String)>,
}

impl Mark {
    fn class(&self) -> &'static str {
        self.level.class()
    }

    /// The rule to jump to: the first of the gravest.
    fn rule(&self) -> &'static str {
        self.words.iter().find(|(level, ..)| *level == self.level).map_or("", |(_, rule, _)| rule)
    }

    fn count(&self) -> usize {
        self.words.iter().filter(|(level, ..)| *level == self.level).count()
    }
}

struct Layout<'a> {
    bands: Vec<Band<'a>>,
    left_out: usize,
    targets: Vec<Target<'a>>,
    marks: BTreeMap<String, Mark>,
    height: u32,
}

struct Band<'a> {
    name: &'a Name,
    circuit: &'a Circuit,
    site: Option<&'a Name>,
    y: u32,
    peerings: Vec<Lane<'a>>,
}

/// A peering with the middle of its box.
struct Lane<'a> {
    key: &'static str,
    peering: &'a Peering,
    y: u32,
}

enum What<'a> {
    Vnet(&'a Name),
    Services,
}

/// A thing on Microsoft's side with the middle of its box.
struct Target<'a> {
    what: What<'a>,
    y: u32,
}

impl<'a> Layout<'a> {
    fn new(report: &Report<'a>) -> Self {
        let design = report.design;
        // Circuits of one site stand together, so that the site is one box.
        let mut circuits: Vec<_> = design.circuits.iter().collect();
        circuits.sort_by_key(|(name, circuit)| (circuit.site.value(), *name));
        let left_out = circuits.len().saturating_sub(BANDS);
        circuits.truncate(BANDS);
        let bands: Vec<Band<'a>> = (0u32..)
            .zip(circuits)
            .map(|(index, (name, circuit))| Band::new(name, circuit, TOP + index * BAND))
            .collect();
        let bottom = TOP + BAND * u32::try_from(bands.len()).unwrap_or_default();
        let targets = targets(report, &bands, bottom);
        let low = targets.last().map_or(0, |target| target.y + TARGET / 2 + 12);
        let mut layout = Self { bands, left_out, targets, marks: BTreeMap::new(), height: bottom.max(low) };
        layout.mark(report);
        layout
    }

    /// The paths of everything that is drawn.
    fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for band in &self.bands {
            let circuit = format!("circuits.{}", band.name);
            paths.extend(band.site.map(|site| format!("sites.{site}")));
            for role in LinkRole::BOTH {
                paths.extend(band.edge(role).map(|edge| format!("edges.{edge}")));
                paths.push(format!("{circuit}.cpe.{role}"));
                paths.extend(band.peerings.iter().map(|lane| format!("{circuit}.{}.{role}", lane.key)));
            }
            paths.extend(band.peerings.iter().map(|lane| format!("{circuit}.{}", lane.key)));
            paths.push(circuit);
        }
        paths.extend(self.targets.iter().map(Target::path));
        paths
    }

    fn mark(&mut self, report: &Report<'_>) {
        let paths = self.paths();
        let place = |path: &str| {
            let mut cut = path;
            loop {
                if paths.iter().any(|drawn| drawn == cut) {
                    return cut.to_owned();
                }
                match cut.rsplit_once('.') {
                    Some((shorter, _)) => cut = shorter,
                    None => return cut.to_owned(),
                }
            }
        };
        let mut say = |path: &str, level: Level, rule: &'static str, words: String| {
            let mark = self.marks.entry(place(path)).or_insert(Mark { level, words: Vec::new() });
            mark.level = mark.level.max(level);
            mark.words.push((level, rule, words));
        };
        for entry in &report.findings {
            let level = match entry.severity {
                Severity::Required => Level::Fault,
                Severity::Recommended => Level::Advice,
                Severity::Informational => continue,
            };
            say(&entry.finding.path, level, entry.rule.id, entry.phrase());
        }
        for gap in &report.unknown {
            for missing in &gap.missing {
                let rule = gap.rules.first().map_or("", |rule| rule.id);
                say(&missing.path, Level::Unknown, rule, format!("not known: {}", gap.about));
            }
        }
    }

    fn at(&self, path: &str) -> Option<&Mark> {
        self.marks.get(path)
    }

    /// What is said of the design outside the drawn parts, by section.
    fn elsewhere(&self) -> Vec<(&str, &Mark)> {
        let services = self.targets.iter().any(|target| matches!(target.what, What::Services));
        let drawn = |path: &str| path.contains('.') || (services && path == "m365");
        self.marks.iter().filter(|(path, _)| !drawn(path)).map(|(path, mark)| (path.as_str(), mark)).collect()
    }

    fn svg(&self, report: &Report<'_>) -> Markup {
        let elsewhere = self.elsewhere();
        let (chips, rows) = chips(&elsewhere);
        let chips_at = self.height + 34;
        let height = if chips.is_empty() { self.height + 8 } else { chips_at + rows * (CHIP + 8) };
        let headings = [
            (SITE, "Your sites"),
            (PROVIDER, "Provider"),
            (MSEE, "Microsoft edge"),
            (PEERING, "Peerings"),
            (CLOUD, "Microsoft cloud"),
        ];
        html! {
            svg.drawing viewBox=(format!("-2 0 {} {height}", WIDTH + 4)) role="img" aria-label="The design: sites, circuits, links and peerings, with what the checklist says of each" {
                @for ((x, width), heading) in headings {
                    text.heading x=(x + width / 2) y="14" { (heading) }
                }
                (self.sites(report))
                @for band in &self.bands { (self.band(band)) }
                @for target in &self.targets { (self.target(report, target)) }
                @if !chips.is_empty() {
                    text.small x="0" y=(chips_at - 10) { "Elsewhere in the design" }
                    @for chip in &chips {
                        @let y = chips_at + chip.row * (CHIP + 8);
                        (part(Some(chip.mark), html! {
                            rect.chip x=(chip.x) y=(y) width=(chip.width) height=(CHIP) rx="15" {}
                            text.label x=(chip.x + 16) y=(y + 20) { (chip.mark.level.sign()) " " (chip.words) }
                        }, None))
                    }
                }
            }
            @if self.left_out > 0 {
                p.quiet { (self.left_out) " more circuits are not drawn." }
            }
        }
    }

    /// One box for each site, over the bands of all its circuits.
    fn sites(&self, report: &Report<'_>) -> Markup {
        html! {
            @for bands in self.bands.chunk_by(|a, b| a.site == b.site) {
                @if let ([first, ..], [.., last]) = (bands, bands) {
                    @let name = first.site.map_or("site", Name::as_str);
                    @let site = first.site.and_then(|site| report.design.sites.get(site));
                    @let prefixes = site.map(|site| list(&site.prefixes)).unwrap_or_default();
                    @let (y, height) = (first.y + 6, last.y + BAND - first.y - 12);
                    (part(self.at(&format!("sites.{name}")), html! {
                        rect.area x=(SITE.0) y=(y) width=(SITE.1) height=(height) rx="10" {}
                        text.label.strong x="14" y=(y + 22) { (clip(name, 22)) }
                        text.small x="14" y=(y + height - 10) { (clip(&prefixes, 30)) }
                    }, Some((SITE.1, y))))
                }
            }
        }
    }

    fn band(&self, band: &Band<'_>) -> Markup {
        let circuit = format!("circuits.{}", band.name);
        let middle = band.y + (LINKS[0] + LINKS[1]) / 2;
        html! {
            @for (role, y) in LinkRole::BOTH.into_iter().zip(LINKS) {
                @let y = band.y + y;
                @let link = self.at(&format!("{circuit}.cpe.{role}"));
                (part(link, html! {
                    path.wire d=(format!("M{} {y}H{}", EDGE.0 + EDGE.1, MSEE.0)) {}
                }, Some(((EDGE.0 + EDGE.1 + PROVIDER.0) / 2 + 16, y))))
                @for lane in &band.peerings {
                    @let session = self.at(&format!("{circuit}.{}.{role}", lane.key));
                    @let (from, to) = (MSEE.0 + MSEE.1, PEERING.0);
                    (part(session, html! {
                        path.wire.(lane.key) d=(curve(from, y, to, lane.y)) {}
                    }, None))
                }
                (self.edge(band, role, y))
                rect.solid x=(MSEE.0) y=(y - BOX / 2) width=(MSEE.1) height=(BOX) rx="6" {}
                text.label.middle x=(MSEE.0 + MSEE.1 / 2) y=(y + 4) { "MSEE " (role) }
            }
            (self.provider(band, &circuit, middle))
            @for lane in &band.peerings { (self.lane(&circuit, lane)) }
            // Signs of sessions come last, above the lines of all of them.
            @for (role, y) in LinkRole::BOTH.into_iter().zip(LINKS) {
                @for lane in &band.peerings {
                    @if let Some(mark) = self.at(&format!("{circuit}.{}.{role}", lane.key)) {
                        @let (x, y) = session_sign(band.y + y, lane.y);
                        (sign(mark, x, y))
                    }
                }
            }
        }
    }

    fn edge(&self, band: &Band<'_>, role: LinkRole, y: u32) -> Markup {
        let name = band.edge(role);
        let mark = name.and_then(|name| self.at(&format!("edges.{name}")));
        part(
            mark,
            html! {
                rect.solid.open[name.is_none()] x=(EDGE.0) y=(y - BOX / 2) width=(EDGE.1) height=(BOX) rx="6" {}
                text.label.middle x=(EDGE.0 + EDGE.1 / 2) y=(y + 4) { (clip(name.unwrap_or("edge not known"), 20)) }
            },
            Some((EDGE.0 + EDGE.1, y - BOX / 2)),
        )
    }

    /// The box of the circuit itself: what was bought, where.
    fn provider(&self, band: &Band<'_>, path: &str, middle: u32) -> Markup {
        let circuit = band.circuit;
        let provider = match (circuit.provider.value(), circuit.port.value()) {
            (Some(provider), _) => provider.clone(),
            (None, Some(port)) => format!("Direct port {port}"),
            (None, None) => "provider not known".to_owned(),
        };
        let place = circuit.location.value().map_or("location not known", String::as_str);
        let bought = [circuit.bandwidth.value().map(ToString::to_string), circuit.sku.value().map(ToString::to_string)];
        let bought = bought.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let (y, height) = (middle - 53, 106);
        part(
            self.at(path),
            html! {
                rect.solid x=(PROVIDER.0) y=(y) width=(PROVIDER.1) height=(height) rx="10" {}
                text.label.strong.middle x=(PROVIDER.0 + PROVIDER.1 / 2) y=(y + 28) { (clip(band.name.as_str(), 22)) }
                text.label.middle x=(PROVIDER.0 + PROVIDER.1 / 2) y=(y + 50) { (clip(&provider, 24)) }
                text.small.middle x=(PROVIDER.0 + PROVIDER.1 / 2) y=(y + 70) { (clip(place, 28)) }
                text.small.middle x=(PROVIDER.0 + PROVIDER.1 / 2) y=(y + 88) { (clip(&bought, 30)) }
            },
            Some((PROVIDER.0 + PROVIDER.1, y)),
        )
    }

    fn lane(&self, circuit: &str, lane: &Lane<'_>) -> Markup {
        let (x, y) = (PEERING.0, lane.y - 22);
        let known = |what: &str, value: Option<String>| format!("{what} {}", value.as_deref().unwrap_or("?"));
        let vlan = known("VLAN", lane.peering.vlan.value().map(ToString::to_string));
        let asn = known("AS", lane.peering.asn.value().map(|asn| asn.0.to_string()));
        let ends = self.targets.iter().filter(|target| target.ends(lane));
        html! {
            @for target in ends {
                path.wire.(lane.key) d=(curve(x + PEERING.1, lane.y, CLOUD.0, target.y)) {}
            }
            (part(self.at(&format!("{circuit}.{}", lane.key)), html! {
                rect.lane.(lane.key) x=(x) y=(y) width=(PEERING.1) height="44" rx="22" {}
                text.label.middle x=(x + PEERING.1 / 2) y=(lane.y - 3) { (lane.title()) }
                text.small.middle x=(x + PEERING.1 / 2) y=(lane.y + 13) { (vlan) " · " (asn) }
            }, Some((x + PEERING.1 - 12, y))))
        }
    }

    fn target(&self, report: &Report<'_>, target: &Target<'_>) -> Markup {
        let (x, y) = (CLOUD.0, target.y - TARGET / 2);
        let (title, first, second) = match target.what {
            What::Vnet(name) => {
                let vnet = report.design.vnets.get(name);
                let region = vnet.and_then(|vnet| vnet.region.value()).map_or("region not known", String::as_str);
                let gateway = vnet.and_then(|vnet| vnet.gateway.value()).map(|gateway| format!(" · {gateway}"));
                let space = vnet.map(|vnet| list(&vnet.space)).unwrap_or_default();
                (name.as_str(), format!("{region}{}", gateway.unwrap_or_default()), space)
            }
            What::Services => {
                let services = &report.design.services;
                let used = [(&services.m365, "Microsoft 365"), (&services.dynamics, "Dynamics 365")];
                let used: Vec<&str> =
                    used.into_iter().filter(|(fact, _)| fact.is(&true)).map(|(_, name)| name).collect();
                ("Microsoft services", used.join(", "), "public addresses".to_owned())
            }
        };
        let details: Vec<&String> = [&first, &second].into_iter().filter(|line| !line.is_empty()).collect();
        part(
            self.at(&target.path()),
            html! {
                rect.solid x=(x) y=(y) width=(CLOUD.1) height=(TARGET) rx="10" {}
                text.label.strong x=(x + 14) y=(y + 20) { (clip(title, 24)) }
                @for (line, y) in details.iter().zip([y + 36, y + 50]) {
                    text.small x=(x + 14) y=(y) { (clip(line, 32)) }
                }
            },
            Some((x + CLOUD.1, y)),
        )
    }
}

impl<'a> Band<'a> {
    fn new(name: &'a Name, circuit: &'a Circuit, y: u32) -> Self {
        let kinds = [("private", &circuit.private), ("microsoft", &circuit.microsoft), ("public", &circuit.public)];
        let present: Vec<_> = kinds.into_iter().filter_map(|(key, peering)| Some((key, peering.as_deref()?))).collect();
        let middle = y + (LINKS[0] + LINKS[1]) / 2;
        let half = 31 * u32::try_from(present.len().saturating_sub(1)).unwrap_or_default();
        let lanes =
            (0u32..).zip(present).map(|(index, (key, peering))| Lane { key, peering, y: middle - half + index * 62 });
        Self { name, circuit, site: circuit.site.value(), y, peerings: lanes.collect() }
    }

    /// The customer's router of a link, when the design names it.
    fn edge(&self, role: LinkRole) -> Option<&'a str> {
        let port = match role {
            LinkRole::Primary => &self.circuit.cpe.primary,
            LinkRole::Secondary => &self.circuit.cpe.secondary,
        };
        port.value().map(|port| port.device.as_str())
    }
}

impl Lane<'_> {
    fn title(&self) -> &'static str {
        match self.key {
            "private" => "private peering",
            "microsoft" => "Microsoft peering",
            _ => "public peering",
        }
    }
}

impl Target<'_> {
    fn path(&self) -> String {
        match self.what {
            What::Vnet(name) => format!("vnets.{name}"),
            What::Services => "m365".to_owned(),
        }
    }

    /// Whether a peering leads here.
    fn ends(&self, lane: &Lane<'_>) -> bool {
        match self.what {
            What::Vnet(name) => lane.key == "private" && lane.peering.vnets.values().any(|vnet| vnet == name),
            What::Services => lane.key != "private",
        }
    }
}

/// Microsoft's side: each thing level with the peerings that lead to it, as far as there is room.
fn targets<'a>(report: &Report<'a>, bands: &[Band<'a>], bottom: u32) -> Vec<Target<'a>> {
    let whats = report.design.vnets.keys().take(BANDS).map(What::Vnet).chain([What::Services]);
    let mut targets: Vec<Target<'a>> = whats.map(|what| Target { what, y: bottom }).collect();
    for target in &mut targets {
        let lanes = bands.iter().flat_map(|band| &band.peerings).filter(|lane| target.ends(lane));
        let levels: Vec<u32> = lanes.map(|lane| lane.y).collect();
        let count = u32::try_from(levels.len()).unwrap_or_default();
        target.y = levels.iter().sum::<u32>().checked_div(count).unwrap_or(bottom);
    }
    let unused = |target: &Target<'_>| matches!(target.what, What::Services) && target.y == bottom;
    targets.retain(|target| !unused(target));
    targets.sort_by_key(|target| target.y);
    let count = u32::try_from(targets.len()).unwrap_or_default();
    let step = ((bottom - TOP) / (count + 1)).clamp(TARGET + 16, 3 * TARGET);
    let middle = |targets: &[Target<'_>]| {
        let count = u32::try_from(targets.len()).unwrap_or_default();
        targets.iter().map(|target| target.y).sum::<u32>().checked_div(count).unwrap_or_default()
    };
    let wanted = middle(&targets);
    let mut least = TOP + TARGET / 2;
    for target in &mut targets {
        target.y = target.y.max(least);
        least = target.y + step;
    }
    // What was pushed down to make room is shared between above and below.
    let room = targets.first().map_or(0, |first| first.y - TOP - TARGET / 2);
    let shift = middle(&targets).saturating_sub(wanted).min(room);
    targets.iter_mut().for_each(|target| target.y -= shift);
    targets
}

/// A part with what is said of it: coloured, with a sign at the given corner, and the words on hover.
fn part(mark: Option<&Mark>, shape: Markup, corner: Option<(u32, u32)>) -> Markup {
    let Some(mark) = mark else { return shape };
    html! {
        g class=(mark.class()) {
            (words(mark))
            (shape)
            @if let Some((x, y)) = corner { (sign(mark, x, y)) }
        }
    }
}

fn words(mark: &Mark) -> Markup {
    let lines: Vec<_> =
        mark.words.iter().map(|(_, rule, words)| text::clean(&format!("{rule}: {words}")).into_owned()).collect();
    html! { title { (lines.join("\n")) } }
}

/// The sign of a mark, a link to its rule.
fn sign(mark: &Mark, x: u32, y: u32) -> Markup {
    let label = match mark.count() {
        1 => mark.level.sign().to_owned(),
        count => format!("{} {count}", mark.level.sign()),
    };
    let width = if mark.count() == 1 {
        20
    } else if mark.count() < 10 {
        34
    } else {
        42
    };
    let x = (x.saturating_sub(width / 2)).min(WIDTH - width - 1);
    html! {
        a href=(format!("#{}", mark.rule())) {
            g.sign.(mark.class()) {
                (words(mark))
                rect x=(x) y=(y.saturating_sub(10)) width=(width) height="20" rx="10" {}
                text.middle x=(x + width / 2) y=(y.saturating_sub(10) + 14) { (label) }
            }
        }
    }
}

/// Where the sign of a session stands on its line: near the peering, or near the router where the line is
/// steep, so that the signs of lines that meet or cross keep apart.
fn session_sign(from: u32, to: u32) -> (u32, u32) {
    let (start, gap) = (MSEE.0 + MSEE.1, PEERING.0 - MSEE.0 - MSEE.1);
    match from.abs_diff(to) > 10 {
        true => (start + gap * 3 / 10, (5 * from + to) / 6),
        false => (start + gap * 7 / 10, (from + 5 * to) / 6),
    }
}

/// A line between two boxes that leaves and enters level.
fn curve(x: u32, y: u32, to_x: u32, to_y: u32) -> String {
    let bend = (to_x - x) / 2;
    format!("M{x} {y}C{} {y} {} {to_y} {to_x} {to_y}", x + bend, to_x - bend)
}

struct Chip<'m> {
    words: String,
    mark: &'m Mark,
    x: u32,
    row: u32,
    width: u32,
}

/// The chips of what is said elsewhere, in as many rows as they take.
fn chips<'m>(elsewhere: &[(&str, &'m Mark)]) -> (Vec<Chip<'m>>, u32) {
    let (mut x, mut row) = (0, 0);
    let mut chips = Vec::new();
    for (section, mark) in elsewhere {
        let words = match mark.count() {
            1 => section_title(section).to_owned(),
            count => format!("{} · {count}", section_title(section)),
        };
        let width = 48 + 7 * u32::try_from(words.chars().count()).unwrap_or_default();
        if x > 0 && x + width > WIDTH {
            x = 0;
            row += 1;
        }
        chips.push(Chip { words, mark, x, row, width });
        x += width + 10;
    }
    (chips, row + 1)
}

/// A section of the design in words.
fn section_title(section: &str) -> &str {
    match section {
        "azure" => "Account and subscription",
        "services" => "Services in use",
        "connectivity" => "Way to the provider",
        "sites" => "Sites",
        "edges" => "Edge routers",
        "ports" => "Direct ports",
        "circuits" => "Circuits",
        "vnets" => "Virtual networks",
        "routing" => "Routing policy",
        "nat" => "Address translation",
        "flows" => "Flows",
        "qos" => "Traffic classes",
        "security" => "Security",
        "dr" => "Disaster recovery",
        "m365" => "Microsoft 365",
        "reading" => "Documents read",
        "cutover" => "Cutover",
        other => other,
    }
}

/// The elements of a list, as far as known.
fn list(fact: &Fact<List<Prefix>>) -> String {
    fact.values().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Text cut to so many characters.
fn clip(text: &str, most: usize) -> String {
    let text = text::clean(text);
    match text.chars().count() > most {
        true => text.chars().take(most - 1).chain(['…']).collect(),
        false => text.into_owned(),
    }
}
