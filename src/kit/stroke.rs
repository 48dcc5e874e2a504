//! A stroke: several samples that sound together, as hard as the layer and as chance has it.
//!
//! What differs from stroke to stroke (the stick, the first moments) is a *head*: short, and there for
//! every layer and variant. What is the same drum ringing on is shared: a recording, or a loop that
//! decays in the synthesizer. A loop that is entered elsewhere is another performance of the same
//! ringing, for left and right and for every variant, and takes no memory.

use super::dsp::{Filter, Seed, loudness};
use super::math::{decay_per_sample, decibels};
use super::shelf::Shelf;

/// Velocity layers; the highest velocity of each.
pub const LAYERS: [u8; 6] = [24, 48, 72, 96, 116, 127];

/// Recordings of every stroke.
pub const VARIANTS: usize = 4;

/// How a drum is struck.
#[derive(Clone, Copy)]
pub struct Touch {
    /// Index into [`LAYERS`].
    pub layer: usize,
    /// `0..VARIANTS`.
    pub variant: usize,
}

impl Touch {
    /// How hard, 0 (a touch) ..= 1 (as hard as one plays).
    pub fn strength(self) -> f64 {
        self.layer as f64 / (LAYERS.len() - 1) as f64
    }

    /// The value between `soft` and `hard` that belongs to this strength.
    pub fn between(self, soft: f64, hard: f64) -> f64 {
        soft + (hard - soft) * self.strength()
    }

    /// Where this variant stands between -1 and 1 in one of its qualities; the qualities are
    /// independent of each other, and of the whole none is twice the same.
    fn chance(self, quality: usize) -> f64 {
        const CHANCES: [[f64; VARIANTS]; 3] = [
            [0.1, -0.9, 0.7, -0.3],
            [-0.2, 0.6, -1.0, 0.9],
            [0.0, 1.0, 0.4, -0.8],
        ];
        CHANCES[quality][self.variant]
    }
}

/// One sample within a stroke.
#[derive(Clone)]
pub struct Part {
    pub sample: usize,
    /// Decibels, before the whole stroke is brought to its loudness.
    pub level: f64,
    /// -1 (left) ..= 1 (right).
    pub pan: f64,
    pub cents: f64,
    /// Low-pass corner in hertz.
    pub cutoff: Option<f64>,
    /// Seconds until it is up.
    pub attack: f64,
    /// Seconds to fall by 60 dB; `None` is as recorded.
    pub t60: Option<f64>,
    /// Points left out at the beginning.
    pub from: usize,
}

/// A sample in the middle, as it was made.
pub fn part(sample: usize) -> Part {
    Part {
        sample,
        level: 0.0,
        pan: 0.0,
        cents: 0.0,
        cutoff: None,
        attack: 0.0,
        t60: None,
        from: 0,
    }
}

impl Part {
    pub fn level(self, level: f64) -> Part {
        Part { level, ..self }
    }

    pub fn pan(self, pan: f64) -> Part {
        Part { pan, ..self }
    }

    /// So many cents higher.
    pub fn tuned(self, cents: f64) -> Part {
        let cents = self.cents + cents;
        Part { cents, ..self }
    }

    pub fn cutoff(self, hertz: f64) -> Part {
        let cutoff = Some(hertz);
        Part { cutoff, ..self }
    }

    pub fn attack(self, attack: f64) -> Part {
        Part { attack, ..self }
    }

    pub fn decaying(self, t60: f64) -> Part {
        let t60 = Some(t60);
        Part { t60, ..self }
    }

    /// A little higher or lower, longer or shorter, as a drummer's strokes are: within 6 cents, a
    /// fifteenth of the decay and half a decibel.
    pub fn humanized(self, touch: Touch) -> Part {
        Part {
            cents: self.cents + 6.0 * touch.chance(0),
            t60: self.t60.map(|t60| t60 * (1.0 + touch.chance(1) / 15.0)),
            level: self.level + 0.5 * touch.chance(2),
            ..self
        }
    }

    /// A loop on both sides, entered at places that are this variant's and layer's own. Seen from the
    /// overheads it lies at `place`, `width` to each side of it.
    pub fn wide(self, touch: Touch, shelf: &Shelf, place: f64, width: f64) -> [Part; 2] {
        let points = shelf.samples[self.sample].points.len();
        // Places are far from each other: multiples of the golden section fill a turn evenly.
        let entry = |side: usize| {
            let nth = (2 * (VARIANTS * touch.layer + touch.variant) + side + 1) as f64;
            let turn = nth * 0.618_033_988_749_895;
            ((turn - turn.floor()) * (points.min(32_767) as f64)) as usize
        };
        let side = |side: usize, pan: f64| Part {
            pan,
            from: entry(side),
            ..self.clone().humanized(touch)
        };
        let [left, right] = spread(place, width);
        [side(0, left), side(1, right)]
    }
}

/// Where left and right of something wide are panned.
fn spread(place: f64, width: f64) -> [f64; 2] {
    [
        (place - width).clamp(-1.0, 1.0),
        (place + width).clamp(-1.0, 1.0),
    ]
}

/// The head of a stroke. Of every strength there are as many recordings as variants; a variant has
/// one on the left and the next one on the right, so no two variants sound alike on either side.
pub struct Heads {
    /// At most 14 ASCII characters.
    pub name: &'static str,
    pub seed: u8,
    pub rate: u32,
    /// Recordings over the range of strengths; layers that have none of their own take the nearest
    /// harder one through a low-pass filter.
    pub strengths: usize,
    /// The seed, strength and rate to a wave.
    pub strike: fn(Seed, f64, u32) -> Vec<f64>,
    /// Decibels.
    pub level: f64,
    pub place: f64,
    pub width: f64,
}

impl Heads {
    pub fn parts(&self, shelf: &mut Shelf, touch: Touch) -> [Part; 2] {
        let layers = LAYERS.len();
        // The strength's number, from soft to hard, and the hardest layer that it is made for.
        let nth = touch.layer * self.strengths / layers;
        let of_layer = (nth + 1) * layers / self.strengths - 1;
        let strength = of_layer as f64 / (layers - 1) as f64;
        let shade = (touch.layer < of_layer).then(|| touch.between(3500.0, 13_000.0));
        let sides = spread(self.place, self.width);
        [0, 1].map(|side| {
            let variant = (touch.variant + side) % VARIANTS;
            let name = format!("{} {}{}", self.name, nth + 1, ["a", "b", "c", "d"][variant]);
            let seed = Seed {
                drum: self.seed,
                variant: variant as u8 + 1,
            };
            let sample = shelf.sample(&name, self.rate, || {
                (self.strike)(seed, strength, self.rate)
            });
            let head = part(sample).level(self.level).pan(sides[side]);
            match shade {
                Some(hertz) => head.cutoff(hertz),
                None => head,
            }
        })
    }
}

/// Sample rate at which loudness is measured.
const RATE: u32 = 44_100;

/// Loudness of a stroke's first 0.15 s, as an amplitude.
pub fn loudness_of(parts: &[Part], shelf: &Shelf) -> f64 {
    let mut sides = [vec![0.0; 6615], vec![0.0; 6615]];
    for part in parts {
        part.add_to(&mut sides, shelf);
    }
    loudness(&sides, RATE)
}

impl Part {
    /// Plays the part as a synthesizer does.
    fn add_to(&self, [left, right]: &mut [Vec<f64>; 2], shelf: &Shelf) {
        let sample = &shelf.samples[self.sample];
        let rate = f64::from(RATE);
        let step = f64::from(sample.rate) / rate;
        let decay = self.t60.map_or(1.0, |t60| decay_per_sample(t60, rate));
        let mut filter = self
            .cutoff
            .map(|hertz| Filter::LowPass(hertz, 0.707).biquad(rate));
        let mut envelope = decibels(self.level) * shelf.full_scale(self.sample) / 32_768.0;
        let attack = self.attack * rate;
        // A quarter turn from left to right, as synthesizers pan.
        let angle = 0.125 * (1.0 + self.pan);
        let gains = [super::math::cos_turns(angle), super::math::sin_turns(angle)];
        for n in 0..left.len() {
            let place = self.from as f64 + n as f64 * step;
            let whole = place as usize;
            let point = |at: usize| match sample.looped {
                true => f64::from(sample.points[at % sample.points.len()]),
                false => sample.points.get(at).map_or(0.0, |point| f64::from(*point)),
            };
            let share = place - whole as f64;
            let mut x = point(whole) * (1.0 - share) + point(whole + 1) * share;
            if let Some(filter) = &mut filter {
                x = filter.next(x);
            }
            x *= envelope * (n as f64 / attack.max(1.0)).min(1.0);
            if n as f64 >= attack {
                envelope *= decay;
            }
            left[n] += gains[0] * x;
            right[n] += gains[1] * x;
        }
    }
}
