//! The door: callers are let in or sent away.

use super::listen::Call;
use super::report::Limiter;
use super::roster::{Caller, WorkerId};
use super::{Core, calls};
use crate::worker::{Door as AtTheDoor, Request, Waiting};
use bgp_speaker::Peer;
use bgp_wire::{Cause, Notification};
use mio::Token;
use socket2::SockRef;
use std::fmt;
use std::io::{self, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// The worker that watches the listeners.
pub(super) const KEEPER: WorkerId = 0;

/// So many callers of one listener are let in before sessions have their turn.
const CALLERS_A_TURN: usize = 8;

/// How long callers wait when the process has no more file descriptors.
const OUT_OF_FILES: Duration = Duration::from_millis(100);

/// Lets callers in, on the thread of one worker.
pub(super) struct Door {
    core: Arc<Core>,
    strangers: Limiter<Option<IpAddr>>,
    calls: calls::Calls,
}

impl AtTheDoor for Door {
    fn open(&mut self, listener: Token, own: &mut Vec<(Peer, TcpStream)>) -> Waiting {
        for _ in 0..CALLERS_A_TURN {
            let called = self.core.listeners().accept(listener);
            match called {
                None => return Waiting::Nobody,
                Some(Ok(call)) => own.extend(self.greet(call)),
                Some(Err(error)) => {
                    let now = self.core.clock.now();
                    if let Some(held) = self.strangers.pass(None, 1, now) {
                        tracing::error!("cannot let a caller in: {error}{held}");
                    }
                    return Waiting::For(OUT_OF_FILES);
                }
            }
        }
        Waiting::Somebody
    }
}

impl Door {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core, strangers: Limiter::default(), calls: calls::Calls::default() }
    }

    /// Gives the keeper its own caller, hands another to its worker, or sends it away.
    fn greet(&mut self, call: Call) -> Option<(Peer, TcpStream)> {
        let roster = self.core.roster();
        let caller = roster.caller(call.namespace.as_deref(), call.from.ip(), call.to.ip()).cloned();
        drop(roster);
        let Some(caller) = caller else {
            self.send_away(call);
            return None;
        };
        let Call { stream, from, .. } = call;
        if !self.calls.pass(caller.peer, self.core.clock.now()) {
            self.tell_dropped(from, &format_args!("more than {} calls a second", calls::MOST));
        } else if let Err(error) = bind(&stream, from, &caller) {
            self.tell_dropped(from, &error);
        } else if caller.worker == KEEPER {
            return Some((caller.peer, stream));
        } else {
            let accepted = Request::Accepted { peer: caller.peer, stream };
            if let Err(refused) = self.core.workers[caller.worker].worker.send(accepted) {
                self.tell_dropped(from, &refused);
            }
        }
        None
    }

    fn tell_dropped(&mut self, from: SocketAddr, why: &dyn fmt::Display) {
        let now = self.core.clock.now();
        if let Some(held) = self.strangers.pass(Some(from.ip()), 1, now) {
            tracing::warn!(from = %from.ip(), "caller dropped: {why}{held}");
        }
    }

    /// Closes a stranger's connection, with the reason where the socket takes it (RFC 4486, subcode 5).
    fn send_away(&mut self, mut call: Call) {
        self.core.tally.add(&self.core.tally.strangers, 1);
        let mut words = Vec::new();
        Notification::from(Cause::CONNECTION_REJECTED).write(bgp_wire::STANDARD_LIMIT, &mut words);
        if call.stream.set_nonblocking(true).is_ok() {
            let _ = call.stream.write(&words);
            let _ = call.stream.shutdown(Shutdown::Write);
        }
        let now = self.core.clock.now();
        if let Some(held) = self.strangers.pass(Some(call.from.ip()), 1, now) {
            let namespace = call.namespace.as_deref().unwrap_or("-");
            tracing::warn!(from = %call.from, to = %call.to, namespace, "nobody is known at this address{held}");
        }
    }
}

/// Gives an accepted connection what listeners cannot have, since they serve several peers.
fn bind(stream: &TcpStream, from: SocketAddr, caller: &Caller) -> io::Result<()> {
    if caller.ttl_security {
        socket::set_min_ttl(stream, from.ip(), 255)?;
    }
    match &caller.device {
        Some(device) => SockRef::from(stream).bind_device(Some(device.as_bytes())),
        None => Ok(()),
    }
}
