/** Reads the reference data beside this file and checks it: a mistake in the data stops the start, not a visitor. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { alignmentAlgorithm } from './model/alignment.ts';
import { compileLexicon, lexiconSchema } from './model/lexicon.ts';
import { certificationsSchema, digcompSchema, formacodesSchema, pixSchema, romeSchema } from './model/reference.ts';
import { foldedTitle } from './model/text.ts';
import type { Framework } from './model.ts';

const read = <Shape extends z.ZodType>(file: string, schema: Shape): z.infer<Shape> =>
  schema.parse(JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')));

/** Reads and compiles everything (about 30 ms): the caller keeps the result. Throws a ZodError on wrong data. */
export function loadFramework(): Framework {
  const digcomp = read('./digcomp.data.json', digcompSchema);
  const pix = read('./pix.data.json', pixSchema);
  const rome = read('./rome.data.json', romeSchema);
  const { certifications } = read('./certifications.data.json', certificationsSchema);
  const subjects = read('./formacodes.data.json', formacodesSchema);
  const lexicon = read('./alignment.data.json', lexiconSchema);
  const digest = createHash('sha256')
    .update(JSON.stringify([digcomp, pix, rome, certifications, subjects, lexicon]))
    .digest('hex')
    .slice(0, 12);
  return {
    version: `digcomp-${digcomp._meta.version}+align-${alignmentAlgorithm}.${digest}`,
    areas: digcomp.areas,
    competences: digcomp.competences,
    bands: digcomp.bands,
    levels: digcomp.levels,
    pix,
    occupations: rome.occupations,
    occupationParents: rome.parents,
    certifications: new Map(certifications.map((one) => [one.code, one])),
    subjects,
    lexicon: compileLexicon(lexicon),
    digcompTitles: new Map(
      digcomp.competences.flatMap(({ code, en, en22, fr }) =>
        [en, en22, fr].map((title) => [foldedTitle(title), code] as const),
      ),
    ),
    pixTitles: new Map(
      pix.competences.flatMap(({ fr, variants, digcomp: codes }) =>
        [fr, ...variants].map((title) => [foldedTitle(title), codes] as const),
      ),
    ),
  };
}
