//! A generated fleet: circuits as Azure lists them, no two alike, some with faults.

/// The circuit of a number as one JSON object, in the shape of Resource Graph and the REST API.
///
/// Every 10th circuit has no second session, every 7th a reserved AS number, every 13th is not provisioned.
pub fn circuit(number: u32) -> String {
    let locations =
        ["Amsterdam", "Dublin", "London", "Frankfurt", "Silicon Valley", "Washington DC", "Tokyo", "Singapore"];
    let location = locations[number as usize % locations.len()];
    let bandwidth = [50, 100, 200, 500, 1000, 2000, 5000, 10000][number as usize / 3 % 8];
    let (tier, family) =
        [("Standard", "MeteredData"), ("Premium", "MeteredData"), ("Premium", "UnlimitedData")][number as usize % 3];
    let asn = if number.is_multiple_of(7) { 65515 } else { 64512 + number % 1000 };
    let provisioned = if number.is_multiple_of(13) { "NotProvisioned" } else { "Provisioned" };
    let (high, low) = (number / 32 % 256, number % 32 * 8);
    let secondary = match number.is_multiple_of(10) {
        true => String::new(),
        false => format!(r#","secondaryPeerAddressPrefix":"172.16.{high}.{}/30""#, low + 4),
    };
    format!(
        r#"{{"name":"circuit-{number:06}","id":"/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/net/providers/Microsoft.Network/expressRouteCircuits/circuit-{number:06}","type":"Microsoft.Network/expressRouteCircuits","location":"westeurope","etag":"W/\"{number:08x}\"","sku":{{"name":"{tier}_{family}","tier":"{tier}","family":"{family}"}},"properties":{{"provisioningState":"Succeeded","circuitProvisioningState":"Enabled","serviceProviderProvisioningState":"{provisioned}","serviceKey":"{number:08x}-0000-4000-8000-000000000000","allowClassicOperations":false,"globalReachEnabled":false,"serviceProviderProperties":{{"serviceProviderName":"Equinix","peeringLocation":"{location}","bandwidthInMbps":{bandwidth}}},"authorizations":[],"peerings":[{{"name":"AzurePrivatePeering","type":"Microsoft.Network/expressRouteCircuits/peerings","properties":{{"provisioningState":"Succeeded","peeringType":"AzurePrivatePeering","azureASN":12076,"peerASN":{asn},"primaryPeerAddressPrefix":"172.16.{high}.{low}/30"{secondary},"primaryAzurePort":"","secondaryAzurePort":"","state":"Enabled","vlanId":{vlan},"lastModifiedBy":"Customer","connections":[]}}}}]}}}}"#,
        vlan = 100 + number % 1000,
    )
}
