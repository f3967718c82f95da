//! The main thread: callers are let in or sent away, orders are carried out.

use super::listen::{Call, tell};
use super::roster::Caller;
use super::{Edge, End, Order, WAKE, calls};
use crate::worker::Request;
use bgp_wire::{Cause, Notification};
use mio::{Events, Token};
use socket2::SockRef;
use std::fmt;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::TryRecvError;
use std::time::Duration;

/// So many callers of one listener are let in before others have their turn.
const CALLERS_A_TURN: usize = 64;

/// How long callers wait when the process has no more file descriptors.
const OUT_OF_FILES: Duration = Duration::from_millis(100);

impl Edge {
    /// Lets callers in and carries orders out, until told to end.
    ///
    /// # Errors
    ///
    /// The poll fails, which nothing mends.
    pub fn run(mut self) -> io::Result<End> {
        let mut events = Events::with_capacity(64);
        let mut patience = None;
        let end = loop {
            match self.poll.poll(&mut events, patience) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let called = events.iter().map(|event| event.token()).filter(|token| *token != WAKE);
            self.pending.extend(called.map(|token| token.0));
            if let Some(end) = self.orders() {
                break end;
            }
            patience = self.let_in();
        };
        self.stop(end);
        Ok(end)
    }

    /// Carries out what waits; how to end, if one of them says so.
    fn orders(&mut self) -> Option<End> {
        loop {
            match self.orders.try_recv() {
                Ok(Order::Listen(config, answer)) => {
                    let failed = self.listeners.set(&config, self.poll.registry());
                    let _ = answer.send(failed.iter().map(tell).collect());
                }
                Ok(Order::End(end)) => return Some(end),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return None,
            }
        }
    }

    /// Lets some callers of each listener in; how long the next poll may wait.
    fn let_in(&mut self) -> Option<Duration> {
        let mut patience = None;
        for token in std::mem::take(&mut self.pending) {
            for turn in 0.. {
                if turn == CALLERS_A_TURN {
                    self.pending.insert(token);
                    patience = patience.or(Some(Duration::ZERO));
                    break;
                }
                match self.listeners.accept(Token(token)) {
                    None => break,
                    Some(Ok(call)) => self.greet(call),
                    Some(Err(error)) => {
                        let now = self.core.clock.now();
                        if let Some(held) = self.strangers.pass(None, 1, now) {
                            tracing::error!("cannot let a caller in: {error}{held}");
                        }
                        self.pending.insert(token);
                        patience = Some(OUT_OF_FILES);
                        break;
                    }
                }
            }
        }
        patience
    }

    /// Hands a caller to its worker, or sends it away.
    fn greet(&mut self, call: Call) {
        let roster = self.core.roster();
        let caller = roster.caller(call.namespace.as_deref(), call.from.ip(), call.to.ip()).cloned();
        drop(roster);
        let Some(caller) = caller else { return self.send_away(call) };
        let now = self.core.clock.now();
        if !self.calls.pass(caller.peer, now) {
            return self.tell_dropped(call.from, &format_args!("more than {} calls a second", calls::MOST));
        }
        let Call { stream, from, .. } = call;
        if let Err(error) = bind(&stream, from, &caller) {
            return self.tell_dropped(from, &error);
        }
        let sent = self.core.workers[caller.worker].worker.send(Request::Accepted { peer: caller.peer, stream });
        if let Err(refused) = sent {
            self.tell_dropped(from, &refused);
        }
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
