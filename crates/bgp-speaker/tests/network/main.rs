//! A network of fifty speakers, and all that can happen to it: connections that are lost or go dumb, operators that end
//! and begin sessions, speakers that crash and come back, origins that come and go. When it has been left alone
//! for a while, every table is the one that a naive model works out.
//!
//! Everything follows from the seed, which a failure names. One network alone:
//! `NETWORK_SEEDS=17..18 cargo test -p bgp-speaker --test network networks_0`.

mod naive;
mod net;
mod topology;

use net::Net;
use std::collections::BTreeSet;
use std::ops::Range;
use topology::{Dice, Topology};

fn play(seed: u64) -> Result<(), String> {
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
            let prefixes: BTreeSet<_> = table.keys().chain(expected.keys()).collect();
            let wrong = prefixes.into_iter().find(|prefix| table.get(prefix) != expected.get(prefix)).expect("one");
            let (is, must) = (table.get(wrong), expected.get(wrong));
            return Err(format!("speaker {speaker}, {wrong}:\n  is   {is:?}\n  must {must:?}"));
        }
    }
    Ok(())
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

/// Some networks in several tests, so that they run beside each other.
macro_rules! networks {
    ($($name:ident: $seeds:expr;)*) => {
        $(#[test]
        fn $name() {
            play_all($seeds);
        })*
    };
}

networks! {
    networks_0_to_9_come_to_rest: 0..10;
    networks_10_to_19_come_to_rest: 10..20;
    networks_20_to_29_come_to_rest: 20..30;
    networks_30_to_39_come_to_rest: 30..40;
}

#[test]
#[ignore = "takes a minute or more; cargo test --release -p bgp-speaker --test network -- --ignored"]
fn a_thousand_networks_come_to_rest() {
    play_all(0..1000);
}
