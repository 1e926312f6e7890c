# Installs the peers into a temporary folder, starts PostgreSQL, and starts, watches and ends servers. Sourced by run, backfill and
# wrong-rows, in the repository's folder; $peers is this folder, $programs may be that of release builds.
. scripts/postgres

fail() {
    echo "peers: $1" >&2
    exit "${2:-1}"
}

# number OPTION VALUE [DIGITS]
number() { [[ $2 =~ ^[1-9][0-9]*$ && ${#2} -le ${3:-4} ]] || fail "$1 must be a whole number of at most ${3:-4} digits, not \"$2\"" 2; }

# The release builds that are measured.
find_programs() {
    local program
    for program in python3 node npm psql setsid; do
        command -v "$program" >/dev/null || fail "$program is not installed"
    done
    if [[ -z $programs ]]; then
        cargo build --release --locked --package tollgate --no-default-features
        cargo build --release --locked --package tollgate-bench
        programs=${CARGO_TARGET_DIR:-target}/release
    fi
    [[ -x $programs/tollgate && -x $programs/tollgate-bench ]] || fail "there are no release builds in $programs" 2
    programs=$(cd "$programs" && pwd)
}

groups=()

# Every server has a process group of its own, with its children in it.
end_servers() {
    local group
    for group in "${groups[@]}"; do kill -TERM -- "-$group" 2>/dev/null || true; done
    for group in "${groups[@]}"; do end_group "$group"; done
    groups=()
}

end_group() {
    kill -TERM -- "-$1" 2>/dev/null || true
    for _ in {1..50}; do pgrep -g "$1" >/dev/null || return 0; sleep 0.1; done
    kill -KILL -- "-$1" 2>/dev/null || true
}

# Starts a server and waits until its port takes connections.
serve() {
    local name=$1 port=$2
    shift 2
    (cd "$folder" && exec setsid "$@" >"$folder/$name.log" 2>&1 </dev/null) &
    groups+=("$!")
    for _ in {1..300}; do
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
        kill -0 "${groups[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$folder/$name.log" >&2
    fail "$name did not start"
}

# The most memory that a process group has at once: shared pages are divided among those who share them.
watch_memory() {
    local group=$1 file=$2 most=0 now process
    while true; do
        now=0
        for process in $(pgrep -g "$group"); do
            now=$((now + $(awk '/^Pss:/ { print $2 }' "/proc/$process/smaps_rollup" 2>/dev/null || echo 0)))
        done
        ((now <= most)) || { most=$now; echo "$most" >"$file"; }
        sleep 0.5
    done
}

fresh_database() {
    psql -qc "DROP DATABASE IF EXISTS $1 WITH (FORCE)" -c "CREATE DATABASE $1" -c CHECKPOINT
    export PEER_DATABASE_URL=${POSTGRES_URL%/*}/$1
}

ask() { PGDATABASE=$1 psql -Atqc "$2"; }

# Installs both peers and starts PostgreSQL.
set_up() {
    folder=$(mktemp -d "${TMPDIR:-/tmp}/tollgate-peers.XXXXXX")
    trap 'end_servers; stop_postgres; rm -rf "$folder"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    echo "installing dj-stripe and the stripe-sync-engine" >&2
    cp "$peers"/{djsite.py,sync-engine.cjs,front.cjs,package.json} "$folder"
    python3 -m venv "$folder/venv" || fail "python3 cannot make a virtual environment: apt-get install python3-venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$peers/requirements.txt"
    npm install --prefix "$folder" --silent --no-audit --no-fund --ignore-scripts --cache "$folder/npm-cache"

    start_postgres
    export PGHOST=127.0.0.1 PGUSER=tollgate PGDATABASE=postgres PGPORT PGPASSWORD PGOPTIONS='-c client_min_messages=warning'
    PGPORT=${POSTGRES_URL##*:} PGPORT=${PGPORT%%/*} PGPASSWORD=${POSTGRES_URL#*://tollgate:} PGPASSWORD=${PGPASSWORD%%@*}
    # The sync engine's migrations give it a function.
    psql -qc 'CREATE ROLE postgres'
    export PEER_UUID PEER_SECRET PEER_PAYLOAD=$PWD/crates/bench/data/payment_intent.rest
    PEER_UUID=$(cat /proc/sys/kernel/random/uuid)
    PEER_SECRET=whsec_$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
}
