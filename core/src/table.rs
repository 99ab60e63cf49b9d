//! An immutable set of byte strings with a bounded look-up, however many it holds and whoever
//! chose them.
//!
//! Open addressing over one arena. The build tries seeds, then doubles the table, until no key lies
//! more than [`MOST_PROBES`] slots from its place; a look-up of anything stops there. There is no
//! tree and no search by hand: those are where other implementations let foreign origins in.

use alloc::{vec, vec::Vec};

#[derive(Debug, Default)]
pub(crate) struct Table {
    arena: Vec<u8>,
    slots: Vec<Slot>,
    /// A bit for each length a key has: most foreign strings are refused before they are hashed.
    lengths: [u64; 6],
    seed: u64,
}

/// Two words: half of a cache line's eighth, so that most look-ups touch one line here.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    offset: u32,
    /// Zero in a free slot: no key is empty.
    len: u16,
    tag: u16,
}

impl Table {
    /// Builds the table and says in which slot each key came to lie. Keys are unique, not empty, and
    /// shorter than 384 bytes.
    pub(crate) fn build<K: AsRef<[u8]>>(keys: &[K]) -> (Self, Vec<usize>) {
        let mut table = Self::default();
        table.arena.reserve_exact(keys.iter().map(|key| key.as_ref().len()).sum());
        let mut offsets = Vec::with_capacity(keys.len());
        for key in keys.iter().map(AsRef::as_ref) {
            // INVARIANT: an arena of 4 GiB would need ten million origins of the greatest length.
            offsets.push(u32::try_from(table.arena.len()).unwrap_or(u32::MAX));
            table.arena.extend_from_slice(key);
            if let Some(word) = table.lengths.get_mut(key.len() / 64) {
                *word |= 1 << (key.len() % 64);
            }
        }
        let mut size = (keys.len() * 2).next_power_of_two();
        loop {
            for seed in 1..=8 {
                table.seed = seed;
                if let Some(positions) = table.fill(size, keys, &offsets) {
                    return (table, positions);
                }
            }
            size *= 2;
        }
    }

    /// The slot that holds `key`.
    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        if self.lengths.get(key.len() / 64)? >> (key.len() % 64) & 1 == 0 {
            return None;
        }
        let hash = hash(self.seed, key);
        let tag = tag(hash);
        let mask = self.slots.len() - 1;
        let mut place = place(hash, mask);
        for _ in 0..MOST_PROBES {
            let slot = self.slots.get(place)?;
            if slot.len == 0 {
                return None;
            }
            if slot.tag == tag && self.key(*slot) == Some(key) {
                return Some(place);
            }
            place = (place + 1) & mask;
        }
        None
    }

    fn fill<K: AsRef<[u8]>>(
        &mut self,
        size: usize,
        keys: &[K],
        offsets: &[u32],
    ) -> Option<Vec<usize>> {
        self.slots = vec![Slot::default(); size];
        let mask = size - 1;
        let mut positions = Vec::with_capacity(keys.len());
        for (key, &offset) in keys.iter().map(AsRef::as_ref).zip(offsets) {
            let hash = hash(self.seed, key);
            let start = place(hash, mask);
            let free = (0..MOST_PROBES)
                .map(|probe| (start + probe) & mask)
                .find(|&at| self.slots.get(at).is_some_and(|slot| slot.len == 0))?;
            let len = u16::try_from(key.len()).ok()?;
            *self.slots.get_mut(free)? = Slot { offset, len, tag: tag(hash) };
            positions.push(free);
        }
        Some(positions)
    }

    fn key(&self, slot: Slot) -> Option<&[u8]> {
        let start = slot.offset as usize;
        self.arena.get(start..start + usize::from(slot.len))
    }
}

/// Eight bytes a multiplication. It need not withstand an attacker: the keys are the author's, and
/// a look-up is bounded by the build.
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = seed.wrapping_mul(ODD) ^ bytes.len() as u64;
    for word in words {
        hash = fold(hash ^ u64::from_le_bytes(*word));
    }
    let tail = rest.iter().fold(0, |tail, &byte| tail << 8 | u64::from(byte));
    fold(hash ^ tail)
}

fn fold(word: u64) -> u64 {
    let product = u128::from(word ^ ODD) * u128::from(ODDER);
    #[expect(clippy::cast_possible_truncation, reason = "the two halves are what is wanted")]
    let folded = product as u64 ^ (product >> 64) as u64;
    folded
}

fn tag(hash: u64) -> u16 {
    (hash >> 48) as u16
}

#[expect(clippy::cast_possible_truncation, reason = "masked to the table's size")]
fn place(hash: u64, mask: usize) -> usize {
    hash as usize & mask
}

const MOST_PROBES: usize = 16;
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
const ODDER: u64 = 0xd6e8_feb8_6659_fd93;

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    #[test]
    fn finds_every_key_and_no_other() {
        for size in [1, 2, 5, 100, 20_000] {
            let keys: Vec<String> = (0..size).map(|n| format!("https://t{n}.example")).collect();
            let (table, positions) = Table::build(&keys);
            for (key, position) in keys.iter().zip(positions) {
                assert_eq!(table.find(key.as_bytes()), Some(position));
            }
            for n in size..size + 1000 {
                assert_eq!(table.find(format!("https://t{n}.example").as_bytes()), None);
            }
        }
    }

    #[test]
    fn takes_no_key_for_another_with_the_same_tag() {
        // Of so many strangers of the same length several have a key's place and tag.
        let keys: Vec<String> = (0..1000).map(|n| format!("https://t{n:06}.example")).collect();
        let (table, _) = Table::build(&keys);
        for n in 1000..400_000 {
            assert_eq!(table.find(format!("https://t{n:06}.example").as_bytes()), None);
        }
    }

    #[test]
    fn survives_keys_of_every_length() {
        let keys: Vec<String> = (1..384).map(|len| "a".repeat(len)).collect();
        let (table, _) = Table::build(&keys);
        assert!(keys.iter().all(|key| table.find(key.as_bytes()).is_some()));
        assert_eq!(table.find(b""), None);
        assert_eq!(table.find(&[b'a'; 384]), None);
        assert_eq!(table.find("a".repeat(100_000).as_bytes()), None);
    }
}
