//! Programs in the kernel, and the maps they share with us (bpf(2)).
//!
//! A [`Program`] is a list of instructions that the kernel has judged harmless; what it is attached to keeps it, and it keeps its
//! [`Map`]s, though the process that made them ends. Another one finds them again by the program's number.

use crate::error::Step;
use crate::sys::bpf::{self, Create};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// Kinds of `linux/bpf.h`.
const HASH: u32 = 1;
const ARRAY: u32 = 2;
/// A program that judges packets of traffic control.
const CLASSIFIER: u32 = 3;
/// Room is made for an entry when it comes.
const NO_PREALLOC: u32 = 1;
/// Bytes of what the kernel says of a program that it refuses.
const LOG: usize = 64 << 10;

/// A map: values by keys, read and written by us and by programs.
#[derive(Debug)]
pub struct Map(bpf::Map);

impl Map {
    /// A map of keys and values of so many bytes, and at most so many entries.
    ///
    /// # Errors
    ///
    /// The right is missing (`CAP_BPF`, which no user namespace gives), or the kernel has no such maps.
    pub fn hash(name: &str, key: u32, value: u32, entries: u32) -> io::Result<Self> {
        Self::create(HASH, name, key, value, entries, NO_PREALLOC)
    }

    /// A list of so many values, all zero; the keys are their places, of four bytes.
    ///
    /// # Errors
    ///
    /// As [`hash`](Self::hash).
    pub fn array(name: &str, value: u32, entries: u32) -> io::Result<Self> {
        Self::create(ARRAY, name, 4, value, entries, 0)
    }

    fn create(kind: u32, name: &str, key_size: u32, value_size: u32, entries: u32, flags: u32) -> io::Result<Self> {
        let create = Create { kind, key_size, value_size, entries, flags, inner: 0, node: 0, name: bpf::name(name) };
        bpf::Map::create(&create).step("bpf map").map(Self)
    }

    /// Whether it is of that name and of keys and values of so many bytes.
    pub fn is(&self, name: &str, key: u32, value: u32) -> bool {
        let info = self.0.info();
        info.name == bpf::name(name) && (info.key_size, info.value_size) == (key, value)
    }

    /// The value of a key, if there is one.
    ///
    /// # Errors
    ///
    /// The key has another length than the map's.
    pub fn get(&self, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        absent(self.0.get(key)).step("bpf map lookup")
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    ///
    /// The map is full, or a length is another than the map's.
    pub fn put(&self, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.0.put(key, value).step("bpf map update")
    }

    /// Removes a key. That it is not there is no error.
    ///
    /// # Errors
    ///
    /// The key has another length than the map's, or the map is a list.
    pub fn remove(&self, key: &[u8]) -> io::Result<()> {
        absent(self.0.remove(key)).step("bpf map delete").map(drop)
    }

    /// All keys, in no order. What comes or goes meanwhile may be left out.
    ///
    /// # Errors
    ///
    /// The kernel does not tell.
    pub fn keys(&self) -> io::Result<Vec<Vec<u8>>> {
        let mut keys: Vec<Vec<u8>> = Vec::new();
        // A map that changes under the reader begins anew; who is read so again and again is left.
        while keys.len() < self.0.info().entries as usize {
            match absent(self.0.next(keys.last().map(Vec::as_slice))).step("bpf map next key")? {
                Some(key) => keys.push(key),
                None => break,
            }
        }
        Ok(keys)
    }
}

impl AsRawFd for Map {
    /// By this number the instructions of a program name the map.
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// A program that the kernel has taken.
#[derive(Debug)]
pub struct Program(OwnedFd);

impl Program {
    /// Loads a program for traffic control, of instructions of eight bytes each.
    ///
    /// # Errors
    ///
    /// The right is missing (`CAP_BPF` and `CAP_NET_ADMIN`, which no user namespace gives), or the kernel refuses the
    /// program: the error has its last words.
    pub fn classifier(name: &str, code: &[[u8; 8]]) -> io::Result<Self> {
        let load = |log: &mut [u8]| bpf::load(CLASSIFIER, code, c"Dual MIT/GPL", name, log);
        match load(&mut []) {
            Err(error) if matches!(error.raw_os_error(), Some(libc::EACCES | libc::EINVAL)) => {
                let mut log = vec![0; LOG];
                let refused = load(&mut log).map(drop).err().unwrap_or(error);
                let text = String::from_utf8_lossy(&log);
                let text = text.trim_end_matches('\0').trim_end();
                // The last line counts the work of the verifier; the one before says what was wrong.
                let said = text.lines().rev().nth(1).or(text.lines().last()).unwrap_or_default();
                Err(io::Error::new(refused.kind(), format!("bpf program {name}: {refused}: {said}")))
            }
            loaded => loaded.step("bpf program").map(Self),
        }
    }

    /// The program of a number, as the kernel tells it of what a program is attached to.
    ///
    /// # Errors
    ///
    /// There is none, or the right is missing (`CAP_SYS_ADMIN`).
    pub fn by_id(id: u32) -> io::Result<Self> {
        bpf::program_by_id(id).step("bpf program by number").map(Self)
    }

    /// The maps that it uses.
    ///
    /// # Errors
    ///
    /// The right is missing (`CAP_SYS_ADMIN`).
    pub fn maps(&self) -> io::Result<Vec<Map>> {
        let ids = bpf::program_maps(self.0.as_fd()).step("bpf program info")?;
        ids.into_iter().map(|id| bpf::Map::by_id(id).step("bpf map by number").map(Map)).collect()
    }
}

impl AsFd for Program {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What is not there is none, and no error.
fn absent<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        outcome => outcome.map(Some),
    }
}
