//! One figure with its bounds.

use musicvae::chart::Bar;
use musicvae::training::evaluate::Interval;

/// As text.
pub fn figure(it: Interval, decimals: usize) -> String {
    let Interval { value, low, high } = it;
    format!("{value:.decimals$} [{low:.decimals$} {high:.decimals$}]")
}

/// As text, a dash where there is none.
pub fn or_dash(it: Option<Interval>, decimals: usize) -> String {
    it.map_or("-".into(), |it| figure(it, decimals))
}

/// As a bar with a whisker.
pub fn bar(it: Interval) -> Bar {
    Bar {
        value: it.value,
        interval: Some((it.low, it.high)),
    }
}
