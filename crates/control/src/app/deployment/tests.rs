//! Deployments.

use crate::app::Verb;
use crate::rig::{Rig, SUBSCRIPTION, network};
use jiff::SignedDuration;
use serde_json::{Value, json};

fn path(name: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Resources/deployments/{name}")
}

/// A subnet that depends on its network, which one template cannot hold, and outputs.
fn template() -> Value {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": { "name": { "type": "string", "defaultValue": "v" }, "key": { "type": "securestring" } },
        "variables": { "subnet": "[concat(parameters('name'), '/s')]" },
        "resources": [
            {
                "type": "Microsoft.Network/virtualNetworks/subnets", "apiVersion": "2024-01-01", "name": "[variables('subnet')]",
                "dependsOn": ["[resourceId('Microsoft.Network/virtualNetworks', parameters('name'))]"],
                "properties": { "addressPrefix": "10.1.0.0/24" },
            },
            {
                "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-01-01", "name": "[parameters('name')]",
                "location": "[resourceGroup().location]", "tags": { "k": "v" }, "dependsOn": [],
                "properties": { "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] } },
            },
        ],
        "outputs": { "resource": { "type": "object", "value": "[reference('v')]" } },
    })
}

fn deploy(template: Value, key: &str) -> Value {
    json!({ "properties": { "mode": "incremental", "template": template, "parameters": { "key": { "value": key } } } })
}

/// Waits as a client does: deployments look after their resources a little later.
async fn later(rig: &Rig) {
    let later = Rig { now: rig.now + SignedDuration::from_secs(1), ..rig.clone() };
    rig.settle().await;
    later.settle().await;
}

#[tokio::test]
async fn a_template_is_deployed() {
    let rig = Rig::new().await;
    let mut network_only = template();
    let subnet = network_only["resources"].as_array_mut().unwrap().remove(0);
    let begun = rig.send(Verb::Put, &path("d"), None, deploy(network_only, "hush-hush")).await.is(201);
    assert_eq!(begun.body["properties"]["provisioningState"], "Running");
    later(&rig).await;
    let done = rig.get(&path("d")).await.is(200).body;
    assert_eq!(done["properties"]["provisioningState"], "Succeeded", "{done:#}");
    assert_eq!(
        done["properties"]["outputs"]["resource"]["value"]["addressSpace"]["addressPrefixes"],
        json!(["10.1.0.0/16"])
    );
    assert_eq!(done["properties"]["parameters"]["key"], json!({ "type": "securestring" }));
    assert_eq!(rig.get(&network("virtualNetworks/v")).await.body["tags"], json!({ "k": "v" }));
    let mut subnet_only = template();
    subnet_only["resources"] = json!([subnet]);
    subnet_only["resources"][0]["dependsOn"] = json!([]);
    subnet_only["outputs"] = json!({});
    rig.send(Verb::Put, &path("e"), None, deploy(subnet_only, "x")).await.is(201);
    later(&rig).await;
    rig.get(&network("virtualNetworks/v/subnets/s")).await.is(200);

    assert!(
        rig.store.audit("", None, 1000).await.unwrap().iter().all(|line| !format!("{line:?}").contains("hush-hush"))
    );
    assert_eq!(rig.send(Verb::Head, &path("d"), None, Value::Null).await.status, 204);
    rig.send(Verb::Delete, &path("d"), None, Value::Null).await.is(204);
    rig.get(&path("d")).await.refused("DeploymentNotFound");
}

#[tokio::test]
async fn what_does_not_read_is_refused_whole() {
    let rig = Rig::new().await;
    let refused = |change: fn(&mut Value)| {
        let mut body = deploy(template(), "x");
        change(&mut body["properties"]);
        body
    };
    type Spoil = fn(&mut Value);
    let cases: [(Spoil, &str); 9] = [
        (|p| p["template"] = json!([]), "InvalidTemplate"),
        (|p| p["templateLink"] = json!({ "uri": "https://example.invalid" }), "TemplateLinkNotSupported"),
        (|p| p["mode"] = json!("Complete"), "DeploymentModeNotSupported"),
        (|p| p["parameters"] = json!({}), "InvalidTemplate"),
        (|p| p["parameters"]["other"] = json!({ "value": 1 }), "InvalidTemplate"),
        (|p| p["template"]["resources"][1]["type"] = json!("Microsoft.Compute/virtualMachines"), "InvalidTemplate"),
        (|p| p["template"]["contentVersion"] = json!(1), "InvalidTemplate"),
        (|p| p["template"]["resources"][0]["name"] = json!("v"), "InvalidTemplate"),
        (
            |p| {
                p["template"]["resources"].as_array_mut().unwrap().remove(0);
                p["template"]["resources"][0]["properties"] = json!({});
            },
            "AddressSpaceRequired",
        ),
    ];
    for (change, code) in cases {
        rig.send(Verb::Put, &path("d"), None, refused(change)).await.refused(code);
    }
    rig.get(&path("d")).await.refused("DeploymentNotFound");
    rig.get(&network("virtualNetworks/v")).await.refused("ResourceNotFound");
}

#[tokio::test]
async fn an_output_does_not_show_a_secret() {
    let rig = Rig::new().await;
    let mut body = template();
    body["resources"].as_array_mut().unwrap().remove(0);
    body["outputs"] = json!({ "key": { "type": "string", "value": "[parameters('key')]" } });
    rig.send(Verb::Put, &path("d"), None, deploy(body, "hush-hush")).await.is(201);
    later(&rig).await;
    let done = rig.get(&path("d")).await.body;
    assert_eq!(done["properties"]["provisioningState"], "Failed");
    assert_eq!(done["properties"]["error"]["code"], "InvalidTemplate");
    assert!(!done.to_string().contains("hush-hush"));
}
