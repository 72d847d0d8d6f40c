//! The topology as a graph, for those who draw it.

use super::Topology;
use super::input::InputSpec;
use crate::id::ComponentName;
use alloc::vec::Vec;

/// A topology as nodes and edges.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph<'a> {
    /// Producers before their consumers.
    pub nodes: Vec<GraphNode<'a>>,
    /// In the order of their consumers, then of the consumer's inputs.
    pub edges: Vec<GraphEdge<'a>>,
}

/// A component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphNode<'a> {
    /// Its name.
    pub name: &'a ComponentName,
    /// The plugin, as it was written.
    pub plugin: &'a str,
    /// The number of tasks.
    pub parallelism: u32,
    /// Whether it reads nothing.
    pub is_source: bool,
    /// The longest way from a source, in edges: the column to draw it in.
    pub depth: usize,
}

/// An input.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphEdge<'a> {
    /// The position of the producer among the nodes.
    pub from: usize,
    /// The position of the consumer among the nodes.
    pub to: usize,
    /// Stream and grouping, as they were written.
    pub input: &'a InputSpec,
}

impl Topology {
    /// The topology as nodes and edges.
    pub fn graph(&self) -> Graph<'_> {
        let mut graph = Graph { nodes: Vec::with_capacity(self.components.len()), edges: Vec::new() };
        for component in self.producers_first() {
            let mut depth = 0;
            for input in &component.inputs {
                let Some(from) = graph.nodes.iter().position(|node| *node.name == input.from.component) else {
                    continue;
                };
                depth = depth.max(graph.nodes[from].depth + 1);
                graph.edges.push(GraphEdge { from, to: graph.nodes.len(), input });
            }
            graph.nodes.push(GraphNode {
                name: &component.name.value,
                plugin: &component.plugin.value,
                parallelism: component.parallelism.value,
                is_source: component.inputs.is_empty(),
                depth,
            });
        }
        graph
    }
}
