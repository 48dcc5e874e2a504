//! How long a piece is, in bars.

/// How near to a bar line an end has to lie to be meant for it, as a part of a bar: a tick or two, as
/// programs write it.
const NEAR: f64 = 1.0 / 256.0;

/// Bars that a piece has whose last note begins at `last` and whose End of Track stands at `end`, in
/// any unit of which a bar has `bar`.
///
/// The last note's bar is the last one, unless the end shows that silent ones follow. Only an end
/// on a bar line shows that: elsewhere somebody just stopped recording.
pub(crate) fn bars_of(last: Option<f64>, end: f64, bar: f64) -> f64 {
    let played = last.map_or(0.0, |last| (last / bar).floor() + 1.0);
    let line = (end / bar).round();
    let on_the_line = (end / bar - line).abs() <= NEAR;
    if on_the_line {
        played.max(line)
    } else {
        played
    }
}

/// The bar line at which music ends whose last note begins at `last` and that lasts to `end`, in any
/// unit of which a bar has `bar`.
pub(crate) fn closing_line(last: Option<f64>, end: f64, bar: f64) -> f64 {
    let begun = last.map_or(0.0, |last| (last / bar).floor() + 1.0);
    let ended = (end / bar - NEAR).ceil().max(0.0);
    begun.max(ended) * bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silent_bars_count_up_to_an_end_on_a_bar_line() {
        let bars = |last, end| bars_of(last, end, 1920.0);
        assert_eq!(bars(Some(0.0), 60.0), 1.0);
        assert_eq!(bars(Some(1919.0), 2000.0), 1.0);
        assert_eq!(bars(Some(1920.0), 2000.0), 2.0);
        assert_eq!(bars(Some(0.0), 7680.0), 4.0);
        assert_eq!(bars(Some(0.0), 7679.0), 4.0);
        assert_eq!(bars(Some(0.0), 7000.0), 1.0);
        assert_eq!(bars(None, 3840.0), 2.0);
        assert_eq!(bars(None, 0.0), 0.0);
    }

    #[test]
    fn music_closes_on_the_line_after_it() {
        let line = |last, end| closing_line(last, end, 1920.0);
        assert_eq!(line(Some(0.0), 60.0), 1920.0);
        assert_eq!(line(Some(1900.0), 1923.0), 1920.0);
        assert_eq!(line(Some(1922.0), 1923.0), 3840.0);
        assert_eq!(line(Some(0.0), 7680.0), 7680.0);
        assert_eq!(line(None, 0.0), 0.0);
    }
}
