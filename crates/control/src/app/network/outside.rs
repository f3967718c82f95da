//! What clients know of gateways and is not served here: refused by name, with the reason.

use super::{Handled, Route, Verb};
use crate::Call;
use crate::app::{Action, Handler};
use arm_api::ArmError;

/// Paths below a gateway, a connection or a group that are refused.
macro_rules! refused {
    ($($verb:ident $path:literal $name:ident $action:ident,)*) => {
        &[$(Route {
            name: stringify!($name),
            verb: Verb::$verb,
            path: concat!("/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/", $path),
            action: Action::$action,
            handler: REFUSE,
        },)*]
    };
}

const REFUSE: Handler = |_, call| Box::pin(async move { refuse(call) });

pub(in crate::app) static ROUTES: &[Route] = refused! {
    Post "virtualNetworkGateways/{virtualNetworkGatewayName}/reset" VirtualNetworkGateways_Reset Write,
    Post "virtualNetworkGateways/{virtualNetworkGatewayName}/resetvpnclientsharedkey" VirtualNetworkGateways_ResetVpnClientSharedKey Write,
    Post "virtualNetworkGateways/{virtualNetworkGatewayName}/generatevpnclientpackage" VirtualNetworkGateways_Generatevpnclientpackage Write,
    Post "virtualNetworkGateways/{virtualNetworkGatewayName}/generatevpnprofile" VirtualNetworkGateways_GenerateVpnProfile Write,
    Post "virtualNetworkGateways/{virtualNetworkGatewayName}/getvpnprofilepackageurl" VirtualNetworkGateways_GetVpnProfilePackageUrl Write,
    Post "virtualNetworkGateways/{virtualNetworkGatewayName}/supportedvpndevices" VirtualNetworkGateways_SupportedVpnDevices Read,
    Post "virtualNetworkGateways/{virtualNetworkGatewayName}/setvpnclientipsecparameters" VirtualNetworkGateways_SetVpnclientIpsecParameters Write,
    Post "virtualNetworkGateways/{virtualNetworkGatewayName}/getvpnclientipsecparameters" VirtualNetworkGateways_GetVpnclientIpsecParameters Read,
    Post "virtualNetworkGateways/{virtualNetworkGatewayName}/startPacketCapture" VirtualNetworkGateways_StartPacketCapture Write,
    Post "virtualNetworkGateways/{virtualNetworkGatewayName}/stopPacketCapture" VirtualNetworkGateways_StopPacketCapture Write,
    Post "virtualNetworkGateways/{virtualNetworkGatewayName}/getVpnClientConnectionHealth" VirtualNetworkGateways_GetVpnclientConnectionHealth Read,
    Post "virtualNetworkGateways/{virtualNetworkGatewayName}/disconnectVirtualNetworkGatewayVpnConnections" VirtualNetworkGateways_DisconnectVirtualNetworkGatewayVpnConnections Write,
    Get "virtualNetworkGateways/{virtualNetworkGatewayName}/natRules" VirtualNetworkGatewayNatRules_ListByVirtualNetworkGateway Read,
    Get "virtualNetworkGateways/{virtualNetworkGatewayName}/natRules/{natRuleName}" VirtualNetworkGatewayNatRules_Get Read,
    Put "virtualNetworkGateways/{virtualNetworkGatewayName}/natRules/{natRuleName}" VirtualNetworkGatewayNatRules_CreateOrUpdate Write,
    Delete "virtualNetworkGateways/{virtualNetworkGatewayName}/natRules/{natRuleName}" VirtualNetworkGatewayNatRules_Delete Write,
    Post "connections/{virtualNetworkGatewayConnectionName}/vpndeviceconfigurationscript" VirtualNetworkGateways_VpnDeviceConfigurationScript Read,
    Post "connections/{virtualNetworkGatewayConnectionName}/resetconnection" VirtualNetworkGatewayConnections_ResetConnection Write,
    Post "connections/{virtualNetworkGatewayConnectionName}/startPacketCapture" VirtualNetworkGatewayConnections_StartPacketCapture Write,
    Post "connections/{virtualNetworkGatewayConnectionName}/stopPacketCapture" VirtualNetworkGatewayConnections_StopPacketCapture Write,
    Post "connections/{virtualNetworkGatewayConnectionName}/getikesas" VirtualNetworkGatewayConnections_GetIkeSas Read,
    Get "expressRouteGateways" ExpressRouteGateways_ListByResourceGroup Read,
    Get "expressRouteGateways/{expressRouteGatewayName}" ExpressRouteGateways_Get Read,
    Put "expressRouteGateways/{expressRouteGatewayName}" ExpressRouteGateways_CreateOrUpdate Write,
    Patch "expressRouteGateways/{expressRouteGatewayName}" ExpressRouteGateways_UpdateTags Write,
    Delete "expressRouteGateways/{expressRouteGatewayName}" ExpressRouteGateways_Delete Write,
    Get "expressRouteGateways/{expressRouteGatewayName}/expressRouteConnections" ExpressRouteConnections_List Read,
    Get "expressRouteGateways/{expressRouteGatewayName}/expressRouteConnections/{connectionName}" ExpressRouteConnections_Get Read,
    Put "expressRouteGateways/{expressRouteGatewayName}/expressRouteConnections/{connectionName}" ExpressRouteConnections_CreateOrUpdate Write,
    Delete "expressRouteGateways/{expressRouteGatewayName}/expressRouteConnections/{connectionName}" ExpressRouteConnections_Delete Write,
    Post "virtualNetworks/{virtualNetworkName}/subnets/{subnetName}/PrepareNetworkPolicies" Subnets_PrepareNetworkPolicies Write,
    Post "virtualNetworks/{virtualNetworkName}/subnets/{subnetName}/UnprepareNetworkPolicies" Subnets_UnprepareNetworkPolicies Write,
    Post "virtualNetworks/{virtualNetworkName}/ddosProtectionStatus" VirtualNetworks_ListDdosProtectionStatus Read,
    Post "publicIPAddresses/{publicIpAddressName}/ddosProtectionStatus" PublicIPAddresses_DdosProtectionStatus Read,
};

/// Says which operation is not served, and why.
fn refuse(call: &Call) -> Handled {
    let what = call.path.rsplit("/Microsoft.Network/").next().unwrap_or_default();
    let why = if what.to_lowercase().starts_with("expressroutegateways") {
        "gateways of a virtual WAN are not served; use a virtual network gateway of type ExpressRoute"
    } else if what.to_lowercase().contains("networkpolicies") || what.to_lowercase().contains("ddos") {
        "policies and protection of virtual networks are not served; only what circuits need of them is"
    } else {
        "it is for VPN gateways and connections, and only those of type ExpressRoute are served"
    };
    Err(ArmError::bad_request("OperationNotSupported", format!("{what}: {why}")).into())
}
