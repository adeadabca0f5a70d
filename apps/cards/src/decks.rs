//! The ready-made decks: twenty cards, two of each.

use crate::card::Face;

/// How many cards a deck holds.
pub const DECK_SIZE: usize = 40;
/// How many of one name it may hold.
pub const COPIES: usize = 2;

/// The names of the ready-made decks.
pub fn names() -> impl Iterator<Item = &'static str> {
    DECKS.iter().map(|(name, _)| *name)
}

/// The forty cards of a ready-made deck.
pub fn named(name: &str) -> Option<Vec<Face>> {
    let (_, keys) = DECKS.iter().find(|(deck, _)| *deck == name)?;
    keys.split_whitespace().flat_map(|key| [Face::named(key); COPIES]).collect()
}

pub(crate) const DECKS: &[(&str, &str)] = &[
    (
        "ember",
        "sootling kilnhound forgemaw wickmoth lampwing slagmole pyrarch solfurnace burrowby tunnelord mimble \
         honey_salve nest_map hatching_stone glow_jar war_drum old_cartographer siege_captain \
         lightning_rodder level_ground",
    ),
    (
        "tide",
        "dripkit brookfox maelfox shoalray gulfray icklecrab nereith abyssor snoozle burrowby tunnelord \
         honey_salve nest_map spyglass leaky_bucket rope_ladder old_cartographer town_crier tax_collector \
         warm_spring",
    ),
    (
        "grove",
        "mossnub thornbuck brambleking sporelet mycelord nutshrew sylvanor worldroot snoozle mimble burrowby \
         waking_bell hatching_stone spyglass mended_satchel thistle_bomb field_medic shield_bearer \
         market_thief toxic_mire",
    ),
    (
        "storm",
        "fizzbit crackhare thunderjack gustling zephyrant coilsnake tempestra skybreaker mimble burrowby \
         rag_cart grappling_hook nest_map mirror_shard thistle_bomb rope_ladder town_crier stablehand \
         old_cartographer trampled_road",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_ready_made_deck_is_forty_known_cards_of_which_two_are_alike() {
        for name in names() {
            let cards = named(name).expect("known");
            assert_eq!(cards.len(), DECK_SIZE, "{name}");
            assert_eq!(cards.iter().collect::<BTreeSet<_>>().len(), DECK_SIZE / COPIES, "{name}");
        }
    }

    #[test]
    fn every_card_is_in_some_ready_made_deck() {
        let played: BTreeSet<Face> = names().filter_map(named).flatten().collect();
        assert!(Face::all().all(|face| played.contains(&face)));
    }

    #[test]
    fn in_a_ready_made_deck_every_evolution_has_what_it_evolves_from() {
        for name in names() {
            let cards = named(name).expect("known");
            for from in cards.iter().filter_map(|face| face.species()?.stage.from()) {
                assert!(cards.iter().any(|face| face.key() == from), "{name}: {from}");
            }
        }
    }
}
