/** Finds the connectors: every subfolder of `connectors/` is one; there is no list to edit. */
import { readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import type { AnyConnector } from './connector.ts';

export interface DiscoverOptions {
  /** Ids that may run here, `*` standing for any characters; all of them when absent. */
  readonly enabled?: readonly string[];
  /** The folder of the connectors; by default the one beside `src/` (in compiled code, the compiled one). */
  readonly root?: URL;
}

/**
 * Loads each `<root>/<id>/index`. The key is the id.
 *
 * @throws Error when a folder does not load, exports no connector, or has another id than its name: a deployment that
 * silently lacks a format would show its courses as missing.
 */
export async function discoverConnectors(options: DiscoverOptions = {}): Promise<ReadonlyMap<string, AnyConnector>> {
  const root = options.root ?? new URL('../../connectors/', import.meta.url);
  // From source the entry is index.ts; tsc does not rewrite a computed path, so compiled code asks for index.js itself.
  const entry = `index${extname(import.meta.url)}`;
  const folders = (await readdir(root, { withFileTypes: true })).filter((found) => found.isDirectory());
  const ids = folders.map(({ name }) => name).sort();
  const connectors = new Map<string, AnyConnector>();
  for (const id of ids.filter((name) => isEnabled(name, options.enabled ?? ['*']))) {
    connectors.set(id, await loadConnector(id, new URL(`${id}/${entry}`, root)));
  }
  return connectors;
}

function isEnabled(id: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const source = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
    return new RegExp(`^${source}$`).test(id);
  });
}

async function loadConnector(id: string, entry: URL): Promise<AnyConnector> {
  let loaded: { default?: unknown };
  try {
    loaded = await import(entry.href);
  } catch (cause) {
    throw new Error(`the connector ${id} does not load`, { cause });
  }
  const connector = loaded.default;
  if (!isConnector(connector)) throw new Error(`connectors/${id}/index exports no connector by default`);
  if (connector.id !== id) throw new Error(`the connector of connectors/${id} says that its id is ${connector.id}`);
  return connector;
}

function isConnector(value: unknown): value is AnyConnector {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    'read' in value &&
    typeof value.read === 'function' &&
    'normalise' in value &&
    typeof value.normalise === 'function'
  );
}
