#!/bin/sh
# The steps that all images share; their Dockerfiles run them in the first stage. Two builds of the same files give the same
# layers: compiled code refers to its source by content and not by time, and every file is dated 1970.
#   packages        installs /requirements.txt into /packages/<group>/opt/packages
#   code FOLDER     compiles the Python code below a folder, and seals it
#   seal FOLDER     makes it readable for all and writable for none, and removes its dates
set -eu

# Each group is a layer. Services with different locks share the layers of the groups that they have in common. A package
# without a group is in the group `other`; a wrong group would cost space, and nothing else.
pattern_of() {
  case $1 in
    core) echo '^(opentelemetry-|prometheus-|protobuf=|googleapis-|requests=|urllib3=|idna=|certifi=|charset-|typing-)' ;;
    grpc) echo '^grpcio' ;;
    psycopg) echo '^psycopg(-binary)?=' ;;
    postgres) echo '^(psycopg-pool|yoyo-|sqlparse|tabulate|importlib-|lazy-|zipp|tzdata)' ;;
    http) echo '^(flask=|cheroot|werkzeug|jinja2|markupsafe|itsdangerous|blinker|click|jaraco-|more-itertools)' ;;
    nats) echo '^(nats-py|cloudevents|deprecation|packaging|python-dateutil)' ;;
  esac
}

compile() { python -m compileall -q --invalidation-mode unchecked-hash "$1"; }

seal() {
  chmod -R u=rwX,go=rX "$1"
  find "$1" -exec touch --no-dereference --date=@0 {} +
}

install() {
  mkdir -p "/packages/$1/opt/packages"
  [ -s /wanted.txt ] || return 0
  python -m pip install --quiet --no-cache-dir --disable-pip-version-check --root-user-action ignore \
    --require-hashes --no-deps --no-compile --target "/packages/$1/opt/packages" -r /wanted.txt
}

packages() {
  rest='^$'
  for group in core grpc psycopg postgres http nats; do
    pattern=$(pattern_of $group)
    awk -v p="$pattern" '/^[a-z0-9]/ { wanted = $0 ~ p } wanted' /requirements.txt >/wanted.txt
    install $group
    rest="$rest|$pattern"
  done
  awk -v p="$rest" '/^[a-z0-9]/ { wanted = $0 !~ p } wanted' /requirements.txt >/wanted.txt
  install other
  compile /packages
  seal /packages
}

case $1 in
  packages) packages ;;
  code) compile "$2" && seal "$2" ;;
  seal) seal "$2" ;;
esac
