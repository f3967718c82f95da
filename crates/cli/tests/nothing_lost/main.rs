//! Nothing lost: customers and a provider order at random while the service is killed at random, and what they were told
//! is held against what is there.
//!
//! A worker (`worker`) orders for a subscription of its own and knows exactly what has to be there (`oracle`): what was
//! acknowledged. Of what nobody answered, either all happened or nothing. All workers fight for names of circuits and
//! of public addresses. In the end every operation has ended, and the whole store is judged (`judge`): claims, children,
//! references, intents, the audit log.
//!
//! The size is `TWINPATH_LOST=ORDERS,KILLS` (`cargo xtask lost` runs the full one), the seed `TWINPATH_LOST_SEED`; it is
//! printed. What is chosen follows from the seed, when it happens does not.
#![allow(clippy::unwrap_used, reason = "a test ends where its service cannot be started")]
#![allow(clippy::disallowed_macros, reason = "the seed and what came of it are printed")]

mod client;
mod judge;
mod oracle;
mod random;
mod replica;
mod worker;

use client::{Account, Api, Site};
use oracle::{Contended, Known};
use random::Random;
use replica::Replica;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;
use testkit::postgres::Postgres;
use ureq::http::Method;
use worker::{GROUP, Worker};

/// How many order at once.
const WORKERS: u64 = 8;
/// Orders and kills, when nothing else is said: what takes half a minute.
const SIZE: (u32, u32) = (160, 10);

fn size() -> (u32, u32) {
    let said = std::env::var("TWINPATH_LOST").ok();
    said.map_or(SIZE, |said| {
        let (orders, kills) = said.split_once(',').expect("TWINPATH_LOST=ORDERS,KILLS");
        (orders.parse().unwrap(), kills.parse().unwrap())
    })
}

fn seed() -> u64 {
    let said = std::env::var("TWINPATH_LOST_SEED").ok().map(|seed| seed.parse().unwrap());
    said.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0)
}

/// Where everything happens.
struct Stage<'p> {
    folder: tempfile::TempDir,
    database: String,
    replicas: Vec<Replica>,
    /// The database's server, where it has one.
    cluster: Option<&'p Postgres>,
    /// Whether that is restarted underneath.
    restarts: bool,
}

#[test]
fn nothing_is_lost_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("twinpath.db").display());
    play(stage(folder, database, 1, None));
}

#[test]
fn nothing_is_lost_on_postgresql() {
    let cluster = Postgres::start().unwrap();
    let database = cluster.database("lost").unwrap();
    play(stage(tempfile::tempdir().unwrap(), database, 1, Some(&cluster)));
}

#[test]
fn nothing_is_lost_of_two_replicas_over_a_postgresql_that_is_restarted() {
    let cluster = Postgres::start().unwrap();
    let database = cluster.database("lost").unwrap();
    play(stage(tempfile::tempdir().unwrap(), database, 2, Some(&cluster)));
}

#[test]
fn a_first_start_that_is_killed_leaves_a_service_that_can_be_signed_in_to() {
    let seed = seed();
    println!("TWINPATH_LOST_SEED={seed}");
    let mut random = Random::new(seed, 3000);
    for _ in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("replica-0");
        let database = format!("sqlite:{}", folder.path().join("twinpath.db").display());
        let mut replica = Replica::new(&data, &database, None);
        for _ in 0..3 {
            let _ready = replica.begin();
            std::thread::sleep(Duration::from_micros(random.below(150_000)));
            replica.kill();
        }
        replica.start();
        let credentials: Value =
            serde_json::from_slice(&std::fs::read(data.join("credentials.json")).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let site =
            Site { addresses: vec![replica.address.clone()], tenant: text(&credentials["tenant"]), ..Site::default() };
        let account = &credentials["operator"];
        let account = Account { id: text(&account["clientId"]), secret: text(&account["clientSecret"]) };
        let operator = Api::new(&site, &data.join("ca.pem"), account, Random::new(seed, 1));
        assert_eq!(operator.read("/operator/v1/circuits").0, 200);
        assert_eq!(oracle::complaints(&site), Vec::<String>::new());
    }
}

fn stage(folder: tempfile::TempDir, database: String, replicas: usize, cluster: Option<&Postgres>) -> Stage<'_> {
    let mut all: Vec<Replica> = Vec::new();
    for number in 0..replicas {
        let data = folder.path().join(format!("replica-{number}"));
        let first = all.first().map(|first| first.address.clone());
        let database = match cluster {
            Some(_) => format!("{database}&application_name=replica-{number}"),
            None => database.clone(),
        };
        let mut replica = Replica::new(&data, &database, first.as_deref());
        if number > 0 {
            // One authority for the clients to trust.
            std::fs::create_dir(&data).unwrap();
            for file in ["ca.key", "ca.pem"] {
                std::fs::copy(folder.path().join("replica-0").join(file), data.join(file)).unwrap();
            }
        }
        replica.start();
        all.push(replica);
    }
    Stage { folder, database, replicas: all, cluster, restarts: replicas > 1 }
}

/// Orders, kills, judges.
fn play(mut stage: Stage<'_>) {
    let ((orders, kills), seed) = (size(), seed());
    println!("{orders} orders, {kills} kills, {} replicas, TWINPATH_LOST_SEED={seed}", stage.replicas.len());
    let data = stage.folder.path().join("replica-0");
    let credentials: Value = serde_json::from_slice(&std::fs::read(data.join("credentials.json")).unwrap()).unwrap();
    let site = Site {
        addresses: stage.replicas.iter().map(|replica| replica.address.clone()).collect(),
        tenant: credentials["tenant"].as_str().unwrap().to_owned(),
        may_be_away: stage.restarts,
        ..Site::default()
    };
    let contended = Contended::default();
    let mut workers = cast(&site, &data.join("ca.pem"), &credentials, &contended, seed);
    let left = AtomicU32::new(orders);
    let (tell, begun) = channel();
    std::thread::scope(|scope| {
        for worker in &mut workers {
            let (tell, left) = (tell.clone(), &left);
            scope.spawn(move || {
                while left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                    _ = tell.send(());
                    worker.turn();
                }
            });
        }
        drop(tell);
        let mut random = Random::new(seed, 1000);
        let mut when: Vec<u64> = (0..kills).map(|_| random.below(u64::from(orders))).collect();
        when.sort_unstable();
        let mut when = when.into_iter().enumerate().peekable();
        for (n, ()) in begun.iter().enumerate() {
            while let Some((kill, _)) = when.next_if(|(_, when)| *when <= n as u64) {
                disturb(&mut stage, &site, &mut random, kill);
            }
        }
        // Those that were due after the last order had begun.
        when.for_each(|(kill, _)| disturb(&mut stage, &site, &mut random, kill));
    });

    let mut wrong = judge::ended(&stage.database);
    let (mut own, mut fought_for) = (0, 0);
    for worker in &workers {
        own += worker.known.judge(&worker.api);
        worker.known.judge_absent(&worker.api, &worker.ever);
    }
    if let Some(worker) = workers.first() {
        fought_for = contended.judge(&worker.shared);
    }
    for replica in &mut stage.replicas {
        replica.kill();
        wrong.extend(replica.wrong());
    }
    wrong.extend(oracle::complaints(&site));
    wrong.extend(judge::store(&stage.database, stage.folder.path()));
    println!("{own} resources as acknowledged, {fought_for} fought for");
    for (outcome, times) in &*site.outcomes.lock().unwrap() {
        println!("{times:6} {outcome}");
    }
    if !wrong.is_empty() {
        let folder = stage.folder.keep();
        panic!("seed {seed}, see {}: {} faults\n{}", folder.display(), wrong.len(), wrong.join("\n"));
    }
}

/// Kills a replica a random moment from now, and starts it again; now and then once more while it starts. Every fifth
/// time the database is killed with it, if it may be. Nobody looks what came of an order while a database may still carry
/// out what a dead replica told it.
fn disturb(stage: &mut Stage<'_>, site: &Site, random: &mut Random, number: usize) {
    std::thread::sleep(Duration::from_micros(random.below(40_000)));
    let which = random.below(stage.replicas.len() as u64) as usize;
    if let Some(cluster) = stage.cluster.filter(|_| stage.restarts && number.is_multiple_of(5)) {
        cluster.restart().unwrap();
        std::thread::sleep(Duration::from_micros(random.below(40_000)));
    }
    let replica = &mut stage.replicas[which];
    {
        let _nobody_looks = site.undecided.write().unwrap();
        replica.kill();
        if let Some(cluster) = stage.cluster {
            cluster.forget(&format!("replica-{which}")).unwrap();
        }
    }
    if random.below(8) == 0 {
        let _ready = replica.begin();
        std::thread::sleep(Duration::from_micros(random.below(100_000)));
        replica.kill();
    }
    replica.start();
}

/// The provider, and customers with a subscription each.
fn cast<'s>(site: &'s Site, ca: &Path, credentials: &Value, contended: &'s Contended, seed: u64) -> Vec<Worker<'s>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let known = |who: &str| {
        let account = &credentials[who];
        Account { id: text(&account["clientId"]), secret: text(&account["clientSecret"]) }
    };
    let shared_subscription = text(&credentials["subscription"]);
    let operator = Api::new(site, ca, known("operator"), Random::new(seed, 2000));
    let enrolled = operator.make(&Method::POST, "/operator/v1/providers/Equinix/enroll", &json!({}));
    let carrier = Account { id: text(&enrolled["clientId"]), secret: text(&enrolled["secret"]) };
    let group = |api: &Api<'_>, subscription: &str| {
        let path = format!("/subscriptions/{subscription}/resourceGroups/{GROUP}?api-version=2024-03-01");
        api.make(&Method::PUT, &path, &json!({ "location": "westeurope" }));
    };
    let customer = Api::new(site, ca, known("customer"), Random::new(seed, 2001));
    group(&customer, &shared_subscription);
    let worker = |number: u64| {
        let part = |part: u64| Random::new(seed, 10 * number + part);
        let (mut ids, subscription) = (part(5), part(6).next());
        let subscription = uuid::Uuid::from_u64_pair(subscription, 1).to_string();
        let client = uuid::Uuid::from_u64_pair(ids.next(), 2);
        let about = json!({ "tenant": site.tenant, "displayName": format!("worker {number}") });
        operator.make(&Method::PUT, &format!("/operator/v1/subscriptions/{subscription}"), &about);
        let about = json!({ "tenant": site.tenant, "roles": { subscription.as_str(): "owner" } });
        let made = operator.make(&Method::PUT, &format!("/operator/v1/principals/{client}"), &about);
        let account = Account { id: client.to_string(), secret: text(&made["secret"]) };
        let api = Api::new(site, ca, account, part(1));
        group(&api, &subscription);
        Worker {
            number,
            api,
            provider: Api::new(site, ca, carrier.clone(), part(2)),
            carrier: text(&enrolled["subscriptionId"]),
            shared: Api::new(site, ca, known("customer"), part(3)),
            shared_subscription: shared_subscription.clone(),
            contended,
            subscription,
            random: part(4),
            known: Known::new(),
            ever: Vec::new(),
            users: Default::default(),
        }
    };
    (0..WORKERS).map(worker).collect()
}
