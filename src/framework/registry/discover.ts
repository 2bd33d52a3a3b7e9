/** The newest exports that France compétences publishes on data.gouv.fr, and how they are fetched. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { SourceError } from '../../errors.ts';
import type { GuardedHttp } from '../../platform/http.ts';
import { isDay } from './fields.ts';
import { type IsoDate, type RegisterName, registerNames } from './model.ts';

/** Public data set of France compétences (Licence Ouverte 2.0). */
export const datasetAddress = 'https://www.data.gouv.fr/api/1/datasets/5eebbc067a14b6fecc9c9976/';

const resourceSchema = z.object({
  id: z.string().min(1).max(100),
  title: z.string().max(300),
  url: z.string().max(2_000),
  last_modified: z.string().max(60),
  checksum: z.object({ type: z.string(), value: z.string() }).nullish().catch(null),
});
const datasetSchema = z.object({ resources: z.array(z.unknown()).max(10_000) });

export interface PublishedExport {
  readonly register: RegisterName;
  readonly id: string;
  readonly title: string;
  readonly url: string;
  readonly lastModified: string;
  readonly date: IsoDate;
  /** `4.1` as 4001, so that versions compare. */
  readonly version: number;
  /** SHA-1 in hexadecimal, when published. */
  readonly sha1: string | null;
}

const titleOfExport = /^export[-_]fiches[-_](rncp|rs)[-_]v(\d+)[-_.](\d+)[-_](\d{4}-\d{2}-\d{2})\.(?:zip|xml)$/i;

/** Of each register, the highest version of the format, then the newest day. Entries of other kinds are passed over. */
export function newestExports(answer: unknown): PublishedExport[] {
  const dataset = datasetSchema.safeParse(answer);
  if (!dataset.success) {
    throw new SourceError('changed', 'data.gouv.fr ne décrit plus ses fichiers comme avant.', { cause: dataset.error });
  }
  const published = dataset.data.resources.flatMap((one) => {
    const resource = resourceSchema.safeParse(one);
    return resource.success ? (readResource(resource.data) ?? []) : [];
  });
  return registerNames.flatMap((register) => {
    const own = published.filter((one) => one.register === register);
    const [newest] = own.sort((a, b) => b.version - a.version || (a.date < b.date ? 1 : -1));
    return newest === undefined ? [] : [newest];
  });
}

function readResource(resource: z.infer<typeof resourceSchema>): PublishedExport | null {
  const found = titleOfExport.exec(resource.title.trim());
  const date = found?.[4] ?? '';
  if (found === null || !isDay(date)) return null;
  const { checksum } = resource;
  return {
    register: found[1]?.toUpperCase() === 'RS' ? 'RS' : 'RNCP',
    id: resource.id,
    title: resource.title,
    url: resource.url,
    lastModified: resource.last_modified,
    date,
    version: Number(found[2]) * 1_000 + Number(found[3]),
    sha1: checksum?.type.toLowerCase() === 'sha1' ? checksum.value.toLowerCase() : null,
  };
}

/** @throws SourceError */
export async function readDataset(http: GuardedHttp, address: string): Promise<PublishedExport[]> {
  const answer = await http.open(address, { headers: { accept: 'application/json' } });
  if (answer.status !== 'ok') throw new SourceError('malformed', 'data.gouv.fr n’a rien répondu.');
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.bytes) {
    size += chunk.length;
    if (size > 20_000_000) throw new SourceError('too-large', 'La réponse de data.gouv.fr dépasse 20 Mo.');
    chunks.push(chunk);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new SourceError('malformed', 'La réponse de data.gouv.fr n’est pas lisible.', { cause });
  }
  return newestExports(value);
}

/** Fetches to a file of ours in `folder`, gives it to `use`, and removes it. @throws SourceError */
export async function withDownload<Result>(
  http: GuardedHttp,
  published: PublishedExport,
  folder: string,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `export-${published.register.toLowerCase()}.download`);
  try {
    const download = await http.open(published.url);
    if (download.status !== 'ok') throw new SourceError('malformed', 'Le fichier de l’export n’a pas été envoyé.');
    const hash = createHash('sha1');
    async function* checked(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of bytes) {
        hash.update(chunk);
        yield chunk;
      }
    }
    await pipeline(checked(download.bytes), createWriteStream(path));
    if (published.sha1 !== null && hash.digest('hex') !== published.sha1) {
      throw new SourceError(
        'malformed',
        `${published.title} n’est pas le fichier annoncé : sa somme de contrôle diffère.`,
      );
    }
    return await use(path);
  } finally {
    await rm(path, { force: true });
  }
}
