# Short names for what CI and developers run. `just ready` is the whole of CI in one word.

default:
    @just --list

# everything CI checks
ready:
    bash .ci/run

setup:
    npm run setup

fmt:
    cargo fmt --all

lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# licences, bans, sources; needs cargo-deny (cargo install cargo-deny)
deny:
    cargo deny check licenses bans sources

test:
    npm test

demo *args:
    npm run demo -- {{args}}

# figures beside peers; prints JSON
bench-store *args:
    npm run bench:store -- {{args}}

bench-embed *args:
    npm run bench:embed -- {{args}}

bench-vectors *args:
    npm run bench:vectors -- {{args}}

bench-million *args:
    npm run bench:million -- {{args}}

bench-limits *args:
    npm run bench:limits -- {{args}}

# kills, power loss, damage, full disks, load: `just torture kill --cycles 20000` (docs/reliability.md); a line of JSON a mode
torture *args:
    cargo run -q -p fluorite-torture -- {{args}}

# plants one bug after the other and prints which test caught it
mutants *args:
    node scripts/mutants.mjs {{args}}

# mutated bytes for everything that reads bytes: `just fuzz all --seconds 5` (docs/fuzzing.md); a line of JSON a target
fuzz *args:
    cargo run -q -p fluorite-fuzz -- {{args}}
