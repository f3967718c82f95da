//! A network of fifty speakers, and all that can happen to it: connections that are lost or go dumb, operators that end
//! and begin sessions, speakers that crash and come back, origins that come and go. When it has been left alone
//! for a while, every table is the one that a naive model works out.
//!
//! Everything follows from the seed, which a failure names: `NETWORK_SEEDS=17..18 cargo test -p bgp-speaker --test network`.

mod naive;
mod net;
mod topology;

use net::Net;
use std::ops::Range;
use topology::{Dice, Topology};

fn play(seed: u64) -> Result<Net, String> {
    let mut dice = Dice::new(seed);
    let network = Topology::roll(50, &mut dice);
    let mut net = Net::new(network, dice);
    net.run()?;
    let down = net.down();
    if !down.is_empty() {
        return Err(format!("sessions (speaker, link) are down: {down:?}"));
    }
    let expected = naive::tables(&net.network);
    for (speaker, expected) in expected.iter().enumerate() {
        let table = net.table(speaker).map_err(|error| format!("speaker {speaker}: {error}"))?;
        if &table != expected {
            let prefixes: std::collections::BTreeSet<_> = table.keys().chain(expected.keys()).collect();
            let wrong = prefixes.into_iter().find(|prefix| table.get(prefix) != expected.get(prefix)).expect("one");
            let (is, must) = (table.get(wrong), expected.get(wrong));
            return Err(format!("speaker {speaker}, {wrong}:\n  is   {is:?}\n  must {must:?}"));
        }
    }
    Ok(net)
}

fn play_all(seeds: Range<u64>) {
    let seeds = match std::env::var("NETWORK_SEEDS") {
        Ok(text) => {
            let (from, to) = text.split_once("..").expect("NETWORK_SEEDS=from..to");
            from.parse().expect("a number")..to.parse().expect("a number")
        }
        Err(_) => seeds,
    };
    let failures: Vec<String> =
        seeds.filter_map(|seed| play(seed).err().map(|error| format!("seed {seed}: {error}"))).collect();
    assert!(failures.is_empty(), "{} networks did not come to rest:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_network_comes_to_rest_at_the_tables_of_a_naive_model() {
    play_all(0..25);
}

#[test]
#[ignore = "takes minutes; run with --release"]
fn a_thousand_networks_come_to_rest() {
    play_all(0..1000);
}
