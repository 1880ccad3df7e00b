import type { Json } from '../../graph/plan.ts';
import type { Key, Manifest } from '../../store/result.ts';
import type { Store } from '../../store/store.ts';

/** How a result came about: it and every result that it was made from, each with its recipe, inputs and digests. */
export function provenance(store: Store, key: Key, output: string): Json {
  const manifests = closure(store, key);
  return {
    format: 1,
    key,
    output,
    results: manifests.map(({ key, instance, recipe, how, inputs, outputs, seconds, kumiki }) => ({
      key,
      instance,
      recipe,
      how,
      inputs: inputs.map(({ name, digests, from, keys }) => ({ name, digests, from, keys })),
      outputs: Object.fromEntries(
        Object.entries(outputs).map(([name, { kind, digest, size }]) => [name, { kind, digest, size }]),
      ),
      seconds,
      kumiki,
    })),
  };
}

/** The manifest of a result and of all that it hangs on, nearest first. */
export function closure(store: Store, key: Key): readonly Manifest[] {
  const keys = new Set([key]);
  const manifests: Manifest[] = [];
  for (const next of keys) {
    const manifest = store.manifest(next);
    if (!manifest) continue;
    manifests.push(manifest);
    for (const input of manifest.inputs) {
      for (const from of input.keys) if (from) keys.add(from);
    }
  }
  return manifests;
}
