/** Plans for tests of what comes after compiling: stages by name, in topological order. */
import type { Instance, Json, Plan } from '../../src/graph/plan.ts';

export interface StageShape {
  /** Ids of the instances that each instance reads from. */
  readonly after?: readonly string[];
  readonly matrix?: readonly Readonly<Record<string, Json>>[];
}

export function planOf(stages: Readonly<Record<string, StageShape>>): Plan {
  const instances: Instance[] = [];
  for (const [stage, { after = [], matrix = [{}] }] of Object.entries(stages)) {
    const dependsOn = after.map((id) => instances.findIndex((instance) => instance.id === id));
    for (const values of matrix) {
      const axes = Object.entries(values).map(([axis, value]) => `${axis}=${value}`);
      instances.push({
        index: instances.length,
        id: axes.length === 0 ? stage : `${stage}[${axes.join(',')}]`,
        stage,
        matrix: values,
        action: { kind: 'run', script: ['true'] },
        inputs: dependsOn.map((instance) => ({
          name: `stages.${instances[instance]!.stage}.outputs.out`,
          list: false,
          kind: 'any',
          sources: [{ kind: 'output', instance, output: 'out' }],
        })),
        with: {},
        env: {},
        passEnv: [],
        outputs: { out: 'file' },
        promised: [],
        resources: {},
        retry: { attempts: 1, delayMs: 0, backoff: 1 },
        recipe: JSON.stringify({ run: 'true', stage, values }),
        dependsOn,
      });
    }
  }
  const file = '/workspace/workflow.yaml';
  return { name: 'example', file, root: '/workspace', params: {}, limits: {}, instances, publish: [], overrides: [] };
}
