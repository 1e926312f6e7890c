//! The account a key belongs to.

use serde_json::Value;

use crate::client::Client;
use crate::error::Error;
use crate::request::Request;

/// A Stripe account, as far as Tollgate shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Stripe's id, `acct_…`.
    pub id: String,
    /// The owner's address.
    pub email: Option<String>,
    /// The name customers see.
    pub business_name: Option<String>,
    /// The name the dashboard shows.
    pub display_name: Option<String>,
    /// The country, in two letters.
    pub country: Option<String>,
    /// The whole object.
    pub raw: Value,
}

impl Client {
    /// Asks Stripe whose account this is: the key's own, or the connected one acted for.
    ///
    /// # Errors
    /// Those of [`Client::send`]. A restricted key may lack the permission: see
    /// [`ApiError::missing_permission`](crate::ApiError::missing_permission).
    pub async fn retrieve_account(&self) -> Result<Account, Error> {
        Account::from_value(self.send(Request::get("/v1/account")).await?)
    }
}

impl Account {
    /// Reads Stripe's object.
    ///
    /// # Errors
    /// [`Error::Unexpected`] when it has no id.
    pub fn from_value(raw: Value) -> Result<Self, Error> {
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(Self {
            id: text(&raw["id"]).ok_or_else(|| Error::Unexpected("an account has no id".to_owned()))?,
            email: text(&raw["email"]),
            business_name: text(&raw["business_profile"]["name"]),
            display_name: text(&raw["settings"]["dashboard"]["display_name"]),
            country: text(&raw["country"]),
            raw,
        })
    }

    /// The best text to call the account by.
    pub fn name(&self) -> &str {
        let names = [&self.display_name, &self.business_name, &self.email];
        names.into_iter().flatten().next().unwrap_or(&self.id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Account;

    #[test]
    fn the_name_falls_back_to_the_id() {
        let full = json!({
            "id": "acct_1", "email": "a@example.com", "country": "DE", "business_profile": {"name": "Shop"},
            "settings": {"dashboard": {"display_name": "The Shop"}},
        });
        let account = Account::from_value(full).unwrap();
        assert_eq!((account.name(), account.country.as_deref()), ("The Shop", Some("DE")));
        let no_name = Account::from_value(json!({"id": "acct_1", "settings": {"dashboard": {"display_name": ""}}}));
        assert_eq!(no_name.unwrap().name(), "acct_1");
        assert!(Account::from_value(json!({"object": "account"})).is_err());
    }
}
