//! Stripe's search query language (<https://docs.stripe.com/search#search-query-language>), read and applied.

use serde_json::Value;

/// A query: clauses of which all must hold, or one.
#[derive(Debug, PartialEq)]
pub(super) struct Query {
    clauses: Vec<Clause>,
    any: bool,
}

#[derive(Debug, PartialEq)]
struct Clause {
    negated: bool,
    /// `email`, or `metadata.key`.
    field: String,
    operator: Operator,
    /// None: the field has no value.
    value: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Is,
    Contains,
    Over,
    Under,
    AtLeast,
    AtMost,
}

/// How operators are written; longer ones stand first.
const OPERATORS: [(&str, Operator); 6] = [
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    (">", Operator::Over),
    ("<", Operator::Under),
    (":", Operator::Is),
    ("~", Operator::Contains),
];

impl Query {
    /// Reads a query, or says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.trim_start();
        let (mut clauses, mut joined_by) = (Vec::new(), None);
        loop {
            let (clause, after) = clause(rest).ok_or_else(|| {
                format!(
                    "We were unable to parse your search query. Try using the format `field:\"value\"`, near: {rest}"
                )
            })?;
            clauses.push(clause);
            rest = after.trim_start();
            if rest.is_empty() {
                return Ok(Self { clauses, any: joined_by == Some(true) });
            }
            let or = keyword(&mut rest);
            if joined_by.is_some_and(|before| before != or) {
                return Err("You can't combine AND and OR in the same query.".to_owned());
            }
            joined_by = Some(or);
        }
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.clauses.iter().map(|clause| clause.field.as_str())
    }

    /// Whether an object fits, of which `at` gives the value of a field.
    pub(super) fn fits(&self, at: impl Fn(&str) -> Value) -> bool {
        let fits = |clause: &Clause| clause.fits(&at(&clause.field)) != clause.negated;
        if self.any { self.clauses.iter().any(fits) } else { self.clauses.iter().all(fits) }
    }
}

/// Whether clauses are joined by OR; a space means AND.
fn keyword(rest: &mut &str) -> bool {
    for (word, or) in [("AND ", false), ("OR ", true), ("and ", false), ("or ", true)] {
        if let Some(after) = rest.strip_prefix(word) {
            *rest = after.trim_start();
            return or;
        }
    }
    false
}

fn clause(text: &str) -> Option<(Clause, &str)> {
    let (negated, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let name_end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))?;
    let (name, mut rest) = text.split_at(name_end);
    let mut field = name.to_owned();
    if let Some(key) = rest.strip_prefix('[') {
        let (key, after) = quoted(key)?;
        field = format!("{name}.{key}");
        rest = after.strip_prefix(']')?;
    }
    let (operator, rest) =
        OPERATORS.iter().find_map(|(written, operator)| Some((*operator, rest.strip_prefix(written)?)))?;
    let (value, rest) = value(rest)?;
    (!name.is_empty()).then_some((Clause { negated, field, operator, value }, rest))
}

/// A quoted text, a bare word, or null.
fn value(text: &str) -> Option<(Option<String>, &str)> {
    if text.starts_with(['"', '\'']) {
        return quoted(text).map(|(value, rest)| (Some(value), rest));
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    match word.to_ascii_lowercase().as_str() {
        "" => None,
        "null" => Some((None, rest)),
        _ => Some((Some(word.to_owned()), rest)),
    }
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.push(chars.next()?.1),
            c if c == quote => return Some((value, &text[at + 1..])),
            c => value.push(c),
        }
    }
    None
}

impl Clause {
    fn fits(&self, found: &Value) -> bool {
        let Some(wanted) = &self.value else { return found.is_null() };
        let text = match found {
            Value::Null => return false,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let number = |text: &str| text.parse::<f64>().ok();
        let ordered = |fits: fn(f64, f64) -> bool| number(&text).zip(number(wanted)).is_some_and(|(a, b)| fits(a, b));
        match self.operator {
            Operator::Is => text.eq_ignore_ascii_case(wanted),
            Operator::Contains => text.to_lowercase().contains(&wanted.to_lowercase()),
            Operator::Over => ordered(|a, b| a > b),
            Operator::Under => ordered(|a, b| a < b),
            Operator::AtLeast => ordered(|a, b| a >= b),
            Operator::AtMost => ordered(|a, b| a <= b),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::Query;

    #[test]
    fn clauses_are_joined_negated_and_compared() {
        let row = json!({"email": "ada@a.example", "name": "Ada \"A\"", "created": 100, "active": true, "phone": null});
        let fits = |query: &str| {
            let at = |field: &str| match field {
                "metadata.order id" => json!("6735"),
                field => row[field].clone(),
            };
            Query::parse(query).map(|query| query.fits(at))
        };
        let cases = [
            ("email:\"ada@a.example\"", true),
            ("email:'ADA@A.EXAMPLE'", true),
            ("email:\"ada\"", false),
            ("email~\"ada\"", true),
            ("-email~\"ada\"", false),
            ("name:\"ada \\\"a\\\"\"", true),
            ("created>99 AND created<=100", true),
            ("created>100 OR active:'true'", true),
            ("created>100 active:'true'", false),
            ("phone:null", true),
            ("-phone:null", false),
            ("email:null", false),
            ("metadata['order id']:\"6735\"", true),
            ("metadata[\"order id\"]:null", false),
            ("email>\"5\"", false),
        ];
        for (query, expected) in cases {
            assert_eq!(fits(query), Ok(expected), "{query}");
        }
    }

    #[test]
    fn what_is_no_query_is_refused() {
        for query in
            ["", "email", "email:", ":\"x\"", "email:\"x", "metadata[x]:\"y\"", "a:\"b\" AND c:\"d\" OR e:\"f\""]
        {
            assert!(Query::parse(query).is_err(), "{query}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "\\PC{0,60}") {
            let _ = Query::parse(&text).map(|query| query.fits(|_| Value::Null));
        }
    }
}
