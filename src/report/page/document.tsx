import type { ReactNode } from 'react';
import { style } from './style.ts';

export function Document({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <style>{style}</style>
      </head>
      <body>
        <main>{children}</main>
      </body>
    </html>
  );
}

export function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** What a library has made: SVG of a plot, HTML of Markdown. Both have escaped what they were given. */
export function Made({ className, markup }: { readonly className: string; readonly markup: string }) {
  // biome-ignore lint/security/noDangerouslySetInnerHtml: markup of the plotting and Markdown libraries, never of a run's own text
  return <div className={className} dangerouslySetInnerHTML={{ __html: markup }} />;
}

export interface Column {
  readonly name: string;
  readonly number?: true;
}

export function Table({
  columns,
  rows,
}: {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly ReactNode[])[];
}) {
  return (
    <div className="wide">
      <table>
        <thead>
          <tr>
            {columns.map(({ name, number }) => (
              <th key={name} className={number && 'number'}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows are written once, in this order
            <tr key={row}>
              {cells.map((cell, column) => (
                <td key={columns[column]!.name} className={columns[column]!.number && 'number'}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Names and what they stand for. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
