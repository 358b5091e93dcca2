//! The matcher: which events a set of bound queries recognises.
//!
//! [`reference`] is the slow evaluator that is obviously right. It is the yardstick of every other
//! executor: the streaming matcher must give its answers, with the prefilter on and off.

pub mod reference;
