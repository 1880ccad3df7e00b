import { copyFile, link, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { PretrainingConfig } from '../src/bert/config/pretraining-config.ts';
import { summariesOf } from '../src/bert/pretrain/summaries.ts';
import { readTrainingLog } from '../src/bert/training/training-log.ts';
import { encodeEventFile } from '../src/tensorflow/event-file.ts';

/** From the scratch folder, which outlives a kill, to the outputs. */
export async function publishTraining(
  work: string,
  outputs: { readonly checkpoint: string; readonly log: string; readonly summaries: string },
  config: PretrainingConfig,
): Promise<void> {
  const modelDirectory = join(work, 'model_dir');
  // Model Garden leaves more beside them.
  const names = (await readdir(modelDirectory)).filter((name) => /^(checkpoint$|ckpt-)/.test(name));
  for (const name of names) {
    await linkOrCopy(join(modelDirectory, name), join(outputs.checkpoint, name));
  }
  await writeFile(join(outputs.checkpoint, 'params.yaml'), stringify(config.merged));
  await copyFile(join(work, 'log.jsonl'), outputs.log);
  const { train, validation } = summariesOf(readTrainingLog(outputs.log));
  for (const [folder, events] of Object.entries({ train, validation })) {
    if (events.length === 0) continue;
    await mkdir(join(outputs.summaries, folder), { recursive: true });
    await writeFile(join(outputs.summaries, folder, 'events.out.tfevents.0.kumiki'), encodeEventFile(events));
  }
}

/** A checkpoint's files are never changed, only replaced; several of a large model take their room once. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    await copyFile(from, to);
  }
}
