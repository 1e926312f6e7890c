//! Both databases get the same tables, and they are what `schema.rs` and the mirror's declarations say.

use std::collections::BTreeMap;

use tollgate_models::mirror::{KINDS, SqlType};
use tollgate_models::testing::TestDb;

use crate::tables::{Tables, folder, names};

#[test]
fn both_databases_have_migrations_of_the_same_names() {
    let sqlite = names(&folder("sqlite"));
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, names(&folder("postgres")));
    for database in ["sqlite", "postgres"] {
        for name in &sqlite {
            assert_eq!(names(&folder(database).join(name)), ["down.sql", "up.sql"], "{database} {name}");
        }
    }
}

#[test]
fn both_databases_declare_the_same_tables_indexes_and_constraints() {
    let (sqlite, postgres) = (Tables::declared("sqlite"), Tables::declared("postgres"));
    assert_eq!(sqlite.columns, postgres.columns);
    assert_eq!(sqlite.indexes, postgres.indexes);
    assert_eq!(sqlite.constraints, postgres.constraints);
}

#[test]
fn the_database_has_what_its_migrations_declare() {
    let test = TestDb::new();
    let db = test.open();
    let declared = Tables::declared(if db.url().is_sqlite() { "sqlite" } else { "postgres" });
    assert!(declared.columns.len() > 20 && declared.indexes.len() > 20, "{declared:?}");
    let present = Tables::present(&mut test.connect());
    assert_eq!(present, declared.into_present());
}

#[test]
fn the_schema_in_rust_is_the_schema_of_the_database() {
    let mut in_rust: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let (mut table, mut sql_name) = ("", None);
    for line in include_str!("../../src/schema.rs").lines().map(str::trim) {
        if let Some((name, _)) = line.strip_suffix(") {").and_then(|line| line.split_once(" (")) {
            table = name;
        } else if let Some(name) = line.strip_prefix("#[sql_name = \"") {
            sql_name = name.split('"').next();
        } else if let Some((name, type_)) =
            line.trim_end_matches(',').split_once(" -> ").filter(|(n, _)| !n.contains('('))
        {
            let (type_, null) = match type_.strip_prefix("Nullable<") {
                Some(type_) => (type_.trim_end_matches('>'), ""),
                None => (type_, " NOT NULL"),
            };
            let type_ = match type_ {
                "Bool" => "BOOLEAN".to_owned(),
                "Binary" => "BLOB".to_owned(),
                other => other.to_uppercase(),
            };
            in_rust.entry(table).or_default().push(format!("{} {type_}{null}", sql_name.take().unwrap_or(name)));
        }
    }
    assert!(in_rust.len() >= 11, "{in_rust:?}");
    let declared = Tables::declared("sqlite").columns;
    for (table, columns) in in_rust {
        assert_eq!(declared.get(table), Some(&columns), "{table}");
    }
}

#[test]
fn every_table_of_the_mirror_has_the_columns_and_the_key_of_its_declaration() {
    let declared = Tables::declared("sqlite");
    for kind in KINDS {
        let account = if kind.key.contains(&"account") { "account TEXT NOT NULL" } else { "account TEXT" };
        let common = [
            "id TEXT NOT NULL",
            account,
            "livemode BOOLEAN NOT NULL",
            "created BIGINT NOT NULL",
            "deleted_at BIGINT",
            "as_of BIGINT NOT NULL",
            "event_id TEXT",
            "api_version TEXT",
            "data TEXT NOT NULL",
        ];
        let own = kind.columns.iter().map(|column| {
            let type_ = match column.sql {
                SqlType::Text => "TEXT",
                SqlType::BigInt => "BIGINT",
                SqlType::Bool => "BOOLEAN",
            };
            format!("{} {type_}", column.name)
        });
        let mut expected: Vec<String> = common.map(str::to_owned).into_iter().chain(own).collect();
        let mut columns = declared.columns[kind.table].clone();
        expected.sort();
        columns.sort();
        assert_eq!(columns, expected, "{}", kind.table);
        let key = format!("{}: PRIMARY KEY ({})", kind.table, kind.key.join(", "));
        assert!(declared.constraints.contains(&key), "{key}");
    }
}

#[test]
fn every_reference_and_every_usual_filter_leads_an_index_and_so_does_the_order_of_lists() {
    let indexes = Tables::declared("sqlite").indexes;
    for kind in KINDS {
        let mut expected = vec![format!("{}_by_created", kind.table)];
        let own = kind.columns.iter().filter(|column| column.is_indexed());
        expected.extend(own.clone().map(|column| format!("{}_by_{}", kind.table, column.name)));
        let of_table = indexes.iter().filter(|(_, on)| on.starts_with(&format!("{} (", kind.table)));
        let mut found: Vec<&str> = of_table.map(|(name, _)| name.as_str()).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(indexes[&format!("{}_by_created", kind.table)], format!("{} (created, id)", kind.table));
        for column in own {
            let on = &indexes[&format!("{}_by_{}", kind.table, column.name)];
            let leads = [format!("{} ({})", kind.table, column.name), format!("{} ({},", kind.table, column.name)];
            assert!(leads.iter().any(|lead| on.starts_with(lead)), "{on}");
        }
    }
}
