//! The graph in the language of Graphviz.

use super::{edge_label, node_label};
use petrel_model::Graph;

/// Writes it.
pub(crate) fn dot(name: &str, graph: &Graph<'_>) -> String {
    let mut text = format!("digraph {} {{\n    rankdir = LR;\n", quoted(name));
    text.push_str("    node [shape = box, style = rounded, fontname = \"sans-serif\"];\n");
    text.push_str("    edge [fontname = \"sans-serif\", fontsize = 10];\n");
    for node in &graph.nodes {
        let label = format!("{}\n{}", node.name, node_label(node));
        let shape = if node.is_source { ", shape = cds" } else { "" };
        text.push_str(&format!("    {} [label = {}{shape}];\n", quoted(node.name.as_str()), quoted(&label)));
    }
    for edge in &graph.edges {
        let (from, to) = (graph.nodes[edge.from].name.as_str(), graph.nodes[edge.to].name.as_str());
        text.push_str(&format!("    {} -> {} [label = {}];\n", quoted(from), quoted(to), quoted(&edge_label(edge))));
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::diamond;
    use super::*;

    #[test]
    fn names_and_labels_are_quoted() {
        let topology = diamond();
        let text = dot("diamond", &topology.graph());
        assert!(text.starts_with("digraph \"diamond\" {\n") && text.ends_with("}\n"));
        assert!(text.contains("\"left\" [label = \"left\\n./a&b.wasm ×2\"];"), "{text}");
        assert!(text.contains("\"in\" -> \"right\" [label = \"odd: all\"];"), "{text}");
        assert_eq!(quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
    }
}
