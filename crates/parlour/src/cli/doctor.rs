//! `doctor`: what would trouble a server on this machine, each with what to do about it.

mod disk;
mod journal;
mod machine;

use super::args::{Doctor, Format};
use super::config::Settings;
use super::exit::{Exit, Failed};
use super::paint::{green, red, yellow};
use super::show::print;
use parlour_engine::schema::Kinds;
use serde_json::json;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Ok,
    Warn,
    Fail,
}

/// One check.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    sign: Sign,
    what: &'static str,
    words: String,
}

impl Finding {
    pub(super) fn ok(what: &'static str, words: impl Into<String>) -> Self {
        Self { sign: Sign::Ok, what, words: words.into() }
    }

    pub(super) fn warn(what: &'static str, words: impl Into<String>) -> Self {
        Self { sign: Sign::Warn, what, words: words.into() }
    }

    pub(super) fn fail(what: &'static str, words: impl Into<String>) -> Self {
        Self { sign: Sign::Fail, what, words: words.into() }
    }
}

pub(crate) fn run(kinds: &Kinds, doctor: &Doctor) -> Result<(), Failed> {
    let format = doctor.shown.output;
    let mut findings = Vec::new();
    let mut tell = |finding: Finding| {
        let told = match format {
            Format::Table => print(&line(&finding)),
            Format::Ndjson => print(&format!("{}\n", value(&finding))),
            Format::Json => Ok(()),
        };
        findings.push(finding);
        told
    };
    match Settings::find(doctor.place.flags()) {
        Ok(settings) => {
            tell(Finding::ok("configuration", settings.sources()))?;
            for finding in machine::check(&settings) {
                tell(finding)?;
            }
            let (is_served, finding) = machine::port(settings.listen);
            tell(finding)?;
            for finding in disk::check(&settings.data) {
                tell(finding)?;
            }
            for finding in journal::check(kinds, &settings.data, doctor.rooms, is_served) {
                tell(finding)?;
            }
        }
        // Without settings it is not known which folder and which port to look at.
        Err(failed) => tell(Finding::fail("configuration", failed.why))?,
    }
    if format == Format::Json {
        print(&format!("{}\n", json!(findings.iter().map(value).collect::<Vec<_>>())))?;
    }
    match findings.iter().filter(|finding| finding.sign == Sign::Fail).count() {
        0 => Ok(()),
        1 => Err(Failed::new(Exit::Differs, "1 check failed: it is named above")),
        count => Err(Failed::new(Exit::Differs, format!("{count} checks failed: they are named above"))),
    }
}

fn line(finding: &Finding) -> String {
    let sign = match finding.sign {
        Sign::Ok => green("ok  "),
        Sign::Warn => yellow("warn"),
        Sign::Fail => red("fail"),
    };
    format!("{sign}  {:<14} {}\n", finding.what, finding.words)
}

fn value(finding: &Finding) -> serde_json::Value {
    let sign = match finding.sign {
        Sign::Ok => "ok",
        Sign::Warn => "warn",
        Sign::Fail => "fail",
    };
    json!({"sign": sign, "check": finding.what, "message": finding.words})
}
