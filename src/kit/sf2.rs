//! Writes SoundFont 2.01 files: one-shot mono samples, instruments of zones, one preset.
//!
//! The layout follows the *SoundFont Technical Specification* 2.04 (E-mu, 2006): RIFF `sfbk` of
//! three lists, INFO, sdta and pdta, with the nine pdta tables in their fixed order, each closed
//! by a terminal record. Numbers are little endian.

use std::ops::RangeInclusive;

use super::math::ln;

/// Zero sample points that the specification (7.10) wants behind every sample.
const GUARD_POINTS: usize = 46;

/// Generator numbers of the specification's section 8.1.2.
mod generator {
    pub const START_ADDRESS_OFFSET: u16 = 0;
    pub const INITIAL_FILTER_CUTOFF: u16 = 8;
    pub const PAN: u16 = 17;
    pub const MODULATION_LFO_FREQUENCY: u16 = 22;
    pub const VIBRATO_LFO_FREQUENCY: u16 = 24;
    pub const DELAY_VOLUME_ENVELOPE: u16 = 33;
    pub const ATTACK_VOLUME_ENVELOPE: u16 = 34;
    pub const DECAY_VOLUME_ENVELOPE: u16 = 36;
    pub const SUSTAIN_VOLUME_ENVELOPE: u16 = 37;
    pub const RELEASE_VOLUME_ENVELOPE: u16 = 38;
    pub const INSTRUMENT: u16 = 41;
    pub const KEY_RANGE: u16 = 43;
    pub const VELOCITY_RANGE: u16 = 44;
    pub const INITIAL_ATTENUATION: u16 = 48;
    pub const COARSE_TUNE: u16 = 51;
    pub const FINE_TUNE: u16 = 52;
    pub const SAMPLE_ID: u16 = 53;
    pub const SAMPLE_MODES: u16 = 54;
    pub const SCALE_TUNING: u16 = 56;
    pub const EXCLUSIVE_CLASS: u16 = 57;
}

/// Cents that a preset adds to the corner of all its filters. The highest that an instrument may give,
/// 19.9 kHz, is its default too: a synthesizer would filter every voice for nothing anyone hears. With
/// this, what has no corner of its own is open beyond half of 48,000 frames a second.
const OPENED: i16 = 500;

/// Cents over 8.176 Hz at which a low-frequency oscillator stands still: the lowest that there is. None
/// is used, but each would be reckoned for every voice.
const STILL: i16 = -16_000;

/// A mono recording.
pub struct Sample {
    /// At most 19 ASCII characters.
    pub name: String,
    /// Sample points a second.
    pub rate: u32,
    /// Of a loop, one turn.
    pub points: Vec<i16>,
    pub looped: bool,
}

/// What sounds for some keys and velocities, and how.
pub struct Zone {
    pub keys: RangeInclusive<u8>,
    pub velocities: RangeInclusive<u8>,
    /// Index into [`Bank::samples`].
    pub sample: usize,
    /// Sample points that are left out at the beginning; those of a loop come later.
    pub from: u16,
    /// -500 (left) ..= 500 (right).
    pub pan: i16,
    /// Decibels that the sample is played softer than recorded.
    pub attenuation: f64,
    /// Cents that the sample is played higher than recorded.
    pub cents: i16,
    /// Low-pass corner in hertz; `None` leaves the filter open.
    pub cutoff: Option<f64>,
    /// Seconds until the sound is up.
    pub attack: f64,
    /// Seconds to fall by 60 dB; `None` is as recorded.
    pub t60: Option<f64>,
    /// Seconds to fall by 60 dB once the key is let go; `None` sounds on as if it were held.
    pub release: Option<f64>,
    /// Zones of one class silence each other; 0 is no class.
    pub exclusive_class: u16,
}

/// Zones under one name.
pub struct Instrument {
    /// At most 19 ASCII characters.
    pub name: String,
    /// Whether a key plays its pitch, a sample's own one at middle C; a drum sounds alike on all keys.
    pub pitched: bool,
    pub zones: Vec<Zone>,
}

/// Which instrument sounds for which keys.
pub struct Preset {
    /// At most 19 ASCII characters.
    pub name: String,
    /// 128 is drums; 129 and on hold other recordings of the same strokes.
    pub bank: u16,
    pub program: u16,
    /// Keys, index into [`Bank::instruments`], and cents that it is tuned by.
    pub keys: Vec<(RangeInclusive<u8>, usize, i16)>,
}

/// What a file holds.
pub struct Bank {
    pub name: String,
    pub comment: String,
    pub samples: Vec<Sample>,
    pub instruments: Vec<Instrument>,
    pub presets: Vec<Preset>,
}

impl Bank {
    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = b"sfbk".to_vec();
        list(&mut body, b"INFO", &self.info());
        let mut smpl = Vec::new();
        for sample in &self.samples {
            smpl.extend(sample.stored().flat_map(i16::to_le_bytes));
            smpl.extend([0; 2 * GUARD_POINTS]);
        }
        let mut sdta = Vec::new();
        chunk(&mut sdta, b"smpl", &smpl);
        list(&mut body, b"sdta", &sdta);
        list(&mut body, b"pdta", &self.tables());
        let mut file = Vec::new();
        chunk(&mut file, b"RIFF", &body);
        file
    }

    fn info(&self) -> Vec<u8> {
        let mut info = Vec::new();
        chunk(&mut info, b"ifil", &[2, 0, 1, 0]);
        for (id, text) in [
            (b"isng", "EMU8000"),
            (b"INAM", &self.name),
            (
                b"ISFT",
                concat!(env!("CARGO_PKG_NAME"), ":", env!("CARGO_PKG_NAME")),
            ),
            (b"ICMT", &self.comment),
        ] {
            // Zero-terminated, padded with a second zero to an even length.
            let mut bytes = text.as_bytes().to_vec();
            bytes.push(0);
            bytes.resize(bytes.len().next_multiple_of(2), 0);
            chunk(&mut info, id, &bytes);
        }
        info
    }

    /// The nine tables of pdta.
    fn tables(&self) -> Vec<u8> {
        let mut preset = Generators::default();
        let mut preset_records = Vec::new();
        for entry in &self.presets {
            preset_record(&mut preset_records, entry, preset.bags);
            for (keys, instrument, cents) in &entry.keys {
                preset.bag();
                preset.range(generator::KEY_RANGE, keys);
                preset.signed(generator::INITIAL_FILTER_CUTOFF, OPENED);
                preset.tune(*cents);
                preset.value(generator::INSTRUMENT, *instrument as u16);
            }
        }
        let end = Preset {
            name: "EOP".into(),
            bank: 0,
            program: 0,
            keys: Vec::new(),
        };
        preset_record(&mut preset_records, &end, preset.bags);

        let mut instrument = Generators::default();
        let mut instrument_records = Vec::new();
        for entry in &self.instruments {
            name(&mut instrument_records, &entry.name);
            instrument_records.extend(instrument.bags.to_le_bytes());
            instrument.bag();
            for_all_zones(&mut instrument, entry.pitched);
            for zone in &entry.zones {
                zone.write(self.samples[zone.sample].looped, &mut instrument);
            }
        }
        name(&mut instrument_records, "EOI");
        instrument_records.extend(instrument.bags.to_le_bytes());

        let no_modulators = [0; 10];
        let mut tables = Vec::new();
        chunk(&mut tables, b"phdr", &preset_records);
        let (bags, records) = preset.close();
        chunk(&mut tables, b"pbag", &bags);
        chunk(&mut tables, b"pmod", &no_modulators);
        chunk(&mut tables, b"pgen", &records);
        chunk(&mut tables, b"inst", &instrument_records);
        let (bags, records) = instrument.close();
        chunk(&mut tables, b"ibag", &bags);
        chunk(&mut tables, b"imod", &no_modulators);
        chunk(&mut tables, b"igen", &records);
        chunk(&mut tables, b"shdr", &self.sample_headers());
        tables
    }

    fn sample_headers(&self) -> Vec<u8> {
        let mut headers = Vec::new();
        let mut start = 0_u32;
        for sample in &self.samples {
            let end = start + sample.stored().count() as u32;
            name(&mut headers, &sample.name);
            // Where nothing loops, the loop points only have to lie inside the sample.
            let loop_points = match sample.looped {
                true => [start, start + sample.points.len() as u32],
                false => [start + 8, end - 8],
            };
            for position in [start, end, loop_points[0], loop_points[1], sample.rate] {
                headers.extend(position.to_le_bytes());
            }
            // Middle C, no correction, no linked sample, mono.
            headers.extend([60, 0, 0, 0, 1, 0]);
            start = end + GUARD_POINTS as u32;
        }
        name(&mut headers, "EOS");
        headers.extend([0; 26]);
        headers
    }
}

impl Sample {
    /// The points as they lie in the file: a loop is followed by its first points, which players read
    /// that interpolate over several.
    fn stored(&self) -> impl Iterator<Item = i16> {
        let again = if self.looped { 8 } else { 0 };
        let points = self.points.iter().chain(self.points.iter().take(again));
        points.copied()
    }
}

/// What holds for every zone, unless it says otherwise.
fn for_all_zones(out: &mut Generators, pitched: bool) {
    out.signed(generator::MODULATION_LFO_FREQUENCY, STILL);
    out.signed(generator::VIBRATO_LFO_FREQUENCY, STILL);
    // The default delay and attack, a millisecond each, would eat the stick. -32768 is the
    // specification's word for none.
    out.signed(generator::DELAY_VOLUME_ENVELOPE, i16::MIN);
    out.signed(generator::ATTACK_VOLUME_ENVELOPE, i16::MIN);
    // 8000 timecents, 101 s, the longest there is: a note-off must not cut a drum.
    out.signed(generator::RELEASE_VOLUME_ENVELOPE, 8000);
    if !pitched {
        out.value(generator::SCALE_TUNING, 0);
    }
}

impl Zone {
    /// Appends the zone's generators: ranges first and the sample last, as the specification asks.
    fn write(&self, looped: bool, out: &mut Generators) {
        const ALL_KEYS: RangeInclusive<u8> = 0..=127;
        out.bag();
        if self.keys != ALL_KEYS {
            out.range(generator::KEY_RANGE, &self.keys);
        }
        out.range(generator::VELOCITY_RANGE, &self.velocities);
        if self.from > 0 {
            out.value(generator::START_ADDRESS_OFFSET, self.from);
        }
        if let Some(hertz) = self.cutoff {
            let corner = absolute_cents(hertz) - OPENED;
            out.signed(generator::INITIAL_FILTER_CUTOFF, corner);
        }
        if self.pan != 0 {
            out.signed(generator::PAN, self.pan);
        }
        if self.attack > 0.0 {
            out.signed(generator::ATTACK_VOLUME_ENVELOPE, timecents(self.attack));
        }
        if let Some(t60) = self.t60 {
            // The synthesizer falls by 80 dB in the time of decay. What is let go decays on.
            let decay = timecents(t60 * 80.0 / 60.0);
            out.signed(generator::DECAY_VOLUME_ENVELOPE, decay);
            out.value(generator::SUSTAIN_VOLUME_ENVELOPE, 1440);
            out.signed(generator::RELEASE_VOLUME_ENVELOPE, decay);
        }
        if let Some(release) = self.release {
            out.signed(
                generator::RELEASE_VOLUME_ENVELOPE,
                timecents(release * 80.0 / 60.0),
            );
        }
        out.value(
            generator::INITIAL_ATTENUATION,
            attenuation(self.attenuation),
        );
        out.tune(self.cents);
        if looped {
            out.value(generator::SAMPLE_MODES, 1);
        }
        if self.exclusive_class != 0 {
            out.value(generator::EXCLUSIVE_CLASS, self.exclusive_class);
        }
        out.value(generator::SAMPLE_ID, self.sample as u16);
    }
}

/// The generator's amount for an attenuation in decibels: centibels, of which players apply two fifths
/// (as the first SoundFont synthesizers did, and all fonts are made for).
fn attenuation(decibels: f64) -> u16 {
    (decibels * 10.0 / 0.4).round().clamp(0.0, 1440.0) as u16
}

/// Timecents (1 s is 0, an octave 1200) of a time in seconds.
fn timecents(seconds: f64) -> i16 {
    (1200.0 * ln(seconds) / std::f64::consts::LN_2)
        .round()
        .clamp(-12_000.0, 8000.0) as i16
}

/// Absolute cents (8.176 Hz is 0) of a frequency, within the filter generator's 1500..=13500, the
/// opening of the preset included.
fn absolute_cents(hertz: f64) -> i16 {
    (1200.0 * ln(hertz / 8.175_798_915_643_707) / std::f64::consts::LN_2)
        .round()
        .clamp(f64::from(1500 + OPENED), 13_500.0) as i16
}

/// A bag table and the generator table it points into, both under construction.
#[derive(Default)]
struct Generators {
    bags: u16,
    bag_records: Vec<u8>,
    records: Vec<u8>,
}

impl Generators {
    /// Opens the next zone.
    fn bag(&mut self) {
        self.bag_records
            .extend(((self.records.len() / 4) as u16).to_le_bytes());
        self.bag_records.extend([0, 0]);
        self.bags += 1;
    }

    fn value(&mut self, generator: u16, amount: u16) {
        self.records.extend(generator.to_le_bytes());
        self.records.extend(amount.to_le_bytes());
    }

    fn signed(&mut self, generator: u16, amount: i16) {
        self.value(generator, amount.cast_unsigned());
    }

    fn tune(&mut self, cents: i16) {
        let (coarse, fine) = (cents.div_euclid(100), cents.rem_euclid(100));
        if coarse != 0 {
            self.signed(generator::COARSE_TUNE, coarse);
        }
        if fine != 0 {
            self.signed(generator::FINE_TUNE, fine);
        }
    }

    fn range(&mut self, generator: u16, range: &RangeInclusive<u8>) {
        self.value(
            generator,
            u16::from_le_bytes([*range.start(), *range.end()]),
        );
    }

    /// The two tables with their terminal records.
    fn close(mut self) -> (Vec<u8>, Vec<u8>) {
        self.bag();
        self.value(0, 0);
        (self.bag_records, self.records)
    }
}

fn preset_record(out: &mut Vec<u8>, preset: &Preset, first_bag: u16) {
    name(out, &preset.name);
    for word in [preset.program, preset.bank, first_bag] {
        out.extend(word.to_le_bytes());
    }
    // Library, genre and morphology: reserved.
    out.extend([0; 12]);
}

/// A 20-byte name field, zero-padded, always with a closing zero.
fn name(out: &mut Vec<u8>, text: &str) {
    let mut field = [0; 20];
    for (slot, byte) in field[..19].iter_mut().zip(text.bytes()) {
        *slot = byte;
    }
    out.extend(field);
}

fn chunk(out: &mut Vec<u8>, id: &[u8; 4], content: &[u8]) {
    out.extend(id);
    out.extend((content.len() as u32).to_le_bytes());
    out.extend(content);
    if content.len() % 2 == 1 {
        out.push(0);
    }
}

fn list(out: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    let mut body = kind.to_vec();
    body.extend(content);
    chunk(out, b"LIST", &body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutoffs_become_absolute_cents() {
        assert_eq!(absolute_cents(10.0), 1500 + OPENED);
        assert_eq!(absolute_cents(440.0), 6900);
        assert_eq!(absolute_cents(1e6), 13_500);
    }

    #[test]
    fn a_small_bank_has_the_sizes_the_specification_gives() {
        let zone = Zone {
            keys: 0..=127,
            velocities: 1..=127,
            sample: 0,
            from: 0,
            pan: 0,
            attenuation: 2.0,
            cents: 7,
            cutoff: None,
            attack: 0.0,
            t60: Some(0.75),
            release: None,
            exclusive_class: 0,
        };
        let bank = Bank {
            name: "Test".into(),
            comment: "odd".into(),
            samples: vec![Sample {
                name: "s".into(),
                rate: 44_100,
                points: vec![1; 100],
                looped: true,
            }],
            instruments: vec![Instrument {
                name: "i".into(),
                pitched: false,
                zones: vec![zone],
            }],
            presets: vec![Preset {
                name: "p".into(),
                bank: 128,
                program: 0,
                keys: vec![(36..=36, 0, -150)],
            }],
        };
        let bytes = bank.to_bytes();
        let size = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
        assert_eq!(size + 8, bytes.len());
        let table = |id: &[u8; 4]| {
            let at = bytes.windows(4).position(|window| window == id).unwrap();
            u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap())
        };
        assert_eq!(table(b"smpl"), 2 * (100 + 8 + 46));
        assert_eq!(table(b"phdr"), 2 * 38);
        assert_eq!(table(b"pbag"), 2 * 4);
        assert_eq!(table(b"pmod"), 10);
        assert_eq!(table(b"pgen"), 6 * 4);
        assert_eq!(table(b"inst"), 2 * 22);
        assert_eq!(table(b"ibag"), 3 * 4);
        assert_eq!(table(b"shdr"), 2 * 46);
        // -150 cents is 2 semitones down and 50 cents up again.
        assert!(bytes.windows(4).any(|record| record == [51, 0, 0xfe, 0xff]));
        assert!(bytes.windows(4).any(|record| record == [52, 0, 50, 0]));
        // 2 dB are 50 centibels of which two fifths count; a second is 0 timecents.
        assert!(bytes.windows(4).any(|record| record == [48, 0, 50, 0]));
        assert!(bytes.windows(4).any(|record| record == [36, 0, 0, 0]));
    }
}
