//! The runner: which proofs there are for the database at hand, chosen and told as `cargo test` does.

use std::process::ExitCode;

use clap::Parser;
use libtest_mimic::{Arguments, Trial};

use crate::counts::{self, Counts};
use crate::form::Form;
use crate::{backlog, clocks, crowd, disk, hostile, kills, outages, poison, slow, statements, stops, storm};

#[derive(Parser)]
struct Chosen {
    #[command(flatten)]
    arguments: Arguments,
    /// More filters: a test runs whose name contains any of them.
    #[arg(value_name = "FILTER")]
    more: Vec<String>,
}

type Proof = (&'static str, fn(Form, &mut Counts));

const BOTH: &[Proof] = &[
    ("a_server_that_dies_at_any_statement_of_a_worker_repeats_no_effect", statements::workers_die),
    ("a_server_that_dies_at_any_statement_of_a_task_runner_forgets_no_task", statements::tasks_die),
    ("a_server_that_dies_at_any_statement_of_the_intake_loses_nothing", statements::intake_dies),
    ("a_server_killed_at_random_instants_loses_nothing_and_repeats_no_effect", kills::prove),
    ("a_server_told_to_stop_finishes_what_it_began_and_gives_the_rest_back", stops::under_load),
    ("a_handler_that_takes_too_long_does_not_hold_up_a_stop", stops::with_a_slow_handler),
    ("handlers_that_panic_hang_die_or_delete_their_event_harm_no_other", poison::prove),
    ("a_clock_that_jumps_loses_nothing_and_repeats_no_effect", clocks::prove),
    ("an_event_that_comes_thousands_of_times_at_once_has_one_effect", storm::prove),
    ("workers_leave_every_object_as_the_reference_says", crowd::prove),
    ("hostile_deliveries_store_nothing_and_harm_nobody", hostile::prove),
    ("slow_clients_do_not_hold_up_others", slow::prove),
    ("a_backlog_does_not_hold_up_what_arrives", backlog::prove),
];
const POSTGRES: &[Proof] = &[
    ("a_server_cut_off_at_any_statement_of_the_intake_loses_nothing", statements::intake_is_cut),
    ("a_server_cut_off_at_any_statement_of_a_worker_repeats_no_effect", statements::workers_are_cut),
    ("a_server_cut_off_at_any_statement_of_a_task_runner_forgets_no_task", statements::tasks_are_cut),
    ("a_postgresql_that_restarts_under_load_loses_nothing", outages::restarts),
    ("connections_cut_under_load_lose_nothing", outages::cuts),
    ("a_full_disk_of_postgresql_loses_nothing", disk::postgres),
];
const SQLITE: &[Proof] = &[("a_full_disk_of_sqlite_loses_nothing", disk::sqlite)];

pub fn run() -> ExitCode {
    let (mut chosen, form) = (Chosen::parse(), Form::read());
    let postgres = std::env::var_os("TEST_DATABASE_URL").is_some();
    let proofs = BOTH.iter().chain(if postgres { POSTGRES } else { SQLITE });
    let filters: Vec<String> = chosen.arguments.filter.iter().chain(&chosen.more).cloned().collect();
    if filters.len() > 1 {
        chosen.arguments.filter = None;
    }
    let wanted = |name: &str| filters.len() < 2 || filters.iter().any(|filter| name.contains(filter));
    let trials: Vec<Trial> = proofs.filter(|(name, _)| wanted(name)).map(|proof| trial(*proof, form)).collect();
    if !chosen.arguments.list {
        let database = if postgres { "PostgreSQL" } else { "SQLite" };
        println!("proofs on {database}, {} form, TOLLGATE_PROOF_SEED={}", form.name(), form.seed);
    }
    let conclusion = libtest_mimic::run(&chosen.arguments, trials);
    counts::print();
    conclusion.exit_code()
}

fn trial((name, prove): Proof, form: Form) -> Trial {
    Trial::test(name, move || {
        prove(form, &mut Counts::of(name));
        Ok(())
    })
}
