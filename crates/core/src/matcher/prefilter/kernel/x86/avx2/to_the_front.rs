//! Orders that move some lanes of a vector to its front, as one instruction of AVX-512 does.

/// For each set of lanes, a bit each, the halves of those lanes one behind the other; what is behind them is of no
/// matter. There are `2 * LANES` halves and `1 << LANES` sets.
pub(super) const fn orders<const LANES: usize, const HALVES: usize, const SETS: usize>()
-> [[u8; HALVES]; SETS] {
    const { assert!(HALVES == 2 * LANES && SETS == 1 << LANES) };
    let mut orders = [[0; HALVES]; SETS];
    let mut set = 0;
    while set < SETS {
        let (mut lane, mut kept) = (0, 0);
        while lane < LANES {
            if set >> lane & 1 != 0 {
                orders[set][2 * kept] = 2 * lane as u8;
                orders[set][2 * kept + 1] = 2 * lane as u8 + 1;
                kept += 1;
            }
            lane += 1;
        }
        set += 1;
    }
    orders
}
