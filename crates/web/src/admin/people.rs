//! Users, for admins to look at, and everybody's own sessions, which they can end.

use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::sessions::{self, Session};
use tollgate_models::users::{self, User};

use super::flash::Flash;
use super::layout::{Layout, Section, page};
use super::page_error::PageError;
use super::roles::{Admin, Viewer};
use super::session::IDLE;
use super::show::{Badge, Stamp, Tone};
use crate::Error;

pub(super) struct UserRow {
    email: String,
    is_you: bool,
    role: &'static str,
    state: Badge,
    last: Option<Stamp>,
    created: Stamp,
}

#[derive(Template)]
#[template(path = "admin/users.html")]
pub(super) struct UsersPage {
    layout: Layout,
    rows: Vec<UserRow>,
}

/// `GET /admin/users`
pub(super) async fn list(admin: Admin) -> Result<HttpResponse, PageError> {
    let found = admin.tollgate.db().read(users::list).await?;
    page(&users_view(admin.layout(Section::Users, "Users"), found, admin.user.id, admin.now))
}

pub(super) fn users_view(layout: Layout, found: Vec<User>, you: i64, now: i64) -> UsersPage {
    UsersPage { layout, rows: found.into_iter().map(|user| user_row(user, you, now)).collect() }
}

fn user_row(user: User, you: i64, now: i64) -> UserRow {
    let state = match (user.disabled_at, user.blocked_until_at) {
        (Some(_), _) => Badge::new(Tone::Bad, "locked out"),
        (None, Some(until)) if until > now => Badge::new(Tone::Warn, "blocked for a while"),
        _ => Badge::new(Tone::Good, "active"),
    };
    UserRow {
        is_you: user.id == you,
        role: user.role.as_str(),
        state,
        last: user.last_sign_in_at.map(|at| Stamp::short(at, now)),
        created: Stamp::short(user.created_at, now).alone(),
        email: user.email,
    }
}

pub(super) struct SessionRow {
    id: i64,
    browser: String,
    is_this: bool,
    ip: String,
    created: Stamp,
    last_seen: Stamp,
}

#[derive(Template)]
#[template(path = "admin/sessions.html")]
pub(super) struct SessionsPage {
    layout: Layout,
    rows: Vec<SessionRow>,
}

/// `GET /admin/sessions`
pub(super) async fn own_sessions(viewer: Viewer) -> Result<HttpResponse, PageError> {
    let (user, now) = (viewer.user.id, viewer.now);
    let found = viewer.tollgate.db().read(move |conn| sessions::of_user(conn, user, now)).await?;
    page(&sessions_view(viewer.layout(Section::Elsewhere, "Your sessions"), found, viewer.session.id, now))
}

pub(super) fn sessions_view(layout: Layout, found: Vec<Session>, this: i64, now: i64) -> SessionsPage {
    let alive = found.into_iter().filter(|session| session.last_seen_at > now - IDLE);
    SessionsPage { layout, rows: alive.map(|session| session_row(session, this, now)).collect() }
}

fn session_row(session: Session, this: i64, now: i64) -> SessionRow {
    SessionRow {
        id: session.id,
        browser: browser(&session.user_agent),
        is_this: session.id == this,
        ip: session.ip,
        created: Stamp::short(session.created_at, now),
        last_seen: Stamp::short(session.last_seen_at, now),
    }
}

/// A browser's name out of what it says about itself; most claim to be several.
fn browser(user_agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(part, _)| user_agent.contains(part)).map(|(_, name)| *name)
    };
    let name = find(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (name, system) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(name), None) => name.to_owned(),
        _ if user_agent.is_empty() => "not told".to_owned(),
        _ => user_agent.chars().take(60).collect(),
    }
}

/// `POST /admin/sessions/{id}/end`
pub(super) async fn end(viewer: Viewer, id: web::Path<i64>) -> Result<HttpResponse, PageError> {
    let (id, user) = (*id, viewer.user.id);
    let ended = viewer.tollgate.db().write(move |conn| sessions::end(conn, id, user)).await?;
    if !ended {
        return Err(Error::NotFound("this session has ended already".to_owned()).into());
    }
    Ok(viewer.redirect_with("/admin/sessions", &Flash::good("The session is ended.")))
}

/// `POST /admin/sessions/end-others`
pub(super) async fn end_others(viewer: Viewer) -> Result<HttpResponse, PageError> {
    let (user, keep) = (viewer.user.id, viewer.session.id);
    viewer.tollgate.db().write(move |conn| sessions::end_others(conn, user, keep)).await?;
    Ok(viewer.redirect_with("/admin/sessions", &Flash::good("All other sessions are ended.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_named_by_what_they_are() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Linux");
        assert_eq!(browser("curl/8.0"), "curl/8.0");
        assert_eq!(browser(""), "not told");
    }
}
