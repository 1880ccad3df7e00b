#!/bin/bash
# Stands in for sbatch, squeue, scontrol, sacct and scancel, by the name that it is called under. Files beside it say how it behaves:
# `state`: jobs do not run, they are in that state at once; `reply-lost`: sbatch takes the job and fails; `deaf`: squeue fails as
# often as it has lines; `stuck`: as long as it is there, scancel does not answer; `forget`: no job is known to squeue; `remember`: but to scontrol; `accounted`: save to sacct, in that
# state; `requeue`: a job that fails is started again; `longest` and `most`: the cluster's MaxArraySize and MaxJobCount; `full`: as long as it is there, sbatch waits for room, and gives up then where there is `gives-up`. `calls` gets a line for each call, the folder `jobs`, which is there before, holds NAME|INDEX|ID|STATE|REASON.
here=$(cd "$(dirname "$0")" && pwd) || exit 1
program=$(basename "$0")
echo "$program $*" >>"$here/calls"
case $program in
  sbatch)
    while [[ $1 == --* ]]; do
      case $1 in
        --job-name=*) name=${1#*=} ;;
        --array=*) last=${1#--array=0-} last=${last%%%*} ;;
      esac
      shift
    done
    if [ -e "$here/full" ]; then
      echo 'sbatch: error: Slurm job queue full, sleeping and retrying.' >&2
      while [ -e "$here/full" ]; do sleep 0.05; done
      [ -e "$here/gives-up" ] && rm "$here/gives-up" && { echo 'sbatch: error: Batch job submission failed: Job queue full' >&2; exit 1; }
    fi
    [ -e "$here/refuse" ] && { echo 'sbatch: error: invalid partition specified: nowhere' >&2; exit 1; }
    # What the set-up of a node adds.
    export SITE=here
    module() { :; }
    export -f module
    for index in $(seq 0 "$last"); do
      record=$here/jobs/$name.$index
      put() { echo "$name|$index|7_$index|$1|None" >"$record.new" && mv "$record.new" "$record"; }
      if [ -e "$here/state" ]; then
        put "$(cat "$here/state")"
      else
        put RUNNING
        (
          export SLURM_ARRAY_TASK_ID=$index SLURM_JOB_ID=7
          bash "$@" || { [ -e "$here/requeue" ] && SLURM_RESTART_COUNT=1 bash "$@"; } && put COMPLETED || put FAILED
        ) >/dev/null 2>&1 </dev/null &
      fi
    done
    [ -e "$here/reply-lost" ] && { echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1; }
    echo 7
    ;;
  squeue)
    if [ -s "$here/deaf" ]; then
      sed -i 1d "$here/deaf"
      echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2
      exit 1
    fi
    [ -e "$here/forget" ] || cat "$here"/jobs/*.[0-9] 2>/dev/null
    exit 0
    ;;
  scancel)
    while [ -e "$here/stuck" ]; do sleep 0.05; done
    [[ $* == *--signal=* ]] && exit 0
    for record in "$here"/jobs/*.[0-9]; do
      [[ " $* " == *" $(cut -d '|' -f 3 "$record") "* ]] && sed -i 's/|[A-Z_]*|None$/|CANCELLED|None/' "$record"
    done
    ;;
  scontrol)
    if [ "$*" = 'show config' ]; then
      echo "MaxArraySize            = $(cat "$here/longest" 2>/dev/null || echo 1001)"
      echo "MaxJobCount             = $(cat "$here/most" 2>/dev/null || echo 10000)"
    else
      for record in "$here"/jobs/*.[0-9]; do
        IFS='|' read -r name index id state _ <"$record"
        [ ! -e "$here/remember" ] || echo "JobId=9 ArrayJobId=${id%_*} ArrayTaskId=$index JobName=$name JobState=$state Reason=None"
      done
    fi
    ;;
  sacct)
    [ -e "$here/accounted" ] || { echo 'Slurm accounting storage is disabled' >&2; exit 1; }
    for record in "$here"/jobs/*.[0-9]; do
      IFS='|' read -r name _ id _ <"$record"
      echo "$name|$id|$(cat "$here/accounted")"
    done
    ;;
esac
