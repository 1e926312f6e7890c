//! `tollgate demo`: everything on this machine with no account.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {}
pub(super) async fn run(_: Demo, _: Option<String>) -> super::Outcome {
    Ok(())
}
