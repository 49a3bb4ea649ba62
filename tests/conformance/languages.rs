//! Clients 1.7: the boolean filter languages. `spider text` and `ar text` → the expression in DXSpider's words, or
//! `byte: what is wrong`; `say text` → the sentence of the expression in DXSpider's words.

use dxring::filter::{Context, parse_ar, parse_spider, sentence_in, spider_with};
use dxring::reference::Cty;
use dxring::spot::Grid;
use std::sync::LazyLock;

static CTY: LazyLock<Cty> = LazyLock::new(Cty::embedded);
static FEEDS: LazyLock<Vec<String>> = LazyLock::new(|| vec!["rbn".into(), "rbn_digital".into()]);

pub fn run(given: &[u8]) -> Result<Vec<u8>, String> {
    let given = std::str::from_utf8(given).map_err(|e| e.to_string())?;
    let (verb, text) = given.split_once(' ').unwrap_or((given, ""));
    let grid = Grid::parse(b"FN42").unwrap_or_default();
    let context = Context { cty: &CTY, feeds: &FEEDS, grid, default_filter: &[] };
    let read = match verb {
        "spider" | "say" => parse_spider(text, &context),
        "ar" => parse_ar(text, &context),
        _ => return Err(format!("verb {verb}")),
    };
    Ok(match (verb, read) {
        (_, Err(fault)) => format!("{}: {}", fault.at, fault.what),
        ("say", Ok(expr)) => sentence_in(&expr, &context),
        (_, Ok(expr)) => spider_with(&expr, &FEEDS),
    }
    .into_bytes())
}
