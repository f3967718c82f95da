//! An address with the length of its subnet.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An address on an interface, like `192.168.15.17/30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// The length of its subnet's prefix in bits.
    pub length: u8,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.length)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no address with a length, like `192.168.15.17/30`");
        let (ip, length) = text.split_once('/').ok_or_else(wrong)?;
        let (ip, length): (IpAddr, u8) = (ip.parse().map_err(|_| wrong())?, length.parse().map_err(|_| wrong())?);
        if length > if ip.is_ipv4() { 32 } else { 128 } {
            return Err(wrong());
        }
        Ok(Self { ip, length })
    }
}
