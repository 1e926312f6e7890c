//! `GET /admin/find`: to the page of whatever has this id, else to the event log searched for it.

use actix_web::HttpResponse;
use tollgate_models::{QueryResult, endpoints, events, mirror};

use crate::admin::fields::{Query, link};
use crate::admin::page_error::PageError;
use crate::admin::roles::Viewer;

/// The handler.
pub(in crate::admin) async fn show(viewer: Viewer, Query(query): Query) -> Result<HttpResponse, PageError> {
    let Some(wanted) = query.owned("q") else { return Ok(viewer.redirect("/admin/events")) };
    let id = wanted.clone();
    let found = viewer.tollgate.db().read(move |conn| -> QueryResult<Option<String>> {
        if events::find(conn, &id)?.is_some() {
            return Ok(Some(crate::admin::events::address(&id)));
        }
        if let Some(object) = mirror::find_anywhere(conn, &id)? {
            return Ok(Some(super::address_of(&object.object, &object.id, &super::whose(&object))));
        }
        let endpoint = match endpoints::find_by_stripe_id(conn, &id)? {
            Some(endpoint) => Some(endpoint),
            None => endpoints::find(conn, &id)?,
        };
        Ok(endpoint.map(|endpoint| crate::admin::endpoints::address(&endpoint.uuid)))
    });
    let to = found.await?.unwrap_or_else(|| link("/admin/events", &[("q".to_owned(), wanted)]));
    Ok(viewer.redirect(&to))
}
