//! What becomes of received routes.

use super::{
    AsnRanges, Facts, Limits, Net, Peering, PeeringPolicy, PrefixList, Reason, Role, advertised_prefixes, as_set,
    bogons, customer_communities, default_route, graceful_shutdown, interface_subnets, longest_path, longest_prefix,
    no_import, path_asn, private_asn, private_space, route_leak, vnet_communities,
};
use bgp_wire::{AttributeSet, Attributes};
use std::sync::Arc;

/// The policy for the routes that one neighbour announces. Cheap to clone; equal ones are shared by the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    attributes: Arc<AttributeClauses>,
    prefixes: Option<Arc<PrefixClauses>>,
    limits: Limits,
}

/// What the policy says of one set of attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// Routes with them are taken, if their prefix is.
    Accept {
        /// What takes the place of the attributes; `None` when they stay.
        rewritten: Option<Box<AttributeSet>>,
        /// How much the routes are preferred, before all else.
        weight: u16,
    },
    /// Routes with them are refused.
    Reject(Reason),
}

/// The part of an import policy that looks at attributes. Two policies whose parts are equal judge alike, so a
/// memory of judgements has this in its key, and not the whole policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct AttributeClauses {
    no_import: bool,
    longest_path: Option<usize>,
    refuse_as_set: bool,
    path_asn: AsnRanges,
    route_leak: Option<route_leak::Ingress>,
    private_asn: AsnRanges,
    customer_communities: bool,
    graceful_shutdown: bool,
    vnet_communities: Option<vnet_communities::Tags>,
    weight: u16,
}

/// The part that looks at prefixes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct PrefixClauses {
    default_route: bool,
    longest_prefix: longest_prefix::Longest,
    private_space: Option<PrefixList>,
    bogons: Option<PrefixList>,
    interface_subnets: Option<interface_subnets::Subnets>,
    advertised_prefixes: Option<PrefixList>,
}

impl Import {
    /// Takes everything.
    pub fn open() -> Self {
        let attributes = AttributeClauses { graceful_shutdown: true, ..AttributeClauses::default() };
        Self { attributes: Arc::new(attributes), prefixes: None, limits: Limits::default() }
    }

    pub(crate) fn compile(policy: &PeeringPolicy, facts: &Facts) -> Self {
        let attributes = AttributeClauses::compile(policy, facts);
        let prefixes = PrefixClauses::compile(policy, facts);
        let prefixes = (prefixes != PrefixClauses::default()).then(|| Arc::new(prefixes));
        Self { attributes: Arc::new(attributes), prefixes, limits: policy.limits }
    }

    /// Judges a set of attributes, as received and before anything else changed them.
    ///
    /// What depends on more than the attributes (our own AS in the path, the first AS being the neighbour's) is
    /// not asked here.
    pub fn attributes(&self, attributes: &Attributes<'_>) -> Judgement {
        self.attributes.judge(attributes)
    }

    /// The part that [`Self::attributes`] depends on.
    pub fn attribute_clauses(&self) -> &Arc<AttributeClauses> {
        &self.attributes
    }

    /// Why a prefix is refused; `None` when it is taken.
    pub fn prefix<P: Net>(&self, prefix: P) -> Option<Reason> {
        self.prefixes.as_ref()?.refuse(prefix)
    }

    /// Whether [`Self::prefix`] may refuse anything.
    pub fn has_prefix_clauses(&self) -> bool {
        self.prefixes.is_some()
    }

    /// How many routes the neighbour may announce.
    pub fn limits(&self) -> Limits {
        self.limits
    }
}

impl AttributeClauses {
    fn compile(policy: &PeeringPolicy, facts: &Facts) -> Self {
        let customer = policy.is_express_route_customer();
        let microsoft = policy.is_customer_of(Peering::Microsoft);
        Self {
            no_import: !policy.import,
            longest_path: facts.longest_path.filter(|_| policy.peering != Peering::Open),
            refuse_as_set: customer,
            path_asn: if microsoft { facts.refused_asns_in_path.clone() } else { Default::default() },
            route_leak: route_leak::Ingress::new(policy),
            private_asn: if microsoft { facts.private_asns.clone() } else { Default::default() },
            customer_communities: customer,
            graceful_shutdown: policy.graceful_shutdown,
            vnet_communities: vnet_communities::Tags::new(policy),
            weight: policy.weight,
        }
    }

    fn judge(&self, attributes: &Attributes<'_>) -> Judgement {
        match self.refuse(attributes) {
            Some(reason) => Judgement::Reject(reason),
            None => Judgement::Accept { rewritten: self.rewrite(attributes).map(Box::new), weight: self.weight },
        }
    }

    /// The clauses that refuse, in their order.
    fn refuse(&self, attributes: &Attributes<'_>) -> Option<Reason> {
        let off = no_import::refuse(self.no_import);
        if off.is_some() {
            return off;
        }
        let path = attributes.as_path?;
        longest_path::refuse(self.longest_path, &path)
            .or_else(|| as_set::refuse(self.refuse_as_set, &path))
            .or_else(|| path_asn::refuse(&self.path_asn, &path))
            .or_else(|| self.route_leak.as_ref().and_then(|leak| leak.refuse(attributes.only_to_customer)))
    }

    /// The clauses that rewrite, in their order; `None` when none has anything to do.
    fn rewrite(&self, attributes: &Attributes<'_>) -> Option<AttributeSet> {
        let shutdown = self.graceful_shutdown && graceful_shutdown::applies(attributes);
        let leak = self.route_leak.as_ref().and_then(|leak| leak.mark(attributes.only_to_customer));
        let strip = private_asn::applies(&self.private_asn, attributes);
        let clean = self.customer_communities && customer_communities::applies(attributes, self.graceful_shutdown);
        let tags = self.vnet_communities.as_ref().filter(|tags| tags.apply(attributes));
        if !(shutdown || leak.is_some() || strip || clean || tags.is_some()) {
            return None;
        }
        let mut set = attributes.to_set()?;
        if leak.is_some() {
            set.only_to_customer = leak;
        }
        if strip {
            self.private_asn.strip(&mut set.as_path);
        }
        if clean {
            customer_communities::remove(&mut set, self.graceful_shutdown);
        }
        if shutdown {
            graceful_shutdown::lower(&mut set);
        }
        if let Some(tags) = tags {
            tags.put_on(&mut set);
        }
        Some(set)
    }
}

impl PrefixClauses {
    fn compile(policy: &PeeringPolicy, facts: &Facts) -> Self {
        let longest_prefix = longest_prefix::Longest::new(facts);
        let list = |list: &PrefixList| (!list.is_empty()).then(|| list.clone());
        match (policy.peering, policy.role) {
            (Peering::Open, _) | (_, Role::Gateway) => Self::default(),
            (Peering::Private, Role::Customer) => {
                Self { longest_prefix, bogons: list(&facts.unroutable), ..Self::default() }
            }
            (Peering::Microsoft, Role::Customer) => Self {
                default_route: true,
                longest_prefix,
                private_space: list(&facts.private_space),
                bogons: list(&facts.bogons),
                interface_subnets: Some(interface_subnets::Subnets::new(policy, facts)),
                advertised_prefixes: Some(advertised_prefixes::list(policy)),
            },
        }
    }

    /// The clauses, in their order.
    fn refuse<P: Net>(&self, prefix: P) -> Option<Reason> {
        if self.default_route {
            let refused = default_route::refuse(prefix);
            if refused.is_some() {
                return refused;
            }
        }
        self.longest_prefix
            .refuse(prefix)
            .or_else(|| private_space::refuse(self.private_space.as_ref()?, prefix))
            .or_else(|| bogons::refuse(self.bogons.as_ref()?, prefix))
            .or_else(|| self.interface_subnets.as_ref()?.refuse(prefix))
            .or_else(|| advertised_prefixes::refuse(self.advertised_prefixes.as_ref()?, prefix))
    }
}
