//! Which metrics there are: names, units, aggregations and dimensions as Azure publishes them for each type of resource
//! (spec 06, 7; REST names from the supported metrics of Azure Monitor).

use super::gather::Reads;

/// A metric of a type of resource.
#[derive(Debug)]
pub(super) struct Metric {
    /// Its name in requests.
    pub(super) name: &'static str,
    /// Its name for people.
    pub(super) shown: &'static str,
    /// What its values are.
    pub(super) unit: &'static str,
    /// How values are put together where the request does not say.
    pub(super) primary: Aggregation,
    /// The group it is listed in.
    pub(super) category: &'static str,
    /// By what it can be split.
    pub(super) dimensions: &'static [&'static str],
    /// What it is read from.
    pub(super) reads: Reads,
}

/// How values of a span become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Aggregation {
    /// Their mean.
    Average,
    /// The least.
    Minimum,
    /// The greatest.
    Maximum,
    /// Their sum.
    Total,
    /// How many there are.
    Count,
}

impl Aggregation {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [Self::Average, Self::Minimum, Self::Maximum, Self::Total, Self::Count];

    /// Its name in lower case, as the field of a point.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Average => "average",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::Total => "total",
            Self::Count => "count",
        }
    }

    /// One value of several, of which there is at least one.
    pub(super) fn of(self, values: &[f64]) -> f64 {
        let sum: f64 = values.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "values of a month are fewer than 2^52")]
        let count = values.len() as f64;
        match self {
            Self::Average => sum / count,
            Self::Minimum => values.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Maximum => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Total => sum,
            Self::Count => count,
        }
    }
}

macro_rules! metrics {
    ($($name:literal $shown:literal $unit:ident $primary:ident $category:literal [$($dimension:literal),*] $reads:ident;)*) => {
        &[$(Metric {
            name: $name, shown: $shown, unit: stringify!($unit), primary: Aggregation::$primary, category: $category,
            dimensions: &[$($dimension),*], reads: Reads::$reads,
        }),*]
    };
}

/// Of circuits.
pub(super) static CIRCUIT: &[Metric] = metrics! {
    "ArpAvailability" "Arp Availability" Percent Average "Circuit Availability" ["PeeringType", "Peer"] Arp;
    "BgpAvailability" "Bgp Availability" Percent Average "Circuit Availability" ["PeeringType", "Peer"] Bgp;
    "BitsInPerSecond" "BitsInPerSecond" BitsPerSecond Average "Circuit Traffic" ["PeeringType"] BitsIn;
    "BitsOutPerSecond" "BitsOutPerSecond" BitsPerSecond Average "Circuit Traffic" ["PeeringType"] BitsOut;
    "QosDropBitsInPerSecond" "DroppedInBitsPerSecond" BitsPerSecond Average "Circuit Qos" ["PeeringType"] DroppedIn;
    "QosDropBitsOutPerSecond" "DroppedOutBitsPerSecond" BitsPerSecond Average "Circuit Qos" ["PeeringType"] DroppedOut;
    "GlobalReachBitsInPerSecond" "GlobalReachBitsInPerSecond" BitsPerSecond Average "Global Reach" ["PeeredCircuitSKey"] Uncounted;
    "GlobalReachBitsOutPerSecond" "GlobalReachBitsOutPerSecond" BitsPerSecond Average "Global Reach" ["PeeredCircuitSKey"] Uncounted;
    "FastPathRoutesCountForCircuit" "FastPathRoutesCount" Count Maximum "Fastpath" [] Uncounted;
};

/// Of peerings of circuits.
pub(super) static PEERING: &[Metric] = metrics! {
    "BitsInPerSecond" "BitsInPerSecond" BitsPerSecond Average "Traffic" [] BitsIn;
    "BitsOutPerSecond" "BitsOutPerSecond" BitsPerSecond Average "Traffic" [] BitsOut;
};

/// Of port pairs.
pub(super) static PORT: &[Metric] = metrics! {
    "AdminState" "AdminState" Count Average "Physical" ["Link"] Uncounted;
    "LineProtocol" "LineProtocol" Count Average "Physical" ["Link"] Uncounted;
    "PortBitsInPerSecond" "BitsInPerSecond" BitsPerSecond Average "Traffic" ["Link"] BitsIn;
    "PortBitsOutPerSecond" "BitsOutPerSecond" BitsPerSecond Average "Traffic" ["Link"] BitsOut;
    "PortDroppedInBitsPerSecond" "DroppedInBitsPerSecond" BitsPerSecond Average "Traffic" ["Link"] DroppedIn;
    "PortDroppedOutBitsPerSecond" "DroppedOutBitsPerSecond" BitsPerSecond Average "Traffic" ["Link"] DroppedOut;
    "RxLightLevel" "RxLightLevel" Count Average "Physical" ["Link", "Lane"] Uncounted;
    "TxLightLevel" "TxLightLevel" Count Average "Physical" ["Link", "Lane"] Uncounted;
    "FastPathRoutesCountForDirectPort" "FastPathRoutesCount" Count Maximum "Fastpath" [] Uncounted;
};

/// Of gateways.
pub(super) static GATEWAY: &[Metric] = metrics! {
    "ExpressRouteGatewayBitsPerSecond" "Bits Received Per second" BitsPerSecond Average "Performance" ["roleInstance"] Uncounted;
    "ExpressRouteGatewayCpuUtilization" "CPU utilization" Percent Average "Performance" ["roleInstance"] Uncounted;
    "ExpressRouteGatewayPacketsPerSecond" "Packets received per second" CountPerSecond Average "Performance" ["roleInstance"] Uncounted;
    "ExpressRouteGatewayCountOfRoutesAdvertisedToPeer" "Count Of Routes Advertised to Peer" Count Maximum "Scalability" ["roleInstance", "BgpPeerAddress"] Uncounted;
    "ExpressRouteGatewayCountOfRoutesLearnedFromPeer" "Count Of Routes Learned from Peer" Count Maximum "Scalability" ["roleInstance", "BgpPeerAddress"] Learned;
    "ExpressRouteGatewayFrequencyOfRoutesChanged" "Frequency of Routes change" Count Total "Scalability" ["roleInstance"] Uncounted;
    "ExpressRouteGatewayNumberOfVmInVnet" "Number of VMs in the Virtual Network" Count Maximum "Scalability" [] Uncounted;
    "ExpressRouteGatewayActiveFlows" "Active Flows" Count Average "Scalability" ["roleInstance"] Uncounted;
    "ExpressRouteGatewayMaxFlowsCreationRate" "Max Flows Created Per Second" CountPerSecond Maximum "Scalability" ["roleInstance", "direction"] Uncounted;
};

/// Of connections.
pub(super) static CONNECTION: &[Metric] = metrics! {
    "BitsInPerSecond" "BitsInPerSecond" BitsPerSecond Average "Traffic" [] Uncounted;
    "BitsOutPerSecond" "BitsOutPerSecond" BitsPerSecond Average "Traffic" [] Uncounted;
};
