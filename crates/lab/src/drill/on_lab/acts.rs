//! How each act is done to a lab, and undone.

use super::flood::{self, Flood};
use super::load::{self, Loading};
use super::router::Router;
use super::{OnLab, ground};
use crate::drill::{Act, Link, Load, Seen, SeenKind};
use crate::topology::ProcessKind;
use crate::{Error, Lab, Program, node};
use client::Who;
use model::{Family, PeeringKind, Prefix};
use planner::Placed;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use ureq::http::Method;

/// What a failure keeps until it is undone.
#[derive(Default)]
pub(super) struct Kept {
    /// Route filters that were taken off, by circuit.
    filters: BTreeMap<String, Value>,
    /// Hand-offs with a wrong tag: the file and what it said.
    tags: BTreeMap<String, (PathBuf, String)>,
    /// Flows that fill a pool, by circuit.
    floods: BTreeMap<String, Flood>,
    /// What is sent over circuits, by circuit.
    loads: BTreeMap<String, Loading>,
}

/// Why a lab cannot do an act.
pub(super) fn obstacle(world: &OnLab<'_>, act: &Act) -> Option<String> {
    match act {
        Act::Reset { link } | Act::Shut { link } => {
            let sessions = sessions(world, link).ok()?;
            let missing = sessions.iter().find(|placed| !world.routers.contains_key(&placed.session.router))?;
            Some(format!("{} cannot be told to end a session", missing.session.router))
        }
        Act::Breach { link } => breach(world, link).err().map(|error| error.to_string()),
        Act::Mistag { link } => carrier(world, link).err().map(|error| error.to_string()),
        Act::Flood { circuit } => {
            to_microsoft(world, circuit).is_none().then(|| "no flow of it is translated".to_owned())
        }
        Act::Load { circuit, percent } => load_of(world, circuit, *percent).err().map(|error| error.to_string()),
        _ => None,
    }
}

/// Does it.
pub(super) fn act(world: &mut OnLab<'_>, act: &Act) -> Result<(), Error> {
    match act {
        Act::Cut { link, how } => world.lab.cut(link, *how),
        Act::Join { link } => world.lab.heal(link),
        Act::End { process } => world.lab.signal(process, "KILL"),
        Act::Kill { node } => kill(world, node),
        Act::Revive { node } => revive(world, node),
        Act::Reset { link } => each_session(world, link, Router::reset),
        Act::Shut { link } => each_session(world, link, |router, placed| router.allow(placed, false)),
        Act::Open { link } => each_session(world, link, |router, placed| router.allow(placed, true)),
        Act::Mistag { link } => mistag(world, link),
        Act::Retag { link } => retag(world, link),
        Act::Drain { link } => drain(world, link, true),
        Act::Undrain { link } => drain(world, link, false),
        Act::Breach { link } => {
            let (router, placed, more) = breach(world, link)?;
            router.breach(&placed, &more)
        }
        Act::Comply { link } => {
            let (router, placed, more) = breach(world, link)?;
            router.comply(&placed, &more)
        }
        Act::Detach { circuit } => detach(world, circuit),
        Act::Attach { circuit } => attach(world, circuit),
        Act::Flood { circuit } => flood(world, circuit),
        Act::Ebb { circuit } => match world.kept.floods.remove(circuit) {
            Some(flood) => flood.close(),
            None => Ok(()),
        },
        Act::Load { circuit, percent } => {
            let (ends, load) = load_of(world, circuit, *percent)?;
            world.kept.loads.insert(circuit.clone(), load::begin(&ends, load)?);
            Ok(())
        }
        Act::Unload { circuit } => {
            world.loads = world.kept.loads.remove(circuit).map_or(Ok(Vec::new()), Loading::end)?;
            Ok(())
        }
    }
}

/// Makes links whole and starts what does not run.
pub(super) fn mend(lab: &Lab) -> Result<(), Error> {
    lab.topology().links.iter().try_for_each(|link| lab.heal(&link.name))?;
    lab.topology().nodes.iter().try_for_each(|node| lab.routes(&node.name))?;
    lab.state().in_order().into_iter().try_for_each(|(_, program)| {
        program.hold(false)?;
        program.start()
    })
}

fn link<'w>(world: &'w OnLab<'_>, name: &str) -> Result<&'w Link, Error> {
    let found = world.offer.ground.links.iter().find(|link| link.name == name);
    found.ok_or_else(|| Error::No(format!("there is no link `{name}`")))
}

/// The sessions over a link.
fn sessions<'p>(world: &OnLab<'p>, name: &str) -> Result<Vec<Placed<'p>>, Error> {
    let link = link(world, name)?;
    let role = ground::role(link.side);
    let all = world.plan.sessions();
    let sessions: Vec<Placed<'p>> = all
        .filter(|placed| placed.circuit.name.as_str() == link.circuit && placed.session.link == role)
        .filter(|placed| placed.ends().is_some())
        .collect();
    match sessions.is_empty() {
        true => Err(Error::No(format!("no session runs over {name}"))),
        false => Ok(sessions),
    }
}

fn router<'w>(world: &'w OnLab<'_>, placed: &Placed<'_>) -> Result<&'w Router, Error> {
    let name = &placed.session.router;
    world.routers.get(name).ok_or_else(|| Error::No(format!("{name} cannot be told anything")))
}

fn each_session(
    world: &OnLab<'_>,
    link: &str,
    tell: impl Fn(&Router, &Placed<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    sessions(world, link)?.iter().try_for_each(|placed| tell(router(world, placed)?, placed))
}

/// The session on which too much is announced, by whom, and what: more specific prefixes of one of its own, one more than
/// the peering takes.
fn breach<'w, 'p>(world: &'w OnLab<'p>, name: &str) -> Result<(&'w Router, Placed<'p>, Vec<Prefix>), Error> {
    let is_private =
        |placed: &Placed<'_>| placed.peering.kind == PeeringKind::Private && placed.session.family == Family::V4;
    let placed = sessions(world, name)?.into_iter().find(is_private);
    let placed = placed.ok_or_else(|| Error::No(format!("no IPv4 session of private peering over {name}")))?;
    let tier = placed.circuit.sku.map_or_else(String::new, |sku| sku.tier.to_string());
    let limit = world.catalog.limit("route-limit", "ipv4-routes-to-private", &tier);
    let limit = limit.and_then(|limit| u32::try_from(limit).ok());
    let limit = limit.ok_or_else(|| Error::No(format!("the catalogue knows no limit of prefixes for `{tier}`")))?;
    // Each as long as leaves room for all.
    let bits = u8::try_from(u32::BITS - limit.leading_zeros()).unwrap_or(32);
    let roomy = |prefix: &&Prefix| !prefix.is_default_route() && prefix.length() + bits <= 32;
    let within = placed.session.advertise.iter().find(roomy);
    let within = within.ok_or_else(|| Error::No(format!("no prefix has room for {} more specific ones", limit + 1)))?;
    let length = within.length() + bits;
    let more = (0..=limit).filter_map(|index| Prefix::new(within.address(index << (32 - length))?, length)).collect();
    Ok((router(world, &placed)?, placed, more))
}

/// A router dies: its programs at once, and every cable of it loses its light at the other end.
fn kill(world: &OnLab<'_>, name: &str) -> Result<(), Error> {
    programs(&world.lab, name).try_for_each(|(_, program)| program.hold(true))?;
    cables(&world.lab, name, "down")?;
    programs(&world.lab, name).try_for_each(|(process, _)| world.lab.signal(process, "KILL"))
}

fn revive(world: &OnLab<'_>, name: &str) -> Result<(), Error> {
    cables(&world.lab, name, "up")?;
    world.lab.routes(name)?;
    programs(&world.lab, name).try_for_each(|(_, program)| {
        program.hold(false)?;
        program.start()
    })
}

/// The programs of a node, in the order of starting.
fn programs<'l>(lab: &'l Lab, node: &'l str) -> impl Iterator<Item = (&'l String, &'l Program)> {
    let programs = lab.state().in_order().into_iter();
    programs.filter(move |(_, program)| program.node.as_deref() == Some(node))
}

fn cables(lab: &Lab, name: &str, state: &str) -> Result<(), Error> {
    let mut lines = String::new();
    for link in lab.topology().links_of(name) {
        let end = usize::from(link.ends[1] == name);
        for lane in &link.lanes {
            lines += &format!("link set dev {} {state}\n", lane.devices[end]);
        }
    }
    node::run(Some(name), "ip", &["-batch", "-"], Some(&lines)).map(drop)
}

/// The process that hands a link over, and the file that says with which tags.
fn carrier(world: &OnLab<'_>, name: &str) -> Result<(String, PathBuf), Error> {
    let link = link(world, name)?;
    let edge = ground::edge_in(world.lab.topology(), &link.msee).unwrap_or_default();
    let carries = |kind: &ProcessKind| matches!(kind, ProcessKind::Carrier { edge: of } if of == edge);
    let process = world.lab.topology().processes.iter().find(|process| carries(&process.kind));
    let process = process.ok_or_else(|| Error::No(format!("nobody tags {name}")))?;
    let program = world.lab.state().programs.get(&process.name);
    let file = program.and_then(|program| program.args.last()).map(PathBuf::from);
    Ok((process.name.clone(), file.ok_or_else(|| Error::No(format!("{} was not started", process.name)))?))
}

/// The tag that no peering has: a slip of one.
fn mistag(world: &mut OnLab<'_>, name: &str) -> Result<(), Error> {
    let (process, file) = carrier(world, name)?;
    let failed = || Error::io(file.display().to_string());
    let text = std::fs::read_to_string(&file).map_err(failed())?;
    let wrong = |error: serde_json::Error| Error::No(format!("{}: {error}", file.display()));
    let mut hand_off: Value = serde_json::from_str(&text).map_err(wrong)?;
    let devices: Vec<String> = world.lab.link(name)?.lanes.iter().map(|lane| lane.devices[1].clone()).collect();
    for lane in hand_off["lanes"].as_array_mut().into_iter().flatten() {
        if devices.iter().any(|device| lane["device"] == device.as_str()) {
            let tag = lane["c_tag"].as_u64().unwrap_or(1);
            lane["c_tag"] = json!(if tag < 4094 { tag + 1 } else { tag - 1 });
        }
    }
    world.kept.tags.insert(name.to_owned(), (file.clone(), text));
    std::fs::write(&file, hand_off.to_string()).map_err(failed())?;
    again(world, &process)
}

fn retag(world: &mut OnLab<'_>, name: &str) -> Result<(), Error> {
    let Some((file, text)) = world.kept.tags.remove(name) else { return Ok(()) };
    std::fs::write(&file, text).map_err(Error::io(file.display().to_string()))?;
    let (process, _) = carrier(world, name)?;
    again(world, &process)
}

/// Ends a program and starts it again.
fn again(world: &mut OnLab<'_>, process: &str) -> Result<(), Error> {
    world.lab.signal(process, "KILL")?;
    // It is gone when the kernel says so.
    while world.lab.pid(process).is_some() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    world.lab.start(process)
}

/// Microsoft's part: the edge of a link is drained before it is worked on, or is back.
fn drain(world: &OnLab<'_>, name: &str, on: bool) -> Result<(), Error> {
    let link = link(world, name)?;
    let edge = ground::edge_in(world.lab.topology(), &link.msee);
    let edge = edge.ok_or_else(|| Error::No(format!("{} runs no edge", link.msee)))?;
    let path = format!("/operator/v1/edges/{edge}/maintenance");
    world.lab.client(Who::Operator)?.send(&Method::PUT, &path, Some(&json!({ "drain": on })))?;
    Ok(())
}

/// The Microsoft peering of a circuit at the service.
fn peering(world: &OnLab<'_>, circuit: &str) -> Result<(client::Client, String, Value), Error> {
    let client = world.lab.client(Who::Customer)?;
    let subscription = client.subscription.clone().unwrap_or_default();
    let all = format!("/subscriptions/{subscription}/providers/Microsoft.Network/expressRouteCircuits");
    let is_it = |found: &Value| found["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(circuit));
    let found = client.list(&all)?.into_iter().find(is_it);
    let found = found.ok_or_else(|| Error::No(format!("the service has no circuit `{circuit}`")))?;
    let path = format!("{}/peerings/MicrosoftPeering", found["id"].as_str().unwrap_or_default());
    let body = client.get(&path)?;
    Ok((client, path, body))
}

fn detach(world: &mut OnLab<'_>, circuit: &str) -> Result<(), Error> {
    let (client, path, mut body) = peering(world, circuit)?;
    let filter = body["properties"]["routeFilter"].take();
    if filter.is_null() {
        return Err(Error::No(format!("{circuit} has no route filter")));
    }
    world.kept.filters.insert(circuit.to_owned(), filter);
    put(world, &client, circuit, &path, body)
}

fn attach(world: &mut OnLab<'_>, circuit: &str) -> Result<(), Error> {
    let Some(filter) = world.kept.filters.remove(circuit) else { return Ok(()) };
    let (client, path, mut body) = peering(world, circuit)?;
    body["properties"]["routeFilter"] = json!({ "id": filter["id"] });
    put(world, &client, circuit, &path, body)
}

/// Writes a peering back. The service never shows its key, so that is said again.
fn put(world: &OnLab<'_>, client: &client::Client, circuit: &str, path: &str, mut body: Value) -> Result<(), Error> {
    let planned = world.plan.circuit(circuit);
    let peering = planned.and_then(|circuit| {
        let peering = circuit.peerings.iter().find(|peering| peering.kind == PeeringKind::Microsoft)?;
        // Of a managed peering the key is the provider's, and the service keeps what is not said.
        (peering.key.is_some() && circuit.layer3 != model::Layer3::Provider).then_some(circuit)
    });
    if let Some(circuit) = peering {
        body["properties"]["sharedKey"] = json!(crate::secret::key(&world.lab, &circuit.id, PeeringKind::Microsoft)?);
    }
    if body["properties"]["routeFilter"].is_null()
        && let Some(properties) = body["properties"].as_object_mut()
    {
        properties.remove("routeFilter");
    }
    client.finish(&Method::PUT, path, Some(&body), "route filter").map(drop).map_err(Error::from)
}

/// The two ends of a flow over a circuit's Microsoft peering: a site of its, and a service of Microsoft's.
fn to_microsoft(world: &OnLab<'_>, circuit: &str) -> Option<super::Ends> {
    let topology = world.lab.topology();
    let site = world.plan.circuit(circuit)?.site.clone();
    let ground = &world.offer.ground;
    let node = |ends: &super::Ends| topology.node(&ends.from.0).map(|node| node.place.clone());
    let is_its = |ends: &super::Ends| site.as_ref().is_none_or(|site| node(ends).as_deref() == Some(site.as_str()));
    let mut streams = ground.streams.iter().zip(&world.offer.streams);
    let is_translated = |info: &crate::drill::StreamInfo| info.kind == crate::drill::Kind::Microsoft;
    streams.find(|(info, ends)| is_translated(info) && is_its(ends)).map(|(_, ends)| ends.clone())
}

fn flood(world: &mut OnLab<'_>, circuit: &str) -> Result<(), Error> {
    use crate::drill::World;
    let ends = to_microsoft(world, circuit).ok_or_else(|| Error::No(format!("no flow of {circuit} is translated")))?;
    let translator = crate::routers::translator(world.lab.topology(), world.plan, circuit);
    let translator = translator.unwrap_or_else(|| ends.from.0.clone());
    let flood = flood::open(&ends.from.0, &translator, ends.from.1, ends.to.1)?;
    // Told by the translator's own counters, not by who was refused.
    if flood.counted > 0 {
        let about = format!("{} of {} flows refused, {} counted", flood.refused, flood.tried, flood.counted);
        let seen = Seen { at: world.now(), by: translator, kind: SeenKind::PoolExhausted, about };
        world.seen.push(seen);
    }
    world.kept.floods.insert(circuit.to_owned(), flood);
    Ok(())
}

/// The ends between which a circuit is loaded, and with what.
fn load_of(world: &OnLab<'_>, name: &str, percent: u16) -> Result<(super::Ends, Load), Error> {
    let missing = |what: &str| Error::No(format!("{name} has no {what}"));
    let ends = to_microsoft(world, name).ok_or_else(|| missing("site that reaches a service of Microsoft's"))?;
    let ground = &world.offer.ground;
    let circuit = ground.circuits.iter().find(|circuit| circuit.name == name);
    let line = circuit.and_then(|circuit| circuit.bandwidth).ok_or_else(|| missing("bandwidth"))?;
    let wanted = line * u64::from(percent) / 100;
    if let Some(why) = load::obstacle(wanted, crate::provider::tagging(&world.lab)?) {
        return Err(Error::No(format!("{percent} % of {name}: {why}")));
    }
    let is_voice = |(info, own): &(&crate::drill::StreamInfo, &super::Ends)| {
        info.is_answer() && info.class == "EF" && own.to == ends.from && own.from == ends.to
    };
    let voice = ground.streams.iter().zip(&world.offer.streams).filter(is_voice);
    let voice = voice.map(|(info, _)| u64::from(info.rate) * (u64::from(super::OCTETS) + load::HEADERS) * 8).sum();
    Ok((ends, Load { line, voice, wanted, ..Load::default() }))
}
