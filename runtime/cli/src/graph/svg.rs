//! The graph as one SVG file that needs nothing else, legible on light and on dark.

use super::layout::{Item, Layout};
use super::{edge_label, node_label};
use petrel_model::Graph;
use std::fmt::Write;

const ROW: f64 = 84.0;
const BOX_HEIGHT: f64 = 48.0;
const MARGIN: f64 = 24.0;
/// Between columns, beyond what the labels of the edges need.
const GAP: f64 = 48.0;
/// About the width of a character of the fonts that browsers take for `sans-serif`.
const NAME_CHARACTER: f64 = 8.2;
const SMALL_CHARACTER: f64 = 6.6;

const STYLE: &str = "\
  .ground { fill: #ffffff; }
  text { font-family: system-ui, sans-serif; fill: #1c2733; }
  .name { font-size: 14px; font-weight: 600; }
  .plugin, .edge-label { font-size: 11px; fill: #52606d; }
  .box { fill: #f2f6fa; stroke: #5b7c99; stroke-width: 1.5; }
  .source { fill: #e3f1e9; stroke: #4f8f6d; }
  .edge { fill: none; stroke: #7b8794; stroke-width: 1.5; }
  .halo { stroke: #ffffff; stroke-width: 4; paint-order: stroke; stroke-linejoin: round; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e7eb; }
    .plugin, .edge-label { fill: #9aa5b1; }
    .box { fill: #22303c; stroke: #7f9db8; }
    .source { fill: #1f3a2d; stroke: #6fb592; }
    .edge { stroke: #9aa5b1; }
    .halo { stroke: #12181f; }
    .ground { fill: #12181f; }
  }
";

/// Draws it.
pub(crate) fn svg(name: &str, graph: &Graph<'_>) -> String {
    let drawing = Drawing::of(graph);
    let mut text = String::new();
    let (width, height) = (drawing.width, drawing.height);
    let _ = writeln!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">"
    );
    let _ = writeln!(text, "<title>{}</title>\n<style>\n{STYLE}</style>", escaped(name));
    text.push_str(
        "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         orient=\"auto\"><path class=\"edge\" d=\"M 0 0.5 L 7 4 L 0 7.5\"/></marker></defs>\n",
    );
    let _ = writeln!(text, "<rect class=\"ground\" width=\"{width:.0}\" height=\"{height:.0}\"/>");
    (0..graph.edges.len()).for_each(|edge| drawing.edge(edge, &mut text));
    (0..graph.nodes.len()).for_each(|node| drawing.node(node, &mut text));
    (0..graph.edges.len()).for_each(|edge| drawing.label(edge, &mut text));
    text.push_str("</svg>\n");
    text
}

struct Drawing<'a> {
    graph: &'a Graph<'a>,
    layout: Layout,
    /// The left side and the width of each column.
    columns: Vec<(f64, f64)>,
    width: f64,
    height: f64,
}

impl<'a> Drawing<'a> {
    fn of(graph: &'a Graph<'a>) -> Drawing<'a> {
        let layout = Layout::of(graph);
        let mut columns = Vec::new();
        let mut left = MARGIN;
        for column in 0..layout.columns.len() {
            let nodes = graph.nodes.iter().filter(|node| node.depth == column);
            let needs = nodes.map(|node| {
                let name = characters(node.name.as_str()) * NAME_CHARACTER;
                name.max(characters(&node_label(node)) * SMALL_CHARACTER) + 28.0
            });
            let width = needs.fold(72.0, f64::max);
            columns.push((left, width));
            let labels = graph.edges.iter().filter(|edge| graph.nodes[edge.to].depth == column + 1);
            let label = labels.map(|edge| characters(&edge_label(edge)) * SMALL_CHARACTER).fold(0.0, f64::max);
            left += width + label + GAP;
        }
        let width = columns.last().map_or(MARGIN, |(left, width)| left + width) + MARGIN;
        let rows = layout.columns.iter().map(Vec::len).max().unwrap_or(0) as f64;
        Drawing { graph, layout, columns, width, height: rows * ROW + MARGIN }
    }

    /// The middle of an item's height. Columns with fewer items are centred.
    fn y(&self, column: usize, item: Item) -> f64 {
        let items = self.layout.columns[column].len() as f64;
        let top = (self.height - items * ROW) / 2.0;
        top + (self.layout.row(column, item) as f64 + 0.5) * ROW
    }

    fn node(&self, number: usize, text: &mut String) {
        let node = &self.graph.nodes[number];
        let (left, width) = self.columns[node.depth];
        let y = self.y(node.depth, Item::Node(number));
        let class = if node.is_source { "box source" } else { "box" };
        let (top, middle) = (y - BOX_HEIGHT / 2.0, left + width / 2.0);
        let _ = writeln!(
            text,
            "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{BOX_HEIGHT}\" rx=\"7\"/>"
        );
        let _ = writeln!(
            text,
            "<text class=\"name\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            y - 3.0,
            escaped(node.name.as_str())
        );
        let _ = writeln!(
            text,
            "<text class=\"plugin\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            y + 14.0,
            escaped(&node_label(node))
        );
    }

    /// A curve from column to column, level where it passes one.
    fn edge(&self, number: usize, text: &mut String) {
        let way = Layout::way(self.graph, number);
        let mut path = String::new();
        for pair in way.windows(2) {
            let ((from, item), (to, next)) = (pair[0], pair[1]);
            let (left, width) = self.columns[from];
            let (x, y) = (left + width, self.y(from, item));
            let (end_x, end_y) = (self.columns[to].0, self.y(to, next));
            let bend = (end_x - x) / 2.0;
            let start = if path.is_empty() { format!("M {x:.1} {y:.1}") } else { format!(" L {x:.1} {y:.1}") };
            let _ =
                write!(path, "{start} C {:.1} {y:.1} {:.1} {end_y:.1} {end_x:.1} {end_y:.1}", x + bend, end_x - bend);
        }
        let _ = writeln!(text, "<path class=\"edge\" d=\"{path}\" marker-end=\"url(#tip)\"/>");
    }

    /// The label stands before the consumer, where edges have parted.
    fn label(&self, number: usize, text: &mut String) {
        let way = Layout::way(self.graph, number);
        let [.., (from, item), (to, next)] = way[..] else { return };
        let (left, width) = self.columns[from];
        let x = (left + width + self.columns[to].0) / 2.0;
        let y = (self.y(from, item) + self.y(to, next)) / 2.0 - 5.0;
        let label = escaped(&edge_label(&self.graph.edges[number]));
        let _ = writeln!(
            text,
            "<text class=\"edge-label halo\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{label}</text>"
        );
    }
}

fn characters(text: &str) -> f64 {
    text.chars().count() as f64
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::tests::diamond;
    use super::*;

    #[test]
    fn everything_is_drawn_within_the_picture() {
        let topology = diamond();
        let graph = topology.graph();
        let text = svg("dia<mond", &graph);
        assert!(text.contains("<title>dia&lt;mond</title>") && text.contains("./a&amp;b.wasm ×2"), "{text}");
        assert_eq!(text.matches("<rect class=\"box").count(), graph.nodes.len());
        assert_eq!(text.matches("<path class=\"edge\" d=\"M").count(), graph.edges.len() + 1);
        // What is said for dark comes after what it replaces.
        let dark = STYLE.find("@media").unwrap();
        for class in ["text {", ".ground {", ".box {", ".edge {", ".halo {"] {
            assert!(STYLE.find(class) < Some(dark) && STYLE.rfind(class) > Some(dark), "{class}");
        }
        let drawing = Drawing::of(&graph);
        for (number, node) in graph.nodes.iter().enumerate() {
            let y = drawing.y(node.depth, Item::Node(number));
            assert!(y > BOX_HEIGHT / 2.0 && y + BOX_HEIGHT / 2.0 < drawing.height);
            let (left, width) = drawing.columns[node.depth];
            assert!(left + width < drawing.width);
        }
    }
}
