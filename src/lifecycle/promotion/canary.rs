//! Which runs a canary takes: always the same ones, and no pattern that anybody could use.

use sha2::{Digest, Sha256};

/// Where a run falls between 0 and 1: the first 8 bytes of sha256 over `world:strategy:run`, as a
/// big-endian number over 2^64.
#[must_use]
pub fn canary_share(world: &str, strategy: &str, run: &str) -> f64 {
    let digest = Sha256::digest(format!("{world}:{strategy}:{run}"));
    let first = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    first as f64 / 18_446_744_073_709_551_616.0
}

/// Whether a canary of a fraction takes a run. Without a fraction every run is taken.
#[must_use]
pub fn canary_allows(fraction: Option<f64>, world: &str, strategy: &str, run: &str) -> bool {
    // A number close to 2^64 rounds to it: a canary of 1 must take even that one.
    fraction.is_none_or(|fraction| fraction >= 1.0 || canary_share(world, strategy, run) < fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_that_of_the_published_hash() {
        // printf 'w:s1:r1' | sha256sum
        let expected = SHARE_OF_W_S1_R1 as f64 / 18_446_744_073_709_551_616.0;
        assert_eq!(canary_share("w", "s1", "r1"), expected);
    }

    #[test]
    fn nothing_and_everything() {
        assert!(!canary_allows(Some(0.0), "w", "s1", "r1"));
        assert!(canary_allows(Some(1.0), "w", "s1", "r1"));
        assert!(canary_allows(None, "w", "s1", "r1"));
        let taken = (0..1000).filter(|run| canary_allows(Some(0.25), "w", "s1", &run.to_string())).count();
        assert!((200..300).contains(&taken), "{taken} of 1000");
    }

    const SHARE_OF_W_S1_R1: u64 = 0x7df2204a12464457;
}
