import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** A plot as SVG (with its legend, HTML), in the colours of the page that it stands in. */
export function draw(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const element: unknown = Plot.plot({ ...options, document: document as unknown as Document });
  return (element as { readonly outerHTML: string }).outerHTML;
}

export { Plot };
