//! BIRD 2.

use super::{File, Language, Setup, Wired, kind_family, linux, one_line};
use crate::peerings::version;
use model::{Bfd, Family};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The language of `bird.conf`.
pub(super) struct Bird;

impl Language for Bird {
    fn files(&self, setup: &Setup<'_>) -> Vec<File> {
        let mut files = vec![File { name: "bird.conf".to_owned(), text: config(setup), secret: false }];
        if !setup.keys().is_empty() {
            files.push(File { name: "keys.conf".to_owned(), text: keys(setup), secret: true });
        }
        files.push(linux::interfaces(setup));
        files
    }
}

fn config(setup: &Setup<'_>) -> String {
    let mut text = setup.head("#", "BIRD 2") + "\n";
    let _ = writeln!(text, "router id {};", setup.router_id);
    if let Some(log) = setup.log {
        let _ = writeln!(text, "log \"{}\" all;", one_line(log));
    }
    if !setup.keys().is_empty() {
        text += "include \"keys.conf\";\n";
    }
    text += "\nprotocol device { }\n";
    for family in setup.families() {
        let _ = writeln!(
            text,
            "protocol kernel kernel_{} {{\n  merge paths on;\n  {} {{ import none; export where source = RTS_BGP; }};\n}}",
            version(family),
            channel(family)
        );
    }
    text += &bfd(setup);
    for family in setup.families() {
        let mut routes = setup.advertise.iter().filter(|prefix| prefix.family() == family).peekable();
        if routes.peek().is_none() {
            continue;
        }
        text += "\n# What is advertised. The kernel does not get these: its routes to the sites stand.\n";
        let _ = writeln!(text, "protocol static advertised_{} {{\n  {};", version(family), channel(family));
        for prefix in routes {
            let _ = writeln!(text, "  route {prefix} unreachable;");
        }
        text += "}\n";
    }
    for (kind, family) in setup.kinds() {
        let refused = setup.refused(kind, family);
        let _ = writeln!(text, "\n# What Microsoft cannot mean on {kind} peering, {family}.");
        let _ = writeln!(text, "define refused_{} = [", kind_family(kind, family));
        for (index, prefix) in refused.iter().enumerate() {
            let end = if index + 1 < refused.len() { "," } else { "" };
            let _ = writeln!(text, "  {prefix}+{end}");
        }
        text += "];\n";
    }
    for wired in &setup.sessions {
        text += &session(setup, wired);
    }
    for (number, neighbor) in setup.inside.iter().enumerate() {
        let family = if neighbor.remote.is_ipv4() { Family::V4 } else { Family::V6 };
        let _ =
            writeln!(text, "\n# {}: told what Microsoft announces, and asked for the same.", one_line(&neighbor.name));
        let _ = writeln!(text, "protocol bgp inside_{} {{", number + 1);
        let _ = writeln!(text, "  local {} as {};", neighbor.local, setup.asn);
        let _ = writeln!(text, "  neighbor {} as {};", neighbor.remote, setup.asn);
        if neighbor.bfd.is_some() {
            text += "  bfd on;\n";
        }
        let microsoft = setup.sessions.first().map_or(setup.asn, |wired| wired.ends.remote_asn);
        let only = format!("where source = RTS_BGP && bgp_path.first = {microsoft}");
        let _ = writeln!(
            text,
            "  {} {{\n    next hop self;\n    import {only};\n    export {only};\n  }};\n}}",
            channel(family)
        );
    }
    text
}

/// The protocol of liveness, with the timers of each interface.
fn bfd(setup: &Setup<'_>) -> String {
    let mut interfaces: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for wired in &setup.sessions {
        if let Some(timers) = wired.bfd() {
            interfaces.insert(&wired.interface.name, timers);
        }
    }
    for neighbor in setup.inside {
        if let Some((Bfd::On { interval_ms, multiplier }, interface)) = &neighbor.bfd {
            interfaces.insert(interface, (*interval_ms, *multiplier));
        }
    }
    if interfaces.is_empty() {
        return String::new();
    }
    let mut text = "\nprotocol bfd {\n".to_owned();
    for (interface, (interval, multiplier)) in interfaces {
        let _ = writeln!(
            text,
            "  interface \"{interface}\" {{ min rx interval {interval} ms; min tx interval {interval} ms; multiplier {multiplier}; }};"
        );
    }
    text + "}\n"
}

fn session(setup: &Setup<'_>, wired: &Wired<'_>) -> String {
    let (placed, ends) = (wired.placed, wired.ends);
    let (id, family) = (&placed.session.id, placed.session.family);
    let any = if family == Family::V4 { "0.0.0.0/0" } else { "::/0" };
    let label = one_line(&format!("{}, {}", placed.label(), placed.session.msee));
    let mut text = format!("\nfilter {id}_in {{\n");
    let _ = writeln!(text, "  if net = {any} then reject;");
    let _ = writeln!(text, "  if net ~ refused_{} then reject;", kind_family(placed.peering.kind, family));
    let _ = writeln!(text, "  if bgp_path.first != {} then reject;", ends.remote_asn);
    let _ = writeln!(text, "  bgp_local_pref = {};", placed.session.preference);
    text += "  if (65535, 0) ~ bgp_community then bgp_local_pref = 0;   # the link is about to go, RFC 8326\n";
    text += "  accept;   # however long the path: maintenance makes it longer\n}\n";

    let _ = writeln!(text, "filter {id}_out {{");
    let mine: Vec<String> = placed.session.advertise.iter().map(ToString::to_string).collect();
    if mine.is_empty() {
        text += "  reject;\n}\n";
    } else {
        let _ = writeln!(text, "  if source != RTS_STATIC || !(net ~ [ {} ]) then reject;", mine.join(", "));
        for asn in wired.path().iter().rev() {
            let _ = writeln!(text, "  bgp_path.prepend({asn});");
        }
        text += "  accept;\n}\n";
    }

    let (keepalive, hold) = setup.timers();
    let _ = writeln!(text, "protocol bgp {id} {{");
    let _ = writeln!(text, "  description \"{label}\";");
    let _ = writeln!(text, "  local {} as {};", ends.customer, ends.asn);
    let _ = writeln!(text, "  neighbor {} as {};", ends.microsoft, ends.remote_asn);
    let _ = writeln!(text, "  keepalive time {keepalive};\n  hold time {hold};");
    text += "  connect delay time 1; connect retry time 5; error wait time 1, 10;   # soon back after a failure\n";
    if let Some(key) = &wired.key {
        let _ = writeln!(text, "  password {};", symbol(key.name));
    }
    if wired.bfd().is_some() {
        text += "  bfd on;\n";
    }
    if wired.meets_itself() {
        text += "  allow local as 1;   # other sites of the same number, by Global Reach\n";
    }
    let (limit, ends_session) = wired.limit();
    let action = if ends_session { "restart" } else { "warn" };
    let _ = writeln!(text, "  {} {{", channel(family));
    let _ = writeln!(text, "    import limit {limit} action {action};");
    let _ = writeln!(text, "    import filter {id}_in;\n    export filter {id}_out;\n  }};\n}}");
    text
}

fn keys(setup: &Setup<'_>) -> String {
    let mut text = setup.head("#", "MD5 keys, the same as on Microsoft's side; keep this file from others' eyes");
    for (name, value) in setup.keys() {
        let _ = writeln!(text, "define {} = \"{}\";", symbol(name), value.unwrap_or(&format!("KEY-OF-{name}")));
    }
    text
}

fn symbol(key: &str) -> String {
    format!("key_{}", key.replace('-', "_"))
}

fn channel(family: Family) -> &'static str {
    match family {
        Family::V4 => "ipv4",
        Family::V6 => "ipv6",
    }
}
