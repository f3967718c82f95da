//! The documents that rules come from, each with its date.
//!
//! The five `SEED_*` documents are those the checklist was born from; their statements are traced
//! one by one in [`mod@crate::statements`]. The others extend them.

use model::Date;

/// A public document of Microsoft's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doc {
    /// A short name for reports.
    pub label: &'static str,
    /// Its file name in the public documentation.
    pub file: &'static str,
    /// The date it bears, or that of the edition read.
    pub date: Date,
}

impl Doc {
    /// Whether it is one of the five documents that the checklist was born from.
    pub fn is_seed(&self) -> bool {
        self.label.starts_with("SEED-")
    }
}

macro_rules! docs {
    ($($name:ident = $label:literal, $file:literal, $year:literal-$month:literal-$day:literal;)*) => {
        $(#[doc = concat!("`", $file, "`.")]
        pub static $name: Doc = Doc { label: $label, file: $file, date: Date::constant($year, $month, $day) };)*
        /// Every document.
        pub static DOCS: &[&Doc] = &[$(&$name),*];
    };
}

docs! {
    SEED_2015 = "SEED-2015", "expressroute-prerequisites.md", 2015-7-28;
    SEED_2017A = "SEED-2017A", "expressroute-prerequisites.md", 2017-1-6;
    SEED_2017B = "SEED-2017B", "expressroute-prerequisites.md", 2017-3-22;
    SEED_2025 = "SEED-2025", "expressroute-prerequisites.md", 2025-1-31;
    SEED_M365 = "SEED-M365", "azure-expressroute.md", 2019-6-5;
    ABOUT_ENCRYPTION = "encryption", "expressroute-about-encryption.md", 2023-3-15;
    ABOUT_GATEWAYS = "gateways", "expressroute-about-virtual-network-gateways.md", 2026-9-5;
    ABOUT_PUBLIC_PEERING = "public peering", "about-public-peering.md", 2019-1-1;
    ARCHITECTURE = "resiliency design", "design-architecture-for-resiliency.md", 2024-1-1;
    ARP = "ARP troubleshooting", "expressroute-troubleshooting-arp-resource-manager.md", 2024-1-1;
    AZURE_EXPRESSROUTE_2024 = "Microsoft 365 page", "azure-expressroute.md", 2024-3-15;
    BFD = "BFD", "expressroute-bfd.md", 2020-1-1;
    CIRCUIT_ARM = "circuit how-to", "expressroute-howto-circuit-arm.md", 2016-7-19;
    CIRCUIT_PEERINGS = "circuits and peerings", "expressroute-circuit-peerings.md", 2026-8-27;
    CIRCUIT_PORTAL = "circuit how-to (portal)", "expressroute-howto-circuit-portal-resource-manager.md", 2018-1-1;
    CONFIG_SAMPLES_NAT = "NAT samples", "expressroute-config-samples-nat.md", 2018-12-6;
    CONFIG_SAMPLES_ROUTING = "routing samples", "expressroute-config-samples-routing.md", 2026-6-8;
    CONNECTIVITY_MODELS = "connectivity models", "expressroute-connectivity-models.md", 2020-1-1;
    DESIGN_DR = "disaster recovery design", "designing-for-disaster-recovery-with-expressroute-privatepeering.md", 2021-1-1;
    DESIGN_HA = "high availability design", "designing-for-high-availability-with-expressroute.md", 2023-6-1;
    ERDIRECT_ABOUT = "ExpressRoute Direct", "expressroute-erdirect-about.md", 2026-3-2;
    EVALUATE_RESILIENCY = "circuit resiliency test", "evaluate-circuit-resiliency.md", 2024-6-24;
    FAQS = "FAQ", "expressroute-faqs.md", 2026-3-31;
    GATEWAY_PERFORMANCE = "gateway performance", "includes/expressroute-gateway-performance-include.md", 2026-1-1;
    GLOBAL_REACH = "Global Reach", "expressroute-global-reach.md", 2019-1-1;
    IMPLEMENTING_M365 = "implementing for Microsoft 365", "implementing-expressroute.md", 2017-1-1;
    IP_WEB_SERVICE = "endpoint service", "microsoft-365-ip-web-service.md", 2019-8-6;
    LIMITS = "limits", "includes/expressroute-limits.md", 2023-10-9;
    LINK_VNET = "linking VNets", "expressroute-howto-linkvnet-arm.md", 2020-1-1;
    MAINTENANCE_ALERTS = "maintenance alerts", "maintenance-alerts.md", 2026-3-11;
    MANAGING_M365 = "managing for Microsoft 365", "managing-expressroute-for-connectivity.md", 2017-1-1;
    NAT = "NAT requirements", "expressroute-nat.md", 2019-9-18;
    NETWORK_PLANNING_M365 = "planning for Microsoft 365", "network-planning-with-expressroute.md", 2018-1-1;
    PLANNED_MAINTENANCE = "planned maintenance guidance", "planned-maintenance.md", 2023-5-10;
    QOS = "QoS requirements", "expressroute-qos.md", 2023-6-30;
    RESILIENCY_INSIGHTS = "resiliency insights", "resiliency-insights.md", 2025-3-26;
    ROUTE_FILTER = "route filters", "how-to-routefilter-portal.md", 2017-8-1;
    ROUTING = "routing requirements", "expressroute-routing.md", 2026-3-12;
    ROUTING_ARM = "routing how-to", "expressroute-howto-routing-arm.md", 2016-7-1;
    ROUTING_M365 = "routing for Microsoft 365", "routing-with-expressroute.md", 2019-1-1;
    SECURE = "securing ExpressRoute", "secure-expressroute.md", 2025-6-17;
    TROUBLESHOOTING = "troubleshooting overview", "expressroute-troubleshooting-expressroute-overview.md", 2017-1-1;
    WORKFLOWS = "workflows", "expressroute-workflows.md", 2023-6-30;
}
