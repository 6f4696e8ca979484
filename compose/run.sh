#!/usr/bin/env bash
# The stack in containers: compose/run.sh up|down|audit|apply FILE|remove [FILE]. Each command has a target of make.
# PROFILES=observability,mail also starts these profiles, `mesh` among them. PORT is the gateway's port, 8080 by default.
set -euo pipefail
cd "$(dirname "$0")/.."

die() {
  echo "$1" >&2
  exit "${2:-1}"
}

docker compose version >/dev/null 2>&1 || die "Docker with Compose is required. To run without Docker: make up" 2
docker info >/dev/null 2>&1 || die "The Docker engine is not running. Start it, or run without Docker: make up" 2

export PORT=${PORT:-8080} COMPOSE_PROFILES=${PROFILES:-}
# Services use the containers of these two profiles only if they are configured to.
case ",$COMPOSE_PROFILES," in *,mail,*) export SMTP_URL=${SMTP_URL:-smtp://mailpit:1025} ;; esac
case ",$COMPOSE_PROFILES," in *,observability,*) export OTEL_LOGS_EXPORTER=${OTEL_LOGS_EXPORTER:-otlp} ;; esac

# The mesh changes existing services. A profile cannot do that, so the mesh is a second Compose file. All commands but
# `up` always use it, so that they find every container.
export COMPOSE_FILE=docker-compose.yml
case "${1:-},,$COMPOSE_PROFILES," in up,*,mesh,* | down,* | audit,* | apply,* | remove,*) COMPOSE_FILE+=:mesh/compose.yaml ;; esac

# Without a terminal, Compose would print a line for every change of every container.
progress=auto
if [ ! -t 1 ] && [ -z "${V:-}" ]; then progress=quiet; fi

mesh_agent() {
  [ -n "$(docker compose ps --quiet mesh)" ] ||
    die "The stack is not running with a mesh. Start it: make compose-up PROFILES=mesh" 3
  docker compose exec -T mesh python -m mesh.agent "$@"
}

case ${1:-} in
  up)
    PYTHONPATH=libs/topology/src "${PYTHON:-python3}" -m compose.make_secrets
    docker compose --progress "$progress" up --build --wait --remove-orphans ||
      die "Some containers are not ready; see: docker compose ps. If they are only slow, run the command again. If the port is in use: make compose-up PORT=8090"
    echo
    echo "The shop is ready: http://127.0.0.1:$PORT"
    echo
    echo "docker compose ps      list the containers"
    echo "docker compose logs    show their logs"
    echo "make compose-audit     verify that nothing is lost"
    echo "make compose-down      remove the containers and keep the data"
    case $COMPOSE_FILE in *mesh*) echo "make compose-apply     change the mesh: FILE=mesh/labs/bank-answers-2-seconds-late.yaml" ;; esac
    ;;
  down) docker compose --progress "$progress" --profile '*' down ;;
  audit) docker compose --progress "$progress" run --rm audit ${V:+--verbose} ;;
  apply)
    [ -f "${2:-}" ] && [ -r "$2" ] || die "Cannot read the file ${2:-}" 2
    mesh_agent apply "${2##*/}" <"$2"
    ;;
  remove) mesh_agent remove ${2:+"${2##*/}"} </dev/null ;;
  *) die "usage: compose/run.sh up|down|audit|apply FILE|remove [FILE]" 2 ;;
esac
