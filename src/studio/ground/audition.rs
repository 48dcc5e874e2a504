//! Hearing a groove before it is taken: in time with what runs, and nothing else changes.

use std::sync::Arc;

use super::Ground;
use super::slots::Slot;
use crate::engine::{Request, Takeover};
use musicvae::music::Groove;

impl Ground {
    /// Has a groove heard and shown in place of the scene's, until it is taken or let go.
    pub fn listen_to(&mut self, groove: Groove, name: String) {
        self.listen_from(Takeover::Now, groove, name);
    }

    /// [`Ground::listen_to`], from the moment on that `takeover` says.
    pub fn listen_from(&mut self, takeover: Takeover, groove: Groove, name: String) {
        let heard = Groove {
            qpm: self.sound.tempo,
            ..groove.clone()
        };
        self.audition = Some(Arc::new(Slot::new(groove, name)));
        self.send(Request::SetGroove {
            groove: heard,
            takeover,
        });
    }

    /// Goes back to what was heard before.
    pub fn stop_listening(&mut self) {
        if self.audition.take().is_none() {
            return;
        }
        match self.chain {
            Some(_) => self.play_chain(),
            None => self.play_groove(Takeover::Now),
        }
    }
}
