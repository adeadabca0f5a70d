//! One download, from its job to the file in the library. It may be done again at any point: after a pause, after a crash, by
//! another server; what is there is gone on with, and what was done is not done twice.

use crate::Settings;
use crate::claims::{Claim, Claims};
use crate::library::{Folder, Library, fault_of};
use crate::meter::Meter;
use crate::pace::{Cuts, Pace};
use crate::partial::Partial;
use crate::web::{self, Asked, Head, News, PIECE, Question};
use parlour_downloads::{Fault, Fetched, Id, rules};
use parlour_room::Errand;
use std::io;
use std::sync::mpsc::RecvTimeoutError;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// So soon one looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(20);
/// At most so much is lost when the machine stops.
const SECURE: Duration = Duration::from_millis(500);

/// What is to be fetched.
pub(crate) struct Wanted {
    pub(crate) id: Id,
    pub(crate) key: String,
    pub(crate) url: String,
    pub(crate) folder: String,
    pub(crate) name: String,
    pub(crate) sha256: Option<String>,
    pub(crate) speed_limit_bytes_s: u64,
    pub(crate) max_bytes: u64,
}

/// Why it does not go on.
enum Halt {
    Fault(Fault),
    /// Nobody wants it any more; what is there stays.
    Stopped,
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Self::Fault(fault_of(&error))
    }
}

/// Fetches it. An error is for the operator, and it is tried again.
pub(crate) fn fetch(
    settings: &Settings,
    library: Result<&Library, &Fault>,
    claims: &Claims,
    wanted: &Wanted,
    errand: &Errand<'_>,
) -> Result<Fetched, String> {
    let failed = |fault, bytes_done, bytes_total| Ok(Fetched::Failed { fault, bytes_done, bytes_total });
    let library = match library {
        Ok(library) => library,
        Err(fault) => return failed(*fault, 0, None),
    };
    let partial = match Partial::open(&library.unfinished, errand, &wanted.id) {
        Ok(Some(partial)) => partial,
        // Nobody hears this.
        Ok(None) => return failed(Fault::Cancelled, 0, None),
        Err(fault) => return failed(fault, 0, None),
    };
    let Some(claim) = claims.take(&wanted.folder, &wanted.name) else {
        return failed(Fault::PathTaken, partial.note.have, partial.note.total);
    };
    let meter = Meter::new(errand, &wanted.id, &wanted.key, wanted.speed_limit_bytes_s);
    let mut run = Run { _claim: claim, settings, library, wanted, errand, partial, meter };
    let halt = match run.run() {
        Ok(fetched) => return Ok(fetched),
        Err(halt) => halt,
    };
    let (done, total) = (run.partial.written, run.partial.note.total);
    run.meter.show(done, total);
    let secured = run.partial.secure();
    match (halt, secured) {
        (Halt::Stopped, _) => failed(Fault::Cancelled, done, total),
        (Halt::Fault(fault), _) => failed(fault, done, total),
    }
}

struct Run<'a> {
    /// Let go before the lock on what is unfinished: whoever does this job again waits for that, and takes this then.
    _claim: Claim<'a>,
    settings: &'a Settings,
    library: &'a Library,
    wanted: &'a Wanted,
    errand: &'a Errand<'a>,
    partial: Partial<'a>,
    meter: Meter<'a>,
}

impl Run<'_> {
    fn run(&mut self) -> Result<Fetched, Halt> {
        let wanted = self.wanted;
        if !rules::is_component(&wanted.name) || rules::address(&wanted.url).is_err() {
            return Err(Fault::PathRefused.into());
        }
        let to = self.library.folder(&wanted.folder)?;
        if let Some(whole) = self.partial.was_handed_over(&to, &wanted.name)? {
            return Ok(Fetched::Complete { bytes: whole.bytes, sha256: whole.sha256 });
        }
        self.resume()?;
        if to.has(&wanted.name) {
            return Err(Fault::FileExists.into());
        }
        self.receive_all()?;
        self.put(&to)
    }

    /// The file is whole: is it the one that is wanted?
    fn put(&mut self, to: &Folder) -> Result<Fetched, Halt> {
        let is_other = self.wanted.sha256.as_ref().is_some_and(|wanted| *wanted != self.partial.sha256());
        self.meter.show(self.partial.written, Some(self.partial.written));
        if is_other {
            self.partial.restart()?;
            return Err(Fault::ChecksumMismatch.into());
        }
        let whole = self.partial.hand_over(to, &self.wanted.name)?;
        Ok(Fetched::Complete { bytes: whole.bytes, sha256: whole.sha256 })
    }

    /// Receives all of it, over as many connections as it takes.
    fn receive_all(&mut self) -> Result<(), Halt> {
        let mut cuts = Cuts::new(self.partial.written);
        while !self.is_whole() {
            match self.receive() {
                Ok(()) => return Ok(()),
                Err(Halt::Fault(Fault::Interrupted)) => {}
                Err(halt) => return Err(halt),
            }
            let pause = cuts.again(self.partial.written).ok_or(Fault::Interrupted)?;
            self.rest(pause)?;
            // What came belongs to what comes only if somebody can tell.
            self.secure()?;
            self.resume()?;
        }
        Ok(())
    }

    /// Goes on with what is there, as long as it is wanted.
    fn resume(&mut self) -> Result<(), Halt> {
        let is_wanted = self.partial.resume(&self.wanted.url, self.wanted.sha256.is_some(), self.errand)?;
        if is_wanted { Ok(()) } else { Err(Halt::Stopped) }
    }

    /// Whether a run before this one had received everything.
    fn is_whole(&self) -> bool {
        self.partial.written > 0 && self.partial.note.total == Some(self.partial.written)
    }

    /// Receives what is missing over one connection.
    fn receive(&mut self) -> Result<(), Halt> {
        let agent = web::agent(self.settings.allowed.clone(), self.settings.patience);
        let limit = usize::try_from(self.wanted.speed_limit_bytes_s / 20).unwrap_or(PIECE);
        let piece = if self.wanted.speed_limit_bytes_s == 0 { PIECE } else { limit.clamp(64, PIECE) };
        let question = Question {
            url: self.wanted.url.clone(),
            from: self.partial.written,
            validator: self.partial.note.validator.clone(),
            piece,
        };
        let asked = web::ask(agent, question)?;
        let mut secured = Instant::now();
        // From the head on; how long that may take has an end of its own.
        let mut pace = None::<Pace>;
        loop {
            let news = self.next(&asked, pace.as_mut())?;
            match news {
                News::Head(head) => {
                    self.begin(&head)?;
                    pace = Some(Pace::new(self.settings.patience));
                }
                News::Piece(piece) => self.take(&piece)?,
                News::End => break,
                News::Failed(fault) => return Err(fault.into()),
            }
            if secured.elapsed() >= SECURE {
                self.secure()?;
                secured = Instant::now();
            }
        }
        let total = self.partial.note.total;
        if total.is_some_and(|total| total != self.partial.written) { Err(Fault::Interrupted.into()) } else { Ok(()) }
    }

    /// What comes next of the answer, as long as it is wanted and comes fast enough.
    fn next(&self, asked: &Asked, mut pace: Option<&mut Pace>) -> Result<News, Halt> {
        loop {
            if self.errand.is_stopped() {
                return Err(Halt::Stopped);
            }
            let began = Instant::now();
            let news = asked.news.recv_timeout(LOOK);
            if let Some(pace) = &mut pace {
                if let Ok(News::Piece(piece)) = &news {
                    pace.came(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                }
                if pace.waited(began.elapsed()) && !matches!(news, Ok(News::End)) {
                    return Err(Fault::Stalled.into());
                }
            }
            match news {
                Ok(news) => return Ok(news),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Fault::Internal.into()),
            }
        }
    }

    fn begin(&mut self, head: &Head) -> Result<(), Halt> {
        match (head.status, head.from) {
            (206, Some(from)) if from == self.partial.written => {}
            (206, _) => return Err(Fault::BadAnswer.into()),
            // The file is another by now, or the host cannot begin in the middle.
            (200, _) => self.partial.restart()?,
            (416, _) if self.partial.written > 0 => {
                self.partial.restart()?;
                return Err(Fault::Interrupted.into());
            }
            (status, _) => return Err(Fault::HttpStatus { status }.into()),
        }
        if head.total.is_some_and(|total| total > self.max_bytes()) {
            return Err(Fault::TooLarge.into());
        }
        self.has_room(head.total.map_or(0, |total| total.saturating_sub(self.partial.written)))?;
        self.partial.note.validator.clone_from(&head.validator);
        self.partial.note.total = head.total;
        self.secure()?;
        self.meter.begin(self.partial.written, head.total);
        Ok(())
    }

    fn take(&mut self, piece: &[u8]) -> Result<(), Halt> {
        let bytes = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        let (done, total) = (self.partial.written.saturating_add(bytes), self.partial.note.total);
        if done > self.max_bytes() {
            return Err(Fault::TooLarge.into());
        }
        if total.is_some_and(|total| done > total) {
            return Err(Fault::BadAnswer.into());
        }
        self.partial.write(piece)?;
        self.meter.pass(bytes, done, total);
        Ok(())
    }

    /// What is written is not lost; and others write to the same disk, so there may be no room any more.
    fn secure(&mut self) -> Result<(), Halt> {
        self.partial.secure()?;
        self.has_room(0)
    }

    /// Whether so much more fits on the disk and leaves free what must stay free.
    fn has_room(&self, more: u64) -> Result<(), Halt> {
        let needed = more.saturating_add(self.settings.reserve_bytes);
        let is_full = self.library.free_bytes().is_some_and(|free| free < needed);
        if is_full { Err(Fault::DiskFull.into()) } else { Ok(()) }
    }

    /// What the queue takes and the server allows.
    fn max_bytes(&self) -> u64 {
        self.wanted.max_bytes.min(self.settings.max_file_bytes)
    }

    fn rest(&self, pause: Duration) -> Result<(), Halt> {
        let began = Instant::now();
        while began.elapsed() < pause {
            if self.errand.is_stopped() {
                return Err(Halt::Stopped);
            }
            sleep(LOOK);
        }
        Ok(())
    }
}
