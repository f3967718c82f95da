//! An edge that runs on a thread of the test.

use crate::lines;
use catalog::Catalog;
use edge::process::{Edge, End, Handle};
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

pub type Address = [u8; 4];

/// How many peers there are for a test to be hostile with, each in a domain of its own.
pub const HOSTILE: u8 = 120;

/// A customer and a gateway in one domain.
pub const VICTIM: [Address; 2] = [[127, 1, 0, 1], [127, 1, 0, 2]];

/// A second gateway in the domain of the victim.
pub const DEAF: Address = [127, 1, 0, 3];

/// The address of a hostile peer.
pub fn hostile(number: u8) -> Address {
    [127, 2, 0, 1 + number]
}

/// The AS of the peer of an address.
pub fn asn(address: Address) -> u16 {
    64_512 + u16::from(address[1]) * 256 - 256 + u16::from(address[3])
}

pub struct Running {
    pub address: SocketAddr,
    name: String,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Running {
    /// Starts an edge. Domains are named by the test, so that lines of the log can be told apart; `more` gives further
    /// keys of a hostile peer.
    pub fn start(name: &str, more: impl Fn(u8) -> String) -> Self {
        lines::keep();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("edge.toml");
        std::fs::write(&path, config(name, more)).unwrap();
        let edge = Edge::start(&path, Arc::new(Catalog::with_files(|_| None).unwrap())).unwrap();
        let [address] = edge.addresses()[..] else { panic!("one listener") };
        let handle = edge.handle();
        let thread = std::thread::spawn(move || _ = edge.run().unwrap());
        Self { address, name: name.to_owned(), handle, thread: Some(thread), _folder: folder }
    }

    /// The lines about a peer of this edge, or an address, that hold a text.
    pub fn lines_of(&self, peer: &str, text: &str) -> Vec<String> {
        // A peer's name is in the line with its domain's, which is the test's.
        let of = if peer.starts_with("hostile") { self.name.as_str() } else { "" };
        lines::with(&[&format!("{of}{}{peer}", if of.is_empty() { "" } else { "-" }), text])
    }

    /// One line is logged about a peer or an address with this text; it is waited for.
    pub fn has_one_line_of(&self, peer: &str, text: &str) {
        for _ in 0..6000 {
            let lines = self.lines_of(peer, text);
            if !lines.is_empty() {
                return assert_eq!(lines.len(), 1, "{lines:?}");
            }
            // Lines are written by a thread of their own.
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("no line about {peer} with `{text}`");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.handle.end(End::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn config(name: &str, more: impl Fn(u8) -> String) -> String {
    let mut text = "name = 'test'\nrouter-id = '10.0.0.1'\nlisten = ['127.0.0.1:0']\nworkers = 1\n".to_owned();
    let peer = |text: &mut String, name: &str, address: Address, more: &str| {
        let [a, b, c, d] = address;
        let _ = write!(
            text,
            "[[domain.peer]]\nname = '{name}'\naddress = '{a}.{b}.{c}.{d}'\nasn = '{}'\npassive = true\nrole = 'open'\n{more}\n",
            asn(address)
        );
    };
    let _ = write!(text, "[[domain]]\nname = '{name}-victim'\npeering = 'open'\n");
    for (at, address) in [VICTIM[0], VICTIM[1], DEAF].into_iter().enumerate() {
        peer(&mut text, &format!("peer-{at}"), address, "");
    }
    for number in 0..HOSTILE {
        let _ = write!(text, "[[domain]]\nname = '{name}-hostile-{number}'\npeering = 'open'\n");
        peer(&mut text, "router", hostile(number), &more(number));
    }
    text
}
