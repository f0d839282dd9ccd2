//! Names of metrics to slots: a small table that is never changed once it is built.

/// Places of the table; a power of two, several times the names it may hold.
const PLACES: usize = 1024;
/// Most names.
const MOST: usize = 256;

/// Names with their slots and factors.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    names: Vec<(Box<[u8]>, u32, f64)>,
    /// For each place the position of a name from 1; 0 where it is free.
    places: Vec<u16>,
}

impl Default for Keys {
    fn default() -> Self {
        Self { names: Vec::new(), places: vec![0; PLACES] }
    }
}

/// A hash of bytes. Equal hashes of unequal bytes cost time and nothing else.
#[inline]
pub(super) fn hash(bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = bytes.len() as u64;
    for word in words {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(PRIME);
        hash ^= hash >> 29;
    }
    let tail = rest.iter().fold(0, |tail, byte| tail << 8 | u64::from(*byte));
    hash = (hash ^ tail).wrapping_mul(PRIME);
    hash ^ hash >> 32
}

fn place(bytes: &[u8]) -> usize {
    hash(bytes) as usize % PLACES
}

impl Keys {
    /// Adds a name. None where it is a path, stands for another slot, or there are too many.
    pub fn add(&mut self, name: &str, slot: u32, factor: f64) -> Option<()> {
        if name.contains('.') || self.names.len() >= MOST {
            return None;
        }
        if let Some((known, _)) = self.get(name.as_bytes()) {
            return (known == slot).then_some(());
        }
        let mut at = place(name.as_bytes());
        while *self.places.get(at)? != 0 {
            at = (at + 1) % PLACES;
        }
        self.names.push((name.as_bytes().into(), slot, factor));
        *self.places.get_mut(at)? = self.names.len() as u16;
        Some(())
    }

    /// The slot and the factor of a name.
    #[inline]
    pub fn get(&self, name: &[u8]) -> Option<(u32, f64)> {
        let mut at = place(name);
        loop {
            let position = usize::from(*self.places.get(at)?).checked_sub(1)?;
            let (known, slot, factor) = self.names.get(position)?;
            if **known == *name {
                return Some((*slot, *factor));
            }
            at = (at + 1) % PLACES;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Keys;

    #[test]
    fn names_are_found_and_others_are_not() {
        let mut keys = Keys::default();
        for index in 0..200_u32 {
            assert_eq!(keys.add(&format!("metric_{index}"), index, 1.0), Some(()));
        }
        for index in 0..200_u32 {
            assert_eq!(keys.get(format!("metric_{index}").as_bytes()), Some((index, 1.0)));
        }
        assert_eq!(keys.get(b"metric_200"), None);
        assert_eq!(keys.get(b""), None);
        assert_eq!(keys.add("a.b", 0, 1.0), None);
        assert_eq!(keys.add("metric_0", 1, 1.0), None);
    }
}
