//! The pure stages beyond the rows of `conformance`: whole country files, real days.

#[path = "stages/correct_edge.rs"]
mod correct_edge;
#[path = "stages/country.rs"]
mod country;
#[path = "stages/real.rs"]
mod real;
#[path = "stages/reports.rs"]
mod reports;
#[path = "stages/seeds.rs"]
mod seeds;
