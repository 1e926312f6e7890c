//! No key, signing secret, password or session token is in the database, in the log, or in what commands print.

use std::time::Duration;

use diesel::RunQueryDsl;
use hyper::Method;
use serde_json::json;
use tollgate::models::AnyConnection;
use tollgate_stripe_sim::Simulator;

use crate::support::{Answer, Cli, Http, PASSWORD, Served, simulator, until};

/// Everything that the database holds, as bytes.
fn dump(cli: &Cli) -> Vec<u8> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    let mut conn = cli.db.connect();
    let AnyConnection::Postgres(pg) = &mut conn else {
        let folder = std::fs::read_dir(cli.db.folder().unwrap()).unwrap();
        let files = folder.map(|file| file.unwrap().path()).filter(|path| !path.ends_with("test.db.secret-key"));
        return files.flat_map(|path| std::fs::read(path).unwrap()).collect();
    };
    let tables = "SELECT table_name::text AS text FROM information_schema.tables WHERE table_schema = current_schema()";
    let tables: Vec<Row> = diesel::sql_query(tables).load(pg).unwrap();
    let rows = tables.iter().flat_map(|table| {
        diesel::sql_query(format!("SELECT t::text AS text FROM {} t", table.text)).load::<Row>(pg).unwrap()
    });
    rows.flat_map(|row| row.text.into_bytes()).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn cookies(answer: &Answer) -> Vec<String> {
    let set = answer.headers.get_all("set-cookie").iter();
    set.map(|value| value.to_str().unwrap().split(';').next().unwrap().to_owned()).collect()
}

/// Signs in with the form, and gives the session's token.
async fn sign_in(http: &Http) -> String {
    let page = http.get("/admin/sign-in").await;
    let csrf = page.text().split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = format!("csrf={csrf}&next=&email=ann%40example.com&password={}", PASSWORD.replace(' ', "+"));
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("cookie", &cookies(&page).join("; ")),
        ("sec-fetch-site", "same-origin"),
    ];
    let answer = http.post("/admin/sign-in", &headers, form).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let set = cookies(&answer);
    let session = set.iter().find_map(|pair| pair.strip_prefix("tollgate_session="));
    session.unwrap_or_else(|| panic!("no session in {set:?}")).to_owned()
}

/// Pastes a text into the form for rolled secrets; gives all that is shown then.
async fn paste(http: &Http, session: &str, uuid: &str, text: &str) -> String {
    let cookie = format!("tollgate_session={session}");
    let page = format!("/admin/endpoints/{uuid}");
    let headers = [("cookie", cookie.as_str())];
    let form = http.send(Method::GET, &format!("{page}/rotate"), &headers, Vec::new()).await;
    let csrf = form.text().split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let posted = format!("csrf={csrf}&overlap=24h&secret={text}");
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("cookie", cookie.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    let answer = http.post(&format!("{page}/secrets"), &headers, posted).await;
    assert!([303, 422].contains(&answer.status), "{}", answer.text());
    let mut shown = format!("{:?} {}", answer.headers, answer.text());
    for path in [page.as_str(), "/admin/audit"] {
        shown.push_str(http.send(Method::GET, path, &headers[1..2], Vec::new()).await.text());
    }
    shown
}

#[tokio::test]
async fn secrets_are_neither_in_the_database_nor_in_the_log_nor_in_what_is_printed() {
    let sim: Simulator = Simulator::builder().seed(11).start().await.unwrap();
    let cli = Cli::new().stripe(&sim);
    let key = sim.api_key(&sim.account(), false);
    cli.add_user().await;
    let server = Served::start(&cli, &[("RUST_LOG", "trace")]);
    let http = Http::new(&server.base);
    let session = sign_in(&http).await;
    let cli = cli.with("RUST_LOG", "trace");
    let mut printed = String::new();
    let mut run = async |arguments: &[&str], input: &str| {
        let ended = cli.run_with(arguments, input).await;
        assert_eq!(ended.status, 0, "{ended:?}");
        printed.push_str(&ended.out);
        printed.push_str(&ended.err);
    };
    run(&["keys", "add", "--name", "Shop"], &key).await;
    run(&["endpoints", "create", "--base-url", &server.base, "--json"], "").await;
    for arguments in
        [&["keys", "list", "--json"][..], &["endpoints", "list", "--json"], &["users", "list"], &["doctor"]]
    {
        run(arguments, "").await;
    }
    let endpoint = sim.endpoints().remove(0);
    let id = until("the server knows the endpoint", async || {
        let id = sim.emit("customer.created", json!({ "id": "cus_1", "object": "customer", "created": 1 }));
        let sent = sim.deliver(&id, tollgate_stripe_sim::DeliverOptions::to(&endpoint.id)).await;
        sent[0].accepted().then_some(id)
    })
    .await;
    run(&["events", "show", &id], "").await;

    // Each way to another secret.
    let first = sim.endpoint_secret(&endpoint.id).unwrap();
    let rolled = sim.roll_secret(&endpoint.id, Duration::from_secs(3600)).unwrap();
    run(&["endpoints", "rotate-secret", &endpoint.id, "--secret-stdin"], &rolled).await;
    run(&["endpoints", "secrets", &endpoint.id], "").await;
    run(&["endpoints", "create", "--thin", "--base-url", &server.base, "--json"], "").await;
    run(&["endpoints", "rotate-secret", &sim.endpoints()[1].id, "--json"], "").await;
    for (text, status) in [(rolled.as_str(), 1), ("sk_live_plantedOnInput", 2), ("whsec_planted OnInput", 2)] {
        let refused = cli.run_with(&["endpoints", "rotate-secret", &endpoint.id, "--secret-stdin"], text).await;
        assert_eq!(refused.status, status, "{refused:?}");
        printed.push_str(&refused.err);
    }
    let uuid = endpoint.metadata["tollgate_uuid"].as_str().unwrap();
    for text in ["whsec_plantedInForm", "whsec_plantedInForm", "rk_live_plantedInForm", "whsec_planted+InForm"] {
        printed.push_str(&paste(&http, &session, uuid, text).await);
    }
    let (status, log) = server.stop().await;
    assert_eq!(status, Some(0), "{log}");

    let mut secrets: Vec<String> = sim.endpoints().iter().map(|one| sim.endpoint_secret(&one.id).unwrap()).collect();
    assert_eq!(secrets.len(), 3);
    secrets.push(first);
    let bare = secrets.iter().map(|secret| secret.trim_start_matches("whsec_"));
    let dump = dump(&cli);
    assert!(contains(&dump, &id) && contains(&dump, "ann@example.com") && printed.contains(&id));
    assert!(log.contains("TRACE"), "{log}");
    for planted in [key.as_str(), &key[12..], "planted", PASSWORD, &session].into_iter().chain(bare) {
        assert!(!contains(&dump, planted), "{planted} is in the database");
        assert!(!log.contains(planted), "{planted} is in the log");
        assert!(!printed.contains(planted), "{planted} was printed");
    }
    if let Some(file) = cli.key_file() {
        let root = std::fs::read_to_string(file).unwrap();
        assert!(!contains(&dump, root.trim()) && !log.contains(root.trim()) && !printed.contains(root.trim()));
    }
}

#[tokio::test]
async fn what_is_made_of_secrets_shows_none_when_it_is_printed_for_debugging() {
    let sim = simulator().await;
    let key = sim.api_key(&sim.account(), false);
    let environment = |name: &str| match name {
        "STRIPE_API_KEY" => Some(key.clone()),
        "TOLLGATE_LEGACY_WEBHOOK_SECRET" => Some("whsec_plantedLegacy".to_owned()),
        "TOLLGATE_SECRET_KEY" => Some("cGxhbnRlZCByb290IGtleSBwbGFudGVkIHJvb3Qga2U=".to_owned()),
        "DATABASE_URL" => Some("postgres://me:plantedPassword@127.0.0.1/x?password=plantedToo".to_owned()),
        _ => None,
    };
    let config = tollgate::Config::from_sources(environment, None).unwrap();
    let shown = format!("{config:?} {config:#?} {}", config.database_url);
    for planted in [&key[12..], "plantedLegacy", "cGxhbnRlZCBy", "plantedPassword", "plantedToo"] {
        assert!(!shown.contains(planted), "{shown}");
    }
}
