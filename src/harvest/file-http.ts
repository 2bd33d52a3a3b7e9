/** A catalogue that is one file: it stands for the network of its source. */
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { AppError, SourceError } from '../errors.ts';
import type { SourceHttp } from './connector.ts';

/**
 * The file answers the first address asked for, whenever that one is asked for; any other address is refused, and no network
 * is used. Never « not modified »: the file is read whole each time.
 */
export function fileHttp(read: () => Promise<AsyncIterable<Uint8Array>>): SourceHttp {
  let listing: string | undefined;
  return {
    async open(url) {
      listing ??= url;
      if (url !== listing) {
        const message = `L’adresse ${url} n’est pas lue : un catalogue en fichier n’utilise pas le réseau.`;
        throw new SourceError('refused', message, { url });
      }
      return { status: 'ok', url, headers: {}, contentType: '', bytes: await read(), validators: {} };
    },
  };
}

/** @throws AppError `not-found`, at the first reading, for a file that cannot be read */
export function pathHttp(path: string): SourceHttp {
  return fileHttp(async () => {
    try {
      await access(path);
    } catch (cause) {
      throw new AppError('not-found', 'preview-file', `Le fichier ${path} est introuvable ou illisible.`, { cause });
    }
    return createReadStream(path);
  });
}

/**
 * The address that settings need although a file has none: the connector's own example, at the provider's site, so that
 * relative addresses of the file lead there.
 * @returns null when the connector has no setting `url`
 */
export function addressOfFile(connector: { readonly exampleConfig: unknown }, site: string): string | null {
  const example = connector.exampleConfig;
  const url: unknown = typeof example === 'object' && example !== null ? Reflect.get(example, 'url') : undefined;
  if (typeof url !== 'string' || !URL.canParse(url)) return null;
  const { pathname, search } = new URL(url);
  return new URL(`${pathname}${search}`, site).href;
}
