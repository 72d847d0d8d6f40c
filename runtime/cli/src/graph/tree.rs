//! The graph as a tree of text: each component below what it reads from, once in full and later by name.

use super::{edge_label, node_label};
use petrel_model::{Graph, GraphNode};

/// Draws it.
pub(crate) fn tree(name: &str, graph: &Graph<'_>) -> String {
    let mut drawing = Drawing { graph, text: format!("{name}\n"), shown: vec![false; graph.nodes.len()] };
    for (number, node) in graph.nodes.iter().enumerate().filter(|(_, node)| node.is_source) {
        drawing.text.push_str(&format!("\n{}\n", title(node)));
        drawing.shown[number] = true;
        drawing.consumers(number, "");
    }
    drawing.text
}

struct Drawing<'a> {
    graph: &'a Graph<'a>,
    text: String,
    shown: Vec<bool>,
}

impl Drawing<'_> {
    /// Draws what reads from a component, below it.
    fn consumers(&mut self, from: usize, indent: &str) {
        let graph = self.graph;
        let mut edges = graph.edges.iter().filter(|edge| edge.from == from).peekable();
        while let Some(edge) = edges.next() {
            let (branch, below) = if edges.peek().is_some() { ("├─", "│  ") } else { ("└─", "   ") };
            let node = &graph.nodes[edge.to];
            let label = edge_label(edge);
            if std::mem::replace(&mut self.shown[edge.to], true) {
                self.text.push_str(&format!("{indent}{branch} {label} → {} (above)\n", node.name));
                continue;
            }
            self.text.push_str(&format!("{indent}{branch} {label} → {}\n", title(node)));
            self.consumers(edge.to, &format!("{indent}{below}"));
        }
    }
}

fn title(node: &GraphNode<'_>) -> String {
    format!("{} [{}]", node.name, node_label(node))
}

#[cfg(test)]
mod tests {
    use super::super::tests::diamond;
    use super::*;

    #[test]
    fn a_component_with_several_inputs_is_drawn_once() {
        let topology = diamond();
        let drawn = tree("diamond", &topology.graph());
        let expected = "\
diamond

in [lines]
├─ shuffle → left [./a&b.wasm ×2]
│  └─ fields a, b → out [print]
├─ odd: all → right [map]
│  └─ global → out (above)
└─ ./g.wasm → out (above)
";
        assert_eq!(drawn, expected);
    }
}
