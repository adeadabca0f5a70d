//! What the shards read from the disk. Now and then it cannot be read.

use super::{SULKS, World};
use parlour_engine::forward::ShardId;
use parlour_engine::io::Input;
use parlour_engine::lookup::{LookId, Lookup};
use parlour_engine::store::{Due, ReadError};
use std::sync::Arc;

impl World {
    pub(super) fn loads(&mut self, room: Arc<str>) {
        self.loading -= 1;
        let result = self.is_readable().map(|()| self.disk.load(&room).map(|history| self.plant(&room, history)));
        self.tells(Input::Loaded { room, result });
    }

    pub(super) fn lists_due(&mut self, shard: ShardId, after: &Due, limit: usize) {
        let result = self.is_readable().map(|()| self.disk.due(after, limit));
        let now = self.now();
        if let Some(fleet) = &mut self.fleet {
            fleet.forwarded(shard, Input::Due(result), now);
        }
    }

    pub(super) fn looks(&mut self, look: LookId, lookup: &Lookup) {
        let result = self.is_readable().map(|()| self.disk.look(lookup));
        self.tells(Input::Looked { look, result });
    }

    fn is_readable(&mut self) -> Result<(), ReadError> {
        if self.is_healing() || !self.luck.percent(3) {
            return Ok(());
        }
        self.judge.tally.add("reads that failed");
        Err(ReadError::Failed(SULKS.to_owned()))
    }
}
