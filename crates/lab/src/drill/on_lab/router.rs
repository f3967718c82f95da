//! What a router's daemon is told: BIRD by its control socket, FRR by `vtysh`.

use crate::drill::bird::Bird;
use crate::drill::hear::{Log, Teller};
use crate::topology::ProcessKind;
use crate::{Error, Lab, node};
use planner::Placed;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A router that can be told things.
pub(super) enum Router {
    /// BIRD.
    Bird(Bird),
    /// FRR, with its folder.
    Frr {
        /// The node.
        node: String,
        /// Where its sockets and logs are.
        folder: PathBuf,
    },
}

impl Router {
    /// The router that a process is; nothing when it is none that can be told things.
    pub(super) fn of(lab: &Lab, process: &str, node: &str, kind: &ProcessKind) -> Option<Self> {
        let folder = lab.folder_of(node);
        lab.state().programs.get(process)?;
        match kind {
            ProcessKind::Bird => Some(Self::Bird(Bird {
                node: node.to_owned(),
                socket: folder.join("bird.ctl"),
                log: folder.join("router.log"),
            })),
            ProcessKind::Frr => Some(Self::Frr { node: node.to_owned(), folder }),
            _ => None,
        }
    }

    /// The logs in which it says what it notices.
    pub(super) fn logs(&self) -> Vec<Log> {
        match self {
            Self::Bird(bird) => vec![bird.teller()],
            Self::Frr { node, folder } => {
                let log = |daemon: &str| Log {
                    node: node.clone(),
                    path: folder.join(format!("{daemon}.log")),
                    teller: Teller::Frr,
                };
                ["bgpd", "bfdd", "zebra"].map(log).into()
            }
        }
    }

    /// Has it log what it notices, or no longer.
    pub(super) fn talk(&self, on: bool) -> Result<(), Error> {
        match self {
            Self::Bird(bird) => bird.talk(on),
            // FRR tells changes of sessions in any case.
            Self::Frr { .. } => Ok(()),
        }
    }

    /// Whether every session is up.
    ///
    /// # Errors
    /// The first one that is not, in words; or it does not answer.
    pub(super) fn is_up(&self) -> Result<(), String> {
        match self {
            Self::Bird(bird) => bird.is_up(),
            Self::Frr { node, .. } => {
                let shown = self.show("show bgp summary json").map_err(|error| error.to_string())?;
                let shown: serde_json::Value =
                    serde_json::from_str(&shown).map_err(|error| format!("{node}: its summary is no JSON: {error}"))?;
                let families = shown.as_object().into_iter().flat_map(serde_json::Map::values);
                let mut peers = families.filter_map(|family| family["peers"].as_object()).flatten();
                match peers.find(|(_, peer)| peer["state"] != "Established") {
                    Some((neighbor, peer)) => Err(format!("{node}: {neighbor} is {}", peer["state"])),
                    None => Ok(()),
                }
            }
        }
    }

    /// Resets a session once.
    pub(super) fn reset(&self, placed: &Placed<'_>) -> Result<(), Error> {
        match self {
            Self::Bird(bird) => bird.ask(&format!("restart {}", placed.session.id)).map(drop),
            Self::Frr { .. } => self.show(&format!("clear bgp {}", neighbor(placed)?)).map(drop),
        }
    }

    /// Ends a session in good order, or allows it again.
    pub(super) fn allow(&self, placed: &Placed<'_>, on: bool) -> Result<(), Error> {
        match self {
            Self::Bird(bird) => {
                let word = if on { "enable" } else { "disable" };
                bird.ask(&format!("{word} {}", placed.session.id)).map(drop)
            }
            Self::Frr { .. } => {
                let not = if on { "no " } else { "" };
                self.configure(placed, &format!("{not}neighbor {} shutdown\n", neighbor(placed)?))
            }
        }
    }

    /// Announces so many more specific prefixes of one that is announced over a session.
    pub(super) fn breach(&self, placed: &Placed<'_>, more: &[model::Prefix]) -> Result<(), Error> {
        match self {
            Self::Bird(bird) => {
                let (plain, text) = read(bird)?;
                let id = &placed.session.id;
                let head = format!("filter {id}_out {{\n");
                if !text.contains(&head) {
                    return Err(Error::No(format!("{}: no filter {id}_out", plain.display())));
                }
                let channel =
                    if more.iter().any(|prefix| prefix.family() == model::Family::V4) { "ipv4" } else { "ipv6" };
                let mut text = text.replacen(&head, &format!("{head}  if proto = \"breach\" then accept;\n"), 1);
                let _ = writeln!(text, "protocol static breach {{\n  {channel};");
                for prefix in more {
                    let _ = writeln!(text, "  route {prefix} unreachable;");
                }
                text += "}\n";
                let changed = plain.with_file_name("bird.breach.conf");
                std::fs::write(&changed, text).map_err(Error::io(changed.display().to_string()))?;
                told(bird, &changed)
            }
            Self::Frr { .. } => {
                let id = &placed.session.id;
                let mut lines = format!(
                    "configure terminal\nroute-map {id}_out permit 5\n match ip address prefix-list breach\nexit\n"
                );
                for prefix in more {
                    let _ = writeln!(lines, "ip prefix-list breach permit {prefix}");
                }
                lines += &format!("router bgp {}\naddress-family ipv4 unicast\n", asn(placed));
                for prefix in more {
                    let _ = writeln!(lines, "network {prefix}");
                }
                self.batch(&lines)
            }
        }
    }

    /// Announces what it did before.
    pub(super) fn comply(&self, placed: &Placed<'_>, more: &[model::Prefix]) -> Result<(), Error> {
        match self {
            Self::Bird(bird) => told(bird, &bird.socket.with_file_name("bird.conf")),
            Self::Frr { .. } => {
                let mut lines =
                    format!("configure terminal\nrouter bgp {}\naddress-family ipv4 unicast\n", asn(placed));
                for prefix in more {
                    let _ = writeln!(lines, "no network {prefix}");
                }
                let _ = writeln!(
                    lines,
                    "exit\nexit\nno route-map {}_out permit 5\nno ip prefix-list breach",
                    placed.session.id
                );
                self.batch(&lines)
            }
        }
    }

    fn configure(&self, placed: &Placed<'_>, line: &str) -> Result<(), Error> {
        self.batch(&format!("configure terminal\nrouter bgp {}\n{line}", asn(placed)))
    }

    /// Lines for FRR, as a person types them.
    fn batch(&self, lines: &str) -> Result<(), Error> {
        let Self::Frr { node, folder } = self else { return Ok(()) };
        let folder = folder.display().to_string();
        node::run(Some(node), "vtysh", &["--vty_socket", &folder], Some(lines)).map(drop)
    }

    fn show(&self, words: &str) -> Result<String, Error> {
        let Self::Frr { node, folder } = self else { return Ok(String::new()) };
        let folder = folder.display().to_string();
        node::run(Some(node), "vtysh", &["--vty_socket", &folder, "-c", words], None)
    }
}

fn asn(placed: &Placed<'_>) -> u32 {
    placed.peering.asn.map_or(0, |asn| asn.value.0)
}

fn neighbor(placed: &Placed<'_>) -> Result<std::net::IpAddr, Error> {
    let neighbor = placed.session.microsoft.map(|address| address.value);
    neighbor.ok_or_else(|| Error::No(format!("{}: no address of Microsoft's", placed.label())))
}

/// The configuration of a BIRD, and where it is.
fn read(bird: &Bird) -> Result<(PathBuf, String), Error> {
    let path = bird.socket.with_file_name("bird.conf");
    let text = std::fs::read_to_string(&path).map_err(Error::io(path.display().to_string()))?;
    Ok((path, text))
}

/// Has BIRD read a configuration.
fn told(bird: &Bird, config: &Path) -> Result<(), Error> {
    let said = bird.ask(&format!("configure \"{}\"", config.display()))?;
    match said.contains("Reconfigur") {
        true => Ok(()),
        false => Err(Error::No(format!("{}: {}", bird.node, said.trim()))),
    }
}
