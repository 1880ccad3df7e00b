import type { Instance, Plan } from '../../src/graph/plan.ts';

/** An instance with what a test says of it; the rest is the least that there can be. */
export type Sketch = Partial<Omit<Instance, 'index' | 'retry'>> & {
  readonly id: string;
  readonly retry?: Partial<Instance['retry']>;
};

/** A plan from sketches in topological order. */
export function planOf(root: string, sketches: readonly Sketch[], rest: Partial<Plan> = {}): Plan {
  return {
    name: 'test',
    file: `${root}/test.yaml`,
    root,
    params: {},
    limits: {},
    publish: [],
    overrides: [],
    instances: sketches.map(({ retry, ...sketch }, index) => ({
      index,
      stage: sketch.id.replace(/\[.*/, ''),
      matrix: {},
      action: { kind: 'run', script: [':'] },
      inputs: [],
      with: {},
      env: {},
      passEnv: [],
      outputs: {},
      promised: [],
      resources: {},
      retry: { attempts: 1, delayMs: 0, backoff: 1, ...retry },
      recipe: JSON.stringify(sketch.action ?? sketch.id),
      dependsOn: [],
      ...sketch,
    })),
    ...rest,
  };
}
