//! A page as one HTML file: style and images are in it, nothing is loaded, nothing runs.

use super::drawing::class;
use super::page::{Block, Cell, Page, Table, Tone};
use crate::render::prose::visible;

/// The file, ending with a line break.
pub(super) fn write(page: &Page) -> String {
    let (title, language) = (escaped(&page.title), page.language);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{}</style>\n</head>\n\
         <body>\n<main>\n<h1>{title}</h1>\n",
        include_str!("style.css")
    );
    page.blocks.iter().for_each(|block| write_block(block, &mut out));
    out + "</main>\n</body>\n</html>\n"
}

/// A text as HTML shows it. Whatever would reorder or hide what stands around it is made visible.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in visible(text).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

fn write_block(block: &Block, out: &mut String) {
    match block {
        Block::Heading(level, text) => *out += &format!("<h{level}>{}</h{level}>\n", escaped(text)),
        Block::Lead(tone, text) => {
            *out += &format!("<p class=\"lead {}\">{}</p>\n", class(*tone), marked(*tone, text));
        }
        Block::Text(text) => *out += &format!("<p>{}</p>\n", escaped(text)),
        Block::Facts(facts) => {
            let line = |(name, text): &(String, String)| {
                format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(name), escaped(text))
            };
            *out += &format!("<dl>\n{}</dl>\n", facts.iter().map(line).collect::<String>());
        }
        Block::Table(table) => write_table(table, out),
        Block::Figure(figure) => {
            let key =
                |(class, text): &(&str, String)| format!("<span><i class=\"key {class}\"></i>{}</span>", escaped(text));
            let legend: String = figure.legend.iter().map(key).collect();
            let legend = if legend.is_empty() { legend } else { format!("<figcaption>{legend}</figcaption>") };
            *out += &format!("<figure>{}{legend}</figure>\n", figure.drawing);
        }
        Block::List(tone, items) => {
            let line = |text: &String| format!("<li class=\"{}\">{}</li>\n", class(*tone), marked(*tone, text));
            *out += &format!("<ul>\n{}</ul>\n", items.iter().map(line).collect::<String>());
        }
        Block::Section(index, blocks) => {
            *out += &format!("<section id=\"s{index}\">\n");
            blocks.iter().for_each(|block| write_block(block, out));
            *out += "</section>\n";
        }
    }
}

fn marked(tone: Tone, text: &str) -> String {
    let mark = match tone.mark().trim() {
        "" => String::new(),
        mark => format!("<span class=\"mark\">{mark}</span> "),
    };
    mark + &escaped(text)
}

fn write_table(table: &Table, out: &mut String) {
    let numbers: Vec<bool> = (0..table.header.len()).map(|column| is_number(table, column)).collect();
    *out += "<table>\n<thead><tr>";
    for (name, number) in table.header.iter().zip(&numbers) {
        let class = if *number { " class=\"number\"" } else { "" };
        *out += &format!("<th scope=\"col\"{class}>{}</th>", escaped(name));
    }
    *out += "</tr></thead>\n<tbody>\n";
    for row in &table.rows {
        *out += "<tr>";
        for (cell, name) in row.iter().zip(&table.header) {
            write_cell(cell, name, out);
        }
        *out += "</tr>\n";
    }
    *out += "</tbody>\n</table>\n";
}

fn is_number(table: &Table, column: usize) -> bool {
    table.rows.iter().any(|row| row.get(column).is_some_and(|cell| cell.number))
}

fn write_cell(cell: &Cell, column: &str, out: &mut String) {
    let mut classes = Vec::new();
    classes.extend(Some("number").filter(|_| cell.number));
    classes.extend(Some(class(cell.tone)).filter(|_| cell.tone != Tone::Plain));
    classes.extend(Some("whole").filter(|_| cell.whole));
    classes.extend(Some("none").filter(|_| cell.text.is_empty()));
    let classes = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
    let text = marked(cell.tone, &cell.text);
    let text = match cell.section {
        Some(section) => format!("<a href=\"#s{section}\">{text}</a>"),
        None => text,
    };
    let note = cell.note.as_ref().map(|note| format!("<small>{}</small>", escaped(note))).unwrap_or_default();
    let text = match &cell.drawing {
        Some(drawing) => format!("{drawing}<span class=\"value\">{text}</span>"),
        None => text,
    };
    *out += &format!("<td{classes} data-name=\"{}\">{text}{note}</td>", escaped(column));
}
