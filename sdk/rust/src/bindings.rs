//! The contract as Rust, generated from `wit/petrel.wit`.
//!
//! The worlds of the contract share interfaces, and a crate can hold the export macro of an interface but once. So
//! each piece is a world of its own here, and a component takes `common` and one other: their union is the world of
//! the contract.
#![allow(missing_docs, unreachable_pub, clippy::undocumented_unsafe_blocks)]

/// What all three worlds have, and the types.
pub mod common {
    wit_bindgen::generate!({
        path: "wit",
        inline: r#"
            package petrel:sdk;
            world common {
                import petrel:plugin/types@0.1.0;
                import petrel:plugin/log@0.1.0;
                import petrel:plugin/metrics@0.1.0;
                import petrel:plugin/configuration@0.1.0;
                import petrel:plugin/files@0.1.0;
                export petrel:plugin/plugin@0.1.0;
            }
        "#,
        generate_all,
        generate_unused_types: true,
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "petrel_sdk::__private::bindings::common",
    });
}

/// What the world of bolts has beside.
pub mod bolt {
    wit_bindgen::generate!({
        path: "wit",
        inline: r#"
            package petrel:sdk;
            world bolt {
                import petrel:plugin/bolt-output@0.1.0;
                import petrel:plugin/state@0.1.0;
                import petrel:plugin/timers@0.1.0;
                export petrel:plugin/bolt@0.1.0;
            }
        "#,
        with: { "petrel:plugin/types@0.1.0": super::common::petrel::plugin::types },
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "petrel_sdk::__private::bindings::bolt",
    });
}

/// What the world of spouts has beside.
pub mod spout {
    wit_bindgen::generate!({
        path: "wit",
        inline: r#"
            package petrel:sdk;
            world spout {
                import petrel:plugin/source-output@0.1.0;
                export petrel:plugin/spout@0.1.0;
            }
        "#,
        with: { "petrel:plugin/types@0.1.0": super::common::petrel::plugin::types },
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "petrel_sdk::__private::bindings::spout",
    });
}

/// What the world of groupings has beside.
pub mod grouping {
    wit_bindgen::generate!({
        path: "wit",
        inline: r#"
            package petrel:sdk;
            world grouping {
                export petrel:plugin/grouping@0.1.0;
            }
        "#,
        with: { "petrel:plugin/types@0.1.0": super::common::petrel::plugin::types },
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "petrel_sdk::__private::bindings::grouping",
    });
}
