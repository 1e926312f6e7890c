//! Tables for a terminal that are Markdown too, so that they can be put into a page as they are.

/// Rows under a heading.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with a heading and no rows.
    pub fn new<const N: usize>(heading: [&str; N]) -> Self {
        Self { rows: vec![heading.map(str::to_owned).into()] }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// The text, each line ended; the first column to the left, the others to the right.
    pub fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default().max(3)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            text.push_str(&line(row, &widths));
            if index == 0 {
                text.push_str(&rule(&widths));
            }
        }
        text
    }
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut text = "|".to_owned();
    for (column, width) in widths.iter().enumerate() {
        let cell = row.get(column).map_or("", String::as_str);
        text += &if column == 0 { format!(" {cell:<width$} |") } else { format!(" {cell:>width$} |") };
    }
    text + "\n"
}

fn rule(widths: &[usize]) -> String {
    let mut text = "|".to_owned();
    for (column, width) in widths.iter().enumerate() {
        text += &if column == 0 {
            format!(" {:-<width$} |", "")
        } else {
            format!(" {:->width$}: |", "", width = width - 1)
        };
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown_with_numbers_to_the_right() {
        let mut table = Table::new(["work", "rate"]);
        table.row(["accept, größer".to_owned(), "12,000/s".to_owned()]);
        table.row(["x".to_owned(), "3".to_owned()]);
        let expected = "\
| work           |     rate |
| -------------- | -------: |
| accept, größer | 12,000/s |
| x              |        3 |
";
        assert_eq!(table.render(), expected);
    }
}
