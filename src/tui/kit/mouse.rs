//! What a mouse does where. Code that draws something declares this as it draws, so a click hits
//! what is seen.

use crossterm::event::MouseButton;
use ratatui::layout::{Position, Rect};

use super::keys::Key;
use crate::studio::Action;

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Press(MouseButton),
    /// It moves with the button held, maybe beyond the area where that went down.
    Drag(MouseButton),
    Release(MouseButton),
    /// One notch: -1 is up, 1 is down.
    Wheel(isize),
}

/// What the mouse did, and where. Columns and lines are counted from the upper left corner of the
/// area that answers; beyond its edges they are negative, or more than it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gesture {
    pub deed: Deed,
    pub at: (i32, i32),
    /// Where the button went down.
    pub from: (i32, i32),
}

impl Gesture {
    /// The left button goes down.
    pub fn is_press(&self) -> bool {
        self.deed == Deed::Press(MouseButton::Left)
    }

    /// The left button goes down, or moves while it is.
    pub fn is_held(&self) -> bool {
        self.is_press() || self.deed == Deed::Drag(MouseButton::Left)
    }

    /// The notches of the wheel, downwards.
    pub fn notches(&self) -> Option<isize> {
        match self.deed {
            Deed::Wheel(notches) => Some(notches),
            _ => None,
        }
    }
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Do(Action),
    /// What this key does now.
    Press(Key),
}

impl<A: Into<Action>> From<A> for Reply {
    fn from(action: A) -> Reply {
        Reply::Do(action.into())
    }
}

type Answer = Box<dyn Fn(Gesture) -> Vec<Reply>>;

/// The areas of a drawn screen that answer to the mouse, from below.
#[derive(Default)]
pub struct Targets {
    /// One without an answer hides what lies under it.
    areas: Vec<(Rect, Option<Answer>)>,
}

impl Targets {
    pub fn add(&mut self, area: Rect, answer: impl Fn(Gesture) -> Vec<Reply> + 'static) {
        self.areas.push((area, Some(Box::new(answer))));
    }

    /// What was drawn there so far is hidden.
    pub fn cover(&mut self, area: Rect) {
        self.areas.push((area, None));
    }

    /// What lies at a place and is not hidden there, from below.
    fn at(&self, place: Position) -> impl Iterator<Item = (Rect, &Answer)> {
        let covers =
            |(area, answer): &(Rect, Option<Answer>)| answer.is_none() && area.contains(place);
        let first = self.areas.iter().rposition(covers).unwrap_or(0);
        let here = self.areas[first..].iter();
        let here = here.filter(move |(area, _)| area.contains(place));
        here.filter_map(|(area, answer)| Some((*area, answer.as_ref()?)))
    }

    /// The areas that answer at a place.
    pub fn areas_at(&self, place: Position) -> Vec<Rect> {
        self.at(place).map(|(area, _)| area).collect()
    }

    /// What the mouse does at a place. The area where the button went down answers; if there are
    /// several, the lowest comes first.
    pub fn replies(&self, deed: Deed, at: Position, from: Position) -> Vec<Reply> {
        let replies = self.at(from).flat_map(|(area, answer)| {
            let within = |place: Position| {
                let (x, y) = (i32::from(place.x), i32::from(place.y));
                (x - i32::from(area.x), y - i32::from(area.y))
            };
            answer(Gesture {
                deed,
                at: within(at),
                from: within(from),
            })
        });
        replies.collect()
    }
}
