//! `serve-with-handler`: a small application with Tollgate inside and one handler, which writes one row to a table of the
//! application's own. `tollgate serve` by itself has no handlers, so this is what is measured where one is to run.

use std::num::NonZero;
use std::time::Duration;

use actix_web::{App, HttpServer};
use diesel::prelude::*;
use tollgate::{Config, Context, Event, HandlerResult, Handlers, Tollgate};

use crate::error::Error;

/// How long a stopping server finishes what is under way, as in `tollgate serve`.
const DEADLINE: Duration = Duration::from_secs(15);

diesel::table! {
    bench_receipts (event_id) {
        event_id -> Text,
        payment_intent -> Text,
        amount -> BigInt,
    }
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS bench_receipts \
                     (event_id TEXT NOT NULL PRIMARY KEY, payment_intent TEXT NOT NULL, amount BIGINT NOT NULL)";

/// Runs the command: the settings are those of `tollgate serve`.
pub fn main() -> Result<(), Error> {
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_writer(std::io::stderr)
        .init();
    actix_web::rt::System::new().block_on(serve())
}

async fn serve() -> Result<(), Error> {
    let config = Config::load().map_err(|error| Error::Usage(error.to_string()))?;
    let address = config.listen;
    let handlers = Handlers::new().on("payment_intent.succeeded", write_receipt);
    let tollgate = Tollgate::builder(config).handlers(handlers).build().await.map_err(failed)?;
    tollgate.db().write(|conn| diesel::sql_query(TABLE).execute(conn).map(drop)).await.map_err(failed)?;
    let routes = tollgate.routes();
    HttpServer::new(move || App::new().configure(routes.clone()))
        .workers(std::thread::available_parallelism().map_or(2, NonZero::get))
        .bind(address)
        .map_err(Error::io(format!("could not listen on {address}")))?
        .run()
        .await
        .map_err(Error::io("the server ended"))?;
    tollgate.shut_down(DEADLINE).await;
    Ok(())
}

fn write_receipt(event: &Event, context: &mut Context<'_>) -> HandlerResult {
    let object = event.data_object();
    let payment_intent = object["id"].as_str().ok_or("a payment intent without an id")?;
    let amount = object["amount_received"].as_i64().ok_or("a payment intent without an amount")?;
    diesel::insert_into(bench_receipts::table)
        .values((
            bench_receipts::event_id.eq(event.id()),
            bench_receipts::payment_intent.eq(payment_intent),
            bench_receipts::amount.eq(amount),
        ))
        .execute(context.conn())?;
    Ok(())
}

fn failed(error: tollgate::Error) -> Error {
    Error::Wrong(error.to_string())
}
