//! Has the crate built again when a migration is added: the migrations are embedded, and cargo does not see their folder by itself.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
