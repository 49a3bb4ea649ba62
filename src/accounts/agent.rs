//! The accounts on their service thread.

use super::{Account, Answer, Ask, Question, Reply, Settings};
use crate::engine::{Agent, Consumer, Now, Producer};
use crate::spot::Call;
use std::collections::BTreeMap;

/// Questions answered per turn.
const ANSWERS_PER_TURN: usize = 64;

/// The rings between the accounts and one telnet core.
pub struct AccountLink {
    /// Its questions.
    pub asks: Consumer<Ask>,
    /// The answers.
    pub answers: Producer<Answer>,
}

/// The agent `accounts`.
pub struct AccountsAgent {
    cores: Vec<AccountLink>,
    known: BTreeMap<Call, Settings>,
}

impl AccountsAgent {
    /// Serves these cores.
    pub fn new(cores: Vec<AccountLink>) -> AccountsAgent {
        AccountsAgent { cores, known: BTreeMap::new() }
    }

    fn answer(&mut self, question: Question) -> Option<Reply> {
        match question {
            Question::Open { call } | Question::Look { call } => {
                Some(Reply::Account(self.known.get(&call).map(|settings| {
                    Box::new(Account {
                        call,
                        settings: Some(settings.clone()),
                        has_password: false,
                        registered: false,
                        last_login: None,
                        last_address: None,
                        ban: None,
                        lost: Vec::new(),
                    })
                })))
            }
            Question::Save { call, settings, .. } => {
                self.known.insert(call, *settings);
                Some(Reply::Done(Ok(String::new())))
            }
            Question::Enter { .. } => None,
            Question::Check { .. } => Some(Reply::Password(true)),
            Question::Bans => Some(Reply::Bans(Vec::new())),
            _ => Some(Reply::Done(Err("not kept yet".into()))),
        }
    }
}

impl Agent for AccountsAgent {
    fn name(&self) -> &str {
        "accounts"
    }

    fn turn(&mut self, _now: Now) -> usize {
        let mut moved = 0;
        for core in 0..self.cores.len() {
            while moved < ANSWERS_PER_TURN && self.cores[core].answers.slots() > 0 {
                let Some(Ask { session, ask, question }) = self.cores[core].asks.pop() else { break };
                moved += 1;
                if let Some(reply) = self.answer(question) {
                    // There is room; who is gone asks no more.
                    let _ = self.cores[core].answers.push(Answer { session, ask, reply });
                    self.cores[core].answers.announce();
                }
            }
        }
        moved
    }

    fn has_work(&self) -> bool {
        self.cores.iter().any(|core| !core.asks.is_empty() && core.answers.slots() > 0) || self.finished()
    }

    fn finished(&self) -> bool {
        self.cores.iter().all(|core| core.asks.is_finished() || core.answers.is_abandoned())
    }
}
