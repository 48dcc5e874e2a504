#!/bin/sh
# Makes sure that this machine can build musicvae-tui, then runs the command it is given:
#
#   scripts/setup.sh cargo run --release --locked
#
# It leaves alone what is there, names what is missing, and installs nothing without a yes.
# Environment:
#   YES=1     answers yes to every question
#   LINT=1    also checks for rustfmt and clippy
#   CI=true   nobody is there to answer (the same without a terminal): root installs without asking,
#             others are told what to install
# It knows Debian, Ubuntu, Fedora, Arch and macOS; elsewhere it says what is needed.

set -eu

say() {
    printf '%s\n' "musicvae-tui set-up: $*" >&2
}

fail() {
    say "$*"
    exit 1
}

has() {
    command -v "$1" >/dev/null 2>&1
}

is_root() {
    [ "$(id -u)" -eq 0 ]
}

is_macos() {
    [ "$(uname -s)" = Darwin ]
}

attended() {
    [ "${CI:-}" != true ] && [ -t 0 ] && [ -t 2 ]
}

# agree QUESTION INSTEAD: returns if the answer is yes; otherwise ends with INSTEAD, what to do by
# hand.
agree() {
    if [ "${YES:-}" = 1 ]; then
        return
    fi
    if attended; then
        printf '%s [Y/n] ' "$1" >&2
        read -r answer || answer=n
        case $answer in
            '' | [Yy]*) return ;;
        esac
        fail "nothing was changed. $2"
    fi
    if ! is_root; then
        fail "there is no terminal to ask on, so nothing was changed. $2"
    fi
}

# --- system packages ---------------------------------------------------------------------------

scratch=
trap 'if [ -n "$scratch" ]; then rm -rf "$scratch"; fi' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A compiler can be there without the C library's headers, so something is compiled.
can_compile_c() {
    if is_macos; then
        # Without the command line tools, cc is there but only opens a window that offers them.
        xcode-select -p >/dev/null 2>&1
        return
    fi
    has cc || return 1
    scratch=$(mktemp -d)
    printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' >"$scratch/probe.c"
    compiled=0
    cc -o "$scratch/probe" "$scratch/probe.c" 2>/dev/null || compiled=$?
    rm -rf "$scratch"
    scratch=
    return "$compiled"
}

# The missing needs, one word each: compiler pkg-config alsa curl.
missing_needs() {
    can_compile_c || echo compiler
    if ! is_macos; then
        if ! has pkg-config; then
            echo pkg-config
            # Whether ALSA is there can't be asked without it; installing twice is harmless.
            echo alsa
        elif ! pkg-config --exists alsa; then
            echo alsa
        fi
    fi
    if ! rust_is_ready && ! has rustup && ! has curl; then
        echo curl
    fi
}

describe() {
    case $1 in
        compiler) echo 'a C compiler' ;;
        pkg-config) echo 'pkg-config' ;;
        alsa) echo 'the ALSA development files (alsa.pc)' ;;
        curl) echo 'curl (to fetch Rust)' ;;
    esac
}

# package MANAGER NEED: the packages that answer a need.
package() {
    case $1:$2 in
        apt-get:compiler) echo gcc libc6-dev ;;
        dnf:compiler | pacman:compiler) echo gcc ;;
        apt-get:pkg-config) echo pkg-config ;;
        dnf:pkg-config) echo pkgconf-pkg-config ;;
        pacman:pkg-config) echo pkgconf ;;
        apt-get:alsa) echo libasound2-dev ;;
        dnf:alsa) echo alsa-lib-devel ;;
        pacman:alsa) echo alsa-lib ;;
        *:curl) echo curl ca-certificates ;;
    esac
}

as_root() {
    if is_root; then
        "$@"
    else
        sudo "$@"
    fi
}

install_with() {
    case $1 in
        apt-get)
            shift
            # One dead package source is no reason to stop: if it matters, the next line fails.
            as_root apt-get update || true
            as_root env DEBIAN_FRONTEND=noninteractive \
                apt-get install --yes --no-install-recommends "$@"
            ;;
        dnf)
            shift
            as_root dnf install --assumeyes "$@"
            ;;
        pacman)
            shift
            # A fresh system has no package lists yet. Existing lists are not refreshed: Arch warns
            # against that without a full upgrade.
            if [ -e /var/lib/pacman/sync/core.db ]; then
                as_root pacman -S --needed --noconfirm "$@"
            else
                as_root pacman -Sy --needed --noconfirm "$@"
            fi
            ;;
    esac
}

prepare_system() {
    needs=$(missing_needs)
    if [ -z "$needs" ]; then
        return
    fi
    say 'this machine lacks:'
    for need in $needs; do
        printf '  - %s\n' "$(describe "$need")" >&2
    done

    if is_macos; then
        remedy="Run 'xcode-select --install', wait until it is done, and try again."
        agree "Open Apple's installer of the command line tools (xcode-select --install)?" "$remedy"
        xcode-select --install || true
        fail 'when the installer is done, run the same command again.'
    fi

    manager=
    for candidate in apt-get dnf pacman; do
        if has "$candidate"; then
            manager=$candidate
            break
        fi
    done
    if [ -z "$manager" ]; then
        fail 'this system has no apt-get, dnf or pacman: install the above with its own tools, then run the same command again.'
    fi
    packages=
    for need in $needs; do
        packages="$packages $(package "$manager" "$need")"
    done
    packages=${packages# }

    case $manager in
        pacman) by_hand="pacman -S --needed $packages" ;;
        *) by_hand="$manager install $packages" ;;
    esac
    if ! is_root; then
        by_hand="sudo $by_hand"
        if ! has sudo; then
            fail "installing needs root, and sudo is not installed. As root, run: ${by_hand#sudo }"
        fi
    fi
    remedy="To install it yourself, run: $by_hand"
    agree "Install it now ($by_hand)?" "$remedy"
    # shellcheck disable=SC2086 # a list of words
    install_with "$manager" $packages || fail "the installation failed. $remedy"

    needs=$(missing_needs)
    if [ -n "$needs" ]; then
        # shellcheck disable=SC2086 # words to one line
        fail "after the installation this is still missing:" $needs
    fi
}

# --- Rust --------------------------------------------------------------------------------------

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cargo_bin=${CARGO_HOME:-${HOME:?}/.cargo}/bin

# What Cargo.toml asks for, such as 1.89.
needed=$(sed -n 's/^rust-version *= *"\([0-9.]*\)".*/\1/p' "$root/Cargo.toml")
if [ -z "$needed" ]; then
    fail "$root/Cargo.toml names no rust-version."
fi

# The version of the cargo on PATH, such as 1.95.0; nothing if none works.
rust_version() {
    (cd "$root" && cargo --version 2>/dev/null | sed -n 's/^cargo \([0-9.]*\).*/\1/p') || true
}

# recent VERSION: is it at least the needed one?
recent() {
    # A version is major.minor.patch.
    major=${1%%.*}
    rest=${1#*.}
    minor=${rest%%.*}
    needed_rest=${needed#*.}
    [ -n "$1" ] && {
        [ "$major" -gt "${needed%%.*}" ] ||
            { [ "$major" -eq "${needed%%.*}" ] && [ "$minor" -ge "${needed_rest%%.*}" ]; }
    }
}

rust_is_ready() {
    has rustc && recent "$(rust_version)"
}

# If the first Rust on PATH is too old, chooses a recent one that is installed besides.
find_rust() {
    if ! rust_is_ready && [ -x "$cargo_bin/cargo" ]; then
        # rustup's programs are often not on PATH yet, or come after a system's older ones.
        PATH=$cargo_bin:$PATH
        export PATH
    fi
    if ! rust_is_ready && has rustup && rustup run stable cargo --version >/dev/null 2>&1; then
        # The default toolchain may be an older one on purpose.
        RUSTUP_TOOLCHAIN=stable
        export RUSTUP_TOOLCHAIN
    fi
}

prepare_rust() {
    if rust_is_ready; then
        return
    fi
    found=$(rust_version)
    if [ -n "$found" ]; then
        say "Rust $found is installed, but $needed or newer is needed."
    else
        say "Rust is missing ($needed or newer is needed)."
    fi
    if has rustup; then
        remedy='To do it yourself, run: rustup toolchain install stable'
        agree "Get Rust's stable toolchain now (rustup toolchain install stable)?" "$remedy"
        rustup toolchain install stable || fail "rustup failed. $remedy"
    else
        remedy='To do it yourself, follow https://rustup.rs.'
        agree "Install Rust for this user with rustup (from https://sh.rustup.rs into $cargo_bin)?" \
            "$remedy"
        scratch=$(mktemp -d)
        curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs -o "$scratch/rustup.sh" ||
            fail "https://sh.rustup.rs can't be reached. $remedy"
        # An older Rust of the system may stay: rustup is told to accept it.
        RUSTUP_INIT_SKIP_PATH_CHECK=yes sh "$scratch/rustup.sh" -y --default-toolchain stable ||
            fail "rustup's installer failed. $remedy"
        rm -rf "$scratch"
        scratch=
    fi
    find_rust
    rust_is_ready || fail "Rust was installed, but no recent one is found. $remedy"
}

prepare_lint() {
    if cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1; then
        return
    fi
    say 'rustfmt or clippy is missing.'
    if ! has rustup; then
        fail "install the packages of this system that hold 'cargo fmt' and 'cargo clippy'."
    fi
    remedy='To do it yourself, run: rustup component add rustfmt clippy'
    agree 'Add them now (rustup component add rustfmt clippy)?' "$remedy"
    rustup component add rustfmt clippy || fail "rustup failed. $remedy"
}

# -----------------------------------------------------------------------------------------------

find_rust
prepare_system
prepare_rust
if [ "${LINT:-}" = 1 ]; then
    prepare_lint
fi
if [ $# -gt 0 ]; then
    trap - EXIT INT TERM
    exec "$@"
fi
say 'everything that the build needs is installed.'
