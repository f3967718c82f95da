//! Interfaces that show the carrier of another: what VLAN devices do by themselves.
//!
//! A thread hears of the links of a namespace. While the trunk has no carrier, the outer ends of its pairs are down, so
//! that the inner ends have none either.

use crate::linux::netlink::Rtnetlink;
use crate::linux::{Namespace, Net};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use std::collections::BTreeSet;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

const NEWS: Token = Token(0);
const END: Token = Token(1);

/// The thread. Dropped, it ends.
#[derive(Debug)]
pub(super) struct Follower {
    shared: Arc<Shared>,
    ended: Arc<AtomicBool>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    net: Net,
    trunk: String,
    shown: Mutex<Shown>,
}

/// Whether the trunk runs, and who shows it.
#[derive(Debug)]
struct Shown {
    runs: bool,
    names: BTreeSet<String>,
}

impl Follower {
    pub(super) fn start(trunk: &str, namespace: &Namespace) -> io::Result<Self> {
        let mut told = Rtnetlink::open(Some(namespace))?;
        told.watch(&[libc::RTNLGRP_LINK])?;
        let net = Net::open(namespace)?;
        // Looked at after the socket listens: a change in between is told.
        let shown = Mutex::new(Shown { runs: net.link(trunk)?.running, names: BTreeSet::new() });
        let shared = Arc::new(Shared { net, trunk: trunk.to_owned(), shown });
        let mut poll = Poll::new()?;
        poll.registry().register(&mut SourceFd(&told.as_raw_fd()), NEWS, Interest::READABLE)?;
        let waker = Waker::new(poll.registry(), END)?;
        let ended = Arc::new(AtomicBool::new(false));
        let (of, until) = (shared.clone(), ended.clone());
        let follow = move || {
            let mut events = Events::with_capacity(8);
            while !until.load(Ordering::Relaxed) {
                match poll.poll(&mut events, None) {
                    Err(error) if error.kind() != io::ErrorKind::Interrupted => return,
                    _ => {}
                }
                // What was told may be old, so only that something was told counts.
                let _ = told.drain(|_| {});
                of.look();
            }
        };
        let thread = std::thread::Builder::new().name(format!("carrier {trunk}")).spawn(follow)?;
        Ok(Self { shared, ended, waker, thread: Some(thread) })
    }

    /// The interface shows the trunk's carrier from now on.
    pub(super) fn add(&self, name: &str) {
        let mut shown = self.shared.shown();
        shown.names.insert(name.to_owned());
        if !shown.runs {
            self.shared.show(name, false);
        }
    }

    pub(super) fn remove(&self, name: &str) {
        self.shared.shown().names.remove(name);
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if self.waker.wake().is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn look(&self) {
        let mut shown = self.shown();
        let runs = self.net.link(&self.trunk).is_ok_and(|link| link.running);
        if std::mem::replace(&mut shown.runs, runs) != runs {
            shown.names.iter().for_each(|name| self.show(name, runs));
        }
    }

    fn show(&self, name: &str, runs: bool) {
        let shown = if runs { self.net.up(name) } else { self.net.down(name) };
        if let Err(error) = shown {
            tracing::warn!(interface = name, %error, "does not follow {}", self.trunk);
        }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
