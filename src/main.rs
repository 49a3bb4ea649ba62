//! The `dxring` program.
fn main() {}
