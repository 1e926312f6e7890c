//! Keyset pages: newest first, with the positions of the neighbours, never an OFFSET.

/// Where a page starts, counted by a unique ascending number of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Cursor {
    /// The newest rows.
    #[default]
    Newest,
    /// Rows older than this one.
    Before(i64),
    /// Rows newer than this one.
    After(i64),
}

/// One page of rows, newest first.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows, newest first.
    pub rows: Vec<T>,
    /// Where the page of newer rows starts, if there are any.
    pub newer: Option<Cursor>,
    /// Where the page of older rows starts, if there are any.
    pub older: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page of what a query for `limit + 1` rows answered; `found` is newest first, or for
    /// [`Cursor::After`] oldest first, as the query has to order it. `key` reads a row's number.
    pub fn cut(mut found: Vec<T>, cursor: Cursor, limit: usize, key: impl Fn(&T) -> i64) -> Self {
        let more = found.len() > limit;
        found.truncate(limit);
        let forwards = matches!(cursor, Cursor::After(_));
        if forwards {
            found.reverse();
        }
        let has_newer = if forwards { more } else { cursor != Cursor::Newest };
        let has_older = if forwards { true } else { more };
        let newer = found.first().filter(|_| has_newer).map(|row| Cursor::After(key(row)));
        let older = found.last().filter(|_| has_older).map(|row| Cursor::Before(key(row)));
        Self { rows: found, newer, older }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_offered_only_where_there_are_rows() {
        let newest = Page::cut(vec![9, 8, 7], Cursor::Newest, 2, |n| *n);
        assert_eq!((newest.rows, newest.newer, newest.older), (vec![9, 8], None, Some(Cursor::Before(8))));
        let last = Page::cut(vec![7, 6], Cursor::Before(8), 2, |n| *n);
        assert_eq!((last.rows, last.newer, last.older), (vec![7, 6], Some(Cursor::After(7)), None));
        let back = Page::cut(vec![8, 9], Cursor::After(7), 2, |n| *n);
        assert_eq!((back.rows, back.newer, back.older), (vec![9, 8], None, Some(Cursor::Before(8))));
    }
}
