//! Writes SoundFont 2.01 files: one-shot mono samples, instruments of zones, one preset.
//!
//! The layout follows the *SoundFont Technical Specification* 2.04 (E-mu, 2006): RIFF `sfbk` of
//! three lists, INFO, sdta and pdta, with the nine pdta tables in their fixed order, each closed
//! by a terminal record. Numbers are little endian.

use std::ops::RangeInclusive;

/// Zero sample points that the specification (7.10) wants behind every sample.
const GUARD_POINTS: usize = 46;

/// Generator numbers of the specification's section 8.1.2.
mod generator {
    pub const INITIAL_FILTER_CUTOFF: u16 = 8;
    pub const PAN: u16 = 17;
    pub const DELAY_VOLUME_ENVELOPE: u16 = 33;
    pub const ATTACK_VOLUME_ENVELOPE: u16 = 34;
    pub const RELEASE_VOLUME_ENVELOPE: u16 = 38;
    pub const INSTRUMENT: u16 = 41;
    pub const KEY_RANGE: u16 = 43;
    pub const VELOCITY_RANGE: u16 = 44;
    pub const COARSE_TUNE: u16 = 51;
    pub const FINE_TUNE: u16 = 52;
    pub const SAMPLE_ID: u16 = 53;
    pub const SAMPLE_MODES: u16 = 54;
    pub const SCALE_TUNING: u16 = 56;
    pub const EXCLUSIVE_CLASS: u16 = 57;
    pub const OVERRIDING_ROOT_KEY: u16 = 58;
}

/// A mono recording.
pub struct Sample {
    /// At most 19 ASCII characters.
    pub name: String,
    /// Sample points a second.
    pub rate: u32,
    pub points: Vec<i16>,
}

/// Which sample sounds for which keys and velocities, and how.
pub struct Zone {
    pub keys: RangeInclusive<u8>,
    pub velocities: RangeInclusive<u8>,
    /// Index into [`Bank::samples`].
    pub sample: usize,
    /// -500 (left) ..= 500 (right).
    pub pan: i16,
    /// Cents that the sample is played higher than recorded.
    pub tune: i16,
    /// Low-pass corner in hertz; `None` leaves the filter open.
    pub cutoff: Option<f64>,
    /// Zones of one class silence each other; 0 is no class.
    pub exclusive_class: u16,
}

/// Zones under one name.
pub struct Instrument {
    /// At most 19 ASCII characters.
    pub name: String,
    pub zones: Vec<Zone>,
}

/// What a file holds: samples, instruments, and one percussion preset (bank 128, program 0) that
/// plays all of them.
pub struct Bank {
    pub name: String,
    pub comment: String,
    pub samples: Vec<Sample>,
    pub instruments: Vec<Instrument>,
}

impl Bank {
    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = b"sfbk".to_vec();
        list(&mut body, b"INFO", &self.info());
        let mut smpl = Vec::new();
        for sample in &self.samples {
            smpl.extend(sample.points.iter().flat_map(|point| point.to_le_bytes()));
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
        let mut instrument_records = Vec::new();
        let mut instrument = Generators::default();
        for (index, entry) in self.instruments.iter().enumerate() {
            preset.bag();
            preset.range(generator::KEY_RANGE, &entry.keys());
            preset.value(generator::INSTRUMENT, index as u16);

            name(&mut instrument_records, &entry.name);
            instrument_records.extend(instrument.bags.to_le_bytes());
            for zone in &entry.zones {
                zone.write(&mut instrument);
            }
        }
        let mut preset_records = Vec::new();
        preset_record(&mut preset_records, &self.name, 128, 0);
        preset_record(&mut preset_records, "EOP", 0, preset.bags);
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
            let end = start + sample.points.len() as u32;
            name(&mut headers, &sample.name);
            // No zone loops; the loop points only have to lie inside the sample.
            for position in [start, end, start + 8, end - 8, sample.rate] {
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

impl Instrument {
    /// The smallest range that covers every zone's keys.
    fn keys(&self) -> RangeInclusive<u8> {
        let lowest = self
            .zones
            .iter()
            .map(|zone| *zone.keys.start())
            .min()
            .unwrap_or(0);
        let highest = self
            .zones
            .iter()
            .map(|zone| *zone.keys.end())
            .max()
            .unwrap_or(127);
        lowest..=highest
    }
}

impl Zone {
    /// Appends the zone's generators: ranges first and the sample last, as the specification asks.
    fn write(&self, out: &mut Generators) {
        out.bag();
        out.range(generator::KEY_RANGE, &self.keys);
        out.range(generator::VELOCITY_RANGE, &self.velocities);
        if let Some(hertz) = self.cutoff {
            out.signed(generator::INITIAL_FILTER_CUTOFF, absolute_cents(hertz));
        }
        out.signed(generator::PAN, self.pan);
        // The default delay and attack, a millisecond each, would eat the stick. -32768 is the
        // specification's word for none.
        out.signed(generator::DELAY_VOLUME_ENVELOPE, i16::MIN);
        out.signed(generator::ATTACK_VOLUME_ENVELOPE, i16::MIN);
        // 8000 timecents, 101 s, the longest there is: a note-off must not cut a drum.
        out.signed(generator::RELEASE_VOLUME_ENVELOPE, 8000);
        let coarse = self.tune.div_euclid(100);
        let fine = self.tune.rem_euclid(100);
        if coarse != 0 {
            out.signed(generator::COARSE_TUNE, coarse);
        }
        if fine != 0 {
            out.signed(generator::FINE_TUNE, fine);
        }
        out.value(generator::SAMPLE_MODES, 0);
        // Every key of a zone plays the sample at its own pitch.
        out.value(generator::SCALE_TUNING, 0);
        if self.exclusive_class != 0 {
            out.value(generator::EXCLUSIVE_CLASS, self.exclusive_class);
        }
        out.value(
            generator::OVERRIDING_ROOT_KEY,
            u16::from(*self.keys.start()),
        );
        out.value(generator::SAMPLE_ID, self.sample as u16);
    }
}

/// Absolute cents (8.176 Hz is 0) of a frequency, within the filter generator's 1500..=13500.
fn absolute_cents(hertz: f64) -> i16 {
    // Counted by whole cents instead of by a logarithm, which platforms may round differently.
    const CENT: f64 = 1.000_577_789_506_554_9;
    const HALF_CENT: f64 = 1.000_288_853_035_239_4;
    let mut cents = 1500;
    let mut frequency = 8.175_798_915_643_707 * 2.378_414_230_005_442;
    while frequency * HALF_CENT < hertz && cents < 13_500 {
        frequency *= CENT;
        cents += 1;
    }
    cents
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

fn preset_record(out: &mut Vec<u8>, label: &str, bank: u16, first_bag: u16) {
    name(out, label);
    for word in [0, bank, first_bag] {
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
        assert_eq!(absolute_cents(10.0), 1500);
        assert_eq!(absolute_cents(440.0), 6900);
        assert_eq!(absolute_cents(1e6), 13_500);
    }

    #[test]
    fn a_small_bank_has_the_sizes_the_specification_gives() {
        let zone = Zone {
            keys: 36..=36,
            velocities: 1..=127,
            sample: 0,
            pan: 0,
            tune: -150,
            cutoff: None,
            exclusive_class: 0,
        };
        let bank = Bank {
            name: "Test".into(),
            comment: "odd".into(),
            samples: vec![Sample {
                name: "s".into(),
                rate: 44_100,
                points: vec![1; 100],
            }],
            instruments: vec![Instrument {
                name: "i".into(),
                zones: vec![zone],
            }],
        };
        let bytes = bank.to_bytes();
        let size = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
        assert_eq!(size + 8, bytes.len());
        let table = |id: &[u8; 4]| {
            let at = bytes.windows(4).position(|window| window == id).unwrap();
            u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap())
        };
        assert_eq!(table(b"smpl"), 2 * (100 + 46));
        assert_eq!(table(b"phdr"), 2 * 38);
        assert_eq!(table(b"pbag"), 2 * 4);
        assert_eq!(table(b"pmod"), 10);
        assert_eq!(table(b"pgen"), 3 * 4);
        assert_eq!(table(b"inst"), 2 * 22);
        assert_eq!(table(b"ibag"), 2 * 4);
        assert_eq!(table(b"shdr"), 2 * 46);
        // -150 cents is 2 semitones down and 50 cents up again.
        assert!(bytes.windows(4).any(|record| record == [51, 0, 0xfe, 0xff]));
        assert!(bytes.windows(4).any(|record| record == [52, 0, 50, 0]));
    }
}
