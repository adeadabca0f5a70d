//! Nobody can tell what is hidden from them: not by views, events, legal actions, refusals, nor by what the dice show afterwards.

use crate::common::{Game, SEATS, VIEWERS, dealt, some_config};
use parlour_cards::{Action, Cards, Event, Id, Phase};
use parlour_room::proof::Disguise;
use parlour_room::{Acted, Dice, Room, Seat, Table, Viewer};
use serde_json::Value;

/// Plays random games and stops at random moments.
fn at_moments(games: u64, one_in: u64, mut look: impl FnMut(&mut Game, &mut Dice)) {
    for number in 0..games {
        let mut dice = Dice::from_number(number);
        let mut game = dealt(some_config(&mut dice), number);
        look(&mut game, &mut dice);
        while game.ended().is_none() {
            game.step(&mut dice);
            if dice.below(one_in) == 0 {
                look(&mut game, &mut dice);
            }
        }
        look(&mut game, &mut dice);
    }
}

#[test]
fn a_disguise_changes_all_that_is_hidden_and_nothing_that_is_seen() {
    let (mut moments, mut hands, mut other_hands) = (0, 0, 0);
    at_moments(60, 4, |game, dice| {
        let state = game.table.state();
        for viewer in VIEWERS {
            let other = state.disguise(viewer, dice);
            other.sound().expect("a disguise is a sound state");
            assert_eq!(json(&other.view(viewer)), json(&state.view(viewer)));
            if let Some(seat) = viewer.seat() {
                assert_eq!(other.legal(seat), state.legal(seat));
            }
            let (before, after) = (state.hidden_from(viewer), other.hidden_from(viewer));
            assert_eq!(before.len(), after.len());
            assert!(before.iter().all(|id| !after.contains(id)), "every hidden card has a fresh id");
            let hand = |state: &Cards| state.view(VIEWERS[0]).you.map(|you| keys(&you.hand));
            if viewer != VIEWERS[0] && state.view(VIEWERS[2]).sides[0].hand > 0 {
                hands += 1;
                other_hands += u32::from(hand(state) != hand(&other));
            }
        }
        moments += 1;
    });
    println!("{moments} moments; {other_hands} of {hands} hands became others");
    assert!(other_hands * 4 > hands * 3);
}

#[test]
fn no_id_of_a_hidden_card_was_ever_in_what_a_viewer_got() {
    let mut scanned = 0;
    at_moments(40, 15, |game, _| {
        for (number, viewer) in VIEWERS.into_iter().enumerate() {
            let mut seen = game.bytes[number].concat();
            seen.push_str(&json(&game.table.state().view(viewer)));
            if let Some(seat) = viewer.seat() {
                seen.push_str(&json(&game.legal(seat)));
            }
            for id in game.table.state().hidden_from(viewer) {
                assert!(!seen.contains(&id), "{viewer:?} has seen the id {id}");
                scanned += 1;
            }
        }
    });
    println!("looked for {scanned} ids");
}

#[test]
fn refusals_say_nothing_of_what_is_hidden() {
    let mut compared = 0;
    at_moments(40, 8, |game, dice| {
        let state = game.table.state();
        for seat in SEATS {
            let other = state.disguise(Viewer::Seat(seat), dice);
            let known = ids_in(&json(&state.view(Viewer::Seat(seat))));
            for _ in 0..60 {
                let action = some_action(dice, &known);
                assert_eq!(state.check(seat, &action), other.check(seat, &action), "{action:?}");
                compared += 1;
            }
        }
    });
    println!("compared {compared} judgements");
}

/// The next action is played on the table and on its disguise: what the viewer hears is the same but for what the rules reveal
/// just then. Coins most of all: they come after shuffles from the same stream of dice.
#[test]
fn what_happens_next_says_nothing_of_what_stays_hidden() {
    let (mut compared, mut coins) = (0, 0);
    at_moments(120, 8, |game, dice| {
        let state = game.table.state();
        let Some(&actor) = state.view(VIEWERS[2]).to_act.first() else { return };
        let Some(action) = dice.pick(&state.legal(actor)).cloned() else { return };
        for (number, viewer) in VIEWERS.into_iter().enumerate() {
            let other = with_card_of(&action, actor, state, state.disguise(viewer, dice));
            let [here, there] = [None, Some(other)].map(|other| heard_after(game, other, actor, &action, number));
            assert_eq!(here, there, "{viewer:?} after {action:?}");
            coins += here.iter().filter(|event| matches!(event, Event::Flipped { .. })).count();
            compared += 1;
        }
    });
    println!("compared {compared} actions and {coins} coins");
    assert!(coins > 150);
}

/// An action may name a card that was hidden until now: then a card like it lies in its place, under its id.
fn with_card_of(action: &Action, actor: Seat, before: &Cards, disguised: Cards) -> Cards {
    let named = value(action)["card"].clone();
    let (before, mut state) = (value(before), value(&disguised));
    let (before, side) = (&before["sides"][actor.0 as usize], &mut state["sides"][actor.0 as usize]);
    for place in ["hand", "looked"] {
        let Some(at) = list(&before[place]).iter().position(|card| card["id"] == named) else { continue };
        let wanted = list(&before[place])[at].clone();
        if side[place][at] == wanted {
            continue;
        }
        let alike = |card: &Value| card["card"] == wanted["card"];
        let found = ["hand", "looked", "face_down", "deck"]
            .into_iter()
            .find_map(|from| Some((from, list(&side[from]).iter().position(alike)?)));
        let (from, number) = found.expect("a disguise has the same cards");
        let displaced = std::mem::replace(&mut side[place][at], wanted);
        if (place, at) != (from, number) {
            side[from][number] = displaced;
        }
    }
    let state: Cards = serde_json::from_value(state).expect("a state");
    state.sound().expect("the card was exchanged for another");
    state
}

/// What a viewer hears of an action, without what it reveals to them.
fn heard_after(game: &Game, other: Option<Cards>, actor: Seat, action: &Action, viewer: usize) -> Vec<Event> {
    let mut table: Table<Cards> = Table::restore(&game.table.snapshot()).expect("its own snapshot");
    if let Some(other) = other {
        table = table.with_state(other);
    }
    let user = crate::common::USERS[actor.0 as usize];
    let Ok(Acted::Played(_, played)) = table.act(game.stamp(), user, None, &json(action)) else {
        panic!("{action:?} was refused")
    };
    let bodies = played.told.iter().filter_map(|told| told.heard_by(VIEWERS[viewer], 0));
    bodies.map(|body| masked(serde_json::from_str(body.get()).expect("an event"))).collect()
}

/// Takes out what an event may reveal of what was hidden until then.
fn masked(event: Event) -> Event {
    match event {
        Event::Drew { seat, count, .. } => Event::Drew { seat, cards: None, count },
        Event::Looked { seat, count, .. } => Event::Looked { seat, cards: None, count },
        Event::Peeked { seat, count, .. } => Event::Peeked { seat, cards: None, count },
        Event::Discarded { seat, .. } => Event::Shuffled { seat, put_back: 1000 },
        Event::Revealed { seat, bench, .. } => Event::Shuffled { seat, put_back: 2000 + bench.len() as u32 },
        Event::EnergyAppeared { seat, .. } => Event::Shuffled { seat, put_back: 3000 },
        Event::EnergyGained { seat, monster, .. } => Event::Switched { seat, active: monster },
        other => other,
    }
}

#[test]
fn what_passes_the_check_is_listed_and_what_is_listed_passes() {
    let (mut passed, mut refused) = (0, 0);
    at_moments(60, 6, |game, dice| {
        let state = game.table.state();
        let everything = ids_in(&serde_json::to_string(state).expect("JSON"));
        for seat in SEATS {
            let legal = game.legal(seat);
            assert!(legal.iter().all(|action| state.check(seat, action).is_ok()));
            for _ in 0..120 {
                let action = some_action(dice, &everything);
                if action == (Action::Resign {}) {
                    continue;
                }
                let ok = state.check(seat, &action).is_ok();
                assert_eq!(ok, legal.contains(&action), "{action:?}");
                passed += u32::from(ok);
                refused += u32::from(!ok);
            }
        }
    });
    println!("{passed} passed, {refused} refused");
    assert!(passed > 200);
}

#[test]
fn every_legal_action_can_be_played() {
    at_moments(12, 20, |game, _| {
        for seat in SEATS {
            for action in game.legal(seat) {
                let mut table: Table<Cards> = Table::restore(&game.table.snapshot()).expect("its own snapshot");
                let user = crate::common::USERS[seat.0 as usize];
                table.act(game.stamp(), user, None, &json(&action)).unwrap_or_else(|why| panic!("{action:?}: {why:?}"));
            }
        }
    });
}

#[test]
fn a_stranger_sees_what_a_spectator_sees() {
    let game = dealt(serde_json::json!({}), 1);
    let view = |viewer| game.table.state().view(viewer);
    let stranger = Seat(7);
    assert_eq!(view(Viewer::Seat(stranger)), view(Viewer::Spectator));
    assert!(game.table.state().legal(stranger).is_empty());
    assert!(game.check(stranger, &Action::Resign {}).is_err());
    assert_eq!(view(Viewer::Spectator).phase, Phase::Setup);
}

fn value<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("JSON")
}

fn keys(cards: &[parlour_cards::Card]) -> Vec<&'static str> {
    cards.iter().map(|card| card.card.key()).collect()
}

/// Everything in a text that looks like an id.
fn ids_in(text: &str) -> Vec<Id> {
    let words =
        text.split('"').filter(|word| word.len() == 12 && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    words.map(Id::from).collect()
}

/// Any action, on any of these ids or on nonsense.
fn some_action(dice: &mut Dice, known: &[Id]) -> Action {
    let mut id = || if dice.below(20) == 0 { Id::from("nonsense") } else { dice.pick(known).cloned().unwrap_or("x".into()) };
    let (card, monster, other) = (id(), id(), id());
    let target = if dice.below(3) == 0 { None } else { Some(other) };
    match dice.below(16) {
        0 => Action::Place { card },
        1 => Action::Ready {},
        2 => Action::PlayBasic { card },
        3 => Action::Evolve { card, monster },
        4 => Action::Attach { monster },
        5 => Action::PlayItem { card, target },
        6 => Action::PlayAlly { card, target },
        7 => Action::PlayField { card },
        8 => Action::UseAbility { monster, target },
        9 => Action::Attack { attack: u32::try_from(dice.below(4)).expect("small"), target },
        10 => Action::Retreat { to: monster },
        11 => Action::EndTurn {},
        12 => Action::ChooseActive { to: monster },
        13 => Action::Discard { card },
        14 => Action::Keep { card },
        _ => Action::Resign {},
    }
}
