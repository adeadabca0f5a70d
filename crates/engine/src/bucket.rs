//! Token buckets: how much somebody may still ask. Pure: the time comes in, and a bucket is one number.

/// How large a bucket is and how fast it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    tokens: u64,
    /// How long one token takes to come.
    token_ns: u64,
}

impl Rate {
    /// So many tokens at once, and so many more each second.
    pub fn per_s(tokens: u64, per_s: u64) -> Self {
        Self { tokens: tokens.max(1), token_ns: (NS_PER_MS * 1000).div_ceil(per_s.max(1)) }
    }

    /// So many tokens within this time.
    pub fn within(tokens: u64, ms: u64) -> Self {
        let tokens = tokens.max(1);
        Self { tokens, token_ns: (ms.saturating_mul(NS_PER_MS) / tokens).max(1) }
    }

    /// How long an empty bucket takes to fill.
    fn whole_ns(self) -> u64 {
        self.token_ns.saturating_mul(self.tokens)
    }

    /// Nothing costs more than a whole bucket: it could never be had.
    fn cost_ns(self, tokens: u64) -> u64 {
        self.token_ns.saturating_mul(tokens.min(self.tokens))
    }
}

/// One bucket. All that changes is when it will be full again: what fills it in the meantime needs no hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    full_at_ns: u64,
}

impl Bucket {
    /// How long until so many tokens are there: 0 if they are.
    pub fn wait_ms(self, rate: Rate, tokens: u64, now_ms: u64) -> u64 {
        let now_ns = now_ms.saturating_mul(NS_PER_MS);
        let taken_ns = self.full_at_ns.max(now_ns).saturating_add(rate.cost_ns(tokens));
        taken_ns.saturating_sub(now_ns.saturating_add(rate.whole_ns())).div_ceil(NS_PER_MS)
    }

    /// Takes them, if they are there; else how long until they are.
    pub fn take(&mut self, rate: Rate, tokens: u64, now_ms: u64) -> Result<(), u64> {
        match self.wait_ms(rate, tokens, now_ms) {
            0 => {
                self.spend(rate, tokens, now_ms);
                Ok(())
            }
            wait_ms => Err(wait_ms),
        }
    }

    /// Takes them, whether they are there or not.
    pub fn spend(&mut self, rate: Rate, tokens: u64, now_ms: u64) {
        self.owe(rate.cost_ns(tokens), now_ms);
    }

    /// Takes one part in so many of a token, whether it is there or not: what a refusal costs. Who is refused again and again
    /// ends up owing one whole bucket, no more.
    pub fn fine(&mut self, rate: Rate, parts: u64, now_ms: u64) {
        self.owe(rate.token_ns / parts.max(1), now_ms);
        let most_ns = now_ms.saturating_mul(NS_PER_MS).saturating_add(rate.whole_ns().saturating_mul(2));
        self.full_at_ns = self.full_at_ns.min(most_ns);
    }

    /// Whether nothing of it is taken, so that it need not be remembered.
    pub fn is_full(self, now_ms: u64) -> bool {
        self.full_at_ns <= now_ms.saturating_mul(NS_PER_MS)
    }

    fn owe(&mut self, ns: u64, now_ms: u64) {
        self.full_at_ns = self.full_at_ns.max(now_ms.saturating_mul(NS_PER_MS)).saturating_add(ns);
    }
}

const NS_PER_MS: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_full_bucket_gives_all_its_tokens_at_once_and_then_as_fast_as_it_fills() {
        let rate = Rate::per_s(1000, 500);
        let mut bucket = Bucket::default();
        for _ in 0..1000 {
            assert_eq!(bucket.take(rate, 1, 7), Ok(()));
        }
        assert_eq!(bucket.take(rate, 1, 7), Err(2));
        assert_eq!(bucket.take(rate, 100, 7), Err(200));
        assert_eq!(bucket.take(rate, 1, 9), Ok(()));
        assert!(!bucket.is_full(2006) && bucket.is_full(2009));
    }

    #[test]
    fn what_costs_more_than_a_bucket_holds_costs_a_whole_one() {
        let mut bucket = Bucket::default();
        assert_eq!(bucket.take(Rate::within(10, 1000), 99, 0), Ok(()));
        assert_eq!(bucket.take(Rate::within(10, 1000), 99, 0), Err(1000));
        assert_eq!(bucket.take(Rate::within(10, 1000), 99, 1000), Ok(()));
    }

    #[test]
    fn fines_end_at_one_whole_bucket_of_debt() {
        let rate = Rate::per_s(10, 10);
        let mut bucket = Bucket::default();
        assert_eq!(bucket.take(rate, 10, 0), Ok(()));
        for _ in 0..1_000_000 {
            bucket.fine(rate, 10, 0);
        }
        assert_eq!(bucket.wait_ms(rate, 1, 0), 1100);
    }

    proptest! {
        /// Against the textbook: a level that rises with time up to its top. Rates that divide a second evenly, so that the
        /// model needs no fractions.
        #[test]
        fn it_takes_exactly_what_a_counted_bucket_would(
            tokens in 1_u64..50,
            per_ms in prop::sample::select(vec![1_u64, 2, 4, 5]),
            asks in prop::collection::vec((0_u64..20, 1_u64..60), 1..200),
        ) {
            let rate = Rate::per_s(tokens, per_ms * 1000);
            let (mut bucket, mut level, mut now_ms) = (Bucket::default(), tokens, 0);
            for (pause_ms, cost) in asks {
                now_ms += pause_ms;
                level = tokens.min(level + pause_ms * per_ms);
                let cost_counted = cost.min(tokens);
                let taken = bucket.take(rate, cost, now_ms);
                prop_assert_eq!(taken.is_ok(), level >= cost_counted);
                match taken {
                    Ok(()) => level -= cost_counted,
                    Err(wait_ms) => prop_assert_eq!(wait_ms, (cost_counted - level).div_ceil(per_ms)),
                }
            }
        }
    }
}
