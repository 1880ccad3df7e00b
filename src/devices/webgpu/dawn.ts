import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** What `auto` and people want to know of a GPU. */
export interface Adapter {
  readonly name: string;
  /** Computes on the CPU, as SwiftShader and lavapipe do: slower than the other backends there. */
  readonly software: boolean;
}

interface Gpu {
  requestAdapter(options: object): Promise<{ readonly info: AdapterInfo } | null>;
}

interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}

interface Dawn {
  create(options: readonly string[]): Gpu;
  readonly globals: object;
}

const require = createRequire(import.meta.url);

/** Packages that npm may have left out. */
export const packages = ['webgpu', '@tensorflow/tfjs-backend-webgpu'] as const;

/** Those that are not installed. */
export function missingPackages(): string[] {
  return packages.filter((name) => {
    try {
      require.resolve(name);
      return false;
    } catch {
      return true;
    }
  });
}

/**
 * Gives this process `navigator.gpu`, through Dawn, as TensorFlow.js' backend looks for it, and returns the adapter that the backend will
 * take; undefined where there is none.
 */
export async function openDawn(): Promise<Adapter | undefined> {
  const { create, globals } = (await import(pathToFileURL(require.resolve(packages[0])).href)) as Dawn;
  const gpu = create([]);
  Object.assign(globalThis, globals);
  // Node 20 has no navigator; where there is one, it is the process's own and stays.
  const navigator = Reflect.get(globalThis, 'navigator') as object | undefined;
  if (navigator === undefined) {
    Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'Node.js' }, configurable: true });
  } else {
    Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  return adapter === null ? undefined : described(adapter.info);
}

function described({ vendor, architecture, device, description, isFallbackAdapter }: AdapterInfo): Adapter {
  const name = description || [vendor, architecture, device].filter(Boolean).join(' ') || 'GPU';
  const known = /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${architecture} ${device} ${description}`);
  return { name, software: isFallbackAdapter === true || known };
}
