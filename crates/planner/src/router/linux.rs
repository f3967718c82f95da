//! The interfaces of a Linux router, as a script.

use super::{File, Setup, Tag};
use std::collections::BTreeSet;
use std::fmt::Write;

/// A script that makes the interfaces of the links and gives them their addresses; run twice it changes nothing.
pub(super) fn interfaces(setup: &Setup<'_>) -> File {
    let mut text = "#!/bin/sh\n".to_owned() + &setup.head("#", "interfaces towards Microsoft");
    text += "set -eu\n";
    let variables: BTreeSet<&String> = setup
        .sessions
        .iter()
        .flat_map(|wired| wired.interface.made_of.iter().flat_map(|(_, tags)| tags))
        .filter_map(|(tag, _)| match tag {
            Tag::Variable(name) => Some(name),
            Tag::Is(_) => None,
        })
        .collect();
    for name in variables {
        let _ = writeln!(text, ": \"${{{name}:?the outer tag that Microsoft gave the circuit (sTag)}}\"");
    }
    let mut ports: Vec<(&str, Option<&str>)> = Vec::new();
    for wired in &setup.sessions {
        if let Some((port, _)) = &wired.interface.made_of {
            let named = (port.as_str(), wired.placed.session.port.as_deref());
            if !ports.contains(&named) {
                ports.push(named);
            }
        }
    }
    for (port, named) in ports {
        let note = named.filter(|named| *named != port).map(super::one_line);
        let note = note.map_or_else(String::new, |named| format!("   # {named} in the design"));
        let _ = writeln!(text, "ip link set {port} up{note}");
    }
    let mut made = BTreeSet::new();
    for wired in &setup.sessions {
        let interface = &wired.interface;
        if made.insert(interface.name.as_str()) {
            let _ = writeln!(text, "\n# {}", super::one_line(&wired.placed.label()));
            if let Some((port, tags)) = &interface.made_of {
                let mut below = port;
                for (tag, name) in tags {
                    let id = match tag {
                        Tag::Is(id) => id.to_string(),
                        Tag::Variable(variable) => format!("\"${variable}\""),
                    };
                    let _ = writeln!(
                        text,
                        "ip link show {name} >/dev/null 2>&1 || ip link add link {below} name {name} type vlan id {id}"
                    );
                    let _ = writeln!(text, "ip link set {name} up");
                    below = name;
                }
            } else {
                let _ = writeln!(text, "ip link set {} up", interface.name);
            }
        }
        let (address, length) = (wired.ends.customer, wired.ends.length);
        let more = if address.is_ipv6() { " nodad" } else { "" };
        let _ = writeln!(text, "ip address replace {address}/{length} dev {}{more}", interface.name);
    }
    text += "\nsysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1\n";
    File { name: "interfaces.sh".to_owned(), text, secret: false }
}
