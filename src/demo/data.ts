/** The demonstration catalogues as data: themes of courses, the partners that give them, and how they vary. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const themeSchema = z.strictObject({
  key: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string().min(5),
  about: z.string().min(40),
  goals: z.array(z.string().min(3)).min(2),
  /** DigComp; empty for a course that is not about digital skills. */
  skills: z.array(z.strictObject({ code: z.string().regex(/^[1-5]\.[1-6]$/), level: z.int().min(1).max(8) })),
  hours: z.int().positive(),
  formacode: z.string().regex(/^\d{5}$/),
  area: z.string(),
  language: z.enum(['fr', 'en', 'de']),
  certification: z
    .string()
    .regex(/^(?:RNCP|RS)\d+$/)
    .optional(),
  /** Cannot be learnt at a distance. */
  handsOn: z.literal(true).optional(),
});
export type Theme = z.infer<typeof themeSchema>;

/** What a course costs, and what its certificate costs. */
const priceModels = [
  'all-free',
  'free',
  'free-no-certificate',
  'free-free-certificate',
  'free-paid-certificate',
  'partially-free',
  'members',
  'paid',
  'complete-paid',
  'funded',
  'unknown',
] as const;
export type PriceModel = (typeof priceModels)[number];

const places = ['remote', 'blended', 'onsite'] as const;

const partnerSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  name: z.string(),
  title: z.string(),
  homepage: z.url({ hostname: /\.example$/ }),
  format: z.enum(['moochub-2', 'moochub-3', 'richie', 'lheo-2.2', 'lheo-2.3']),
  /** Courses published. */
  size: z.int().positive(),
  languages: z.array(themeSchema.shape.language).min(1),
  /** First theme of its catalogue, so that partners differ. */
  skip: z.int().min(0),
  defaultWhere: z.enum(places),
  /** Prepares for registered certifications. */
  certifying: z.boolean(),
  prices: z.array(z.enum(priceModels)).min(1),
  /** Euros. */
  hourlyPrice: z.number().positive(),
  places: z.array(z.string()),
  pageSize: z.int().positive(),
  /** Indexes in the audiences of the language of a theme. */
  audiences: z.array(z.int().min(0)).min(1),
  siret: z
    .string()
    .regex(/^\d{14}$/)
    .optional(),
  activityNumber: z
    .string()
    .regex(/^\d{11}$/)
    .optional(),
});
export type Partner = z.infer<typeof partnerSchema>;

const audienceSchema = z.strictObject({
  /** Added to the title; '' for everybody. */
  note: z.string(),
  sentence: z.string(),
  where: z.enum(places).optional(),
});
export type Audience = z.infer<typeof audienceSchema>;

const cataloguesSchema = z.strictObject({
  partners: z.array(partnerSchema),
  audiences: z.record(themeSchema.shape.language, z.array(audienceSchema).min(1)),
  /** Postal code by city. */
  cities: z.record(z.string(), z.string().regex(/^\d{5}$/)),
});

export type Catalogues = z.infer<typeof cataloguesSchema> & { readonly themes: readonly Theme[] };

/** Reads and checks every file; throws a ZodError on wrong data. */
export function loadCatalogues(): Catalogues {
  const themes = ['fr', 'en', 'de'].flatMap((language) =>
    z.array(themeSchema).parse(readJson(`themes-${language}.data.json`)),
  );
  return { ...cataloguesSchema.parse(readJson('partners.data.json')), themes };
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`./catalogues/${name}`, import.meta.url), 'utf8'));
}
