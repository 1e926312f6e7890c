//! Adding people who may sign in, and one-time links that sign them in.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng;
use sha2::{Digest, Sha256};
use tollgate_models::users::{self, Role};

use crate::audit::{self, Actor};
use crate::{Error, Tollgate, passwords};

/// Adds a user.
///
/// # Errors
/// [`Error::BadRequest`] when the email or the password cannot be taken, [`Error::Conflict`] when the email is taken.
pub async fn add(tollgate: &Tollgate, email: &str, role: Role, password: &str, actor: &Actor) -> Result<i64, Error> {
    let email = normal_email(email)?;
    let (password, now, actor) = (password.to_owned(), tollgate.clock().now_millis(), actor.clone());
    let hash = actix_web::web::block(move || passwords::hash(&password)).await.map_err(Error::internal)??;
    let added = tollgate
        .db()
        .write(move |conn| -> Result<_, tollgate_models::Error> {
            if users::find_by_email(conn, &email)?.is_some() {
                return Ok(None);
            }
            let id = users::insert(conn, &email, role, &hash, now)?;
            audit::record(conn, &actor, "user.added", &email, role.as_str(), now)?;
            Ok(Some(id))
        })
        .await?;
    added.ok_or_else(|| Error::Conflict("there is a user with this email already".to_owned()))
}

/// Makes a link that signs a user in once; answers its token.
///
/// # Errors
/// When the database fails.
pub async fn sign_in_token(tollgate: &Tollgate, user_id: i64, valid_for_millis: i64) -> Result<String, Error> {
    let token = random_token();
    let hash = token_hash(&token);
    let expires_at = tollgate.clock().now_millis() + valid_for_millis;
    tollgate.db().write(move |conn| users::insert_link(conn, &hash, user_id, expires_at)).await?;
    Ok(token)
}

/// The form in which emails are stored and compared.
///
/// # Errors
/// [`Error::BadRequest`] when it cannot be an email.
pub fn normal_email(email: &str) -> Result<String, Error> {
    let email = email.trim().to_lowercase();
    let well_formed = email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    if !well_formed || email.len() > 254 || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::BadRequest("this is no email address".to_owned()));
    }
    Ok(email)
}

/// 256 random bits, for cookies and links.
pub(crate) fn random_token() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The form in which tokens are stored; they are random enough to need no slow hash.
pub(crate) fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
