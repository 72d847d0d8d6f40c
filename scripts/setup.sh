#!/usr/bin/env bash
# Installs what a build needs beyond stable Rust, or says what to type.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

command -v cargo >/dev/null || { say "Rust is missing: install it with rustup (stable), then run this again."; exit 1; }

if ! command -v cc >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing a C compiler (apt-get install gcc libc6-dev)…"
        apt-get update -qq && apt-get install -y -qq gcc libc6-dev >/dev/null
    else
        say "A C compiler is missing: install gcc or clang, then run this again."
        exit 1
    fi
fi

if command -v rustup >/dev/null; then
    if ! rustup target list --installed | grep -qx wasm32-wasip2; then
        say "Installing the WebAssembly target (rustup target add wasm32-wasip2)…"
        rustup target add wasm32-wasip2
    fi
elif ! [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-wasip2" ]; then
    say "The WebAssembly target is missing and there is no rustup: install rust-std for wasm32-wasip2."
    exit 1
fi
