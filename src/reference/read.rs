//! The three file forms.

use super::build::{Builder, KeyText, Row};
use super::cty::CtyError;
use crate::spot::Continent;
use std::collections::HashMap;

/// `cty.csv`: `prefix,name,adif,continent,cq,itu,lat,lon west,offset west,key key key;`, a line each.
pub(super) fn csv(builder: &mut Builder, bytes: &[u8]) -> Result<(), CtyError> {
    let rows = csv_rows(builder.label(), bytes)?;
    add(builder, rows)
}

/// Rows with their keys and line numbers.
type Rows = Vec<(Row, String, usize)>;

fn csv_rows(label: &str, bytes: &[u8]) -> Result<Rows, CtyError> {
    let mut rows = Vec::new();
    for (i, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let fail = |what: &str| at_line(label, i + 1, what.to_string());
        let line = std::str::from_utf8(line).map_err(|_| fail("not UTF-8"))?.trim();
        if line.is_empty() {
            continue;
        }
        let fields: Vec<&str> = line.splitn(10, ',').map(str::trim).collect();
        let [prefix, name, adif, continent, cq, itu, lat, lon, offset, keys] = fields[..] else {
            return Err(fail(&format!("{} fields, 10 expected", fields.len())));
        };
        let keys = keys.strip_suffix(';').ok_or_else(|| fail("the line does not end in `;`: is the file cut off?"))?;
        let row = row(prefix, name, continent, cq, itu, [lat, lon, offset]).map_err(|what| fail(&what))?;
        // An entity without a number keeps its place in the world: spots of it carry 0.
        let adif = if adif.is_empty() { 0 } else { number(adif, "ADIF number", 999).map_err(|what| fail(&what))? };
        rows.push((Row { adif, ..row }, keys.to_string(), i + 1));
    }
    Ok(rows)
}

/// `cty.dat`: a header of eight fields that end in `:`, then keys separated by commas up to `;`.
///
/// The form has no ADIF numbers: they are those of the compiled-in file for the same primary prefix,
/// or else for the same name. An entity that is new since then has number 0.
pub(super) fn dat(builder: &mut Builder, bytes: &[u8]) -> Result<(), CtyError> {
    let label = builder.label().to_string();
    let known = csv_rows("cty.csv (compiled in)", include_bytes!("data/cty.csv"))?;
    let by_prefix: HashMap<&str, u16> = known.iter().map(|(r, ..)| (r.prefix.as_str(), r.adif)).collect();
    let by_name: HashMap<&str, u16> = known.iter().map(|(r, ..)| (r.name.as_str(), r.adif)).collect();
    let mut rows: Rows = Vec::new();
    let mut open: Option<(Row, String, usize)> = None;
    for (i, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let fail = |what: &str| at_line(&label, i + 1, what.to_string());
        let line = std::str::from_utf8(line).map_err(|_| fail("not UTF-8"))?.trim();
        if line.is_empty() {
            continue;
        }
        let Some((_, keys, _)) = &mut open else {
            let fields: Vec<&str> = line.split(':').map(str::trim).collect();
            let [name, cq, itu, continent, lat, lon, offset, prefix, ""] = fields[..] else {
                return Err(fail("a header of 8 fields with `:` expected"));
            };
            let mut row = row(prefix, name, continent, cq, itu, [lat, lon, offset]).map_err(|what| fail(&what))?;
            row.adif = by_prefix.get(prefix).or_else(|| by_name.get(name)).copied().unwrap_or(0);
            open = Some((row, String::new(), i + 1));
            continue;
        };
        keys.push_str(line.trim_end_matches(';'));
        keys.push(' ');
        if line.ends_with(';') {
            rows.extend(open.take());
        }
    }
    if let Some((row, _, line)) = open {
        return Err(at_line(&label, line, format!("{}: no `;` up to the end: is the file cut off?", row.name)));
    }
    add(builder, rows)
}

/// Adds rows in the order of the file. A row with `*` is a country of the WAEDC list (Sicily, Shetland,
/// European Turkey, Bear Island, the Vienna centre): to a cluster it is a part of its DXCC entity, so it
/// keeps its zones, position and continent, and takes name, prefix and number of the entity.
fn add(builder: &mut Builder, rows: Rows) -> Result<(), CtyError> {
    let label = builder.label().to_string();
    let parents: HashMap<u16, (String, String)> = rows
        .iter()
        .filter(|(row, ..)| !row.prefix.starts_with('*'))
        .map(|(row, ..)| (row.adif, (row.prefix.clone(), row.name.clone())))
        .collect();
    for (mut row, keys, line) in rows {
        match parents.get(&row.adif) {
            Some((prefix, name)) if row.prefix.starts_with('*') => {
                row.area = Some(std::mem::replace(&mut row.name, name.clone()));
                row.prefix.clone_from(prefix);
            }
            _ => builder.entity(&row),
        }
        for text in keys.split([',', ' ']).filter(|t| !t.is_empty()) {
            builder.key(&row, &key(text).map_err(|what| at_line(&label, line, what))?);
        }
    }
    Ok(())
}

/// `cty.plist`: a dictionary from key to a dictionary of `Country Prefix ADIF CQZone ITUZone Continent
/// Latitude Longitude GMTOffset ExactCallsign`. Each key carries everything, so call areas are told.
pub(super) fn plist(builder: &mut Builder, bytes: &[u8]) -> Result<(), CtyError> {
    let label = builder.label().to_string();
    let fail = |what: String| CtyError::Plist { file: label.clone(), what };
    let value = plist::Value::from_reader_xml(std::io::Cursor::new(bytes)).map_err(|e| fail(e.to_string()))?;
    let all = value.as_dictionary().ok_or_else(|| fail("no dictionary at the top".into()))?;
    let mut seen = std::collections::BTreeMap::new();
    for (text, fields) in all {
        let text = text.trim().to_ascii_uppercase();
        let fail = |what: &str| fail(format!("key {text:?}: {what}"));
        let fields = fields.as_dictionary().ok_or_else(|| fail("no dictionary"))?;
        let word = |name: &str| fields.get(name).and_then(plist::Value::as_string).unwrap_or("").trim();
        let number = |name: &str| match fields.get(name) {
            Some(value) => value
                .as_signed_integer()
                .map(|n| n as f64)
                .or_else(|| value.as_real())
                .ok_or_else(|| fail(&format!("{name} is no number"))),
            None => Ok(0.0),
        };
        let row = Row {
            name: word("Country").to_string(),
            prefix: word("Prefix").to_string(),
            area: None,
            adif: number("ADIF")? as u16,
            continent: Continent::parse(word("Continent")).unwrap_or_default(),
            cq: number("CQZone")? as u8,
            itu: number("ITUZone")? as u8,
            lat_deg: number("Latitude")?,
            lon_west_deg: number("Longitude")?,
            offset_west_h: number("GMTOffset")?,
        };
        if row.name.is_empty() {
            return Err(fail("no Country"));
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'/') || text.is_empty() {
            return Err(fail("not made of letters, digits and `/`"));
        }
        let exact = fields.get("ExactCallsign").and_then(plist::Value::as_boolean).unwrap_or(false);
        // An entity is told by its number; its own data are those of its primary prefix when listed.
        let primary = text == row.prefix.to_ascii_uppercase();
        let entity = if row.adif == 0 { (0, row.name.clone()) } else { (row.adif, String::new()) };
        match seen.entry(entity) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(row.clone());
            }
            std::collections::btree_map::Entry::Occupied(mut slot) if primary => {
                slot.insert(row.clone());
            }
            std::collections::btree_map::Entry::Occupied(_) => {}
        }
        builder.key(&row, &KeyText { text, exact, ..KeyText::default() });
    }
    seen.values().for_each(|row| builder.entity(row));
    Ok(())
}

fn at_line(file: &str, line: usize, what: String) -> CtyError {
    CtyError::Line { file: file.to_string(), line, what }
}

fn row(prefix: &str, name: &str, continent: &str, cq: &str, itu: &str, reals: [&str; 3]) -> Result<Row, String> {
    let real = |text: &str, what: &str, max: f64| match text.parse::<f64>() {
        Ok(value) if value.abs() <= max => Ok(value),
        _ => Err(format!("{what} {text:?} is no number within ±{max}")),
    };
    if prefix.is_empty() || name.is_empty() {
        return Err("no prefix or no name".into());
    }
    Ok(Row {
        name: name.to_string(),
        prefix: prefix.to_string(),
        area: None,
        adif: 0,
        continent: Continent::parse(continent).ok_or_else(|| format!("continent {continent:?}"))?,
        cq: number(cq, "CQ zone", 40)? as u8,
        itu: number(itu, "ITU zone", 90)? as u8,
        lat_deg: real(reals[0], "latitude", 90.0)?,
        lon_west_deg: real(reals[1], "longitude", 180.0)?,
        offset_west_h: real(reals[2], "UTC offset", 14.0)?,
    })
}

fn number(text: &str, what: &str, max: u16) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(value) if value <= max => Ok(value),
        _ => Err(format!("{what} {text:?} is no number up to {max}")),
    }
}

/// A key with overrides: `=` for a full call, then in any order `(cq) [itu] <lat/lon west> {continent}
/// ~offset west~`.
fn key(text: &str) -> Result<KeyText, String> {
    let bad = |what: &str| format!("key {text:?}: {what}");
    let rest = text.strip_prefix('=');
    let mut out = KeyText { exact: rest.is_some(), ..KeyText::default() };
    let rest = rest.unwrap_or(text);
    let end = rest.find(['(', '[', '<', '{', '~']).unwrap_or(rest.len());
    out.text = rest[..end].to_ascii_uppercase();
    if out.text.is_empty() || !out.text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'/') {
        return Err(bad("not made of letters, digits and `/`"));
    }
    let mut rest = &rest[end..];
    while let Some(open) = rest.chars().next() {
        let close = match open {
            '(' => ')',
            '[' => ']',
            '<' => '>',
            '{' => '}',
            '~' => '~',
            _ => return Err(bad("something behind the overrides")),
        };
        let (inside, after) = rest[1..].split_once(close).ok_or_else(|| bad(&format!("no `{close}`")))?;
        match open {
            '(' => out.cq = Some(number(inside, "CQ zone", 40).map_err(|w| bad(&w))? as u8),
            '[' => out.itu = Some(number(inside, "ITU zone", 90).map_err(|w| bad(&w))? as u8),
            '{' => out.continent = Some(Continent::parse(inside).ok_or_else(|| bad("continent"))?),
            '<' => {
                let (lat, lon) = inside.split_once('/').ok_or_else(|| bad("<lat/lon> expected"))?;
                let parse = |t: &str, max: f64| t.parse::<f64>().ok().filter(|v| v.abs() <= max);
                let (lat, lon) = parse(lat, 90.0).zip(parse(lon, 180.0)).ok_or_else(|| bad("position"))?;
                out.lat_lon_west_deg = Some((lat, lon));
            }
            _ => {
                let hours = inside.parse::<f64>().ok().filter(|v| v.abs() <= 14.0);
                out.offset_west_h = Some(hours.ok_or_else(|| bad("UTC offset"))?);
            }
        }
        rest = after;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_in_any_order() {
        let k = key("=K1ABC[8](5)<42.38/71.65>{NA}~5.0~").unwrap();
        assert!(k.exact);
        assert_eq!((k.text.as_str(), k.cq, k.itu), ("K1ABC", Some(5), Some(8)));
        assert_eq!(k.lat_lon_west_deg, Some((42.38, 71.65)));
        assert_eq!((k.continent, k.offset_west_h), (Some(Continent::Na), Some(5.0)));
        let k = key("RA9S(16)").unwrap();
        assert!(!k.exact);
        assert_eq!((k.cq, k.itu), (Some(16), None));
    }

    #[test]
    fn damaged_keys_are_named() {
        for bad in ["RA9S(16", "(5)", "K1(99)", "K1[x]", "K1<1>", "K1<95/0>", "K1{ZZ}", "K1(5)x", "=", "K1~20~", "K 1"]
        {
            assert!(key(bad).is_err_and(|e| e.contains(bad)), "{bad}");
        }
    }
}
