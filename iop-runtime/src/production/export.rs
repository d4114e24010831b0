//! The graph as a picture in other programs' languages: Mermaid and Graphviz.
//!
//! Items and routes come in the order of their declaration, so that a picture that is kept changes where the graph does.

use std::fmt::Write;

use super::document::{GraphDocument, ItemDocument};

impl GraphDocument {
    /// As a Mermaid flowchart.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let mut chart = String::from("flowchart LR\n");
        for (index, item) in self.items.iter().enumerate() {
            let label = format!("<b>{}</b><br/>{}", mermaid_text(&item.name), mermaid_text(&item.component));
            let (open, close) = match item.kind.as_str() {
                "service" => ("([", "])"),
                "operation" => ("[[", "]]"),
                _ => ("[", "]"),
            };
            line(&mut chart, format_args!("    n{index}{open}\"{label}\"{close}:::{}", item.kind));
        }
        for route in &self.routes {
            // Names are for people; what Mermaid would take for a word of its own is never an id.
            let (Some(from), Some(to)) = (self.index(&route.from), self.index(&route.to)) else { continue };
            let arrow = if route.tap { "-.->" } else { "-->" };
            line(&mut chart, format_args!("    n{from} {arrow}|\"{}\"| n{to}", mermaid_text(&route.label())));
        }
        chart.push_str("    classDef service fill:#e3f2fd,stroke:#1565c0,color:#0d2b45\n");
        chart.push_str("    classDef process fill:#fff8e1,stroke:#b26a00,color:#3d2600\n");
        chart.push_str("    classDef operation fill:#e8f5e9,stroke:#2e7d32,color:#10301a\n");
        chart
    }

    /// As a Graphviz digraph.
    #[must_use]
    pub fn dot(&self) -> String {
        let mut graph = format!("digraph {} {{\n", dot_text(&self.production));
        graph.push_str("    rankdir=LR;\n");
        graph.push_str("    node [fontname=\"sans-serif\", style=filled];\n");
        graph.push_str("    edge [fontname=\"sans-serif\", fontsize=10];\n");
        for item in &self.items {
            line(&mut graph, format_args!("    {} [{}];", dot_text(&item.name), dot_look(item)));
        }
        for route in &self.routes {
            let (from, to, label) = (dot_text(&route.from), dot_text(&route.to), dot_text(&route.label()));
            let style = if route.tap { ", style=dashed" } else { "" };
            line(&mut graph, format_args!("    {from} -> {to} [label={label}{style}];"));
        }
        graph.push_str("}\n");
        graph
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.items.iter().position(|item| item.name == name)
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = text.write_fmt(line);
    text.push('\n');
}

/// A text in a Mermaid label: what could end the label, be markup or begin a directive becomes an entity.
fn mermaid_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_alphanumeric() || matches!(letter, '_' | ' ' | ',' | ':' | '.' | '-') {
            escaped.push(letter);
        } else {
            let _ = write!(escaped, "#{};", u32::from(letter));
        }
    }
    escaped
}

fn dot_look(item: &ItemDocument) -> String {
    let (shape, fill) = match item.kind.as_str() {
        "service" => ("oval", "#e3f2fd"),
        "operation" => ("box3d", "#e8f5e9"),
        _ => ("box", "#fff8e1"),
    };
    let label = dot_text(&format!("{}\n{}", item.name, item.component));
    format!("label={label}, shape={shape}, fillcolor=\"{fill}\"")
}

/// A quoted text of Graphviz.
fn dot_text(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "");
    format!("\"{escaped}\"")
}
