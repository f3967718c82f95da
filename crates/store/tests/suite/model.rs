//! A store in a page: maps, walked through. What every database does is held against it, for changes at random.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
use store::{Change, CommitError, Intent, Operation, Query, Resource, State};
use uuid::Uuid;

/// What the audit log says of one thing: who, the key, before and after.
pub(crate) type Line = (String, String, Option<serde_json::Value>, Option<serde_json::Value>);

/// Everything that is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) revision: u64,
    pub(crate) resources: BTreeMap<String, Resource>,
    pub(crate) claims: BTreeMap<String, String>,
    pub(crate) operations: BTreeMap<Uuid, Operation>,
    intents: BTreeMap<(String, String), Intent>,
    pub(crate) audit: Vec<Line>,
}

/// Whether a key is another or below it; everything is below the empty one.
fn within(key: &str, above: &str) -> bool {
    above.is_empty() || key == above || key.starts_with(&format!("{above}/"))
}

fn first<T>(mut items: Vec<T>, limit: u32) -> Vec<T> {
    items.truncate(limit as usize);
    items
}

impl Model {
    /// All of a change, or the model as it was.
    pub(crate) fn commit(&mut self, change: &Change) -> Result<u64, CommitError> {
        let mut next = self.clone();
        let revision = next.apply(change)?;
        *self = next;
        Ok(revision)
    }

    fn apply(&mut self, change: &Change) -> Result<u64, CommitError> {
        for guard in &change.guards {
            if self.resources.get(&guard.key).map(|resource| resource.revision) != guard.revision {
                return Err(CommitError::Stale(guard.key.clone()));
            }
        }
        let first = self.revision + 1;
        self.revision += change.intents.len().max(1) as u64;
        let mut told = |key: &str, before, after| self.audit.push((change.who.clone(), key.to_owned(), before, after));
        for above in &change.deletes {
            self.resources.retain(|key, resource| {
                let goes = within(key, above);
                if goes {
                    told(key, Some(resource.document.clone()), None);
                }
                !goes
            });
            self.claims.retain(|_, holder| !within(holder, above));
        }
        for resource in &change.puts {
            let new = Resource { revision: self.revision, ..resource.clone() };
            let old = self.resources.insert(resource.key.clone(), new);
            let same = |old: &Resource| old.document == resource.document && old.secrets == resource.secrets;
            if !old.as_ref().is_some_and(same) {
                told(&resource.key, old.map(|old| old.document), Some(resource.document.clone()));
            }
        }
        for claim in &change.releases {
            self.claims.remove(claim);
        }
        for claim in &change.claims {
            let holder = self.claims.entry(claim.key.clone()).or_insert_with(|| claim.holder.clone());
            if *holder != claim.holder {
                return Err(CommitError::Taken { key: claim.key.clone(), holder: holder.clone() });
            }
        }
        for operation in &change.operations {
            let found = self.operations.get(&operation.id).map_or(0, |found| found.version);
            if found != operation.version {
                return Err(CommitError::Stale(operation.id.to_string()));
            }
            let written = Operation { version: operation.version + 1, ..operation.clone() };
            self.operations.insert(operation.id, written);
        }
        for (revision, write) in (first..).zip(&change.intents) {
            let at = (write.edge.clone(), write.key.clone());
            let is = self.intents.get(&at).is_some_and(|intent| intent.body.is_some());
            if write.body.is_some() || is {
                let (edge, key, body, secrets) =
                    (at.0.clone(), at.1.clone(), write.body.clone(), write.secrets.clone());
                self.intents.insert(at, Intent { edge, key, revision, body, secrets });
            }
        }
        Ok(self.revision)
    }

    pub(crate) fn list(&self, query: &Query) -> Vec<Resource> {
        let any = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        let listed = self.resources.values().filter(|resource| {
            (query.kinds.is_empty() || query.kinds.contains(&resource.kind))
                && any(&query.subscription, &resource.subscription)
                && any(&query.group, &resource.group)
                && query.parent.as_ref().is_none_or(|parent| resource.parent.as_ref() == Some(parent))
                && (!query.top || resource.parent.is_none())
                && query.after.as_ref().is_none_or(|after| resource.key > *after)
        });
        let listed: Vec<Resource> = listed.cloned().collect();
        if query.limit == 0 { listed } else { first(listed, query.limit) }
    }

    fn at_work(&self) -> Vec<Operation> {
        let mut found: Vec<_> =
            self.operations.values().filter(|operation| operation.state == State::InProgress).cloned().collect();
        found.sort_by_key(|operation| (operation.created, operation.id));
        found
    }

    pub(crate) fn take_due(&mut self, now: Timestamp, lease: Duration, limit: u32) -> Vec<Operation> {
        let free = |operation: &Operation| {
            operation.edge.is_none() && operation.due <= now && operation.leased_until.is_none_or(|until| until <= now)
        };
        let mut free: Vec<_> = self.at_work().into_iter().filter(free).collect();
        free.sort_by_key(|operation| (operation.due, operation.id));
        let mut taken = first(free, limit);
        for operation in &mut taken {
            operation.leased_until = Some(now + lease);
            operation.version += 1;
            self.operations.insert(operation.id, operation.clone());
        }
        taken
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let own = self.at_work().into_iter().filter(|operation| operation.edge.is_none());
        own.map(|operation| operation.leased_until.map_or(operation.due, |until| until.max(operation.due))).min()
    }

    pub(crate) fn questions(&self, edge: &str) -> Vec<Operation> {
        self.at_work().into_iter().filter(|operation| operation.edge.as_deref() == Some(edge)).collect()
    }

    pub(crate) fn running(&self, key: &str) -> Vec<Operation> {
        self.at_work().into_iter().filter(|operation| within(&operation.resource, key)).collect()
    }

    pub(crate) fn forget(&mut self, before: Timestamp) -> u64 {
        let had = self.operations.len();
        self.operations.retain(|_, operation| operation.ended.is_none_or(|ended| ended >= before));
        (had - self.operations.len()) as u64
    }

    pub(crate) fn intents(&self, edge: &str, after: u64, limit: u32) -> Vec<Intent> {
        let news =
            |intent: &&Intent| intent.edge == edge && intent.revision > after && (after > 0 || intent.body.is_some());
        let mut found: Vec<Intent> = self.intents.values().filter(news).cloned().collect();
        found.sort_by_key(|intent| intent.revision);
        first(found, limit)
    }

    pub(crate) fn intended(&self, above: &str) -> Vec<Intent> {
        let runs = |intent: &&Intent| intent.body.is_some() && within(&intent.key, above);
        self.intents.values().filter(runs).cloned().collect()
    }

    pub(crate) fn edges(&self) -> Vec<String> {
        let mut edges: Vec<String> = self.intended("").into_iter().map(|intent| intent.edge).collect();
        edges.dedup();
        edges
    }
}
