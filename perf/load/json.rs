//! JSON out. Nothing here reads it.

use std::fmt::{self, Display, Formatter, Write as _};

/// A JSON value.
#[derive(Clone, Debug)]
pub enum Json {
    /// `null`.
    Null,
    /// A whole number.
    Int(u64),
    /// A number; not finite becomes `null`.
    Num(f64),
    /// A truth value.
    Bool(bool),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object, in this order.
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    /// A text.
    pub fn text(text: impl Into<String>) -> Json {
        Json::Text(text.into())
    }
    /// A number or `null`.
    pub fn maybe(number: Option<f64>) -> Json {
        number.map_or(Json::Null, Json::Num)
    }
}

impl Display for Json {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Int(n) => write!(f, "{n}"),
            Json::Num(n) if n.is_finite() => write!(f, "{n}"),
            Json::Num(_) => f.write_str("null"),
            Json::Bool(b) => write!(f, "{b}"),
            Json::Text(text) => write_text(f, text),
            Json::List(items) => {
                f.write_char('[')?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { "," } else { "" })?;
                }
                f.write_char(']')
            }
            Json::Object(fields) => {
                f.write_char('{')?;
                for (i, (key, value)) in fields.iter().enumerate() {
                    write!(f, "{}\"{key}\":{value}", if i > 0 { "," } else { "" })?;
                }
                f.write_char('}')
            }
        }
    }
}

fn write_text(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            c if u32::from(c) < 0x20 => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_json_writes_them() {
        let value = Json::Object(vec![
            ("n", Json::Int(3)),
            ("x", Json::Num(0.5)),
            ("nan", Json::Num(f64::NAN)),
            ("t", Json::text("a \"b\"\\\n\u{1}")),
            ("l", Json::List(vec![Json::Bool(true), Json::Null])),
        ]);
        let text = "{\"n\":3,\"x\":0.5,\"nan\":null,\"t\":\"a \\\"b\\\"\\\\\\n\\u0001\",\"l\":[true,null]}";
        assert_eq!(value.to_string(), text);
    }
}
