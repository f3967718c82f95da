//! Waivers: faults that somebody accepts for a time.

use crate::Date;

record! {
    /// A file of waivers, beside a design.
    pub struct Waivers {
        /// The waivers, by a name of your own.
        waivers: map Waiver,
    }

    /// One accepted fault: the rule, who answers for it, why and until when.
    pub struct Waiver {
        /// The rule, by id or name.
        rule: fact String,
        /// The part of the design it is accepted for, like `circuits.lisbon`, with `*` for any name. Everywhere when absent.
        path: fact String,
        /// Why the fault is accepted.
        reason: fact String,
        /// Who answers for it.
        owner: fact String,
        /// The last day on which it is accepted.
        expires: fact Date,
    }
}
