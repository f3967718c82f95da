//! A BIRD that is asked and told by its control socket.

use super::hear::{Log, Teller};
use crate::{Error, node};
use std::path::PathBuf;

/// A BIRD that runs in a node.
#[derive(Debug, Clone)]
pub struct Bird {
    /// The node.
    pub node: String,
    /// Its control socket.
    pub socket: PathBuf,
    /// The file of its log.
    pub log: PathBuf,
}

impl Bird {
    /// Asks or tells it something.
    ///
    /// # Errors
    /// It does not answer.
    pub fn ask(&self, words: &str) -> Result<String, Error> {
        let socket = self.socket.display().to_string();
        let mut args = vec!["-s", socket.as_str()];
        args.extend(words.split(' '));
        node::run(Some(&self.node), "birdc", &args, None)
    }

    /// Has it log what happens to its sessions, or no longer.
    ///
    /// # Errors
    /// It does not answer.
    pub fn talk(&self, on: bool) -> Result<(), Error> {
        self.ask(if on { "debug all { states, events }" } else { "debug all off" }).map(drop)
    }

    /// Its log, as [`hear`](super::hear) reads it.
    pub fn teller(&self) -> Log {
        Log { node: self.node.clone(), path: self.log.clone(), teller: Teller::Bird }
    }

    /// Whether every session of BGP is up.
    ///
    /// # Errors
    /// The first one that is not, in words; or it does not answer.
    pub fn is_up(&self) -> Result<(), String> {
        let shown = self.ask("show protocols").map_err(|error| error.to_string())?;
        match shown.lines().find(|line| is_bgp(line) && !line.contains("Established")) {
            Some(line) => Err(format!("{}: {}", self.node, line.split_whitespace().collect::<Vec<_>>().join(" "))),
            None => Ok(()),
        }
    }

    /// The names of its sessions with these neighbours.
    ///
    /// # Errors
    /// It does not answer.
    pub fn sessions_with(&self, neighbors: &[std::net::IpAddr]) -> Result<Vec<String>, Error> {
        Ok(sessions_with(&self.ask("show protocols all")?, neighbors))
    }
}

fn is_bgp(line: &str) -> bool {
    line.split_whitespace().nth(1) == Some("BGP")
}

/// In what `show protocols all` prints.
fn sessions_with(shown: &str, neighbors: &[std::net::IpAddr]) -> Vec<String> {
    let mut name = None;
    let mut found = Vec::new();
    for line in shown.lines() {
        if !line.starts_with(' ') {
            name = is_bgp(line).then(|| line.split_whitespace().next()).flatten();
        }
        let neighbor = line.trim().strip_prefix("Neighbor address:");
        if let (Some(name), Some(Ok(neighbor))) = (name, neighbor.map(|text| text.trim().parse()))
            && neighbors.contains(&neighbor)
        {
            found.push(name.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_found_by_their_neighbour() {
        let shown = "Name       Proto      Table      State  Since         Info\n\
            bfd1       BFD        ---        up     15:33:41.144  \n\n\
            ma         BGP        ---        up     15:33:55.368  Established   \n  BGP state:          Established\n    \
            Neighbor address: 10.0.1.2\n    Neighbor AS:      65002\n\n\
            mb         BGP        ---        start  15:33:55.368  Active\n    Neighbor address: 10.0.2.2\n";
        assert_eq!(sessions_with(shown, &[[10, 0, 2, 2].into()]), ["mb"]);
        assert_eq!(sessions_with(shown, &[[10, 0, 2, 2].into(), [10, 0, 1, 2].into()]), ["ma", "mb"]);
        assert!(sessions_with(shown, &[[10, 0, 0, 1].into()]).is_empty());
    }
}
