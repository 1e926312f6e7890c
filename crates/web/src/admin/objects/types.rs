//! `GET /admin/objects`: the types of the mirror with how many there are.

use actix_web::HttpResponse;
use askama::Template;
use tollgate_models::QueryResult;
use tollgate_models::mirror::{self, KINDS};

use super::{heading, list_address};
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::roles::Viewer;
use crate::admin::show::count;

/// Counted no further: an exact count of a large table takes long and helps nobody.
const MOST: i64 = 10_000;

pub(in crate::admin) struct TypeRow {
    href: String,
    label: String,
    count: String,
}

#[derive(Template)]
#[template(path = "admin/object_types.html")]
pub(in crate::admin) struct ObjectTypesPage {
    layout: Layout,
    kinds: Vec<TypeRow>,
    others: Vec<TypeRow>,
}

/// The handler.
pub(in crate::admin) async fn show(viewer: Viewer) -> Result<HttpResponse, PageError> {
    let counted = viewer.tollgate.db().read(|conn| -> QueryResult<_> {
        let mut counted = Vec::new();
        for kind in KINDS {
            counted.push((kind.object.to_owned(), mirror::count_up_to(conn, kind.object, MOST + 1)?));
        }
        for object in mirror::other_types(conn)? {
            let found = mirror::count_up_to(conn, &object, MOST + 1)?;
            counted.push((object, found));
        }
        Ok(counted)
    });
    page(&view(viewer.layout(Section::Objects, "Objects"), counted.await?))
}

pub(in crate::admin) fn view(layout: Layout, counted: Vec<(String, i64)>) -> ObjectTypesPage {
    let (kinds, others): (Vec<_>, Vec<_>) = counted.into_iter().partition(|(object, _)| mirror::kind(object).is_some());
    let row = |(object, found): (String, i64)| TypeRow {
        href: list_address(&object),
        label: if mirror::kind(&object).is_some() { heading(&object) } else { object },
        count: if found > MOST { format!("{}+", count(MOST)) } else { count(found) },
    };
    ObjectTypesPage {
        layout,
        kinds: kinds.into_iter().map(row).collect(),
        others: others.into_iter().map(row).collect(),
    }
}
