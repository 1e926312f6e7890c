//! In Stripe's place: a listener that lists many customers page by page, as fast as it can.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use url::Url;

use crate::error::Error;

/// When the newest customer was made, in unix seconds, and how long apart they are, in seconds.
const NEWEST: i64 = 1_790_000_000;
const APART: i64 = 97;
/// The account that all of them are in.
const ACCOUNT: &str = r#"{"id":"acct_bench","object":"account","business_profile":{},"capabilities":{},"charges_enabled":true,
"company":{},"country":"NL","created":1600000000,"default_currency":"eur","details_submitted":true,"email":"bench@example.com",
"individual":null,"metadata":{},"payouts_enabled":true,"requirements":{},"settings":{"dashboard":{}},"tos_acceptance":{},"type":"standard"}"#;

/// Lists customers. Its threads live as long as the process.
#[derive(Debug)]
pub struct Lists {
    /// What to give a program as `STRIPE_API_BASE`.
    pub base: Url,
    pages: Arc<AtomicUsize>,
}

impl Lists {
    /// Listens on a port of 127.0.0.1, 0 for a free one, has so many customers, and thinks so long about each answer.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(port: u16, customers: u32, latency: Duration) -> Result<Self, Error> {
        let what = "could not listen in Stripe's place";
        let listener = TcpListener::bind(("127.0.0.1", port)).map_err(Error::io(what))?;
        let text = format!("http://{}", listener.local_addr().map_err(Error::io(what))?);
        let base = text.parse().map_err(|error| Error::Wrong(format!("{text}: {error}")))?;
        let pages = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&pages);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counter = Arc::clone(&counter);
                // A client that hangs up ends its connection, which is no failure.
                std::thread::spawn(move || drop(serve(&stream, customers, latency, &counter)));
            }
        });
        Ok(Self { base, pages })
    }

    /// How many pages were listed so far.
    pub fn pages(&self) -> usize {
        self.pages.load(Ordering::Relaxed)
    }
}

// One request after the other on one connection.
fn serve(mut stream: &TcpStream, customers: u32, latency: Duration, pages: &AtomicUsize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut header = String::new();
        while lines.read_line(&mut header)? > 2 {
            header.clear();
        }
        std::thread::sleep(latency);
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let body = match path {
            "/v1/customers" => {
                pages.fetch_add(1, Ordering::Relaxed);
                page(query, i64::from(customers))
            }
            // Some ask first whose the key is.
            "/v1/account" => ACCOUNT.to_owned(),
            _ => r#"{"object":"list","data":[],"has_more":false,"url":"/v1"}"#.to_owned(),
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nRequest-Id: req_1\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes())?;
    }
}

// Customers are numbered from the newest on.
fn page(query: &str, customers: i64) -> String {
    let (mut limit, mut first, mut end) = (10, 0, customers);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let number: i64 = value.trim_start_matches("cus_bench").parse().unwrap_or_default();
        match &*name {
            "limit" => limit = number.clamp(1, 100),
            "starting_after" => first = first.max(number + 1),
            "created[lte]" => first = first.max((NEWEST - number + APART - 1).max(0) / APART),
            "created[gte]" if number <= NEWEST => end = end.min((NEWEST - number) / APART + 1),
            "created[gte]" => end = 0,
            _ => {}
        }
    }
    let until = end.min(first + limit).max(first);
    let data: Vec<_> = (first..until).map(customer).collect();
    json!({ "object": "list", "url": "/v1/customers", "has_more": until < end, "data": data }).to_string()
}

fn customer(number: i64) -> serde_json::Value {
    json!({
        "id": format!("cus_bench{number:08}"), "object": "customer", "address": { "city": "Utrecht", "country": "NL",
        "line1": "Oudegracht 1", "line2": null, "postal_code": "3511 AA", "state": null }, "balance": 0,
        "created": NEWEST - number * APART, "currency": "eur", "default_source": null, "delinquent": false,
        "description": format!("Customer number {number} of a business that sells by subscription"), "discount": null,
        "email": format!("customer{number}@example.com"), "invoice_prefix": "0759376C", "invoice_settings": {
        "custom_fields": null, "default_payment_method": null, "footer": null, "rendering_options": null },
        "livemode": false, "metadata": { "order": number.to_string(), "plan": "gold" }, "name": format!("Customer {number}"),
        "next_invoice_sequence": 1, "phone": null, "preferred_locales": ["nl"], "shipping": null, "tax_exempt": "none",
        "test_clock": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(query: &str) -> Vec<i64> {
        let page: serde_json::Value = serde_json::from_str(&page(query, 250)).unwrap();
        let ids =
            page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()["cus_bench".len()..].parse());
        ids.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn pages_follow_each_other_and_can_be_narrowed_by_time() {
        assert_eq!(numbers("limit=100"), (0..100).collect::<Vec<_>>());
        assert_eq!(numbers("limit=100&starting_after=cus_bench00000199"), (200..250).collect::<Vec<_>>());
        let (fifth, seventh) = (NEWEST - 5 * APART, NEWEST - 7 * APART);
        assert_eq!(numbers(&format!("created[lte]={fifth}&created[gte]={seventh}")), [5, 6, 7]);
        assert_eq!(numbers(&format!("created[lte]={}&created[gte]={}", fifth - 1, seventh + 1)), [6]);
        assert!(numbers(&format!("created[gte]={}", NEWEST + 1)).is_empty());
    }
}
