//! The kernel's steps on x86-64: with AVX-512 64 bytes at a time, with AVX2 twice 32.
//!
//! Each step that goes through a group is a function of its own: within one large one the compiler keeps its tables
//! in memory and not in registers, which made the whole kernel a tenth slower.

mod avx2;
mod avx512;
mod eights;

pub(super) use avx2::find as find_avx2;
pub(super) use avx512::find as find_avx512;
pub(super) use eights::Homes;

pub(super) fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512cd")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vpopcntdq")
        && has_scalar()
}

pub(super) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && has_scalar()
}

fn has_scalar() -> bool {
    is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}
