//! The tables of a SoundFont: presets, instruments and samples, without what can't sound.
//!
//! A file with one empty instrument, or one sample of no length, is a good file, of which other players
//! play the rest. The synthesizer's reader refuses it. So the tables are read here as the
//! specification (2.04, section 7) lays them out, and written again: zones of nothing left out, samples
//! brought into the sample data.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use super::riff::put;

/// Generators by their number in section 8.1.2.
mod generator {
    /// Those that move a sample's start, end and loop: fine, and in steps of 32768 points.
    pub const ADDRESSES: [u16; 8] = [0, 1, 2, 3, 4, 12, 45, 50];
    pub const INSTRUMENT: u16 = 41;
    pub const SAMPLE_ID: u16 = 53;
    pub const EXCLUSIVE_CLASS: u16 = 57;
}

/// Lengths of the records.
const PRESET: usize = 38;
const INSTRUMENT: usize = 22;
const SAMPLE: usize = 46;
const BAG: usize = 4;
const GENERATOR: usize = 4;

/// The tables as they lie in a file, by their names.
#[derive(Default)]
pub struct Tables(HashMap<[u8; 4], Vec<u8>>);

/// A number and what it is set to.
type Generator = [u8; GENERATOR];

/// What holds for some keys.
type Zone = Vec<Generator>;

fn number(generator: &Generator) -> u16 {
    u16::from_le_bytes([generator[0], generator[1]])
}

fn amount(generator: &Generator) -> u16 {
    u16::from_le_bytes([generator[2], generator[3]])
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    u16::from_le_bytes([bytes[at], bytes[at + 1]]).into()
}

impl Tables {
    /// Adds a table; the first of a name counts.
    pub fn add(&mut self, id: &[u8; 4], bytes: &[u8]) {
        self.0.entry(*id).or_insert_with(|| bytes.to_vec());
    }

    /// The records of a table, but for the one that ends it.
    fn records<const N: usize>(&self, id: &[u8; 4]) -> &[[u8; N]] {
        let bytes = self.0.get(id).map_or(&[][..], Vec::as_slice);
        let records = bytes.as_chunks().0;
        &records[..records.len().saturating_sub(1)]
    }

    /// All records of a table, with the one that ends it.
    fn with_end<const N: usize>(&self, id: &[u8; 4]) -> &[[u8; N]] {
        self.0.get(id).map_or(&[], |bytes| bytes.as_chunks().0)
    }

    /// The headers of the samples, with the one that ends them.
    pub fn headers(&mut self) -> &mut Vec<u8> {
        self.0.entry(*b"shdr").or_default()
    }

    /// Samples that the presets of some banks use.
    pub fn used_in(&self, banks: impl Fn(u16) -> bool) -> BTreeSet<usize> {
        let named = |last: u16, zones: &[Zone]| -> Vec<usize> {
            let ends = zones.iter().flatten().filter(|it| number(it) == last);
            ends.map(|it| usize::from(amount(it))).collect()
        };
        let presets = self.records::<PRESET>(b"phdr").iter();
        let preset_zones = self.zones::<PRESET>(b"phdr", 24, b"pbag", b"pgen");
        let instrument_zones = self.zones::<INSTRUMENT>(b"inst", 20, b"ibag", b"igen");
        let chosen = presets
            .zip(&preset_zones)
            .filter(|(record, _)| banks(u16_at(*record, 22) as u16));
        let instruments: BTreeSet<usize> = chosen
            .flat_map(|(_, zones)| named(generator::INSTRUMENT, zones))
            .collect();
        instruments
            .into_iter()
            .filter_map(|at| instrument_zones.get(at))
            .flat_map(|zones| named(generator::SAMPLE_ID, zones))
            .collect()
    }

    /// The bytes of the list, for sample data of so many points, behind which there is silence.
    pub fn to_bytes(&self, points: u32) -> Vec<u8> {
        let samples: Vec<Sample> = self
            .records::<SAMPLE>(b"shdr")
            .iter()
            .map(|record| Sample::of(record, points))
            .collect();
        let instruments = self.records::<INSTRUMENT>(b"inst");
        let instrument_zones = self.zones::<INSTRUMENT>(b"inst", 20, b"ibag", b"igen");
        let instrument_zones = instrument_zones.into_iter().map(|zones| {
            let zones = ending_in(generator::SAMPLE_ID, samples.len(), zones);
            let zones = zones.into_iter().map(without_class).collect();
            within(zones, &samples, points)
        });
        let presets = self.records::<PRESET>(b"phdr");
        let preset_zones = self.zones::<PRESET>(b"phdr", 24, b"pbag", b"pgen");
        let preset_zones = preset_zones
            .into_iter()
            .map(|zones| ending_in(generator::INSTRUMENT, instruments.len(), zones));
        let mut out = b"pdta".to_vec();
        write(
            &mut out,
            [b"phdr", b"pbag", b"pgen"],
            presets,
            24,
            preset_zones,
        );
        write(
            &mut out,
            [b"inst", b"ibag", b"igen"],
            instruments,
            20,
            instrument_zones,
        );
        let end = std::iter::once([0; SAMPLE]);
        let headers: Vec<u8> = samples
            .iter()
            .map(Sample::record)
            .chain(end)
            .flatten()
            .collect();
        put(&mut out, b"shdr", &headers, headers.len());
        out
    }

    /// The zones of each record of `owner`, whose place of the first zone stands at `at`.
    fn zones<const N: usize>(
        &self,
        owner: &[u8; 4],
        at: usize,
        bags: &[u8; 4],
        generators: &[u8; 4],
    ) -> Vec<Vec<Zone>> {
        let bags = self.with_end::<BAG>(bags).iter();
        let bags = stretches(bags.map(|bag| u16_at(bag, 0)).collect());
        let generators = self.with_end::<GENERATOR>(generators);
        let zone = |bag: &Range<usize>| generators.get(bag.clone()).unwrap_or_default().to_vec();
        let owners = self.with_end::<N>(owner).iter();
        stretches(owners.map(|it| u16_at(it, at)).collect())
            .into_iter()
            .map(|owned| {
                bags.get(owned)
                    .unwrap_or_default()
                    .iter()
                    .map(zone)
                    .collect()
            })
            .collect()
    }
}

/// From each place to the next one. Places go up; where they don't, there is nothing between them.
fn stretches(places: Vec<usize>) -> Vec<Range<usize>> {
    let mut highest = 0;
    let stretch = |pair: &[usize]| {
        let goes_up = highest <= pair[0] && pair[0] <= pair[1];
        highest = highest.max(pair[1]);
        if goes_up { pair[0]..pair[1] } else { 0..0 }
    };
    places.windows(2).map(stretch).collect()
}

/// Zones that end in a generator with a number below `count`, the only ones that sound. The first may
/// have none and hold for all; a record without zones gets such a one.
fn ending_in(last: u16, count: usize, zones: Vec<Zone>) -> Vec<Zone> {
    let mut kept: Vec<Zone> = Vec::new();
    for (place, mut zone) in zones.into_iter().enumerate() {
        let named = zone.iter().position(|it| number(it) == last);
        match named {
            Some(at) if usize::from(amount(&zone[at])) < count => {
                // What comes behind it is to be ignored.
                zone.truncate(at + 1);
                kept.push(zone);
            }
            None if place == 0 => kept.push(zone),
            _ => {}
        }
    }
    if kept.is_empty() {
        kept.push(Zone::new());
    }
    kept
}

/// The zone without its exclusive class. The synthesizer has one voice of a class sound, and so one side
/// of a stereo hat; the hats of a kit are choked by the mixer.
fn without_class(mut zone: Zone) -> Zone {
    zone.retain(|it| number(it) != generator::EXCLUSIVE_CLASS);
    zone
}

/// The zones without what would move their sample out of the sample data.
fn within(mut zones: Vec<Zone>, samples: &[Sample], points: u32) -> Vec<Zone> {
    let moves = |it: &Generator| generator::ADDRESSES.contains(&number(it));
    let is_global = |zone: &Zone| {
        zone.last()
            .is_none_or(|it| number(it) != generator::SAMPLE_ID)
    };
    let (global, rest) = match zones.split_first_mut() {
        Some((first, rest)) if is_global(first) => (Some(first), rest),
        _ => (None, &mut zones[..]),
    };
    let of_all: Zone = global
        .iter()
        .flat_map(|zone| zone.iter().copied())
        .collect();
    let is_out = |zone: &Zone| {
        let sample = zone
            .last()
            .and_then(|it| samples.get(usize::from(amount(it))));
        let all = of_all.iter().chain(zone);
        sample.is_some_and(|sample| !sample.moved(all).is_within(points))
    };
    let mut any_is_out = false;
    for zone in rest {
        if is_out(zone) {
            any_is_out = true;
            zone.retain(|it| !moves(it));
        }
    }
    if let Some(global) = global.filter(|_| any_is_out) {
        global.retain(|it| !moves(it));
    }
    zones
}

/// Writes records with their zones.
fn write<const N: usize>(
    out: &mut Vec<u8>,
    [owner, bags, generators]: [&[u8; 4]; 3],
    records: &[[u8; N]],
    at: usize,
    zones: impl Iterator<Item = Vec<Zone>>,
) {
    let (mut owned, mut bagged, mut generated) = (Vec::new(), Vec::new(), Vec::<u8>::new());
    let place = |bytes: &[u8], size: usize| ((bytes.len() / size) as u16).to_le_bytes();
    for (record, zones) in records.iter().zip(zones) {
        let mut record = *record;
        record[at..at + 2].copy_from_slice(&place(&bagged, BAG));
        owned.extend(record);
        for zone in zones {
            let first = place(&generated, GENERATOR);
            bagged.extend([first[0], first[1], 0, 0]);
            generated.extend(zone.into_iter().flatten());
        }
    }
    let mut end = [0; N];
    end[at..at + 2].copy_from_slice(&place(&bagged, BAG));
    owned.extend(end);
    let last = place(&generated, GENERATOR);
    bagged.extend([last[0], last[1], 0, 0]);
    generated.extend([0; GENERATOR]);
    for (id, bytes) in [(owner, owned), (bags, bagged), (generators, generated)] {
        put(out, id, &bytes, bytes.len());
    }
}

/// A sample's header.
#[derive(Clone, Copy)]
struct Sample {
    record: [u8; SAMPLE],
    /// Start, end, and those of the loop, in points of the sample data.
    places: [i64; 4],
}

impl Sample {
    /// The sample, brought within `points` points. One of no length is a moment of the silence behind
    /// them.
    fn of(record: &[u8; SAMPLE], points: u32) -> Sample {
        /// Points of a loop. The synthesizer leaves one that is shorter than a step of what it plays,
        /// and reads on into nothing; 32 are five octaves above the recording.
        const SHORTEST_LOOP: u32 = 32;
        /// Points a second, where a header says something that can't be.
        const USUAL_RATE: u32 = 44_100;
        let field = |at: usize| {
            u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
        };
        let [start, end, loop_start, loop_end] = [20, 24, 28, 32].map(field);
        let end = end.min(points);
        let mut places = match start < end {
            true => [
                start,
                end,
                loop_start.clamp(start, end),
                loop_end.clamp(start, end),
            ],
            false => [points, points + 1, points, points],
        };
        if places[3] < places[2].saturating_add(SHORTEST_LOOP) {
            // Played once.
            places[3] = places[2];
        }
        let rate = match field(36) {
            rate @ 400..=192_000 => rate,
            _ => USUAL_RATE,
        };
        let mut record = *record;
        record[36..40].copy_from_slice(&rate.to_le_bytes());
        Sample {
            record,
            places: places.map(i64::from),
        }
    }

    fn record(&self) -> [u8; SAMPLE] {
        let mut record = self.record;
        for (field, place) in [20, 24, 28, 32].into_iter().zip(self.places) {
            record[field..field + 4].copy_from_slice(&(place as u32).to_le_bytes());
        }
        record
    }

    /// The sample as generators move it.
    fn moved<'g>(mut self, generators: impl Iterator<Item = &'g Generator>) -> Sample {
        // A later one of a kind takes the place of an earlier one.
        let mut offsets: HashMap<u16, i64> = HashMap::new();
        for it in generators {
            offsets.insert(number(it), i64::from(amount(it) as i16));
        }
        for (place, fine, coarse) in [(0, 0, 4), (1, 1, 12), (2, 2, 45), (3, 3, 50)] {
            let offset = |kind: u16| offsets.get(&kind).copied().unwrap_or_default();
            self.places[place] += offset(fine) + 32_768 * offset(coarse);
        }
        self
    }

    fn is_within(&self, points: u32) -> bool {
        let [start, end, loop_start, loop_end] = self.places;
        let points = i64::from(points) + 1;
        start >= 0 && start < end && end <= points && loop_start >= 0 && loop_end <= points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTS: u32 = 1000;

    fn named(text: &str) -> Vec<u8> {
        let mut name = text.as_bytes().to_vec();
        name.resize(20, 0);
        name
    }

    fn words(values: &[u16]) -> Vec<u8> {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        bytes.collect()
    }

    fn sample([start, end, loop_start, loop_end]: [u32; 4]) -> Vec<u8> {
        let mut header = named("sample");
        for place in [start, end, loop_start, loop_end, 22_050] {
            header.extend(place.to_le_bytes());
        }
        header.extend([60, 0, 0, 0, 1, 0]);
        header
    }

    /// Zones as lists of generators with their amounts.
    type Zones<'z> = &'z [&'z [[u16; 2]]];

    /// Tables of one preset with these instruments, each with its zones, and samples.
    fn tables(instruments: &[Zones], samples: &[[u32; 4]]) -> Tables {
        let (mut owners, mut bags, mut generators) = (Vec::new(), Vec::new(), Vec::new());
        let mut zones = 0;
        for instrument in instruments {
            owners.extend([named("instrument"), words(&[zones])].concat());
            for zone in *instrument {
                bags.extend(words(&[(generators.len() / 4) as u16, 0]));
                zones += 1;
                generators.extend(words(&zone.concat()));
            }
        }
        owners.extend([named(""), words(&[zones])].concat());
        bags.extend(words(&[(generators.len() / 4) as u16, 0]));
        generators.extend([0; 4]);
        let headers = samples.iter().flat_map(|places| sample(*places));
        let headers: Vec<u8> = headers.chain([0; SAMPLE]).collect();
        let preset = [named("kit"), words(&[0, 128, 0, 0, 0, 0, 0, 0, 0])].concat();
        let last = [named(""), words(&[0, 0, 1, 0, 0, 0, 0, 0, 0])].concat();
        let mut tables = Tables::default();
        for (id, bytes) in [
            (b"phdr", [preset, last].concat()),
            (b"pbag", words(&[0, 0, 1, 0])),
            (b"pgen", words(&[generator::INSTRUMENT, 0, 0, 0])),
            (b"inst", owners),
            (b"ibag", bags),
            (b"igen", generators),
            (b"shdr", headers),
        ] {
            tables.add(id, &bytes);
        }
        tables
    }

    fn written(instruments: &[Zones], samples: &[[u32; 4]]) -> Vec<u8> {
        tables(instruments, samples).to_bytes(POINTS)
    }

    const WHOLE: [u32; 4] = [0, 1000, 100, 900];
    const PLAYS: [u16; 2] = [generator::SAMPLE_ID, 0];

    #[test]
    fn a_plain_font_stays_as_it_is() {
        let instruments: [Zones; 2] = [&[&[[8, 5]], &[[17, 3], PLAYS]], &[&[PLAYS]]];
        let plain = tables(&instruments, &[WHOLE]);
        let mut expected = b"pdta".to_vec();
        for id in [
            b"phdr", b"pbag", b"pgen", b"inst", b"ibag", b"igen", b"shdr",
        ] {
            put(&mut expected, id, &plain.0[id], plain.0[id].len());
        }
        assert_eq!(plain.to_bytes(POINTS), expected);
    }

    #[test]
    fn zones_that_cannot_sound_are_left_out() {
        let plain = written(&[&[&[PLAYS]]], &[WHOLE]);
        let nowhere = [generator::SAMPLE_ID, 7];
        let far = [[4, 30], PLAYS];
        assert_eq!(written(&[&[&[PLAYS], &[nowhere]]], &[WHOLE]), plain);
        assert_eq!(written(&[&[&[PLAYS], &[[8, 5]]]], &[WHOLE]), plain);
        assert_eq!(written(&[&[&[PLAYS, [8, 5]]]], &[WHOLE]), plain);
        assert_eq!(written(&[&[&far]], &[WHOLE]), plain);
        let choking = [[generator::EXCLUSIVE_CLASS, 1], PLAYS];
        assert_eq!(written(&[&[&choking]], &[WHOLE]), plain);
        let empty: Zones = &[];
        let global: Zones = &[&[]];
        assert_eq!(
            written(&[&[&[PLAYS]], empty], &[WHOLE]),
            written(&[&[&[PLAYS]], global], &[WHOLE])
        );
    }

    #[test]
    fn samples_lie_within_the_sample_data() {
        let places = |given: [u32; 4]| {
            let sample = Sample::of(sample(given).as_slice().try_into().unwrap(), POINTS);
            sample.places
        };
        assert_eq!(places(WHOLE), [0, 1000, 100, 900]);
        assert_eq!(places([0, 9000, 100, 8000]), [0, 1000, 100, 1000]);
        // Of no length: a moment of the silence behind.
        assert_eq!(places([500, 500, 0, 0]), [1000, 1001, 1000, 1000]);
        assert_eq!(places([2000, 3000, 0, 0]), [1000, 1001, 1000, 1000]);
        // A loop too short to be played.
        assert_eq!(places([0, 1000, 600, 602]), [0, 1000, 600, 600]);
    }

    #[test]
    fn places_that_go_down_hold_nothing() {
        assert_eq!(stretches(vec![0, 3, 1, 2, 5]), [0..3, 0..0, 0..0, 0..0]);
        assert_eq!(stretches(vec![0, 2, 5]), [0..2, 2..5]);
    }
}
