//! "Did you mean": the name that is nearest to a wrong one.

/// The likeliest of `names`, if one is near: spelled almost so, or the same word in another place.
pub(super) fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let last = |name: &str| name.rsplit(['.', ' ']).next().unwrap_or_default().to_owned();
    let (_, name) = names
        .map(|name| {
            let elsewhere = if last(name) == last(wrong) { 1 } else { usize::MAX };
            (distance(wrong, name).min(elsewhere), name)
        })
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= (wrong.len() / 4).max(2))?;
    Some(name)
}

/// How many letters must be put in, left out or changed.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_nonsense_finds_none() {
        let names = ["listen", "auth.jwt.secret", "limits.page", "limits.ping_ms"];
        let find = |wrong| nearest(wrong, names.into_iter());
        assert_eq!(find("auth.jwt.secrt"), Some("auth.jwt.secret"));
        assert_eq!(find("limits.pign_ms"), Some("limits.ping_ms"));
        assert_eq!(find("page"), Some("limits.page"));
        assert_eq!(find("port"), None);
        assert_eq!((distance("kitten", "sitting"), distance("", "abc"), distance("same", "same")), (3, 3, 0));
    }
}
