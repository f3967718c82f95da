//! A port of a device.

use crate::{Shape, Value, ValueError};
use std::fmt;

/// A device and, where it matters, one of its ports: `ce-ams-1 xe-0/0/0`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Port {
    /// The device's name.
    pub device: String,
    /// The port on it.
    pub port: Option<String>,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.device)?;
        self.port.iter().try_for_each(|port| write!(f, " {port}"))
    }
}

impl Value for Port {
    const EXPECTED: &'static str = "a device and a port, like `ce-ams-1 xe-0/0/0`";
    const SHAPE: Shape = Shape::Form { example: "ce-ams-1 xe-0/0/0" };

    fn parse(text: &str) -> Result<Self, ValueError> {
        let (device, port) = match text.trim().split_once(char::is_whitespace) {
            Some((device, port)) => (device, Some(port.trim().to_owned())),
            None => (text.trim(), None),
        };
        if device.is_empty() {
            return Err(ValueError::new("a device must have a name"));
        }
        Ok(Self { device: device.to_owned(), port })
    }
}
