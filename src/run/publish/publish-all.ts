import { isObjectUrl } from '../../objects/object-url.ts';
import type { RunContext } from '../context.ts';
import { publish } from './publish.ts';
import { payloadRemoved } from './publish-objects.ts';

/** Publishes what is there; false, with a warning each, if a destination could not be written. */
export async function publishAll(context: RunContext): Promise<boolean> {
  const { view, events, waits } = context;
  let allWell = true;
  for (const publication of view.plan.publish) {
    const { destination, source } = publication;
    const result = view.resultOf(source.instance);
    if (!result) continue;
    const instance = view.plan.instances[source.instance]!.id;
    try {
      if (result.payload === 'removed' && !isObjectUrl(destination)) throw payloadRemoved();
      const published = publish(publication, result, context);
      if (!(await waits.during(`the publication as ${destination}`, published))) continue;
      events.emit({ type: 'published', destination, instance, output: source.output });
    } catch (error) {
      allWell = false;
      events.emit({ type: 'warning', instance, message: `cannot publish ${destination}: ${(error as Error).message}` });
    }
  }
  return allWell;
}
