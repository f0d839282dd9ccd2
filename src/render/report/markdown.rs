//! A page as Markdown: readable as it stands in a terminal of 80 columns, and with nothing in it that a
//! program which renders Markdown would take for more than text.

use super::page::{Block, Page, Table};
use crate::render::prose::{columns, visible, wrap};

/// Columns of a terminal.
const WIDTH: usize = 80;

/// The page, ending with a line break.
pub(super) fn write(page: &Page) -> String {
    let mut out = format!("# {}\n", plain(&page.title));
    for block in &page.blocks {
        write_block(block, &mut out);
    }
    out
}

fn write_block(block: &Block, out: &mut String) {
    match block {
        Block::Heading(level, text) => {
            *out += &format!("\n{} {}\n", "#".repeat(usize::from(*level)), plain(text));
        }
        Block::Lead(tone, text) => *out += &format!("\n{}\n", paragraph(&format!("{}{text}", tone.mark()))),
        Block::Text(text) => *out += &format!("\n{}\n", paragraph(text)),
        Block::Facts(facts) => write_facts(facts, out),
        Block::Table(table) => write_table(table, out),
        Block::Figure(figure) => {
            let text = figure.text.iter().map(|text| format!("\n{}\n", paragraph(text)));
            *out += &text.collect::<String>();
        }
        Block::List(tone, items) => {
            *out += "\n";
            let line = |text: &String| plain(&format!("{}{text}", tone.mark()));
            items.iter().for_each(|text| *out += &bullet(&line(text)));
        }
        Block::Section(_, blocks) => blocks.iter().for_each(|block| write_block(block, out)),
    }
}

fn write_facts(facts: &[(String, String)], out: &mut String) {
    *out += "\n";
    for (name, text) in facts {
        let lines = wrap(&format!("{}: {}", plain(name), plain(text)), WIDTH - 2);
        *out += &format!("- {}\n", lines.join("\n  "));
    }
}

/// A table where it fits; else a list, each row with the names of its columns.
fn write_table(table: &Table, out: &mut String) {
    let cell = |cell: &super::page::Cell| plain(&format!("{}{}", cell.tone.mark(), cell.text));
    let rows: Vec<Vec<String>> = table.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let header: Vec<String> = table.header.iter().map(|name| plain(name)).collect();
    let widest = |column: usize| {
        let cells = rows.iter().chain([&header]).filter_map(|row| row.get(column));
        cells.map(|cell| columns(cell)).max().unwrap_or(0).max(3)
    };
    let widths: Vec<usize> = (0..header.len()).map(widest).collect();
    let needed = widths.iter().map(|width| width + 3).sum::<usize>() + 1;
    *out += "\n";
    if needed > WIDTH {
        rows.iter().for_each(|row| *out += &item(&header, row, table.plain));
    } else {
        let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        for row in [&header, &dashes].into_iter().chain(&rows) {
            let cells = row.iter().zip(&widths).map(|(cell, width)| padded(cell, *width));
            *out += &format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
        }
    }
}

fn item(header: &[String], row: &[String], plain: usize) -> String {
    let cells = header.iter().zip(row).enumerate().filter(|(_, (_, cell))| !cell.is_empty());
    let told = cells.map(|(column, (name, cell))| if column < plain { cell.clone() } else { format!("{name} {cell}") });
    let told: Vec<_> = told.collect();
    match told.split_first() {
        Some((first, [])) => bullet(first),
        Some((first, others)) => bullet(&format!("{first}: {}", others.join("; "))),
        None => String::new(),
    }
}

fn bullet(text: &str) -> String {
    format!("- {}\n", wrap(text, WIDTH - 2).join("\n  "))
}

fn padded(cell: &str, width: usize) -> String {
    format!("{cell}{}", " ".repeat(width.saturating_sub(columns(cell))))
}

/// A paragraph whose first letters are no mark of Markdown.
fn paragraph(text: &str) -> String {
    let text = plain(text);
    let marked =
        text.starts_with(['#', '-', '+', '>', '=']) || text.starts_with(|letter: char| letter.is_ascii_digit());
    let lines = wrap(&text, WIDTH).join("\n");
    // Only a number with a point or a bracket begins a list.
    let numbered = text.trim_start_matches(|letter: char| letter.is_ascii_digit()).starts_with(['.', ')']);
    if marked && (numbered || !text.starts_with(|letter: char| letter.is_ascii_digit())) {
        return format!("\\{lines}");
    }
    lines
}

/// A text on one line, with nothing in it that means something in Markdown or to a terminal.
pub(super) fn plain(text: &str) -> String {
    let text: Vec<char> = visible(text).chars().map(|letter| if letter == '\n' { ' ' } else { letter }).collect();
    let mut out = String::with_capacity(text.len());
    for (index, letter) in text.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| text.get(before));
        let after = text.get(index + 1);
        let within = |neighbour: Option<&char>| neighbour.is_some_and(|letter| letter.is_alphanumeric());
        let means = match letter {
            '\\' | '`' | '*' | '[' | '|' | '~' => true,
            '_' => !(within(before) && within(after)),
            '<' => after.is_some_and(|after| after.is_alphabetic() || ['/', '!', '?'].contains(after)),
            '&' => after.is_some_and(|after| after.is_alphanumeric() || *after == '#'),
            _ => false,
        };
        if means {
            out.push('\\');
        }
        out.push(*letter);
    }
    out
}
