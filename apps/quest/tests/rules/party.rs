//! Several members: votes, turns, and who is away.

use crate::game::{Game, begun};
use parlour_quest::Event;
use parlour_room::Seat;
use serde_json::json;

fn voters(members: u32) -> Game {
    begun(json!({ "party": "vote", "narrated": false, "vote_seconds": 10 }), members)
}

fn takers(members: u32) -> Game {
    begun(json!({ "party": "turns", "narrated": false, "turn_seconds": 20 }), members)
}

#[test]
fn more_than_half_of_those_present_decide() {
    let mut game = voters(3);
    game.choose(0, "quay").unwrap();
    assert_eq!((game.section(), game.view().party.votes.len()), (1, 1));
    let heard = game.choose(2, "quay").unwrap();
    assert!(heard.iter().any(|event| matches!(event, Event::VoteDecided { votes: 2, tie: false, .. })), "{heard:?}");
    assert!(heard.iter().any(|event| matches!(event, Event::Chosen { seat: None, .. })));
    let view = game.view();
    assert_eq!((view.section.number, view.party.votes.len(), view.party.vote_closes_ms), (2, 0, None));
}

#[test]
fn a_vote_may_be_changed_but_not_repeated() {
    let mut game = voters(3);
    game.choose(0, "quay").unwrap();
    assert_eq!(game.choose(0, "quay"), Err("already_voted".to_owned()));
    game.choose(0, "customs").unwrap();
    assert_eq!(game.view().party.votes.len(), 1);
    game.choose(1, "customs").unwrap();
    assert_eq!(game.section(), 3);
}

#[test]
fn a_tie_is_decided_by_dice_among_what_was_voted_for() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let mut game = crate::game::open(&json!({ "party": "vote", "narrated": false }), seed).unwrap();
        (0..2).for_each(|seat| game.join(seat));
        game.choose(0, "quay").unwrap();
        let heard = game.choose(1, "tavern").unwrap();
        assert!(heard.iter().any(|event| matches!(event, Event::VoteDecided { tie: true, .. })));
        seen.insert(game.section());
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn the_clock_ends_a_vote_and_nobody_who_is_silent_blocks_it() {
    let mut game = voters(3);
    game.pass_ms(60_000);
    assert_eq!(game.section(), 1, "no vote, no clock");
    game.choose(1, "tavern").unwrap();
    assert_eq!(game.view().party.vote_closes_ms, Some(70_000));
    game.pass_ms(9_999);
    assert_eq!(game.section(), 1);
    game.pass_ms(1);
    assert_eq!(game.section(), 4);
}

#[test]
fn who_is_away_or_leaves_is_not_waited_for() {
    let mut game = voters(3);
    game.present(2, false);
    game.choose(0, "quay").unwrap();
    assert_eq!(game.section(), 1, "one of two");
    game.leave(1);
    assert_eq!(game.section(), 2, "one of one");
}

#[test]
fn a_vote_for_what_is_no_longer_open_is_forgotten() {
    let mut game = begun(json!({ "party": "vote", "narrated": false, "vote_seconds": 10 }), 3);
    for choice in ["quay", "lamp", "customs", "out"] {
        game.choose(0, choice).unwrap();
        game.choose(1, choice).unwrap();
    }
    game.must(0, &json!({ "type": "drop_item", "item": "silver whistle" }));
    game.choose(0, "lamp").unwrap();
    game.must(1, &json!({ "type": "drop_item", "item": "hard bread" }));
    assert_eq!(game.view().party.votes.len(), 1, "it is open still");
    game.choose(1, "lamp").unwrap();
    assert_eq!(game.section(), 5);
}

#[test]
fn anybody_rolls_in_a_party_that_votes() {
    let mut game = voters(2);
    for choice in ["tavern", "dice"] {
        (0..2).for_each(|seat| drop(game.choose(seat, choice).unwrap()));
    }
    game.must(1, &json!({ "type": "roll", "section": 10 }));
    assert_ne!(game.section(), 10);
}

#[test]
fn turns_go_round_in_the_order_of_the_seats() {
    let mut game = takers(3);
    assert_eq!(game.view().party.turn, Some(Seat(0)));
    assert_eq!(game.choose(1, "quay"), Err("not_your_turn".to_owned()));
    for (seat, choice) in [(0, "quay"), (1, "lamp"), (2, "customs"), (0, "warden")] {
        assert_eq!(game.view().party.turn, Some(Seat(seat)));
        game.choose(seat, choice).unwrap();
    }
    assert_eq!(game.view().party.turn, Some(Seat(1)));
}

#[test]
fn whoever_is_away_or_slow_in_their_turn_does_not_block() {
    let mut game = takers(3);
    game.present(0, false);
    assert_eq!(game.view().party.turn, Some(Seat(1)));
    game.leave(1);
    assert_eq!(game.view().party.turn, Some(Seat(2)));
    assert_eq!(game.view().party.turn_opens_ms, None, "nobody waits for them");
    game.present(0, true);
    assert_eq!(game.choose(0, "quay"), Err("not_your_turn".to_owned()));
    game.pass_ms(20_000);
    assert_eq!(game.view().party.turn, None);
    game.choose(0, "quay").unwrap();
    assert_eq!(game.view().party.turn, Some(Seat(2)));
}

#[test]
fn the_leader_alone_restarts_and_stops() {
    let mut game = voters(3);
    assert_eq!(game.act(1, &json!({ "type": "restart" })), Err("leader_only".to_owned()));
    assert_eq!(game.act(2, &json!({ "type": "stop" })), Err("leader_only".to_owned()));
    game.present(0, false);
    game.must(1, &json!({ "type": "restart" }));
    game.must(1, &json!({ "type": "stop" }));
    assert!(game.view().stopped && game.ended().is_some());
}

#[test]
fn a_member_who_resigns_leaves_a_party_and_stops_a_solo_game() {
    let mut game = voters(2);
    game.table.resign(game.stamp(), "u0", None).map(drop).expect("a member");
    assert_eq!((game.view().party.members.len(), game.ended().is_none()), (1, true));
    game.table.resign(game.stamp(), "u1", None).map(drop).expect("a member");
    assert!(game.ended().is_some());
}
