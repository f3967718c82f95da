//! bpf(2): maps and programs of the kernel.
//!
//! One call with a union of arguments, of which each command reads its own part from the front; a struct for each part.

use std::ffi::c_long;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Commands of `linux/bpf.h`.
const MAP_CREATE: u32 = 0;
const MAP_LOOKUP: u32 = 1;
const MAP_UPDATE: u32 = 2;
const MAP_DELETE: u32 = 3;
const MAP_NEXT: u32 = 4;
const PROGRAM_LOAD: u32 = 5;
const PROGRAM_BY_ID: u32 = 13;
const MAP_BY_ID: u32 = 14;
const INFO: u32 = 15;

/// Bytes of a name, a zero at its end among them.
const NAME: usize = 16;
/// Maps of a program that are told.
const MAPS: usize = 8;

/// How a map is made.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct Create {
    pub(crate) kind: u32,
    pub(crate) key_size: u32,
    pub(crate) value_size: u32,
    pub(crate) entries: u32,
    pub(crate) flags: u32,
    pub(crate) inner: u32,
    pub(crate) node: u32,
    pub(crate) name: [u8; NAME],
}

/// What a map is like.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct MapInfo {
    pub(crate) kind: u32,
    pub(crate) id: u32,
    pub(crate) key_size: u32,
    pub(crate) value_size: u32,
    pub(crate) entries: u32,
    pub(crate) flags: u32,
    pub(crate) name: [u8; NAME],
}

#[repr(C)]
struct Element {
    map: u32,
    pad: u32,
    key: u64,
    value: u64,
    flags: u64,
}

#[repr(C)]
struct Load {
    kind: u32,
    count: u32,
    code: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel: u32,
    flags: u32,
    name: [u8; NAME],
}

#[repr(C)]
struct ById {
    id: u32,
    next: u32,
    flags: u32,
}

#[repr(C)]
struct Info {
    object: u32,
    length: u32,
    info: u64,
}

/// The front of `struct bpf_prog_info`, as far as the maps.
#[derive(Default)]
#[repr(C)]
struct ProgramInfo {
    kind: u32,
    id: u32,
    tag: [u8; 8],
    lengths: [u32; 2],
    code: [u64; 2],
    loaded: u64,
    by: u32,
    maps: u32,
    map_ids: u64,
}

/// Fills a name, cut to the room there is.
pub(crate) fn name(text: &str) -> [u8; NAME] {
    let mut name = [0; NAME];
    for (to, from) in name.iter_mut().take(NAME - 1).zip(text.bytes()) {
        *to = from;
    }
    name
}

/// A map, with what it is like, against which every key and value is held.
#[derive(Debug)]
pub(crate) struct Map {
    descriptor: OwnedFd,
    info: MapInfo,
}

impl Map {
    pub(crate) fn create(create: &Create) -> io::Result<Self> {
        let mut create = *create;
        // SAFETY: the command reads the numbers of the struct.
        Self::of(unsafe { open(MAP_CREATE, &mut create) }?)
    }

    pub(crate) fn by_id(id: u32) -> io::Result<Self> {
        // SAFETY: the command reads the numbers of the struct.
        Self::of(unsafe { open(MAP_BY_ID, &mut ById { id, next: 0, flags: 0 }) }?)
    }

    fn of(descriptor: OwnedFd) -> io::Result<Self> {
        let info = map_info(descriptor.as_fd())?;
        Ok(Self { descriptor, info })
    }

    pub(crate) fn info(&self) -> &MapInfo {
        &self.info
    }

    pub(crate) fn get(&self, key: &[u8]) -> io::Result<Vec<u8>> {
        self.check(key, self.info.key_size)?;
        let mut value = vec![0; self.info.value_size as usize];
        // SAFETY: both have the lengths of the map.
        unsafe { self.element(MAP_LOOKUP, key.as_ptr(), value.as_mut_ptr()) }?;
        Ok(value)
    }

    pub(crate) fn put(&self, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.check(key, self.info.key_size)?;
        self.check(value, self.info.value_size)?;
        // SAFETY: both have the lengths of the map, and the kernel only reads.
        unsafe { self.element(MAP_UPDATE, key.as_ptr(), value.as_ptr().cast_mut()) }
    }

    pub(crate) fn remove(&self, key: &[u8]) -> io::Result<()> {
        self.check(key, self.info.key_size)?;
        // SAFETY: the key has the length of the map's, and there is no value.
        unsafe { self.element(MAP_DELETE, key.as_ptr(), std::ptr::null_mut()) }
    }

    /// The key behind another one; the first one where there is none before.
    pub(crate) fn next(&self, key: Option<&[u8]>) -> io::Result<Vec<u8>> {
        key.map_or(Ok(()), |key| self.check(key, self.info.key_size))?;
        let mut next = vec![0; self.info.key_size as usize];
        // SAFETY: both have the length of the map's keys; in the place of the value is the next key.
        unsafe { self.element(MAP_NEXT, key.map_or(std::ptr::null(), <[u8]>::as_ptr), next.as_mut_ptr()) }?;
        Ok(next)
    }

    fn check(&self, bytes: &[u8], wanted: u32) -> io::Result<()> {
        if bytes.len() == wanted as usize {
            return Ok(());
        }
        let text = format!("{} bytes, where the map has {wanted}", bytes.len());
        Err(io::Error::new(io::ErrorKind::InvalidInput, text))
    }

    /// # Safety
    ///
    /// What the pointers point to is as long as the command and the map want it.
    unsafe fn element(&self, command: u32, key: *const u8, value: *mut u8) -> io::Result<()> {
        let mut element = Element {
            map: self.descriptor.as_raw_fd().cast_unsigned(),
            pad: 0,
            key: key.expose_provenance() as u64,
            value: value.expose_provenance() as u64,
            flags: 0,
        };
        // SAFETY: of the caller; the command takes this struct.
        unsafe { call(command, &mut element) }.map(drop)
    }
}

impl AsRawFd for Map {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}

/// Loads a program of instructions of eight bytes each. With a log the kernel writes there what it thinks of it.
pub(crate) fn load(
    kind: u32,
    code: &[[u8; 8]],
    license: &std::ffi::CStr,
    called: &str,
    log: &mut [u8],
) -> io::Result<OwnedFd> {
    let mut load = Load {
        kind,
        count: u32::try_from(code.len()).unwrap_or(u32::MAX),
        code: code.as_ptr().expose_provenance() as u64,
        license: license.as_ptr().expose_provenance() as u64,
        log_level: u32::from(!log.is_empty()),
        log_size: u32::try_from(log.len()).unwrap_or(0),
        log: if log.is_empty() { 0 } else { log.as_mut_ptr().expose_provenance() as u64 },
        kernel: 0,
        flags: 0,
        name: name(called),
    };
    // SAFETY: the kernel reads as many instructions as are there, a text that ends with zero, and writes no more to the
    // log than its length; all of them live. What the program may do is judged by the kernel.
    unsafe { open(PROGRAM_LOAD, &mut load) }
}

pub(crate) fn program_by_id(id: u32) -> io::Result<OwnedFd> {
    // SAFETY: the command reads the numbers of the struct.
    unsafe { open(PROGRAM_BY_ID, &mut ById { id, next: 0, flags: 0 }) }
}

/// What a map is like.
fn map_info(map: BorrowedFd<'_>) -> io::Result<MapInfo> {
    let mut found = MapInfo::default();
    let length = size_of::<MapInfo>() as u32;
    let info = (&raw mut found).expose_provenance() as u64;
    // SAFETY: the kernel writes no more than `length` bytes to the struct, for which any bytes are a value.
    unsafe { call(INFO, &mut Info { object: map.as_raw_fd().cast_unsigned(), length, info }) }?;
    Ok(found)
}

/// The numbers of the maps that a program uses.
pub(crate) fn program_maps(program: BorrowedFd<'_>) -> io::Result<Vec<u32>> {
    let mut ids = [0_u32; MAPS];
    let mut found = ProgramInfo {
        maps: MAPS as u32,
        map_ids: ids.as_mut_ptr().expose_provenance() as u64,
        ..ProgramInfo::default()
    };
    let length = size_of::<ProgramInfo>() as u32;
    let info = (&raw mut found).expose_provenance() as u64;
    // SAFETY: the kernel writes no more than `length` bytes to the struct and no more than `maps` numbers behind
    // `map_ids`; it was given no room for anything else.
    unsafe { call(INFO, &mut Info { object: program.as_raw_fd().cast_unsigned(), length, info }) }?;
    Ok(ids.into_iter().take(found.maps as usize).collect())
}

/// A command that gives a descriptor.
///
/// # Safety
///
/// As [`call`], and the command gives a descriptor that is the caller's.
unsafe fn open<T>(command: u32, arguments: &mut T) -> io::Result<OwnedFd> {
    // SAFETY: of the caller.
    let descriptor = unsafe { call(command, arguments) }?;
    let descriptor = RawFd::try_from(descriptor).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    // SAFETY: the kernel has just given it to us, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// # Safety
///
/// The command takes the struct as its arguments, and what that points to is there.
unsafe fn call<T>(command: u32, arguments: &mut T) -> io::Result<c_long> {
    let length = size_of::<T>() as libc::c_uint;
    // SAFETY: the kernel reads, and for some commands writes, `length` bytes behind the pointer; the rest is the caller's.
    match unsafe { libc::syscall(libc::SYS_bpf, command as libc::c_int, std::ptr::from_mut(arguments), length) } {
        -1 => Err(io::Error::last_os_error()),
        result => Ok(result),
    }
}
