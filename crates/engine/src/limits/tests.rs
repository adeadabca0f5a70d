//! The table of limits holds together.

use super::*;

#[test]
fn every_limit_can_be_configured_to_its_default_and_to_both_ends_of_its_range_and_no_further() {
    for about in Limits::ALL {
        let mut limits = Limits::default();
        assert_eq!(limits.get(about.name), Some(about.default), "{about:?}");
        assert!(about.min <= about.default && about.default <= about.max, "{about:?}");
        for value in [about.min, about.max, about.default] {
            assert_eq!(limits.set(about.name, value), Some(Ok(())));
            assert_eq!(limits.get(about.name), Some(value), "{about:?} does not fit its type");
        }
        assert!(matches!(limits.set(about.name, about.max + 1), Some(Err(_))), "{about:?}");
        assert_eq!(limits, Limits::default());
    }
    assert_eq!(Limits::default().set("frobs", 1), None);
}

#[test]
fn every_limit_says_what_it_bounds_and_the_pairs_are_limits_in_order() {
    for about in Limits::ALL {
        assert!(about.doc.starts_with(' ') && about.doc.len() > 10, "{about:?}");
    }
    for (less, more) in ORDERED {
        assert!(Limits::default().get(less).is_some() && Limits::default().get(more).is_some(), "{less} {more}");
    }
    assert_eq!(Limits::default().out_of_order(), None);
    let limits = Limits { silence_ms: 1000, ..Limits::default() };
    assert_eq!(limits.out_of_order(), Some(("ping_ms", "silence_ms")));
}
