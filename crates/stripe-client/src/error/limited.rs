//! Why Stripe said "too many requests".

/// What a 429 complains about; only the first two say that the account sends too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// Too many requests a second, of the account or to one endpoint.
    Rate,
    /// Too many requests at once.
    Concurrency,
    /// Too many changes of one object, such as new invoices of one subscription.
    Resource,
    /// Another request holds the object; nobody sent too much.
    Lock,
}

impl Limited {
    /// Reads `Stripe-Rate-Limited-Reason` and the error's code; a reason that is unknown or absent counts as the rate.
    pub(crate) fn read(reason: Option<&str>, code: Option<&str>) -> Self {
        match (reason, code) {
            (None, Some("lock_timeout")) => Self::Lock,
            (Some("global-concurrency" | "endpoint-concurrency"), _) => Self::Concurrency,
            (Some("resource-specific"), _) => Self::Resource,
            _ => Self::Rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Limited;

    #[test]
    fn each_reason_says_what_there_is_too_much_of() {
        let cases = [
            (Some("global-rate"), Some("rate_limit"), Limited::Rate),
            (Some("endpoint-rate"), None, Limited::Rate),
            (Some("global-concurrency"), Some("rate_limit"), Limited::Concurrency),
            (Some("endpoint-concurrency"), None, Limited::Concurrency),
            (Some("resource-specific"), Some("rate_limit"), Limited::Resource),
            (None, Some("lock_timeout"), Limited::Lock),
            (Some("global-rate"), Some("lock_timeout"), Limited::Rate),
            (Some("something-new"), None, Limited::Rate),
            (None, Some("rate_limit"), Limited::Rate),
            (None, None, Limited::Rate),
        ];
        for (reason, code, expected) in cases {
            assert_eq!(Limited::read(reason, code), expected, "{reason:?} {code:?}");
        }
    }
}
