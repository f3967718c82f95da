//! `Microsoft.Resources/deployments`, as small as `az` needs it for gateway connections (spec 07, 11).

use super::macros::{body, resource};
use super::words::DeploymentMode;
use serde_json::Value;

resource! {
    /// A deployment of a template.
    top Deployment(DeploymentProperties) {}
}

body! {
    /// What is deployed. Template and parameters may hold secrets: not for logs, not for documents.
    DeploymentProperties {
        client {
            /// How it treats what the template leaves out.
            mode: DeploymentMode,
            /// The template.
            template: Value,
            /// Its parameters: `{"name": {"value": …}}`.
            parameters: Value,
            /// The same from elsewhere, which is not served.
            template_link: Value,
            /// The same from elsewhere, which is not served.
            parameters_link: Value,
            /// Echoed.
            debug_setting: Value,
        }
        service {
            /// `Running`, `Succeeded`, `Failed`.
            provisioning_state: String,
            /// When it was written last.
            timestamp: String,
            /// How long it took, like `PT3.2S`.
            duration: String,
            /// The request it came with.
            correlation_id: String,
            /// What the template gives: `{"name": {"type": …, "value": …}}`.
            outputs: Value,
            /// The namespaces it touches.
            providers: Vec<Value>,
            /// Which of its resources wait for which.
            dependencies: Vec<Value>,
            /// What it made.
            output_resources: Vec<OutputResource>,
            /// Why it failed, as an ARM error.
            error: Value,
        }
    }

    /// A resource that a deployment made.
    OutputResource {
        client {
            /// Its id.
            id: String,
        }
    }
}

impl DeploymentProperties {
    /// Takes out what may hold secrets, before it is answered or kept.
    #[must_use]
    pub fn without_template(mut self) -> Self {
        self.template = None;
        self.parameters = None;
        self
    }
}
