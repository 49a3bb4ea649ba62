//! The accounts as scripts need them: in memory, and with passwords that can be read.

use dxring::accounts::{Account, Question, Reply, Settings};
use dxring::spot::{Call, Grid, Utc};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// Who is known.
#[derive(Default)]
pub struct Book {
    /// No question is answered.
    pub is_silent: bool,
    /// Nothing can be kept.
    pub is_broken: bool,
    records: BTreeMap<Call, Record>,
}

#[derive(Clone, Default)]
struct Record {
    password: Option<Vec<u8>>,
    registered: bool,
    settings: Option<Settings>,
}

impl Book {
    /// Adds a call; with a password it is registered.
    pub fn add(&mut self, call: &str, password: Option<&str>) {
        let password = password.map(|text| text.as_bytes().to_vec());
        let record = Record { registered: password.is_some(), password, settings: None };
        self.records.insert(Call::literal(call), record);
    }

    /// Adds a call whose user told where he is.
    pub fn add_station(&mut self, call: &str, name: &str, qth: &str, grid: &str) {
        let mut settings = Settings::of_node(&dxring::config::Telnet::default());
        (settings.name, settings.qth) = (name.into(), qth.into());
        settings.grid = Grid::parse(grid.as_bytes()).expect("a locator");
        let record = Record { settings: Some(settings), ..Record::default() };
        self.records.insert(Call::literal(call), record);
    }

    /// What is kept of a call, as text.
    pub fn kept(&self, call: &str) -> String {
        format!("{:?}", self.records.get(&Call::literal(call)).and_then(|record| record.settings.as_ref()))
    }

    pub fn answer(&mut self, question: Question) -> Option<Reply> {
        if self.is_silent {
            return None;
        }
        if self.is_broken {
            return Some(Reply::Done(Err("the disk is full".into())));
        }
        let done = |line: String| Some(Reply::Done(Ok(line)));
        match question {
            Question::Open { call } | Question::Look { call } => {
                let account = self.records.get(&call).map(|record| {
                    Box::new(Account {
                        call,
                        settings: record.settings.clone(),
                        has_password: record.password.is_some(),
                        registered: record.registered,
                        last_login: Some(Utc::from_civil(2025, 12, 5, 18, 0, 11)),
                        last_address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))),
                        ban: None,
                        lost: Vec::new(),
                    })
                });
                Some(Reply::Account(account))
            }
            Question::Check { call, password } => {
                let is_right = self.records.get(&call).is_some_and(|r| r.password.as_ref() == Some(&password.0));
                Some(Reply::Password(is_right))
            }
            Question::Enter { .. } => None,
            Question::Save { call, settings, .. } => {
                self.records.entry(call).or_default().settings = Some(*settings);
                done(String::new())
            }
            Question::SetPassword { call, password } => {
                let record = self.records.entry(call).or_default();
                record.registered |= password.is_some();
                record.password = password.map(|secret| secret.0.clone());
                done("Done.".into())
            }
            Question::Register { call, on } => {
                self.records.entry(call).or_default().registered = on;
                done("Done.".into())
            }
            Question::Ban(ban) => done(ban.done_line()),
            Question::Unban { target } => done(format!("{target} is free.")),
            Question::Bans => Some(Reply::Bans(Vec::new())),
        }
    }
}
