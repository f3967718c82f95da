//! How bodies are declared.

/// Declares structs of fields that may all be absent: `client` fields, `service` fields, `secret` fields. On the wire
/// names are in camelCase.
macro_rules! body {
    ($(
        $(#[$meta:meta])*
        $name:ident {
            $(client { $($(#[$client_meta:meta])* $client:ident: $client_type:ty,)* })?
            $(service { $($(#[$service_meta:meta])* $service:ident: $service_type:ty,)* })?
            $(secret { $($(#[$secret_meta:meta])* $secret:ident,)* })?
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            $($(
                $(#[$client_meta])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $client: Option<$client_type>,
            )*)?
            $($(
                $(#[$service_meta])*
                ///
                /// The service's: passed over in requests.
                #[serde(
                    deserialize_with = "crate::body::tolerant::service_field",
                    skip_serializing_if = "Option::is_none"
                )]
                pub $service: Option<$service_type>,
            )*)?
            $($(
                $(#[$secret_meta])*
                ///
                /// Secret: read from requests, never answered nor kept in documents.
                #[serde(deserialize_with = "crate::body::secret::secret_field", skip_serializing)]
                pub $secret: Option<crate::body::Secret>,
            )*)?
        }
    )*};
}

/// Declares resources: `top` ones with a location and tags, and `child` ones, whose name may come in the body of
/// their parent. What stands in the braces are further fields of the client's beside `properties`.
macro_rules! resource {
    ($(#[$meta:meta])* top $name:ident($properties:ty) { $($(#[$extra_meta:meta])* $extra:ident: $extra_type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            /// The resource id. The service's.
            #[serde(deserialize_with = "crate::body::tolerant::service_field", skip_serializing_if = "Option::is_none")]
            pub id: Option<String>,
            /// The name. The service's: it is in the path.
            #[serde(deserialize_with = "crate::body::tolerant::service_field", skip_serializing_if = "Option::is_none")]
            pub name: Option<String>,
            /// The type, with the documented spelling. The service's.
            #[serde(
                rename = "type",
                deserialize_with = "crate::body::tolerant::service_field",
                skip_serializing_if = "Option::is_none"
            )]
            pub kind: Option<String>,
            /// The entity tag, like `W/"GUID"`. The service's.
            #[serde(deserialize_with = "crate::body::tolerant::service_field", skip_serializing_if = "Option::is_none")]
            pub etag: Option<String>,
            /// The region.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub location: Option<String>,
            /// The tags.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub tags: Option<crate::body::Tags>,
            $(
                $(#[$extra_meta])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $extra: Option<$extra_type>,
            )*
            /// What it is.
            #[serde(deserialize_with = "crate::body::tolerant::or_default")]
            pub properties: $properties,
        }

        crate::body::macros::stamp!($name);
    };
    ($(#[$meta:meta])* child $name:ident($properties:ty) { $($(#[$extra_meta:meta])* $extra:ident: $extra_type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            /// The resource id. The service's.
            #[serde(deserialize_with = "crate::body::tolerant::service_field", skip_serializing_if = "Option::is_none")]
            pub id: Option<String>,
            /// The name; needed in a list of its parent's body, else it is in the path.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub name: Option<String>,
            /// The type, with the documented spelling. The service's.
            #[serde(
                rename = "type",
                deserialize_with = "crate::body::tolerant::service_field",
                skip_serializing_if = "Option::is_none"
            )]
            pub kind: Option<String>,
            /// The entity tag of the parent, like `W/"GUID"`. The service's.
            #[serde(deserialize_with = "crate::body::tolerant::service_field", skip_serializing_if = "Option::is_none")]
            pub etag: Option<String>,
            $(
                $(#[$extra_meta])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $extra: Option<$extra_type>,
            )*
            /// What it is.
            #[serde(deserialize_with = "crate::body::tolerant::or_default")]
            pub properties: $properties,
        }

        crate::body::macros::stamp!($name);
    };
}

/// What says which resource a body is.
macro_rules! stamp {
    ($name:ident) => {
        impl crate::body::Stamp for $name {
            fn stamp(&mut self, id: &crate::ResourceId, etag: &uuid::Uuid) {
                self.id = Some(id.as_str().to_owned());
                self.name = Some(id.name().to_owned());
                self.kind = Some(id.kind());
                self.etag = Some(crate::body::etag_text(etag));
            }
        }
    };
}

/// Declares closed lists of words as the API spells them. They are read without regard to case.
macro_rules! words {
    ($($(#[doc = $doc:literal])* $name:ident {
        $($(#[doc = $word_doc:literal])* $word:ident = $text:literal,)*
    })*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[doc = $word_doc])* $word,)*
        }

        impl $name {
            /// Every word, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$word),*];

            /// As the API spells it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text,)* }
            }

            /// The word that a text is, without regard to case.
            pub fn find(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str().eq_ignore_ascii_case(text))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::body::tolerant::word(deserializer, Self::find, concat!("one of", $(" ", $text),*))
            }
        }
    )*};
}

pub(super) use {body, resource, stamp, words};
