//! How a replay tells that it is not what was recorded: "replay" stops here, and says where.

use crate::play::Fault;
use crate::record::Version;

/// Where and how a replay stopped being what was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The number of the record at which it stopped: of the one that is wrong, or of the one that is missing.
    pub seq: u64,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Another number comes where this one should.
    Missing {
        /// The number found instead.
        found: u64,
    },
    /// Its input does not decode; the text says where.
    Unreadable(String),
    /// It was recorded under other rules.
    OtherRules(Version),
    /// The configuration it opened with is refused by these rules.
    Refused(String),
    /// It lies before the record before it in time.
    TimeWentBack,
    /// The rules could not play it.
    Fault(Fault),
    /// Playing it gives another hash than was recorded: the record was changed, or the rules do something else today.
    OtherHash,
}

impl std::fmt::Display for Divergence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "record {}: ", self.seq)?;
        match &self.why {
            Why::Missing { found } => write!(f, "missing; record {found} comes in its place"),
            Why::Unreadable(why) => write!(f, "cannot be read: {why}"),
            Why::OtherRules(version) => write!(f, "was recorded under {version}"),
            Why::Refused(code) => write!(f, "the rules refuse its configuration: {code}"),
            Why::TimeWentBack => f.write_str("lies before the record before it"),
            Why::Fault(fault) => write!(f, "{fault}"),
            Why::OtherHash => {
                f.write_str("playing it does not give the recorded hash: it was changed, or these rules play it differently")
            }
        }
    }
}

impl std::error::Error for Divergence {}
