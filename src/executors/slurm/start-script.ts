import { shellQuote } from '../../shell-quote.ts';
import type { Job } from '../executor.ts';
import type { JobFolder } from './job-folder.ts';

/** What sbatch is given: each task of the array starts the script of the folder on its line of a list. */
export const arrayScript = `#!/bin/bash
# Arguments: the name of this submission, and a list of job folders, one a line.
folder=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" "$2")
cd / || exit 1
# A folder that was given to a later submission is none of ours any more.
[ "$(cat "$folder/owner")" = "$1" ] || exit 0
exec /bin/bash "$folder/start.sh"
`;

/**
 * Runs on the node: the attempt's command in its own environment, and then the sentinel \`exit\`, which appears whole or not at
 * all. A job that Slurm starts again after its success has nothing to do; any other clears what the earlier one left half-written.
 */
export function startScript(folder: JobFolder, job: Job, childEntry: string): string {
  const at = (name: string) => shellQuote(`${folder.path}/${name}`);
  const directories = Object.entries(job.instance.outputs).filter(([, kind]) => kind === 'directory');
  const command =
    job.command.kind === 'shell'
      ? ['bash', '-euo', 'pipefail', `${folder.path}/script.sh`]
      : [process.execPath, childEntry, `${folder.path}/request.json`, folder.events, `${folder.path}/report.json`];
  return `grep -q '"code":0,' ${at('exit')} 2>/dev/null && exit 0
rm -rf ${at('exit')} ${at('outputs')} ${at('report.json')}
mkdir ${at('outputs')}
${directories.map(([name]) => `mkdir ${shellQuote(folder.outputs[name]!)}\n`).join('')}\
# A resumable stage goes on where it was; any other starts from nothing.
${job.instance.resume ? '' : `rm -rf ${at('scratch')} && mkdir ${at('scratch')}\n`}\
for name in $(compgen -e); do
  case $name in
    SLURM_* | CUDA_VISIBLE_DEVICES | NVIDIA_VISIBLE_DEVICES | ROCR_VISIBLE_DEVICES | GPU_DEVICE_ORDINAL) ;;
    *) unset "$name" ;;
  esac
done
${Object.entries(job.env)
  .map(([name, value]) => `export ${name}=${shellQuote(value)}\n`)
  .join('')}\
cd ${shellQuote(job.cwd)} || exit 1
set -m
SECONDS=0
${command.map(shellQuote).join(' ')} >>${at('log')} 2>&1 </dev/null &
child=$!
trap 'kill -TERM -- "-$child" 2>/dev/null' TERM INT
code=0
while :; do
  wait "$child"; code=$?
  kill -0 "$child" 2>/dev/null || break
done
printf '{"code":%d,"seconds":%d}\\n' "$code" "$SECONDS" >${at('exit.new')}
mv -f ${at('exit.new')} ${at('exit')}
exit "$code"
`;
}
