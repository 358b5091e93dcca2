# What a change is made with. `just --list` names all.

# The reference data beside the clone, where it is.
export RECHECK_DATA := env("RECHECK_DATA", if path_exists(justfile_directory() / "../shared/data") == "true" { clean(justfile_directory() / "../shared/data") } else { "" })

bench_dir := env("BENCH_DIR", "target/bench-peers")

# Format, lint and type-check.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# The README's own test command.
test:
    cargo test --workspace

# Accept new output in every golden file and snapshot; read the diff before committing.
bless:
    INSTA_UPDATE=always BLESS=1 cargo test --workspace
    git diff --stat

# Answers beside those of real servers, in release.
conformance:
    cargo test --release -p recheck-core --test core conformance -- --nocapture

# Everything CI runs, or the steps named: `just ci fmt deny`.
ci *steps:
    bash .ci/run {{ steps }}

# The fuzz targets compile.
fuzz-check:
    RUSTC_BOOTSTRAP=1 cargo fuzz check

# Fuzz one target: `just fuzz query_roundtrip 1200`.
fuzz target seconds="1200":
    RUSTC_BOOTSTRAP=1 cargo fuzz run {{ target }} -- -dict=fuzz/dictionaries/{{ target }}.dict -max_total_time={{ seconds }} -timeout=20 -print_final_stats=1

# Fuzz every target, one after the other.
fuzz-all seconds="1200":
    for target in $(cargo fuzz list); do just fuzz $target {{ seconds }} || exit 1; done

# The parts by themselves; `just bench scan` runs those whose name contains `scan`.
bench *filter:
    cargo bench -p recheck-benches --bench parts -- {{ filter }}

# recheck beside Hyperscan, ripgrep 15 and GNU grep; see benches/README.md.
bench-peers mib="1024" rounds="7":
    bash benches/peers.sh {{ bench_dir }} {{ mib }} {{ rounds }}

# Peak memory on a log of 10 GiB and on a line of 2 GiB; after `bench-peers`, needs 10 GiB of disk.
bench-memory:
    {{ env("CARGO_TARGET_DIR", "target") }}/release/bench-peers memory {{ bench_dir }} --recheck {{ env("CARGO_TARGET_DIR", "target") }}/release/recheck
