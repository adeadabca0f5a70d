//! Games that bots play, kept as they were played: every bench does the same games over again.

use crate::bare::Bare;
use parlour_cards::Cards;
use parlour_room::bot::{Ask, Bot, RandomBot};
use parlour_room::{
    Acted, AnyKind, AnyTable, Dice, Hash64, Joined, Joining, KindOf, Opening, Played, Record, Seat, Seed, Stamp, Viewer, Who,
};

/// When everything here begins: wall time, milliseconds since 1970.
pub(crate) const WALL_MS: u64 = 1_795_255_200_000;
/// A game longer than this does not end.
const ACTIONS_MAX: usize = 20_000;

/// A room as it was played.
pub(crate) struct Game {
    pub(crate) kind: Box<dyn AnyKind>,
    pub(crate) name: String,
    number: u64,
    config: &'static str,
    pub(crate) actions: Vec<Action>,
    /// Everything recorded of it.
    pub(crate) records: Vec<Record>,
    /// The table as it was left.
    pub(crate) table: Box<dyn AnyTable>,
}

/// What a member did.
pub(crate) struct Action {
    pub(crate) seat: Seat,
    pub(crate) id: String,
    pub(crate) json: String,
}

impl Game {
    /// `cards`, played by bots that take any legal action, until the room is closed.
    pub(crate) fn of_cards(number: u64) -> Self {
        Self::of_cards_until("cards", number, false, ACTIONS_MAX)
    }

    /// The same in a room of this name and number, up to so many actions; with rematches ten games in the same room.
    pub(crate) fn of_cards_until(name: &str, number: u64, rematches: bool, actions: usize) -> Self {
        let config = if rematches { r#"{"rematches":9}"# } else { "{}" };
        let mut game = Self::begin(name, Box::new(KindOf::<Cards>::new()), number, config);
        let mut dice = Dice::from_number(number);
        while game.table.about().ended.is_none() && game.actions.len() < actions {
            let legal = [Seat(0), Seat(1)].map(|seat| (seat, game.table.legal(seat).expect("the rules say what is legal")));
            let able: Vec<_> = legal.iter().filter(|(_, legal)| !legal.is_empty()).collect();
            let (seat, legal) = *dice.pick(&able).expect("somebody can act until the room is closed");
            // To want no other game would end the room early.
            let legal: Vec<String> = legal.iter().filter(|action| !(rematches && gives_up(action))).cloned().collect();
            let json = RandomBot.choose(Ask { view: "", legal: &legal, promises: &[] }, &mut dice).to_owned();
            game.act(*seat, json);
            assert!(game.actions.len() < ACTIONS_MAX, "game {number} does not end");
        }
        game
    }

    /// The room without rules, with so many actions of 120 bytes.
    pub(crate) fn of_nothing(actions: u32) -> Self {
        let mut game = Self::begin("bare", Box::new(KindOf::<Bare>::new()), 0, "{}");
        let text = "x".repeat(120 - r#"{"type":"say","text":""}"#.len());
        (0..actions).for_each(|at| game.act(Seat(at % 2), format!(r#"{{"type":"say","text":"{text}"}}"#)));
        game
    }

    fn begin(name: &str, kind: Box<dyn AnyKind>, number: u64, config: &'static str) -> Self {
        let name = format!("{name}-{number}");
        let (table, records) = begun(kind.as_ref(), &name, number, config);
        Self { kind, name, number, config, actions: Vec::new(), records, table }
    }

    fn act(&mut self, seat: Seat, json: String) {
        let action = Action { seat, id: format!("m-{}", self.actions.len()), json };
        let user = self.user(seat);
        let played = play(self.table.as_mut(), &user, &action);
        self.records.push(played.record);
        self.actions.push(action);
    }

    /// Its table as it was when both had come, for playing it again.
    pub(crate) fn again(&self) -> Box<dyn AnyTable> {
        begun(self.kind.as_ref(), &self.name, self.number, self.config).0
    }

    /// Who holds a seat.
    pub(crate) fn user(&self, seat: Seat) -> String {
        user(self.number, seat)
    }

    /// Everything of it played again, with what each action brought about and the table after it.
    pub(crate) fn each(&self, mut look: impl FnMut(&dyn AnyTable, &Played)) {
        let mut table = self.again();
        let users = [Seat(0), Seat(1)].map(|seat| self.user(seat));
        for action in &self.actions {
            let played = play(table.as_mut(), &users[usize::from(action.seat == Seat(1))], action);
            look(table.as_ref(), &played);
        }
    }
}

/// Judges and plays one action.
pub(crate) fn play(table: &mut dyn AnyTable, user: &str, action: &Action) -> Played {
    let Action { id, json, .. } = action;
    match table.act(Stamp { at_ms: 0, ts_ms: WALL_MS }, user, Some(id), json) {
        Ok(Acted::Played(_, played)) => played,
        other => panic!("{json} is legal and new, but: {other:?}"),
    }
}

/// Everybody who looks at such a room: both seats, and the spectators.
pub(crate) const VIEWERS: [Viewer; 3] = [Viewer::Seat(Seat(0)), Viewer::Seat(Seat(1)), Viewer::Spectator];

fn begun(kind: &dyn AnyKind, name: &str, number: u64, config: &str) -> (Box<dyn AnyTable>, Vec<Record>) {
    let stamp = Stamp { at_ms: 0, ts_ms: WALL_MS };
    let seed = Seed::derived(&[7; 32], number);
    let by = user(number, Seat(0));
    let opening = Opening { name, by: &by, id: None, body: Hash64(0), seed, config, after: 0 };
    let (mut table, opened) = kind.open(stamp, opening).expect("the configuration is good");
    let mut records = vec![opened.record];
    for seat in [Seat(0), Seat(1)] {
        let user = user(number, seat);
        let who = Who { user: &user, name: &user, bot: false };
        let joining = Joining { who, bot: None, seat: Some(seat), nonce: None };
        let Ok(Joined::Played(_, joined)) = table.join(stamp, joining) else { panic!("the seat is free") };
        records.push(joined.record);
    }
    (table, records)
}

fn user(number: u64, seat: Seat) -> String {
    format!("player-{number}-{seat}")
}

fn gives_up(action: &str) -> bool {
    ["resign", "decline"].iter().any(|word| action.contains(word))
}
