//! Who calls: the key, the account it acts for, and what it may do.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::AUTHORIZATION;

use super::Incoming;
use crate::failure::Failure;
use crate::routes::is_version;
use crate::state::accounts::Key;
use crate::state::{Scope, State};

/// A key that was accepted.
pub(super) struct Caller {
    pub(super) key: Key,
    /// The key with its middle starred out, as Stripe quotes it.
    pub(super) hint: String,
    pub(super) scope: Scope,
}

pub(super) fn caller(state: &State, incoming: &Incoming) -> Result<Caller, Failure> {
    let header = incoming.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = header.and_then(key_in).ok_or_else(no_key)?;
    let (key, hint) = (key.as_str(), starred(&key));
    if key.starts_with("pk_") {
        let message = "This API call cannot be made with a publishable API key. Please use a secret API key. You can \
                       find a list of your API keys at https://dashboard.stripe.com/account/apikeys.";
        return Err(Failure::invalid(403, message).code("secret_key_required"));
    }
    let invalid = || Failure::invalid(401, format!("Invalid API Key provided: {hint}"));
    let key = state.accounts.key(key).ok_or_else(invalid)?;
    if key.revoked {
        return Err(Failure::invalid(401, format!("Expired API Key provided: {hint}")).code("api_key_expired"));
    }
    let account = match (incoming.header("stripe-context"), incoming.header("stripe-account")) {
        (Some(_), Some(_)) => {
            let message = "Only one of the headers Stripe-Context and Stripe-Account may be given.";
            return Err(Failure::invalid(400, message));
        }
        (context, account) => context.or(account).unwrap_or(&key.account),
    };
    if !state.accounts.may_act_for(&key.account, account) {
        return Err(no_access(&hint, account));
    }
    let scope = Scope { account: account.to_owned(), livemode: key.livemode };
    Ok(Caller { key, hint, scope })
}

/// The key in the header: a bearer token, or the user of basic authentication.
fn key_in(header: &str) -> Option<String> {
    if let Some(key) = header.strip_prefix("Bearer ") {
        return Some(key.trim().to_owned());
    }
    let decoded = BASE64.decode(header.strip_prefix("Basic ")?.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    Some(text.split(':').next().unwrap_or_default().to_owned())
}

/// The refusal of an account that is not the key's and not connected to it.
pub(crate) fn no_access(hint: &str, account: &str) -> Failure {
    let message = format!(
        "The provided key '{hint}' does not have access to account '{account}' (or that account does not exist). \
         Application access may have been revoked."
    );
    Failure::invalid(403, message).code("account_invalid")
}

pub(super) fn permitted(caller: &Caller, permission: &str) -> Result<(), Failure> {
    if caller.key.may(permission) {
        return Ok(());
    }
    let message = format!(
        "The provided key '{}' does not have the required permissions for this endpoint on account '{}'. Having the \
         '{permission}' permission would allow this request to continue.",
        caller.hint, caller.scope.account
    );
    Err(Failure::invalid(403, message))
}

/// The version that the answer is rendered in.
pub(super) fn version(state: &State, incoming: &Incoming) -> Result<String, Failure> {
    match incoming.header("stripe-version") {
        None if incoming.is_version_2() => Err(Failure::invalid(400, "The Stripe-Version header is required.")),
        None => Ok(state.settings.api_version.clone()),
        Some(version) if is_version(version) => Ok(version.to_owned()),
        Some(version) => Err(Failure::invalid(400, format!("Invalid Stripe API version: {version}"))),
    }
}

/// Refuses what is beyond the rates that the builder set, if it set any.
pub(super) fn within_rate(state: &mut State, scope: &Scope, path: &str) -> Result<(), Failure> {
    let (all, of_path) = state.rates.count(state.clock.now(), scope, path);
    let beyond = |limit: Option<u32>, count: u32| limit.is_some_and(|limit| count > limit);
    if beyond(state.settings.rate_limit, all) {
        return Err(Failure::rate_limited("global-rate"));
    }
    if beyond(state.settings.path_rate_limit, of_path) {
        return Err(Failure::rate_limited("endpoint-rate"));
    }
    Ok(())
}

fn no_key() -> Failure {
    let message = "You did not provide an API key. You need to provide your API key in the Authorization header, using \
                   Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See \
                   https://stripe.com/docs/api#authentication for details, or we can help at \
                   https://support.stripe.com/.";
    Failure::invalid(401, message)
}

/// `sk_test_********1234`: the prefix, stars, the last four characters.
fn starred(key: &str) -> String {
    let chars: Vec<char> = key.chars().collect();
    let prefix = if chars.len() > 12 { key.match_indices('_').nth(1).map_or(0, |(at, _)| at + 1) } else { 0 };
    let shown = if chars.len() > 12 { 4 } else { 0 };
    let tail: String = chars[chars.len() - shown..].iter().collect();
    let stars = chars.len().saturating_sub(key[..prefix].chars().count() + shown);
    format!("{}{}{tail}", &key[..prefix], "*".repeat(stars))
}

#[cfg(test)]
mod tests {
    use super::starred;

    #[test]
    fn keys_are_quoted_with_stars() {
        assert_eq!(starred("sk_test_abcdefgh1234"), "sk_test_********1234");
        assert_eq!(starred("hunter2"), "*******");
        assert_eq!(starred("ünïcode_keyß_longer"), "ünïcode_keyß_**nger");
    }
}
