# A formula for Homebrew. We have not run it: it needs brew. Before publishing it, set `homepage` to the address of the
# project, and `sha256` to the checksum of the crate, which `brew fetch` prints.
#
#   brew install --build-from-source packaging/musicvae-tui.rb
class MusicvaeTui < Formula
  desc "Drummer that lives in your terminal: sample, steer, morph and train grooves"
  homepage "https://crates.io/crates/musicvae-tui"
  url "https://static.crates.io/crates/musicvae-tui/musicvae-tui-0.1.0.crate"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  on_linux do
    depends_on "pkgconf" => :build
    depends_on "alsa-lib"
  end

  def install
    system "cargo", "install", *std_cargo_args
    system "sh", "packaging/assets.sh", bin/"musicvae-tui", prefix
    # Homebrew's places differ from those of Linux.
    bash_completion.install share/"bash-completion/completions/musicvae-tui"
    fish_completion.install share/"fish/vendor_completions.d/musicvae-tui.fish"
  end

  test do
    system bin/"musicvae-tui", "sample", "--seed", "1", "--out", testpath/"groove.mid"
    assert_path_exists testpath/"groove.mid"
  end
end
