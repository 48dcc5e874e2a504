//! Taking part in a Link session.

use std::sync::atomic::Ordering::Relaxed;

use super::Control;
use crate::engine::link::{Ends, Link, LinkState};
use crate::engine::thread::unpoisoned;

impl Control {
    pub(super) fn open_link(&mut self, address: &str) {
        self.close_link();
        let (inlet, slow, shared) = (
            self.input.inlet.clone(),
            self.slow.clone(),
            self.shared.clone(),
        );
        inlet.set_other_clock(true);
        let ends = Ends {
            tick: move |message, time| inlet.clock(message, time),
            say: move |state| unpoisoned(&slow).link = state,
            plays: move || shared.now.playing.load(Relaxed),
            epoch: self.feed.epoch,
        };
        match Link::start(address, ends) {
            Ok(link) => self.link = Some(link),
            Err(reason) => {
                self.input.inlet.set_other_clock(false);
                self.slow(|slow| slow.link = LinkState::Broken(reason));
            }
        }
    }

    pub(super) fn close_link(&mut self) {
        if self.link.take().is_some() {
            self.input.inlet.set_other_clock(false);
        }
        self.slow(|slow| slow.link = LinkState::Off);
    }
}
