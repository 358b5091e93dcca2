//! Phrases with slop, as Lucene decides them.
//!
//! Each term of the phrase walks through its positions, less its place in the phrase: terms that
//! stand just as the phrase has them share one such *shifted* position. The smallest of them moves
//! on each time, and the phrase matches when the widest is at most `slop` away from the smallest:
//!
//! ```text
//! phrase   connection refused          text   refused  by  connection
//! place         0        1             at        0      1      2
//! shifted: connection 2-0 = 2, refused 0-1 = -1: three apart, slop 3 is needed
//! ```
//!
//! A term that occurs several times in the phrase (a *group*) may not use one place twice: of two
//! that meet on a place the lesser moves on. Lucene does that behind the back of its heap and then
//! re-queues only as many as it must, which shows in a few answers; so the heap here is the same
//! binary heap, and re-queues the same ones.

/// Whether the phrase matches; there are two terms or more, and none without a position.
pub(super) fn matches(positions: &[&[u32]], slop: u32) -> bool {
    let Some(mut search) = Search::start(positions) else { return false };
    search.run(i64::from(slop))
}

/// One term of the phrase on its walk.
struct Walker<'a> {
    positions: &'a [u32],
    /// How many of the positions have been passed, the current one included.
    passed: usize,
    /// The term's place in the phrase.
    place: i64,
    /// The current position less the place.
    shifted: i64,
    /// The group of the same term and the place in it, if the term repeats.
    group: Option<(usize, usize)>,
}

impl Walker<'_> {
    /// Moves on; false at the end.
    fn advance(&mut self) -> bool {
        let Some(&position) = self.positions.get(self.passed) else { return false };
        self.passed += 1;
        self.shifted = i64::from(position) - self.place;
        true
    }

    /// The place in the text.
    fn at(&self) -> i64 {
        self.shifted + self.place
    }
}

struct Search<'a> {
    walkers: Vec<Walker<'a>>,
    /// The walkers of each repeated term, by their places in the phrase.
    groups: Vec<Vec<usize>>,
    /// Walkers as a binary heap, the smallest shifted position first.
    heap: Vec<usize>,
    /// The largest shifted position any walker has reached.
    end: i64,
}

impl<'a> Search<'a> {
    /// Puts every walker on its first position, members of a group each on a place of its own;
    /// `None` when a term has fewer places than the phrase needs.
    fn start(positions: &[&'a [u32]]) -> Option<Search<'a>> {
        let groups = groups(positions);
        let walkers = positions.iter().zip(0..).map(|(&positions, place)| Walker {
            positions,
            passed: 0,
            place,
            shifted: 0,
            group: None,
        });
        let mut search = Search { walkers: walkers.collect(), groups, heap: Vec::new(), end: 0 };
        for (number, group) in search.groups.iter().enumerate() {
            for (index, &member) in group.iter().enumerate() {
                search.walkers[member].group = Some((number, index));
            }
        }
        for walker in &mut search.walkers {
            let first = walker.group.map_or(0, |(_, index)| index);
            if !(0..=first).all(|_| walker.advance()) {
                return None;
            }
        }
        search.end = search.walkers.iter().map(|walker| walker.shifted).max()?;
        for walker in 0..search.walkers.len() {
            search.push(walker);
        }
        Some(search)
    }

    fn run(&mut self, slop: i64) -> bool {
        let mut lowest = self.pop();
        let mut width = self.end - self.walkers[lowest].shifted;
        let mut next = self.walkers[self.heap[0]].shifted;
        while self.advance(lowest) && self.resolve(lowest) {
            let shifted = self.walkers[lowest].shifted;
            if shifted <= next {
                width = width.min(self.end - shifted);
                continue;
            }
            if width <= slop {
                return true;
            }
            self.push(lowest);
            lowest = self.pop();
            next = self.walkers[self.heap[0]].shifted;
            width = self.end - self.walkers[lowest].shifted;
        }
        width <= slop
    }

    fn advance(&mut self, walker: usize) -> bool {
        let moved = self.walkers[walker].advance();
        if moved {
            self.end = self.end.max(self.walkers[walker].shifted);
        }
        moved
    }

    /// After `moved` went on: parts the members of its group that met; false when one has no place
    /// left.
    fn resolve(&mut self, moved: usize) -> bool {
        let Some((group, own_index)) = self.walkers[moved].group else { return true };
        let mut requeue = vec![false; self.groups[group].len()];
        let mut walker = moved;
        while let Some(index) = self.meets(walker, group) {
            walker = self.lesser(walker, self.groups[group][index]);
            if !self.advance(walker) {
                return false;
            }
            if index != own_index {
                requeue[index] = true;
            }
        }
        self.requeue(requeue);
        true
    }

    /// The member of the group that stands where the walker stands.
    fn meets(&self, walker: usize, group: usize) -> Option<usize> {
        let at = self.walkers[walker].at();
        let meets = |&other: &usize| other != walker && self.walkers[other].at() == at;
        self.groups[group].iter().position(meets)
    }

    fn lesser(&self, a: usize, b: usize) -> usize {
        if self.less(a, b) { a } else { b }
    }

    /// Takes walkers off the heap until the marked members of a group are out, and puts all of
    /// them back.
    fn requeue(&mut self, mut marked: Vec<bool>) {
        let mut out = Vec::new();
        while marked.contains(&true) && !self.heap.is_empty() {
            let walker = self.pop();
            out.push(walker);
            // Lucene unmarks by the index alone: a member of another group does it as well.
            if let Some((_, index)) = self.walkers[walker].group
                && let Some(mark) = marked.get_mut(index)
            {
                *mark = false;
            }
        }
        for walker in out.into_iter().rev() {
            self.push(walker);
        }
    }

    fn less(&self, a: usize, b: usize) -> bool {
        let key = |walker: usize| (self.walkers[walker].shifted, self.walkers[walker].place);
        key(a) < key(b)
    }

    fn push(&mut self, walker: usize) {
        self.heap.push(walker);
        let mut at = self.heap.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if !self.less(self.heap[at], self.heap[parent]) {
                break;
            }
            self.heap.swap(at, parent);
            at = parent;
        }
    }

    /// Takes the first off the heap, which must not be empty.
    fn pop(&mut self) -> usize {
        let first = self.heap.swap_remove(0);
        let mut at = 0;
        loop {
            let mut child = 2 * at + 1;
            if child >= self.heap.len() {
                return first;
            }
            if child + 1 < self.heap.len() && self.less(self.heap[child + 1], self.heap[child]) {
                child += 1;
            }
            if !self.less(self.heap[child], self.heap[at]) {
                return first;
            }
            self.heap.swap(at, child);
            at = child;
        }
    }
}

/// The terms that occur more than once, each with its places. Different terms never share a
/// position, so the first one tells them apart.
fn groups(positions: &[&[u32]]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut by_first: Vec<(u32, usize)> =
        positions.iter().enumerate().map(|(place, of_term)| (of_term[0], place)).collect();
    by_first.sort_unstable();
    for same in by_first.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
        groups.push(same.iter().map(|&(_, place)| place).collect());
    }
    groups
}
