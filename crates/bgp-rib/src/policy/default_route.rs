//! Policy: default routes.

use super::{Net, Reason, Seen};

policy! {
    /// On Microsoft peering `0.0.0.0/0` and `::/0` are refused: Microsoft would send to the customer what is
    /// meant for the Internet. On private peering they are taken: the VNets' way out then leads to the customer.
    DEFAULT_ROUTE = "default-route" at Prefix, from "expressroute-routing.md";
}

pub(super) fn refuse<P: Net>(prefix: P) -> Option<Reason> {
    (prefix.bits() == 0).then(|| DEFAULT_ROUTE.saw(Seen::Default(prefix.into())))
}

#[cfg(test)]
mod tests {
    use crate::policy::testing::*;

    #[test]
    fn microsoft_peering_refuses_it_and_private_peering_does_not() {
        for all in ["0.0.0.0/0", "::/0"] {
            assert_eq!(refused_prefix(&microsoft(), all), format!("default-route: {all} is a default route"));
            assert_eq!(refused_prefix(&private(), all), "");
        }
    }
}
