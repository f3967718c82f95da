//! What a PAC file costs: its size, and how long Node.js takes for a decision.

use anyhow::{Context, ensure};
use m365::history::History;
use m365::pac::{self, Answers};
use m365::{Outputs, Policy, Split};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Decides for every host so often, and prints microseconds a decision.
const LOOP: &str = "
for (let i = 0; i < 20; i++) hosts.forEach(h => FindProxyForURL('https://' + h + '/', h));
const begun = process.hrtime.bigint();
for (let i = 0; i < 200; i++) hosts.forEach(h => FindProxyForURL('https://' + h + '/', h));
console.log(Number(process.hrtime.bigint() - begun) / 1000 / 200 / hosts.length);
";

/// Measures the PAC file of each worldwide snapshot and writes its part of the page.
pub(crate) fn measure() -> anyhow::Result<()> {
    let catalog = catalog::Catalog::builtin();
    let history = History::of(catalog)?;
    let answers = Answers {
        circuit: "DIRECT".into(),
        internet: "PROXY breakout.example.net:3128".into(),
        proxy: "PROXY proxy.example.net:8080".into(),
    };
    let mut page = format!(
        "Machine: {}. {}. Node.js {}.\n\n",
        super::machine(),
        super::today()?,
        crate::chores::output("node", &["--version"])?.trim()
    );
    writeln!(page, "The hosts are one for each name of the snapshot, wildcards filled.\n")?;
    writeln!(page, "| endpoints | names | size | a decision |\n| --- | ---: | ---: | ---: |")?;
    for (version, snapshot) in history.versions("Worldwide") {
        let split = Split::new(snapshot.clone(), Policy::of_flags(catalog, "Worldwide"));
        let names = Outputs::new(&split).names;
        let script = pac::script(&names, &answers, "bench")?;
        let hosts: Vec<String> = names.keys().map(|name| name.sample("some")).collect();
        let shim = "function shExpMatch(t, p) { return new RegExp('^' + p.replace(/[.]/g, '\\\\.').replace(/[*]/g, '.*') + '$').test(t); }";
        let program = format!("{shim}\n{script}\nconst hosts = {};\n{LOOP}", serde_json::to_string(&hosts)?);
        let mut node = Command::new("node").arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        node.stdin.take().context("node takes no program")?.write_all(program.as_bytes())?;
        let told = node.wait_with_output()?;
        ensure!(told.status.success(), "node failed");
        let micros: f64 = String::from_utf8(told.stdout)?.trim().parse()?;
        writeln!(
            page,
            "| worldwide {version} | {} | {:.1} KiB | {micros:.2} µs |",
            names.len(),
            script.len() as f64 / 1024.0
        )?;
    }
    super::write(super::Part::Pac, &page)
}
