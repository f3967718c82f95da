//! PAC files, run by a JavaScript engine: Node.js, which `scripts/needs` installs.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

use catalog::Catalog;
use m365::history::History;
use m365::pac::{self, Answers};
use m365::{Outputs, Policy, Split, Way};
use model::PacStep;
use std::io::Write;
use std::process::{Command, Stdio};

/// What browsers give a PAC file, of all of which the script uses one: a pattern as the first browser read it.
const ENGINE: &str = r#"
function shExpMatch(text, pattern) {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.');
  return new RegExp('^' + escaped + '$').test(text);
}
"#;

fn answers() -> Answers {
    Answers { circuit: "DIRECT".into(), internet: "PROXY breakout:3128".into(), proxy: "PROXY proxy:8080".into() }
}

fn run(script: &str, hosts: &[String]) -> Vec<String> {
    let hosts: Vec<String> = hosts.iter().map(|host| format!("\"{host}\"")).collect();
    let program = format!(
        "{ENGINE}\n{script}\nconst hosts=[{}];\nconsole.log(hosts.map(h => FindProxyForURL('https://' + h + '/', h)).join('\\n'));",
        hosts.join(",")
    );
    let mut node = Command::new("node")
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node.js is needed: `apt-get install nodejs`");
    node.stdin.take().unwrap().write_all(program.as_bytes()).unwrap();
    let out = node.wait_with_output().unwrap();
    assert!(out.status.success());
    String::from_utf8(out.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn answer(answers: &Answers, way: Way) -> &str {
    match way {
        Way::Circuit => &answers.circuit,
        Way::Internet => &answers.internet,
        Way::Proxy | Way::Blocked => &answers.proxy,
    }
}

#[test]
fn the_script_decides_as_the_split_for_every_name_of_every_snapshot() {
    let history = History::of(Catalog::builtin()).unwrap();
    let answers = answers();
    for instance in history.instances() {
        for (version, snapshot) in history.versions(instance) {
            let split = Split::new(snapshot.clone(), Policy::of_flags(Catalog::builtin(), instance));
            let outputs = Outputs::new(&split);
            let script = pac::script(&outputs.names, &answers, "test").unwrap();
            let mut hosts: Vec<String> = Vec::new();
            for url in outputs.names.keys() {
                hosts.extend(["x", "a.b", "login", "constructor", "www.evil.net"].map(|fill| url.sample(fill)));
                // A name that only looks like it, the name itself, in capitals, with the dot of the root.
                hosts.push(format!("x{}", url.sample("y")));
                hosts.push(format!("{}.evil.net", url.sample("y")));
                hosts.push(url.sample("z").to_uppercase());
                hosts.push(format!("{}.", url.sample("z")));
            }
            hosts.extend(["__proto__", "constructor", "com", "", "192.0.2.1"].map(str::to_owned));
            let told = run(&script, &hosts);
            assert_eq!(told.len(), hosts.len());
            for (host, told) in hosts.iter().zip(&told) {
                let way = split.host(host, None).decision.way;
                assert_eq!(told, answer(&answers, way), "{instance} {version} {host}");
            }
            let internet = snapshot.sets.iter().filter(|set| !set.express_route).flat_map(|set| &set.urls);
            let internet: Vec<String> = internet.map(m365::Pattern::to_string).collect();
            for (url, told) in internet.iter().zip(run(&script, &internet)) {
                // The name of a wildcard itself is a host that it fits.
                assert_ne!(told, answers.circuit, "{instance} {version} {url}");
            }
        }
    }
}

#[test]
fn the_order_is_the_one_that_microsoft_asks_for() {
    let history = History::of(Catalog::builtin()).unwrap();
    for (version, snapshot) in history.versions("Worldwide") {
        let split = Split::new(snapshot.clone(), Policy::of_flags(Catalog::builtin(), "Worldwide"));
        let order = pac::order(&Outputs::new(&split).names);
        assert_eq!(order, [PacStep::InternetOnly, PacStep::ExpressRoute, PacStep::Rest], "{version}");
    }
}

/// By hand, as Chromium is large: `cargo nextest run -p m365 --run-ignored only`.
#[test]
#[ignore = "needs Chromium"]
fn chromium_decides_as_the_split() {
    let history = History::of(Catalog::builtin()).unwrap();
    let (_, snapshot) = history.latest("Worldwide").unwrap();
    let split = Split::new(snapshot.clone(), Policy::of_flags(Catalog::builtin(), "Worldwide"));
    let proxy = |index: usize| format!("PROXY 127.0.0.1:6000{index}");
    let answers = Answers { circuit: proxy(0), internet: proxy(1), proxy: proxy(2) };
    let names = Outputs::new(&split).names;
    let folder = std::env::temp_dir().join(format!("pac-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("proxy.pac");
    std::fs::write(&file, pac::script(&names, &answers, "test").unwrap()).unwrap();
    let mut hosts: Vec<String> = names.keys().map(|name| name.sample("some")).collect();
    hosts.extend(["www.example.org", "office.com.example.org"].map(str::to_owned));
    let mut node = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chromium.mjs"))
        .arg(&file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(hosts.join("\n").as_bytes()).unwrap();
    let out = node.wait_with_output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let told = String::from_utf8(out.stdout).unwrap();
    let told: Vec<(&str, &str)> = told.lines().filter_map(|line| line.split_once(' ')).collect();
    assert_eq!(told.len(), hosts.len());
    for (host, proxy) in told {
        let wanted = match split.host(host, None).decision.way {
            Way::Circuit => "0",
            Way::Internet => "1",
            Way::Proxy | Way::Blocked => "2",
        };
        assert_eq!(proxy, wanted, "{host}");
    }
}
