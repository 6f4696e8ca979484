#!/usr/bin/env bash
# The market in containers: compose/run.sh up|down|audit|apply FILE|remove [FILE], each called by a target of
# make that is named after it.
# PROFILES=observability,mail starts more with it, `mesh` among them; PORT is the gateway's, 8080 by default.
set -euo pipefail
cd "$(dirname "$0")/.."

die() {
  echo "$1" >&2
  exit "${2:-1}"
}

docker compose version >/dev/null 2>&1 || die "Docker with Compose is needed and was not found. Without it: make up" 2
docker info >/dev/null 2>&1 || die "Docker is installed but its engine does not answer. Start it; or without it: make up" 2

export PORT=${PORT:-8080} COMPOSE_PROFILES=${PROFILES:-}
# What a profile brings is of use to services that are told of it.
case ",$COMPOSE_PROFILES," in *,mail,*) export SMTP_URL=${SMTP_URL:-smtp://mailpit:1025} ;; esac
case ",$COMPOSE_PROFILES," in *,observability,*) export OTEL_LOGS_EXPORTER=${OTEL_LOGS_EXPORTER:-otlp} ;; esac

# The mesh changes services that are there, which no profile can do: it is a file that is laid over the other. Who stops
# or audits takes it too, to find whatever runs.
export COMPOSE_FILE=docker-compose.yml
case "${1:-},,$COMPOSE_PROFILES," in up,*,mesh,* | down,* | audit,* | apply,* | remove,*) COMPOSE_FILE+=:mesh/compose.yaml ;; esac

# On a terminal Compose shows what goes on; in a log it would be a line for every change of every container.
progress=auto
if [ ! -t 1 ] && [ -z "${V:-}" ]; then progress=quiet; fi

keeper() {
  [ -n "$(docker compose ps --quiet mesh)" ] ||
    die "No market with a mesh runs in containers. Start it: make compose-up PROFILES=mesh" 3
  docker compose exec -T mesh python -m mesh.keeper "$@"
}

case ${1:-} in
  up)
    PYTHONPATH=libs/topology/src "${PYTHON:-python3}" -m compose.make_secrets
    docker compose --progress "$progress" up --build --wait --remove-orphans ||
      die "Not all of the market is ready: docker compose ps. Was it only slow? The same again. Is the port taken? make compose-up PORT=8090"
    echo
    echo "The market is open: http://127.0.0.1:$PORT"
    echo
    echo "docker compose ps      what runs"
    echo "docker compose logs    what it says"
    echo "make compose-audit     proves that nothing is lost"
    echo "make compose-down      close the market; it keeps its data"
    case $COMPOSE_FILE in *mesh*) echo "make compose-apply     changes the mesh: FILE=mesh/labs/bank-answers-2-seconds-late.yaml" ;; esac
    ;;
  down) docker compose --progress "$progress" --profile '*' down ;;
  audit) docker compose --progress "$progress" run --rm audit ${V:+--verbose} ;;
  apply)
    [ -f "${2:-}" ] && [ -r "$2" ] || die "There is no file ${2:-}" 2
    keeper apply "${2##*/}" <"$2"
    ;;
  remove) keeper remove ${2:+"${2##*/}"} </dev/null ;;
  *) die "usage: compose/run.sh up|down|audit|apply FILE|remove [FILE]" 2 ;;
esac
