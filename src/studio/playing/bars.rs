//! The bars that loop.

use crate::engine::{Bars, Command};
use crate::studio::ground::Ground;

/// `2`, `2-3` or `all`.
pub fn parse(text: &str) -> Option<Option<Bars>> {
    if text.eq_ignore_ascii_case("all") {
        return Some(None);
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let first = first.trim().parse::<usize>().ok()?.checked_sub(1)?;
    let count = last.trim().parse::<usize>().ok()?.checked_sub(first)?;
    (count > 0).then_some(Some(Bars { first, count }))
}

pub fn set(ground: &mut Ground, bars: Option<Bars>) {
    let whole = Bars {
        first: 0,
        count: all(ground),
    };
    ground.sound.looped = bars.filter(|bars| *bars != whole);
    // Brought into the groove.
    ground.sound.looped = ground.sound.looped.map(|_| looping(ground));
    let (bars, takeover) = (ground.sound.looped, ground.sound.takeover);
    ground.send(Command::SetLoop { bars, takeover });
    let after = match ground.chain {
        Some(_) => ", after the chain",
        None => "",
    };
    ground.say(match bars {
        None => format!("Looping all bars{after}."),
        Some(bars) if bars.count == 1 => format!("Looping bar {bars}{after}."),
        Some(bars) => format!("Looping bars {bars}{after}."),
    });
}

/// Loops more or fewer bars.
pub fn resize(ground: &mut Ground, by: isize) {
    let all = all(ground);
    let bars = looping(ground);
    let count = bars.count.saturating_add_signed(by).clamp(1, all);
    let first = bars.first.min(all - count);
    set(ground, Some(Bars { first, count }));
}

/// Loops the same number of bars, from another one on.
pub fn shift(ground: &mut Ground, by: isize) {
    let bars = looping(ground);
    // From the last place on to the first.
    let places = all(ground) - bars.count + 1;
    let first = (bars.first as isize + by).rem_euclid(places as isize) as usize;
    set(ground, Some(Bars { first, ..bars }));
}

fn all(ground: &Ground) -> usize {
    ground.scene.groove.bars().max(1)
}

/// The bars that loop, within the groove.
fn looping(ground: &Ground) -> Bars {
    let all = all(ground);
    match ground.sound.looped {
        None => Bars {
            first: 0,
            count: all,
        },
        Some(bars) => {
            let first = bars.first.min(all - 1);
            let count = bars.count.clamp(1, all - first);
            Bars { first, count }
        }
    }
}
