//! The parts by themselves.
fn main() {
    divan::main();
}
