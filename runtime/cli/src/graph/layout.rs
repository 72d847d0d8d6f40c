//! Places for components and for the edges that pass between them.
//!
//! A column for each depth. An edge that is longer than one column passes through the columns between in a place of its
//! own, so that it never crosses a component. Within a column places are put in the order of the middle of their
//! neighbours, back and forth a few times, which removes most crossings.

use petrel_model::Graph;

/// Something that has a place in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// The component of that number.
    Node(usize),
    /// The edge of that number on its way.
    Passing(usize),
}

/// Columns from left to right, each from top to bottom.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) columns: Vec<Vec<Item>>,
}

/// How often columns are put in order.
const SWEEPS: usize = 8;

impl Layout {
    /// Lays a graph out.
    pub(super) fn of(graph: &Graph<'_>) -> Layout {
        let depth = graph.nodes.iter().map(|node| node.depth + 1).max().unwrap_or(0);
        let mut columns = vec![Vec::new(); depth];
        for (number, node) in graph.nodes.iter().enumerate() {
            columns[node.depth].push(Item::Node(number));
        }
        for (number, edge) in graph.edges.iter().enumerate() {
            for column in columns.iter_mut().take(graph.nodes[edge.to].depth).skip(graph.nodes[edge.from].depth + 1) {
                column.push(Item::Passing(number));
            }
        }
        let mut layout = Layout { columns };
        for sweep in 0..SWEEPS {
            if sweep % 2 == 0 {
                (1..depth).for_each(|column| layout.sort(graph, column, column - 1));
            } else {
                (0..depth.saturating_sub(1)).rev().for_each(|column| layout.sort(graph, column, column + 1));
            }
        }
        layout
    }

    /// The place of an item in a column.
    pub(super) fn row(&self, column: usize, item: Item) -> usize {
        self.columns[column].iter().position(|other| *other == item).expect("every item has a place in its columns")
    }

    /// The items that an edge passes through, from its producer to its consumer.
    pub(super) fn way(graph: &Graph<'_>, edge: usize) -> Vec<(usize, Item)> {
        let (from, to) = (graph.edges[edge].from, graph.edges[edge].to);
        let (first, last) = (graph.nodes[from].depth, graph.nodes[to].depth);
        let item = |column| match column {
            column if column == first => Item::Node(from),
            column if column == last => Item::Node(to),
            _ => Item::Passing(edge),
        };
        (first..=last).map(|column| (column, item(column))).collect()
    }

    /// Orders a column by the middle of each item's neighbours in another.
    fn sort(&mut self, graph: &Graph<'_>, column: usize, by: usize) {
        let middle = |item: Item| {
            let rows = (0..graph.edges.len()).filter_map(|edge| {
                let way = Layout::way(graph, edge);
                way.contains(&(column, item)).then_some(())?;
                way.iter().find(|(at, _)| *at == by).map(|(at, neighbour)| self.row(*at, *neighbour))
            });
            let rows: Vec<usize> = rows.collect();
            let count = rows.len();
            (count > 0).then(|| rows.iter().sum::<usize>() as f64 / count as f64)
        };
        let mut ordered: Vec<(f64, Item)> = (0..)
            .zip(&self.columns[column])
            .map(|(row, item)| (middle(*item).unwrap_or(f64::from(row)), *item))
            .collect();
        ordered.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.columns[column] = ordered.into_iter().map(|(_, item)| item).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::diamond;
    use super::*;

    #[test]
    fn a_long_edge_has_a_place_in_every_column_it_passes() {
        let topology = diamond();
        let graph = topology.graph();
        let layout = Layout::of(&graph);
        let sizes: Vec<usize> = layout.columns.iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 3, 1]);
        let long = graph.edges.iter().position(|edge| graph.nodes[edge.to].depth - graph.nodes[edge.from].depth == 2);
        let way = Layout::way(&graph, long.unwrap());
        assert_eq!(way[1], (1, Item::Passing(long.unwrap())));
        assert!(way.iter().all(|(column, item)| layout.row(*column, *item) < layout.columns[*column].len()));
    }

    #[test]
    fn edges_that_need_not_cross_do_not() {
        let topology = petrel_model::parse(
            r#"
            name = "crossed"
            guarantee = "best-effort"
            [component.a]
            plugin = "lines"
            [component.b]
            plugin = "lines"
            [component.of-b]
            plugin = "print"
            inputs = [{ from = "b", grouping = "global" }]
            [component.of-a]
            plugin = "print"
            inputs = [{ from = "a", grouping = "global" }]
            "#,
        )
        .unwrap();
        let graph = topology.graph();
        let layout = Layout::of(&graph);
        let row = |name: &str| {
            let number = graph.nodes.iter().position(|node| node.name.as_str() == name).unwrap();
            layout.row(graph.nodes[number].depth, Item::Node(number))
        };
        assert_eq!(row("a") < row("b"), row("of-a") < row("of-b"));
    }
}
