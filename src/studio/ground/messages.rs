//! What was said to the user, newest last.

use std::collections::VecDeque;
use std::time::Duration;

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Notice,
    Trouble,
}

/// One sentence and when it was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Since the start.
    pub at: Duration,
    pub weight: Weight,
    pub text: String,
}

/// The last messages; older ones are let go.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    list: VecDeque<Message>,
    /// The status line no longer shows the newest one.
    gone: bool,
}

impl Messages {
    /// Messages kept.
    const KEPT: usize = 200;
    /// How long a message stays on the status line.
    const FRESH: Duration = Duration::from_secs(6);
    /// What went wrong stays at least so long, whatever is done meanwhile.
    const READ: Duration = Duration::from_secs(2);

    pub fn say(&mut self, at: Duration, weight: Weight, text: impl Into<String>) {
        if self.list.len() == Self::KEPT {
            self.list.pop_front();
        }
        self.gone = false;
        self.list.push_back(Message {
            at,
            weight,
            text: text.into(),
        });
    }

    /// The newest message, while it is young enough for the status line.
    pub fn fresh(&self, now: Duration) -> Option<&Message> {
        self.list
            .back()
            .filter(|message| !self.gone && now.saturating_sub(message.at) < Self::FRESH)
    }

    /// The player did something else: an error that could be read by now leaves the status line.
    pub fn let_go(&mut self, now: Duration) {
        self.gone |= self.list.back().is_some_and(|message| {
            message.weight == Weight::Trouble && now.saturating_sub(message.at) >= Self::READ
        });
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.list.iter()
    }
}
