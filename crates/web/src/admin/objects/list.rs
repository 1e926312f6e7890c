//! `GET /admin/objects/{type}`: the objects of a type, newest first, with the columns that its declaration lists.

use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::mirror::{self, Column, Filter, Kind, Object, Objects, Position, SqlType, Whose};
use tollgate_models::users::Role;

use super::value::{Cell, Eyes, Looked, cell, is_number, label};
use super::{address_of, heading, list_address};
use crate::admin::fields::{Fields, Query, link};
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::parts::Choice;
use crate::admin::roles::Viewer;
use crate::admin::show::{Mode, Stamp};

const ROWS: usize = 50;

pub(in crate::admin) struct Heading {
    label: String,
    is_number: bool,
}

pub(in crate::admin) struct ObjectRow {
    id: String,
    href: String,
    deleted: bool,
    cells: Vec<Cell>,
    mode: Mode,
    created: Stamp,
}

/// What a list is narrowed to, and by what it can be.
pub(in crate::admin) struct Narrowing {
    path: String,
    columns: Vec<Choice>,
    value: String,
    modes: Vec<Choice>,
    account: String,
    is_on: bool,
}

#[derive(Template)]
#[template(path = "admin/objects.html")]
pub(in crate::admin) struct ObjectsPage {
    layout: Layout,
    columns: Vec<Heading>,
    rows: Vec<ObjectRow>,
    narrowing: Narrowing,
    newer: Option<String>,
    older: Option<String>,
}

/// The handler.
pub(in crate::admin) async fn show(
    viewer: Viewer,
    object: web::Path<String>,
    Query(query): Query,
) -> Result<HttpResponse, PageError> {
    let eyes = Eyes { operator: viewer.may(Role::Operator), now: viewer.now };
    let filter = read(&query, mirror::kind(&object), eyes);
    let (wanted, narrowing) = (object.clone(), filter.clone());
    let found = viewer.tollgate.db().read(move |conn| mirror::list(conn, &wanted, &narrowing, ROWS)).await?;
    page(&view(viewer.layout(Section::Objects, heading(&object)), &object, &filter, found, eyes))
}

fn read(query: &Fields, kind: Option<&Kind>, eyes: Eyes) -> Filter {
    // Whoever may not see personal data must not find it out by guessing either.
    let known =
        |column: &str| kind.and_then(|kind| kind.column(column)).is_some_and(|of| eyes.operator || !of.personal);
    let equal = query.owned("column").filter(|column| known(column)).zip(query.owned("value"));
    let whose = super::asked_whose(query);
    Filter { equal, before: position(query.get("before")), after: position(query.get("after")), whose }
}

fn position(text: &str) -> Option<Position> {
    let (created, id) = text.split_once(':')?;
    Some(Position { created: created.parse().ok()?, id: id.to_owned() })
}

pub(in crate::admin) fn view(layout: Layout, object: &str, filter: &Filter, found: Objects, eyes: Eyes) -> ObjectsPage {
    let path = list_address(object);
    let kind = mirror::kind(object);
    let narrowed = narrowed(filter);
    let page_link = |name: &str, position: Option<Position>| {
        let position = position?;
        let place = (name.to_owned(), format!("{}:{}", position.created, position.id));
        Some(link(&path, &[&[place][..], &narrowed].concat()))
    };
    ObjectsPage {
        layout,
        columns: kind.map(headings).unwrap_or_default(),
        newer: page_link("after", found.newer),
        older: page_link("before", found.older),
        rows: found.rows.into_iter().map(|row| object_row(row, object, kind, eyes)).collect(),
        narrowing: narrowing(&path, kind, filter, eyes),
    }
}

fn narrowed(filter: &Filter) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    if let Some((column, value)) = &filter.equal {
        fields.extend([("column".to_owned(), column.clone()), ("value".to_owned(), value.clone())]);
    }
    fields.extend(filter.whose.account.clone().map(|account| ("account".to_owned(), account)));
    fields.extend(filter.whose.livemode.map(|live| ("mode".to_owned(), mode(live).to_owned())));
    fields
}

fn mode(live: bool) -> &'static str {
    if live { "live" } else { "test" }
}

// By what an index answers, whatever the size of the table.
fn narrowing(path: &str, kind: Option<&Kind>, filter: &Filter, eyes: Eyes) -> Narrowing {
    let (column, value) = filter.equal.clone().unwrap_or_default();
    let choice = |value: &str, label: String, chosen: bool| Choice { value: value.to_owned(), label, chosen };
    let offered = |of: &&Column| of.is_indexed() && of.sql == SqlType::Text && (eyes.operator || !of.personal);
    let indexed = kind.into_iter().flat_map(|kind| kind.columns).filter(offered);
    let mut columns: Vec<Choice> = indexed.map(|of| choice(of.name, label(of.name), of.name == column)).collect();
    if !column.is_empty() && columns.iter().all(|of| !of.chosen) {
        columns.push(choice(&column, label(&column), true));
    }
    let modes =
        [true, false].map(|live| choice(mode(live), mode(live).to_owned(), filter.whose.livemode == Some(live)));
    Narrowing {
        path: path.to_owned(),
        columns,
        value,
        modes: modes.into(),
        is_on: filter.equal.is_some() || filter.whose != Whose::default(),
        account: filter.whose.account.clone().unwrap_or_default(),
    }
}

fn headings(kind: &Kind) -> Vec<Heading> {
    let listed = kind.columns.iter().filter(|column| column.listed);
    listed.map(|column| Heading { label: label(column.name), is_number: is_number(column) }).collect()
}

fn object_row(row: Object, object: &str, kind: Option<&Kind>, eyes: Eyes) -> ObjectRow {
    let (json, whose) = (row.json(), super::whose(&row));
    let cells = kind.map(|kind| {
        let looked = Looked { kind, json: &json, whose: &whose };
        kind.columns.iter().filter(|column| column.listed).map(|column| cell(looked, column, eyes)).collect()
    });
    ObjectRow {
        href: address_of(object, &row.id, &whose),
        deleted: row.deleted_at.is_some(),
        cells: cells.unwrap_or_default(),
        mode: Mode { live: row.livemode },
        created: Stamp::short(row.created.saturating_mul(1000), eyes.now).alone(),
        id: row.id,
    }
}
