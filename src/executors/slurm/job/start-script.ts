import { shellQuote } from '../../../shell-quote.ts';
import type { Job } from '../../executor.ts';
import { killSignal } from '../cluster/canceller.ts';
import type { JobFolder } from './job-folder.ts';

/** What sbatch is given: each task of the array runs the script of the folder on its line of a list. */
export const arrayScript = `#!/bin/bash
# Arguments: the name of this submission, and a list of job folders, one a line.
cd / || exit 1
mapfile -t -s "$SLURM_ARRAY_TASK_ID" -n 1 line <"$2"
# A folder that was removed, or given to a later submission, is none of ours any more.
{ read -r _ task <"$line/.start.sh"; } 2>/dev/null
[ "$task" = "$1/$SLURM_ARRAY_TASK_ID" ] || exit 0
. "$line/.start.sh"
`;

/** A resumable stage is told so long before its timeout to write a checkpoint, or a tenth of the timeout. */
const checkpointMs = 60_000;

/** From the timeout until what still runs is killed. */
const graceMs = 10_000;

/**
 * Runs on the node: the attempt's command in its own environment, and then writes the sentinel `.exit`, of which nothing is JSON but
 * the whole. A job that Slurm starts again after its success has nothing to do; any other clears what the earlier start left half-written.
 * Each process costs a small job a hundredth of its time: what bash can do itself, it does.
 */
export function startScript(folder: JobFolder, job: Job, command: string): string {
  const at = (name: string) => shellQuote(`${folder.path}/${name}`);
  const { outputs, resume } = job.instance;
  const made = Object.keys(outputs).map(at);
  const folders = Object.keys(outputs).filter((name) => outputs[name] === 'directory');
  const environment = Object.entries(job.env).map(([name, value]) => `  export ${name}=${shellQuote(value)}\n`);
  return `if [ -e ${at('.exit')} ]; then
  read -r sentinel <${at('.exit')}
  [[ $sentinel == '{"code":0,'* ]] && exit 0
fi
if [ -n "\${SLURM_RESTART_COUNT-}" ]; then
  rm -rf ${[...made, at('.exit'), at('.report.json')].join(' ')}
${folders.length === 0 ? '' : `  mkdir ${folders.map(at).join(' ')}\n`}\
${resume ? '' : `  rm -rf ${at('.scratch')} && mkdir ${at('.scratch')}\n`}\
fi
set -m
started=\${EPOCHREALTIME/[.,]/}
# A function, for bash prints what it waited for when a signal ended it, and there are secrets in here.
attempt() {
  mapfile -d '' -t inherited </proc/self/environ
  for variable in "\${inherited[@]}" PWD OLDPWD SHLVL; do
    name=\${variable%%=*}
    case $name in
      SLURM_* | CUDA_VISIBLE_DEVICES | NVIDIA_VISIBLE_DEVICES | ROCR_VISIBLE_DEVICES | GPU_DEVICE_ORDINAL) ;;
      BASH_FUNC_*) name=\${name#BASH_FUNC_} && unset -f "\${name%'%%'}" ;;
      *) unset -v "$name" 2>/dev/null ;;
    esac
  done
${environment.join('')}\
  cd ${shellQuote(job.cwd)} && exec ${command}
}
attempt >>${at('.log')} 2>&1 </dev/null &
child=$!
stop() { kill -TERM -- "-$child" 2>/dev/null; }
trap stop TERM INT
trap 'kill -KILL -- "-$child" 2>/dev/null' ${killSignal}
${watchdog(job)}\
code=0
while :; do
  wait "$child" 2>/dev/null; code=$?
  kill -0 "$child" 2>/dev/null || break
done
${job.timeoutMs === undefined ? '' : 'kill -KILL -- "-$watchdog" 2>/dev/null\n'}\
took=$((\${EPOCHREALTIME/[.,]/} - started))
printf '{"code":%d,"seconds":%d.%06d,"timedOut":%s}\\n' "$code" $((took / 1000000)) $((took % 1000000)) "\${late:-false}" >${at('.exit')}
exit "$code"
`;
}

/** Slurm's own limit counts in minutes, and kills without a word. */
function watchdog({ timeoutMs, instance }: Job): string {
  if (timeoutMs === undefined) return '';
  const ahead = instance.resume ? Math.min(checkpointMs, timeoutMs / 10) : 0;
  const seconds = (ms: number) => (ms / 1000).toFixed(3);
  return `trap 'late=true; stop' USR1
{
  sleep ${seconds(timeoutMs - ahead)}
  kill -USR1 $$
  sleep ${seconds(Math.max(ahead, graceMs))}
  kill -KILL -- "-$child"
} >/dev/null 2>&1 </dev/null &
watchdog=$!
`;
}
