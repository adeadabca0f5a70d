//! The author's testkit: it passes rooms that are right, and finds each fault that was planted in one.

#[cfg(test)]
mod errand;
#[cfg(test)]
mod found;
#[cfg(test)]
mod guess;
#[cfg(test)]
mod hands;

parlour_room::proof!(hands_proof: hands::Hands);
parlour_room::proof!(guess_proof: guess::Guess);
parlour_room::proof!(errand_proof: errand::Errand);
