//! Programs that others wrote for Stripe: its SDKs and its CLI, and localstripe, each against the simulator and a server.
//!
//! `scripts/official-tools` installs them into a folder and says which; `OFFICIAL_TOOLS` names it to these tests.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tollgate_stripe_client::webhook::{Tolerance, WebhookSecret, sign, sign_with, verify};
use tollgate_stripe_sim::Simulator;

use crate::support::{Cli, Ended, Http, Served, end, until};

/// Where they are installed.
fn tools() -> PathBuf {
    let folder = std::env::var_os("OFFICIAL_TOOLS").map(PathBuf::from).filter(|folder| folder.is_dir());
    folder.unwrap_or_else(|| {
        panic!("OFFICIAL_TOOLS names no folder: run scripts/official-tools, which installs them and says where")
    })
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/official_tools").join(name)
}

/// The machine's own, unless that is too old for the SDK and another was installed beside it.
fn node() -> PathBuf {
    let own = tools().join("node_modules/.bin/node");
    if own.exists() { own } else { PathBuf::from("node") }
}

/// An SDK's program, with nothing of ours in its environment.
fn sdk(language: &str) -> Command {
    let (program, file) = match language {
        "python" => (tools().join("venv/bin/python"), "python_sdk.py"),
        _ => (node(), "node_sdk.cjs"),
    };
    let mut command = Command::new(program);
    command.arg(script(file)).env("OFFICIAL_TOOLS", tools());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn ran(mut command: Command, input: String) -> Ended {
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may write before it has read everything, so that both go on at once.
    let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let ended = end(child).await;
    drop(writing.join());
    ended
}

async fn uses_the_simulator(language: &str) {
    let sim = Simulator::builder().seed(7).start().await.unwrap();
    let mut command = sdk(language);
    command.args(["use", sim.url().as_str().trim_end_matches('/'), &sim.api_key(&sim.account(), false)]);
    let ended = ran(command, String::new()).await;
    assert_eq!(ended.status, 0, "{}{}", ended.out, ended.err);
}

#[tokio::test]
async fn stripes_python_sdk_takes_the_simulator_for_stripe() {
    uses_the_simulator("python").await;
}

#[tokio::test]
async fn stripes_node_sdk_takes_the_simulator_for_stripe() {
    uses_the_simulator("node").await;
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Bodies that are easily signed wrong.
fn bodies() -> Vec<String> {
    let text = |value: Value| value.to_string();
    let pretty = serde_json::to_string_pretty(&json!({"id": "evt_1", "data": {"object": {"id": "cus_1"}}})).unwrap();
    vec![
        text(json!({"id": "evt_1"})),
        text(json!({"id": "evt_1", "name": "Björn 日本 \u{1F980} \u{0} \u{7f}"})),
        text(json!({"id": "evt_1", "text": "x".repeat(256 * 1024)})),
        pretty.replace('\n', "\r\n"),
        format!(" {}\n", text(json!({"id": "evt_1"}))),
        "{}".to_owned(),
    ]
}

async fn judged(language: &str, what: &str, cases: &[Value]) -> Vec<Value> {
    let mut command = sdk(language);
    command.arg(what);
    let ended = ran(command, Value::from(cases).to_string()).await;
    assert_eq!(ended.status, 0, "{}", ended.err);
    serde_json::from_str(&ended.out).unwrap()
}

fn now() -> i64 {
    tollgate::Clock::System.now_seconds()
}

#[tokio::test]
async fn what_the_sdks_sign_is_verified() {
    let (now, secrets) = (now(), [WebhookSecret::parse(OTHER).unwrap(), WebhookSecret::parse(SECRET).unwrap()]);
    for language in ["python", "node"] {
        let cases: Vec<Value> =
            bodies().into_iter().map(|body| json!({"body": body, "secret": SECRET, "timestamp": now})).collect();
        let headers = judged(language, "sign", &cases).await;
        assert_eq!(headers.len(), cases.len());
        for (case, header) in cases.iter().zip(headers) {
            let (body, header) = (case["body"].as_str().unwrap().as_bytes(), header.as_str().unwrap());
            let tolerance = Tolerance::default();
            verify(body, Some(header), &secrets, tolerance, now).unwrap();
            assert!(verify(body, Some(header), &secrets[..1], tolerance, now).is_err(), "{language}: another secret");
            assert!(verify(body, Some(header), &secrets, tolerance, now + 301).is_err(), "{language}: too old");
            assert!(
                verify(&[body, b" "].concat(), Some(header), &secrets, tolerance, now).is_err(),
                "{language}: changed"
            );
        }
    }
}

#[tokio::test]
async fn what_is_signed_here_the_sdks_verify() {
    let now = now();
    let (secret, other) = (WebhookSecret::parse(SECRET).unwrap(), WebhookSecret::parse(OTHER).unwrap());
    let mut cases = Vec::new();
    let mut wanted = Vec::new();
    let mut case = |body: &str, header: String, good: bool| {
        cases.push(json!({"body": body, "header": header, "secret": SECRET}));
        wanted.push(Value::from(good));
    };
    for body in bodies() {
        let bytes = body.as_bytes();
        let good = sign(&secret, now, bytes);
        case(&body, good.clone(), true);
        case(&body, sign_with(&[&other, &secret], now, bytes), true);
        case(&body, format!("{good},v0={}", "0".repeat(64)), true);
        case(&body, sign(&other, now, bytes), false);
        case(&body, sign(&secret, now - 400, bytes), false);
        case(&format!("{body} "), good, false);
    }
    for language in ["python", "node"] {
        assert_eq!(judged(language, "verify", &cases).await, wanted, "{language}");
    }
}

/// A server on a database of its own, with a key of the simulator's.
async fn shop(sim: &Simulator) -> (Cli, Served) {
    let cli = Cli::new().stripe(sim);
    let key = sim.api_key(&sim.account(), false);
    assert_eq!(cli.run_with(&["keys", "add", "--name", "Shop"], &key).await.status, 0);
    let served = Served::start(&cli, &[]);
    (cli, served)
}

/// Waits until an event of a type has a status, and gives it.
async fn event(cli: &Cli, event_type: &str) -> Value {
    until(event_type, || async {
        let found = cli.run(&["events", "list", "--type", event_type, "--status", "processed", "--json"]).await;
        found.json().into_iter().next()
    })
    .await
}

/// Ends a process as Ctrl-C does.
fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

fn stripe_cli(sim: &Simulator, home: &Path) -> Command {
    let mut command = Command::new(tools().join("node_modules/.bin/stripe"));
    command.env("STRIPE_API_KEY", sim.api_key(&sim.account(), false)).env("HOME", home);
    command.env("STRIPE_CLI_TELEMETRY_OPTOUT", "1").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn triggered(sim: &Simulator, home: &Path, event_type: &str) {
    let mut command = stripe_cli(sim, home);
    command.args(["trigger", event_type, "--api-base", sim.url().as_str().trim_end_matches('/')]);
    let ended = ran(command, String::new()).await;
    assert_eq!(ended.status, 0, "{}{}", ended.out, ended.err);
}

// The simulator has to answer while the test waits for what the CLI says.
#[tokio::test(flavor = "multi_thread")]
async fn what_stripes_cli_triggers_and_hears_is_in_the_log_while_tollgate_listens() {
    let sim = Simulator::builder().seed(7).start().await.unwrap();
    let (cli, served) = shop(&sim).await;
    let home = cli.folder.path().to_owned();
    let mut get = stripe_cli(&sim, &home);
    get.args(["get", "/v1/account", "--api-base", sim.url().as_str().trim_end_matches('/')]);
    let account = ran(get, String::new()).await;
    assert!(account.status == 0 && account.out.contains(&sim.account()), "{account:?}");

    let program = tools().join("node_modules/.bin/stripe");
    let mut listen = cli.command(&["listen", "--forward-to", &served.base, "--program", program.to_str().unwrap()]);
    listen.env("HOME", &home).env("PATH", std::env::var_os("PATH").unwrap());
    listen.env("STRIPE_CLI_TELEMETRY_OPTOUT", "1").stdin(Stdio::null());
    let mut listening = listen.spawn().unwrap();
    let mut said = BufReader::new(listening.stderr.take().unwrap()).lines();
    let mut before = Vec::new();
    while before.last().is_none_or(|line: &String| !line.contains("Ready!")) {
        before.push(said.next().unwrap_or_else(|| panic!("it ended: {before:?}")).unwrap());
    }
    // It goes on saying things, which somebody has to read.
    let saying = std::thread::spawn(move || said.map_while(Result::ok).collect::<Vec<_>>().join("\n"));

    triggered(&sim, &home, "checkout.session.completed").await;
    let event = event(&cli, "checkout.session.completed").await;
    let endpoints = cli.run(&["endpoints", "list", "--json"]).await.json();
    let endpoint = endpoints.iter().find(|endpoint| endpoint["uuid"] == event["endpoint"]).unwrap();
    assert_eq!((&endpoint["status"], &endpoint["stripe_id"]), (&json!("enabled"), &Value::Null));
    assert!(sim.endpoints().is_empty(), "Stripe has no endpoint of it");
    let refused = cli.run(&["endpoints", "disable", endpoint["uuid"].as_str().unwrap()]).await;
    assert!(refused.status == 1 && refused.err.contains("tollgate listen"), "{refused:?}");

    interrupt(&listening);
    let ended = end(listening).await;
    assert_eq!(ended.status, 0, "{ended:?}{}", saying.join().unwrap());
    let left = cli.run(&["endpoints", "list", "--json"]).await.json();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(served.stop().await.0, Some(0));
}

/// Ends a process that would not end by itself.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A port that was free a moment ago, for a program that cannot choose one itself.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn localstripes_events_with_their_shapes_of_2017_are_taken_in_and_mirrored() {
    let sim = Simulator::builder().seed(7).start().await.unwrap();
    let (cli, served) = shop(&sim).await;
    let base = served.base.clone();
    let made = cli.run(&["endpoints", "create", "--base-url", &base, "--json"]).await.json();
    let (url, id) = (made[0]["url"].as_str().unwrap(), made[0]["stripe_id"].as_str().unwrap());
    let secret = sim.endpoint_secret(id).unwrap();

    let port = free_port();
    let mut command = Command::new(tools().join("venv/bin/python"));
    command.arg(script("serve_localstripe.py")).arg(port.to_string());
    let _running = Ending(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let there = Http::new(&format!("http://127.0.0.1:{port}"));
    until("localstripe answers", || async { std::net::TcpStream::connect(("127.0.0.1", port)).is_ok().then_some(()) })
        .await;
    let form = [("content-type", "application/x-www-form-urlencoded"), ("authorization", "Bearer sk_test_12345")];
    let post = async |path: &str, body: String| {
        let answer = there.post(path, &form, body.into_bytes()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        serde_json::from_str::<Value>(answer.text()).unwrap_or_default()
    };
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    post("/_config/webhooks/tollgate", format!("url={}&secret={}", encoded(url), encoded(&secret))).await;
    let product = post("/v1/products", "name=Box&type=service".to_owned()).await;
    let plan = format!("id=box&currency=usd&amount=1500&interval=month&product={}", product["id"].as_str().unwrap());
    post("/v1/plans", plan).await;
    let card = "type=card&card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=2031&card[cvc]=123";
    let method = post("/v1/payment_methods", card.to_owned()).await;
    let method = method["id"].as_str().unwrap().to_owned();
    let customer =
        post("/v1/customers", "email=ada%40shop.example".to_owned()).await["id"].as_str().unwrap().to_owned();
    post(&format!("/v1/payment_methods/{method}/attach"), format!("customer={customer}")).await;
    let default = format!("invoice_settings[default_payment_method]={method}");
    post(&format!("/v1/customers/{customer}"), default).await;
    let subscription = post("/v1/subscriptions", format!("customer={customer}&items[0][plan]=box")).await;

    event(&cli, "invoice.payment_succeeded").await;
    event(&cli, "customer.subscription.created").await;
    for (object, id) in [("customer", customer.as_str()), ("subscription", subscription["id"].as_str().unwrap())] {
        let shown = cli.run(&["objects", "show", id, "--json"]).await.json();
        assert_eq!((&shown[0]["object"], &shown[0]["data"]["id"]), (&json!(object), &json!(id)));
    }
    let log = cli.run(&["events", "list", "--limit", "0", "--json"]).await.json();
    assert!(log.len() >= 6, "{log:?}");
    let all_well = until("all of them are processed", || async {
        let log = cli.run(&["events", "list", "--limit", "0", "--json"]).await.json();
        let statuses: Vec<_> = log.iter().map(|event| event["status"].as_str().unwrap().to_owned()).collect();
        let settled = statuses.iter().all(|status| !matches!(status.as_str(), "pending" | "processing"));
        settled.then(|| statuses.iter().all(|status| status == "processed"))
    })
    .await;
    assert!(all_well, "{:?}", cli.run(&["events", "list", "--limit", "0"]).await.out);
    assert_eq!(served.stop().await.0, Some(0));
}
