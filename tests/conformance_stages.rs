//! Given → expected rows of pipeline 27.5, 27.8 and 27.10 for the pure stages, as data in
//! `conformance/stages/`.

#[path = "conformance/stages/cty.rs"]
mod cty;
#[path = "conformance/stages/dedup.rs"]
mod dedup;
#[path = "conformance/stages/modes.rs"]
mod modes;
#[path = "conformance/stages/real.rs"]
mod real;
#[path = "conformance/stages/steps.rs"]
mod steps;
