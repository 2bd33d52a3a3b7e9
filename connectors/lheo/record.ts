import { z } from 'zod';
import { isXmlElement, type XmlElement } from '../../src/platform/read-xml.ts';

/** The tree of the reader is checked as such: a zod schema of each level costs three times as much. */
const elementSchema = z.custom<XmlElement>(isXmlElement, 'un élément XML');

/** LaBonneFormation writes numbers as strings or as numbers, and leaves keys out. */
const scalar = z.union([z.string(), z.number(), z.boolean()]).nullish();
const strings = z.array(z.union([z.string(), z.number()])).nullish();
const place = z
  .looseObject({ ville: scalar, 'code-postal': scalar, adresse: scalar, latitude: scalar, longitude: scalar })
  .nullish();

const laBonneFormationSchema = z.looseObject({
  id: scalar,
  uid: scalar,
  intitule: scalar,
  objectif: scalar,
  description: scalar,
  'codes-formacode': strings,
  'codes-rome-vises': strings,
  'code-certifinfo': scalar,
  'code-rncp': scalar,
  'niveau-sortie': scalar,
  'duree-hebdomadaire': scalar,
  'modalite-enseignement': scalar,
  'entrees-sorties-permanentes': scalar,
  sessions: z
    .array(
      z.looseObject({
        id: scalar,
        debut: scalar,
        fin: scalar,
        'nombre-heures-total': scalar,
        localisation: z.looseObject({ formation: place }).nullish(),
      }),
    )
    .nullish(),
  organisme: z.looseObject({ nom: scalar, siret: scalar, contact: z.looseObject({ url: scalar }).nullish() }).nullish(),
});
export type LaBonneFormation = z.infer<typeof laBonneFormationSchema>;

/** One record is one course, in one of the three shapes that travel under the name of LHÉO. */
export const recordSchema = z.discriminatedUnion('shape', [
  /** A `formation` without its actions, and one of them; null when it has none. */
  z.object({ shape: z.literal('action'), formation: elementSchema, action: elementSchema.nullable() }),
  /** A `resume-offre` of a `lheo-index`. */
  z.object({ shape: z.literal('summary'), offer: elementSchema }),
  z.object({ shape: z.literal('labonneformation'), document: laBonneFormationSchema }),
]);
export type LheoRecord = z.infer<typeof recordSchema>;
