//! Who may read the metrics where, and in which format.

use actix_web::web::ServiceConfig;
use hyper::Method;
use tollgate::Tollgate;

use crate::support::{Cli, Http, Scrape, Served, Setup, TOKEN, TestApp, with_token};

const WRONG: [&str; 4] = ["", "scrapers-work-at-nigh", "scrapers-work-at-night ", "SCRAPERS-WORK-AT-NIGHT"];

async fn serving<R>(setup: Setup, routes: impl FnOnce(&Tollgate) -> R) -> TestApp
where
    R: FnOnce(&mut ServiceConfig) + Clone + Send + 'static,
{
    setup.start_with(routes).await
}

#[tokio::test]
async fn without_a_token_the_public_listener_has_no_metrics() {
    for app in [serving(Setup::new(), Tollgate::routes).await, serving(Setup::new(), Tollgate::public_routes).await] {
        let unknown = app.http.get("/no-such-path").await;
        for token in [None, Some(TOKEN)] {
            let answer = Scrape::answer(&app.http, token, None).await;
            assert_eq!((answer.status, &answer.body), (404, &unknown.body));
            assert_eq!(answer.headers.len(), unknown.headers.len());
        }
    }
}

#[tokio::test]
async fn the_metrics_leave_the_public_listener_for_the_private_one() {
    let public = serving(Setup::new().config(with_token), Tollgate::public_routes).await;
    assert_eq!(Scrape::answer(&public.http, Some(TOKEN), None).await.status, 404);
    for private in
        [serving(Setup::new(), Tollgate::admin_routes).await, serving(Setup::new(), Tollgate::metrics_routes).await]
    {
        Scrape::read(&Scrape::answer(&private.http, None, None).await);
        assert_eq!(private.http.get("/readyz").await.status, 200);
        assert_eq!(private.http.post("/metrics", &[], "").await.status, 405);
    }
}

#[tokio::test]
async fn a_token_that_is_set_is_asked_for_everywhere() {
    let setup = || Setup::new().config(with_token);
    let all = serving(setup(), Tollgate::routes).await;
    let admin = serving(setup(), Tollgate::admin_routes).await;
    let own = serving(setup(), Tollgate::metrics_routes).await;
    for app in [all, admin, own] {
        Scrape::read(&Scrape::answer(&app.http, Some(TOKEN), None).await);
        for wrong in [None].into_iter().chain(WRONG.map(Some)) {
            let answer = Scrape::answer(&app.http, wrong, None).await;
            // A header is trimmed on its way.
            let right = wrong.is_some_and(|wrong| wrong.trim() == TOKEN);
            assert_eq!(answer.status, if right { 200 } else { 401 }, "{wrong:?}");
            if !right {
                assert_eq!(
                    (answer.header("www-authenticate"), answer.text()),
                    (Some("Bearer"), r#"{"error":"unauthorized"}"#)
                );
            }
        }
        for scheme in ["Basic", "BearerX", ""] {
            let value = format!("{scheme} {TOKEN}");
            let answer = app.http.send(Method::GET, "/metrics", &[("authorization", &value)], Vec::new()).await;
            assert_eq!(answer.status, 401, "{scheme}");
        }
        let small = format!("bearer {TOKEN}");
        assert_eq!(app.http.send(Method::GET, "/metrics", &[("authorization", &small)], Vec::new()).await.status, 200);
    }
}

#[tokio::test]
async fn both_text_formats_are_served() {
    let app = serving(Setup::new(), Tollgate::admin_routes).await;
    let plain = Scrape::answer(&app.http, None, None).await;
    assert_eq!(plain.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(plain.text().contains("# TYPE tollgate_deliveries_received_total counter\n"), "{}", plain.text());
    assert!(!plain.text().contains("# EOF"));
    let accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3";
    let open = Scrape::answer(&app.http, None, Some(accept)).await;
    assert_eq!(open.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    assert!(open.text().ends_with("\n# EOF\n") && open.text().matches("# EOF").count() == 1);
    assert!(open.text().contains("# TYPE tollgate_deliveries_received counter\n"), "{}", open.text());
    assert_eq!(Scrape::read(&plain).series.len(), Scrape::read(&open).series.len());
}

#[tokio::test]
async fn the_build_and_the_kind_of_database_are_told() {
    let app = serving(Setup::new(), Tollgate::admin_routes).await;
    let kind = if app.db.url().is_sqlite() { "sqlite" } else { "postgres" };
    let build = format!("tollgate_build_info{{version=\"{}\",database=\"{kind}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(Scrape::read(&Scrape::answer(&app.http, None, None).await).value(&build), 1.0);
}

#[tokio::test]
async fn a_process_with_workers_only_can_be_watched() {
    let cli = Cli::new();
    let server = Served::start_with(&cli, &["--workers-only"], &[("TOLLGATE_ADMIN_LISTEN", "127.0.0.1:0")]);
    let http = Http::new(&server.base);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(http.get(path).await.status, 200, "{path}");
    }
    Scrape::read(&Scrape::answer(&http, None, None).await);
    assert_eq!(http.get("/admin").await.status, 404);
    assert_eq!(http.post("/stripe/webhooks", &[], "{}").await.status, 404);
    let (status, log) = server.stop().await;
    assert_eq!(status, Some(0), "{log}");
}
