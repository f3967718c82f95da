//! Where peers call: listeners, and who may come in.

use crate::config::{Config, Md5Key};
use crate::worker::LISTENERS;
use mio::{Interest, Registry, Token};
use socket::{Key, ListenOptions, Namespace};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::Path;

/// Where one listener is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The namespace, as configured; `None` for that of the process.
    pub(crate) namespace: Option<String>,
    pub(crate) address: SocketAddr,
}

/// All listeners, by their place.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    open: BTreeMap<Place, Listener>,
    next_token: usize,
}

#[derive(Debug)]
struct Listener {
    token: Token,
    socket: mio::net::TcpListener,
    /// The keys that were set on it.
    keys: HashMap<IpAddr, Md5Key>,
}

/// A caller at the door.
pub(crate) struct Call {
    pub(crate) stream: TcpStream,
    pub(crate) namespace: Option<String>,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
}

impl Listeners {
    /// Opens and closes listeners until they are what the configuration says, and gives each the keys of its peers.
    /// What cannot be done is returned by place; all else is done.
    pub(crate) fn set(&mut self, config: &Config, registry: &Registry) -> Vec<(Place, io::Error)> {
        let wanted = wanted(config);
        let mut failed = Vec::new();
        self.open.retain(|place, listener| {
            let stays = wanted.contains_key(place);
            if !stays {
                let _ = registry.deregister(&mut listener.socket);
            }
            stays
        });
        for (place, keys) in wanted {
            if !self.open.contains_key(&place) {
                match self.open(&place, registry) {
                    Ok(listener) => _ = self.open.insert(place.clone(), listener),
                    Err(error) => {
                        failed.push((place, error));
                        continue;
                    }
                }
            }
            if let Some(listener) = self.open.get_mut(&place) {
                failed.extend(listener.set_keys(keys).into_iter().map(|error| (place.clone(), error)));
            }
        }
        failed
    }

    fn open(&mut self, place: &Place, registry: &Registry) -> io::Result<Listener> {
        let mut options = ListenOptions::new(place.address);
        options.common.namespace = place.namespace.as_deref().map(namespace).transpose()?;
        // A peer that checks the hop limit (RFC 5082) wants the most in the answer to its first segment, too.
        options.common.ttl = Some(255);
        let socket = socket::listen(&options)?;
        socket.set_nonblocking(true)?;
        let mut socket = mio::net::TcpListener::from_std(socket);
        let token = Token(LISTENERS + self.next_token);
        self.next_token += 1;
        registry.register(&mut socket, token, Interest::READABLE)?;
        Ok(Listener { token, socket, keys: HashMap::new() })
    }

    /// The addresses that are listened to, ports that the kernel chose included.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.open.values().filter_map(|listener| listener.socket.local_addr().ok())
    }

    /// The next caller at the listener of a token; `None` when none is left.
    pub(crate) fn accept(&self, token: Token) -> Option<io::Result<Call>> {
        let (place, listener) = self.open.iter().find(|(_, listener)| listener.token == token)?;
        loop {
            return match listener.socket.accept() {
                Ok((stream, from)) => {
                    let stream = TcpStream::from(stream);
                    // A caller that has left already has no address of ours.
                    let Ok(to) = stream.local_addr() else { continue };
                    Some(Ok(Call { stream, namespace: place.namespace.clone(), from, to }))
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => None,
                    io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => continue,
                    _ => Some(Err(error)),
                },
            };
        }
    }
}

impl Listener {
    fn set_keys(&mut self, wanted: HashMap<IpAddr, Md5Key>) -> Vec<io::Error> {
        let mut failed = Vec::new();
        let gone: Vec<IpAddr> = self.keys.keys().filter(|peer| !wanted.contains_key(peer)).copied().collect();
        for peer in gone {
            self.keys.remove(&peer);
            if let Err(error) = socket::set_md5(&self.socket, peer, None) {
                failed.push(error);
            }
        }
        let new: Vec<(IpAddr, Md5Key)> =
            wanted.into_iter().filter(|(peer, key)| self.keys.get(peer) != Some(key)).collect();
        for (peer, key) in new {
            match socket::set_md5(&self.socket, peer, Some(&socket_key(&key))) {
                Ok(()) => _ = self.keys.insert(peer, key),
                Err(error) => failed.push(error),
            }
        }
        failed
    }
}

/// Where to listen, and the keys of the peers that call there.
fn wanted(config: &Config) -> BTreeMap<Place, HashMap<IpAddr, Md5Key>> {
    let mut wanted: BTreeMap<Place, HashMap<IpAddr, Md5Key>> =
        config.listen.iter().map(|&address| (Place { namespace: None, address }, HashMap::new())).collect();
    for domain in &config.domains {
        for &address in domain.listen.as_ref().unwrap_or(&config.listen) {
            let place = Place { namespace: domain.namespace.clone(), address };
            let keys = wanted.entry(place).or_default();
            let of_family = domain.peers.iter().filter(|peer| peer.address.is_ipv4() == address.is_ipv4());
            keys.extend(of_family.filter_map(|peer| Some((peer.address, peer.md5.clone()?))));
        }
    }
    wanted
}

/// A namespace by name or path.
pub(crate) fn namespace(name: &str) -> io::Result<Namespace> {
    match name.contains('/') {
        true => Namespace::at(Path::new(name)),
        false => Namespace::named(name),
    }
}

/// A key as the socket takes it.
pub(crate) fn socket_key(key: &Md5Key) -> Key {
    Key::new(key.secret()).expect("a key of the configuration has 1 to 80 bytes")
}

/// What could not be had, and why.
pub(crate) fn tell((place, error): &(Place, io::Error)) -> String {
    match &place.namespace {
        Some(namespace) => format!("{} in namespace {namespace}: {error}", place.address),
        None => format!("{}: {error}", place.address),
    }
}
