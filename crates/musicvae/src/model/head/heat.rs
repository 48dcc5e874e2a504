//! How much randomness counts in a draw, and how readily a stroke is made.

/// At 1 everything is drawn as it was learned, at 0 the likeliest is taken; over 1 it is wilder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heat {
    /// Of hits, and of the classes and switches of other heads: their logits are divided by it.
    pub choice: f32,
    /// Of velocities that are drawn.
    pub velocity: f32,
    /// Of offsets that are drawn.
    pub offset: f32,
    /// Added to the logits of hits: over 0 strokes are made more readily than they were learned.
    pub lean: f32,
}

impl Heat {
    /// Everything as it was learned.
    pub const LEARNED: Heat = Heat::even(1.0);

    /// The same of everything.
    pub const fn even(heat: f32) -> Heat {
        Heat {
            choice: heat,
            velocity: heat,
            offset: heat,
            lean: 0.0,
        }
    }

    /// Of hits, velocities and doubled offsets, in the order of a row's parts.
    pub(super) fn parts(self) -> [f32; 3] {
        [self.choice, self.velocity, self.offset]
    }
}
