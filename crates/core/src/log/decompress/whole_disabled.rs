//! Nothing is unpacked: this build has no decoders.

pub(super) const MAX_PACKED: usize = 0;

#[derive(Default)]
pub(super) struct Whole {
    pub(super) packed: Vec<u8>,
}

impl Whole {
    pub(super) fn unpack(&mut self, _packed: &[u8], _max_output: u64) -> Option<()> {
        None
    }

    pub(super) fn text(&self) -> &[u8] {
        &[]
    }

    pub(super) fn has_junk(&self) -> bool {
        false
    }
}
