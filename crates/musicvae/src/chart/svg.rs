//! The elements that all charts are made of.

use std::fmt::Write;

/// The colours of series, in order: those of Okabe and Ito (2008), which people of any colour
/// vision can tell apart, without the yellow that is faint on white.
const COLORS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000",
];

/// The colour of series `index`.
pub fn color(index: usize) -> &'static str {
    COLORS[index % COLORS.len()]
}

/// Where a text is held.
#[derive(Clone, Copy, PartialEq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture in the making, in pixels from the upper left.
pub struct Svg {
    body: String,
    width: f64,
    height: f64,
}

impl Svg {
    pub fn new(width: f64, height: f64) -> Svg {
        let body = String::new();
        Svg {
            body,
            width,
            height,
        }
    }

    /// Writing into a string cannot fail.
    fn add(&mut self, element: std::fmt::Arguments) {
        let _ = writeln!(self.body, "{element}");
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), color: &str, width: f64) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.add(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{color}" stroke-width="{width}"/>"#
        ));
    }

    pub fn rectangle(&mut self, corner: (f64, f64), size: (f64, f64), color: &str) {
        let ((x, y), (width, height)) = (corner, size);
        self.add(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{color}"/>"#
        ));
    }

    /// A line through `points`; `dash` is a pattern of strokes and gaps, "" for none.
    pub fn path(&mut self, points: &[(f64, f64)], color: &str, width: f64, dash: &str) {
        let Some(path) = path(points) else { return };
        let dash = match dash {
            "" => String::new(),
            dash => format!(r#" stroke-dasharray="{dash}""#),
        };
        self.add(format_args!(
            r#"<path d="{path}" fill="none" stroke="{color}" stroke-width="{width}" stroke-linejoin="round"{dash}/>"#
        ));
    }

    /// The area within `points`, faintly.
    pub fn area(&mut self, points: &[(f64, f64)], color: &str) {
        let Some(path) = path(points) else { return };
        self.add(format_args!(
            r#"<path d="{path}Z" fill="{color}" fill-opacity="0.15"/>"#
        ));
    }

    pub fn text(&mut self, at: (f64, f64), size: f64, anchor: Anchor, color: &str, text: &str) {
        let (x, y) = at;
        let text = escape(text);
        let anchor = anchor.name();
        self.add(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}" text-anchor="{anchor}" fill="{color}">{text}</text>"#
        ));
    }

    /// A bold text.
    pub fn title(&mut self, at: (f64, f64), text: &str) {
        let (x, y) = at;
        let text = escape(text);
        self.add(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" font-size="16" font-weight="600" fill="{INK}">{text}</text>"#
        ));
    }

    /// A text that reads upward, centred on `at`.
    pub fn upright(&mut self, at: (f64, f64), size: f64, color: &str, text: &str) {
        let (x, y) = at;
        let text = escape(text);
        self.add(format_args!(
            r#"<text transform="translate({x:.1} {y:.1}) rotate(-90)" font-size="{size}" text-anchor="middle" fill="{color}">{text}</text>"#
        ));
    }

    /// The whole file.
    pub fn finish(self, title: &str) -> String {
        let Svg {
            body,
            width,
            height,
        } = self;
        let title = escape(title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
             width=\"{width:.0}\" height=\"{height:.0}\" \
             font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif\">\n\
             <title>{title}</title>\n\
             <rect width=\"{width:.0}\" height=\"{height:.0}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
        )
    }
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

/// Text, captions and grid.
pub const INK: &str = "#1a1a1a";
pub const QUIET: &str = "#5a5a5a";
pub const FAINT: &str = "#e2e2e2";

/// Of a text of this size, how wide a letter is on average.
pub const LETTER: f64 = 0.56;

fn path(points: &[(f64, f64)]) -> Option<String> {
    if points.is_empty() {
        return None;
    }
    let mut path = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
    }
    Some(path)
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no place for other control characters.
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}
