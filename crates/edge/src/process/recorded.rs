//! Commands as they are written down, and back.

use super::command::{Command, OwnRoute};
use super::settings::{Ours, Settings};
use crate::config::Config;
use crate::record::Text;
use bgp_fsm::Stop;
use bgp_speaker::{Domain, Peer};
use bgp_wire::ShutdownText;
use catalog::Catalog;
use model::{Asn, Community, Family, Prefix, Value};
use serde::{Deserialize, Serialize};
use std::io;
use std::time::Duration;

/// Where a peer's settings come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Origin {
    /// The configuration that was read.
    pub(crate) revision: u32,
    pub(crate) domain: String,
    pub(crate) peer: String,
    /// The domain was drained, by the file or by a command.
    pub(crate) drain: bool,
    pub(crate) ours: Ours,
    /// For how many seconds peers' routes are waited for after a restart.
    pub(crate) restarting: Option<u64>,
}

/// A command as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Recorded {
    AddDomain { domain: u32, name: String },
    RemoveDomain { domain: u32 },
    Forward { domain: u32 },
    AddPeer { domain: u32, peer: u32, from: Origin, reads_feed: bool },
    RemovePeer { peer: u32, stop: StopName },
    Start { peer: u32 },
    Stop { peer: u32, stop: StopName },
    Configure { peer: u32, from: Origin },
    Policy { peer: u32, from: Origin },
    AskRefresh { peer: u32, v6: bool },
    Resend { peer: u32, v6: bool },
    Originate { domain: u32, prefix: String, route: RouteText },
    Withdraw { domain: u32, prefix: String },
    Feed { prefix: String, route: RouteText },
    Unfeed { prefix: String },
    BfdDown { peer: u32 },
}

/// Why a session ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StopName {
    Shutdown(Option<String>),
    Reset(Option<String>),
    HardReset(Option<String>),
    Deconfigured,
    ConfigurationChange,
    OutOfResources,
}

/// A route of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RouteText {
    as_path: Vec<u32>,
    communities: Vec<String>,
    med: Option<u32>,
}

impl From<&Command> for Recorded {
    fn from(command: &Command) -> Self {
        match command {
            Command::AddDomain { domain, name } => Self::AddDomain { domain: domain.0, name: name.clone() },
            Command::RemoveDomain { domain } => Self::RemoveDomain { domain: domain.0 },
            Command::Forward { domain } => Self::Forward { domain: domain.0 },
            Command::AddPeer { domain, peer, from, reads_feed, .. } => {
                Self::AddPeer { domain: domain.0, peer: peer.0, from: from.clone(), reads_feed: *reads_feed }
            }
            Command::RemovePeer { peer, stop } => Self::RemovePeer { peer: peer.0, stop: stop.into() },
            Command::Start { peer } => Self::Start { peer: peer.0 },
            Command::Stop { peer, stop } => Self::Stop { peer: peer.0, stop: stop.into() },
            Command::Configure { peer, from, .. } => Self::Configure { peer: peer.0, from: from.clone() },
            Command::Policy { peer, from, .. } => Self::Policy { peer: peer.0, from: from.clone() },
            Command::AskRefresh { peer, family } => Self::AskRefresh { peer: peer.0, v6: *family == Family::V6 },
            Command::Resend { peer, family } => Self::Resend { peer: peer.0, v6: *family == Family::V6 },
            Command::Originate { domain, prefix, route } => {
                Self::Originate { domain: domain.0, prefix: prefix.to_string(), route: route.into() }
            }
            Command::Withdraw { domain, prefix } => Self::Withdraw { domain: domain.0, prefix: prefix.to_string() },
            Command::Feed { prefix, route } => Self::Feed { prefix: prefix.to_string(), route: route.into() },
            Command::Unfeed { prefix } => Self::Unfeed { prefix: prefix.to_string() },
            Command::BfdDown { peer } => Self::BfdDown { peer: peer.0 },
        }
    }
}

impl From<&Stop> for StopName {
    fn from(stop: &Stop) -> Self {
        let text = |text: &Option<ShutdownText>| text.as_ref().map(|text| text.as_str().to_owned());
        match stop {
            Stop::Shutdown(why) => Self::Shutdown(text(why)),
            Stop::Reset(why) => Self::Reset(text(why)),
            Stop::HardReset(why) => Self::HardReset(text(why)),
            Stop::Deconfigured => Self::Deconfigured,
            Stop::ConfigurationChange => Self::ConfigurationChange,
            Stop::OutOfResources => Self::OutOfResources,
        }
    }
}

impl From<StopName> for Stop {
    fn from(name: StopName) -> Self {
        let text = |text: Option<String>| text.and_then(|text| ShutdownText::try_from(text.as_str()).ok());
        match name {
            StopName::Shutdown(why) => Self::Shutdown(text(why)),
            StopName::Reset(why) => Self::Reset(text(why)),
            StopName::HardReset(why) => Self::HardReset(text(why)),
            StopName::Deconfigured => Self::Deconfigured,
            StopName::ConfigurationChange => Self::ConfigurationChange,
            StopName::OutOfResources => Self::OutOfResources,
        }
    }
}

impl From<&OwnRoute> for RouteText {
    fn from(route: &OwnRoute) -> Self {
        Self {
            as_path: route.as_path.iter().map(|asn| asn.0).collect(),
            communities: route.communities.iter().map(ToString::to_string).collect(),
            med: route.med,
        }
    }
}

/// Turns what was written down into commands again.
#[derive(Debug)]
pub(crate) struct Replayer<'c> {
    catalog: &'c Catalog,
    /// The configurations that were read, by revision.
    configs: Vec<(u32, Config)>,
}

impl<'c> Replayer<'c> {
    pub(crate) fn new(catalog: &'c Catalog) -> Self {
        Self { catalog, configs: Vec::new() }
    }

    /// Reads a configuration again.
    pub(crate) fn config(&mut self, text: Text) -> Result<(), String> {
        let mut files = |path: &std::path::Path| {
            let file = path.to_str().and_then(|path| text.files.get(path));
            file.cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
        };
        let config = Config::parse("the recorded configuration", &text.text, self.catalog, &mut files);
        self.configs.push((text.revision, config.map_err(|refused| refused.to_string())?));
        Ok(())
    }

    /// The command that was written down so.
    pub(crate) fn command(&self, recorded: Recorded) -> Result<Command, String> {
        Ok(match recorded {
            Recorded::AddDomain { domain, name } => Command::AddDomain { domain: Domain(domain), name },
            Recorded::RemoveDomain { domain } => Command::RemoveDomain { domain: Domain(domain) },
            Recorded::Forward { domain } => Command::Forward { domain: Domain(domain) },
            Recorded::AddPeer { domain, peer, from, reads_feed } => {
                let config = Box::new(self.peer(&from)?);
                Command::AddPeer { domain: Domain(domain), peer: Peer(peer), config, from, reads_feed }
            }
            Recorded::RemovePeer { peer, stop } => Command::RemovePeer { peer: Peer(peer), stop: stop.into() },
            Recorded::Start { peer } => Command::Start { peer: Peer(peer) },
            Recorded::Stop { peer, stop } => Command::Stop { peer: Peer(peer), stop: stop.into() },
            Recorded::Configure { peer, from } => {
                Command::Configure { peer: Peer(peer), session: Box::new(self.peer(&from)?.session), from }
            }
            Recorded::Policy { peer, from } => {
                let routes = self.peer(&from)?.routes;
                Command::Policy { peer: Peer(peer), import: routes.import, export: routes.export, from }
            }
            Recorded::AskRefresh { peer, v6 } => Command::AskRefresh { peer: Peer(peer), family: family(v6) },
            Recorded::Resend { peer, v6 } => Command::Resend { peer: Peer(peer), family: family(v6) },
            Recorded::Originate { domain, prefix: text, route } => {
                Command::Originate { domain: Domain(domain), prefix: prefix(&text)?, route: own(&route)? }
            }
            Recorded::Withdraw { domain, prefix: text } => {
                Command::Withdraw { domain: Domain(domain), prefix: prefix(&text)? }
            }
            Recorded::Feed { prefix: text, route } => Command::Feed { prefix: prefix(&text)?, route: own(&route)? },
            Recorded::Unfeed { prefix: text } => Command::Unfeed { prefix: prefix(&text)? },
            Recorded::BfdDown { peer } => Command::BfdDown { peer: Peer(peer) },
        })
    }

    fn peer(&self, from: &Origin) -> Result<bgp_speaker::PeerConfig, String> {
        let (_, config) = self
            .configs
            .iter()
            .rfind(|(revision, _)| *revision == from.revision)
            .ok_or_else(|| format!("revision {} of the configuration is not in the recording", from.revision))?;
        let missing = || format!("no peer {}/{} in revision {}", from.domain, from.peer, from.revision);
        let domain = config.domains.iter().find(|domain| domain.name.as_str() == from.domain).ok_or_else(missing)?;
        let peer = domain.peers.iter().find(|peer| peer.name.as_str() == from.peer).ok_or_else(missing)?;
        let domain = crate::config::Domain { drain: from.drain, ..crate::config::Domain::clone(domain) };
        let restarting = from.restarting.map(Duration::from_secs);
        Ok(Settings::new(config, self.catalog, from.revision, restarting).peer(&domain, peer, from.ours))
    }
}

fn family(v6: bool) -> Family {
    if v6 { Family::V6 } else { Family::V4 }
}

fn prefix(text: &str) -> Result<Prefix, String> {
    Prefix::parse(text).map_err(|error| error.to_string())
}

fn own(route: &RouteText) -> Result<OwnRoute, String> {
    let communities = route.communities.iter().map(|text| Community::parse(text).map_err(|error| error.to_string()));
    Ok(OwnRoute {
        as_path: route.as_path.iter().map(|&asn| Asn(asn)).collect(),
        communities: communities.collect::<Result<_, _>>()?,
        med: route.med,
    })
}
