//! Fills of the built-in model beside those of drummers.

use std::path::Path;

use musicvae::checkpoint::attributes::Attributes;
use musicvae::data::{GrooveConverter, Split, Windows, load_windows};
use musicvae::music::measures::likeness;
use musicvae::music::{Cells, Groove, Hit, Lane, Step};
use musicvae::training::attributes::Fills;
use musicvae::{Drummer, Fill, Variation};
use musicvae_tui::embedded;

use super::support::data;

/// What bars are like, on average.
#[derive(Debug, Default)]
struct Bars {
    count: f64,
    /// Strokes on toms and crash.
    toms: f64,
    snares: f64,
    hats: f64,
    strokes: f64,
    /// Share of the strokes of a bar that the bar before it has too, by place and lane (Dice).
    alike: f64,
}

impl Bars {
    fn add(&mut self, bar: &[Step], before: Option<&[Step]>) {
        let strokes = |lanes: &[Lane]| {
            let struck = |step: &Step| lanes.iter().filter(|it| step[it.index()].is_some()).count();
            bar.iter().map(struck).sum::<usize>() as f64
        };
        self.count += 1.0;
        self.toms += strokes(&[Lane::LowTom, Lane::MidTom, Lane::HighTom, Lane::Crash]);
        self.snares += strokes(&[Lane::Snare]);
        self.hats += strokes(&[Lane::ClosedHat, Lane::OpenHat, Lane::Ride]);
        self.strokes += strokes(&Lane::ALL);
        if let Some(before) = before {
            let cells = bar.iter().flatten().zip(before.iter().flatten());
            let (mut both, mut all) = (0.0, 0.0);
            for (now, before) in cells {
                all += f64::from(u8::from(now.is_some())) + f64::from(u8::from(before.is_some()));
                both += f64::from(u8::from(now.is_some() && before.is_some()));
            }
            self.alike += 2.0 * both / f64::max(all, 1.0);
        }
    }

    fn means(self) -> Bars {
        let mean = |sum: f64| sum / self.count.max(1.0);
        Bars {
            count: self.count,
            toms: mean(self.toms),
            snares: mean(self.snares),
            hats: mean(self.hats),
            strokes: mean(self.strokes),
            alike: mean(self.alike),
        }
    }
}

fn windows(data: &Path, bars: usize) -> Windows {
    let hop = Some(bars);
    load_windows(
        data,
        Some(Split::Validation),
        &GrooveConverter { bars, hop },
    )
    .unwrap()
}

/// The last bar of each groove, beside the one before it.
fn last_bars<'g>(grooves: impl IntoIterator<Item = &'g Groove>) -> Bars {
    let mut bars = Bars::default();
    for groove in grooves {
        bars.add(&groove.steps[48..], Some(&groove.steps[32..48]));
    }
    bars.means()
}

/// A fill is one: like those that the corpus calls so it goes to the toms and leaves the hats, and the
/// bar before it is another one. (The figures are in docs/evaluation.md; `--nocapture` shows them.)
#[test]
fn the_models_fills_are_fills() {
    let Some(groove) = data("groove") else { return };
    let source = embedded::first();
    let checkpoint = embedded::checkpoint().unwrap();
    let attributes = Attributes::of(&source, &checkpoint).unwrap().unwrap();
    let direction = attributes.get(Fill::ATTRIBUTE).unwrap().vector.clone();
    let drummer = Drummer::of(&checkpoint).unwrap();

    let mut real = Bars::default();
    for bar in Fills::among(&groove, &windows(&groove, 1)).unwrap().bars {
        real.add(&bar.steps, None);
    }
    let real = real.means();
    let grooves = windows(&groove, 4).windows;
    let grooves: Vec<&Groove> = grooves.iter().step_by(4).collect();
    let beats = last_bars(grooves.iter().copied());
    let made = |direction: Vec<f32>, kept: &Cells| {
        let fill = Fill {
            bar: 3,
            direction,
            kept: kept.clone(),
        };
        let made = (0..).zip(&grooves).map(|(seed, groove)| {
            let mut made = drummer.fill(groove, &fill, 0.5, &[seed]).unwrap();
            made.swap_remove(0)
        });
        made.collect::<Vec<_>>()
    };
    let none = Cells::default();
    let plain = last_bars(&made(vec![0.0; direction.len()], &none));
    let fills = last_bars(&made(direction, &none));
    for (what, bars) in [
        ("drummers' fills", &real),
        ("drummers' fourth bars", &beats),
        ("the model's fourth bars", &plain),
        ("the model's fills", &fills),
    ] {
        println!("{what}: {bars:.2?}");
    }
    assert!(fills.toms > 1.5 * beats.toms && fills.toms > 1.5 * plain.toms);
    assert!(fills.toms > 0.7 * real.toms);
    assert!(fills.hats < 0.5 * beats.hats);
    assert!(fills.alike < 0.7 * beats.alike);
}

/// Four bars of house as one programs it: everything on the grid, one velocity a lane.
fn programmed() -> Groove {
    let mut groove = Groove::empty(64);
    for (lane, first, every, velocity) in [
        (Lane::Kick, 0, 4, 0.9),
        (Lane::Snare, 4, 8, 0.85),
        (Lane::ClosedHat, 0, 2, 0.6),
        (Lane::OpenHat, 2, 4, 0.7),
    ] {
        for step in (first..64).step_by(every) {
            groove.steps[step][lane.index()] = Some(Hit::new(velocity, 0.0));
        }
    }
    groove
}

/// The model is sure of such a beat, and hardly moves near its latent.
#[test]
fn a_programmed_beat_is_varied_and_filled_too() {
    let checkpoint = embedded::checkpoint().unwrap();
    let attributes = Attributes::of(&embedded::first(), &checkpoint)
        .unwrap()
        .unwrap();
    let drummer = Drummer::of(&checkpoint).unwrap();
    let beat = programmed();
    let seeds: Vec<u64> = (0..8).collect();
    let mut changed_before = 0.0;
    for amount in [0.1, 0.3, 0.6, 1.0] {
        let variation = Variation {
            amount,
            ..Variation::default()
        };
        let made = drummer.vary(&beat, &variation, 0.5, &seeds).unwrap();
        let changed = |made: &Groove| 1.0 - likeness(&made.steps, &beat.steps).unwrap();
        let least = made.iter().map(changed).fold(1.0, f64::min);
        let mean = made.iter().map(changed).sum::<f64>() / made.len() as f64;
        assert!(
            least > 0.0 && mean > changed_before,
            "{amount}: {least} {mean}"
        );
        changed_before = mean;
    }
    let fill = Fill {
        bar: 3,
        direction: attributes.get(Fill::ATTRIBUTE).unwrap().vector.clone(),
        kept: Cells::default(),
    };
    let seeds: Vec<u64> = (0..16).collect();
    let filled = last_bars(&drummer.fill(&beat, &fill, 0.5, &seeds).unwrap());
    println!("fills of a programmed beat: {filled:.2?}");
    assert!(filled.toms + filled.snares > 5.0, "{filled:?}");
}
