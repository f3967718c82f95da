//! The service with many circuits in its store, on SQLite and on PostgreSQL, and moto's records of Direct Connect beside.
//!
//! All of them run at the same time and are asked in turn, round after round, so that what else the machine does falls
//! on all alike. The service is asked over TLS by clients that keep their connections, moto over plain HTTP. A GET is of a
//! circuit drawn at random, a PUT orders a new one; what an order begins is carried out while others are asked for.

mod client;
mod fill;
mod moto;

use super::Part;
use anyhow::{Context, ensure};
use client::{Caller, Pace, pace};
use edge_api::{Side, edge_name};
use moto::Moto;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use testkit::postgres::Postgres;
use ureq::http::Method;

/// Options of `cargo xtask bench service`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many circuits are stored
    #[arg(long, default_value_t = 100_000)]
    circuits: u32,
    /// How many of them have a private peering
    #[arg(long, default_value_t = 10_000)]
    peered: u32,
    /// How many connections moto holds; it is slow to fill
    #[arg(long, default_value_t = 10_000)]
    moto: u32,
    /// How many rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// For how many seconds each is asked in a round
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many clients at once
    #[arg(long, default_value_t = 8)]
    clients: u32,
    /// How many peerings are put to see when their edge hears of it
    #[arg(long, default_value_t = 300)]
    peerings: u32,
}

const VERSION: &str = "api-version=2024-01-01";

/// A service that runs, with its store.
struct Subject {
    data: PathBuf,
    database: String,
    base: String,
    door: String,
    credentials: Value,
    child: Child,
    /// Milliseconds from the start of the process until it answered, run after run.
    starts: Vec<f64>,
    resting: u64,
    gets: Vec<Pace>,
    puts: Vec<Pace>,
    heard: Vec<f64>,
    made: u32,
}

impl Drop for Subject {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Measures, and writes its part of the page.
pub(crate) fn measure(options: &Options) -> anyhow::Result<()> {
    crate::chores::run("cargo", &["build", "--release", "--locked", "--package", "cli"])?;
    let folder = crate::root().join("target/bench/service");
    _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let locations = locations();
    let backup = folder.join("many");
    let data = folder.join("data");
    {
        crate::chores::say("bench: one circuit is ordered, and its rows multiplied");
        let database = format!("sqlite:{}", folder.join("one.db").display());
        let one = Subject::start(&data, &database)?;
        let service_key = order_template(&one)?;
        drop(one);
        runtime.block_on(store::backup(&database, &folder.join("one")))?;
        let size = (options.circuits, options.peered);
        fill::multiply(&folder.join("one"), &backup, &service_key, &locations, size)?;
    }
    let cluster = Postgres::start()?;
    let (file, database) = (format!("sqlite:{}", folder.join("many.db").display()), cluster.database("many")?);
    for address in [&file, &database] {
        crate::chores::say(&format!("bench: {} circuits into {}", options.circuits, &address[..8]));
        runtime.block_on(store::restore(address, &backup))?;
    }
    std::fs::remove_file(&backup)?;
    let mut subjects = [Subject::start(&data, &file)?, Subject::start(&data, &database)?];
    for subject in &mut subjects {
        subject.starts.clear();
        for _ in 0..7 {
            subject.restart()?;
        }
        subject.resting = memory(subject.child.id(), "VmRSS")?;
    }

    crate::chores::say(&format!("bench: {} connections into moto", options.moto));
    let moto = Moto::start(port()?)?;
    let client = moto.client();
    let ids: Vec<String> = (0..options.moto).map(|n| client.create(&format!("c-{n}"))).collect::<Result<_, _>>()?;
    let (mut moto_gets, mut moto_puts) = (Vec::new(), Vec::new());
    let load = loads()?;
    let time = Duration::from_secs(options.seconds);
    for round in 0..options.rounds {
        crate::chores::say(&format!("bench: round {} of {}", round + 1, options.rounds));
        for subject in &mut subjects {
            subject.get(options, time, &locations)?;
        }
        let workers = (0..options.clients).map(|n| {
            let (client, ids) = (moto.client(), &ids);
            move |times: u64| client.describe(&ids[drawn(u64::from(n), times) as usize % ids.len()])
        });
        moto_gets.push(pace(workers.collect(), time)?);
        for subject in &mut subjects {
            subject.put(options, time, &locations, round)?;
        }
        let workers = (0..options.clients).map(|n| {
            let client = moto.client();
            move |times: u64| client.create(&format!("new-{round}-{n}-{times}")).map(drop)
        });
        moto_puts.push(pace(workers.collect(), time)?);
    }
    crate::chores::say("bench: from PUT to the edge");
    for batch in 0..options.peerings.div_ceil(50) {
        for subject in &mut subjects {
            subject.hear(batch * 50, 50, &locations, options)?;
        }
    }
    let page = page(options, &subjects, (&moto_gets, &moto_puts), &moto, &load)?;
    drop(subjects);
    _ = std::fs::remove_dir_all(&folder);
    super::write(Part::Service, &page)
}

/// Locations of the provider whose names stand for themselves in keys, the one of the template first.
fn locations() -> Vec<String> {
    let catalog = catalog::Catalog::builtin();
    let all = catalog.provider("Equinix").into_iter().flat_map(|provider| provider.all_locations());
    let mut plain: Vec<String> =
        all.filter(|name| name.chars().all(|c| c.is_ascii_alphabetic())).map(str::to_owned).collect();
    plain.sort_by_key(|name| (name != fill::LOCATION, name.clone()));
    plain.dedup();
    plain
}

/// A number that looks drawn, the same in every run.
fn drawn(client: u64, times: u64) -> u64 {
    let mut z = (client << 40 ^ times).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (z ^ (z >> 27)) >> 16
}

fn order() -> Value {
    json!({
        "location": "westeurope", "sku": { "tier": "Standard", "family": "MeteredData" },
        "properties": { "serviceProviderProperties": {
            "serviceProviderName": "Equinix", "peeringLocation": fill::LOCATION, "bandwidthInMbps": 1000,
        } },
    })
}

fn peering(vlan: u32) -> Value {
    json!({ "properties": {
        "peerASN": 65010, "vlanId": vlan, "primaryPeerAddressPrefix": "192.168.15.16/30",
        "secondaryPeerAddressPrefix": "192.168.15.20/30",
    } })
}

/// Orders, hands over and peers one circuit. Gives its service key.
fn order_template(subject: &Subject) -> anyhow::Result<String> {
    let (operator, customer) = (subject.caller("operator")?, subject.caller("customer")?);
    let (enrolled, _) = operator.ask(Method::POST, "/operator/v1/providers/Equinix/enroll", Some(&json!({})))?;
    let text = |key: &str| enrolled[key].as_str().unwrap_or_default().to_owned();
    let group = format!("/subscriptions/{}/resourceGroups/{}", subject.subscription(), fill::GROUP);
    customer.ask(
        Method::PUT,
        &format!("{group}?api-version=2024-03-01"),
        Some(&json!({ "location": "westeurope" })),
    )?;
    let circuit = subject.circuit(fill::GROUP, fill::CIRCUIT);
    customer.finish(Method::PUT, &format!("{circuit}?{VERSION}"), Some(&order()))?;
    let (shown, _) = customer.ask(Method::GET, &format!("{circuit}?{VERSION}"), None)?;
    let key = shown["properties"]["serviceKey"].as_str().context("no service key")?.to_owned();
    let tenant = subject.credentials["tenant"].as_str().unwrap_or_default();
    let (ca, account) = (subject.data.join("ca.pem"), (&*text("clientId"), &*text("secret")));
    let provider = Caller::new(&ca, &subject.base, tenant, account)?;
    let cross = format!(
        "/subscriptions/{}/resourceGroups/CrossConnection-{}/providers/Microsoft.Network/expressRouteCrossConnections/{key}?{VERSION}",
        text("subscriptionId"),
        fill::LOCATION
    );
    let body = json!({ "location": "westeurope", "properties": { "serviceProviderProvisioningState": "Provisioned" } });
    provider.finish(Method::PUT, &cross, Some(&body))?;
    let path = format!("{circuit}/peerings/AzurePrivatePeering?{VERSION}");
    customer.finish(Method::PUT, &path, Some(&peering(100)))?;
    Ok(key)
}

impl Subject {
    fn start(data: &Path, database: &str) -> anyhow::Result<Self> {
        let (base, door) = (format!("https://127.0.0.1:{}", port()?), format!("127.0.0.1:{}", port()?));
        let (child, took) = spawn(data, database, &base, &door)?;
        let credentials = serde_json::from_slice(&std::fs::read(data.join("credentials.json"))?)?;
        let (data, database, starts) = (data.to_owned(), database.to_owned(), vec![took]);
        let (gets, puts, heard) = Default::default();
        Ok(Self { data, database, base, door, credentials, child, starts, resting: 0, gets, puts, heard, made: 0 })
    }

    fn restart(&mut self) -> anyhow::Result<()> {
        crate::chores::output("kill", &[&self.child.id().to_string()])?;
        self.child.wait()?;
        let (child, took) = spawn(&self.data, &self.database, &self.base, &self.door)?;
        self.child = child;
        self.starts.push(took);
        Ok(())
    }

    fn caller(&self, who: &str) -> anyhow::Result<Caller> {
        let account = |key: &str| self.credentials[who][key].as_str().unwrap_or_default();
        let tenant = self.credentials["tenant"].as_str().unwrap_or_default();
        let account = (account("clientId"), account("clientSecret"));
        Caller::new(&self.data.join("ca.pem"), &self.base, tenant, account)
    }

    fn subscription(&self) -> &str {
        self.credentials["subscription"].as_str().unwrap_or_default()
    }

    fn circuit(&self, group: &str, name: &str) -> String {
        let subscription = self.subscription();
        format!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/expressRouteCircuits/{name}"
        )
    }

    fn callers(&self, count: u32) -> anyhow::Result<Vec<Caller>> {
        let first = self.caller("customer")?;
        (0..count).map(|_| first.again(&self.data.join("ca.pem"))).collect()
    }

    fn get(&mut self, options: &Options, time: Duration, locations: &[String]) -> anyhow::Result<()> {
        let this = &*self;
        let workers = (0..).zip(self.callers(options.clients)?).map(|(n, caller)| {
            move |times: u64| {
                let number = (drawn(n, times) % u64::from(options.circuits)) as u32;
                let path = this.circuit(&fill::group(number), &fill::circuit(number));
                let (seen, _) = caller.ask(Method::GET, &format!("{path}?{VERSION}"), None)?;
                let place = &seen["properties"]["serviceProviderProperties"]["peeringLocation"];
                ensure!(*place == fill::location(locations, number), "{path}: {seen}");
                Ok(())
            }
        });
        let got = pace(workers.collect(), time)?;
        self.gets.push(got);
        Ok(())
    }

    fn put(&mut self, options: &Options, time: Duration, locations: &[String], round: usize) -> anyhow::Result<()> {
        let this = &*self;
        let workers = (0..).zip(self.callers(options.clients)?).map(|(n, caller): (u32, Caller)| {
            move |times: u64| {
                let path = this.circuit(&fill::group(n), &format!("new-{round}-{n}-{times}"));
                let mut body = order();
                // A pair of ports has 4,094 tags, most of which are taken.
                let place = fill::location(locations, drawn(u64::from(n), times) as u32);
                body["properties"]["serviceProviderProperties"]["peeringLocation"] = json!(place);
                caller.ask(Method::PUT, &format!("{path}?{VERSION}"), Some(&body)).map(drop)
            }
        });
        let put = pace(workers.collect(), time)?;
        self.made += (put.rate * time.as_secs_f64()) as u32;
        self.puts.push(put);
        Ok(())
    }

    /// Puts peerings again with another VLAN, one after the other, and takes the time until an edge that waits has the
    /// intent: from before the PUT is sent until the whole answer to the edge is read.
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    fn hear(&mut self, from: u32, count: u32, locations: &[String], options: &Options) -> anyhow::Result<()> {
        let edge = edge_name(fill::LOCATION, Side::Primary);
        let certificates = control::server::Certificates::open(&self.data, control::clock::now())?;
        let (certificate, key) = certificates.edge(&edge, control::clock::now())?;
        let agent = client::agent(&self.data.join("ca.pem"), Some((&certificate, &key)))?;
        let ask = move |url: &str, after: u64| -> anyhow::Result<Value> {
            let mut answer = agent.get(format!("{url}/edge/v1/intents?after={after}&wait=30")).call()?;
            Ok(serde_json::from_str(&answer.body_mut().with_config().limit(1 << 30).read_to_string()?)?)
        };
        let url = format!("https://{}", self.door);
        let mut after = ask(&url, 0)?["revision"].as_u64().context("no revision")?;
        let (tell, told) = channel();
        let (quit, quitting) = channel::<()>();
        let waits = std::thread::spawn(move || -> anyhow::Result<()> {
            while quitting.try_recv().is_err() {
                let news = ask(&url, after)?;
                let now = Instant::now();
                after = news["revision"].as_u64().context("no revision")?;
                for intent in news["intents"].as_array().into_iter().flatten() {
                    let vlan = intent["vlan"].as_u64().unwrap_or_default();
                    _ = tell.send((intent["key"].as_str().unwrap_or_default().to_owned(), vlan, now));
                }
            }
            Ok(())
        });
        let customer = self.caller("customer")?;
        let every = locations.len() as u32;
        for number in (from..from + count).map(|n| n % (options.peered / every) * every) {
            let circuit = self.circuit(&fill::group(number), &fill::circuit(number));
            let path = format!("{circuit}/peerings/AzurePrivatePeering");
            let vlan = 200 + (from / 50) * 60 + number % 50;
            let asked = Instant::now();
            customer.finish(Method::PUT, &format!("{path}?{VERSION}"), Some(&peering(vlan)))?;
            let heard = loop {
                let (key, seen, heard) =
                    told.recv_timeout(Duration::from_secs(20)).context("the edge hears nothing")?;
                if key == path.to_lowercase() && seen == u64::from(vlan) {
                    break heard;
                }
            };
            self.heard.push(heard.duration_since(asked).as_secs_f64() * 1000.0);
        }
        _ = quit.send(());
        // One more change, so that the edge's last question is answered.
        let last =
            format!("{}/peerings/AzurePrivatePeering?{VERSION}", self.circuit(&fill::group(0), &fill::circuit(0)));
        customer.finish(Method::PUT, &last, Some(&peering(100 + from % 50)))?;
        customer.finish(Method::PUT, &last, Some(&peering(101 + from % 50)))?;
        waits.join().map_err(|_| anyhow::anyhow!("the edge panicked"))?
    }
}

/// Starts the service, and gives the milliseconds until it says that it is ready.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn spawn(data: &Path, database: &str, base: &str, door: &str) -> anyhow::Result<(Child, f64)> {
    let listen = base.trim_start_matches("https://");
    let began = Instant::now();
    let mut child = Command::new(crate::root().join("target/release/twinpath"))
        .args(["serve", "--no-edges", "--listen", listen, "--base", base, "--edge-listen", door])
        .args(["--database", database, "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("twinpath")?;
    let mut lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
    let ready = lines.any(|line| line.is_ok_and(|line| line.starts_with("ready")));
    ensure!(ready, "the service does not start: {:?}", child.wait());
    let took = began.elapsed().as_secs_f64() * 1000.0;
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    Ok((child, took))
}

/// A figure of a process's memory, in KiB.
fn memory(process: u32, figure: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with(figure)).context("no such figure")?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
}

/// What else the machine does: how many programs wanted to run, in the last minutes.
fn loads() -> anyhow::Result<String> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').take(2).collect::<Vec<_>>().join(" and "))
}

fn page(
    options: &Options,
    subjects: &[Subject; 2],
    moto: (&[Pace], &[Pace]),
    process: &Moto,
    load: &str,
) -> anyhow::Result<String> {
    let mut page = format!("Machine: {}. {}.\n\n", super::machine(), super::today()?);
    writeln!(
        page,
        "{} circuits are stored, {} of them with a private peering, in one subscription. {} clients ask over TLS on \
         connections that stay open; they run on the same cores. Medians of {} rounds of {} s, in which SQLite, \
         PostgreSQL and {} with {} connections of Direct Connect (in memory, plain HTTP, one Python process) are asked \
         in turn. Other programs ran as well: the load was {load} before (1 and 5 minutes), {} after.\n",
        options.circuits,
        options.peered,
        options.clients,
        options.rounds,
        options.seconds,
        moto::MOTO,
        options.moto,
        loads()?
    )?;
    writeln!(page, "| figure | SQLite | PostgreSQL | moto | SQLite / moto |\n| --- | ---: | ---: | ---: | ---: |")?;
    let rows = [
        ("GET of a circuit", [&subjects[0].gets, &subjects[1].gets], moto.0),
        ("PUT of a new circuit, on disk", [&subjects[0].puts, &subjects[1].puts], moto.1),
    ];
    for (what, ours, theirs) in rows {
        let [one, two] = ours.map(|rounds| Pace::median(rounds));
        let other = Pace::median(theirs);
        writeln!(
            page,
            "| {what}, a second | {:.0} | {:.0} | {:.0} | {:.1} |",
            one.rate,
            two.rate,
            other.rate,
            one.rate / other.rate
        )?;
        for (name, figure) in [("p50", (|pace| pace.p50) as fn(&Pace) -> f64), ("p99", |pace| pace.p99)] {
            let [one, two, other] = [&one, &two, &other].map(figure);
            writeln!(page, "| {what}, {name}, ms | {one:.2} | {two:.2} | {other:.2} | {:.2} |", one / other)?;
        }
    }
    let [one, two] = subjects.each_ref().map(|subject| Pace::of(subject.heard.clone(), 1.0));
    for (name, figure) in [("p50", (|pace| pace.p50) as fn(&Pace) -> f64), ("p99", |pace| pace.p99)] {
        writeln!(
            page,
            "| PUT of a peering until its edge has the intent, {name}, ms | {:.1} | {:.1} | – | – |",
            figure(&one),
            figure(&two)
        )?;
    }
    let [one, two] = subjects.each_ref().map(|subject| Pace::of(subject.starts.clone(), 1.0));
    writeln!(
        page,
        "| start until ready, median of {}, ms | {:.0} | {:.0} | – | – |",
        subjects[0].starts.len(),
        one.p50,
        two.p50
    )?;
    let worst = |subject: &Subject| subject.starts.iter().copied().fold(0.0, f64::max);
    writeln!(
        page,
        "| start until ready, the longest, ms | {:.0} | {:.0} | – | – |",
        worst(&subjects[0]),
        worst(&subjects[1])
    )?;
    let mib = |kib: u64| kib as f64 / 1024.0;
    let [one, two] = subjects.each_ref().map(|subject| mib(subject.resting));
    writeln!(page, "| memory after the start, MiB | {one:.1} | {two:.1} | – | – |")?;
    let peak = |process: u32| memory(process, "VmHWM").map(mib);
    let [one, two] = [peak(subjects[0].child.id())?, peak(subjects[1].child.id())?];
    let other = peak(process.process())?;
    writeln!(page, "| memory at most, MiB | {one:.1} | {two:.1} | {other:.1} | {:.2} |", one / other)?;
    writeln!(
        page,
        "\nThe peerings of the last rows are put one after the other in a store that had grown by then to {} (SQLite) and \
         {} (PostgreSQL) circuits more. PostgreSQL's own processes are not in its memory. {} peerings on each.",
        subjects[0].made,
        subjects[1].made,
        subjects[0].heard.len()
    )?;
    Ok(page)
}
