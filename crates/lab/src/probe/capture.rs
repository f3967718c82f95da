//! What passes on cables: the frames themselves, told apart by the probes in them.
//!
//! A hop that answers says which way questions take. A frame on a cable says which way a packet took.

use super::packet::{Kind, Packet};
use super::prober::ProbeError;
use socket::Namespace;
use socket::frame::{FrameInbox, Frames};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long the thread sleeps when nothing waits.
const NAP: Duration = Duration::from_millis(5);

/// One end of a cable: what comes in there is seen.
#[derive(Debug, Clone)]
pub struct Point {
    /// The name of the cable.
    pub link: String,
    /// The device at its end.
    pub device: String,
    /// Where the device is.
    pub namespace: Namespace,
}

/// How many packets of each run and stream passed, by cable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passed(BTreeMap<(u32, u16), BTreeMap<String, u32>>);

impl Passed {
    /// What passed of a stream, by its run and place.
    pub fn of(&self, run: u32, stream: u16) -> BTreeMap<String, u32> {
        self.0.get(&(run, stream)).cloned().unwrap_or_default()
    }
}

/// Cables that are watched.
#[derive(Debug)]
pub struct Capture {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<Passed>>,
}

impl Capture {
    /// Begins to watch. With a folder the frames of probes are kept there, a file of pcap for each cable.
    ///
    /// # Errors
    ///
    /// A device cannot be read, or a file cannot be written.
    pub fn start(points: &[Point], folder: Option<&Path>) -> Result<Self, ProbeError> {
        let open = |point: &Point| -> io::Result<Watched> {
            let kept = folder.map(|folder| keep(&folder.join(format!("{}.pcap", point.link)))).transpose()?;
            let frames = Frames::open(&point.device, Some(&point.namespace))?;
            Ok(Watched { link: point.link.clone(), frames, kept })
        };
        let fault = |point: &Point| {
            let (path, node) = (point.link.clone(), point.device.clone());
            move |cause| ProbeError::Socket { path, node, cause }
        };
        let watched: Result<Vec<Watched>, _> = points.iter().map(|point| open(point).map_err(fault(point))).collect();
        let (watched, stop) = (watched?, Arc::new(AtomicBool::new(false)));
        let ends = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("probe-capture".into());
        let thread = thread.spawn(move || watch(watched, &ends)).map_err(ProbeError::Thread)?;
        Ok(Self { stop, thread })
    }

    /// Stops, and gives what passed.
    ///
    /// # Errors
    ///
    /// A device could not be read any more, or a file not be written.
    pub fn stop(self) -> Result<Passed, ProbeError> {
        self.stop.store(true, Ordering::Relaxed);
        let failed = || ProbeError::Thread(io::Error::other("the thread that captures failed"));
        self.thread.join().map_err(|_| failed())?.map_err(ProbeError::Thread)
    }
}

struct Watched {
    link: String,
    frames: Frames,
    kept: Option<BufWriter<File>>,
}

fn watch(mut watched: Vec<Watched>, stop: &AtomicBool) -> io::Result<Passed> {
    let (mut passed, mut inbox) = (Passed::default(), FrameInbox::new());
    loop {
        // What came in before the stop is read once more.
        let is_last = stop.load(Ordering::Relaxed);
        for point in &mut watched {
            loop {
                match point.frames.receive(&mut inbox) {
                    Ok(0) => break,
                    Ok(_) => {}
                    // A cable that is dark carries nothing.
                    Err(error) if error.kind() == io::ErrorKind::NetworkDown => break,
                    Err(error) => return Err(error),
                }
                for frame in inbox.frames() {
                    let Some(packet) = probe(frame.bytes).filter(|packet| packet.kind == Kind::Count) else { continue };
                    let stream = passed.0.entry((packet.run, packet.stream)).or_default();
                    match stream.get_mut(&point.link) {
                        Some(count) => *count += 1,
                        None => drop(stream.insert(point.link.clone(), 1)),
                    }
                    if let Some(file) = &mut point.kept {
                        record(file, frame.bytes)?;
                    }
                }
            }
        }
        if is_last {
            return watched
                .iter_mut()
                .filter_map(|point| point.kept.as_mut())
                .try_for_each(Write::flush)
                .map(|()| passed);
        }
        std::thread::sleep(NAP);
    }
}

/// The probe in a frame of Ethernet, by UDP over either version of IP.
fn probe(frame: &[u8]) -> Option<Packet> {
    const UDP: u8 = 17;
    let packet = frame.get(14..)?;
    let (protocol, header) = match frame.get(12..14)? {
        [0x08, 0x00] => (*packet.get(9)?, usize::from(packet.first()? & 15) * 4),
        [0x86, 0xdd] => (*packet.get(6)?, 40),
        _ => return None,
    };
    Packet::read(packet.get(header + 8..)?).filter(|_| protocol == UDP)
}

/// A file of pcap, of Ethernet, with its head written.
fn keep(path: &PathBuf) -> io::Result<BufWriter<File>> {
    let mut file = BufWriter::new(File::create(path)?);
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
        file.write_all(&word.to_le_bytes())?;
    }
    Ok(file)
}

fn record(file: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "a capture says when")]
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
    let seconds = u32::try_from(at.as_secs()).unwrap_or(u32::MAX);
    for word in [seconds, at.subsec_micros(), length, length] {
        file.write_all(&word.to_le_bytes())?;
    }
    file.write_all(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_found_in_its_frame() {
        let packet = Packet { run: 7, stream: 3, kind: Kind::Count, number: 9 };
        let v4 = [&[0; 12], &[8, 0, 0x46][..], &[0; 8], &[17], &[0; 14], &[0; 8], &packet.write()].concat();
        let v6 = [&[0; 12], &[0x86, 0xdd, 0x60][..], &[0; 5], &[17], &[0; 33], &[0; 8], &packet.write()].concat();
        assert_eq!((probe(&v4), probe(&v6)), (Some(packet), Some(packet)));
        for end in 0..v4.len() {
            assert_eq!(probe(&v4[..end]), None);
        }
    }
}
