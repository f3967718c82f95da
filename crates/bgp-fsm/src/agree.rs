//! The two OPENs: ours, the judgement of the peer's (RFC 4271, section 6.2), and what comes of both.

use crate::Config;
use crate::established::Terms;
use bgp_wire::{
    AddPathEntry, AddPathMode, AfiSafi, Capability, Cause, Fault, GracefulRestart, HoldTime, Notification, Open,
    RestartFamily, Session,
};
use std::time::Duration;

impl Config {
    /// Our OPEN. `restarted` sets the R bit: we have restarted, and the peer is to send its routes without
    /// waiting for ours (RFC 4724, section 3).
    pub fn open(&self, restarted: bool) -> Open {
        let mut capabilities: Vec<Capability> =
            self.families.iter().map(|family| Capability::Multiprotocol(family.into())).collect();
        capabilities.extend([Capability::RouteRefresh, Capability::EnhancedRouteRefresh]);
        if self.extended_messages {
            capabilities.push(Capability::ExtendedMessage);
        }
        capabilities.push(Capability::FourOctetAs(self.local_asn));
        let add_path = self.add_path.and(self.families);
        if !add_path.is_empty() {
            let entry = |family| AddPathEntry { family: AfiSafi::from(family), mode: AddPathMode::Receive };
            capabilities.push(Capability::AddPath(add_path.iter().map(entry).collect()));
        }
        if let Some(graceful) = &self.graceful_restart {
            let entry = |family| RestartFamily {
                family: AfiSafi::from(family),
                forwarding: graceful.forwarding.contains(family),
            };
            capabilities.push(Capability::GracefulRestart(GracefulRestart {
                restarted,
                notification: graceful.notification,
                time: graceful.restart_time,
                families: graceful.kept.and(self.families).iter().map(entry).collect(),
            }));
        }
        if let Some(role) = self.role {
            capabilities.push(Capability::Role(role.role));
        }
        Open { asn: self.local_asn, hold_time: self.hold_time, router_id: self.router_id, capabilities }
    }

    /// Holds the peer's OPEN against ours and the configuration.
    ///
    /// # Errors
    ///
    /// The NOTIFICATION that refuses it.
    pub(crate) fn agree(&self, ours: Open, theirs: Open) -> Result<Terms, Notification> {
        if theirs.asn != self.peer_asn {
            return Err(Fault::PeerAs(theirs.asn).notification());
        }
        // Between ASes an identifier may be there twice (RFC 6286, section 2.1).
        if theirs.asn == ours.asn && theirs.router_id == ours.router_id {
            return Err(Fault::RouterId(theirs.router_id.into()).notification());
        }
        let proposed = theirs.hold_time.seconds();
        let acceptable = if proposed == 0 { self.accept_no_hold_time } else { proposed >= self.shortest_hold_time };
        if !acceptable {
            return Err(Fault::HoldTime(proposed).notification());
        }
        let session = Session::agreed(&ours, &theirs);
        // Without any family in common there is nothing to talk about.
        let needed = if session.families.is_empty() { self.families } else { self.required };
        let missing = needed.without(session.families);
        if !missing.is_empty() {
            let missing = missing.iter().map(|family| Capability::Multiprotocol(family.into())).collect();
            return Err(Fault::MissingCapabilities(missing).notification());
        }
        let role = match self.role {
            None => None,
            Some(our) => match theirs.role_beside(our.role).map_err(|fault| fault.notification())? {
                None if our.strict => return Err(Cause::ROLE_MISMATCH.into()),
                role => role,
            },
        };
        let hold_time = ours.hold_time.min(theirs.hold_time);
        let both = |capability| ours.offers(capability) && theirs.offers(capability);
        Ok(Terms {
            session,
            hold_time,
            refresh: both(&Capability::RouteRefresh) || both(&Capability::EnhancedRouteRefresh),
            enhanced_refresh: both(&Capability::EnhancedRouteRefresh),
            role,
            ours,
            theirs,
        })
    }
}

impl Terms {
    /// How long the peer may be silent; `None` for ever.
    pub fn hold(&self) -> Option<Duration> {
        (self.hold_time != HoldTime::NEVER).then(|| Duration::from_secs(self.hold_time.seconds().into()))
    }

    /// How often the peer hears from us, before jitter: a third of the hold time (RFC 4271, section 4.4).
    pub fn keepalive(&self) -> Option<Duration> {
        self.hold().map(|hold| hold / 3)
    }
}
