//! Relatives of a groove, and fills: the decoder hears what stays of the groove, and fits the rest to
//! it.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Drummer;
use super::rework::drawn;
use super::windows::{in_turn, joined, looped, seeds_from, stretch};
use crate::data::groove::rows;
use crate::model::{Decoding, Guide, Latent, ModelError, Rows, latent};
use crate::music::{Cells, FEATURES, Groove, LANES, Lane, STEPS_PER_QUARTER, Step, measures};

/// How relatives of a groove are made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variation {
    /// 0 is the groove itself, 1 is new music.
    pub amount: f32,
    /// Which cells of the groove stay: everything else is made to fit them.
    pub kept: Cells,
}

/// How a bar of a groove becomes a fill.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    /// The bar, from 0 on.
    pub bar: usize,
    /// From the mean of grooves to the mean of fills, in the latent space: the checkpoint's attribute
    /// [`Fill::ATTRIBUTE`].
    pub direction: Latent,
    /// Which cells of the bar stay; the other bars stay anyway.
    pub kept: Cells,
}

impl Fill {
    /// What the direction to fills is called among a checkpoint's attributes.
    pub const ATTRIBUTE: &str = "fill";

    /// How many times the direction is added.
    const FAR: f32 = 1.5;
    /// How far on its way to new music each seed goes at least, so that fills differ.
    const AWAY: f32 = 0.25;
    /// Strokes on snare, toms and crash that make a bar a fill. In the Groove MIDI Dataset's training
    /// split bars of fills have 8.9, and 18 % of them fewer than 4.
    const STROKES: f64 = 4.0;
    /// What they are played on.
    const LANES: [Lane; 5] = [
        Lane::Snare,
        Lane::LowTom,
        Lane::MidTom,
        Lane::HighTom,
        Lane::Crash,
    ];
}

impl Variation {
    /// The share of its strokes that a relative changes at least, for an amount of 1. Relatives of what
    /// drummers play change more (0.4 of them).
    const CHANGE: f32 = 0.25;
}

/// How often what is not enough goes further on its way to new music; the last time all of the way.
const FURTHER: usize = 3;

/// How far a window that is added to a groove goes towards new music. This makes it as similar to the one
/// before as drummers play: in the Groove MIDI Dataset, four bars and the next four have 70 % of their
/// strokes in common.
const ONWARDS: f32 = 0.7;

/// What is asked of the decoder: a latent for each window of a groove.
struct Asked {
    z: Vec<Latent>,
    kept: Cells,
    /// Of the first window; those after it count on.
    seed: u64,
}

/// A way to new music.
struct Way<'a> {
    /// Where on it to begin: 0 is the groove itself, 1 new music.
    first: f32,
    /// What is asked for, for a seed and a place on the way.
    ask: &'a dyn Fn(u64, f32) -> Asked,
    /// How much is reached of what is wanted.
    score: &'a dyn Fn(&Groove) -> f64,
    /// The score that is enough.
    enough: f64,
}

impl Drummer {
    /// A relative of the groove for each seed. Every window's latent moves ([`latent::slerp`]) towards
    /// a draw from the checkpoint's prior, and the further it goes, the fewer of the groove's strokes
    /// the decoder is told. Which beats of which lanes stay is drawn too, and fewer stay as the amount
    /// grows. So a relative of one seed changes stroke by stroke. A model is sure of a programmed beat:
    /// where hardly a stroke changes, it goes further than the amount says.
    ///
    /// # Errors
    /// A model of other music.
    pub fn vary(
        &self,
        groove: &Groove,
        variation: &Variation,
        temperature: f32,
        seeds: &[u64],
    ) -> Result<Vec<Groove>, ModelError> {
        let preset = self.preset();
        let heat = preset.head.heat_of_latents(temperature);
        let posteriors = self.model.encode(&looped(groove, preset.steps()))?;
        let relative = |seed: u64, amount: f32| {
            let new = self.prior.sample(preset.z_size, seed, heat);
            let way = posteriors.iter();
            let kept = &variation.kept;
            Asked {
                z: way.map(|it| latent::slerp(&it.mu, &new, amount)).collect(),
                kept: stays(groove, kept, amount, seed),
                seed,
            }
        };
        let changes = |relative: &Groove| {
            let common = measures::likeness(&groove.steps, &relative.steps);
            1.0 - common.unwrap_or(1.0)
        };
        let enough = f64::from(Variation::CHANGE * variation.amount);
        let way = Way {
            first: variation.amount,
            ask: &relative,
            score: &changes,
            enough,
        };
        self.play_on(groove, &way, temperature, seeds)
    }

    /// The groove with a fill in one bar, another fill for each seed. The decoder hears the bars before
    /// it, in the looped groove, and continues the way fills do.
    ///
    /// # Errors
    /// A model of other music, or a direction of another latent space.
    pub fn fill(
        &self,
        groove: &Groove,
        fill: &Fill,
        temperature: f32,
        seeds: &[u64],
    ) -> Result<Vec<Groove>, ModelError> {
        let preset = self.preset();
        if fill.direction.len() != preset.z_size {
            return Err(ModelError::Input {
                expected: format!("a direction of {} numbers", preset.z_size),
                found: fill.direction.len().to_string(),
            });
        }
        // The bar is the last one of a window.
        let steps = preset.steps();
        let bar_steps = groove.steps_per_bar().clamp(1, steps);
        let before = steps - bar_steps;
        let bar = fill.bar * bar_steps;
        let length = groove.steps.len().max(1);
        let window = stretch(groove, (bar + before * length - before) % length, steps);
        let posterior = self.model.encode(std::slice::from_ref(&window))?.remove(0);
        let heat = preset.head.heat_of_latents(temperature);
        let kept = Cells::of(steps, |step, lane| match step.checked_sub(before) {
            Some(place) => fill.kept.has(bar + place, lane),
            None => true,
        });
        let asked = |seed: u64, away: f32| {
            let new = self.prior.sample(preset.z_size, seed, heat);
            let z = latent::slerp(&posterior.mu, &new, away);
            Asked {
                z: vec![latent::moved(&z, &fill.direction, Fill::FAR)],
                kept: kept.clone(),
                seed,
            }
        };
        let strokes = |played: &Groove| {
            let bar = played.steps.iter().skip(before);
            let of_fills = |step: &Step| {
                Fill::LANES
                    .iter()
                    .filter(|it| step[it.index()].is_some())
                    .count()
            };
            bar.map(of_fills).sum::<usize>() as f64
        };
        let way = Way {
            first: Fill::AWAY,
            ask: &asked,
            score: &strokes,
            enough: Fill::STROKES,
        };
        let filled = |played: Groove| {
            let mut groove = groove.clone();
            let places = groove.steps.iter_mut().skip(bar);
            let steps = played.steps.into_iter().skip(before);
            places.zip(steps).for_each(|(place, step)| *place = step);
            groove
        };
        let played = self.play_on(&window, &way, temperature, seeds)?;
        Ok(played.into_iter().map(filled).collect())
    }

    /// The groove and a window more, which goes on as its end does: a draw from around what the model
    /// takes the last window for, and the strokes of `kept` as that has them.
    ///
    /// # Errors
    /// A model of other music.
    pub fn extend(
        &self,
        groove: &Groove,
        kept: &Cells,
        how: Decoding,
    ) -> Result<Groove, ModelError> {
        let preset = self.preset();
        let (steps, length) = (preset.steps(), groove.steps.len().max(1));
        let first = (steps.next_multiple_of(length) + length - steps) % length;
        let last = stretch(groove, first, steps);
        let posterior = self.model.encode(std::slice::from_ref(&last))?.remove(0);
        let heat = preset.head.heat_of_latents(how.temperature);
        let new = self.prior.sample(preset.z_size, how.seed, heat);
        let asked = Asked {
            z: vec![latent::slerp(
                &drawn(&posterior, preset, how),
                &new,
                ONWARDS,
            )],
            kept: kept.clone(),
            seed: how.seed,
        };
        let more = self.play_to(&last, &[asked], how.temperature)?.remove(0);
        let mut longer = groove.clone();
        longer.steps.extend(more.steps);
        Ok(longer)
    }

    /// The groove of latents, a window each (and from the first one on again), of which some cells are
    /// those of a groove that is as long: the decoder hears them, and plays the rest to them.
    ///
    /// # Errors
    /// Those of [`Drummer::decode_long`].
    pub fn decode_around(
        &self,
        z: &[Latent],
        groove: &Groove,
        kept: &Cells,
        how: Decoding,
    ) -> Result<Groove, ModelError> {
        let windows = groove.steps.len().div_ceil(self.preset().steps());
        let asked = Asked {
            z: in_turn(z, windows).collect(),
            kept: kept.clone(),
            seed: how.seed,
        };
        let played = self.play_to(groove, &[asked], how.temperature)?;
        Ok(played.into_iter().next().unwrap_or_else(|| groove.clone()))
    }

    /// What is played for each seed at the first place of its way to new music where it is enough. Where
    /// it never is, the best of it.
    fn play_on(
        &self,
        groove: &Groove,
        way: &Way,
        temperature: f32,
        seeds: &[u64],
    ) -> Result<Vec<Groove>, ModelError> {
        let mut found: Vec<Option<(f64, Groove)>> = vec![None; seeds.len()];
        for turn in 0..=FURTHER {
            let is_open = |(_, found): &(usize, &Option<(f64, Groove)>)| {
                found.as_ref().is_none_or(|(score, _)| *score < way.enough)
            };
            let open: Vec<usize> = (found.iter().enumerate().filter(is_open))
                .map(|(place, _)| place)
                .collect();
            if open.is_empty() {
                break;
            }
            let place = way.first + (1.0 - way.first) * turn as f32 / FURTHER as f32;
            let asked: Vec<Asked> = open.iter().map(|&it| (way.ask)(seeds[it], place)).collect();
            for (place, played) in
                open.into_iter()
                    .zip(self.play_to(groove, &asked, temperature)?)
            {
                let score = (way.score)(&played);
                let best = &mut found[place];
                if best.as_ref().is_none_or(|(best, _)| *best < score) {
                    *best = Some((score, played));
                }
            }
        }
        Ok(found
            .into_iter()
            .flatten()
            .map(|(_, groove)| groove)
            .collect())
    }

    /// The groove as the decoder plays it to what stays of it.
    fn play_to(
        &self,
        groove: &Groove,
        asked: &[Asked],
        temperature: f32,
    ) -> Result<Vec<Groove>, ModelError> {
        let preset = self.preset();
        let steps = preset.steps();
        let windows = looped(groove, steps);
        let (mut z, mut seeds, mut known) = (Vec::new(), Vec::new(), Vec::new());
        for Asked {
            z: latents,
            kept,
            seed,
        } in asked
        {
            seeds.extend(seeds_from(*seed, windows.len()));
            for (number, window) in windows.iter().enumerate() {
                let first = number * steps;
                known.push(Rows {
                    steps,
                    depth: FEATURES,
                    values: rows::known(window, |step, lane| kept.has(first + step, lane)),
                });
            }
            z.extend_from_slice(latents);
        }
        let guide = Guide {
            seeds: &seeds,
            // Decoders that have parts of the band each are told nothing.
            known: if preset.split.is_empty() { &known } else { &[] },
            ..Guide::default()
        };
        let how = Decoding {
            temperature,
            seed: 0,
        };
        let played = self.model.decode_as_told(&self.moved(&z), how, &guide)?;
        let each = played.chunks(windows.len().max(1)).zip(asked);
        Ok(each
            .map(|(played, Asked { kept, .. })| {
                joined(played.to_vec(), groove).with_cells_of(groove, kept)
            })
            .collect())
    }
}

/// Which cells of the groove stay in the relative that a seed chooses: what is `kept` in all of them, and
/// the more beats of lanes the smaller the amount is.
fn stays(groove: &Groove, kept: &Cells, amount: f32, seed: u64) -> Cells {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // The prior's draws come from the first one.
    rng.set_stream(1);
    let beats = groove.steps.len().div_ceil(STEPS_PER_QUARTER);
    let chances: Vec<[f32; LANES]> = (0..beats)
        .map(|_| std::array::from_fn(|_| rng.random()))
        .collect();
    // Near the groove's own latent the decoder plays most of it as it is: to change a few strokes,
    // more than a few must be free.
    let free = amount.sqrt();
    Cells::of(groove.steps.len(), |step, lane| {
        let chance = chances[step / STEPS_PER_QUARTER][lane.index()];
        kept.has(step, lane) || chance >= free
    })
}
