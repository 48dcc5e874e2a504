//! How music files are read.

use std::fmt;
use std::str::FromStr;

/// How files of notes are read.
///
/// A well-made file of drums on channel 10 at one tempo is read alike by both, but for its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reading {
    /// The way the player meant it: a stroke needs no note-off, tempo and meter come from all
    /// tracks and may change, drums are found on any channel, the End of Track counts, and a loop
    /// fills a window.
    #[default]
    Played,
    /// As the reference's code reads them: tempo and meter of the first track only, and one of each;
    /// notes without an end are dropped; drums are channel 10, but a groove takes every note whose
    /// pitch is in the reference's table; whole windows only.
    Magenta,
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Reading::Played => "played",
            Reading::Magenta => "magenta",
        })
    }
}

impl FromStr for Reading {
    type Err = String;

    fn from_str(text: &str) -> Result<Reading, String> {
        match text {
            "played" => Ok(Reading::Played),
            "magenta" => Ok(Reading::Magenta),
            other => Err(format!(
                "`{other}` is no reading; there are played and magenta"
            )),
        }
    }
}
