//! A count under two rules: `ONES` count by ones, `TENS` by tens. `TAKES_OVER`: the newer ones take over what the older left.

use parlour::*;

pub(crate) const ONES: u32 = 1;
pub(crate) const TENS: u32 = 2;

#[kept]
pub(crate) struct Tally<const RULES: u32, const TAKES_OVER: bool> {
    count: u64,
}

#[wire(action)]
pub(crate) enum Action {
    Add,
}

#[wire(event)]
pub(crate) enum Event {
    Counted { count: u64 },
}

#[wire]
pub(crate) struct View {
    count: u64,
}

#[room]
impl<const RULES: u32, const TAKES_OVER: bool> Room for Tally<RULES, TAKES_OVER> {
    const RULES: u32 = RULES;

    fn migrate(old: Old) -> Result<Migrated<Self>, Unmigrated> {
        if !TAKES_OVER {
            return Err(Unmigrated::because("these rules take nothing over"));
        }
        let Self { count } = old.state()?;
        Migrated::with(&old, Self { count: count.saturating_mul(10) })
    }

    fn seats(_: &Empty) -> Seats {
        Seats::Open(4)
    }

    fn open(_: Empty, _: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { count: 0 })
    }

    fn check(&self, _: Seat, _: &Action) -> Result<(), Refused> {
        Ok(())
    }

    fn apply(&mut self, _: Seat, _: Action, turn: &mut Turn<Self>) {
        self.count = self.count.saturating_add(if RULES == ONES { 1 } else { 10 });
        turn.tell(Event::Counted { count: self.count });
    }

    fn view(&self, _: Viewer) -> View {
        View { count: self.count }
    }
}
