import { z } from 'zod';
import { defineConnector, type SourceContext, type SourceItem } from '../../src/harvest/connector.ts';
import { type Cursor, cursorSchema, type Listed, pagesOf } from './listing.ts';
import { corrects, normalise } from './normalise.ts';
import { entrySchema, modalities, recordSchema } from './record.ts';

const lists = ['subjects', 'levels', 'organizations'] as const;
type Names = Readonly<Record<(typeof lists)[number], ReadonlyMap<string, string>>>;

const configSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .regex(/\/courses\/$/, 'doit finir par /courses/')
    .meta({ title: 'Adresse de la liste des cours, qui finit par /courses/' }),
  language: z
    .string()
    .regex(/^[a-z]{2}$/)
    .default('fr')
    .meta({ title: 'Langue demandée au portail' }),
  resolve: z
    .array(z.enum(lists))
    .default([])
    .meta({ title: 'Listes à lire avant les cours, pour nommer ce qu’ils ne désignent que par un numéro' }),
  modality: z
    .enum(modalities)
    .optional()
    .meta({ title: 'Modalité, quand tous les cours du portail ont la même : le format ne la donne pas' }),
  pageSize: z.int().min(1).max(100).default(100).meta({ title: 'Cours par page' }),
  maxPages: z.int().min(1).max(100_000).default(1_000).meta({ title: 'Nombre maximal de pages' }),
});
type Config = z.infer<typeof configSchema>;

async function* read(config: Config, context: SourceContext<Cursor>): AsyncGenerator<SourceItem<Cursor>> {
  const names: Names = {
    subjects: await namesOf('subjects', config, context),
    levels: await namesOf('levels', config, context),
    organizations: await namesOf('organizations', config, context),
  };
  for await (const listed of pagesOf(config.url, config, context, context.cursor ?? { offset: 0 })) {
    if (listed.kind === 'entry') yield recordOf(listed, names, config);
    else yield listed.item;
  }
}

/** Titles by id of a list of the portal; none when the source does not ask for it. */
async function namesOf(
  list: (typeof lists)[number],
  config: Config,
  { http, signal }: SourceContext<Cursor>,
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  if (!config.resolve.includes(list)) return names;
  const url = new URL(`../${list}/`, config.url).href;
  // Without the validators of the courses: a list that did not change must be read all the same.
  for await (const listed of pagesOf(url, config, { http, signal }, { offset: 0 })) {
    if (listed.kind !== 'entry') continue;
    const entry = entrySchema.safeParse(listed.value);
    if (entry.success) names.set(entry.data.id, entry.data.title);
  }
  return names;
}

function recordOf({ id, value }: Listed & { kind: 'entry' }, names: Names, config: Config): SourceItem<Cursor> {
  if (typeof value !== 'object' || value === null) return { kind: 'record', remoteId: id, raw: value };
  const reading = {
    url: config.url,
    modality: config.modality ?? null,
    subjects: named(names.subjects, value, 'categories'),
    levels: named(names.levels, value, 'categories'),
    organizations: named(names.organizations, value, 'organizations'),
  };
  return { kind: 'record', remoteId: id, raw: { ...value, reading } };
}

function named(names: ReadonlyMap<string, string>, record: object, field: string): Record<string, string> {
  const ids: unknown = Reflect.get(record, field);
  if (!Array.isArray(ids)) return {};
  return Object.fromEntries(
    ids.flatMap((id: unknown) => {
      const name = names.get(String(id));
      return name === undefined ? [] : [[String(id), name]];
    }),
  );
}

export default defineConnector({
  id: 'richie',
  title: 'Richie (portails de cours, FUN-MOOC)',
  version: 1,
  resumable: true,
  configSchema,
  exampleConfig: {
    url: 'https://portail.example/api/v1.0/courses/',
    language: 'fr',
    resolve: [],
    pageSize: 100,
    maxPages: 1_000,
  },
  recordSchema,
  cursorSchema,
  read,
  corrects,
  normalise,
});
