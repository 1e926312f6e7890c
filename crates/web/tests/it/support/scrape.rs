//! What `/metrics` tells, series by series.

use std::collections::{BTreeMap, BTreeSet};

use hyper::Method;
use secrecy::SecretString;
use tollgate::Config;

use super::{Answer, Http, TestApp};

/// A token that is taken.
pub const TOKEN: &str = "scrapers-work-at-night";

/// Has `/metrics` served beside everything else.
pub fn with_token(config: &mut Config) {
    config.metrics_token = Some(SecretString::from(TOKEN));
}

/// One scrape.
#[derive(Debug)]
pub struct Scrape {
    /// What was said of each metric: its name and its type.
    pub types: BTreeMap<String, String>,
    /// The value of each series, by its name with its labels.
    pub series: BTreeMap<String, f64>,
}

impl Scrape {
    /// Scrapes with the token.
    pub async fn of(app: &TestApp) -> Self {
        Self::read(&Self::answer(&app.http, Some(TOKEN), None).await)
    }

    /// What is answered to a scrape.
    pub async fn answer(http: &Http, token: Option<&str>, accept: Option<&str>) -> Answer {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let headers = [("authorization", bearer.as_deref()), ("accept", accept)];
        let headers: Vec<_> = headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        http.send(Method::GET, "/metrics", &headers, Vec::new()).await
    }

    pub fn read(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let (mut types, mut series) = (BTreeMap::new(), BTreeMap::new());
        for line in answer.text().lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert_eq!(types.insert(name.to_owned(), kind.to_owned()), None, "{name} is there twice");
            } else if !line.starts_with('#') {
                let (name, value) = line.rsplit_once(' ').unwrap();
                assert_eq!(series.insert(name.to_owned(), value.parse().unwrap()), None, "{name} is there twice");
            }
        }
        Self { types, series }
    }

    /// The value of a series.
    pub fn value(&self, series: &str) -> f64 {
        let start = series.split('{').next().unwrap();
        let like = || self.series.keys().filter(|known| known.starts_with(start)).collect::<Vec<_>>();
        *self.series.get(series).unwrap_or_else(|| panic!("no series {series} among {:?}", like()))
    }

    /// The values of several series, as whole numbers.
    pub fn counts<const N: usize>(&self, series: [&str; N]) -> [i64; N] {
        series.map(|series| self.value(&format!("tollgate_{series}")) as i64)
    }

    /// The values that a label has on the series of a metric.
    pub fn labels(&self, metric: &str, label: &str) -> BTreeSet<String> {
        let start = format!("{metric}{{");
        let mine = self.series.keys().filter(|series| series.starts_with(&start));
        let value = |series: &String| {
            let rest = series.split(&format!("{label}=\"")).nth(1)?;
            Some(rest.split('"').next()?.to_owned())
        };
        mine.filter_map(value).collect()
    }
}
