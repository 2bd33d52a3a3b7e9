/** A course resource of MOOChub v1, v2.x or v3. What differs between versions and servers is read in normalise.ts. */
import { z } from 'zod';

/** What the integer `workload` of v1 and v2 counts; v2 says hours a week, v1 does not say. */
export const workloadUnits = ['hours-per-week', 'total-hours', 'total-minutes'] as const;

const text = z.string().nullish();
const named = z.union([z.string(), z.object({ name: text, url: text, identifier: text, type: text })]);
/** One value or several: read as several. Null stays null, because the schema tells it from an absent field. */
function many<T>(schema: z.ZodType<T>) {
  return z.preprocess(listOf, z.array(schema).nullish()).optional();
}
function listOf(value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (!Array.isArray(value)) return [value];
  return value.includes(null) ? value.filter((item) => item !== null) : value;
}
/** Keeps the holes: starts and ends go by pairs. */
const dates = z.union([z.array(text), z.string().transform((date) => [date])]).nullish();

const concept = z.object({
  educationalFramework: text,
  shortCode: z.union([z.string(), z.number()]).nullish(),
  url: text,
  targetUrl: text,
  name: z.union([z.string(), z.array(z.object({ inLanguage: text, name: text }))]).nullish(),
});
export type Concept = z.infer<typeof concept>;

/** Xikolo writes the keys of an offer in snake case. */
const offer = z.object({
  price: z.union([z.number(), z.string()]).nullish(),
  priceCurrency: text,
  price_currency: text,
  paymentFrequency: text,
  payment_frequency: text,
  category: text,
});
export type Offer = z.infer<typeof offer>;

const licence = z.union([
  z.string(),
  z.object({ identifier: text, id: text, url: text, contentUrl: text, name: text }),
]);

export const attributesSchema = z.object({
  name: text,
  url: text,

  abstract: text,
  /** Misspelt so in v1. */
  abtract: text,
  description: text,
  languages: many(z.string()),
  inLanguage: many(z.string()),
  courseMode: many(z.string()),
  startDate: dates,
  endDate: dates,
  availableUntil: dates,
  expires: dates,
  doorTime: text,
  applicationStartDate: text,
  applicationDeadline: text,
  dateModified: text,
  workload: z.union([z.number(), z.string(), z.object({ timeValue: z.number().nullish(), timeUnit: text })]).nullish(),
  duration: text,
  image: z.union([z.string(), z.object({ url: text, contentUrl: text })]).nullish(),
  partnerInstitute: many(named),
  partnerInstitutes: many(named),
  contributor: many(named),
  publisher: many(named),
  moocProvider: many(named),
  learningObjectives: many(z.string()),
  /** As iMooX writes it. */
  learningobjectives: many(z.string()),
  licence: many(licence),
  courseLicenses: many(licence),
  license: many(licence),
  isAccessibleForFree: z.union([z.boolean(), z.string()]).nullish(),
  access: many(z.string()),
  offer: many(offer),
  /** As Xikolo writes it. */
  offers: many(offer),
  educationalCredentialsAwarded: many(z.string()),
  educationalAlignment: many(concept),
  teaches: many(concept.extend({ educationalLevel: concept.nullish() })),
  competencyRequired: many(concept),
  educationalLevel: many(concept),
  keywords: many(z.string()),
  accessMode: many(z.string()),
  contentLocation: z
    .looseObject({
      name: text,
      latitude: z.number().nullish(),
      longitude: z.number().nullish(),
      address: z.object({ city: text, postalCode: text }).nullish(),
    })
    .nullish(),
});
export type Attributes = z.infer<typeof attributesSchema>;

export const recordSchema = z.object({
  id: z.union([z.string().min(1), z.number()]),
  type: text,
  attributes: attributesSchema,
  /** Settings of the source that change how a record is read; added by `read`. */
  reading: z.object({ url: z.string(), workloadUnit: z.enum(workloadUnits).nullable() }),
});
export type MoochubRecord = z.infer<typeof recordSchema>;
