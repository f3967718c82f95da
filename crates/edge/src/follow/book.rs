//! What the service wants run, and what of it runs.

use super::translate::{self, Place};
use crate::config::{Config, Domain, Label, Peer};
use crate::process::{Applied, Handle};
use edge_api::Intent;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Every intent, by its key.
#[derive(Debug)]
pub(super) struct Book {
    /// The last revision that was taken up.
    pub(super) revision: u64,
    entries: BTreeMap<String, Arc<Entry>>,
    /// Who is called from an address of a namespace.
    addresses: HashMap<Caller, String>,
    /// What we are to all of them.
    place: Place,
}

/// An intent, and what of it runs.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// What is wanted.
    pub(super) intent: Intent,
    /// The name of its domain.
    pub(super) name: String,
    /// The revision of the intent that runs: an older one, when the newest cannot be run; 0 for none.
    pub(super) runs: u64,
    /// Why it cannot be run.
    pub(super) refused: Option<String>,
    /// The addresses that customers of what runs call from.
    callers: Vec<Caller>,
}

/// An address of a namespace.
type Caller = (Option<String>, IpAddr);

/// What taking intents up did.
#[derive(Debug, Default)]
pub(super) struct TakenUp {
    /// What changed of what runs.
    pub(super) applied: Applied,
    /// Intents that are new or others, by key.
    pub(super) kept: Vec<String>,
    /// Names of domains that are gone.
    pub(super) forgotten: Vec<String>,
    /// What was refused: the key and why.
    pub(super) refused: Vec<(String, String)>,
}

impl Book {
    pub(super) fn new(place: Place) -> Self {
        Self { revision: 0, entries: BTreeMap::new(), addresses: HashMap::new(), place }
    }

    /// The intent of a key.
    pub(super) fn entry(&self, key: &str) -> Option<&Arc<Entry>> {
        self.entries.get(key)
    }

    /// Every intent.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.values()
    }

    /// Runs what is new or other, and ends what is gone; with `whole`, everything else is gone. All of it is one
    /// change of one configuration. What cannot be run changes nothing: what ran in its place goes on.
    pub(super) fn take_up(
        &mut self,
        handle: &Handle,
        intents: Vec<Intent>,
        mut removed: Vec<String>,
        whole: bool,
    ) -> TakenUp {
        let mut done = TakenUp::default();
        // Of two with one key, the later counts.
        let mut wanted: BTreeMap<String, Intent> = BTreeMap::new();
        for intent in intents {
            wanted.insert(intent.key.clone(), intent);
        }
        if whole {
            removed.extend(self.entries.keys().filter(|key| !wanted.contains_key(*key)).cloned());
        }
        let mut gone = HashSet::new();
        for key in removed.iter().filter(|key| !wanted.contains_key(*key)) {
            if let Some(entry) = self.entries.remove(key) {
                entry.callers.iter().for_each(|caller| _ = self.addresses.remove(caller));
                gone.extend(Label::parse(&entry.name));
                done.forgotten.push(entry.name.clone());
            }
        }
        let mut come = Vec::new();
        let catalog = handle.core().catalog.clone();
        for (key, intent) in wanted {
            let before = self.entries.get(&key);
            if let Some(before) = before.filter(|before| before.refused.is_none() && same(&before.intent, &intent)) {
                // Nothing but its number changed, which is run as well as the old one.
                let entry = Entry { runs: intent.revision, intent, ..Entry::clone(before) };
                self.entries.insert(key, Arc::new(entry));
                continue;
            }
            let (ran, callers) = before.map_or((0, Vec::new()), |before| (before.runs, before.callers.clone()));
            let read = translate::domain(&intent, &self.place, &catalog);
            let admitted = read.and_then(|domain| Ok((self.admit(&key, &domain, &callers)?, domain)));
            let name = translate::name(&intent);
            let entry = match admitted {
                Ok((callers, domain)) => {
                    come.push(domain);
                    Entry { runs: intent.revision, intent, name, refused: None, callers }
                }
                Err(why) => {
                    done.refused.push((key.clone(), why.clone()));
                    Entry { runs: ran, intent, name, refused: Some(why), callers }
                }
            };
            done.kept.push(key.clone());
            self.entries.insert(key, Arc::new(entry));
        }
        if !gone.is_empty() || !come.is_empty() {
            let location = self.entries.values().next().map(|entry| entry.intent.location.clone());
            let location = location.filter(|name| catalog.location(name).is_some());
            done.applied = handle.take_up(|config| replace(config, &gone, come, location));
        }
        done
    }

    /// Notes whose the addresses of a domain are, in the place of those it had, unless another has one of them.
    fn admit(&mut self, key: &str, domain: &Domain, before: &[Caller]) -> Result<Vec<Caller>, String> {
        let at = |peer: &Peer| (domain.namespace.clone(), peer.address);
        let callers: Vec<Caller> = domain.peers.iter().map(at).collect();
        for caller in &callers {
            if let Some(other) = self.addresses.get(caller).filter(|other| *other != key) {
                return Err(format!("{} is the customer's address of {other} too", caller.1));
            }
        }
        before.iter().for_each(|caller| _ = self.addresses.remove(caller));
        self.addresses.extend(callers.iter().map(|caller| (caller.clone(), key.to_owned())));
        Ok(callers)
    }
}

/// Whether two intents differ in nothing but their number.
fn same(one: &Intent, other: &Intent) -> bool {
    *one == Intent { revision: one.revision, ..other.clone() }
}

/// Puts domains into a configuration, in the place of those of the same name.
fn replace(config: &mut Config, gone: &HashSet<Label>, come: Vec<Arc<Domain>>, location: Option<String>) {
    let mut places: HashMap<Label, usize> = HashMap::with_capacity(config.domains.len());
    if !gone.is_empty() {
        config.domains.retain(|domain| !gone.contains(&domain.name));
    }
    places.extend(config.domains.iter().enumerate().map(|(place, domain)| (domain.name.clone(), place)));
    for domain in come {
        match places.get(&domain.name) {
            Some(&place) => config.domains[place] = domain,
            None => {
                places.insert(domain.name.clone(), config.domains.len());
                config.domains.push(domain);
            }
        }
    }
    if location.is_some() {
        config.location = location;
    }
}
