//! Blocks of memory that a host writes texts into.

use std::collections::BTreeMap;

/// Blocks by address.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    blocks: BTreeMap<usize, Vec<u8>>,
    bytes: usize,
}

impl Blocks {
    /// A block of zeros; none where the length is 0 or there is no more memory.
    pub fn alloc(&mut self, length: usize) -> Option<usize> {
        let mut block = Vec::new();
        block.try_reserve_exact(length).ok().filter(|()| length > 0)?;
        block.resize(length, 0);
        let address = block.as_mut_ptr().expose_provenance();
        self.bytes = self.bytes.saturating_add(length);
        self.blocks.insert(address, block);
        Some(address)
    }

    /// Gives a block back; false where there is none of that length.
    pub fn free(&mut self, address: usize, length: usize) -> bool {
        if self.blocks.get(&address).is_none_or(|block| block.len() != length) {
            return false;
        }
        self.bytes = self.bytes.saturating_sub(length);
        self.blocks.remove(&address).is_some()
    }

    /// The bytes of a text, which lie within one block; those of no length lie anywhere.
    pub fn text(&self, (address, length): (usize, usize)) -> Option<&[u8]> {
        if length == 0 {
            return Some(&[]);
        }
        let (start, block) = self.blocks.range(..=address).next_back()?;
        let from = address.checked_sub(*start)?;
        block.get(from..from.checked_add(length)?)
    }

    /// How many bytes all blocks take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::Blocks;

    #[test]
    fn texts_lie_within_one_block() {
        let mut blocks = Blocks::default();
        let address = blocks.alloc(8).expect("memory");
        assert_eq!(blocks.text((address, 8)), Some([0; 8].as_slice()));
        assert_eq!(blocks.text((address + 2, 6)).map(<[u8]>::len), Some(6));
        assert_eq!(blocks.text((address + 2, 7)), None);
        assert_eq!(blocks.text((0, 1)), None);
        assert_eq!(blocks.text((usize::MAX, usize::MAX)), None);
        assert_eq!(blocks.text((0, 0)), Some([].as_slice()));
        assert!(!blocks.free(address, 7) && blocks.free(address, 8) && !blocks.free(address, 8));
        assert_eq!((blocks.alloc(0), blocks.bytes()), (None, 0));
    }
}
