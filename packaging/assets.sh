#!/bin/sh
# Lets the program write everything else that a package contains:
#
#   sh packaging/assets.sh target/release/musicvae-tui FOLDER
#
# FOLDER/share gets the manual pages, the completions of bash, zsh and fish, the desktop entry, the icon, the schema of
# the configuration, and README, licences and docs with all that they link to, each in its place below a prefix such as
# /usr or ~/.local.
set -eu

if [ $# -ne 2 ]; then
    echo "usage: sh packaging/assets.sh PROGRAM FOLDER" >&2
    exit 2
fi
program=$1
share=$2/share
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

# put FILE COMMAND...: writes what the command prints to share/FILE, but nothing if it fails.
put() {
    target=$share/$1
    shift
    mkdir -p "$(dirname "$target")"
    "$@" >"$target.part"
    mv "$target.part" "$target"
}

"$program" man --out "$share/man/man1" >/dev/null
put bash-completion/completions/musicvae-tui "$program" completions bash
put zsh/site-functions/_musicvae-tui "$program" completions zsh
put fish/vendor_completions.d/musicvae-tui.fish "$program" completions fish
put musicvae-tui/config.schema.json "$program" config --schema
put applications/musicvae-tui.desktop cat "$root/packaging/musicvae-tui.desktop"
put icons/hicolor/scalable/apps/musicvae-tui.svg cat "$root/packaging/musicvae-tui.svg"

# README and all that it leads to, side by side as here, so that links work.
for file in README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE-MIT LICENSE-APACHE config.toml \
    packaging/musicvae-tui.service; do
    put "doc/musicvae-tui/$file" cat "$root/$file"
done
for file in "$root"/docs/*.* "$root"/docs/tour/*; do
    put "doc/musicvae-tui/${file#"$root/"}" cat "$file"
done
