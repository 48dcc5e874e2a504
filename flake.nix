# A Nix flake. Not run by us: it needs nix.
#
# Nothing here has to be changed to publish it: `nix run github:OWNER/REPOSITORY` works wherever the repository is.
#
#   nix run            opens the workstation
#   nix build          builds the package into ./result
#   nix develop        a shell with what the build needs
{
  description = "A drummer that lives in your terminal";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
      each = make: nixpkgs.lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
      package = pkgs: pkgs.rustPlatform.buildRustPackage {
        pname = "musicvae-tui";
        version = (pkgs.lib.importTOML ./Cargo.toml).workspace.package.version;
        src = self;
        cargoLock.lockFile = ./Cargo.lock;
        nativeBuildInputs = [ pkgs.pkg-config ];
        buildInputs = pkgs.lib.optionals pkgs.stdenv.hostPlatform.isLinux [ pkgs.alsa-lib ];
        # They want a terminal, a home folder and time; `make test` runs them.
        doCheck = false;
        postInstall = ''
          sh packaging/assets.sh $out/bin/musicvae-tui $out
        '';
        meta = {
          description = "Drummer that lives in your terminal";
          license = with pkgs.lib.licenses; [ mit asl20 ];
          mainProgram = "musicvae-tui";
        };
      };
    in
    {
      packages = each (pkgs: { default = package pkgs; });
      devShells = each (pkgs: {
        default = pkgs.mkShell {
          inputsFrom = [ (package pkgs) ];
          packages = [ pkgs.clippy pkgs.rustfmt ];
        };
      });
    };
}
