//! What Parlour promises of every room, of this one.

parlour_room::proof!(parlour_quest::Quest);
