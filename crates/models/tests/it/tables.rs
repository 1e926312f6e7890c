//! The tables and indexes that the migrations declare, read from their SQL, and those that a database has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tollgate_models::AnyConnection;

use crate::arrivals::texts;

/// Columns by table, each as `name TYPE` or `name TYPE NOT NULL`, types in SQLite's words; and indexes by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tables {
    /// In the order of declaration.
    pub columns: BTreeMap<String, Vec<String>>,
    /// As `table (column, column)`, with ` WHERE …` if it is partial.
    pub indexes: BTreeMap<String, String>,
    /// The keys, defaults, references and unique columns, word for word.
    pub constraints: Vec<String>,
}

/// The folder of a database's migrations.
pub fn folder(database: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(database)
}

/// The names of the migrations in a folder, in their order.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

impl Tables {
    /// What all `up.sql` of a database declare.
    pub fn declared(database: &str) -> Self {
        let folder = folder(database);
        let mut tables = Self::default();
        for name in names(&folder) {
            let sql = std::fs::read_to_string(folder.join(name).join("up.sql")).unwrap();
            let sql: String = sql.lines().map(|line| line.split("--").next().unwrap().to_owned() + " ").collect();
            let words = sql.split_whitespace().collect::<Vec<_>>().join(" ");
            for statement in words.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
                tables.add(statement);
            }
        }
        tables.constraints.sort();
        tables
    }

    fn add(&mut self, statement: &str) {
        if let Some(rest) = statement.strip_prefix("CREATE TABLE ") {
            let (table, body) = rest.split_once(" (").unwrap();
            for part in at_top_level(body.strip_suffix(')').unwrap()) {
                self.add_column(table, &part);
            }
        } else if let Some((table, change)) =
            statement.strip_prefix("ALTER TABLE ").and_then(|rest| rest.split_once(' '))
        {
            self.alter(table, change);
        } else if let Some(table) = statement.strip_prefix("DROP TABLE ") {
            self.columns.remove(table).unwrap();
            self.indexes.retain(|_, on| !on.starts_with(&format!("{table} (")));
            self.constraints.retain(|constraint| !is_of(constraint, table));
        } else if let Some(rest) =
            ["CREATE INDEX ", "CREATE UNIQUE INDEX "].iter().find_map(|it| statement.strip_prefix(it))
        {
            let (name, on) = rest.split_once(" ON ").unwrap();
            if statement.contains(" UNIQUE ") {
                self.constraints.push(format!("{}: UNIQUE INDEX {name}", on.split(' ').next().unwrap()));
            }
            self.indexes.insert(name.to_owned(), on.to_owned());
        } else if let Some(name) = statement.strip_prefix("DROP INDEX ") {
            assert!(self.indexes.remove(name).is_some(), "there is no index {name}");
        } else {
            let changes_rows =
                ["INSERT INTO ", "UPDATE ", "DELETE FROM "].iter().any(|verb| statement.starts_with(verb));
            assert!(changes_rows, "teach this test to read: {statement}");
        }
    }

    fn alter(&mut self, table: &str, change: &str) {
        if let Some(column) = change.strip_prefix("ADD COLUMN ") {
            self.add_column(table, column);
        } else if let Some(key) = change.strip_prefix("ADD PRIMARY KEY ") {
            self.constraints.push(format!("{table}: PRIMARY KEY {key}"));
        } else if change == format!("DROP CONSTRAINT {table}_pkey") {
            self.constraints.retain(|constraint| !constraint.starts_with(&format!("{table}: PRIMARY KEY")));
        } else if let Some(name) = change.strip_prefix("RENAME TO ") {
            let columns = self.columns.remove(table).unwrap();
            self.columns.insert(name.to_owned(), columns);
            for constraint in self.constraints.iter_mut().filter(|constraint| is_of(constraint, table)) {
                *constraint = format!("{name}{}", &constraint[table.len()..]);
            }
        } else if let Some((column, what)) =
            change.strip_prefix("ALTER COLUMN ").and_then(|rest| rest.split_once(" SET "))
        {
            if what == "NOT NULL" {
                let columns = self.columns.get_mut(table).unwrap().iter_mut();
                columns
                    .filter(|found| found.starts_with(&format!("{column} ")))
                    .for_each(|found| *found += " NOT NULL");
            } else {
                self.constraints.push(format!("{table}.{column}: {what}"));
            }
        } else {
            panic!("teach this test to read: ALTER TABLE {table} {change}");
        }
    }

    fn add_column(&mut self, table: &str, part: &str) {
        let part = part
            .replace("BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", "BIGINT NOT NULL NUMBERED")
            .replace("INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT", "BIGINT NOT NULL NUMBERED")
            .replace("BYTEA", "BLOB");
        if part.starts_with("PRIMARY KEY") {
            self.constraints.push(format!("{table}: {part}"));
            return;
        }
        let mut words = part.splitn(3, ' ');
        let (name, type_, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap_or_default());
        let rest = rest.strip_prefix("COLLATE \"C\"").unwrap_or(rest).trim();
        let (null, rest) = match rest.strip_prefix("NOT NULL") {
            Some(rest) => (" NOT NULL", rest.trim()),
            None => ("", rest),
        };
        if !rest.is_empty() {
            self.constraints.push(format!("{table}.{name}: {rest}"));
        }
        self.columns.entry(table.to_owned()).or_default().push(format!("{name} {type_}{null}"));
    }

    /// What the database has; without constraints, and a partial index ends in ` WHERE`.
    pub fn present(conn: &mut AnyConnection) -> Self {
        let (columns, indexes) = match conn {
            AnyConnection::Sqlite(_) => (SQLITE_COLUMNS, SQLITE_INDEXES),
            AnyConnection::Postgres(_) => (POSTGRES_COLUMNS, POSTGRES_INDEXES),
        };
        let mut tables = Self::default();
        for row in texts(conn, columns).into_iter().flatten() {
            let (table, column) = row.split_once('.').unwrap();
            tables.columns.entry(table.to_owned()).or_default().push(column.to_owned());
        }
        for row in texts(conn, indexes).into_iter().flatten() {
            let (name, on) = row.split_once(" ON ").unwrap();
            let on = on.rsplit_once(" USING btree ").map_or(on.to_owned(), |(_, columns)| {
                let table = on.split(' ').next().unwrap().rsplit('.').next().unwrap();
                format!("{table} {columns}")
            });
            tables.indexes.insert(name.rsplit(' ').next().unwrap().to_owned(), without_condition(&on));
        }
        tables
    }

    /// The same without what [`Tables::present`] does not know.
    pub fn into_present(mut self) -> Self {
        self.constraints.clear();
        self.indexes.values_mut().for_each(|on| *on = without_condition(on));
        self
    }
}

// Whether a constraint is of a table or one of its columns.
fn is_of(constraint: &str, table: &str) -> bool {
    constraint.strip_prefix(table).is_some_and(|rest| rest.starts_with([':', '.']))
}

// PostgreSQL shows a condition in words of its own.
fn without_condition(on: &str) -> String {
    on.split_once(" WHERE ").map_or(on.to_owned(), |(columns, _)| format!("{columns} WHERE"))
}

fn at_top_level(body: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for letter in body.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(letter);
    }
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

// A numbered key is an INTEGER to SQLite, and 64 bits wide all the same.
const SQLITE_COLUMNS: &str = "SELECT t.name || '.' || c.name || ' ' || CASE WHEN c.pk = 1 AND c.type = 'INTEGER' \
    THEN 'BIGINT' ELSE c.type END || CASE WHEN c.\"notnull\" THEN ' NOT NULL' ELSE '' END AS value \
    FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table' \
    AND t.name NOT LIKE 'sqlite_%' AND t.name <> '__diesel_schema_migrations' ORDER BY t.name, c.cid";
const SQLITE_INDEXES: &str = "SELECT sql AS value FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";
const POSTGRES_COLUMNS: &str = "SELECT table_name || '.' || column_name || ' ' || CASE data_type WHEN 'bytea' \
    THEN 'BLOB' ELSE upper(data_type) END || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END AS value \
    FROM information_schema.columns WHERE table_schema = current_schema() \
    AND table_name <> '__diesel_schema_migrations' ORDER BY table_name, ordinal_position";
const POSTGRES_INDEXES: &str = "SELECT i.indexdef AS value FROM pg_indexes AS i WHERE i.schemaname = current_schema() \
    AND NOT EXISTS (SELECT 1 FROM pg_constraint AS c WHERE c.conindid = (i.schemaname || '.' || i.indexname)::regclass) \
    AND i.tablename <> '__diesel_schema_migrations'";
