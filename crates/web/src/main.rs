//! The binary `tollgate`.

use std::io::Write;

fn main() {
    let status = actix_web::rt::System::new().block_on(tollgate::cli::run());
    // The text that could not be written has nobody who reads it.
    let _written = std::io::stdout().flush();
    // Without the handlers that libraries registered for the end: those of OpenSSL free what a thread that is just opening a
    // connection to PostgreSQL still uses. What matters has been committed.
    signal_hook::low_level::exit(i32::from(status));
}
