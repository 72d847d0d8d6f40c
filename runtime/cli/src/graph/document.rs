//! A topology's graph as a JSON document.

use petrel_model::{Graph, GroupingSpec};
use serde::Serialize;

/// Nodes with producers before their consumers, and the edges between them.
#[derive(Serialize)]
pub(crate) struct GraphDocument<'a> {
    name: &'a str,
    nodes: Vec<Node<'a>>,
    edges: Vec<Edge<'a>>,
}

#[derive(Serialize)]
struct Node<'a> {
    name: &'a str,
    plugin: &'a str,
    tasks: u32,
    depth: usize,
}

#[derive(Serialize)]
struct Edge<'a> {
    from: &'a str,
    stream: Option<&'a str>,
    to: &'a str,
    grouping: &'static str,
    key: Vec<&'a str>,
}

impl<'a> GraphDocument<'a> {
    /// The document of a topology of that name.
    pub(crate) fn of(name: &'a str, graph: &Graph<'a>) -> GraphDocument<'a> {
        let node = |node: &petrel_model::GraphNode<'a>| Node {
            name: node.name.as_str(),
            plugin: node.plugin,
            tasks: node.parallelism,
            depth: node.depth,
        };
        let edge = |edge: &petrel_model::GraphEdge<'a>| Edge {
            from: graph.nodes[edge.from].name.as_str(),
            stream: edge.input.from.stream.as_ref().map(|stream| stream.as_str()),
            to: graph.nodes[edge.to].name.as_str(),
            grouping: edge.input.grouping.name(),
            key: match &edge.input.grouping.value {
                GroupingSpec::Fields(key) | GroupingSpec::PartialKey(key) => {
                    key.iter().map(|field| field.value.as_str()).collect()
                }
                _ => Vec::new(),
            },
        };
        GraphDocument {
            name,
            nodes: graph.nodes.iter().map(node).collect(),
            edges: graph.edges.iter().map(edge).collect(),
        }
    }
}
