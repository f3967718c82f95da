//! The edge beside the BGP daemons of Debian: a test for each cell of the matrix.
//!
//! `cargo xtask interop` runs them, many at a time, and holds the table of the book against what they found;
//! see `crates/interop`. A cell that cannot run here says why and passes; the chore sees that it has no result.

use interop::Peer;
use std::path::{Path, PathBuf};

fn play(peer: Peer, feature: &str) {
    let results = std::env::var_os("INTEROP_RESULTS")
        .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop"), PathBuf::from);
    interop::play(peer, feature, Path::new(env!("CARGO_BIN_EXE_twinpath")), &results);
}

macro_rules! cells {
    ($($feature:ident)*) => {
        cells! { @peers [$($feature)*] bird Bird, frr Frr, gobgp Gobgp, openbgpd Openbgpd, exabgp Exabgp }

        #[test]
        fn every_row_of_the_matrix_is_played() {
            let rows: Vec<&str> = interop::Feature::ALL.iter().map(|feature| feature.name).collect();
            assert_eq!(rows, [$(stringify!($feature)),*]);
        }
    };
    (@peers $features:tt $($module:ident $peer:ident),*) => {
        $(cells! { @peer $features $module $peer })*
    };
    (@peer [$($feature:ident)*] $module:ident $peer:ident) => {
        mod $module {
            $(
                #[test]
                fn $feature() {
                    super::play(interop::Peer::$peer, stringify!($feature));
                }
            )*
        }
    };
}

cells! {
    establish ipv4 ipv6 four_octet_as md5 refresh_from_peer refresh_from_edge graceful_restart communities prefix_limit
    graceful_shutdown shutdown_message bfd hold_expiry collision ten_thousand
}
