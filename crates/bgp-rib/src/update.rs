//! UPDATEs in.
//!
//! The common way is short: the UPDATE is [plain](bgp_wire::Plain), its attributes have come before, and each route
//! costs a look into the index and a store. An UPDATE whose attributes are new is read in full and judged, one that
//! is not plain is brought into the common form first.

use crate::Rib;
use crate::id::PeerId;
use crate::intern::{AttrId, Form, Interner, Owner};
use crate::judge::judge;
use crate::key::Key;
use crate::peer::Peer;
use crate::rib::put_attributes;
use crate::slot::{Path, REFUSED};
use crate::table::{Context, Outcome, Review};
use bgp_wire::{Action, AttributeFault, Attributes, Fault, NextHop, Nlri, Problem, Reading, Routes, Session, Update};
use model::Family;

/// A session has brought more prefixes than it may, or is about to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitReached {
    /// Of which family.
    pub family: Family,
    /// How many it may.
    pub limit: u32,
}

/// A malformed attribute of an UPDATE, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeNote {
    /// The type code.
    pub code: u8,
    /// What is wrong.
    pub problem: Problem,
    /// What was done about it.
    pub action: Action,
}

/// What an UPDATE was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// How many routes it announced.
    pub announced: u32,
    /// How many it withdrew, those treated as withdrawn included.
    pub withdrawn: u32,
    /// It says that all routes of this family have been sent.
    pub end_of_rib: Option<Family>,
    /// The session went over its limit: the rest of the UPDATE was left out, and the session has to end.
    pub limit: Option<LimitReached>,
    /// The session reached the number of prefixes from which on there is a warning.
    pub warning: Option<LimitReached>,
    /// The session reached [`PeerConfig::attribute_sets`](crate::PeerConfig::attribute_sets).
    pub crowded: bool,
    /// Paths that were ignored since the peer has sixteen to the same prefix already (RFC 7911 sets no bound).
    pub surplus: u32,
    /// How many malformed attributes there were.
    pub faults: u32,
    /// The worst of them; `None` when the same attributes have been read before.
    pub fault: Option<AttributeNote>,
}

impl Rib {
    /// Takes an UPDATE of an established session.
    ///
    /// # Errors
    ///
    /// A fault that ends the session.
    pub fn update(&mut self, id: PeerId, update: &Update<'_>) -> Result<Taken, Fault> {
        let Some(peer) = self.peers.get_mut(id) else { return Ok(Taken::default()) };
        let (Some(session), Some(domain)) = (peer.session, self.domains.get_mut(peer.domain)) else {
            return Ok(Taken::default());
        };
        let of = peer.domain;
        let ended = update.end_of_rib().and_then(|family| family.family());
        if let Some(family) = ended.filter(|family| session.families.contains(*family)) {
            return Ok(Taken { end_of_rib: Some(family), ..Taken::default() });
        }
        let mut intake = Intake {
            owner: Owner::peer(id),
            peer,
            tables: &mut domain.tables,
            context: Context { seeds: &self.seeds, interner: &mut self.interner, ranks: &mut domain.ranks },
            key: &mut self.scratch.key,
            taken: Taken::default(),
        };
        let done = match update.plain(&session) {
            Some(plain) => intake.plain(&plain, &session),
            None => update.read(&session).map(|reading| intake.reading(&reading, &session)),
        };
        let taken = intake.taken;
        self.domain_changed(of);
        done.map(|()| taken)
    }

    /// Judges all that the peer has brought anew; what follows from it is told.
    pub fn set_import(&mut self, id: PeerId, import: crate::policy::Import) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        if peer.config.import == import {
            return;
        }
        peer.config.import = import;
        self.review(id, true);
    }

    /// Looks again at all paths of a peer: at their attributes too, or at the decision only.
    pub(crate) fn review(&mut self, id: PeerId, attributes: bool) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        let Some(domain) = self.domains.get_mut(peer.domain) else { return };
        let of = peer.domain;
        let pass = self.interner.pass();
        let mut context = Context { seeds: &self.seeds, interner: &mut self.interner, ranks: &mut domain.ranks };
        if peer.received[Family::V4 as usize] > 0 {
            let again =
                |interner: &mut Interner, prefix, attr| reviewed(interner, peer, pass, attributes, prefix, attr);
            let usable = domain.tables.v4.review(&mut context, peer.local, again);
            peer.accepted[Family::V4 as usize] = usable;
        }
        if peer.received[Family::V6 as usize] > 0 {
            let again =
                |interner: &mut Interner, prefix, attr| reviewed(interner, peer, pass, attributes, prefix, attr);
            let usable = domain.tables.v6.review(&mut context, peer.local, again);
            peer.accepted[Family::V6 as usize] = usable;
        }
        self.domain_changed(of);
    }
}

/// What is made of a path now.
fn reviewed<P: Key>(
    interner: &mut Interner,
    peer: &Peer,
    pass: u32,
    attributes: bool,
    prefix: P,
    attr: AttrId,
) -> Review {
    if attributes && interner.get(attr).stamp != pass {
        let record = interner.get(attr);
        let before = record.accepted().then(|| record.attributes());
        let session = record.form.class();
        let judged = judge(&peer.config, session.neighbor, record.next_hop_apart(), &record.received());
        interner.rejudge(attr, judged);
        let record = interner.get_mut(attr);
        let after = record.accepted().then(|| record.attributes());
        record.mark = before != after;
        record.stamp = pass;
    }
    let record = interner.get(attr);
    let refused = peer.config.import.has_prefix_clauses() && peer.config.import.prefix(prefix).is_some();
    Review { usable: record.accepted() && !refused, changed: attributes && record.mark }
}

/// An UPDATE on its way into the tables.
struct Intake<'a> {
    owner: Owner,
    peer: &'a mut Peer,
    tables: &'a mut crate::domain::Tables,
    context: Context<'a>,
    key: &'a mut Vec<u8>,
    taken: Taken,
}

impl Intake<'_> {
    fn plain(&mut self, plain: &bgp_wire::Plain<'_>, session: &Session) -> Result<(), Fault> {
        self.withdraw(plain.withdrawn);
        if let Some(routes) = plain.unreach {
            self.withdraw_any(routes);
        }
        let Some(announced) = plain.announced else { return Ok(()) };
        let form = Form::new(session.class(), announced.next_hop);
        let class = session.class();
        let key = match (announced.next_hop, announced.attributes.as_slice()) {
            (None, Some(bytes)) => bytes,
            (next_hop, _) => {
                self.key.clear();
                Form::put_next_hop(next_hop, self.key);
                announced.attributes.append_to(self.key);
                self.key.as_slice()
            }
        };
        let attr = match self.context.interner.find(self.context.seeds, self.owner, form, key) {
            Some(attr) => {
                self.taken.faults += u32::from(self.context.interner.get(attr).faults);
                attr
            }
            None => {
                let (next_hop, attributes) = form.split(key);
                let read = bgp_wire::Judged::read(attributes, class, next_hop.is_some())?;
                note_faults(&mut self.taken, &read.attributes);
                if read.treat_as_withdraw {
                    self.withdraw_any(announced.routes);
                    return Ok(());
                }
                let judged = judge(&self.peer.config, class.neighbor, next_hop, &read.attributes);
                let attr = self.context.interner.add(self.context.seeds, self.owner, form, key, judged);
                self.count_sets();
                attr
            }
        };
        self.announce_any(attr, announced.routes);
        Ok(())
    }

    /// An UPDATE of any form, in which attributes may be in any order and routes of both families.
    fn reading(&mut self, reading: &Reading<'_>, session: &Session) {
        note_faults(&mut self.taken, &reading.attributes);
        for routes in reading.withdrawals() {
            self.withdraw_any(routes);
        }
        for (next_hop, routes) in reading.announcements() {
            let in_field = reading.attributes.reach.is_none_or(|reach| reach.routes != routes);
            match self.intern_reading(&reading.attributes, next_hop, in_field, session) {
                Some(attr) => self.announce_any(attr, routes),
                // Longer than any UPDATE can be once it is written in our way.
                None => self.withdraw_any(routes),
            }
            if self.taken.limit.is_some() {
                return;
            }
        }
    }

    /// Finds or makes the record of attributes, in the order in which we would write them ourselves.
    fn intern_reading(
        &mut self,
        attributes: &Attributes<'_>,
        next_hop: NextHop,
        in_field: bool,
        session: &Session,
    ) -> Option<AttrId> {
        let template = attributes.to_set()?.template(session).ok()?;
        let (inside, apart) = match next_hop {
            NextHop::V4(address) if in_field => (Some(address), None),
            next_hop => (None, Some(next_hop)),
        };
        let form = Form::new(session.class(), apart);
        self.key.clear();
        Form::put_next_hop(apart, self.key);
        put_attributes(&template, inside, self.key);
        let found = self.context.interner.find(self.context.seeds, self.owner, form, self.key);
        Some(found.unwrap_or_else(|| {
            let own = Attributes::read(form.split(self.key).1, session);
            let judged = judge(&self.peer.config, session.neighbor, apart, &own);
            let attr = self.context.interner.add(self.context.seeds, self.owner, form, self.key, judged);
            self.count_sets();
            attr
        }))
    }

    fn count_sets(&mut self) {
        let ceiling = self.peer.config.attribute_sets;
        self.taken.crowded |= ceiling > 0 && self.context.interner.owned(self.owner) == ceiling;
    }

    fn announce_any(&mut self, attr: AttrId, routes: Routes<'_>) {
        match routes {
            Routes::V4(nlri) => self.announce(attr, nlri),
            Routes::V6(nlri) => self.announce(attr, nlri),
        }
    }

    fn announce<P: Key>(&mut self, attr: AttrId, nlri: Nlri<'_, P>) {
        let table = P::table_mut(self.tables);
        let (local, family) = (self.peer.local, P::FAMILY as usize);
        let import = &self.peer.config.import;
        let clauses = import.has_prefix_clauses();
        let limit = import.limits().of(P::FAMILY);
        let (most, warning) = limit.map_or((u32::MAX, u32::MAX), |limit| (limit.routes, limit.warning));
        let (received, accepted) = (&mut self.peer.received[family], &mut self.peer.accepted[family]);
        let count = nlri.count() as u32;
        let taken_over = self.context.interner.get(attr).accepted();
        let common = if taken_over { 0 } else { REFUSED };
        // Held for the whole message, and given back as far as no path took it.
        self.context.interner.retain(attr, count);
        let mut used = 0;
        for (id, prefix) in nlri {
            let refused = clauses && taken_over && import.prefix(prefix).is_some();
            let path = Path { attr, path_id: id.0, peer: local, flags: if refused { REFUSED } else { common } };
            match table.announce(&mut self.context, prefix, path) {
                Outcome::New => {
                    used += 1;
                    *received += 1;
                    *accepted += u32::from(path.is_usable());
                    if *received == warning {
                        self.taken.warning = Some(LimitReached { family: P::FAMILY, limit: most });
                    }
                    if *received > most {
                        self.taken.limit = Some(LimitReached { family: P::FAMILY, limit: most });
                        break;
                    }
                }
                Outcome::Replaced { was_usable } => {
                    used += 1;
                    *accepted += u32::from(path.is_usable());
                    *accepted -= u32::from(was_usable);
                }
                Outcome::Same => {}
                Outcome::Surplus => self.taken.surplus += 1,
            }
        }
        self.taken.announced += count;
        self.context.interner.release(self.context.seeds, attr, count - used);
    }

    fn withdraw_any(&mut self, routes: Routes<'_>) {
        match routes {
            Routes::V4(nlri) => self.withdraw(nlri),
            Routes::V6(nlri) => self.withdraw(nlri),
        }
    }

    fn withdraw<P: Key>(&mut self, nlri: Nlri<'_, P>) {
        let table = P::table_mut(self.tables);
        for (id, prefix) in nlri {
            if let Some(removed) = table.withdraw(&mut self.context, prefix, self.peer.local, id.0) {
                self.peer.removed(P::FAMILY, removed);
            }
        }
        self.taken.withdrawn += nlri.count() as u32;
    }
}

fn note_faults(taken: &mut Taken, attributes: &Attributes<'_>) {
    let faults = &attributes.faults;
    taken.faults += u32::try_from(faults.count()).unwrap_or(u32::MAX);
    let note =
        |fault: &AttributeFault<'_>| AttributeNote { code: fault.code, problem: fault.problem, action: fault.action };
    taken.fault = faults.strongest().map(note);
}
