//! Policy: how many routes a neighbour may announce.

use model::Family;

policy! {
    /// Counts the routes of a session for each family, refused ones too, since they take memory alike. At the
    /// warning mark a line is logged; with the first route above the limit the session is closed by the
    /// NOTIFICATION Cease, "Maximum Number of Prefixes Reached" (RFC 4486), and comes back after its idle
    /// time. It stays when the neighbour announces fewer routes by then.
    ///
    /// Azure's limits are 4,000 IPv4 routes on private peering, 10,000 with the Premium add-on, 100 IPv6
    /// routes; 200 of each family on Microsoft peering; and 1,000 IPv4 and 100 IPv6 routes from VNets.
    PREFIX_LIMIT = "prefix-limit" at Session,
    from "expressroute-routing.md", "includes/expressroute-limits.md", "RFC 4486, section 4";
}

/// How many routes of each family a neighbour may announce.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Of IPv4; `None` for any number.
    pub v4: Option<Limit>,
    /// Of IPv6; `None` for any number.
    pub v6: Option<Limit>,
}

/// How many routes of one family a neighbour may announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limit {
    /// The most routes that do not end the session.
    pub routes: u32,
    /// From how many routes on there is a warning.
    pub warning: u32,
}

/// A count of routes held against its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Count {
    /// Below the warning mark.
    Low,
    /// At the warning mark or above.
    High,
    /// Above the limit.
    Over,
}

impl Limits {
    /// Of one family.
    pub fn of(&self, family: Family) -> Option<Limit> {
        match family {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        }
    }
}

impl Limit {
    /// A limit with its warning mark at a share of it, in percent.
    pub fn new(routes: u32, warning_percent: u32) -> Self {
        let warning = u64::from(routes) * u64::from(warning_percent) / 100;
        Self { routes, warning: u32::try_from(warning).unwrap_or(u32::MAX) }
    }

    /// What a number of routes means.
    pub fn count(self, routes: u32) -> Count {
        if routes > self.routes {
            Count::Over
        } else if routes >= self.warning {
            Count::High
        } else {
            Count::Low
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_allowed_and_one_more_is_not() {
        let limit = Limit::new(4000, 80);
        assert_eq!(
            [3199, 3200, 4000, 4001].map(|n| limit.count(n)),
            [Count::Low, Count::High, Count::High, Count::Over]
        );
    }

    #[test]
    fn families_have_limits_of_their_own() {
        let limits = Limits { v4: Some(Limit::new(200, 80)), v6: None };
        assert_eq!(limits.of(Family::V4).map(|limit| limit.warning), Some(160));
        assert_eq!(limits.of(Family::V6), None);
    }
}
