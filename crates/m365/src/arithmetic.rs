//! Exact arithmetic on prefixes: holes cut out, neighbours joined. No address is gained or lost.

use model::Prefix;

/// Adds to `out` what is left of a prefix without its holes.
pub fn subtract(prefix: Prefix, holes: &[Prefix], out: &mut Vec<Prefix>) {
    if holes.iter().any(|hole| hole.covers(prefix)) {
        return;
    }
    let inside: Vec<Prefix> = holes.iter().copied().filter(|hole| prefix.covers(*hole)).collect();
    match (inside.is_empty(), prefix.halves()) {
        (false, Some(halves)) => {
            subtract(halves.primary, &inside, out);
            subtract(halves.secondary, &inside, out);
        }
        (true, _) | (false, None) => out.push(prefix),
    }
}

/// The same addresses in as few prefixes as can be, in order.
pub fn aggregate(mut prefixes: Vec<Prefix>) -> Vec<Prefix> {
    prefixes.sort_unstable_by_key(|prefix| (prefix.network(), prefix.length()));
    let mut done: Vec<Prefix> = Vec::with_capacity(prefixes.len());
    for prefix in prefixes {
        if done.last().is_some_and(|last| last.covers(prefix)) {
            continue;
        }
        done.push(prefix);
        // Two halves make a whole, which may be a half again.
        while let [.., lower, upper] = done[..] {
            let Some(whole) = lower.length().checked_sub(1).and_then(|length| lower.resize(length)) else { break };
            let joined = whole.halves().is_some_and(|halves| halves.primary == lower && halves.secondary == upper);
            if !joined {
                break;
            }
            done.truncate(done.len() - 2);
            done.push(whole);
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{IpAddr, Ipv4Addr};

    fn prefixes() -> impl Strategy<Value = Vec<Prefix>> {
        let one = (any::<u8>(), 24u8..=32)
            .prop_map(|(last, length)| Prefix::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), length).unwrap());
        proptest::collection::vec(one, 0..12)
    }

    proptest! {
        #[test]
        fn every_address_is_kept_and_none_comes_in(keep in prefixes(), holes in prefixes()) {
            let mut left = Vec::new();
            for prefix in &keep {
                subtract(*prefix, &holes, &mut left);
            }
            let joined = aggregate(left);
            for last in 0..=255 {
                let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
                let within = |list: &[Prefix]| list.iter().filter(|prefix| prefix.contains(address)).count();
                let wanted = within(&keep) > 0 && within(&holes) == 0;
                prop_assert_eq!(within(&joined), usize::from(wanted));
            }
            for pair in joined.windows(2) {
                let whole = pair[0].resize(pair[0].length() - 1).unwrap();
                prop_assert!(!(whole.halves().unwrap().primary == pair[0] && whole.halves().unwrap().secondary == pair[1]));
            }
        }
    }
}
