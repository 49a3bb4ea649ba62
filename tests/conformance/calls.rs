//! Pipeline 27.1: `verb call` → call, `yes`, `no`, or `-` for none.

use dxring::spot::{
    Call, collapse_ssid, is_plausible, license_call, metadata_call, normalize, test_spotter_base,
    too_many_leading_letters,
};

pub fn run(given: &[u8]) -> Result<Vec<u8>, String> {
    let space = given.iter().position(|&b| b == b' ').unwrap_or(given.len());
    let (verb, text) = (&given[..space], given.get(space + 1..).unwrap_or(b""));
    let show = |call: Option<Call>| match call {
        Some(call) if !call.is_empty() => call.as_bytes().to_vec(),
        _ => b"-".to_vec(),
    };
    let plain = || Call::new(text.trim_ascii()).ok_or("no call fits");
    Ok(match verb {
        b"normalize" => show(normalize(text)),
        b"valid" => yes_no(normalize(text).is_some_and(|call| is_plausible(&call))),
        b"collapse" => show(Some(collapse_ssid(&plain()?))),
        b"metadata" => show(Some(metadata_call(&plain()?))),
        b"license" => show(Some(license_call(&plain()?))),
        b"leading" => {
            if too_many_leading_letters(&plain()?) {
                b"reject".to_vec()
            } else {
                b"pass".to_vec()
            }
        }
        b"test-base" => show(test_spotter_base(&plain()?)),
        _ => return Err(format!("verb {}", verb.escape_ascii())),
    })
}

fn yes_no(yes: bool) -> Vec<u8> {
    if yes { b"yes".to_vec() } else { b"no".to_vec() }
}
