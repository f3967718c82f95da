//! MD5 keys of the lab's sessions: drawn once, kept in its folder, for nobody's eyes.

use crate::{Error, Lab};
use model::PeeringKind;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;

/// How many random octets a key has.
const OCTETS: usize = 12;

/// The key of a peering, drawn at the first call.
///
/// # Errors
///
/// The folder of the lab cannot be written.
pub(crate) fn key(lab: &Lab, circuit: &str, peering: PeeringKind) -> Result<String, Error> {
    let path = lab.folder().join(format!("md5-{circuit}-{peering}"));
    let doing = || path.display().to_string();
    match std::fs::read_to_string(&path) {
        Ok(key) => return Ok(key),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io(doing())(error)),
    }
    let mut drawn = [0; OCTETS];
    let random = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut drawn));
    random.map_err(Error::io("/dev/urandom"))?;
    let key: String = drawn.iter().map(|octet| format!("{octet:02x}")).collect();
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    file.and_then(|mut file| file.write_all(key.as_bytes())).map_err(Error::io(doing()))?;
    Ok(key)
}
