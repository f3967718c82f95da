//! For programs: the plan itself.

use super::page::on_files;
use crate::plan::{CircuitPlan, Origin, Outer, PeeringPlan, Plan, Planned, Session};
use crate::steps::Step;
use crate::timeline::Timeline;
use serde_json::{Value, json};
use std::fmt::Display;

/// The plan as JSON; `files` are the design's in the commands.
pub fn value(plan: &Plan, time: &Timeline, files: &[String]) -> Value {
    let routers = plan.routers.iter().map(|router| {
        json!({
            "name": router.name,
            "site": text(router.site.as_ref()),
            "owner": router.owner.to_string(),
            "asn": router.asn.map(|asn| asn.0),
            "routerId": text(router.router_id),
        })
    });
    let vnets = plan.vnets.iter().map(|vnet| {
        json!({
            "name": vnet.name.to_string(),
            "region": vnet.region,
            "space": texts(&vnet.space),
            "gateway": text(vnet.gateway),
            "gatewaySubnet": planned(vnet.gateway_subnet),
            "gatewaySubnetV6": text(vnet.gateway_subnet_v6),
            "circuits": texts(&vnet.circuits),
        })
    });
    let pools = plan.nat.pools.iter().map(|pool| {
        json!({
            "name": pool.name.to_string(),
            "circuit": pool.circuit.to_string(),
            "link": text(pool.link),
            "prefixes": texts(&pool.prefixes),
            "flows": pool.flows,
            "peakFlows": pool.peak_flows,
            "file": crate::nat::file_name(pool),
        })
    });
    let published = plan.nat.published.iter().map(|flow| {
        json!({
            "name": flow.name.to_string(), "service": flow.service, "prefixes": texts(&flow.prefixes),
            "snat": flow.snat, "filter": flow.filter,
        })
    });
    let classes = plan.qos.iter().map(|class| {
        let marks = class.marks.iter().map(|mark| {
            json!({ "dscp": mark.dscp.number(), "name": mark.dscp.to_string(), "carries": mark.workload, "ports": mark.ports })
        });
        json!({ "name": class.name, "strict": class.strict, "share": class.share, "marks": marks.collect::<Vec<_>>() })
    });
    let chosen = plan.chosen.iter().map(
        |choice| json!({ "subject": choice.subject, "what": choice.what, "value": choice.value, "reason": choice.reason }),
    );
    let missing = plan.missing.iter().map(|missing| {
        json!({
            "subject": missing.subject, "what": missing.what, "ask": missing.ask.to_string(), "hint": missing.hint,
        })
    });
    json!({
        "company": plan.company,
        "subscription": plan.subscription,
        "cutover": text(plan.cutover),
        "circuits": plan.circuits.iter().map(circuit).collect::<Vec<_>>(),
        "routers": routers.collect::<Vec<_>>(),
        "vnets": vnets.collect::<Vec<_>>(),
        "nat": {
            "operator": text(plan.nat.operator),
            "placement": plan.nat.placement.to_string(),
            "sources": texts(&plan.nat.sources),
            "pools": pools.collect::<Vec<_>>(),
            "published": published.collect::<Vec<_>>(),
        },
        "qos": classes.collect::<Vec<_>>(),
        "steps": plan.steps.iter().map(|one| step(one, time, files)).collect::<Vec<_>>(),
        "timeline": {
            "today": time.today.to_string(),
            "earliest": time.earliest.to_string(),
            "criticalPath": time.path,
            "unknown": time.unknown,
        },
        "chosen": chosen.collect::<Vec<_>>(),
        "missing": missing.collect::<Vec<_>>(),
    })
}

fn circuit(circuit: &CircuitPlan) -> Value {
    json!({
        "name": circuit.name.to_string(),
        "provider": circuit.provider,
        "port": text(circuit.port.as_ref()),
        "location": circuit.location,
        "bandwidthMbps": circuit.bandwidth.map(model::Bandwidth::as_mbps),
        "sku": text(circuit.sku),
        "site": text(circuit.site.as_ref()),
        "region": circuit.region,
        "layer3": circuit.layer3.to_string(),
        "encapsulation": text(circuit.encapsulation),
        "globalReach": texts(&circuit.global_reach),
        "peerings": circuit.peerings.iter().map(peering).collect::<Vec<_>>(),
    })
}

fn peering(peering: &PeeringPlan) -> Value {
    let filter = peering.filter.iter().map(|entry| {
        json!({
            "wanted": entry.wanted.to_string(), "community": text(entry.community), "meaning": entry.meaning,
            "authorizationRequired": entry.gated,
        })
    });
    json!({
        "kind": peering.kind.to_string(),
        "vlan": peering.vlan.map(|vlan| with_origin(vlan.value.number().into(), vlan.origin)),
        "asn": peering.asn.map(|asn| with_origin(asn.value.0.into(), asn.origin)),
        "remoteAsn": with_origin(peering.remote_asn.value.0.into(), peering.remote_asn.origin),
        "customerAsn": peering.customer_asn.map(|asn| asn.0),
        "registry": peering.registry,
        "md5Key": peering.key,
        "routerMd5Key": peering.router_key,
        "bfd": planned(Some(peering.bfd)),
        "advertise": texts(&peering.advertise),
        "mostRoutes": { "ipv4": peering.expected[0], "ipv6": peering.expected[1], "documented": peering.expected_is_limit },
        "filter": filter.collect::<Vec<_>>(),
        "vnets": texts(&peering.vnets),
        "sessions": peering.sessions.iter().map(session).collect::<Vec<_>>(),
    })
}

fn session(session: &Session) -> Value {
    json!({
        "id": session.id,
        "link": session.link.to_string(),
        "family": session.family.to_string(),
        "router": session.router,
        "port": session.port,
        "outerTag": match session.outer {
            Outer::None => Value::Null,
            Outer::Tag(tag) => tag.number().into(),
            Outer::Assigned => "assigned by Microsoft".into(),
        },
        "edge": session.msee,
        "subnet": planned(session.subnet),
        "customer": planned(session.customer),
        "microsoft": planned(session.microsoft),
        "prepend": session.prepend,
        "advertise": texts(&session.advertise),
        "localPreference": session.preference,
    })
}

fn step(step: &Step, time: &Timeline, files: &[String]) -> Value {
    let done_on = step.number.checked_sub(1).and_then(|index| time.done.get(index));
    json!({
        "number": step.number,
        "action": step.action,
        "owner": step.owner.to_string(),
        "who": step.who,
        "what": step.what,
        "needs": step.needs,
        "leadDays": step.lead.days,
        "leadSource": step.lead.source,
        "leadNotes": step.lead.notes,
        "notBefore": text(step.not_before),
        "done": step.done,
        "earliest": text(done_on),
        "critical": time.path.contains(&step.number),
        "commands": step.commands.iter().map(|command| on_files(command, files)).collect::<Vec<_>>(),
        "files": step.files,
        "document": step.document,
        "rules": step.rules,
    })
}

fn planned<T: Display>(planned: Option<Planned<T>>) -> Value {
    planned.map_or(Value::Null, |planned| with_origin(planned.value.to_string().into(), planned.origin))
}

fn with_origin(value: Value, origin: Origin) -> Value {
    let origin = match origin {
        Origin::Design => "design",
        Origin::Derived => "derived",
        Origin::Chosen => "chosen",
    };
    json!({ "value": value, "origin": origin })
}

fn text(value: Option<impl Display>) -> Value {
    value.map_or(Value::Null, |value| value.to_string().into())
}

fn texts(values: &[impl Display]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}
