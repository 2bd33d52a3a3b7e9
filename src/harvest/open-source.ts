/**
 * The secret settings of a source, opened where it is read and nowhere else. What goes wrong while it is read may quote
 * them, since partners put keys in their links: they are taken out before anything is logged or kept.
 */
import { AppError } from '../errors.ts';
import { makeSecrets } from '../platform/secrets.ts';
import type { AnyConnector, SourceItem } from './connector.ts';
import type { HarvestSource } from './model.ts';

/** Opens one sealed setting. @throws AppError when the key is not here */
export type OpenSecret = (sealed: string) => string;

/** @param keys of the installation, the current one first; without any, nothing can be opened */
export function openerOf(keys: readonly Uint8Array[]): OpenSecret {
  const [current, ...older] = keys.map((key) => Buffer.from(key));
  if (current !== undefined) return makeSecrets(current, older).open;
  return () => {
    throw new AppError('unavailable', 'SECRET_KEY_MISSING', 'La clé des réglages secrets manque.');
  };
}

/** @returns the source with its whole settings, and the values that nobody may read */
export function opened<Sealed extends Pick<HarvestSource, 'config' | 'sealed'>>(
  source: Sealed,
  open: OpenSecret,
): { readonly source: Sealed; readonly values: readonly string[] } {
  const entries = Object.entries(source.sealed ?? {}).map(([name, sealed]) => [name, open(sealed)] as const);
  if (entries.length === 0) return { source, values: [] };
  return {
    source: { ...source, config: { ...source.config, ...Object.fromEntries(entries) } },
    values: entries.map(([, value]) => value),
  };
}

/** The same connector, whose failures do not quote these values. */
export function discreet(connector: AnyConnector, values: readonly string[]): AnyConnector {
  if (values.length === 0) return connector;
  async function* items(listing: AsyncIterable<SourceItem<unknown>>): AsyncGenerator<SourceItem<unknown>> {
    try {
      yield* listing;
    } catch (error) {
      hideIn(error, values);
      throw error;
    }
  }
  return {
    ...connector,
    read(config, context) {
      try {
        return items(connector.read(config, context));
      } catch (error) {
        hideIn(error, values);
        throw error;
      }
    },
  };
}

const hidden = '•••';
/** Shorter ones are parts of ordinary words. */
const shortest = 4;
/** Causes inside causes. */
const deepest = 5;
const quoting = ['message', 'publicMessage', 'url', 'stack'] as const;

/** In place: a copy would lose what tells one error from another. */
function hideIn(error: unknown, values: readonly string[], depth = 0): void {
  if (!(error instanceof Error) || depth === deepest) return;
  // As it is, and as an address writes it.
  const texts = values
    .filter((value) => value.length >= shortest)
    .flatMap((value) => [value, encodeURIComponent(value)]);
  for (const name of quoting) {
    const text: unknown = Reflect.get(error, name);
    if (typeof text !== 'string') continue;
    const clean = texts.reduce((rest, secret) => rest.replaceAll(secret, hidden), text);
    if (clean !== text) Object.defineProperty(error, name, { value: clean, configurable: true, writable: true });
  }
  hideIn(error.cause, values, depth + 1);
}
