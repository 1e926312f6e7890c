//! Server-side sessions: a random token in a cookie, its hash in the database, an end after idleness and at the latest.

use actix_web::HttpRequest;
use tollgate_models::sessions::{self, NewSession, Session};
use tollgate_models::users::{self, User};

use crate::audit::{self, Actor};
use crate::users::{random_token, token_hash};
use crate::{Error, Tollgate};

/// A session ends when it was not used for so long, in milliseconds.
pub(super) const IDLE: i64 = 30 * 60 * 1000;
/// A session ends at the latest after so long, in milliseconds.
pub(super) const LONGEST: i64 = 8 * 3600 * 1000;
/// A session's last use is recorded this often, in milliseconds.
const TOUCHED_EVERY: i64 = 60 * 1000;

/// The session of a cookie's token, if it is still on; its use is recorded.
pub(super) async fn find(tollgate: &Tollgate, token: &str, now: i64) -> Result<Option<(Session, User)>, Error> {
    let hash = token_hash(token);
    let found = tollgate.db().read(move |conn| sessions::find(conn, &hash, now, now - IDLE)).await?;
    if let Some((session, _)) = &found
        && now - session.last_seen_at >= TOUCHED_EVERY
    {
        let id = session.id;
        if let Err(error) = tollgate.db().write(move |conn| sessions::touch(conn, id, now)).await {
            // The page matters more than the note; the session only ends earlier.
            tracing::warn!(%error, "could not record the use of a session");
        }
    }
    Ok(found)
}

/// Begins a session for a user and answers its token; the browser's session before it ends.
pub(super) async fn begin(
    tollgate: &Tollgate,
    request: &HttpRequest,
    user: &User,
    before: Option<(i64, i64)>,
) -> Result<String, Error> {
    let (token, now) = (random_token(), tollgate.clock().now_millis());
    let hash = token_hash(&token);
    let ip = address(request);
    let user_agent = user_agent(request);
    let (user_id, email) = (user.id, user.email.clone());
    tollgate
        .db()
        .write(move |conn| {
            if let Some((id, user_id)) = before {
                sessions::end(conn, id, user_id)?;
            }
            let new = NewSession {
                token_hash: &hash,
                user_id,
                ip: ip.as_deref().unwrap_or_default(),
                user_agent: &user_agent,
                created_at: now,
                last_seen_at: now,
                expires_at: now + LONGEST,
            };
            sessions::insert(conn, &new)?;
            users::record_sign_in(conn, user_id, now)?;
            let actor = Actor { name: email.clone(), ip: ip.clone() };
            audit::record(conn, &actor, "user.signed_in", &email, "", now)
        })
        .await?;
    Ok(token)
}

/// The browser's address: the peer's, never what a header claims.
pub(super) fn address(request: &HttpRequest) -> Option<String> {
    request.peer_addr().map(|address| address.ip().to_string())
}

fn user_agent(request: &HttpRequest) -> String {
    let text = request.headers().get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.chars().take(200).collect()
}
