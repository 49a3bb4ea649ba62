//! `dxring user`: users from the command line, on the file of a node that runs or rests.

use super::base::{self, Base};
use super::record::Home;
use super::{FILE_NAME, Secret, import, is_sysop, owner, passwords};
use crate::config::{self, Registration};
use crate::reference::Cty;
use crate::spot::{Call, Utc, is_plausible};
use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

/// Who registered a call from the command line.
const OPERATOR: &str = "operator";
/// Parts of one imported file that are named as left out; a file can have thousands.
const LEFT_OUT_NAMED_MAX: usize = 20;

/// What `dxring user set` changes.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// `key=value`; an empty value goes back to the node's default.
    pub settings: Vec<String>,
    /// A new password; `Some(None)` removes it.
    pub password: Option<Option<Secret>>,
    /// Registers or unregisters.
    pub registered: Option<bool>,
}

/// The users of a node.
pub struct Users<'a> {
    node: &'a config::Node,
    cty: Cty,
    feeds: Vec<String>,
    now: Utc,
}

impl Users<'_> {
    /// Those in the data folder of this configuration.
    ///
    /// # Errors
    /// The country file cannot be read.
    pub fn of(node: &config::Node, now: Utc) -> Result<Users<'_>, String> {
        let cty = match &node.reference.cty {
            Some(path) => Cty::load(path).map_err(|e| e.to_string())?,
            None => Cty::embedded(),
        };
        Ok(Users { node, cty, feeds: node.feeds.iter().map(|feed| feed.name.clone()).collect(), now })
    }

    fn home(&self) -> Home<'_> {
        Home { node: self.node, feeds: &self.feeds, cty: &self.cty }
    }

    fn path(&self) -> PathBuf {
        self.node.data.join(FILE_NAME)
    }

    /// One line per user, and per call that has a password or is registered and never came.
    ///
    /// # Errors
    /// One line: there is no file, or it cannot be read.
    pub fn list(&self) -> Result<String, String> {
        let base = Base::open_for_tool(&self.path(), false)?;
        let read = || -> rusqlite::Result<String> {
            let mut out = String::new();
            let (mut users, mut without) = (Vec::new(), base.keys_without_user()?);
            base.all(|user| users.push(user))?;
            let _ = writeln!(out, "{:<15} {:<18} {:<10} {:<8} name", "call", "last log-in", "registered", "password");
            for user in &users {
                let key = base.key(&user.call)?;
                let name = user.record.name.as_deref().unwrap_or("");
                list_line(&mut out, &user.call, user.last_login, &key, name);
            }
            for call in without.drain(..) {
                let key = base.key(&call)?;
                list_line(&mut out, &call, None, &key, "");
            }
            let _ = writeln!(out, "{} users", users.len());
            Ok(out)
        };
        read().map_err(|e| base::words(&e))
    }

    /// Everything about one call but the password.
    ///
    /// # Errors
    /// One line: no call, no file, nobody of that call.
    pub fn show(&self, call: &str) -> Result<String, String> {
        let call = call_of(call)?;
        let base = Base::open_for_tool(&self.path(), false)?;
        let (user, key) =
            base.user(&call).and_then(|user| Ok((user, base.key(&call)?))).map_err(|e| base::words(&e))?;
        if user.is_none() && key == base::Key::default() {
            return Err(format!("{call} is not known here"));
        }
        let mut out = format!("{call}\n");
        let mut row = |name: &str, value: &str| {
            let _ = writeln!(out, "  {name:<12} {}", washed(value));
        };
        row("password", if key.password_hash.is_some() { "set" } else { "none" });
        row(
            "registered",
            &match (key.registered, &key.registered_by) {
                (true, Some(by)) => format!("yes, by {by}"),
                (true, None) => "yes".into(),
                (false, _) => "no".into(),
            },
        );
        if let Some(user) = user {
            row("last log-in", &user.last_login.map_or("never".into(), base::time_text));
            let addresses: Vec<String> = user.addresses.iter().map(ToString::to_string).collect();
            row("addresses", &addresses.join(" "));
            let record = user.record;
            let place = record.lat.zip(record.lon).map(|(lat, lon)| format!("{lat:.4} {lon:.4}"));
            for (name, value) in [
                ("name", &record.name),
                ("qth", &record.qth),
                ("grid", &record.grid),
                ("place", &place),
                ("home_node", &record.home_node),
                ("dialect", &record.dialect),
            ] {
                if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                    row(name, value);
                }
            }
            match record.filter.as_deref() {
                None => row("filter", "the node's default"),
                Some("") => row("filter", "none"),
                Some(filter) => filter.lines().for_each(|line| row("filter", line)),
            }
            for line in record.settings.as_deref().unwrap_or("").lines() {
                let (name, value) = line.split_once('=').unwrap_or((line, ""));
                row(name, value);
            }
            let (_, lost) = record.settings(self.home());
            lost.iter().for_each(|line| row("not read", line));
        }
        Ok(out)
    }

    /// Changes a user, who need not have come yet.
    ///
    /// # Errors
    /// One line: no call, a key or value that is none, a password that is against the rules, the file.
    pub fn set(&self, call: &str, changes: Changes) -> Result<String, String> {
        let call = call_of(call)?;
        let mut base = Base::open_for_tool(&self.path(), true)?;
        let hash = match &changes.password {
            Some(Some(password)) => {
                passwords::check(password, &call, self.node.accounts.password_min)?;
                Some(Some(passwords::hash(password)?))
            }
            Some(None) => Some(None),
            None => None,
        };
        let fail = |e: rusqlite::Error| format!("not done: {}", base::words(&e));
        base.begin().map_err(fail)?;
        let mut record = base.user(&call).map_err(fail)?.map(|user| user.record).unwrap_or_default();
        for change in &changes.settings {
            let (key, value) =
                change.split_once('=').ok_or_else(|| format!("{change}: write key=value, for example name=Hugo"))?;
            record.set(key.trim(), value.trim(), self.home())?;
        }
        let mut said = Vec::new();
        if !changes.settings.is_empty() {
            if !base.save_for_tool(&call, &record, self.now).map_err(fail)? {
                return Err("there is no room for new users".into());
            }
            said.push("settings changed: they hold from the next log-in on".to_string());
        }
        let mut key = base.key(&call).map_err(fail)?;
        let before = key.clone();
        if let Some(hash) = hash {
            said.push(if hash.is_some() { "password set".into() } else { "password removed".to_string() });
            let opens = self.node.accounts.registration == Registration::Open;
            key.registered = hash.is_some() && (key.registered || opens);
            key.password_hash = hash;
        }
        if let Some(registered) = changes.registered {
            key.registered = registered;
        }
        if key.registered != before.registered {
            said.push(if key.registered { "registered".into() } else { "not registered any more".to_string() });
            key.registered_by = key.registered.then(|| OPERATOR.to_string());
        }
        if key != before {
            base.write_key(&call, &key).map_err(fail)?;
        }
        base.commit().map_err(fail)?;
        if said.is_empty() {
            said.push("nothing to change".into());
        }
        let who = if changes.settings.is_empty() { owner(&call) } else { call };
        let sysop = if is_sysop(&self.node.accounts, &call) { " (a sysop)" } else { "" };
        Ok(format!("{who}{sysop}: {}\n", said.join(", ")))
    }

    /// Takes over GoCluster's user files: one line per file, and a sum. A bad file is skipped.
    ///
    /// # Errors
    /// One line: the node's file cannot be opened or written. What was imported before stays.
    pub fn import(&self, paths: &[PathBuf], dry_run: bool, replace: bool, out: &mut dyn Write) -> Result<(), String> {
        let file = self.path();
        // A dry run makes nothing, not even an empty file.
        let mut base = match dry_run && !file.exists() {
            true => None,
            false => Some(Base::open_for_tool(&file, true)?),
        };
        let (mut imported, mut skipped) = (0u64, 0u64);
        for import::Candidate { path, call } in import::candidates(paths) {
            let outcome = call.and_then(|call| {
                let known = match &base {
                    Some(base) => base.user(&call).map_err(|e| base::words(&e))?,
                    None => None,
                };
                if known.as_ref().is_some_and(|known| !known.record.is_empty()) && !replace {
                    return Err(format!("{call} has settings here already (--replace writes over them)"));
                }
                let user = import::read(&path, self.home())?;
                if let Some(base) = base.as_mut().filter(|_| !dry_run) {
                    self.keep(base, &call, &user, known)?;
                }
                let commands = user.record.filter.as_deref().unwrap_or("").lines().count();
                let mut line = format!("{call}, {commands} filter commands");
                if !user.left_out.is_empty() {
                    let named = &user.left_out[..user.left_out.len().min(LEFT_OUT_NAMED_MAX)];
                    let _ = write!(line, "; not taken over: {}", washed(&named.join(", ")));
                    if named.len() < user.left_out.len() {
                        let _ = write!(line, " and {} more", user.left_out.len() - named.len());
                    }
                }
                Ok(line)
            });
            // Whoever made the file chose its name.
            let path = washed(&path.to_string_lossy());
            let line = match outcome {
                Ok(line) => {
                    imported += 1;
                    format!("{path}: {} {line}", if dry_run { "would import" } else { "imported" })
                }
                Err(why) => {
                    skipped += 1;
                    format!("{path}: skipped: {}", washed(&why))
                }
            };
            if writeln!(out, "{line}").is_err() && dry_run {
                // Nobody reads any more, and nothing else is to be done.
                return Ok(());
            }
        }
        let did = if dry_run { "would be imported" } else { "imported" };
        let _ = writeln!(out, "{imported} {did}, {skipped} skipped");
        Ok(())
    }

    fn keep(
        &self,
        base: &mut Base,
        call: &Call,
        user: &import::Imported,
        known: Option<base::User>,
    ) -> Result<(), String> {
        let mut write = || -> rusqlite::Result<bool> {
            base.begin()?;
            if !base.save_for_tool(call, &user.record, self.now)? {
                base.roll_back();
                return Ok(false);
            }
            let (login, addresses) = match &known {
                Some(known) => (known.last_login.max(user.last_login), base::merged(&known.addresses, &user.addresses)),
                None => (user.last_login, user.addresses.clone()),
            };
            base.write_login(call, login, &addresses)?;
            base.commit()?;
            Ok(true)
        };
        let written = write();
        if written.is_err() {
            base.roll_back();
        }
        match written {
            Ok(true) => Ok(()),
            Ok(false) => Err("no room for new users".into()),
            Err(e) => Err(base::words(&e)),
        }
    }
}

fn list_line(out: &mut String, call: &Call, login: Option<Utc>, key: &base::Key, name: &str) {
    let login = login.map_or("never".into(), |at| format!("{} {}", at.date_text(), at.hhmmz()));
    let yes = |is: bool| if is { "yes" } else { "no" };
    let (registered, password) = (yes(key.registered), yes(key.password_hash.is_some()));
    let line = format!("{call:<15} {login:<18} {registered:<10} {password:<8} {}", washed(name));
    let _ = writeln!(out, "{}", line.trim_end());
}

fn call_of(text: &str) -> Result<Call, String> {
    let call = Call::new(text.trim().as_bytes()).filter(is_plausible);
    call.ok_or_else(|| format!("{:?} is no call", text.chars().take(40).collect::<String>()))
}

/// A text for a terminal: users' control characters stay out.
fn washed(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn node(dir: &Path) -> config::Node {
        config::Node { data: dir.into(), ..config::Node::default() }
    }

    fn now() -> Utc {
        Utc::from_civil(2026, 11, 24, 11, 0, 0)
    }

    fn changes(settings: &[&str]) -> Changes {
        Changes { settings: settings.iter().map(|s| s.to_string()).collect(), ..Changes::default() }
    }

    fn fixtures() -> Vec<PathBuf> {
        vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/gocluster-users")]
    }

    fn import(users: &Users, dry_run: bool, replace: bool) -> Vec<String> {
        let mut out = Vec::new();
        users.import(&fixtures(), dry_run, replace, &mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(String::from).collect()
    }

    #[test]
    fn what_is_set_is_shown_and_listed() {
        let dir = tempfile::tempdir().unwrap();
        let node = node(&dir.path().join("not/there/yet"));
        let users = Users::of(&node, now()).unwrap();
        assert!(users.list().unwrap_err().contains("no such file; give the node's data folder"));
        let said =
            users.set("k1abc-2", changes(&["name=Hugo", "width=90", "filter=PASS BAND 20M; PASS BAND 40M"])).unwrap();
        assert_eq!(said, "K1ABC-2: settings changed: they hold from the next log-in on\n");
        let password = Some(Some(Secret(b"correct horse".to_vec())));
        assert_eq!(
            users.set("K1ABC-2", Changes { password, ..Changes::default() }).unwrap(),
            "K1ABC: password set, registered\n"
        );
        let shown = users.show("K1ABC-2").unwrap();
        for line in ["password     set", "registered   yes, by operator", "name         Hugo", "width        90"] {
            assert!(shown.contains(&format!("  {line}\n")), "{line}\n{shown}");
        }
        assert!(shown.contains("PASS BAND") && !shown.contains("argon2"), "{shown}");
        let unregister = Changes { registered: Some(false), ..Changes::default() };
        assert_eq!(users.set("K1ABC", unregister.clone()).unwrap(), "K1ABC: not registered any more\n");
        assert_eq!(users.set("K1ABC", unregister).unwrap(), "K1ABC: nothing to change\n");
        let list = users.list().unwrap();
        let lines: Vec<&str> = list.lines().collect();
        assert_eq!(lines[1], "K1ABC-2         never              no         yes      Hugo");
        assert_eq!(lines[2], "K1ABC           never              no         yes");
        assert_eq!(lines[3], "1 users");
        let remove = Changes { password: Some(None), ..Changes::default() };
        assert_eq!(users.set("K1ABC", remove).unwrap(), "K1ABC: password removed\n");
        for (call, change, expected) in [
            ("599", "name=x", "\"599\" is no call"),
            ("K1ABC", "name", "name: write key=value"),
            ("K1ABC", "colour=blue", "no such key colour: use one of name, "),
            ("K1ABC", "width=wide", "width=wide: no value"),
        ] {
            let wrong = users.set(call, changes(&[change])).unwrap_err();
            assert!(wrong.starts_with(expected), "{wrong}");
        }
        assert!(users.show("K9XYZ").unwrap_err().contains("not known here"));
        let short = Changes { password: Some(Some(Secret(b"short".to_vec()))), ..Changes::default() };
        assert!(users.set("K1ABC", short).unwrap_err().contains("at least 8"));
    }

    #[test]
    fn what_is_left_out_of_a_hostile_file_fits_a_screen() {
        let dir = tempfile::tempdir().unwrap();
        let node = node(dir.path());
        let users = Users::of(&node, now()).unwrap();
        let patterns: String = (0..5_000).map(|n| format!("  - K{n}AB\\e[2J*\n")).collect();
        let folder = dir.path().join("yaml");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("K1ABC.yaml"), format!("callsigns:\n{patterns}")).unwrap();
        std::fs::write(folder.join("\u{1b}[2J.txt"), "").unwrap();
        let mut out = Vec::new();
        users.import(&[folder], true, false, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(" more\n") && text.contains("not a .yaml file"), "{text}");
        assert!(text.len() < 2_000 && !text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn gocluster_users_come_over_once() {
        let dir = tempfile::tempdir().unwrap();
        let node = node(dir.path());
        let users = Users::of(&node, now()).unwrap();
        let dry = import(&users, true, false);
        assert!(!dir.path().join(FILE_NAME).exists(), "a dry run makes nothing");
        assert_eq!(dry.last().unwrap(), "3 would be imported, 2 skipped");
        let lines = import(&users, false, false);
        assert_eq!(lines.len(), 6, "one line for each file and one for all");
        for (ending, at) in [
            ("DL/S53ZO.yaml: imported DL/S53ZO, 0 filter commands", 0),
            ("filter commands; not taken over: path classes", 1),
            ("W1OLD.yaml: imported W1OLD, 2 filter commands", 4),
            ("3 imported, 2 skipped", 5),
        ] {
            assert!(lines[at].ends_with(ending), "{ending}\n{lines:#?}");
        }
        assert!(
            lines[2].contains("K1BAD.yaml: skipped: not understood")
                && lines[3].contains("README.txt: skipped: not a .yaml")
        );
        let again = import(&users, false, false);
        assert!(again[0].contains("DL/S53ZO has settings here already"), "{again:#?}");
        assert_eq!(again.last().unwrap(), "0 imported, 5 skipped");
        users.set("DL/S53ZO", changes(&["name=Rudi"])).unwrap();
        assert_eq!(import(&users, false, true).last().unwrap(), "3 imported, 2 skipped");
        assert!(!users.show("DL/S53ZO").unwrap().contains("Rudi"));
        let shown = users.show("K1ABC").unwrap();
        assert!(shown.contains("2026-02-03T04:05:06.789Z") && shown.contains("203.0.113.9 2001:db8::1"), "{shown}");
    }

    #[test]
    fn a_damaged_file_is_left_to_the_node() {
        let dir = tempfile::tempdir().unwrap();
        let node = node(dir.path());
        let path = dir.path().join(FILE_NAME);
        std::fs::write(&path, "no database at all, but long enough to be read as one. ".repeat(100)).unwrap();
        let users = Users::of(&node, now()).unwrap();
        let wrong = users.list().unwrap_err();
        assert!(wrong.contains("a node that starts here sets it aside"), "{wrong}");
        assert!(users.set("K1ABC", changes(&["name=x"])).is_err());
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("no database"));
    }
}
