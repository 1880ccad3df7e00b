#!/bin/bash
# Ends what start-cluster.sh started in FOLDER, by its pid files.
for daemon in slurmd slurmctld munged; do
  [ -f "$1/run/$daemon.pid" ] && kill "$(cat "$1/run/$daemon.pid")"
done
true
