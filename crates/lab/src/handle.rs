//! A lab that runs, from inside: links cut and healed, processes stopped and started, its service asked.
//!
//! [`Lab::open`] works in a process that is in the lab's own namespaces, which `twinpath lab …` and `twinpath drill`
//! enter before they do anything else (`keeper`).

use crate::state::{State, home};
use crate::topology::{Link, LinkKind, ProcessKind, Role, Topology};
use crate::{Error, node};
use client::{At, Client, Who};
use dataplane::linux::Net;
use socket::Namespace;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How a link fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cut {
    /// The provider's end goes down: the router at the other end sees its carrier go.
    Carrier,
    /// Nothing passes any more in either direction, and both ends stay up.
    Silent,
    /// Nothing passes from the first end to the second; the other direction works.
    SilentForth,
    /// Nothing passes from the second end to the first; the other direction works.
    SilentBack,
}

/// A running lab.
#[derive(Debug, Clone)]
pub struct Lab {
    folder: PathBuf,
    state: State,
}

/// The table of nftables that makes a link silent.
const GATE: &str = "twinpath_cut";

impl Lab {
    /// Opens a lab by name.
    ///
    /// # Errors
    ///
    /// There is no lab of that name, or this process is not inside it.
    pub fn open(name: &str) -> Result<Self, Error> {
        let folder = home()?.join(name);
        let state = State::read(&folder)?.ok_or_else(|| Error::No(format!("there is no lab `{name}`")))?;
        if !crate::keeper::is_inside(name) {
            return Err(Error::No(format!("this process is not inside the lab `{name}`")));
        }
        Ok(Self { folder, state })
    }

    /// A lab that is about to be built.
    pub fn new(folder: PathBuf, state: State) -> Self {
        Self { folder, state }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.state.lab
    }

    /// What it consists of.
    pub fn topology(&self) -> &Topology {
        &self.state.topology
    }

    /// What it remembers.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What it remembers, to be changed; [`Self::save`] keeps the change.
    pub fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    /// Its folder. The service's own is `service` in it, and each node has one of its name.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of a node, or of the service.
    pub fn folder_of(&self, node: &str) -> PathBuf {
        self.folder.join(node)
    }

    /// Writes what it remembers.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self) -> Result<(), Error> {
        self.state.write(&self.folder)
    }

    /// The service, signed in to.
    ///
    /// # Errors
    ///
    /// The service has no credentials yet.
    pub fn client(&self, who: Who) -> Result<Client, Error> {
        let at = At { data: Some(self.folder_of("service")), url: Some(self.state.base.clone()) };
        let mut client = Client::open(&at, who)?;
        client.quiet = true;
        Ok(client)
    }

    /// The link of a name.
    ///
    /// # Errors
    ///
    /// There is none; the message names those there are.
    pub fn link(&self, name: &str) -> Result<&Link, Error> {
        self.topology().link(name).ok_or_else(|| {
            let names: Vec<&str> = self.topology().links.iter().map(|link| link.name.as_str()).collect();
            Error::No(format!("there is no link `{name}`; there are {}", names.join(", ")))
        })
    }

    /// Cuts a link. A link that is cut already is cut anew.
    ///
    /// # Errors
    ///
    /// There is no such link, or the kernel refuses.
    pub fn cut(&self, link: &str, how: Cut) -> Result<(), Error> {
        let link = self.link(link)?;
        let provider = self.provider_end(link);
        let near = 1 - provider;
        if let (Some(carrier), Cut::Silent) = (self.carrier(link), how) {
            // Whole frames pass the kernel's hooks by; what carries them stands still instead. Programs in the kernel
            // do not, and are silenced.
            self.each_lane(link, provider, |net, device| match net.judge_of(device)? {
                Some(_) => net.silence(device),
                None => Ok(()),
            })?;
            return self.signal(&carrier, "STOP");
        }
        match how {
            Cut::Carrier => self.provider_link(link, provider, false),
            Cut::Silent | Cut::SilentForth | Cut::SilentBack => {
                // As the near end sees it.
                let (out, back) = match (how, near) {
                    (Cut::SilentForth, 0) | (Cut::SilentBack, 1) => (true, false),
                    (Cut::SilentForth, _) | (Cut::SilentBack, _) => (false, true),
                    (Cut::Silent | Cut::Carrier, _) => (true, true),
                };
                let mut rules = format!("table netdev {GATE}\n");
                for lane in &link.lanes {
                    let device = &lane.devices[near];
                    rules += &format!("delete table netdev {GATE}\ntable netdev {GATE} {{\n");
                    for (wanted, hook) in [(out, "egress"), (back, "ingress")] {
                        if wanted {
                            rules += &format!(
                                " chain {hook}_{} {{ type filter hook {hook} device \"{device}\" priority 0; policy drop; }}\n",
                                device.replace('-', "_")
                            );
                        }
                    }
                    rules += "}\n";
                }
                // All lanes in one table: only the first deletion is wanted.
                let first = rules.find("delete").map_or(rules.len(), |at| at + 1);
                let (head, tail) = rules.split_at(first);
                let rules = head.to_owned() + &tail.replace(&format!("delete table netdev {GATE}\n"), "");
                node::run(Some(&link.ends[near]), "nft", &["-f", "-"], Some(&rules)).map(drop)
            }
        }
    }

    /// Makes a link whole again. Does nothing to one that is.
    ///
    /// # Errors
    ///
    /// There is no such link, or the kernel refuses.
    pub fn heal(&self, link: &str) -> Result<(), Error> {
        let link = self.link(link)?;
        let provider = self.provider_end(link);
        let rules = format!("table netdev {GATE}\ndelete table netdev {GATE}\n");
        node::run(Some(&link.ends[1 - provider]), "nft", &["-f", "-"], Some(&rules))?;
        if let Some(carrier) = self.carrier(link) {
            self.each_lane(link, provider, Net::unsilence)?;
            self.signal(&carrier, "CONT")?;
        }
        self.provider_link(link, provider, true)?;
        // Of what a device that was down had, the kernel keeps addresses only.
        let devices: Vec<&String> = link.lanes.iter().map(|lane| &lane.devices[provider]).collect();
        let is_its = |line: &&str| devices.iter().any(|device| line.ends_with(&format!(" dev {device}")));
        let routes = self.state.routes.get(&link.ends[provider]).map_or("", String::as_str);
        let lines: String = routes.lines().filter(is_its).map(|line| format!("{line}\n")).collect();
        if lines.is_empty() {
            return Ok(());
        }
        node::run(Some(&link.ends[provider]), "ip", &["-batch", "-"], Some(&lines)).map(drop)
    }

    /// Sets the routes of a node that no protocol brings.
    ///
    /// # Errors
    ///
    /// The kernel refuses: a device of theirs is down.
    pub fn routes(&self, node: &str) -> Result<(), Error> {
        let Some(lines) = self.state.routes.get(node) else { return Ok(()) };
        node::run(Some(node), "ip", &["-batch", "-"], Some(lines)).map(drop)
    }

    /// The process that carries packets over a trunk.
    fn carrier(&self, link: &Link) -> Option<String> {
        let LinkKind::Trunk { edge } = &link.kind else { return None };
        let carries = |kind: &ProcessKind| matches!(kind, ProcessKind::Carrier { edge: of } if of == edge);
        self.topology().processes.iter().find(|process| carries(&process.kind)).map(|process| process.name.clone())
    }

    /// Which end of a link is the provider's, or the one that stands for it: the second.
    fn provider_end(&self, link: &Link) -> usize {
        let is_provider = |end: &String| self.topology().node(end).is_some_and(|node| node.role == Role::Provider);
        usize::from(!is_provider(&link.ends[0]))
    }

    fn provider_link(&self, link: &Link, end: usize, up: bool) -> Result<(), Error> {
        self.each_lane(link, end, if up { Net::up } else { Net::down })
    }

    /// Does something to each device of an end of a link. By a message each, not by a program: what a drill cuts at two
    /// ends goes at one time.
    fn each_lane(&self, link: &Link, end: usize, act: impl Fn(&Net, &str) -> io::Result<()>) -> Result<(), Error> {
        let node = &link.ends[end];
        let all = || {
            let net = Net::open(&Namespace::named(node)?)?;
            link.lanes.iter().try_for_each(|lane| act(&net, &lane.devices[end]))
        };
        all().map_err(Error::io(format!("{} at {node}", link.name)))
    }

    /// The number of a process that runs, as the lab sees it; nothing when it does not.
    pub fn pid(&self, process: &str) -> Option<u32> {
        self.state.programs.get(process)?.running().map(|running| running.pid)
    }

    /// Sends a signal, like `TERM` or `KILL`, to a process. One that does not run is left alone.
    ///
    /// # Errors
    ///
    /// The process cannot be signalled.
    pub fn signal(&self, process: &str, signal: &str) -> Result<(), Error> {
        let Some(pid) = self.pid(process) else { return Ok(()) };
        node::run(None, "kill", &["-s", signal, &pid.to_string()], None).map(drop)
    }

    /// Starts a process as it was started first. One that runs is left alone.
    ///
    /// # Errors
    ///
    /// There is no such process, or it does not start.
    pub fn start(&self, process: &str) -> Result<(), Error> {
        let program = self.state.programs.get(process);
        program.ok_or_else(|| Error::No(format!("there is no process `{process}`")))?.start()
    }

    /// A command in a node, ready to be spawned by [`node::spawn`], in the node's folder.
    ///
    /// # Errors
    ///
    /// There is no such node.
    pub fn command(&self, node: &str, program: &str) -> Result<Command, Error> {
        if self.topology().node(node).is_none() {
            let names: Vec<&str> = self.topology().nodes.iter().map(|node| node.name.as_str()).collect();
            return Err(Error::No(format!("there is no node `{node}`; there are {}", names.join(", "))));
        }
        let mut command = Command::new(program);
        let folder = self.folder_of(node);
        if folder.is_dir() {
            command.current_dir(folder);
        }
        Ok(command)
    }
}
