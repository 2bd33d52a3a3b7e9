/** A course of the search API of a Richie portal. Older portals lack prices, and the name of the organisation. */
import { z } from 'zod';

const text = z.string().nullish();
const id = z.union([z.string(), z.number()]).transform(String);
const price = z.union([z.number(), z.string()]).nullish();

/** Prices of a course, and of one of its runs. */
const priced = z.object({
  offer: text,
  price,
  discounted_price: price,
  price_currency: text,
  certificate_offer: text,
  certificate_price: price,
  certificate_discounted_price: price,
});
export type Priced = z.infer<typeof priced>;

const run = priced.extend({
  start: text,
  end: text,
  enrollment_start: text,
  enrollment_end: text,
  languages: z.array(z.string()).nullish(),
});
export type Run = z.infer<typeof run>;

export const modalities = ['remote', 'blended', 'onsite'] as const;

export const recordSchema = priced.extend({
  id: id.refine((value) => value !== '', 'un identifiant'),
  title: text,
  absolute_url: text,
  introduction: text,
  categories: z.array(id).nullish(),
  organizations: z.array(id).nullish(),
  organization_highlighted: text,
  cover_image: z.object({ src: text }).nullish(),
  duration: text,
  effort: text,
  course_runs: z.array(run).nullish(),
  state: z.object({ priority: z.int().min(0).max(7).nullish() }).nullish(),
  /** What `read` knows beside the record: the portal, its settings, and the names of the categories of this course. */
  reading: z.object({
    url: z.string(),
    modality: z.enum(modalities).nullable(),
    subjects: z.record(z.string(), z.string()),
    levels: z.record(z.string(), z.string()),
    organizations: z.record(z.string(), z.string()),
  }),
});
export type RichieRecord = z.infer<typeof recordSchema>;

/** An entry of the lists `subjects/`, `levels/` and `organizations/`. */
export const entrySchema = z.object({ id, title: z.string() });

export const metaSchema = z.object({ total_count: z.int().min(0).nullish() });
