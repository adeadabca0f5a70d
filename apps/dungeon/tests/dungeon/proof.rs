//! What Parlour promises of every room.

use parlour_dungeon::Dungeon;

parlour_room::proof!(Dungeon);
