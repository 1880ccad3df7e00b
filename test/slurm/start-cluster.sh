#!/bin/bash
# A Slurm of one node for tests, from Debian's slurm-wlm and munge, as root and without systemd: start-cluster.sh FOLDER [CPUS].
# With CPUS it takes the machine to have so many, as `npm run bench -- slurm` wants it.
# Prints the path of its slurm.conf; stop-cluster.sh FOLDER ends it.
set -euo pipefail
mkdir -p "$1"
folder=$(cd "$1" && pwd)
mkdir -p "$folder"/{state,spool,log,run}
chmod 755 "$folder"
(umask 077 && head -c 1024 /dev/urandom >"$folder/munge.key")
host=$(hostname -s)
cat >"$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=26817
SlurmdPort=26818
SlurmUser=root
SlurmdUser=root
AuthInfo=socket=$folder/run/munge.sock
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/run/slurmctld.pid
SlurmdPidFile=$folder/run/slurmd.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerParameters=sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
SlurmdParameters=config_overrides
KillWait=2
MaxJobCount=100000
MailProg=/bin/true
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
DefMemPerCPU=128
NodeName=$host NodeAddr=127.0.0.1 CPUs=${2:-$(nproc)} RealMemory=$(awk '/^MemTotal/ { print int($2 / 1024 * 0.8) }' /proc/meminfo) State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE DefaultTime=10 State=UP PriorityTier=1
PartitionName=urgent Nodes=$host MaxTime=INFINITE DefaultTime=10 State=UP PriorityTier=10
CONF
export SLURM_CONF=$folder/slurm.conf
munged --force --socket="$folder/run/munge.sock" --key-file="$folder/munge.key" --pid-file="$folder/run/munged.pid" \
  --log-file="$folder/log/munged.log" --seed-file="$folder/run/munge.seed" >&2
slurmctld -f "$SLURM_CONF" >&2
slurmd -f "$SLURM_CONF" >&2
for _ in $(seq 150); do
  if [ "$(sinfo --noheader --format=%T 2>/dev/null)" = idle ]; then
    echo "$SLURM_CONF"
    exit 0
  fi
  sleep 0.1
done
echo 'the cluster did not become idle' >&2
tail -n 5 "$folder"/log/*.log >&2
exit 1
