//! Operations: refused at every step in turn, killed between any two steps, delayed.

use super::run::settle_of;
use super::take::step_of;
use super::{Kind, Next, Step, StepFn};
use crate::app::{self, Verb};
use crate::rig::{Reply, Rig, network, order, row};
use arm_api::ArmError;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{Operation, Query, State};

/// A write that can be tried again and again from the same beginning.
struct Trial {
    name: &'static str,
    /// The kind of its operation.
    kind: &'static str,
    verb: Verb,
    path: String,
    body: Value,
}

/// One for each kind of operation on circuits and what belongs to them, new and changed.
fn trials() -> Vec<Trial> {
    let circuit = network("expressRouteCircuits/c1");
    let peering = |vlan: u32, key: &str| {
        json!({ "properties": {
            "peerASN": 65020, "vlanId": vlan, "sharedKey": key,
            "primaryPeerAddressPrefix": "10.0.0.0/30", "secondaryPeerAddressPrefix": "10.0.0.4/30",
        } })
    };
    let mut inline = order("Premium", 500);
    inline["properties"]["peerings"] = json!([]);
    inline["properties"]["authorizations"] = json!([{ "name": "a9" }]);
    let microsoft = json!({ "properties": {
        "peerASN": 3333, "vlanId": 7, "routeFilter": { "id": network("routeFilters/f1") },
        "primaryPeerAddressPrefix": "131.107.250.0/30", "secondaryPeerAddressPrefix": "131.107.250.4/30",
        "microsoftPeeringConfig": { "advertisedPublicPrefixes": ["131.107.0.0/24"] },
    } });
    let trial = |name, kind, verb, path: &str, body| Trial { name, kind, verb, path: path.to_owned(), body };
    vec![
        trial("new circuit", "put-circuit", Verb::Put, &network("expressRouteCircuits/c2"), order("Standard", 50)),
        trial("changed circuit", "put-circuit", Verb::Put, &circuit, inline),
        trial("new peering", "put-circuit", Verb::Put, &format!("{circuit}/peerings/MicrosoftPeering"), microsoft),
        trial(
            "changed peering",
            "put-circuit",
            Verb::Put,
            &format!("{circuit}/peerings/AzurePrivatePeering"),
            peering(9, "new"),
        ),
        trial("new authorization", "put-circuit", Verb::Put, &format!("{circuit}/authorizations/a2"), json!({})),
        trial(
            "deleted authorization",
            "delete-circuit",
            Verb::Delete,
            &format!("{circuit}/authorizations/a1"),
            Value::Null,
        ),
        trial(
            "deleted peering",
            "delete-circuit",
            Verb::Delete,
            &format!("{circuit}/peerings/AzurePrivatePeering"),
            Value::Null,
        ),
        trial("deleted circuit", "delete-circuit", Verb::Delete, &network("expressRouteCircuits/c3"), Value::Null),
    ]
}

/// A service with a circuit that has a private peering and an authorization, one that has nothing, and a filter.
async fn begin() -> Rig {
    let rig = Rig::new().await;
    let circuit = rig.circuit("c1").await;
    rig.circuit("c3").await;
    rig.provision(&circuit, "Provisioned").await.is(200);
    rig.put_to(&network("routeFilters/f1"), json!({ "location": "westeurope", "properties": {} })).await.is(201);
    rig.put_to(&format!("{circuit}/authorizations/a1"), json!({})).await.is(201);
    let peering = json!({ "properties": {
        "peerASN": 65020, "vlanId": 5, "sharedKey": "old",
        "primaryPeerAddressPrefix": "10.0.0.0/30", "secondaryPeerAddressPrefix": "10.0.0.4/30",
    } });
    rig.put_to(&format!("{circuit}/peerings/AzurePrivatePeering"), peering).await.is(201);
    rig
}

/// Everything that is stored, but for what every write changes and the state of the last write.
async fn all(rig: &Rig) -> BTreeMap<String, (Value, Value)> {
    let rows = rig.store.list(&Query::default()).await.unwrap();
    let plain = |mut document: Value| {
        if let Some(properties) = document["properties"].as_object_mut() {
            properties.remove("provisioningState");
            // A filter that nobody refers to says so, or says nothing.
            properties.retain(|key, value| !(key.to_lowercase().ends_with("peerings") && *value == json!([])));
            if let Some(config) = properties.get_mut("microsoftPeeringConfig").and_then(Value::as_object_mut) {
                config.remove("advertisedPublicPrefixesState");
            }
        }
        document
    };
    rows.into_iter().map(|row| (row.key.clone(), (plain(row.document), row.secrets.0))).collect()
}

fn kind(name: &str) -> Kind {
    super::find(app::KINDS, name).unwrap()
}

/// The kinds of the service, one of which refuses at a step.
fn refusing(name: &'static str, at: usize) -> Vec<&'static [Kind]> {
    let refuse: StepFn = |_, _| Box::pin(async { Err(ArmError::conflict("Injected", "as the test wants").into()) });
    let mut steps: Vec<Step> = kind(name).steps.to_vec();
    steps[at].run = refuse;
    let broken = Kind { steps: Box::leak(steps.into_boxed_slice()), ..kind(name) };
    vec![Box::leak(vec![broken].into_boxed_slice())]
}

async fn ask(rig: &Rig, trial: &Trial) -> Reply {
    let reply = rig.send(trial.verb, &trial.path, None, trial.body.clone()).await;
    assert!(reply.operation.is_some(), "{}: {:#}", trial.name, reply.body);
    reply
}

#[tokio::test]
async fn refused_at_any_step_everything_done_is_undone() {
    for trial in trials() {
        for at in 0..kind(trial.kind).steps.len() {
            let rig = begin().await;
            let before = all(&rig).await;
            let reply = ask(&rig, &trial).await;
            settle_of(&refusing(trial.kind, at), &*rig.store, &rig.settings, rig.now).await.unwrap();
            let operation = rig.operation(&reply).await;
            assert_eq!(operation.state, State::Failed, "{}", trial.name);
            assert_eq!(operation.error.unwrap()["code"], "Injected");
            assert_eq!(all(&rig).await, before, "{}, refused at step {at}", trial.name);
            // Nobody is kept off, and nothing is taken: the same again goes through.
            let again = rig.call(trial.verb, &trial.path, trial.body.clone()).await;
            assert!(again.status < 300, "{}, step {at}: {:#}", trial.name, again.body);
        }
    }
}

#[tokio::test]
async fn killed_between_any_two_steps_it_ends_the_same() {
    for trial in trials() {
        let whole = begin().await;
        ask(&whole, &trial).await;
        whole.settle().await;
        let keys = |rows: BTreeMap<String, (Value, Value)>| {
            rows.into_keys().filter(|key| !key.contains("crossconnection")).collect::<Vec<_>>()
        };
        let wanted = keys(all(&whole).await);
        for killed in 0..=kind(trial.kind).steps.len() {
            let rig = begin().await;
            let reply = ask(&rig, &trial).await;
            let taken = rig.store.take_due(rig.now, std::time::Duration::from_secs(10), 1).await.unwrap();
            let mut operation = taken.into_iter().next().unwrap();
            for _ in 0..killed {
                operation =
                    step_of(app::KINDS, &*rig.store, &rig.settings, &operation, rig.now).await.unwrap().unwrap();
            }
            // The process is gone; another one takes over when the lease has ended.
            let later = Rig { now: "2026-06-01T12:00:20Z".parse().unwrap(), ..rig.clone() };
            later.settle().await;
            assert_eq!(rig.state(&reply).await, State::Succeeded, "{} killed after {killed}", trial.name);
            assert_eq!(keys(all(&rig).await), wanted, "{} killed after {killed}", trial.name);
        }
    }
}

#[tokio::test]
async fn only_one_process_takes_a_step() {
    let rig = begin().await;
    let reply = ask(&rig, &trials()[0]).await;
    let operation = rig.operation(&reply).await;
    let first = step_of(app::KINDS, &*rig.store, &rig.settings, &operation, rig.now).await.unwrap();
    assert!(first.is_some());
    let second = step_of(app::KINDS, &*rig.store, &rig.settings, &operation, rig.now).await.unwrap();
    assert_eq!(second, None, "the step is taken");
}

#[tokio::test]
async fn a_kind_that_nobody_knows_waits() {
    let rig = begin().await;
    let reply = ask(&rig, &trials()[0]).await;
    settle_of(&[], &*rig.store, &rig.settings, rig.now).await.unwrap();
    let operation = rig.operation(&reply).await;
    assert_eq!(operation.state, State::InProgress);
    assert!(operation.due > rig.now);
}

#[tokio::test]
async fn steps_wait_and_go_on() {
    const WAITS: &[Kind] = &[Kind {
        name: "put-circuit",
        steps: &[Step {
            name: "wait",
            run: |_, operation| {
                Box::pin(async {
                    let first = operation.result.is_none();
                    operation.result = Some(json!({ "value": [] }));
                    Ok(if first { Next::Wait(std::time::Duration::from_secs(5)) } else { Next::Done })
                })
            },
            undo: None,
        }],
        undo: None,
    }];
    let rig = begin().await;
    let reply = ask(&rig, &trials()[0]).await;
    settle_of(&[WAITS], &*rig.store, &rig.settings, rig.now).await.unwrap();
    assert_eq!(rig.state(&reply).await, State::InProgress);
    let later = "2026-06-01T12:00:05Z".parse().unwrap();
    settle_of(&[WAITS], &*rig.store, &rig.settings, later).await.unwrap();
    assert_eq!(rig.state(&reply).await, State::Succeeded);
}

#[tokio::test]
async fn operators_slow_operations_down() {
    let rig = begin().await;
    let due = async |order: Value| -> i64 {
        rig.put(row("/twinpath/settings/delays", "twinpath/settings", order)).await;
        let reply = ask(&rig, &trials()[0]).await;
        let operation: Operation = rig.operation(&reply).await;
        let wait = operation.due.as_second() - rig.now.as_second();
        let later = Rig { now: "2026-06-01T13:00:00Z".parse().unwrap(), ..rig.clone() };
        later.settle().await;
        rig.put(row("/twinpath/settings/delays", "twinpath/settings", json!({ "mode": "instant" }))).await;
        rig.delete(&trials()[0].path).await.is(200);
        wait
    };
    assert_eq!(due(json!({ "mode": "fixed", "seconds": 7 })).await, 7);
    assert!(due(json!({ "mode": "realistic" })).await > 10);
    assert_eq!(due(json!({ "mode": "instant" })).await, 0);
}

#[tokio::test]
async fn the_loop_works_until_it_is_stopped() {
    let rig = begin().await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let settings = std::sync::Arc::new(rig.settings.clone());
    let works = tokio::spawn(super::run(rig.store.clone(), settings, stopped));
    let reply = ask(&rig, &trials()[0]).await;
    tokio::time::timeout(std::time::Duration::from_secs(20), async {
        let mut revision = 0;
        while rig.state(&reply).await == State::InProgress {
            revision = rig.store.changed(revision, std::time::Duration::from_secs(1)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(rig.state(&reply).await, State::Succeeded);
    stop.send(true).unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(20), works).await.unwrap().unwrap();
}
