//! `GET /admin/objects`: the types of the mirror with how many there are, by what they are about.

use actix_web::HttpResponse;
use askama::Template;
use tollgate_models::mirror::{self, Count};

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

/// Types of one group: those that have objects, and the others.
pub(in crate::admin) struct TypeGroup {
    label: &'static str,
    kinds: Vec<TypeRow>,
    empty: Vec<TypeRow>,
}

#[derive(Template)]
#[template(path = "admin/object_types.html")]
pub(in crate::admin) struct ObjectTypesPage {
    layout: Layout,
    groups: Vec<TypeGroup>,
    others: Vec<TypeRow>,
}

/// The handler.
pub(in crate::admin) async fn show(viewer: Viewer) -> Result<HttpResponse, PageError> {
    let counts = viewer.tollgate.db().read(|conn| mirror::counts_up_to(conn, MOST + 1)).await?;
    page(&view(viewer.layout(Section::Objects, "Objects"), counts))
}

pub(in crate::admin) fn view(layout: Layout, counts: Vec<Count>) -> ObjectTypesPage {
    let (mut groups, mut others): (Vec<TypeGroup>, Vec<TypeRow>) = (Vec::new(), Vec::new());
    for Count { object, count: found } in counts {
        let kind = mirror::kind(&object);
        let row = TypeRow {
            href: list_address(&object),
            count: if found > MOST { format!("{}+", count(MOST)) } else { count(found) },
            label: if kind.is_some() { heading(&object) } else { object },
        };
        let Some(kind) = kind else {
            others.push(row);
            continue;
        };
        if groups.last().is_none_or(|group| group.label != kind.group) {
            groups.push(TypeGroup { label: kind.group, kinds: Vec::new(), empty: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            if found > 0 { group.kinds.push(row) } else { group.empty.push(row) }
        }
    }
    ObjectTypesPage { layout, groups, others }
}
