# The commands of a day; `just` alone lists them.

default:
    @just --list

# Everything that must hold for a change to land
check:
    bash .ci/run

# The quick half of it: form, lints and the tests on SQLite
quick:
    cargo fmt --all --check
    scripts/boundaries
    cargo clippy --workspace --all-targets -- -D warnings
    scripts/test sqlite

# The tests on SQLite and PostgreSQL
test *arguments:
    scripts/test {{arguments}}

# A simulated Stripe, a server and a small business
demo:
    cargo run --release -- demo

# The measurements of docs/performance.md
bench *arguments:
    scripts/bench {{arguments}}

# The library's documentation
docs:
    cargo doc --workspace --no-deps --open
