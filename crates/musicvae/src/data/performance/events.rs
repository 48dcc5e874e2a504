//! The events of a performance's track, and the tokens that stand for them.

use crate::music::{PERFORMANCE_STEPS_PER_QUARTER, PerformanceOptions};

/// Steps of a bar of 4/4, and of the longest passing of time in one event.
pub(super) const BAR: usize = 4 * PERFORMANCE_STEPS_PER_QUARTER;

/// The program that stands for drums.
pub(super) const DRUMS: i32 = 128;

/// A token of a track: an event, a program, or the end.
pub type Token = u16;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::data) enum Event {
    On(i32),
    Off(i32),
    Shift(usize),
    /// A class of velocity, counted from 1.
    Velocity(i32),
}

/// A note on the grid, with its class of velocity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::data) struct Played {
    pub start: usize,
    pub end: usize,
    pub pitch: i32,
    pub velocity: i32,
}

/// The words of a model's language.
pub(in crate::data) struct Vocabulary {
    velocity_bins: i32,
    /// Kinds of events: programs come after them.
    pub events: Token,
}

impl Vocabulary {
    pub fn of(options: &PerformanceOptions) -> Vocabulary {
        Vocabulary {
            velocity_bins: options.velocity_bins as i32,
            events: options.events() as Token,
        }
    }

    /// The program of drums.
    pub fn drums(&self) -> Token {
        self.events + DRUMS as Token
    }

    pub fn end(&self) -> Token {
        self.drums() + 1
    }

    /// The tokens of a track that may be pitches: all after its program; none of drums.
    pub fn pitched<'a>(&self, track: &'a [Token]) -> &'a [Token] {
        match track.split_first() {
            Some((&program, events)) if program != self.drums() => events,
            _ => &[],
        }
    }

    pub fn encode(&self, event: Event) -> Token {
        match event {
            Event::On(pitch) => pitch as Token,
            Event::Off(pitch) => 128 + pitch as Token,
            Event::Shift(steps) => 256 + (steps - 1) as Token,
            Event::Velocity(bin) => 256 + BAR as Token + (bin - 1) as Token,
        }
    }

    pub fn decode(&self, token: Token) -> Event {
        match usize::from(token) {
            pitch @ 0..128 => Event::On(pitch as i32),
            pitch @ 128..256 => Event::Off(pitch as i32 - 128),
            other if other < 256 + BAR => Event::Shift(other - 256 + 1),
            other => Event::Velocity((other - 256 - BAR + 1) as i32),
        }
    }

    /// Velocities in one class.
    fn bin_size(&self) -> i32 {
        127_i32.div_euclid(self.velocity_bins.max(1))
            + i32::from(127 % self.velocity_bins.max(1) > 0)
    }

    pub fn bin(&self, velocity: i32) -> i32 {
        // Velocity 0 counts as the softest.
        (velocity.clamp(1, 127) - 1) / self.bin_size() + 1
    }

    pub fn velocity(&self, bin: i32) -> i32 {
        1 + (bin - 1) * self.bin_size()
    }

    /// The events of notes from step `from` on, which stand in order of start and pitch.
    pub fn events(&self, notes: &[Played], from: usize) -> Vec<Event> {
        let onsets = notes
            .iter()
            .enumerate()
            .map(|(i, note)| (note.start, i, false));
        let ends = notes
            .iter()
            .enumerate()
            .map(|(i, note)| (note.end, i, true));
        let mut moments: Vec<_> = onsets.chain(ends).collect();
        moments.sort_unstable();
        let (mut now, mut velocity) = (from, 0);
        let mut events = Vec::new();
        for (step, index, is_end) in moments {
            while step > now {
                let shift = (step - now).min(BAR);
                events.push(Event::Shift(shift));
                now += shift;
            }
            let note = notes[index];
            if is_end {
                events.push(Event::Off(note.pitch));
                continue;
            }
            if self.velocity_bins > 0 && note.velocity != velocity {
                velocity = note.velocity;
                events.push(Event::Velocity(velocity));
            }
            events.push(Event::On(note.pitch));
        }
        events
    }

    /// The notes of events, in the order in which they end; the rest last to the end. `velocity` is
    /// the class of those before any event of velocity.
    pub fn notes(&self, events: &[Event], mut velocity: i32) -> Vec<Played> {
        let mut sounding: Vec<(i32, usize, i32)> = Vec::new();
        let mut notes = Vec::new();
        let mut now = 0;
        let mut end = |pitch, start, velocity, now| {
            if now > start {
                notes.push(Played {
                    start,
                    end: now,
                    pitch,
                    velocity,
                });
            }
        };
        for event in events {
            match *event {
                Event::On(pitch) => sounding.push((pitch, now, velocity)),
                Event::Off(pitch) => {
                    if let Some(at) = sounding.iter().position(|note| note.0 == pitch) {
                        let (pitch, start, velocity) = sounding.remove(at);
                        end(pitch, start, velocity, now);
                    }
                }
                Event::Shift(steps) => now += steps,
                Event::Velocity(bin) => velocity = bin,
            }
        }
        for (pitch, start, velocity) in sounding {
            end(pitch, start, velocity, now);
        }
        notes
    }
}

pub(super) fn in_order(mut notes: Vec<Played>) -> Vec<Played> {
    notes.sort_by_key(|note| (note.start, note.pitch));
    notes
}

pub(super) fn steps_of(events: &[Event]) -> usize {
    let shift = |event: &Event| match event {
        Event::Shift(steps) => *steps,
        _ => 0,
    };
    events.iter().map(shift).sum()
}

/// Makes events take `steps` steps: lets time pass, or drops what comes later.
pub(super) fn set_length(events: &mut Vec<Event>, steps: usize) {
    let now = steps_of(events);
    if now < steps {
        let mut missing = steps - now;
        if let Some(Event::Shift(last)) = events.last_mut() {
            let added = missing.min(BAR.saturating_sub(*last));
            *last += added;
            missing -= added;
        }
        while missing > 0 {
            let shift = missing.min(BAR);
            events.push(Event::Shift(shift));
            missing -= shift;
        }
        return;
    }
    let mut over = now - steps;
    while over > 0 {
        match events.last_mut() {
            Some(Event::Shift(last)) if *last > over => {
                *last -= over;
                over = 0;
            }
            Some(Event::Shift(last)) => {
                over -= *last;
                events.pop();
            }
            Some(_) => {
                events.pop();
            }
            None => return,
        }
    }
}

/// Events cut at every bar. At a bar line ends of notes belong to the bar before, all else to the
/// one after.
pub(super) fn bars_of(events: &[Event]) -> Vec<Vec<Event>> {
    let mut bars = Vec::new();
    let mut bar = Vec::new();
    let mut now = 0;
    for event in events {
        match *event {
            Event::Shift(mut steps) => {
                while now + steps > BAR {
                    if now < BAR {
                        bar.push(Event::Shift(BAR - now));
                    }
                    steps -= BAR - now;
                    bars.push(std::mem::take(&mut bar));
                    now = 0;
                }
                bar.push(Event::Shift(steps));
                now += steps;
            }
            event => {
                if now == BAR && !matches!(event, Event::Off(_)) {
                    bars.push(std::mem::take(&mut bar));
                    now = 0;
                }
                bar.push(event);
            }
        }
    }
    if now > 0 {
        bars.push(bar);
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;
    use Event::{Off, On, Shift, Velocity};

    #[test]
    fn events_are_cut_at_bar_lines() {
        let events = [
            On(60),
            Shift(96),
            Off(60),
            On(61),
            Shift(96),
            Shift(10),
            Off(61),
        ];
        let bars = bars_of(&events);
        assert_eq!(
            bars,
            [
                vec![On(60), Shift(96), Off(60)],
                vec![On(61), Shift(96)],
                vec![Shift(10), Off(61)]
            ]
        );
        assert_eq!(bars_of(&[Shift(100)]), [[Shift(96)], [Shift(4)]]);
        assert_eq!(bars_of(&[On(60)]), Vec::<Vec<Event>>::new());
    }

    #[test]
    fn lengths_are_set_by_time_alone() {
        let mut events = vec![On(60), Shift(90), Off(60)];
        set_length(&mut events, 96);
        assert_eq!(events, [On(60), Shift(90), Off(60), Shift(6)]);
        set_length(&mut events, 92);
        assert_eq!(events, [On(60), Shift(90), Off(60), Shift(2)]);
        set_length(&mut events, 80);
        assert_eq!(events, [On(60), Shift(80)]);
        set_length(&mut events, 200);
        assert_eq!(events, [On(60), Shift(96), Shift(96), Shift(8)]);
    }

    #[test]
    fn notes_and_events_are_two_forms_of_one() {
        let words = Vocabulary::of(&PerformanceOptions::default());
        assert_eq!(words.bin_size(), 16);
        let bins = [0, 1, 16, 17, 127].map(|velocity| words.bin(velocity));
        assert_eq!(bins, [1, 1, 1, 2, 8]);
        assert_eq!([1, 2, 8].map(|bin| words.velocity(bin)), [1, 17, 113]);
        let note = |start, end, pitch, velocity| Played {
            start,
            end,
            pitch,
            velocity,
        };
        let notes = [note(0, 10, 60, 3), note(0, 200, 64, 3), note(10, 20, 60, 4)];
        let events = words.events(&notes, 0);
        let expected = [
            Velocity(3),
            On(60),
            On(64),
            Shift(10),
            Off(60),
            Velocity(4),
            On(60),
            Shift(10),
            Off(60),
            Shift(96),
            Shift(84),
            Off(64),
        ];
        assert_eq!(events, expected);
        assert_eq!(in_order(words.notes(&events, 0)), notes);
        for event in events {
            assert_eq!(words.decode(words.encode(event)), event);
        }
    }
}
