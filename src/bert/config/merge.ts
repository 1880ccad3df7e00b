/** How Model Garden's command line puts a configuration together: files in order, then `--params_override`. */
import { parse } from 'yaml';
import { ConfigError } from './error.ts';

/** Maps merge key by key, anything else replaces: what `--config_file` twice does. */
export function mergeDeep(base: unknown, over: unknown): unknown {
  if (!isMap(base) || !isMap(over)) return over;
  const keys = [...new Set([...Object.keys(base), ...Object.keys(over)])];
  return Object.fromEntries(
    keys.map((key) => [
      key,
      Object.hasOwn(over, key) ? mergeDeep(Object.hasOwn(base, key) ? base[key] : undefined, over[key]) : base[key],
    ]),
  );
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `a.b=1,c.d=[x,y]` as a map; values are read as YAML, and commas in brackets or quotes belong to them. */
export function overrideOf(text: string): unknown {
  const entries = text.match(/(?:\[[^\]]*\]|'[^']*'|"[^"]*"|[^,])+/g) ?? [];
  return entries
    .filter((entry) => entry.trim() !== '')
    .map(overrideEntry)
    .reduce(mergeDeep, {});
}

function overrideEntry(entry: string): unknown {
  const at = entry.indexOf('=');
  const path = entry.slice(0, at).trim().split('.');
  if (at < 0 || path.some((part) => part === '')) {
    throw new ConfigError(`params_override: '${entry}' is not of the form section.key=value`);
  }
  return path.reduceRight<unknown>((value, key) => ({ [key]: value }), overrideValue(entry, at + 1));
}

function overrideValue(entry: string, start: number): unknown {
  try {
    return parse(entry.slice(start));
  } catch (error) {
    const [why] = (error as Error).message.split(/ at line|\n/);
    throw new ConfigError(
      `params_override: '${entry}' has a value that YAML does not understand (${why}): a comma belongs to it only in quotes or in [ ]`,
    );
  }
}
