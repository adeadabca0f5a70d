//! The queue, held to what Parlour promises of every room, and to its own rules.

parlour_room::proof!(parlour_downloads::Downloads);
