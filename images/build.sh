#!/bin/sh
# What all images have in common, run by their Dockerfiles in the first stage. Two builds of the same files give the same
# layers: compiled code knows its source by content and not by age, and every file is of 1970.
#   packages        installs /requirements.txt into /packages/opt/packages
#   code FOLDER     compiles the Python code below a folder, and seals it
#   seal FOLDER     everybody may read it, nobody may change it, and nothing says when it was made
set -eu

compile() { python -m compileall -q --invalidation-mode unchecked-hash "$1"; }

seal() {
  chmod -R u=rwX,go=rX "$1"
  find "$1" -exec touch --no-dereference --date=@0 {} +
}

case $1 in
  packages)
    python -m pip install --quiet --no-cache-dir --disable-pip-version-check --root-user-action ignore \
      --require-hashes --no-deps --no-compile --target /packages/opt/packages -r /requirements.txt
    compile /packages
    seal /packages
    ;;
  code) compile "$2" && seal "$2" ;;
  seal) seal "$2" ;;
esac
