//! Accounts and keys: the list, adding one by pasting it, the default of each mode, and deleting.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::api_keys::{self, ApiKey};
use tollgate_models::users::Role;

use super::endpoints::actions::ConfirmPage;
use super::fields::Posted;
use super::flash::Flash;
use super::guard::sentence;
use super::layout::{Layout, Section, page, page_with};
use super::page_error::PageError;
use super::roles::{Admin, Viewer};
use super::show::{Mode, Stamp};
use crate::{Error, keys};

const PATH: &str = "/admin/keys";

pub(super) struct KeyRow {
    href: String,
    name: String,
    is_default: bool,
    masked: String,
    kind: String,
    mode: Mode,
    account: String,
    account_name: String,
    last_used: Option<Stamp>,
    last_error: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/keys.html")]
pub(super) struct KeysPage {
    pub(super) layout: Layout,
    pub(super) rows: Vec<KeyRow>,
    pub(super) may_change: bool,
    pub(super) from_environment: bool,
    pub(super) name: String,
    pub(super) problem: Option<String>,
}

/// `GET /admin/keys`
pub(super) async fn show(viewer: Viewer) -> Result<HttpResponse, PageError> {
    page(&load(&viewer).await?)
}

async fn load(viewer: &Viewer) -> Result<KeysPage, Error> {
    let found = viewer.tollgate.db().read(api_keys::list).await?;
    let layout = viewer.layout(Section::Keys, "Accounts and keys");
    let from_environment = viewer.tollgate.config().stripe_api_key.is_some();
    Ok(KeysPage { may_change: viewer.may(Role::Admin), from_environment, ..view(layout, found, viewer.now) })
}

/// The page out of what was found.
pub(super) fn view(layout: Layout, found: Vec<ApiKey>, now: i64) -> KeysPage {
    KeysPage {
        layout,
        rows: found.into_iter().map(|key| key_row(key, now)).collect(),
        may_change: false,
        from_environment: false,
        name: String::new(),
        problem: None,
    }
}

fn key_row(key: ApiKey, now: i64) -> KeyRow {
    KeyRow {
        href: format!("{PATH}/{}", key.id),
        name: key.name,
        is_default: key.is_default,
        masked: key.masked,
        kind: key.kind,
        mode: Mode { live: key.livemode },
        account: key.account.unwrap_or_default(),
        account_name: key.account_name.unwrap_or_default(),
        last_used: key.last_used_at.map(|at| Stamp::short(at, now)),
        last_error: key.last_error,
    }
}

/// `POST /admin/keys`: what was pasted is never shown again, not even when it is refused.
pub(super) async fn add(admin: Admin, Posted(form): Posted) -> Result<HttpResponse, PageError> {
    match keys::add(&admin.tollgate, form.get("name"), form.raw("secret"), &admin.actor()).await {
        Ok(key) => {
            let whose =
                key.account_name.or(key.account).unwrap_or_else(|| "an account that it may not name".to_owned());
            Ok(admin.redirect_with(
                PATH,
                &Flash::good(format!("The key {} belongs to {whose}, and is stored.", key.masked)),
            ))
        }
        Err(error @ (Error::BadRequest(_) | Error::Conflict(_) | Error::Stripe(_))) => {
            let view = load(&admin).await?;
            let problem = Some(sentence(&error.public_text()));
            let name = form.get("name").to_owned();
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &KeysPage { problem, name, ..view })
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /admin/keys/{id}/default`
pub(super) async fn make_default(admin: Admin, id: web::Path<i64>) -> Result<HttpResponse, PageError> {
    keys::make_default(&admin.tollgate, *id, &admin.actor()).await?;
    Ok(admin.redirect_with(PATH, &Flash::good("The key is now the default of its mode.")))
}

/// `GET /admin/keys/{id}/delete`
pub(super) async fn ask(admin: Admin, id: web::Path<i64>) -> Result<HttpResponse, PageError> {
    let key = find(&admin, *id).await?;
    page(&confirm(admin.layout(Section::Keys, format!("Delete the key {}", key.name)), &key, None))
}

async fn find(admin: &Admin, id: i64) -> Result<ApiKey, Error> {
    let key = admin.tollgate.db().read(move |conn| api_keys::find(conn, id)).await?;
    key.ok_or_else(|| Error::NotFound(format!("there is no key number {id}")))
}

pub(super) fn confirm(layout: Layout, key: &ApiKey, problem: Option<String>) -> ConfirmPage {
    ConfirmPage {
        layout,
        question: format!("Delete the key “{}”?", key.name),
        consequences: vec!["Tollgate forgets the key. At Stripe it stays valid until it is revoked in the dashboard."],
        facts: vec![("Key", key.masked.clone()), ("Account", key.account_name.clone().unwrap_or_default())],
        action: format!("{PATH}/{}/delete", key.id),
        hidden: Vec::new(),
        typed: key.livemode.then(|| key.name.clone()),
        verb: "Delete",
        dangerous: true,
        back: PATH.to_owned(),
        problem,
    }
}

/// `POST /admin/keys/{id}/delete`
pub(super) async fn delete(admin: Admin, id: web::Path<i64>, Posted(form): Posted) -> Result<HttpResponse, PageError> {
    let key = find(&admin, *id).await?;
    if key.livemode && form.get("typed") != key.name.trim() {
        let problem = "What was typed is something else. Nothing was done.".to_owned();
        let layout = admin.layout(Section::Keys, format!("Delete the key {}", key.name));
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &confirm(layout, &key, Some(problem)));
    }
    let flash = match keys::delete(&admin.tollgate, *id, &admin.actor()).await {
        Ok(()) => Flash::good("The key is deleted here."),
        Err(Error::Conflict(text)) => Flash::bad(sentence(&text)),
        Err(error) => return Err(error.into()),
    };
    Ok(admin.redirect_with(PATH, &flash))
}
