//! Pipeline 27.8: places of calls.

use dxring::reference::{Cty, CtyForm, Lookup};
use dxring::spot::{Call, Grid};
use std::cell::OnceCell;
use std::path::Path;

thread_local! {
    static EMBEDDED: OnceCell<Cty> = const { OnceCell::new() };
}

pub fn run(given: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(given).map_err(|e| e.to_string())?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let answer = match words[..] {
        ["square", lat, lon] => square(lat, lon)?,
        [verb @ ("place" | "grid"), call] => {
            EMBEDDED.with(|cty| place(cty.get_or_init(Cty::embedded), call, verb == "grid"))?
        }
        [verb @ ("place" | "grid"), call, "in", file] => place(&fixture(file)?, call, verb == "grid")?,
        _ => return Err(text.into()),
    };
    Ok(answer.into_bytes())
}

fn place(cty: &Cty, call: &str, with_grid: bool) -> Result<String, String> {
    let call = Call::new(call.as_bytes()).ok_or("no call fits")?;
    Ok(match cty.lookup(&call) {
        Lookup::Afloat => "afloat".into(),
        Lookup::Unknown => "unknown".into(),
        Lookup::Found(p) => {
            let grid = if with_grid { format!(" {}", p.grid) } else { String::new() };
            format!("{} {} {} {} {}{grid}", p.prefix, p.adif, p.continent.name(), p.cq, p.itu)
        }
    })
}

fn fixture(name: &str) -> Result<Cty, String> {
    let form = if name.ends_with(".dat") { CtyForm::Dat } else { CtyForm::Plist };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let bytes = std::fs::read(&path).map_err(|e| e.to_string())?;
    Cty::parse(form, name, &bytes).map_err(|e| e.to_string())
}

fn square(lat: &str, lon: &str) -> Result<String, String> {
    let degrees = |text: &str| text.parse::<f64>().map_err(|e| e.to_string());
    Ok(Grid::from_lat_lon(degrees(lat)?, degrees(lon)?).map_or_else(|| "-".into(), |grid| grid.to_string()))
}
