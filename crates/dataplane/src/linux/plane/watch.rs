//! One thread that hears what happens in all domains.
//!
//! A link that goes or comes changes the next hops of its groups at once, here, before anybody is told.

use super::domain::{Domain, Settled};
use crate::linux::netlink::Rtnetlink;
use crate::linux::{Namespace, link, route};
use crate::{DomainId, DpEvent, IfHandle};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;

/// Kinds of change that are told (`RTNLGRP_` of `linux/rtnetlink.h`).
const LINKS: u32 = 1;
const ROUTES_V4: u32 = 7;
const ROUTES_V6: u32 = 11;
/// Rings the thread so that it sees it shall end.
const END: Token = Token(usize::MAX);

type Domains = Arc<RwLock<BTreeMap<DomainId, Arc<Domain>>>>;

/// Who is told.
#[derive(Debug, Clone, Default)]
pub(super) struct Subscribers(Arc<Mutex<Vec<Sender<DpEvent>>>>);

impl Subscribers {
    pub(super) fn add(&self, sender: Sender<DpEvent>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
    }

    fn tell(&self, event: &DpEvent) {
        let mut senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        senders.retain(|sender| sender.send(event.clone()).is_ok());
    }
}

/// The thread. Dropped, it ends.
#[derive(Debug)]
pub(super) struct Watcher {
    registry: Registry,
    waker: Waker,
    ended: Arc<AtomicBool>,
    sockets: Arc<Mutex<BTreeMap<DomainId, Rtnetlink>>>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    pub(super) fn start(domains: Domains, subscribers: Subscribers) -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = Waker::new(&registry, END)?;
        let ended = Arc::new(AtomicBool::new(false));
        let sockets = Arc::<Mutex<BTreeMap<_, _>>>::default();
        let ears = Ears { domains, subscribers, sockets: sockets.clone(), ended: ended.clone() };
        let thread = std::thread::Builder::new().name("dataplane events".into()).spawn(move || ears.listen(poll))?;
        Ok(Self { registry, waker, ended, sockets, thread: Some(thread) })
    }

    /// Listens to a domain from now on.
    pub(super) fn add(&self, id: DomainId, namespace: &Namespace) -> io::Result<()> {
        let mut socket = Rtnetlink::open(Some(namespace))?;
        socket.watch(&[LINKS, ROUTES_V4, ROUTES_V6])?;
        self.registry.register(&mut SourceFd(&socket.as_raw_fd()), Token(id.0 as usize), Interest::READABLE)?;
        self.sockets().insert(id, socket);
        Ok(())
    }

    pub(super) fn remove(&self, id: DomainId) {
        if let Some(socket) = self.sockets().remove(&id) {
            let _ = self.registry.deregister(&mut SourceFd(&socket.as_raw_fd()));
        }
    }

    fn sockets(&self) -> MutexGuard<'_, BTreeMap<DomainId, Rtnetlink>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if self.waker.wake().is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

/// What a message says.
enum News {
    Link { index: u32, runs: bool },
    Gone(u32),
    RouteGone(ipnet::IpNet),
}

struct Ears {
    domains: Domains,
    subscribers: Subscribers,
    sockets: Arc<Mutex<BTreeMap<DomainId, Rtnetlink>>>,
    ended: Arc<AtomicBool>,
}

impl Ears {
    fn listen(&self, mut poll: Poll) {
        let mut events = Events::with_capacity(256);
        while !self.ended.load(Ordering::Relaxed) {
            match poll.poll(&mut events, None) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return,
                _ => {}
            }
            for event in events.iter().filter(|event| event.token() != END) {
                if let Ok(id) = u32::try_from(event.token().0) {
                    self.hear(DomainId(id));
                }
            }
        }
    }

    fn hear(&self, id: DomainId) {
        let mut news = Vec::new();
        let mut overrun = false;
        {
            let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(socket) = sockets.get_mut(&id) else { return };
            // An overrun is told once; what came after it is still to be read.
            while let Err(error) = socket.drain(|told| news.extend(read(told.kind, told.body))) {
                if error.raw_os_error() != Some(libc::ENOBUFS) {
                    tracing::warn!(%id, %error, "events cannot be read");
                    break;
                }
                overrun = true;
            }
        }
        let domain = self.domains.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        let Some(domain) = domain else { return };
        if overrun || news.iter().any(|news| matches!(news, News::Link { .. })) {
            self.look(&domain, &news, overrun);
        }
        for news in news {
            match news {
                News::Link { .. } => {}
                News::Gone(index) => {
                    let ours = domain.interfaces().contains_key(&index);
                    domain.forget(index);
                    if ours {
                        self.subscribers.tell(&DpEvent::LinkGone(IfHandle { domain: id, index }));
                    }
                }
                News::RouteGone(prefix) => {
                    if domain.wants(prefix) {
                        self.subscribers.tell(&DpEvent::RouteGone { domain: id, prefix });
                    }
                }
            }
        }
        if overrun {
            self.subscribers.tell(&DpEvent::Overrun(id));
        }
    }

    /// Looks at the links that were told of: what is now counts, and that a link was down in between. What was told may
    /// be older than what we know.
    fn look(&self, domain: &Domain, news: &[News], overrun: bool) {
        let Ok(links) = domain.net.links() else { return };
        let gone = news.iter().filter_map(|news| match news {
            News::Gone(index) => Some((*index, false)),
            News::Link { .. } | News::RouteGone(_) => None,
        });
        for (index, runs) in links.iter().map(|link| (link.index, link.running)).chain(gone) {
            let down = |news: &News| matches!(news, News::Link { index: of, runs: false } if *of == index);
            let paused = overrun || news.iter().any(down);
            let handle = IfHandle { domain: domain.id, index };
            match domain.link_runs(index, runs, paused) {
                // Those of a namespace that was lent count as well.
                Ok(Some(settled)) => self.tell(handle, runs, &settled),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(domain = %domain.id, %error, "next hops could not follow a link");
                    self.subscribers.tell(&DpEvent::Overrun(domain.id));
                }
            }
        }
    }

    fn tell(&self, handle: IfHandle, runs: bool, settled: &Settled) {
        if settled.went_down {
            self.subscribers.tell(&DpEvent::LinkDown(handle));
        }
        if runs {
            return self.subscribers.tell(&DpEvent::LinkUp(handle));
        }
        for (group, left) in &settled.groups {
            self.subscribers.tell(&DpEvent::NexthopGone { domain: handle.domain, group: *group, left: *left });
        }
    }
}

fn read(kind: u16, body: &[u8]) -> Option<News> {
    match kind {
        libc::RTM_NEWLINK => link::read(body).map(|link| News::Link { index: link.index, runs: link.running }),
        // The kernel tells of a port that leaves its bridge by the same type, of another family.
        libc::RTM_DELLINK if body.first() == Some(&0) => link::read(body).map(|link| News::Gone(link.index)),
        libc::RTM_DELROUTE => {
            let ours = route::read(body).filter(|route| route.protocol == route::OURS);
            ours.map(|route| News::RouteGone(route.prefix))
        }
        _ => None,
    }
}
