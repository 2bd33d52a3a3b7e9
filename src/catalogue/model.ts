/**
 * A course: what a connector drafts, what the platform publishes. Shapes, invariants and pure decisions only.
 * The draft is the common record of docs/connectors.md; every `null` means "unknown", never "none" and never "free".
 */
import { z } from 'zod';
import type { Access, AccessFacts } from '../eligibility/model.ts';
import type { Alignment } from '../framework/model.ts';
import type { CourseCorrection } from './model/corrections.ts';
import type { CpfSummary } from './model/cpf.ts';

/** Integer cents; `currency` ISO 4217. */
export const moneySchema = z.object({
  amount: z.int().min(0).max(100_000_000),
  currency: z.string().regex(/^[A-Z]{3}$/),
  taxIncluded: z.boolean().nullable(),
});
export type Money = z.infer<typeof moneySchema>;

export const httpUrlSchema = z.string().max(2_000).refine(isHttpUrl, 'une adresse http(s) complète');

function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  // Most are written as they are read: a second look at the parts is for the others (white space before the scheme).
  return /^https?:/i.test(value) || /^https?:$/.test(new URL(value).protocol);
}

const isoInstant = z.iso.datetime({ offset: true });

/** An always-open course has one session with null dates and `state: open`. */
export const sessionSchema = z.object({
  /** The partner's own; null when it gives none. */
  id: z.string().max(200).nullable(),
  start: isoInstant.nullable(),
  end: isoInstant.nullable(),
  enrolmentStart: isoInstant.nullable(),
  enrolmentEnd: isoInstant.nullable(),
  /** How exact `start` and `end` are: a month known from `20270300` is not the first of that month. */
  datePrecision: z.enum(['time', 'day', 'month', 'year', 'none']),
  state: z.enum(['open', 'coming', 'closed', 'unknown']),
  location: z
    .object({
      name: z.string().max(300).nullable(),
      postalCode: z.string().max(10).nullable(),
      city: z.string().max(200).nullable(),
      lat: z.number().min(-90).max(90).nullable(),
      lon: z.number().min(-180).max(180).nullable(),
    })
    .nullable(),
  price: moneySchema.nullable(),
  languages: z.array(z.string()),
});
export type Session = z.infer<typeof sessionSchema>;

export const certificateTypes = [
  'attestation',
  'record-of-achievement',
  'paid-certificate',
  'registered',
  'none',
  'unknown',
] as const;

export const courseDraftSchema = z.object({
  title: z.string().trim().min(1).max(500),
  /** Cleaned HTML (harvest/parse/html.ts), safe to print as it is; '' when the source gives none. */
  descriptionHtml: z.string().max(60_000),
  /** The same as plain text. */
  description: z.string().max(60_000),
  url: httpUrlSchema,
  /** Lower-case primary tags of BCP 47: `fr`, `en`; empty when unknown. */
  languages: z.array(z.string().regex(/^[a-z]{2,3}$/)),
  /** The school. */
  provider: z.object({
    name: z.string().trim().min(1).max(300),
    url: httpUrlSchema.nullable(),
    siret: z
      .string()
      .regex(/^\d{14}$/)
      .nullable(),
    activityNumber: z
      .string()
      .regex(/^\d{11}$/)
      .nullable(),
  }),
  /** Raw label of the source, and the European level (EQF, 1 to 8) when it is a French certification level. */
  level: z.object({ label: z.string().max(200).nullable(), eqf: z.int().min(1).max(8).nullable() }),
  effortMinutesPerWeek: z.number().positive().max(10_080).nullable(),
  durationWeeks: z.number().positive().max(1_000).nullable(),
  totalHours: z.number().positive().max(20_000).nullable(),
  /** What the source wrote, kept when it could not be read as numbers. */
  effortText: z.string().max(500).nullable(),
  durationText: z.string().max(500).nullable(),
  sessions: z.array(sessionSchema).max(500),
  /** The course itself, certificate apart. Never inferred from a missing price. */
  contentFree: z.boolean().nullable(),
  /** Funding declared by the source for job seekers, in its own words. */
  fundedForJobSeekers: z.object({ text: z.string().min(1).max(1_000) }).nullable(),
  price: moneySchema.nullable(),
  exam: z.object({
    exists: z.boolean().nullable(),
    included: z.boolean().nullable(),
    price: moneySchema.nullable(),
  }),
  certificate: z.object({
    type: z.enum(certificateTypes),
    free: z.boolean().nullable(),
    /** True when its price is part of the course's. */
    included: z.boolean().nullable(),
    price: moneySchema.nullable(),
  }),
  /** Codes as the register writes them: `RNCP37674`, `RS6604`; CPF and CERTIFINFO bare. */
  certifications: z.array(z.object({ kind: z.enum(['RNCP', 'RS', 'CPF', 'CERTIFINFO']), code: z.string().max(40) })),
  subjects: z.array(
    z.object({
      scheme: z.string().max(40),
      code: z.string().max(80).nullable(),
      label: z.string().max(300).nullable(),
    }),
  ),
  /** Declared by the source; `level` on the scale of its scheme. */
  competences: z.array(
    z.object({
      scheme: z.string().max(40),
      code: z.string().max(80).nullable(),
      label: z.string().max(500).nullable(),
      level: z.int().min(1).max(8).nullable(),
    }),
  ),
  objectives: z.array(z.string().max(1_000)).max(100),
  prerequisites: z.string().max(5_000).nullable(),
  equipment: z.string().max(5_000).nullable(),
  assessment: z.string().max(5_000).nullable(),
  modality: z.enum(['remote', 'blended', 'onsite', 'unknown']),
  accessibility: z
    .object({ accessModes: z.array(z.string().max(60)), text: z.string().max(5_000).nullable() })
    .nullable(),
  /** Of the course content: SPDX id or address. */
  licence: z.string().max(300).nullable(),
  image: httpUrlSchema.nullable(),
  sourceUpdatedAt: isoInstant.nullable(),
});
/** The common course record that every connector maps onto. */
export type CourseDraft = z.infer<typeof courseDraftSchema>;

/** Everything unknown. */
export const unknownDraft: Omit<CourseDraft, 'title' | 'url' | 'provider'> = {
  descriptionHtml: '',
  description: '',
  languages: [],
  level: { label: null, eqf: null },
  effortMinutesPerWeek: null,
  durationWeeks: null,
  totalHours: null,
  effortText: null,
  durationText: null,
  sessions: [],
  contentFree: null,
  fundedForJobSeekers: null,
  price: null,
  exam: { exists: null, included: null, price: null },
  certificate: { type: 'unknown', free: null, included: null, price: null },
  certifications: [],
  subjects: [],
  competences: [],
  objectives: [],
  prerequisites: null,
  equipment: null,
  assessment: null,
  modality: 'unknown',
  accessibility: null,
  licence: null,
  image: null,
  sourceUpdatedAt: null,
};

/** What a source says, the rest unknown. Assigned and not spread, which costs eight times as much for so many fields. */
export function draftOf(said: Partial<CourseDraft> & Omit<CourseDraft, keyof typeof unknownDraft>): CourseDraft {
  return Object.assign({}, unknownDraft, said);
}

/** 8 characters of `courseIdAlphabet`, drawn at creation, kept through rename, withdrawal and merge. */
export type CourseId = string;
export const courseIdAlphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** Why a course is no longer offered; wording in view-models.ts. */
export const withdrawalReasons = [
  'absent',
  'retire_source',
  'hors_perimetre',
  'source_fermee',
  'organisme_dereference',
  'operateur',
] as const;
export type WithdrawalReason = (typeof withdrawalReasons)[number];

/**
 * pending: new, waits for the end of its run or for a review; published; missing: published, but absent from the last
 * complete listing (still shown, with its date); withdrawn: its page answers 410.
 */
export type CourseState = 'pending' | 'published' | 'missing' | 'withdrawn';

export interface Course {
  readonly id: CourseId;
  readonly slug: string;
  readonly sourceId: string;
  /** Title of the source, as shown in provenance and truth sentences. */
  readonly sourceTitle: string;
  readonly remoteId: string;
  /** `providerIdOf(draft.provider)`. */
  readonly providerId: string;
  readonly draft: CourseDraft;
  /** Of these fields of the draft, a person is the origin and not the source; absent or empty: of none. */
  readonly corrections?: readonly CourseCorrection[];
  readonly alignment: Alignment;
  readonly access: Access;
  /** What the training account says of it; null until it was assessed once. */
  readonly cpf: CpfSummary | null;
  readonly state: CourseState;
  readonly missingSince: Date | null;
  readonly withdrawn: { readonly at: Date; readonly reason: WithdrawalReason; readonly detail: string | null } | null;
  readonly restoredAt: Date | null;
  readonly firstPublishedAt: Date | null;
  /** « relevé le »: the last time the source was seen to say this, complete listing or not. */
  readonly harvestedAt: Date;
  /** A record of demonstration data. */
  readonly demo: boolean;
  /** The course that stands for it in every list; null for one that has its own card. */
  readonly mergedInto: CourseId | null;
  /** Courses that it stands for: the same course of other sources (model/duplicates.ts). */
  readonly offers: readonly CourseId[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The last eight characters of a slug, or null when they cannot be an id. */
export function courseIdOfSlug(slug: string): CourseId | null {
  const id = slug.slice(-8);
  return id.length === 8 && [...id].every((char) => courseIdAlphabet.includes(char)) ? id : null;
}

/** Lower-case ASCII words of a text joined by hyphens, at most 80 characters: `creer-des-pages-web`. */
export function slugWords(text: string): string {
  return text
    .replace(/œ/gi, 'oe')
    .replace(/æ/gi, 'ae')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80)
    .replace(/-+$/, '');
}

/** Words of the title, then the id: `creer-des-pages-web-accessibles-7k2m9qzx`. */
export function slugOf(title: string, id: CourseId): string {
  const words = slugWords(title);
  return words === '' ? id : `${words}-${id}`;
}

/** A school is known by its SIRET when the source gives one, else by its name. */
export function providerIdOf(provider: { name: string; siret: string | null }): string {
  return provider.siret ?? (slugWords(provider.name) || 'organisme');
}

/** What the access rule needs to know of a course. */
export function accessFactsOf(draft: CourseDraft, source: { title: string }, readAt: Date): AccessFacts {
  return {
    contentFree: draft.contentFree,
    price: draft.price,
    certificate: draft.certificate,
    exam: draft.exam,
    fundedForJobSeekers: draft.fundedForJobSeekers?.text ?? null,
    source: source.title,
    readAt,
  };
}
