/** Reads the known partners beside this file and checks them: a mistake stops the start, not a harvest. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { httpUrlSchema } from '../catalogue/model.ts';
import { rhythms } from './model.ts';
import type { SourceSeed } from './store.ts';

const partnerSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  title: z.string().min(1),
  connector: z.string().min(1),
  config: z.record(z.string(), z.unknown()),
  homepage: httpUrlSchema,
  licence: z.string().nullable(),
  rhythm: z.enum(rhythms),
  /** Why it is not harvested yet. */
  stateReason: z.string().min(1),
});

const partnersSchema = z
  .object({ sources: z.array(partnerSchema) })
  .refine(({ sources }) => new Set(sources.map(({ id }) => id)).size === sources.length, 'each id once');

/** Real partners whose address is known: paused until a person activates them. @throws ZodError on wrong data. */
export function loadKnownSources(): SourceSeed[] {
  const { sources } = partnersSchema.parse(
    JSON.parse(readFileSync(new URL('./sources.data.json', import.meta.url), 'utf8')),
  );
  return sources.map((source) => ({
    ...source,
    organisationId: null,
    state: 'paused',
    demo: false,
    publishing: 'live',
    limits: { wireBytes: null, decodedBytes: null, minutes: null },
  }));
}
