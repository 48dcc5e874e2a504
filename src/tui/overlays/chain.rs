//! The slots and the chain, over the panes.

use ratatui::text::{Line, Span};

use crate::studio::{Studio, chain};
use crate::tui::kit::{Canvas, Theme, pick, shortened, window};

/// Columns of a groove's name.
const NAME: usize = 24;

pub fn draw(selected: usize, studio: &Studio, body: &mut Canvas) {
    let theme = body.theme;
    let slots = &studio.ground.scene.slots;
    let height = slots.all.len() + 3;
    let mut inner = window("Slots and chain", (66, height), body);
    let sounding = studio.ground.sounding().map(|turn| turn.link.slot);
    let lines = slots.all.iter().enumerate().map(|(number, slot)| {
        let sounds = sounding == Some(number);
        let mark = if sounds { theme.pick("▶", ">") } else { " " };
        let mut spans = vec![
            Span::styled(format!("{mark} "), theme.good()),
            Span::styled(format!("{} ", number + 1), theme.strong()),
        ];
        match slot {
            None => spans.push(Span::styled("empty", theme.faint())),
            Some(slot) => {
                let name = shortened(&slot.name, NAME, theme.ascii);
                let bars = slot.groove.bars();
                let plural = if bars == 1 { " " } else { "s" };
                spans.push(Span::raw(format!("{name:<NAME$} {bars} bar{plural}")));
                let hits = slot.groove.hits().count();
                let fill = if slot.fill.is_some() { "  fill" } else { "" };
                spans.push(Span::styled(
                    format!("  {hits:>3} hits{fill}"),
                    theme.faint(),
                ));
            }
        }
        Line::from(spans)
    });
    let lines: Vec<Line> = lines.collect();
    let height = inner.height();
    pick(
        lines,
        selected,
        &mut inner.lines(0, height.saturating_sub(2)),
    );
    inner
        .below(height.saturating_sub(1))
        .show(links(studio, theme));
}

/// `chain 1x2 [2] 3`, the link that plays in brackets with its turn.
fn links(studio: &Studio, theme: Theme) -> Line<'static> {
    let slots = &studio.ground.scene.slots;
    let mut spans = vec![Span::styled("chain  ", theme.faint())];
    let (links, on) = match &studio.ground.chain {
        Some(turns) => (turns.iter().map(|turn| turn.link).collect(), true),
        None => (slots.order(), false),
    };
    for (number, link) in links.iter().enumerate() {
        let word = chain::text(&[*link]);
        if on && studio.ground.transport.chain_link == Some(number) {
            let turn = studio.ground.transport.position.turn + 1;
            let turn = match link.repeats {
                1 => String::new(),
                many => format!(" turn {} of {many}", turn.min(u64::from(many))),
            };
            let once = chain::Link {
                repeats: 1,
                ..*link
            };
            let word = format!("[{}{turn}] ", chain::text(&[once]));
            spans.push(Span::styled(word, theme.accent()));
        } else {
            spans.push(Span::styled(format!("{word} "), theme.strong()));
        }
    }
    let state = match (links.is_empty(), on) {
        (true, _) => "store a groove first",
        (false, true) => "(on)",
        (false, false) if slots.links.is_empty() => "(off; every slot in turn)",
        (false, false) => "(off)",
    };
    spans.push(Span::styled(state, theme.faint()));
    Line::from(spans)
}
