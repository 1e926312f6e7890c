//! What hostile deliveries consist of.

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use serde_json::{Value, json};
use tollgate::Clock;

use crate::rig::{PATH, event, sign_at};

/// A body: mostly JSON, mostly wrong.
pub fn body(random: &mut StdRng) -> Bytes {
    let mut event = plain(random);
    let text = match random.random_range(0..13) {
        0 => return noise(random, 2_000),
        1 => "[".repeat(random.random_range(1..20_000)),
        2 => format!("{}1{}", r#"{"data":"#.repeat(300), "}".repeat(300)),
        3 => event.to_string().replace("cus_", "cus_\\u0000"),
        4 => event.to_string().replace("example", "\\ud800"),
        5 => {
            // Cut off somewhere.
            let text = event.to_string();
            text[..random.random_range(0..text.len())].to_owned()
        }
        6 => {
            let mut bytes = event.to_string().into_bytes();
            let at = random.random_range(0..bytes.len());
            bytes[at] = random.random();
            return bytes.into();
        }
        7 => event.to_string().replace(r#""livemode":false"#, r#""livemode":false,"livemode":false"#),
        8 => {
            event["data"]["object"] = deep(random.random_range(1..100));
            event.to_string()
        }
        9 => {
            event["data"]["object"]["metadata"] = json!({ "x": "y".repeat(random.random_range(0..100_000)) });
            event.to_string()
        }
        10 => event.to_string().replace("1700000000", &"9".repeat(random.random_range(1..400))),
        _ => {
            put(&mut event, random);
            event.to_string()
        }
    };
    text.into()
}

fn plain(random: &mut StdRng) -> Value {
    let number: u64 = random.random();
    event(
        &format!("evt_hostile_{number}"),
        "customer.updated",
        &format!("cus_{}", number % 50),
        Clock::System.now_seconds(),
    )
}

// A value of another kind somewhere.
fn put(event: &mut Value, random: &mut StdRng) {
    let fields = ["/id", "/type", "/created", "/livemode", "/data", "/data/object", "/data/object/id", "/api_version"];
    let more =
        ["/object", "/request", "/data/object/object", "/data/object/email", "/data/object/metadata", "/request/id"];
    let all: Vec<&str> = fields.into_iter().chain(more).collect();
    let field = all[random.random_range(0..all.len())];
    let value = match random.random_range(0..9) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(i64::MIN),
        3 => json!(1e300),
        4 => json!([[]]),
        5 => json!({ "id": { "id": [] } }),
        6 => json!("\u{0}"),
        7 => json!("'; DROP TABLE events; --"),
        _ => json!("é\u{202e}<script>".repeat(random.random_range(1..200))),
    };
    *event.pointer_mut(field).unwrap() = value;
}

fn deep(levels: usize) -> Value {
    (0..levels).fold(json!({}), |inner, _| json!({ "id": inner }))
}

/// A signature header that is none: it fits in a header and signs nothing.
pub fn header(random: &mut StdRng) -> String {
    let now = Clock::System.now_seconds();
    match random.random_range(0..7) {
        0 => String::new(),
        1 => sign_at(now, b"another body"),
        2 => sign_at(now - 100_000, b"another body"),
        3 => format!("t={now},{}", "v1=00,".repeat(random.random_range(1..2_000))),
        4 => format!("t={},v1=zz", random.random::<i64>()),
        5 => format!("t={now},v1={}", "a".repeat(random.random_range(0..5_000))),
        _ => (0..random.random_range(1..300)).map(|_| char::from(random.random_range(0x20..0x7f_u8))).collect(),
    }
}

/// A request as it goes over the wire: perhaps none at all. It is never signed.
pub fn request(random: &mut StdRng) -> Vec<u8> {
    let post = format!("POST {PATH} HTTP/1.1\r\nhost: x\r\n");
    match random.random_range(0..10) {
        0 => noise(random, 400).to_vec(),
        1 => format!("{post}content-length: -1\r\n\r\n{{}}").into_bytes(),
        2 => format!("{post}content-length: 99999999999999999999\r\n\r\n{{}}").into_bytes(),
        3 => format!("{post}content-length: 500\r\n\r\n{{}}").into_bytes(),
        4 => format!("{post}content-length: 2\r\ncontent-length: 3\r\n\r\n{{}}").into_bytes(),
        5 => format!("{post}transfer-encoding: chunked\r\n\r\nzz\r\n{{}}").into_bytes(),
        6 => format!("{post}transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n{{}}").into_bytes(),
        7 => format!("{post}{}\r\n{{}}", "x-y: z\r\n".repeat(random.random_range(90..400))).into_bytes(),
        8 => format!("{post}stripe-signature: {}\r\n\r\n", "v".repeat(random.random_range(1..200_000))).into_bytes(),
        _ => {
            let path: String = (0..40).map(|_| char::from(random.random_range(0x21..0x7f_u8))).collect();
            format!("POST /stripe/webhooks/{path} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{}}").into_bytes()
        }
    }
}

fn noise(random: &mut StdRng, most: usize) -> Bytes {
    let mut bytes = vec![0; random.random_range(0..most)];
    random.fill_bytes(&mut bytes);
    bytes.into()
}
