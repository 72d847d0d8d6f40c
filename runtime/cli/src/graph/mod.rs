//! Drawings of a topology: as a tree for a terminal, as DOT for Graphviz, as SVG for a browser.
//!
//! [`layout`] places components in columns by their longest way from a source, so that all arrows point to the right.

mod document;
mod dot;
mod layout;
mod svg;
mod tree;

pub(crate) use document::GraphDocument;
pub(crate) use dot::dot;
pub(crate) use svg::svg;
pub(crate) use tree::tree;

use petrel_model::{GraphEdge, GraphNode, GroupingSpec};

/// What is written on an edge: its stream, if that is not the only one, and its grouping.
fn edge_label(edge: &GraphEdge<'_>) -> String {
    let grouping = match &edge.input.grouping.value {
        GroupingSpec::Fields(fields) | GroupingSpec::PartialKey(fields) => {
            let fields: Vec<&str> = fields.iter().map(|field| field.value.as_str()).collect();
            format!("{} {}", edge.input.grouping.name(), fields.join(", "))
        }
        GroupingSpec::Custom { plugin, .. } => plugin.value.clone(),
        other => other.name().to_owned(),
    };
    match &edge.input.from.stream {
        Some(stream) if stream.as_str() != "default" => format!("{stream}: {grouping}"),
        _ => grouping,
    }
}

/// What is written below a component's name: its plugin, and the number of its tasks if there are several.
fn node_label(node: &GraphNode<'_>) -> String {
    match node.parallelism {
        1 => node.plugin.to_owned(),
        tasks => format!("{} ×{tasks}", node.plugin),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use petrel_model::Topology;

    pub(crate) fn diamond() -> Topology {
        petrel_model::parse(
            r#"
            name = "diamond"
            guarantee = "best-effort"
            [component.in]
            plugin = "lines"
            [component.left]
            plugin = "./a&b.wasm"
            parallelism = 2
            inputs = [{ from = "in", grouping = "shuffle" }]
            [component.right]
            plugin = "map"
            inputs = [{ from = "in.odd", grouping = "all" }]
            [component.out]
            plugin = "print"
            inputs = [{ from = "left", grouping = "fields", fields = ["a", "b"] },
                      { from = "right", grouping = "global" },
                      { from = "in", grouping = { plugin = "./g.wasm" } }]
            "#,
        )
        .unwrap()
    }

    #[test]
    fn labels_say_what_matters() {
        let topology = diamond();
        let graph = topology.graph();
        let labels: Vec<String> = graph.edges.iter().map(edge_label).collect();
        assert_eq!(labels, ["shuffle", "odd: all", "fields a, b", "global", "./g.wasm"]);
        assert_eq!(node_label(&graph.nodes[1]), "./a&b.wasm ×2");
    }
}
