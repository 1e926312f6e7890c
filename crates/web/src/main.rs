//! The binary `tollgate`.

use std::process::ExitCode;

fn main() -> ExitCode {
    actix_web::rt::System::new().block_on(tollgate::cli::run())
}
