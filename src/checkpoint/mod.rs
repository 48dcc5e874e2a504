//! (floor under construction)
