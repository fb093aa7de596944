# sh -c "$(cat supervisor.sh)" sh BIN DIR [PRIMARY]
# Makes a cluster in DIR with DIR/settings and the superuser's DIR/password, or a standby of the cluster with the URL PRIMARY,
# starts it, says "ready", and kills and deletes everything when its standard input ends. Each line that it reads is about a
# server that has died: it starts that again and says "ready" again.
bin=$1 dir=$2 primary=$3 server=
export LC_ALL=C

# make lets the password pass as it is, over loopback: the hashing of scram costs a test more than all it does besides.
make() {
  if [ -n "$primary" ]; then
    "$bin/pg_basebackup" -D "$dir/data" -d "$primary" -R -X stream -c fast --no-sync
  else
    "$bin/initdb" -D "$dir/data" -U postgres --pwfile="$dir/password" -A password -E UTF8 --locale=C --no-sync --no-instructions
  fi && cat "$dir/settings" >>"$dir/data/postgresql.conf"
}

# start waits until the server says in its own file that it takes connections, as pg_ctl does.
start() {
  "$bin/postgres" -D "$dir/data" &
  server=$!
  until grep -qs 'ready *$' "$dir/data/postmaster.pid"; do
    kill -0 "$server" || return
    sleep 0.02
  done
}

# start_again tries for some seconds: a child of the dead server that is killed and not yet gone keeps the new one from the shared
# memory they had ("pre-existing shared memory block is still in use").
start_again() {
  for _ in $(seq 100); do
    rm -f "$dir/data/postmaster.pid" # the dead server's says that it is ready
    start && return
    sleep 0.05
  done
  return 1
}

if make >"$dir/log" 2>&1 </dev/null && start >>"$dir/log" 2>&1 </dev/null; then
  echo ready
else
  echo failed
fi
while read -r _; do # until the tests' process ends
  wait "$server"
  if start_again >>"$dir/log" 2>&1 </dev/null; then echo ready; else echo failed; fi
done
if [ -n "$server" ]; then
  kill -QUIT "$server" 2>/dev/null # at once
  kill -CONT "$server" 2>/dev/null # also when it is paused
  wait "$server"
fi
rm -rf "$dir"
