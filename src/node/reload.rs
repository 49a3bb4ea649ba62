//! Reading the configuration anew while the node runs: what changes at once, and what waits for a restart.

use crate::config::{self, Loaded, Node, Problems};
use serde_json::Value;

/// Keys, or sections, that change at once: what telnet cores and accounts look up each time they need it.
const LIVE: &[&str] = &[
    "telnet.welcome",
    "telnet.login_prompt",
    "telnet.greeting",
    "telnet.motd",
    "telnet.dialect_welcome",
    "telnet.prompt",
    "telnet.farewell",
    "telnet.proxies",
    "telnet.line_format",
    "telnet.dedupe",
    "telnet.default_filter",
    "telnet.login_timeout_s",
    "telnet.idle_timeout_s",
    "telnet.keepalive_s",
    "accounts",
];
/// Lines of an outcome; a file with more mistakes shows the first ones.
const LINES_MAX: usize = 50;

/// What a reload comes to.
#[derive(Debug)]
pub(super) struct Reloaded {
    /// The configuration in force from here on; `None` = as it was.
    pub node: Option<Node>,
    /// One line each, for log and sysops.
    pub lines: Vec<String>,
}

/// Takes over what can change from what was read.
pub(super) fn reload(old: &Node, read: Result<Loaded, Problems>) -> Reloaded {
    let loaded = match read {
        Ok(loaded) => loaded,
        Err(problems) => {
            let mut lines = vec!["Nothing changed: the configuration has mistakes.".to_string()];
            lines.extend(problems.to_string().lines().take(LINES_MAX).map(String::from));
            return Reloaded { node: None, lines };
        }
    };
    match merge(old, &loaded.node) {
        Ok((node, changed, waiting)) => {
            let mut lines: Vec<String> = loaded.warnings.iter().map(|warning| format!("warning: {warning}")).collect();
            lines.push(match changed.is_empty() {
                true => "Nothing changed at once.".into(),
                false => format!("Changed: {}.", changed.join(", ")),
            });
            if !waiting.is_empty() {
                lines.push(format!("Changes at the next start: {}.", waiting.join(", ")));
            }
            lines.truncate(LINES_MAX);
            Reloaded { node: (!changed.is_empty()).then_some(node), lines }
        }
        Err(why) => Reloaded { node: None, lines: vec![format!("Nothing changed: {why}.")] },
    }
}

/// `old` with the live keys of `new`; which of them differ, and which others do.
fn merge(old: &Node, new: &Node) -> Result<(Node, Vec<String>, Vec<String>), String> {
    let value = |node: &Node| serde_json::to_value(node).map_err(|e| e.to_string());
    let (mut merged, new) = (value(old)?, value(new)?);
    let (mut changed, mut waiting) = (Vec::new(), Vec::new());
    walk("", &mut merged, &new, &mut changed, &mut waiting);
    let node: config::Node = serde_json::from_value(merged).map_err(|e| e.to_string())?;
    Ok((node, changed, waiting))
}

fn walk(path: &str, old: &mut Value, new: &Value, changed: &mut Vec<String>, waiting: &mut Vec<String>) {
    if let (Value::Object(old), Value::Object(new)) = (&mut *old, new) {
        for (key, new) in new {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            walk(&path, old.entry(key.clone()).or_insert(Value::Null), new, changed, waiting);
        }
        return;
    }
    if *old == *new {
        return;
    }
    let is_live =
        LIVE.iter().any(|live| path.strip_prefix(live).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')));
    match is_live {
        true => {
            *old = new.clone();
            changed.push(path.into());
        }
        false => waiting.push(path.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Loaded, Problems> {
        config::load(&config::Source { name: "f".into(), text: text.into() }, &[])
    }

    #[test]
    fn what_can_change_changes_and_the_rest_is_named() {
        let old = read("(callsign: \"GB7XYZ\")").unwrap().node;
        let text = "(callsign: \"GB7ABC\", telnet: (motd: \"Contest!\", listen: \"127.0.0.1:7301\"), accounts: (sysops: [\"K1ABC\"]))";
        let Reloaded { node, lines } = reload(&old, read(text));
        let node = node.unwrap();
        assert_eq!((node.telnet.motd.as_str(), node.accounts.sysops.len()), ("Contest!", 1));
        assert_eq!((node.callsign.as_str(), node.telnet.listen.as_str()), ("GB7XYZ", old.telnet.listen.as_str()));
        let lines = lines.join("\n");
        assert!(lines.contains("Changed: accounts.sysops, telnet.motd."), "{lines}");
        assert!(lines.contains("Changes at the next start: callsign, telnet.listen."), "{lines}");
    }

    #[test]
    fn mistakes_leave_everything_as_it_was() {
        let old = read("()").unwrap().node;
        let Reloaded { node, lines } = reload(&old, read("(telnet: (motd: \"x\", keepalive: 5))"));
        assert!(node.is_none());
        assert!(lines[0].starts_with("Nothing changed") && lines[1].contains("f:1:"), "{lines:?}");
    }

    #[test]
    fn the_same_again_changes_nothing() {
        let old = read(config::EMBEDDED).unwrap().node;
        let Reloaded { node, lines } = reload(&old, read(config::EMBEDDED));
        assert!(node.is_none(), "{lines:?}");
        assert_eq!(lines.last().unwrap(), "Nothing changed at once.");
    }

    #[test]
    fn live_keys_are_keys() {
        let value = serde_json::to_value(Node::default()).unwrap();
        for key in LIVE {
            let pointer = format!("/{}", key.replace('.', "/"));
            assert!(value.pointer(&pointer).is_some(), "{key}");
        }
    }
}
