//! What other threads ask of the core: questions to workers, and changes that are no reload.

use super::apply::Applied;
use super::command::Command;
use super::roster::{Found, NotFound};
use super::settings::Settings;
use super::{Core, End, restart};
use crate::config::{Config, Domain, Peer, Refused as BadConfig};
use crate::worker::Refused;
use bgp_fsm::Time;
use bgp_rib::DomainId;
use bgp_speaker::Speaker;
use model::Family;
use std::io;
use std::sync::{Arc, PoisonError};

impl Core {
    /// What runs.
    pub(crate) fn config(&self) -> Arc<Config> {
        self.config.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The peer of a name, `PEER` or `DOMAIN/PEER`.
    pub(crate) fn find(&self, name: &str) -> Result<Found, NotFound> {
        self.roster().find(name)
    }

    /// Reads the configuration again and takes up what changed.
    pub(crate) fn reload(&self) -> Result<Applied, BadConfig> {
        let mut current = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.path.as_deref().ok_or_else(|| BadConfig::without_file(current.name.as_str()))?;
        let (new, text) = Config::load_with_text(path, &self.catalog)?;
        self.note_config(text);
        Ok(self.take_up(&mut current, new))
    }

    /// Changes what runs without the file; it holds until the file is read again.
    pub(crate) fn alter(&self, alter: impl FnOnce(&mut Config)) -> Applied {
        let mut current = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = Config::clone(&current);
        alter(&mut new);
        self.take_up(&mut current, new)
    }

    /// Brings what runs to another configuration.
    fn take_up(&self, current: &mut Arc<Config>, new: Config) -> Applied {
        super::make_room(&new);
        let new = Arc::new(new);
        let applied = self.change(current, &new, None, &mut |config| self.set_listeners(config));
        *current = new;
        applied
    }

    /// Tries a session at once; why it stays down, if it does.
    pub(crate) fn start(&self, found: &Found) -> Result<Option<String>, Refused> {
        let config = self.config();
        let domain = config.domains.iter().find(|domain| domain.name == found.domain);
        let peer = domain.and_then(|domain| Some((domain, domain.peers.iter().find(|peer| peer.name == found.name)?)));
        if let Some((domain, peer)) = peer
            && let Some(down) = Settings::new(&config, &self.catalog, 0, None).down(domain, peer)
        {
            return Ok(Some(down.why));
        }
        self.command(found.worker, vec![Command::Start { peer: found.peer }])?;
        Ok(None)
    }

    /// Asks a peer for its routes again and tells it ours.
    pub(crate) fn refresh(&self, found: &Found) -> Result<(), Refused> {
        let peer = found.peer;
        let both = [Family::V4, Family::V6];
        let commands = both.map(|family| [Command::AskRefresh { peer, family }, Command::Resend { peer, family }]);
        self.command(found.worker, commands.into_iter().flatten().collect())
    }

    /// Ends the process; for a restart, once its mark is left.
    pub(crate) fn end(&self, end: End) -> io::Result<()> {
        if end == End::Restart {
            self.leave_mark()?;
        }
        self.go(end);
        Ok(())
    }

    /// Leaves the mark of a restart.
    pub(crate) fn leave_mark(&self) -> io::Result<()> {
        restart::leave(&self.config())
    }

    /// Ends the process.
    pub(crate) fn go(&self, end: End) {
        // Full when another has said so before.
        let _ = self.end.try_send(end);
    }

    /// Asks a question about each of some peers, in their order; those that are gone by now are left out.
    pub(crate) fn peers<'c, T: Send + 'static>(
        &self,
        peers: &[(&'c Domain, &'c Peer)],
        question: impl Fn(&Speaker, bgp_speaker::Peer, usize, Time) -> Option<T> + Send + Copy + 'static,
    ) -> Result<Vec<(&'c Domain, &'c Peer, T)>, Refused> {
        let mut by_worker: Vec<Vec<(usize, bgp_speaker::Peer)>> = vec![Vec::new(); self.workers.len()];
        let roster = self.roster();
        for (index, (domain, peer)) in peers.iter().enumerate() {
            if let Some(entry) = roster.domain(domain.name.as_str())
                && let Some(number) = entry.peers.get(&peer.name)
            {
                by_worker[entry.worker].push((index, *number));
            }
        }
        drop(roster);
        let mut answers: Vec<Option<T>> = peers.iter().map(|_| None).collect();
        for (worker, asked) in by_worker.into_iter().enumerate().filter(|(_, asked)| !asked.is_empty()) {
            let answered = self.workers[worker].worker.ask(move |speaker, now| {
                let answer = |(index, peer)| (index, question(speaker, peer, worker, now));
                asked.into_iter().map(answer).collect::<Vec<_>>()
            })?;
            for (index, answer) in answered {
                answers[index] = answer;
            }
        }
        let named = peers.iter().zip(answers);
        Ok(named.filter_map(|((domain, peer), answer)| Some((*domain, *peer, answer?))).collect())
    }

    /// The number of a domain, which no other has while the process runs; `u32::MAX` when it is gone.
    pub(crate) fn number_of(&self, domain: &Domain) -> u32 {
        self.roster().domain(domain.name.as_str()).map_or(u32::MAX, |entry| entry.number.0)
    }

    /// What is configured of the peer of a number.
    pub(crate) fn named<'c>(&self, config: &'c Config, number: bgp_speaker::Peer) -> Option<(&'c Domain, &'c Peer)> {
        let (domain, peer) = self.roster().names(number)?.clone();
        let domain = config.domains.iter().find(|other| other.name == domain)?;
        Some((domain, domain.peers.iter().find(|other| other.name == peer)?))
    }

    /// Asks a question about a domain; the default answer when it is gone.
    pub(crate) fn domain<T: Send + Default + 'static>(
        &self,
        name: &str,
        question: impl FnOnce(&Speaker, DomainId) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let Some((number, worker)) = self.roster().domain(name).map(|entry| (entry.number, entry.worker)) else {
            return Ok(T::default());
        };
        self.workers[worker].worker.ask(move |speaker, _| match speaker.domain(number) {
            Some(id) => question(speaker, id),
            None => T::default(),
        })
    }

    /// Asks a question of every worker, in order.
    pub(crate) fn each_worker<T: Send + 'static>(
        &self,
        question: impl Fn(&Speaker, Time) -> T + Send + Copy + 'static,
    ) -> Result<Vec<T>, Refused> {
        self.workers.iter().map(|hand| hand.worker.ask(move |speaker, now| question(speaker, now))).collect()
    }
}
