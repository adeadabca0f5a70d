"""The dice of a room, made again from what crates/room/src/dice.rs documents: ChaCha20, the key, and how each draw is made."""

import struct
from hashlib import sha256


class Dice:
    def __init__(self, seed, stirred, record):
        """`seed`: 32 bytes. `stirred`: [(seat, nonce)] in joining order. `record`: the number of the record that draws."""
        parts = b"".join(struct.pack("<II", seat, len(n := nonce.encode())) + n for seat, nonce in stirred)
        self.key = struct.unpack("<8I", sha256(seed + parts).digest() if stirred else seed)
        self.stream, self.block, self.words = struct.unpack("<2I", struct.pack("<Q", record)), 0, []

    def bits(self):
        if not self.words:
            count = struct.unpack("<2I", struct.pack("<Q", self.block))
            first = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *self.key, *count, *self.stream]
            x, self.block = first[:], self.block + 1
            for a, b, c, d in [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                               (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)] * 10:
                for to, other, by, turn in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)]:
                    x[to] = (x[to] + x[other]) & 0xFFFFFFFF
                    x[by] = ((x[by] ^ x[to]) << turn | (x[by] ^ x[to]) >> (32 - turn)) & 0xFFFFFFFF
            self.words = [(left + right) & 0xFFFFFFFF for left, right in zip(x, first)]
        low, high, *self.words = self.words
        return low | high << 32

    def below(self, bound):
        while (drawn := self.bits()) >= 2**64 - 2**64 % bound:
            pass
        return drawn % bound

    def shuffle(self, items):
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]
