//! The matrix: which daemons, which cells cannot be, and the table of what a run found.

use crate::cells::Feature;
use crate::lab::Lab;
use crate::speaker::Speaker;
use crate::speakers::{Bird, Edge, Exabgp, Frr, Gobgp, Openbgpd};
use crate::world::{Place, enter, has_one_user, is_root, obstacle};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// A column of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// BIRD 2.
    Bird,
    /// FRR: zebra, bgpd and bfdd.
    Frr,
    /// GoBGP.
    Gobgp,
    /// OpenBGPD.
    Openbgpd,
    /// ExaBGP.
    Exabgp,
}

impl Peer {
    /// All, in the order of the table.
    pub const ALL: [Self; 5] = [Self::Bird, Self::Frr, Self::Gobgp, Self::Openbgpd, Self::Exabgp];

    /// The name of its test module, as `openbgpd`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bird => "bird",
            Self::Frr => "frr",
            Self::Gobgp => "gobgp",
            Self::Openbgpd => "openbgpd",
            Self::Exabgp => "exabgp",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Bird => "BIRD",
            Self::Frr => "FRR",
            Self::Gobgp => "GoBGP",
            Self::Openbgpd => "OpenBGPD",
            Self::Exabgp => "ExaBGP",
        }
    }

    /// The Debian package, and the program that must be there.
    fn package(self) -> (&'static str, &'static str) {
        match self {
            Self::Bird => ("bird2", "/usr/sbin/bird"),
            Self::Frr => ("frr", "/usr/lib/frr/bgpd"),
            Self::Gobgp => ("gobgpd", "/usr/bin/gobgpd"),
            Self::Openbgpd => ("openbgpd", "/usr/sbin/bgpd"),
            Self::Exabgp => ("exabgp", "/usr/sbin/exabgp"),
        }
    }

    /// Name and version as the program tells it.
    fn version(self) -> String {
        let flag = if self == Self::Openbgpd { "-V" } else { "--version" };
        let output = Command::new(self.package().1).arg(flag).output();
        let text = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let number = text.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
        format!("{} {}", self.title(), number.unwrap_or_default())
    }

    fn speaker(self) -> Box<dyn Speaker> {
        match self {
            Self::Bird => Box::new(Bird::new(Place::Peer)),
            Self::Frr => Box::new(Frr::new(Place::Peer)),
            Self::Gobgp => Box::new(Gobgp::new(Place::Peer)),
            Self::Openbgpd => Box::new(Openbgpd::new(Place::Peer)),
            Self::Exabgp => Box::new(Exabgp::new(Place::Peer)),
        }
    }
}

/// Plays a cell as the test `peer::feature`, with `program` as the edge, and writes what came of it to a file of
/// `results`.
///
/// # Panics
/// When the cell fails.
pub fn play(peer: Peer, feature: &str, program: &Path, results: &Path) {
    let test = format!("{}::{feature}", peer.name());
    let feature = Feature::named(feature).unwrap_or_else(|| panic!("{feature} is no row of the matrix"));
    let verdict = if let Some(reason) = cannot(peer, feature) {
        format!("cannot: {reason}")
    } else if let Some(reason) = skip(peer, feature) {
        say(&format!("{test} is skipped: {reason}"));
        format!("skipped: {reason}")
    } else if enter(&test, &results.join("logs").join(format!("{}-{}", peer.name(), feature.name))) {
        return feature.play(&mut Lab::new(subject(program), peer.speaker()));
    } else {
        "pass".to_owned()
    };
    let folder = results.join(peer.name());
    std::fs::create_dir_all(&folder).expect("the folder of results can be made");
    std::fs::write(folder.join(feature.name), verdict).expect("a result can be written");
}

/// What a run found.
#[derive(Debug)]
pub struct Page {
    /// The page of the book.
    pub text: String,
    /// The cells that were not played, and why.
    pub skipped: Vec<String>,
}

/// The page of what a run wrote to `results`: the table, and why some cells cannot be.
pub fn page(results: &Path) -> Page {
    let mut text = String::from(HEAD);
    let (mut skipped, mut reasons) = (Vec::new(), Vec::new());
    let versions = Peer::ALL.map(Peer::version);
    text += &format!("| | {} |\n| --- |{}\n", versions.join(" | "), " --- |".repeat(versions.len()));
    for feature in Feature::ALL {
        text += &format!("| {} |", feature.title);
        for peer in Peer::ALL {
            let verdict = std::fs::read_to_string(results.join(peer.name()).join(feature.name));
            let verdict = verdict.unwrap_or_else(|_| "skipped: no result".to_owned());
            let cell = match verdict.split_once(": ") {
                Some(("cannot", reason)) => {
                    reasons.push(reason.to_owned());
                    format!("cannot ({})", reasons.len())
                }
                Some((_, reason)) => {
                    skipped.push(format!("{}::{}: {reason}", peer.name(), feature.name));
                    "not played".to_owned()
                }
                None => verdict,
            };
            text += &format!(" {cell} |");
        }
        text += "\n";
    }
    text += "\nWhat cannot be:\n\n";
    for (number, reason) in (1..).zip(reasons) {
        text += &format!("{number}. {reason}.\n");
    }
    Page { text, skipped }
}

const HEAD: &str = "<!-- Found by `cargo xtask interop --update`. -->

# Interoperation

The edge beside the BGP daemons of Debian, each in a network namespace of its own: `cargo xtask interop` plays every
cell and holds this table against what it found. The daemon under the column's name is a customer's router; behind the
edge stands a BIRD as the other side, so that routes pass through the edge both ways. What must hold in each row is
in `crates/interop/src/cells.rs`; what a daemon cannot do is in `crates/interop/cannot.toml`.

";

/// Why a daemon cannot play a feature, if so.
fn cannot(peer: Peer, feature: &Feature) -> Option<String> {
    let file: BTreeMap<String, BTreeMap<String, String>> =
        toml::from_str(include_str!("../cannot.toml")).expect("a file of ours, read by a test");
    file.get(peer.name())?.get(feature.name).cloned()
}

/// Why a cell cannot be played on this machine, if so.
fn skip(peer: Peer, feature: &Feature) -> Option<String> {
    let (package, program) = peer.package();
    let programs = [program, "/usr/sbin/bird", "/usr/bin/tcpdump", "/usr/sbin/nft"];
    if let Some(missing) = programs.iter().find(|program| !Path::new(program).exists()) {
        return Some(format!("{missing} is not installed; scripts/test installs {package}"));
    }
    let ordinary = !is_root() || has_one_user();
    match peer {
        Peer::Frr | Peer::Openbgpd if ordinary => Some(format!("{package} runs only as root")),
        _ if feature.reads_wire && ordinary => Some("only root can record the wire".to_owned()),
        _ => obstacle(),
    }
}

fn subject(program: &Path) -> Box<dyn Speaker> {
    match std::env::var("INTEROP_SUBJECT").as_deref() {
        Ok("bird") => Box::new(Bird::new(Place::Edge)),
        _ => Box::new(Edge::new(program)),
    }
}

#[expect(clippy::disallowed_macros, reason = "a test that is skipped says so")]
fn say(line: &str) {
    eprintln!("{line}");
}
