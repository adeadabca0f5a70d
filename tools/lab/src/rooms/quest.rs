//! What clients of the dialect casys take for a quest, of one section: its rules fail over who goes into the hole.

use parlour::*;

#[kept]
pub(crate) struct Quest {
    mode: String,
    step: u32,
}

#[wire(config)]
#[derive(Default)]
#[serde(default)]
pub(crate) struct Config {
    party: String,
}

#[wire(action)]
pub(crate) enum Action {
    Choose { section: u32, step: u32, choice: String },
    Stop,
}

#[wire(event)]
pub(crate) enum Event {
    WentOn { step: u32 },
}

#[wire]
pub(crate) struct View {
    step: u32,
    section: Section,
    narrative: Empty,
    rules: Rules,
    decision: Empty,
    character: Empty,
    party: Party,
}

#[wire]
struct Section {
    number: u32,
}

#[wire]
struct Rules {
    choices: Vec<Choice>,
}

#[wire]
struct Party {
    mode: String,
}

#[wire]
struct Choice {
    id: String,
    target: u32,
    open: bool,
}

#[room]
impl Room for Quest {
    fn seats(_: &Config) -> Seats {
        Seats::Open(8)
    }

    fn open(config: Config, _: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { mode: config.party, step: 0 })
    }

    fn check(&self, _: Seat, _: &Action) -> Result<(), Refused> {
        Ok(())
    }

    fn apply(&mut self, _: Seat, action: Action, turn: &mut Turn<Self>) {
        self.step = self.step.saturating_add(1);
        match action {
            Action::Choose { section: 1, step: _, choice } if choice == "on" => turn.tell(Event::WentOn { step: self.step }),
            Action::Choose { .. } | Action::Stop => panic!("there is a hole"),
        }
    }

    fn view(&self, _: Viewer) -> View {
        let choice = |id: &str, target| Choice { id: id.to_owned(), target, open: true };
        View {
            step: self.step,
            section: Section { number: 1 },
            narrative: Empty {},
            rules: Rules { choices: vec![choice("on", 1), choice("hole", 2)] },
            decision: Empty {},
            character: Empty {},
            party: Party { mode: self.mode.clone() },
        }
    }
}
