//! A bot that looks ahead, and sees no more than its seat, plays better than one that does not.

use crate::common::{SEATS, VIEWERS, dealt, some_config};
use parlour_cards::{Action, Cards};
use parlour_room::bot::{self, Ask};
use parlour_room::{AnyKind, Dice, KindOf, Seat, Viewer};

const GAMES: u64 = 200;

/// What the bot of this name does: it is given JSON, as by a server.
fn chosen(name: &str, view: &str, legal: &[String], dice: &mut Dice) -> Action {
    let promises = if bot::looks_ahead(name) {
        KindOf::<Cards>::new().promises(view, legal).expect("they are read back")
    } else {
        Vec::new()
    };
    let mut bot = bot::named(name).expect("it is there");
    serde_json::from_str(bot.choose(Ask { view, legal, promises: &promises }, dice)).expect("one of the legal actions")
}

#[test]
fn the_lookahead_bot_beats_the_random_bot_clearly() {
    let (mut won, mut lost, mut drawn) = (0, 0, 0);
    for number in 0..GAMES {
        let mut dice = Dice::from_number(number);
        let mut game = dealt(some_config(&mut dice), number);
        let smart = SEATS[usize::try_from(number % 2).expect("0 or 1")];
        while game.ended().is_none() {
            let seat: Seat = game.view(VIEWERS[2]).to_act[0];
            let name = if seat == smart { "lookahead" } else { "random" };
            let view = game.table.view_json(Viewer::Seat(seat)).expect("a view");
            let legal = game.table.legal_json(seat).expect("what is legal");
            let action = chosen(name, &view, &legal, &mut dice);
            game.must(seat, action);
        }
        match game.view(VIEWERS[2]).outcome.expect("it ended").winner {
            Some(winner) if winner == smart => won += 1,
            Some(_) => lost += 1,
            None => drawn += 1,
        }
    }
    println!("of {GAMES} games the lookahead bot won {won}, the random bot {lost}, and {drawn} were drawn");
    assert!(won * 10 >= GAMES * 8, "{won} of {GAMES}");
}
