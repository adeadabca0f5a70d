//! The queue, held to what Parlour promises of every room, and to its own rules.

mod bounds;
mod common;
mod jobs;

parlour_room::proof!(parlour_downloads::Downloads);
