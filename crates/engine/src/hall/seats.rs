//! Who sits where: told to who comes in, and with presence.

use super::Hall;
use crate::dialect::native_out::Seated;
use parlour_room::Seat;

impl Hall {
    /// The seats that are held, in their order; `None` where that are more than may be named. `comes`: who is being let in as a
    /// player just now, and does not follow yet.
    pub(crate) fn seats(&self, named: usize, comes: Option<&str>) -> Option<Vec<Seated>> {
        let members = self.table()?.about().members;
        if members.len() > named {
            return None;
        }
        let is_here = |user: &str| comes == Some(user) || self.follows.has_player(user);
        let seated = members.iter().map(|(user, member)| Seated {
            seat: member.seat,
            user: user.clone(),
            online: member.bot.is_some() || is_here(user),
        });
        let mut seats: Vec<Seated> = seated.collect();
        seats.sort_by_key(|seated| seated.seat);
        Some(seats)
    }

    /// The seat that this user holds, if any.
    pub(crate) fn seat_of(&self, user: &str) -> Option<Seat> {
        self.table()?.about().members.get(user).map(|member| member.seat)
    }
}
