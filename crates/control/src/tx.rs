//! A decision and what it rests on.

use crate::engine;
use crate::settings::Settings;
use arm_api::{ArmError, ResourceId};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use store::{Change, Claim, CommitError, Guard, IntentWrite, Operation, Query, Resource, Secrets, Store, StoreError};
use uuid::Uuid;

/// Reads and writes of one request or of one step of an operation.
///
/// Reads see what was written in the same transaction. Every resource that was read by its id is guarded: when
/// another writer changed it before the commit, nothing is written and the decision is made again on what is now.
/// Lists guard the parent that was named, since a child's write is a write of its parent as well ([`Tx::put`]).
#[derive(Debug)]
pub struct Tx<'s> {
    store: &'s dyn Store,
    /// What the service runs with.
    pub settings: &'s Settings,
    /// The time of the decision.
    pub now: Timestamp,
    change: Change,
    seen: BTreeMap<String, Option<Resource>>,
    written: BTreeMap<String, Option<Resource>>,
    /// What a caller is told when a claim is taken.
    refusals: BTreeMap<String, ArmError>,
}

/// Why a decision was not reached.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The caller is refused.
    #[error(transparent)]
    Refused(#[from] ArmError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What it rests on changed: decide again.
    #[error("another writer was first")]
    Stale,
}

impl<'s> Tx<'s> {
    /// Begins a decision.
    pub fn new(store: &'s dyn Store, settings: &'s Settings, now: Timestamp, who: &str, request: String) -> Self {
        let change = Change { who: who.to_owned(), request, at: now, ..Change::default() };
        let (seen, written, refusals) = Default::default();
        Self { store, settings, now, change, seen, written, refusals }
    }

    /// The store, for reads that need no guard.
    pub fn store(&self) -> &'s dyn Store {
        self.store
    }

    /// A resource by its id.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn get(&mut self, id: &ResourceId) -> Result<Option<Resource>, Fault> {
        self.get_key(id.key()).await
    }

    /// A resource by its key.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn get_key(&mut self, key: &str) -> Result<Option<Resource>, Fault> {
        if let Some(written) = self.written.get(key) {
            return Ok(written.clone());
        }
        if let Some(seen) = self.seen.get(key) {
            return Ok(seen.clone());
        }
        let resource = self.store.get(key).await?;
        self.seen.insert(key.to_owned(), resource.clone());
        Ok(resource)
    }

    /// Resources as stored, with what this transaction wrote. Guards the parent, when the query names one.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn list(&mut self, query: &Query) -> Result<Vec<Resource>, Fault> {
        if let Some(parent) = &query.parent {
            self.get_key(&parent.clone()).await?;
        }
        let mut found: BTreeMap<String, Resource> = BTreeMap::new();
        for resource in self.store.list(query).await? {
            found.insert(resource.key.clone(), resource);
        }
        for (key, written) in &self.written {
            match written {
                Some(resource) if matches(query, resource) => _ = found.insert(key.clone(), resource.clone()),
                Some(_) | None => _ = found.remove(key),
            }
        }
        Ok(found.into_values().collect())
    }

    /// Children of a resource of one type, like `peerings`.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn children(&mut self, parent: &Resource, kind: &str) -> Result<Vec<Resource>, Fault> {
        let kinds = vec![format!("{}/{}", parent.kind, kind.to_lowercase())];
        self.list(&Query { kinds, parent: Some(parent.key.clone()), ..Query::default() }).await
    }

    /// A new resource, not written yet.
    pub fn make(&self, id: &ResourceId, document: Value) -> Resource {
        Resource {
            id: id.as_str().to_owned(),
            parent: id.parent().map(|parent| parent.key().to_owned()),
            subscription: arm_api::lower(id.subscription()),
            group: arm_api::lower(id.group().unwrap_or_default()),
            ..Resource::new(id.key(), &id.kind().to_lowercase(), document, self.now)
        }
    }

    /// Writes a resource with a new entity tag. What it is a child of must be written too ([`Tx::touch`]).
    pub fn put(&mut self, mut resource: Resource) {
        resource.etag = Uuid::new_v4();
        resource.changed = self.now;
        self.written.insert(resource.key.clone(), Some(resource));
    }

    /// Writes a resource and everything it is below anew, for a child's sake: their entity tags change.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn touch(&mut self, key: &str) -> Result<(), Fault> {
        let mut next = Some(key.to_owned());
        while let Some(key) = next {
            next = None;
            if let Some(resource) = self.get_key(&key).await? {
                next.clone_from(&resource.parent);
                self.put(resource);
            }
        }
        Ok(())
    }

    /// Deletes a resource and everything below it.
    pub fn delete(&mut self, key: &str) {
        self.written.insert(key.to_owned(), None);
        self.change.deletes.push(key.to_owned());
    }

    /// Takes something that may be had once; `refusal` is what the caller is told when another has it. `{holder}` in
    /// its message stands for who has it.
    pub fn claim(&mut self, claim: String, holder: &str, refusal: ArmError) {
        self.refusals.insert(claim.clone(), refusal);
        self.change.claims.push(Claim { key: claim, holder: holder.to_owned() });
    }

    /// Takes something that was free a moment ago and of which there are others: when another writer has it by now,
    /// the decision is made again.
    pub fn claim_or_again(&mut self, claim: String, holder: &str) {
        self.change.claims.push(Claim { key: claim, holder: holder.to_owned() });
    }

    /// Takes a number that nobody has, as the claim `among/number`. Where it is looked for first says the seed, so that
    /// two who look at the same time seldom want the same; when they do, one of them decides again.
    ///
    /// From there on it goes in far steps, so that a block of numbers that are taken at once is left soon. Nothing when
    /// all are taken.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn claim_one(
        &mut self,
        among: &str,
        numbers: RangeInclusive<u64>,
        holder: &str,
        seed: Uuid,
    ) -> Result<Option<u64>, Fault> {
        const AT_ONCE: usize = 32;
        let (first, count) = (*numbers.start(), u128::from(numbers.end().saturating_sub(*numbers.start())) + 1);
        let stride = coprime(count);
        let tried = (0..count).map(|step| first + ((seed.as_u128() % count + step * stride) % count) as u64);
        let mut tried = tried.map(|number| (number, format!("{among}/{number}")));
        loop {
            let (numbers, claims): (Vec<u64>, Vec<String>) = tried.by_ref().take(AT_ONCE).unzip();
            if numbers.is_empty() {
                return Ok(None);
            }
            let held = self.store.held(&claims).await?;
            if let Some((number, claim)) = numbers.into_iter().zip(claims).find(|(_, claim)| !held.contains(claim)) {
                self.claim_or_again(claim, holder);
                return Ok(Some(number));
            }
        }
    }

    /// Gives up a claim.
    pub fn release(&mut self, claim: String) {
        self.change.releases.push(claim);
    }

    /// Writes an operation.
    pub fn operation(&mut self, operation: Operation) {
        self.change.operations.push(operation);
    }

    /// Says what an edge shall run, or shall run no more. Of two words on the same, the later counts.
    pub fn intend(&mut self, write: IntentWrite) {
        self.change.intents.retain(|said| said.edge != write.edge || said.key != write.key);
        self.change.intents.push(write);
    }

    /// What an edge was told to run, as this transaction sees it: the body and its secrets.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn intended(&self, edge: &str, key: &str) -> Result<Option<(Value, Secrets)>, Fault> {
        if let Some(said) = self.change.intents.iter().find(|said| said.edge == edge && said.key == key) {
            return Ok(said.body.clone().map(|body| (body, said.secrets.clone())));
        }
        let row = self.store.intent(edge, key).await?;
        Ok(row.and_then(|row| Some((row.body?, row.secrets))))
    }

    /// Commits what was decided.
    ///
    /// # Errors
    ///
    /// [`Fault::Stale`] when the decision has to be made again; [`Fault::Refused`] when a claim is taken.
    pub async fn commit(mut self) -> Result<u64, Fault> {
        for operation in self.change.operations.iter_mut().filter(|operation| operation.version == 0) {
            operation.due = engine::delay(self.store, operation).await?;
        }
        for (key, seen) in &self.seen {
            let revision = seen.as_ref().map(|resource| resource.revision);
            self.change.guards.push(Guard { key: key.clone(), revision });
        }
        self.change.puts.extend(self.written.into_values().flatten());
        match self.store.commit(&self.change).await {
            Ok(revision) => Ok(revision),
            Err(CommitError::Stale(_)) => Err(Fault::Stale),
            Err(CommitError::Taken { key, holder }) => match self.refusals.remove(&key) {
                Some(mut error) => {
                    error.message = error.message.replace(engine::HOLDER, &holder);
                    Err(Fault::Refused(error))
                }
                None => Err(Fault::Stale),
            },
            Err(CommitError::Store(error)) => Err(Fault::Store(error)),
        }
    }

    /// Whether anything would be written.
    pub fn writes(&self) -> bool {
        !self.written.is_empty()
            || !self.change.claims.is_empty()
            || !self.change.releases.is_empty()
            || !self.change.operations.is_empty()
            || !self.change.intents.is_empty()
    }
}

/// A step about the golden section of a number and without a factor in common with it: such steps come to every number
/// below, and soon far from wherever they were.
fn coprime(count: u128) -> u128 {
    let common = |mut a: u128, mut b: u128| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let golden = count * 618 / 1000;
    (golden..count).find(|step| common(*step, count) == 1).unwrap_or(1)
}

/// Whether a resource that was just written belongs in a list.
fn matches(query: &Query, resource: &Resource) -> bool {
    (query.kinds.is_empty() || query.kinds.contains(&resource.kind))
        && (query.subscription.is_empty() || query.subscription == resource.subscription)
        && (query.group.is_empty() || query.group == resource.group)
        && query.parent.as_ref().is_none_or(|parent| resource.parent.as_ref() == Some(parent))
        && (!query.top || resource.parent.is_none())
        && query.after.as_ref().is_none_or(|after| resource.key > *after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_steps_come_to_every_number() {
        for count in (1..300).chain([4094]) {
            let step = coprime(count);
            let seen: std::collections::BTreeSet<u128> = (0..count).map(|n| n * step % count).collect();
            assert_eq!(seen.len() as u128, count, "{step}");
        }
    }
}
