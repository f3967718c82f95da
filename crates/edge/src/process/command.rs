//! What the rim tells a speaker, as values: they can be sent to a worker, written down and played again.

use super::recorded::{Origin, Recorded};
use crate::record::{Event, Tape};
use bgp_fsm::Stop;
use bgp_rib::FeedId;
use bgp_rib::policy::{Export, Import};
use bgp_speaker::{Domain, Peer, PeerConfig, Speaker, Time};
use bgp_wire::{AttributeSet, Origin as OriginCode, PathSegment};
use model::{Asn, Community, Family, Prefix};

/// One thing to do.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    AddDomain {
        domain: Domain,
        name: String,
    },
    RemoveDomain {
        domain: Domain,
    },
    /// The kernel forwards by the domain's table.
    Forward {
        domain: Domain,
    },
    AddPeer {
        domain: Domain,
        peer: Peer,
        config: Box<PeerConfig>,
        from: Origin,
        reads_feed: bool,
    },
    RemovePeer {
        peer: Peer,
        stop: Stop,
    },
    Start {
        peer: Peer,
    },
    Stop {
        peer: Peer,
        stop: Stop,
    },
    Configure {
        peer: Peer,
        session: Box<bgp_fsm::Config>,
        from: Origin,
    },
    Policy {
        peer: Peer,
        import: Import,
        export: Option<Export>,
        from: Origin,
    },
    /// Asks the peer for its routes again.
    AskRefresh {
        peer: Peer,
        family: Family,
    },
    /// Tells the peer its routes again.
    Resend {
        peer: Peer,
        family: Family,
    },
    Originate {
        domain: Domain,
        prefix: Prefix,
        route: OwnRoute,
    },
    Withdraw {
        domain: Domain,
        prefix: Prefix,
    },
    Feed {
        prefix: Prefix,
        route: OwnRoute,
    },
    Unfeed {
        prefix: Prefix,
    },
    /// BFD has lost the peer.
    BfdDown {
        peer: Peer,
    },
}

/// The attributes of a route that the configuration has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnRoute {
    pub(crate) as_path: Vec<Asn>,
    pub(crate) communities: Vec<Community>,
    pub(crate) med: Option<u32>,
}

impl OwnRoute {
    fn attributes(&self) -> AttributeSet {
        let path = match self.as_path.is_empty() {
            true => Vec::new(),
            false => vec![PathSegment::sequence(self.as_path.iter().copied())],
        };
        AttributeSet {
            med: self.med,
            communities: self.communities.clone(),
            ..AttributeSet::new(OriginCode::Igp, path)
        }
    }
}

/// Carries commands out on one speaker.
#[derive(Debug, Default)]
pub(crate) struct Executor {
    /// The table of Microsoft's service prefixes, once there is one.
    feed: Option<FeedId>,
    /// Commands are written down.
    tape: Option<Tape>,
}

impl Executor {
    /// One that records what it does.
    pub(crate) fn new(tape: Option<Tape>) -> Self {
        Self { feed: None, tape }
    }

    pub(crate) fn run(&mut self, command: Command, speaker: &mut Speaker, now: Time) {
        if let Some(tape) = &self.tape {
            tape.note(now, Event::Command(Recorded::from(&command)));
        }
        match command {
            Command::AddDomain { domain, name } => speaker.add_domain(domain, &name),
            Command::RemoveDomain { domain } => speaker.remove_domain(domain, now),
            Command::Forward { domain } => speaker.forward(domain),
            Command::AddPeer { domain, peer, config, from: _, reads_feed } => {
                speaker.add_peer(domain, peer, *config);
                if reads_feed && let Some(routes) = speaker.peer(peer).map(|view| view.routes) {
                    let feed = self.feed(speaker);
                    speaker.tables_mut().subscribe(routes, &[feed]);
                }
            }
            Command::RemovePeer { peer, stop } => {
                speaker.stop(peer, stop, now);
                speaker.remove_peer(peer, now);
            }
            Command::Start { peer } => speaker.start(peer, now),
            Command::Stop { peer, stop } => speaker.stop(peer, stop, now),
            Command::Configure { peer, session, from: _ } => speaker.configure(peer, *session),
            Command::Policy { peer, import, export, from: _ } => {
                speaker.set_import(peer, import);
                speaker.set_export(peer, export);
            }
            Command::AskRefresh { peer, family } => speaker.ask_refresh(peer, family, now),
            Command::Resend { peer, family } => speaker.resend(peer, family),
            Command::Originate { domain, prefix, route } => {
                if let Some(id) = speaker.domain(domain) {
                    speaker.tables_mut().originate(id, prefix, &route.attributes(), None);
                }
            }
            Command::Withdraw { domain, prefix } => {
                if let Some(id) = speaker.domain(domain) {
                    speaker.tables_mut().withdraw(id, prefix);
                }
            }
            Command::Feed { prefix, route } => {
                let feed = self.feed(speaker);
                speaker.tables_mut().feed(feed, prefix, &route.attributes(), None);
            }
            Command::Unfeed { prefix } => {
                let feed = self.feed(speaker);
                speaker.tables_mut().unfeed(feed, prefix);
            }
            Command::BfdDown { peer } => speaker.bfd_down(peer, now),
        }
    }

    fn feed(&mut self, speaker: &mut Speaker) -> FeedId {
        *self.feed.get_or_insert_with(|| speaker.tables_mut().add_feed("microsoft"))
    }
}
