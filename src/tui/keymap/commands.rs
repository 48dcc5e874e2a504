//! The table itself.

use super::binding::{Binding, Place};
use crate::studio::quality::DENSITY;
use crate::studio::{
    self, Action, End, Kind, MapAction, Pane, Question, chain, devices, drum_machine, edit, export,
    library, midi, morph, overlays, playing, qualities, record, training,
};
use crate::tui::kit::Key;

/// Every command: name, place, keys, action, what it does, and what the footer says. Help and
/// palette show them in this order, the help with a heading for each place.
#[rustfmt::skip] // a table, a row a line
pub fn table() -> Vec<Binding> {
    use chain::Action::*;
    use devices::Action::*;
    use drum_machine::Action::*;
    use edit::Action::*;
    use export::Action::*;
    use library::Action::*;
    use midi::Action::*;
    use morph::Action::*;
    use overlays::Action::*;
    use playing::Action::*;
    use qualities::Action::*;
    use record::Action::*;
    use training::Action::*;
    use Place::*;
    let grid = In(Pane::Grid);
    let slider = In(Pane::Slider);
    let loss = In(Pane::Loss);
    let list = In(Pane::Checkpoints);
    let cursor = |lanes, steps| MoveCursor { lanes, steps };
    vec![
        row("play", Anywhere, "space", TogglePlay, "play or stop", "play"),
        row("continue", Anywhere, "c", Continue, "play on from where it stopped", ""),
        row("sample", Anywhere, "s", Sample, "a new groove from the model", "sample"),
        row("towards-a", Anywhere, "[", NudgeSlider(-0.05), "slide towards A", "A-B"),
        row("towards-b", Anywhere, "]", NudgeSlider(0.05), "slide towards B", "A-B"),
        row("cooler", Anywhere, "-", NudgeTemperature(-0.05), "lower temperature", "temp"),
        row("hotter", Anywhere, "= +", NudgeTemperature(0.05), "higher temperature", "temp"),
        row("denser", Anywhere, "*", NudgeQuality(DENSITY.into(), 0.25), "denser grooves", "density"),
        row("sparser", Anywhere, "/", NudgeQuality(DENSITY.into(), -0.25), "sparser grooves", "density"),
        row("style", Anywhere, "Y", NextStyle, "the next style, or none", ""),
        row("qualities", Anywhere, "A", ShowQualities, "density, swing, styles and others of the model", "qualities"),
        row("humanize", Anywhere, "U", studio::Rework::Humanize, "have a drummer's dynamics and timing played", ""),
        row("drumify", Anywhere, "W", studio::Rework::Drumify, "a whole groove from its rhythm as taps", ""),
        row("add-hats", Anywhere, "%", studio::Rework::AddHats, "new hats to the rest of the groove", ""),
        row("slower", Anywhere, "< ,", NudgeTempo(-1.0), "slower", "tempo"),
        row("faster", Anywhere, "> .", NudgeTempo(1.0), "faster", "tempo"),
        row("tap", Anywhere, "y", TapTempo, "tap the tempo", ""),
        row("record", Anywhere, "w", ToggleRecord, "record sound and MIDI, or end that", "record"),
        row("undo", Anywhere, "u", Undo, "undo the last change of the groove", "undo"),
        row("redo", Anywhere, "ctrl-r", Redo, "redo it", ""),
        row("keep-a", Anywhere, "a", Keep(End::A), "make this groove A (an edit is encoded)", ""),
        row("keep-b", Anywhere, "b", Keep(End::B), "make this groove B (an edit is encoded)", ""),
        row("swap", Anywhere, "x", SwapEnds, "swap A and B", ""),
        row("go-a", Anywhere, "{", SetSlider(0.0), "play A", ""),
        row("go-b", Anywhere, "}", SetSlider(1.0), "play B", ""),
        row("seed", Anywhere, "n", Ask(Question::Seed), "the groove of a seed that you type", ""),
        row("tempo", Anywhere, "g", Ask(Question::Tempo), "type the tempo", ""),
        row("temperature", Anywhere, "", Ask(Question::Temperature), "type the temperature", ""),
        row("takeover", Anywhere, "o", CycleTakeover, "when grooves, bars and chains take over", ""),
        row("metronome", Anywhere, "M", ToggleMetronome, "metronome on or off", ""),
        row("click-softer", Anywhere, "", NudgeClick(-0.1), "softer clicks", ""),
        row("click-louder", Anywhere, "", NudgeClick(0.1), "louder clicks", ""),
        row("count-in", Anywhere, "#", CycleCountIn, "count no, one or two bars before playing", ""),
        row("shorter-loop", Anywhere, "6", NudgeLoop(-1), "a bar less goes round", ""),
        row("longer-loop", Anywhere, "7", NudgeLoop(1), "a bar more goes round", ""),
        row("next-loop", Anywhere, "8", MoveLoop(1), "the loop moves on by a bar", ""),
        row("loop", Anywhere, "G", Ask(Question::Loop), "type the bars that go round", ""),
        row("chain", Anywhere, "C", ShowChain, "slots for grooves, and their chain", ""),
        row("play-chain", Anywhere, "X", ToggleChain, "play the chain, or leave it", ""),
        row("less-swing", Anywhere, "(", NudgeSwing(-0.01), "less swing", ""),
        row("more-swing", Anywhere, ")", NudgeSwing(0.01), "more swing", ""),
        row("less-timing", Anywhere, "t", NudgeTiming(-0.1), "less microtiming (0 is on the grid)", ""),
        row("more-timing", Anywhere, "T", NudgeTiming(0.1), "more microtiming", ""),
        row("less-dynamics", Anywhere, "d", NudgeDynamics(-0.1), "less dynamics (0 is even)", ""),
        row("more-dynamics", Anywhere, "D", NudgeDynamics(0.1), "more dynamics", ""),
        row("quieter", Anywhere, "9", NudgeLevel(-0.05), "quieter", ""),
        row("louder-all", Anywhere, "0", NudgeLevel(0.05), "louder", ""),
        row("export", Anywhere, "e", Export, "export the groove to a MIDI file", "export"),
        row("midi-port", Anywhere, "p", Choose(Kind::MidiPort), "choose the MIDI port", ""),
        row("midi-input", Anywhere, "i", Choose(Kind::MidiInput), "choose the MIDI input", ""),
        row("follow-clock", Anywhere, "I", ToggleFollow, "follow the MIDI clock that comes in, or not", ""),
        row("overdub", Anywhere, "O", ToggleOverdub, "strokes on pads become part of the groove, or not", ""),
        row("bindings", Anywhere, "B", ShowBindings, "bind knobs and pads of MIDI devices", ""),
        row("audio-output", Anywhere, "P", Choose(Kind::AudioOutput), "choose the audio output", ""),
        row("soundfont", Anywhere, "F", Choose(Kind::SoundFont), "choose the SoundFont", ""),
        row("drum-map", Anywhere, "N", Choose(Kind::DrumMap), "choose the drum map of the machine", ""),
        row("edit-map", Anywhere, "E", Map(MapAction::Edit), "notes and channels of the lanes", ""),
        row("midi-clock", Anywhere, "Z", CycleClock, "when MIDI clock is sent", ""),
        row("midi-earlier", Anywhere, ";", NudgeMidiOffset(-1.0), "MIDI earlier against the sound", ""),
        row("midi-later", Anywhere, "'", NudgeMidiOffset(1.0), "MIDI later", ""),
        row("device", Anywhere, "Q", Choose(Kind::Device), "choose what computes: CPU or GPU", ""),
        row("train", Anywhere, "r", ToggleTraining, "train (what, is asked first), pause, go on", "train"),
        row("stop-training", Anywhere, "R", StopTraining, "stop training and save", ""),
        row("panic", Anywhere, "!", Panic, "all notes off", ""),
        row("pane-1", Anywhere, "1", Focus(Pane::Grid), "the groove", ""),
        row("pane-2", Anywhere, "2", Focus(Pane::Slider), "the latent slider", ""),
        row("pane-3", Anywhere, "3", Focus(Pane::Loss), "the training chart", ""),
        row("pane-4", Anywhere, "4", Focus(Pane::Checkpoints), "the checkpoints", ""),
        row("messages", Anywhere, "5", ShowMessages, "what was said so far", ""),
        row("next-pane", Anywhere, "tab", FocusNext(1), "the next pane", "pane"),
        row("previous-pane", Anywhere, "backtab", FocusNext(-1), "the pane before", ""),
        unlisted("palette", Anywhere, ":", ShowPalette, "every command, by name", "commands"),
        row("help", Anywhere, "?", ShowHelp, "this help", "help"),
        row("quit", Anywhere, "q ctrl-c", Quit, "leave", "quit"),
        row("suspend", Anywhere, "ctrl-z", Suspend, "back to the shell for a while (there, fg comes back)", ""),
        unlisted("left", grid, "left h", cursor(0, -1), "a step back", "move"),
        unlisted("down", grid, "down j", cursor(1, 0), "a lane down", "move"),
        unlisted("up", grid, "up k", cursor(-1, 0), "a lane up", "move"),
        unlisted("right", grid, "right l", cursor(0, 1), "a step on", "move"),
        unlisted("bar-back", grid, "pageup", cursor(0, -16), "a bar back", ""),
        unlisted("bar-on", grid, "pagedown", cursor(0, 16), "a bar on", ""),
        unlisted("first-step", grid, "home", CursorToEdge(End::A), "to the first step", ""),
        unlisted("last-step", grid, "end", CursorToEdge(End::B), "to the last step", ""),
        row("hit", grid, "enter", ToggleHit, "set or remove the hit", "hit"),
        row("softer", grid, "J shift-down", NudgeVelocity(-8), "the hit softer", "loud"),
        row("louder", grid, "K shift-up", NudgeVelocity(8), "the hit louder", "loud"),
        row("earlier", grid, "H shift-left", NudgeOffset(2), "the hit earlier", "timing"),
        row("later", grid, "L shift-right", NudgeOffset(-2), "the hit later", "timing"),
        row("mute", grid, "m", ToggleMute, "mute the lane", "mute"),
        row("solo", grid, "S", ToggleSolo, "solo the lane", "solo"),
        row("lock", grid, "f", ToggleLock, "lock the lane: it keeps its hits", "lock"),
        row("lane-quieter", grid, "v", NudgeLaneLevel(-0.1), "the lane quieter", ""),
        row("lane-louder", grid, "V", NudgeLaneLevel(0.1), "the lane louder", ""),
        row("clear-lane", grid, "delete", ClearLane, "remove every hit of the lane", ""),
        row("slide-left", slider, "left h", NudgeSlider(-0.02), "a little towards A", "slide"),
        row("slide-right", slider, "right l", NudgeSlider(0.02), "a little towards B", "slide"),
        row("colder", slider, "down j", NudgeTemperature(-0.05), "lower temperature", "temperature"),
        row("warmer", slider, "up k", NudgeTemperature(0.05), "higher temperature", "temperature"),
        row("all-a", slider, "home", SetSlider(0.0), "all the way to A", ""),
        row("all-b", slider, "end", SetSlider(1.0), "all the way to B", ""),
        row("sample-here", slider, "enter", Sample, "a new groove at the nearer end", ""),
        row("previous-curve", loss, "left h up k", NextTerm(-1), "the curve before", "curve"),
        row("next-curve", loss, "right l down j", NextTerm(1), "the next curve", "curve"),
        row("recent", loss, "z", ToggleRecent, "the whole run or its last part", "zoom"),
        row("train-here", loss, "enter", ToggleTraining, "train, pause, go on", ""),
        unlisted("previous-checkpoint", list, "up k", SelectCheckpoint(-1), "the one above", "choose"),
        unlisted("next-checkpoint", list, "down j", SelectCheckpoint(1), "the one below", "choose"),
        row("load", list, "enter", LoadCheckpoint, "load the checkpoint", "load"),
        row("slot-up", Slots, "up k", MoveSelection(-1), "the slot above", "choose"),
        row("slot-down", Slots, "down j", MoveSelection(1), "the slot below", "choose"),
        row("store", Slots, "s", StoreSlot, "keep the groove (or its bars that go round) here", "store"),
        row("recall", Slots, "enter", RecallSlot, "play and edit the slot's groove", "recall"),
        row("clear-slot", Slots, "delete backspace", ClearSlot, "empty the slot", "empty"),
        row("type-chain", Slots, "c", Ask(Question::Chain), "type the chain", "order"),
        row("play-chain-here", Slots, "x X", ToggleChain, "play the chain, or leave it", "chain"),
        row("play-here", Slots, "space", TogglePlay, "play or stop", "play"),
        row("close-slots", Slots, "esc q C ctrl-c", Close, "close", "close"),
        row("quality-up", Qualities, "up k", MoveSelection(-1), "the quality above", "choose"),
        row("quality-down", Qualities, "down j", MoveSelection(1), "the quality below", "choose"),
        row("quality-less", Qualities, "left h - /", NudgeSelectedQuality(-0.25), "less of it", "amount"),
        row("quality-more", Qualities, "right l = + *", NudgeSelectedQuality(0.25), "more of it", "amount"),
        row("quality-none", Qualities, "0 delete backspace", ClearQuality, "none of it", "none"),
        row("style-here", Qualities, "Y", NextStyle, "the next style, or none of them", "style"),
        row("qualities-undo", Qualities, "u", Undo, "undo", "undo"),
        row("qualities-redo", Qualities, "ctrl-r", Redo, "redo", ""),
        row("qualities-play", Qualities, "space", TogglePlay, "play or stop", "play"),
        row("close-qualities", Qualities, "esc enter q A ctrl-c", Close, "close", "close"),
        row("map-up", MapEditor, "up k", Map(MapAction::Lane(-1)), "the lane above", "lane"),
        row("map-down", MapEditor, "down j", Map(MapAction::Lane(1)), "the lane below", "lane"),
        row("map-column", MapEditor, "tab left right h l", Map(MapAction::Column), "note or channel", "note/channel"),
        row("map-less", MapEditor, "-", Map(MapAction::Nudge(-1)), "one less (digits type the number)", "value"),
        row("map-more", MapEditor, "= +", Map(MapAction::Nudge(1)), "one more", "value"),
        row("map-octave-down", MapEditor, "pagedown", Map(MapAction::Nudge(-12)), "twelve less", ""),
        row("map-octave-up", MapEditor, "pageup", Map(MapAction::Nudge(12)), "twelve more", ""),
        row("map-strike", MapEditor, "space", Map(MapAction::Strike), "hear the lane", "hear"),
        row("map-silent", MapEditor, "delete x", Map(MapAction::ToggleSilent), "no voice for the lane, or one again", "silent"),
        row("map-undo", MapEditor, "u", Map(MapAction::Undo), "undo", "undo"),
        row("map-redo", MapEditor, "ctrl-r", Map(MapAction::Redo), "redo", ""),
        row("map-save", MapEditor, "s", Map(MapAction::Save), "save as a map of your own", "save"),
        row("map-keep", MapEditor, "enter", Accept, "keep what was changed", "keep"),
        row("map-close", MapEditor, "esc q ctrl-c", Close, "put the map back", "put back"),
        row("list-up", List, "up k", MoveSelection(-1), "up", "move"),
        row("list-down", List, "down j", MoveSelection(1), "down", "move"),
        row("list-page-up", List, "pageup", MoveSelection(-10), "ten up", ""),
        row("list-page-down", List, "pagedown space", MoveSelection(10), "ten down", ""),
        row("list-accept", List, "enter", Accept, "take it", "take"),
        row("list-remove", List, "delete backspace", Erase, "remove what is bound", "remove"),
        row("list-close", List, "esc q ? 5 ctrl-c", Close, "close", "close"),
        row("typing-up", Typing, "up", MoveSelection(-1), "the line above", ""),
        row("typing-down", Typing, "down tab", MoveSelection(1), "the line below", ""),
        row("typing-erase", Typing, "backspace", Erase, "erase a character", ""),
        row("typing-accept", Typing, "enter", Accept, "take it", "take"),
        row("typing-close", Typing, "esc ctrl-c", Close, "close", "close"),
        row("form-up", TrainingForm, "up backtab", MoveSelection(-1), "the row above", "row"),
        row("form-down", TrainingForm, "down tab", MoveSelection(1), "the row below", "row"),
        row("form-less", TrainingForm, "left", TurnField(-1), "the value before", "value"),
        row("form-more", TrainingForm, "right", TurnField(1), "the next value", "value"),
        row("form-erase", TrainingForm, "backspace", Erase, "erase a character", ""),
        row("form-train", TrainingForm, "enter", Accept, "train", "train"),
        row("form-close", TrainingForm, "esc ctrl-c", Close, "close", "close"),
        row("train-longer", RunEnded, "l enter", TrainLonger, "as many steps again", "longer"),
        row("train-anew", RunEnded, "n", TrainAnew, "a new run beside it", "new"),
        row("close-run", RunEnded, "esc q ctrl-c", Close, "leave it as it is", "close"),
        row("leave", Leaving, "y enter q ctrl-c", Accept, "stop and save the run, then leave", "leave"),
        row("stay", Leaving, "n esc", Close, "stay", "stay"),
    ]
}

fn row(
    name: &'static str,
    place: Place,
    keys: &str,
    action: impl Into<Action>,
    what: &'static str,
    hint: &'static str,
) -> Binding {
    Binding {
        name,
        place,
        keys: keys.split_whitespace().filter_map(Key::parse).collect(),
        action: action.into(),
        what,
        hint,
        listed: matches!(place, Place::Anywhere | Place::In(_)),
    }
}

/// A row that the palette leaves out: what only moves, and the palette itself.
fn unlisted(
    name: &'static str,
    place: Place,
    keys: &str,
    action: impl Into<Action>,
    what: &'static str,
    hint: &'static str,
) -> Binding {
    Binding {
        listed: false,
        ..row(name, place, keys, action, what, hint)
    }
}
