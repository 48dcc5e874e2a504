//! Loading kits, and the mixer that plays them.

use std::sync::atomic::Ordering::Relaxed;

use super::Control;
use crate::engine::core::queues::Prepared;
use crate::engine::sound::mixer::Mixer;
use crate::engine::sound::{SoundFont, SoundFontSource};

/// The kit that plays, or is to.
#[derive(Default)]
pub(crate) struct Kit {
    font: Option<SoundFont>,
    pub program: u8,
}

impl Control {
    pub(super) fn load(&mut self, source: &SoundFontSource) {
        match SoundFont::load(source) {
            Ok(font) => {
                self.kit.font = Some(font);
                self.kit.program = 0;
                self.slow(|slow| slow.kit_error = None);
                self.say_kit();
                // Without a stream too: a recording is made all the same.
                let rate = match &self.audio.stream {
                    Some(stream) => stream.rate,
                    None => self.shared.rate.load(Relaxed),
                };
                self.send_mixer(rate);
            }
            Err(error) => {
                if self.kit.font.is_none() && !matches!(source, SoundFontSource::Embedded) {
                    self.load(&SoundFontSource::Embedded);
                }
                self.slow(|slow| slow.kit_error = Some(format!("{error}.")));
            }
        }
    }

    pub(super) fn say_kit(&self) {
        let Some(font) = &self.kit.font else { return };
        let kits = font.kits();
        let name = match kits.iter().find(|kit| kit.program == self.kit.program) {
            Some(kit) if kits.len() > 1 => format!("{}: {}", font.name(), kit.name),
            _ => font.name().to_string(),
        };
        self.slow(|slow| (slow.kit, slow.kits) = (name, kits));
    }

    /// Builds a mixer for `rate` and hands it to the core.
    pub(super) fn send_mixer(&mut self, rate: u32) {
        let Some(font) = &self.kit.font else { return };
        match Mixer::new(font, rate, self.kit.program) {
            Ok(mixer) => {
                self.core.send(Prepared::Mixer(Box::new(mixer)));
            }
            Err(error) => self.slow(|slow| slow.kit_error = Some(format!("{error}."))),
        }
    }

    /// When a kit broke while it played, the embedded one takes its place.
    pub(super) fn watch_sound(&mut self) {
        if self.shared.sound_failed.swap(false, Relaxed) {
            let name = self
                .kit
                .font
                .take()
                .map_or_else(String::new, |font| font.name().into());
            self.load(&SoundFontSource::Embedded);
            let reason = format!("{name} is damaged and broke while it played: choose another.");
            self.slow(|slow| slow.kit_error = Some(reason));
        }
    }
}
