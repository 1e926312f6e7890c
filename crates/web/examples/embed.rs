//! A small shop with Tollgate inside: the shop has a session, a table and pages of its own, and a handler that gives
//! customers access when they have paid, in the same transaction as the event.
//!
//! Run it with `cargo run --example embed`, and open <http://127.0.0.1:8000/>; `docs/embedding.md` tells each step.

use actix_web::http::header;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use tollgate::{Config, Context, Event, HandlerResult, Handlers, Task, Tollgate};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::load()?;
    let address = config.listen;
    let tollgate = Tollgate::builder(config).handlers(handlers()).build().await?;
    make_table(&tollgate).await?;
    let routes = routes(&tollgate);
    HttpServer::new(move || App::new().configure(routes.clone())).bind(address)?.run().await?;
    // What workers have begun is finished; the rest goes back to the queue.
    tollgate.shut_down(std::time::Duration::from_secs(15)).await;
    Ok(())
}

/// What the shop does when something happens at Stripe.
pub fn handlers() -> Handlers {
    Handlers::new()
        .on("invoice.paid", open_access)
        .on("customer.subscription", close_access_at_the_end)
        .on_any(announce)
        .after_commit("invoice.paid", send_receipt)
        .after_commit("tollgate.event.dead", call_for_help)
}

// The row, the mirrored invoice and the event's status are committed together, or none of them is.
fn open_access(event: &Event, context: &mut Context<'_>) -> HandlerResult {
    sql_query("INSERT INTO access (customer, since_event) VALUES ($1, $2) ON CONFLICT (customer) DO NOTHING")
        .bind::<Text, _>(customer_of(event)?)
        .bind::<Text, _>(event.id())
        .execute(context.conn())?;
    Ok(())
}

// For every event of a subscription: it may end by being deleted, or by Stripe giving up on its payments.
fn close_access_at_the_end(event: &Event, context: &mut Context<'_>) -> HandlerResult {
    let is_unpaid = event.data_object()["status"] == "unpaid";
    if event.type_() == "customer.subscription.deleted" || is_unpaid {
        sql_query("DELETE FROM access WHERE customer = $1")
            .bind::<Text, _>(customer_of(event)?)
            .execute(context.conn())?;
    }
    Ok(())
}

// For every event, and only once it is committed: what is rolled back is not announced.
fn announce(event: &Event, context: &mut Context<'_>) -> HandlerResult {
    let text = format!("{} {}", event.id(), event.type_());
    context.on_commit(move || println!("the shop has dealt with {text}"));
    Ok(())
}

// A mail cannot be taken back, so it waits for the commit; it is tried again by itself, whatever else the event needs.
async fn send_receipt(task: Task) -> HandlerResult {
    let customer = customer_of(task.event())?;
    println!("receipt for {customer}, sent once under the key {}", task.idempotency_key());
    Ok(())
}

// Nothing follows by itself any more: somebody has to look.
async fn call_for_help(task: Task) -> HandlerResult {
    let dead = task.event().data_object();
    println!("event {} is dead: {}", dead["id"], dead["error"]);
    Ok(())
}

fn customer_of(event: &Event) -> Result<&str, String> {
    let customer = event.data_object()["customer"].as_str();
    customer.ok_or_else(|| format!("the object of {} names no customer", event.id()))
}

/// Makes the shop's own table, beside Tollgate's; a larger application has migrations of its own.
///
/// # Errors
/// When the database fails.
pub async fn make_table(tollgate: &Tollgate) -> Result<(), tollgate::Error> {
    let sql = "CREATE TABLE IF NOT EXISTS access (customer TEXT NOT NULL PRIMARY KEY, since_event TEXT NOT NULL)";
    tollgate.db().write(move |conn| sql_query(sql).execute(conn).map(drop)).await
}

/// The shop's pages, Tollgate's routes beside them, and the shop's own page for what is not found.
pub fn routes(tollgate: &Tollgate) -> impl FnOnce(&mut web::ServiceConfig) + Clone + Send + use<> {
    let (tollgate, inside) = (tollgate.clone(), tollgate.routes());
    move |routes| {
        routes
            .app_data(web::Data::new(tollgate))
            .route("/", web::get().to(home))
            .route("/customers/{id}", web::get().to(customer))
            .configure(inside)
            .default_service(web::to(not_found));
    }
}

// The shop's session: a cookie that counts visits.
async fn home(request: HttpRequest) -> HttpResponse {
    let cookies = request.headers().get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let known = cookies.split("; ").find_map(|pair| pair.strip_prefix("visits=")).and_then(|text| text.parse().ok());
    let visits = known.unwrap_or(0_u32).saturating_add(1);
    HttpResponse::Ok()
        .insert_header((header::SET_COOKIE, format!("visits={visits}; Path=/; HttpOnly; SameSite=Lax")))
        .body(format!("Welcome to the shop. This is visit {visits}.\n"))
}

async fn customer(id: web::Path<String>, tollgate: web::Data<Tollgate>) -> Result<HttpResponse, tollgate::Error> {
    #[derive(QueryableByName)]
    struct Access {
        #[diesel(sql_type = Text)]
        since_event: String,
    }
    let customer = id.clone();
    let found: Vec<Access> = tollgate
        .db()
        .read(move |conn| {
            sql_query("SELECT since_event FROM access WHERE customer = $1").bind::<Text, _>(customer).load(conn)
        })
        .await?;
    Ok(match found.first() {
        Some(access) => HttpResponse::Ok().body(format!("{id} has access since {}.\n", access.since_event)),
        None => HttpResponse::PaymentRequired().body(format!("{id} has no access.\n")),
    })
}

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().body("The shop has no such page.\n")
}
