//! The file `users.sqlite`, and all that is asked of it in SQL.
//!
//! ```text
//! users  call · name · qth · grid · lat · lon · home_node · dialect · filter · settings     (see `record`)
//!        created · last_login · last_address · addresses (the last five, newest first, with commas)
//!        saved_since (log-in time of the session that saved last) · saved_run (which run of the node that was)
//! keys   base_call · password_hash (PHC text, argon2id) · registered (0, 1) · registered_by
//! bans   target · until · reason · banned_by · since
//! ```
//! Times are UTC as `2026-11-24T10:25:29.000Z`. `PRAGMA user_version` is [`SCHEMA_VERSION`]. Operators may read
//! the file with any sqlite3 while the node runs.
//!
//! The file is in WAL mode with `synchronous = NORMAL`: what is committed survives the death of the process
//! (kill -9 too) without a sync per commit; a power failure may cost the last seconds, never the file.
//!
//! Whatever is wrong with the file, there is a base: a damaged file is set aside and a new one begun; a file
//! that cannot be written, or that a newer dxring wrote, is left as it is, and the node goes on in memory.

use super::record::Record;
use super::{Ban, owner};
use crate::spot::{Call, Utc};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, params};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What `PRAGMA user_version` says. A file with a higher one is not touched.
pub const SCHEMA_VERSION: i64 = 1;
/// Name of the file in the data folder.
pub const FILE_NAME: &str = "users.sqlite";
/// Most users remembered: at about 500 bytes each, 500 MB of disk. Beyond it nobody new is.
pub const USERS_MAX: u64 = 1_000_000;
/// Addresses remembered per user.
pub const ADDRESSES_MAX: usize = 5;
/// How long the node waits for another program's lock: half of what a session waits for an answer.
const BUSY_WAIT_NODE: Duration = Duration::from_millis(1_000);
/// How long the command line waits.
const BUSY_WAIT_TOOL: Duration = Duration::from_secs(5);
/// Damaged files set aside within one second before the node gives up on a name.
const ASIDE_MAX: usize = 100;

const SCHEMA: &str = "
CREATE TABLE users (
  call TEXT NOT NULL PRIMARY KEY,
  name TEXT, qth TEXT, grid TEXT, lat REAL, lon REAL, home_node TEXT, dialect TEXT,
  filter TEXT,       -- commands, one per line; NULL: the node's default filter
  settings TEXT,     -- key=value, one per line; no key: the node's default
  created TEXT NOT NULL, last_login TEXT, last_address TEXT, addresses TEXT,
  saved_since TEXT, saved_run INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE keys (
  base_call TEXT NOT NULL PRIMARY KEY,
  password_hash TEXT,
  registered INTEGER NOT NULL DEFAULT 0,
  registered_by TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE bans (
  target TEXT NOT NULL PRIMARY KEY,
  until TEXT,        -- NULL: for good
  reason TEXT NOT NULL,
  banned_by TEXT NOT NULL,
  since TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";
const RECORD_COLUMNS: &str = "name, qth, grid, lat, lon, home_node, dialect, filter, settings";

/// Where users are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kept {
    /// In the file.
    File,
    /// In memory, as asked for.
    Asked,
    /// In memory until the node stops, and why.
    Memory(String),
}

/// A user's row.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct User {
    pub call: Call,
    pub record: Record,
    pub last_login: Option<Utc>,
    /// The last ones, newest first.
    pub addresses: Vec<IpAddr>,
}

/// A call's password and registration.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Key {
    pub password_hash: Option<String>,
    pub registered: bool,
    pub registered_by: Option<String>,
}

/// Whether settings were written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Saved {
    Yes,
    /// A session that logged in later, or the operator, has written since: nothing changed.
    Older,
    /// [`USERS_MAX`] is reached.
    Full,
}

/// Why a file is not used.
enum Trouble {
    /// It is no database, or a damaged one.
    Damaged(String),
    /// It is not ours to write: made by a newer dxring, or by another program.
    Foreign(String),
    /// It cannot be opened or written.
    Unwritable(String),
}

/// The open base.
pub(super) struct Base {
    db: Connection,
    path: Option<PathBuf>,
    kept: Kept,
    /// Tells this run of the node from others: sessions do not outlive it.
    run: i64,
    users: u64,
}

impl Base {
    /// Opens or makes the file; `None` = in memory. Says in `notes` what an operator should know.
    ///
    /// # Errors
    /// Not even memory is to be had; one line.
    pub fn open(path: Option<&Path>, now: Utc, notes: &mut Vec<String>) -> Result<Base, String> {
        let run = fastrand::i64(1..);
        let Some(path) = path else {
            let db = in_memory().map_err(|e| words(&e))?;
            return Ok(Base { db, path: None, kept: Kept::Asked, run, users: 0 });
        };
        let mut kept = Kept::File;
        let mut opened = open_file(path, BUSY_WAIT_NODE);
        if let Err(Trouble::Damaged(why)) = &opened {
            match set_aside(path, now) {
                Ok(aside) => {
                    notes.push(format!(
                        "{}: {why}; it is kept as {} and all users start with the defaults",
                        path.display(),
                        aside.display()
                    ));
                    opened = open_file(path, BUSY_WAIT_NODE);
                }
                Err(e) => opened = Err(Trouble::Unwritable(format!("{why}, and cannot be set aside: {e}"))),
            }
        }
        let db = match opened {
            Ok(db) => db,
            Err(trouble) => {
                let memory = in_memory().map_err(|e| words(&e))?;
                let why = match trouble {
                    Trouble::Foreign(why) | Trouble::Damaged(why) => why,
                    Trouble::Unwritable(why) => {
                        if copy_from(&memory, path).is_ok() {
                            format!("{why}; what is in it was read")
                        } else {
                            why
                        }
                    }
                };
                notes.push(format!("{}: {why}; users are kept in memory until the node stops", path.display()));
                kept = Kept::Memory(why);
                memory
            }
        };
        let mut base = Base { db, path: Some(path.into()), kept, run, users: 0 };
        base.users = base.count().unwrap_or(0);
        Ok(base)
    }

    /// Opens the file for the command line: nothing is set aside, nothing goes on in memory.
    ///
    /// # Errors
    /// One line: there is none and `make` is off, it is damaged, it is not ours, it cannot be written.
    pub fn open_for_tool(path: &Path, make: bool) -> Result<Base, String> {
        if !make && !path.exists() {
            return Err(format!("{}: no such file; give the node's data folder with --data DIR", path.display()));
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        let db = open_file(path, BUSY_WAIT_TOOL).map_err(|trouble| match trouble {
            Trouble::Damaged(why) => {
                format!("{}: {why}; a node that starts here sets it aside", path.display())
            }
            Trouble::Foreign(why) | Trouble::Unwritable(why) => format!("{}: {why}", path.display()),
        })?;
        let mut base = Base { db, path: Some(path.into()), kept: Kept::File, run: 0, users: 0 };
        base.users = base.count().map_err(|e| words(&e))?;
        Ok(base)
    }

    /// Where users are kept.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Users remembered.
    pub fn users(&self) -> u64 {
        self.users
    }

    /// After this error, begins anew when it says that the file is damaged; `true` = there is a new base.
    pub fn recover(&mut self, error: &rusqlite::Error, now: Utc, notes: &mut Vec<String>) -> bool {
        let is_damage = matches!(code(error), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase));
        let (true, Kept::File, Some(path)) = (is_damage, &self.kept, self.path.clone()) else { return false };
        let Ok(memory) = in_memory() else { return false };
        // Close the file before it is renamed.
        drop(std::mem::replace(&mut self.db, memory));
        notes.push(format!("{}: {}", path.display(), words(error)));
        // It opened once: what is damaged may lie where opening does not look, so it goes aside in any case.
        if let Err(e) = set_aside(&path, now) {
            notes.push(format!("{}: cannot be set aside: {e}", path.display()));
        }
        match Base::open(Some(&path), now, notes) {
            Ok(base) => *self = Base { run: self.run, ..base },
            Err(why) => notes.push(why),
        }
        true
    }

    /// Begins to write: all or nothing until [`Base::commit`].
    pub fn begin(&self) -> rusqlite::Result<()> {
        self.db.execute_batch("BEGIN IMMEDIATE")
    }
    /// Keeps what was written since [`Base::begin`].
    pub fn commit(&mut self) -> rusqlite::Result<()> {
        let done = self.db.execute_batch("COMMIT");
        if done.is_err() {
            self.roll_back();
        }
        done
    }
    /// Undoes what was written since [`Base::begin`].
    pub fn roll_back(&mut self) {
        // SQLite has rolled back by itself after some errors; then there is nothing to undo.
        if !self.db.is_autocommit() {
            let _ = self.db.execute_batch("ROLLBACK");
        }
        self.users = self.count().unwrap_or(self.users);
    }

    fn count(&self) -> rusqlite::Result<u64> {
        self.db.query_row("SELECT count(*) FROM users", [], |row| row.get::<_, i64>(0)).map(|n| n.max(0) as u64)
    }

    // --- users

    /// A user's row.
    pub fn user(&self, call: &Call) -> rusqlite::Result<Option<User>> {
        let sql =
            format!("SELECT {RECORD_COLUMNS}, call, last_login, last_address, addresses FROM users WHERE call = ?1");
        self.db.prepare_cached(&sql)?.query_row([call.as_str()], user_of).optional().map(Option::flatten)
    }

    /// All users in order of their calls. Rows whose call cannot be read are left out.
    pub fn all(&self, mut each: impl FnMut(User)) -> rusqlite::Result<()> {
        let sql =
            format!("SELECT {RECORD_COLUMNS}, call, last_login, last_address, addresses FROM users ORDER BY call");
        let mut statement = self.db.prepare(&sql)?;
        for user in statement.query_map([], user_of)? {
            if let Some(user) = user? {
                each(user);
            }
        }
        Ok(())
    }

    /// Makes the row of a call if there is none and room for one. `false`: there is no room.
    fn ensure(&mut self, call: &Call, now: Utc) -> rusqlite::Result<bool> {
        if self.users >= USERS_MAX {
            let mut known = self.db.prepare_cached("SELECT 1 FROM users WHERE call = ?1")?;
            return known.exists([call.as_str()]);
        }
        let sql = "INSERT INTO users (call, created) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        self.users += self.db.prepare_cached(sql)?.execute(params![call.as_str(), time_text(now)])? as u64;
        Ok(true)
    }

    /// Keeps time and address of a log-in. `false`: a new user, and no room for one.
    pub fn enter(&mut self, call: &Call, address: IpAddr, at: Utc) -> rusqlite::Result<bool> {
        if !self.ensure(call, at)? {
            return Ok(false);
        }
        let before = self.user(call)?.map(|user| user.addresses).unwrap_or_default();
        let addresses = pushed(&before, address.to_canonical());
        self.write_login(call, Some(at), &addresses)?;
        Ok(true)
    }

    /// Overwrites the log-in columns.
    pub fn write_login(&mut self, call: &Call, at: Option<Utc>, addresses: &[IpAddr]) -> rusqlite::Result<()> {
        let list = addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>();
        let sql = "UPDATE users SET last_login = ?2, last_address = ?3, addresses = ?4 WHERE call = ?1";
        let mut update = self.db.prepare_cached(sql)?;
        update.execute(params![call.as_str(), at.map(time_text), list.first(), list.join(",")])?;
        Ok(())
    }

    /// Writes settings, unless a session that logged in later has written since.
    pub fn save(&mut self, call: &Call, record: &Record, since: Utc, now: Utc) -> rusqlite::Result<Saved> {
        let newer: bool = self
            .db
            .prepare_cached(
                "SELECT 1 FROM users WHERE call = ?1 AND saved_since > ?2 AND (saved_run IS NULL OR saved_run = ?3)",
            )?
            .exists(params![call.as_str(), time_text(since), self.run])?;
        if newer {
            return Ok(Saved::Older);
        }
        if !self.ensure(call, now)? {
            return Ok(Saved::Full);
        }
        self.write_record(call, record, since, Some(self.run))?;
        Ok(Saved::Yes)
    }

    /// Writes settings for the operator: sessions that logged in before do not write over them.
    /// `false`: a new user, and no room for one.
    pub fn save_for_tool(&mut self, call: &Call, record: &Record, now: Utc) -> rusqlite::Result<bool> {
        Ok(self.ensure(call, now)? && self.write_record(call, record, now, None).map(|()| true)?)
    }

    fn write_record(&self, call: &Call, r: &Record, since: Utc, run: Option<i64>) -> rusqlite::Result<()> {
        let sql = "UPDATE users SET name = ?2, qth = ?3, grid = ?4, lat = ?5, lon = ?6, home_node = ?7, dialect = ?8,
                   filter = ?9, settings = ?10, saved_since = ?11, saved_run = ?12 WHERE call = ?1";
        self.db.prepare_cached(sql)?.execute(params![
            call.as_str(),
            r.name,
            r.qth,
            r.grid,
            r.lat,
            r.lon,
            r.home_node,
            r.dialect,
            r.filter,
            r.settings,
            time_text(since),
            run
        ])?;
        Ok(())
    }

    // --- keys

    /// Password and registration of a call's owner.
    pub fn key(&self, call: &Call) -> rusqlite::Result<Key> {
        let sql = "SELECT password_hash, registered, registered_by FROM keys WHERE base_call = ?1";
        let key = self.db.prepare_cached(sql)?.query_row([owner(call).as_str()], |row| {
            Ok(Key { password_hash: row.get(0)?, registered: row.get(1)?, registered_by: row.get(2)? })
        });
        Ok(key.optional()?.unwrap_or_default())
    }

    /// Calls that have a password or are registered, and have no row of their own.
    pub fn keys_without_user(&self) -> rusqlite::Result<Vec<Call>> {
        let sql = "SELECT base_call FROM keys WHERE base_call NOT IN (SELECT call FROM users)
                   AND (password_hash IS NOT NULL OR registered) ORDER BY base_call";
        let mut statement = self.db.prepare(sql)?;
        let calls = statement.query_map([], |row| row.get::<_, String>(0))?;
        Ok(calls.collect::<rusqlite::Result<Vec<_>>>()?.iter().filter_map(|call| Call::new(call.as_bytes())).collect())
    }

    /// Writes password and registration of a call's owner.
    pub fn write_key(&self, call: &Call, key: &Key) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO keys (base_call, password_hash, registered, registered_by)
                   VALUES (?1, ?2, ?3, ?4)";
        let mut insert = self.db.prepare_cached(sql)?;
        insert.execute(params![owner(call).as_str(), key.password_hash, key.registered, key.registered_by])?;
        Ok(())
    }

    // --- bans

    /// All bans, in order of their beginning. Rows that cannot be read are left out.
    pub fn bans(&self) -> rusqlite::Result<Vec<Ban>> {
        let mut statement =
            self.db.prepare("SELECT target, until, reason, banned_by, since FROM bans ORDER BY since")?;
        let rows = statement.query_map([], |row| {
            let until: Option<String> = row.get(1)?;
            let until_time = until.as_deref().and_then(time_of);
            let (by, since): (String, String) = (row.get(3)?, row.get(4)?);
            Ok(Ban {
                target: row.get(0)?,
                // A time that cannot be read is no reason to let somebody in.
                until: until_time,
                reason: row.get(2)?,
                by: Call::new(by.as_bytes()).unwrap_or(Call::EMPTY),
                since: time_of(&since).unwrap_or_default(),
            })
        })?;
        rows.collect()
    }

    /// Writes a ban; one on the same target is replaced.
    pub fn write_ban(&self, ban: &Ban) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO bans (target, until, reason, banned_by, since) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.db.execute(
            sql,
            params![ban.target, ban.until.map(time_text), ban.reason, ban.by.as_str(), time_text(ban.since)],
        )?;
        Ok(())
    }

    /// Lifts a ban.
    pub fn delete_ban(&self, target: &str) -> rusqlite::Result<()> {
        self.db.execute("DELETE FROM bans WHERE target = ?1", [target]).map(drop)
    }

    /// Forgets bans that are over.
    pub fn delete_expired_bans(&self, now: Utc) -> rusqlite::Result<()> {
        self.db.execute("DELETE FROM bans WHERE until <= ?1", [time_text(now)]).map(drop)
    }

    #[cfg(test)]
    pub fn pragma(&self, text: &str) {
        self.db.query_row(&format!("PRAGMA {text}"), [], |_| Ok(())).optional().unwrap();
    }
}

fn user_of(row: &Row) -> rusqlite::Result<Option<User>> {
    let call: String = row.get(9)?;
    let Some(call) = Call::new(call.as_bytes()).filter(|call| !call.is_empty()) else { return Ok(None) };
    let (last_login, last_address, list): (Option<String>, Option<String>, Option<String>) =
        (row.get(10)?, row.get(11)?, row.get(12)?);
    let list = list.unwrap_or_default();
    let texts = last_address.iter().map(String::as_str).chain(list.split(','));
    let mut addresses = Vec::new();
    for address in texts.filter_map(|text| text.parse::<IpAddr>().ok()) {
        if addresses.len() < ADDRESSES_MAX && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(Some(User {
        call,
        record: Record {
            name: row.get(0)?,
            qth: row.get(1)?,
            grid: row.get(2)?,
            lat: row.get(3)?,
            lon: row.get(4)?,
            home_node: row.get(5)?,
            dialect: row.get(6)?,
            filter: row.get(7)?,
            settings: row.get(8)?,
        },
        last_login: last_login.as_deref().and_then(time_of),
        addresses,
    }))
}

/// The list with this address in front, each once, at most [`ADDRESSES_MAX`].
pub(super) fn pushed(before: &[IpAddr], address: IpAddr) -> Vec<IpAddr> {
    merged(&[address], before)
}

/// The first list, then those of the second that are not in it, at most [`ADDRESSES_MAX`].
pub(super) fn merged(first: &[IpAddr], then: &[IpAddr]) -> Vec<IpAddr> {
    let mut list = Vec::new();
    for address in first.iter().chain(then) {
        if list.len() < ADDRESSES_MAX && !list.contains(address) {
            list.push(*address);
        }
    }
    list
}

// --- the file

fn in_memory() -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(":memory:", flags)?;
    db.execute_batch(SCHEMA)?;
    Ok(db)
}

fn open_file(path: &Path, wait: Duration) -> Result<Connection, Trouble> {
    let trouble = |e: rusqlite::Error| match code(&e) {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Trouble::Damaged(words(&e)),
        _ => Trouble::Unwritable(words(&e)),
    };
    if !path.exists() {
        // Password hashes are nobody else's business, and SQLite would make a file that all may read.
        make_private(path).map_err(|e| Trouble::Unwritable(format!("cannot be made: {e}")))?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(trouble)?;
    db.busy_timeout(wait).map_err(trouble)?;
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(trouble);
    let (version, tables) = (number("PRAGMA user_version")?, number("SELECT count(*) FROM sqlite_schema")?);
    if version > SCHEMA_VERSION {
        let why = format!("written by a newer dxring (version {version}, this one writes {SCHEMA_VERSION})");
        return Err(Trouble::Foreign(format!("{why}; it is left as it is")));
    }
    if version == 0 && tables > 0 {
        return Err(Trouble::Foreign("a database of another program; it is left as it is".into()));
    }
    let check: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(trouble)?;
    if check != "ok" {
        return Err(Trouble::Damaged(format!("the file is damaged ({})", check.lines().next().unwrap_or(""))));
    }
    let set_up = || -> rusqlite::Result<()> {
        db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        db.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF; BEGIN IMMEDIATE")?;
        // Read again under the lock: a node and the command line may both have found a new file.
        if db.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))? == 0 {
            db.execute_batch(SCHEMA)?;
            db.execute_batch(&format!("PRAGMA user_version = {SCHEMA_VERSION}"))?;
        }
        db.execute_batch("COMMIT")
    };
    set_up().map_err(trouble)?;
    Ok(db)
}

fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

/// Moves a file and what SQLite keeps beside it out of the way. Returns the new name.
fn set_aside(path: &Path, now: Utc) -> std::io::Result<PathBuf> {
    let with = |path: &Path, suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let stamp: String = time_text(now).split('.').next().unwrap_or("").replace(['-', ':'], "");
    let names = (0..ASIDE_MAX).map(|n| match n {
        0 => with(path, &format!(".corrupt-{stamp}Z")),
        n => with(path, &format!(".corrupt-{stamp}Z-{n}")),
    });
    let aside = names
        .into_iter()
        .find(|name| !name.exists())
        .ok_or_else(|| std::io::Error::other("too many damaged files in one second"))?;
    std::fs::rename(path, &aside)?;
    for suffix in ["-wal", "-shm"] {
        let beside = with(path, suffix);
        if beside.exists() {
            std::fs::rename(beside, with(&aside, suffix))?;
        }
    }
    Ok(aside)
}

/// Copies what can be read of a file that cannot be written.
fn copy_from(memory: &Connection, path: &Path) -> rusqlite::Result<()> {
    let plain = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    // Without a place for its index, a file in WAL mode can only be read as one that nobody changes.
    let copied = ["mode=ro", "mode=ro&immutable=1"].into_iter().find(|how| {
        let attached = memory.execute("ATTACH ?1 AS disk", [format!("file:{plain}?{how}")]).is_ok();
        let copied = attached
            && memory
                .execute_batch(
                    "BEGIN;
                     INSERT INTO main.users SELECT * FROM disk.users;
                     INSERT INTO main.keys SELECT * FROM disk.keys;
                     INSERT INTO main.bans SELECT * FROM disk.bans;
                     COMMIT",
                )
                .is_ok();
        if attached && !copied {
            let _ = memory.execute_batch("ROLLBACK");
        }
        if attached {
            let _ = memory.execute_batch("DETACH disk");
        }
        copied
    });
    copied.map(drop).ok_or(rusqlite::Error::QueryReturnedNoRows)
}

fn code(error: &rusqlite::Error) -> Option<ErrorCode> {
    error.sqlite_error_code()
}

/// An error as an operator, or a user whose settings are not saved, understands it.
pub(super) fn words(error: &rusqlite::Error) -> String {
    match code(error) {
        Some(ErrorCode::DiskFull) => "the disk is full".into(),
        Some(ErrorCode::ReadOnly) => "the file is read-only".into(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another program holds the file".into(),
        Some(ErrorCode::DatabaseCorrupt) => "the file is damaged".into(),
        Some(ErrorCode::NotADatabase) => "the file is no database, or a damaged one".into(),
        Some(ErrorCode::CannotOpen) => "the file cannot be opened".into(),
        Some(ErrorCode::PermissionDenied) => "no permission for the file".into(),
        Some(ErrorCode::SystemIoFailure) => "the disk cannot be read or written".into(),
        _ => error.to_string().lines().next().unwrap_or("").to_string(),
    }
}

// --- times

/// `2026-11-24T10:25:29.000Z`; texts in order of time.
pub(super) fn time_text(at: Utc) -> String {
    // Years of four digits keep the order; nothing here lies outside them.
    let at = Utc::from_ms(at.ms().clamp(0, Utc::from_civil(9999, 12, 31, 23, 59, 59).ms()));
    let ((year, month, day), ms) = (at.civil(), at.ms_of_day());
    let (hour, minute) = at.hour_minute();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}.{:03}Z", ms / 1000 % 60, ms % 1000)
}

/// Reads [`time_text`], and moments as people type them.
pub(super) fn time_of(text: &str) -> Option<Utc> {
    match text.trim_end_matches('Z').split_once('.') {
        None => Utc::parse(text).map(|(at, _)| at),
        Some((whole, fraction)) => {
            let ms: String = fraction.chars().chain("000".chars()).take(3).collect();
            let (at, _) = Utc::parse(whole)?;
            ms.parse::<u16>().ok().map(|ms| Utc::from_ms(at.ms() + i64::from(ms)))
        }
    }
}

#[cfg(test)]
pub(super) fn copied_to_memory(path: &Path) -> rusqlite::Result<Base> {
    let db = in_memory()?;
    copy_from(&db, path)?;
    Ok(Base { db, path: None, kept: Kept::Asked, run: 1, users: 0 })
}
