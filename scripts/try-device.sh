#!/bin/sh
# Tries a GPU, in about ten minutes after the build: compares its results with the CPU and the
# reference, trains 50 steps, measures, and prints one table.
#
#   sh scripts/try-device.sh cuda        (cuda:1, metal; cpu rehearses all of it without a GPU)
#
# CUDA needs its toolkit (`nvcc` in PATH) and a driver; Metal needs a Mac. Nothing is installed or
# kept except what cargo builds. PROFILE=dev builds faster, but its measurements mean nothing.
set -eu

device=${1:-}
profile=${PROFILE:-release}
case $device in
    cuda | cuda:[0-9]*) features="--features cuda" ;;
    metal | metal:[0-9]*) features="--features metal" ;;
    cpu) features="" ;;
    *)
        echo "usage: sh scripts/try-device.sh cuda (or cuda:1, metal, cpu)" >&2
        exit 2
        ;;
esac
case $profile in
    dev) folder=debug ;;
    *) folder=$profile ;;
esac

cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
program=${CARGO_TARGET_DIR:-target}/$folder/musicvae-tui

step() {
    printf '\n== %s\n' "$1" >&2
}

step "building ($profile${features:+, $features})"
# shellcheck disable=SC2086 # no feature is no argument
cargo build --locked --profile "$profile" $features
"$program" devices

step "comparing results with the CPU, a plain model and the reference's numbers (if they are there)"
# shellcheck disable=SC2086
MUSICVAE_TEST_DEVICE=$device cargo test --locked --workspace --profile "$profile" $features \
    --test suite -- playing:: model:: family >"$work/tests" 2>&1 && tests=passed || tests=FAILED
grep -E '^test result|FAILED|panicked' "$work/tests" >&2 || cat "$work/tests" >&2

# A corpus for the run: grooves sampled from the built-in model.
step "training 50 steps on 200 sampled grooves"
"$program" sample -n 200 --seed 1 --device "$device" --out "$work/corpus" >"$work/sampled" 2>&1
# A name for the run, and its device.
loss_of() {
    "$program" train --data "$work/corpus" --out "$work/run-$1" --steps 50 --batch 64 --seed 1 \
        --validate-every 50 --device "$2" >"$work/train-$1" 2>&1 || {
        cat "$work/train-$1" >&2
        exit 1
    }
    grep 'step 50 validation' "$work/train-$1" || grep 'step 50 ' "$work/train-$1"
}
loss_of beside cpu >"$work/loss-cpu"
loss_of tried "$device" >"$work/loss"

step "measuring"
# shellcheck disable=SC2086
cargo bench --locked --profile "$profile" $features --bench model -- device "$device" >"$work/bench"

printf '\n%s, %s build\n' "$device" "$profile"
printf 'tests: %s\n' "$tests"
printf 'after 50 steps, cpu: %s\n' "$(cat "$work/loss-cpu")"
printf 'after 50 steps, %s: %s\n' "$device" "$(cat "$work/loss")"
cat "$work/bench"
test "$tests" = passed
