//! Reading one text: which kind it is, and the design it says.

use crate::fleet::Element;
use crate::found::Found;
use crate::join::join;
use crate::node::place;
use crate::problem::nearest;
use crate::{Node, Problem, Shape, azure, fields, json, terraform, yaml};
use model::{Date, Design, EvidenceKind, Peering, Rank, Record, Source, SourceId, Sources, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// How much a text may hold. What lies past is a [`Problem`], not a long wait.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of one text.
    pub bytes: usize,
    /// Levels of nesting.
    pub depth: usize,
    /// Values, those behind aliases counted each time.
    pub nodes: usize,
}

impl Default for Bounds {
    /// 64 MiB, 64 levels, 4 million values.
    fn default() -> Self {
        Self { bytes: 64 << 20, depth: 64, nodes: 4_000_000 }
    }
}

/// A text and what a person calls it.
#[derive(Debug, Clone)]
pub struct Input {
    /// The name, most often of a file.
    pub name: String,
    /// The text.
    pub text: Arc<str>,
}

/// What one text says.
#[derive(Debug, Default)]
pub struct Reading {
    /// The design, as far as it could be read.
    pub design: Design,
    /// What could not be used.
    pub problems: Vec<Problem>,
}

/// Reads one text of any kind: a design file, an Azure export, Terraform JSON.
///
/// The text becomes one of the sources, so that every place can be shown later.
pub fn read(input: Input, sources: &mut Sources, bounds: &Bounds) -> Reading {
    read_all([input], sources, bounds)
}

/// Reads texts that together say one design.
///
/// Exports are joined with each other and with the design files, in whatever order they come: a route filter
/// with the peering that names it, a gateway with its VNet, `AMS` of Azure with `ams` of the design.
pub fn read_all(inputs: impl IntoIterator<Item = Input>, sources: &mut Sources, bounds: &Bounds) -> Reading {
    let mut reading = Reading::default();
    let mut found = Found::default();
    for Input { name, text } in inputs {
        let id = sources.add(Source { name, text: Some(Arc::clone(&text)), rank: Rank::Declared, taken: None });
        if text.len() > bounds.bytes {
            let seen = format!("{} MiB of text", text.len() >> 20);
            let expected = format!("at most {} MiB", bounds.bytes >> 20);
            reading.problems.push(Problem::new(place(id, 0, 0), seen, expected));
            continue;
        }
        match parse(&text, id, bounds) {
            Ok(root) => fill(&root, id, sources, &mut reading, &mut found),
            Err(problem) => reading.problems.push(problem),
        }
    }
    reading.problems.extend(join(found, &mut reading.design));
    reading
}

/// Reads one element of a fleet: a circuit's export, or a whole design in JSON.
///
/// Places count from the start of the element; the source's name says where that stands in the file. A caller
/// that goes through a large fleet gives each element sources of its own.
pub fn read_element(element: &Element<'_>, file: &str, sources: &mut Sources, bounds: &Bounds) -> Reading {
    let name = format!("{file}, byte {}", element.offset);
    match std::str::from_utf8(element.bytes) {
        Ok(text) => read(Input { name, text: text.into() }, sources, bounds),
        Err(error) => {
            let id = sources.add(Source { name, text: None, rank: Rank::Declared, taken: None });
            let at = error.valid_up_to();
            let problem = Problem::new(place(id, at, at + 1), "bytes that are no UTF-8", "text in UTF-8");
            Reading { problems: vec![problem], ..Reading::default() }
        }
    }
}

/// Parses a YAML or JSON text into nodes. JSON is what starts with a brace or bracket and a quote or end;
/// YAML's own flow mappings start alike and are read as YAML.
///
/// # Errors
/// The text is a web page, is not well formed, or holds more than the bounds allow.
pub fn parse<'t>(text: &'t str, id: SourceId, bounds: &Bounds) -> Result<Node<'t>, Problem> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with('<') {
        let at = text.len() - start.len();
        return Err(Problem::new(
            place(id, at, at + 1),
            "a page of HTML or XML",
            "YAML or JSON; was a sign-in page saved in place of the export?",
        ));
    }
    let is_json =
        start.strip_prefix(['{', '[']).is_some_and(|rest| rest.trim_start().starts_with(['"', '{', '}', '[', ']']));
    match is_json {
        true => json::parse(text, id, bounds),
        false => yaml::parse(text, id, bounds),
    }
}

/// Reads a design out of parsed nodes.
pub fn decode(root: &Node<'_>, id: SourceId, sources: &mut Sources) -> Reading {
    let mut reading = Reading::default();
    let mut found = Found::default();
    fill(root, id, sources, &mut reading, &mut found);
    reading.problems.extend(join(found, &mut reading.design));
    reading
}

/// Adds what one text says: a design file to the reading, an export to what is found.
fn fill(root: &Node<'_>, id: SourceId, sources: &mut Sources, reading: &mut Reading, found: &mut Found) {
    let is_terraform = terraform::is_terraform(root);
    if is_terraform || azure::is_export(root) {
        match is_terraform {
            true => terraform::read(root, found),
            false => azure::read(root, found),
        }
        if let Some(source) = sources.get_mut(id) {
            source.rank = found.rank;
        }
    } else if is_design(root) {
        design_file(root, id, sources, reading);
    } else {
        let expected = "a design with keys like `company`, `azure`, `circuits`, or an Azure or Terraform export";
        reading.problems.push(Problem::new(root.place, root.kind(), expected));
    }
}

/// Whether a mapping has a key of a design, or nothing but slips for them.
fn is_design(root: &Node<'_>) -> bool {
    let known = fields::keys::<Design>();
    let keys = || root.entries().iter().map(|entry| &*entry.key);
    let is_slip = |key| nearest(key, known.iter().copied()).is_some();
    keys().any(|key| known.contains(&key)) || (keys().next().is_some() && keys().all(is_slip))
}

/// The key below which the report of a drill keeps what it measured. The rest of the report is evidence in the words of a
/// design file.
const MEASUREMENTS: &str = "drill";

/// A file without what a drill measured, which no fact is read from.
fn without_measurements<'n, 't>(root: &'n Node<'t>) -> Cow<'n, Node<'t>> {
    match &root.shape {
        Shape::Map(entries) if root.get("evidence").is_some() && root.get(MEASUREMENTS).is_some() => {
            let facts = entries.iter().filter(|entry| entry.key != MEASUREMENTS).cloned().collect();
            Cow::Owned(Node { shape: Shape::Map(facts), ..*root })
        }
        _ => Cow::Borrowed(root),
    }
}

/// Decodes a design file, or a file of ordered or live evidence in the same words.
fn design_file(root: &Node<'_>, id: SourceId, sources: &mut Sources, reading: &mut Reading) {
    let header = |key: &str| root.get(key).and_then(Node::text);
    let rank = header("evidence").and_then(|text| EvidenceKind::parse(text).ok()).map_or(Rank::Declared, Rank::from);
    if let Some(source) = sources.get_mut(id) {
        source.rank = rank;
        source.taken = header("taken").and_then(|text| Date::parse(text).ok());
    }
    let mut design = Design::default();
    fields::record(&without_measurements(root), &mut design, rank, &mut reading.problems);
    for circuit in design.circuits.values_mut() {
        let peerings = [&mut circuit.private, &mut circuit.microsoft, &mut circuit.public];
        peerings.into_iter().flatten().for_each(|peering: &mut Box<Peering>| peering.share_out_subnets());
    }
    reading.design.merge(design);
}
