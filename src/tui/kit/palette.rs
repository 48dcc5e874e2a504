//! The colours of a theme, by what they are for.

use ratatui::style::Color;

/// What each thing on the screen is coloured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Under everything; [`Color::Reset`] leaves it to the terminal.
    pub background: Color,
    pub text: Color,
    /// Labels, rulers, what only accompanies.
    pub faint: Color,
    /// What has the keys, and the keys.
    pub accent: Color,
    pub good: Color,
    pub trouble: Color,
    pub early: Color,
    pub late: Color,
    /// The curve of training, and that of validation.
    pub train: Color,
    pub validation: Color,
    /// Under the column that plays.
    pub playhead: Color,
    /// Kick, snare, hats, toms, cymbals.
    pub families: [Color; 5],
    /// The same, hit softly.
    pub soft: [Color; 5],
}

impl Palette {
    pub const DARK: Palette = Palette::of(
        [0x14161c, 0xe4e6eb, 0x8d93a3, 0xe7aa20, 0x363b4a],
        [0xf3657e, 0xe7aa20, 0x6ae9ce, 0x74f23c, 0xab7cf8],
    );
    pub const LIGHT: Palette = Palette::of(
        [0xffffff, 0x1b1e25, 0x5f6673, 0x0b57d0, 0xd7deea],
        [0xc01354, 0x9d690d, 0x197e83, 0x0f8806, 0x9313c5],
    );
    /// For who can't tell red from green (protanopia, deuteranopia), on dark and on light.
    pub const RED_GREEN: [Palette; 2] = [
        Palette::of(
            [0x14161c, 0xe4e6eb, 0x8d93a3, 0xe9e81e, 0x363b4a],
            [0xa29226, 0xe9e81e, 0xa1d1f8, 0x7c7ded, 0xefc6aa],
        ),
        Palette::of(
            [0xffffff, 0x1b1e25, 0x5f6673, 0x153bf2, 0xd7deea],
            [0x5a2f2a, 0xc2530d, 0x2a7b8e, 0x153bf2, 0x510a82],
        ),
    ];
    /// For who can't tell blue from yellow or green (tritanopia), on dark and on light.
    pub const BLUE_YELLOW: [Palette; 2] = [
        Palette::of(
            [0x14161c, 0xe4e6eb, 0x8d93a3, 0xc0efe1, 0x363b4a],
            [0xf64c40, 0xe44bde, 0xc0efe1, 0x199d2a, 0xa78d4a],
        ),
        Palette::of(
            [0xffffff, 0x1b1e25, 0x5f6673, 0x274361, 0xd7deea],
            [0x72122f, 0xd02645, 0x274361, 0x0c8733, 0xae46a2],
        ),
    ];
    /// The terminal's own colours, where its background is known to be dark.
    pub const TERMINAL_ON_DARK: Palette = Palette {
        background: Color::Reset,
        text: Color::Reset,
        faint: Color::DarkGray,
        accent: Color::LightYellow,
        good: Color::LightGreen,
        trouble: Color::LightRed,
        early: Color::LightCyan,
        late: Color::LightMagenta,
        train: Color::LightBlue,
        validation: Color::LightYellow,
        playhead: Color::DarkGray,
        families: [
            Color::LightRed,
            Color::LightYellow,
            Color::LightCyan,
            Color::LightGreen,
            Color::LightMagenta,
        ],
        soft: [
            Color::Red,
            Color::Yellow,
            Color::Cyan,
            Color::Green,
            Color::Magenta,
        ],
    };
    /// Those of them that are seen on dark and on light: none is bright, and none yellow.
    pub const TERMINAL: Palette = Palette {
        accent: Color::Magenta,
        good: Color::Green,
        trouble: Color::Red,
        early: Color::Cyan,
        late: Color::Magenta,
        train: Color::Cyan,
        validation: Color::Magenta,
        playhead: Color::Reset,
        families: Palette::SEEN_ANYWHERE,
        soft: Palette::SEEN_ANYWHERE,
        ..Palette::TERMINAL_ON_DARK
    };
    const SEEN_ANYWHERE: [Color; 5] = [
        Color::Red,
        Color::Reset,
        Color::Cyan,
        Color::Green,
        Color::Magenta,
    ];

    /// Of background, text, faint, accent and playhead, and of the five families.
    const fn of(ground: [u32; 5], families: [u32; 5]) -> Palette {
        let [background, text, faint, accent, playhead] = ground;
        let [kick, snare, hats, toms, cymbals] = families;
        let mut loud = [Color::Reset; 5];
        let mut soft = [Color::Reset; 5];
        let mut family = 0;
        while family < 5 {
            loud[family] = rgb(families[family]);
            soft[family] = softened(rgb(families[family]), rgb(background));
            family += 1;
        }
        Palette {
            background: rgb(background),
            text: rgb(text),
            faint: rgb(faint),
            accent: rgb(accent),
            good: rgb(toms),
            trouble: rgb(kick),
            early: rgb(hats),
            late: rgb(cymbals),
            train: rgb(hats),
            validation: rgb(snare),
            playhead: rgb(playhead),
            families: loud,
            soft,
        }
    }

    /// Each colour under the name that a configuration gives it.
    pub fn named(&mut self) -> [(&'static str, &mut Color); 16] {
        let [kick, snare, hats, toms, cymbals] = &mut self.families;
        [
            ("background", &mut self.background),
            ("text", &mut self.text),
            ("faint", &mut self.faint),
            ("accent", &mut self.accent),
            ("good", &mut self.good),
            ("trouble", &mut self.trouble),
            ("early", &mut self.early),
            ("late", &mut self.late),
            ("train", &mut self.train),
            ("validation", &mut self.validation),
            ("playhead", &mut self.playhead),
            ("kick", kick),
            ("snare", snare),
            ("hats", hats),
            ("toms", toms),
            ("cymbals", cymbals),
        ]
    }

    /// Gives a colour to what has this name; false where nothing has it.
    pub fn set(&mut self, name: &str, color: Color) -> bool {
        let Some((_, slot)) = self.named().into_iter().find(|(known, _)| *known == name) else {
            return false;
        };
        *slot = color;
        for (soft, color) in self.soft.iter_mut().zip(self.families) {
            *soft = softened(color, self.background);
        }
        true
    }

    /// The same in the fixed part of the 256 colours, for terminals that have no more.
    pub fn in_256(mut self) -> Palette {
        for (_, color) in self.named() {
            *color = nearest_of_256(*color);
        }
        self.soft = self.soft.map(nearest_of_256);
        self
    }
}

const fn rgb(color: u32) -> Color {
    let [_, red, green, blue] = color.to_be_bytes();
    Color::Rgb(red, green, blue)
}

/// A colour with some of the background in it, where both are known: a third of a dark one, half as much of
/// a light one, on which colours fade sooner.
const fn softened(color: Color, background: Color) -> Color {
    const fn mixed(color: u8, ground: u8, percent: u32) -> u8 {
        ((color as u32 * (100 - percent) + ground as u32 * percent) / 100) as u8
    }
    match (color, background) {
        (Color::Rgb(r, g, b), Color::Rgb(x, y, z)) => {
            let percent = if y < 128 { 30 } else { 15 };
            Color::Rgb(
                mixed(r, x, percent),
                mixed(g, y, percent),
                mixed(b, z, percent),
            )
        }
        (color, _) => color,
    }
}

/// xterm's cube of 6 x 6 x 6 colours and its row of greys, which no terminal's own palette changes.
fn nearest_of_256(color: Color) -> Color {
    let Color::Rgb(red, green, blue) = color else {
        return color;
    };
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let nearest = |value: u8| (0..6).min_by_key(|&level| LEVELS[level].abs_diff(value));
    let [r, g, b] = [red, green, blue].map(|value| nearest(value).unwrap_or(0));
    let mean = (u16::from(red) + u16::from(green) + u16::from(blue)) / 3;
    let grey = (mean.saturating_sub(3) / 10).min(23) as u8;
    let away = |[x, y, z]: [u8; 3]| {
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(x, red) + square(y, green) + square(z, blue)
    };
    let shade = 8 + 10 * grey;
    match away([LEVELS[r], LEVELS[g], LEVELS[b]]) <= away([shade; 3]) {
        true => Color::Indexed((16 + 36 * r + 6 * g + b) as u8),
        false => Color::Indexed(232 + grey),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Linear = [f64; 3];

    /// sRGB to linear light (IEC 61966-2-1).
    fn linear(color: Color) -> Linear {
        let Color::Rgb(red, green, blue) = color else {
            panic!("{color} has no fixed light");
        };
        [red, green, blue].map(|value| match f64::from(value) / 255.0 {
            dark if dark <= 0.04045 => dark / 12.92,
            value => ((value + 0.055) / 1.055).powf(2.4),
        })
    }

    fn luminance([red, green, blue]: Linear) -> f64 {
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// As WCAG 2 defines it, 1 to 21.
    fn contrast(one: Color, other: Color) -> f64 {
        let (one, other) = (luminance(linear(one)), luminance(linear(other)));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// What an eye sees that lacks a kind of cone, in linear light (Machado, Oliveira and
    /// Fernandes, 2009, severity 1).
    const USUAL: [Linear; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    const PROTANOPIA: [Linear; 3] = [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ];
    const DEUTERANOPIA: [Linear; 3] = [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ];
    const TRITANOPIA: [Linear; 3] = [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ];

    /// CIE 1976 L*a*b* under D65.
    fn lab(color: Color, eye: [Linear; 3]) -> Linear {
        let light = linear(color);
        let seen = eye.map(|row| {
            let sum: f64 = row.iter().zip(light).map(|(a, b)| a * b).sum();
            sum.clamp(0.0, 1.0)
        });
        let [r, g, b] = seen;
        let x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047;
        let z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883;
        let root = |t: f64| match t > 0.008856 {
            true => t.cbrt(),
            false => 7.787 * t + 16.0 / 116.0,
        };
        let (x, y, z) = (root(x), root(luminance(seen)), root(z));
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    /// Distance in L*a*b*: 2.3 is just seen.
    fn distance(one: Color, other: Color, eye: [Linear; 3]) -> f64 {
        let (one, other) = (lab(one, eye), lab(other, eye));
        let squares = one.iter().zip(other).map(|(a, b)| (a - b).powi(2));
        squares.sum::<f64>().sqrt()
    }

    #[test]
    fn everything_is_read_on_its_background() {
        let all = [Palette::DARK, Palette::LIGHT].into_iter();
        let all = all.chain(Palette::RED_GREEN).chain(Palette::BLUE_YELLOW);
        for mut palette in all {
            let (ground, playhead) = (palette.background, palette.playhead);
            let soft = palette.soft;
            for (name, color) in palette.named() {
                if !["background", "playhead"].contains(&name) {
                    let seen = contrast(*color, ground);
                    assert!(seen >= 4.5, "{name} of {ground}: {seen:.2}");
                    let seen = contrast(*color, playhead);
                    assert!(seen >= 2.9, "{name} under the playhead: {seen:.2}");
                }
            }
            for color in soft {
                let seen = contrast(color, ground);
                assert!(seen >= 3.0, "soft {color} on {ground}: {seen:.2}");
            }
        }
    }

    #[test]
    fn whoever_it_is_for_tells_the_families_apart() {
        let red_green = [USUAL, PROTANOPIA, DEUTERANOPIA];
        for (palettes, eyes, least) in [
            ([Palette::DARK, Palette::LIGHT], &[USUAL][..], 60.0),
            (Palette::RED_GREEN, &red_green, 35.0),
            (Palette::BLUE_YELLOW, &[USUAL, TRITANOPIA], 27.0),
        ] {
            for (palette, eye) in palettes
                .iter()
                .flat_map(|it| eyes.iter().map(move |e| (it, *e)))
            {
                for (place, one) in palette.families.iter().enumerate() {
                    for other in &palette.families[place + 1..] {
                        let seen = distance(*one, *other, eye);
                        assert!(seen >= least, "{one} and {other}: {seen:.1}");
                    }
                }
            }
        }
    }

    #[test]
    fn fewer_colours_are_the_nearest_ones() {
        let of = |color| nearest_of_256(rgb(color));
        assert_eq!(of(0xffffff), Color::Indexed(231));
        assert_eq!(of(0x5f87af), Color::Indexed(67));
        assert_eq!(of(0x14161c), Color::Indexed(234));
        assert_eq!(nearest_of_256(Color::Cyan), Color::Cyan);
    }
}
