/** Shapes of the reference data: DigComp, Pix, jobs, certifications, subject codes. */
import { z } from 'zod';
import { bands } from '../model.ts';

const competenceCode = z.string().regex(/^[1-5]\.[1-6]$/);
const isoDate = z.iso.date();
/** No official French text is known: shown as « traduction de travail ». */
const frenchStatus = z.enum(['working-translation', 'official']);
const titles = { en: z.string().min(1), en22: z.string().min(1), fr: z.string().min(1), frStatus: frenchStatus };

const areaSchema = z.object({ code: z.string().regex(/^[1-5]$/), ...titles });
const competenceSchema = z.object({ code: competenceCode, area: z.string(), ...titles });
const bandSchema = z.object({ band: z.enum(bands), ...titles, levels: z.array(z.int().min(1).max(8)) });
const levelSchema = z.object({ level: z.int().min(1).max(8), band: z.enum(bands), sixLevel: z.string() });

export const digcompSchema = z
  .object({
    _meta: z.object({ version: z.string() }),
    areas: z.array(areaSchema).length(5),
    competences: z.array(competenceSchema).length(21),
    bands: z.array(bandSchema).length(4),
    levels: z.array(levelSchema).length(8),
  })
  .refine(({ areas, competences }) => competences.every((one) => areas.some((area) => area.code === one.area)));
export type DigcompArea = z.infer<typeof areaSchema>;
export type DigcompCompetence = z.infer<typeof competenceSchema>;
export type DigcompBand = z.infer<typeof bandSchema>;
export type DigcompLevel = z.infer<typeof levelSchema>;

const pixCompetenceSchema = z.object({
  code: z.string().regex(/^[1-5]\.[1-4]$/),
  domain: z.string(),
  fr: z.string(),
  /** Other wordings of the same title. */
  variants: z.array(z.string()),
  /** Our correspondence, none official: « correspondance proposée par la plateforme ». */
  digcomp: z.array(competenceCode).min(1),
});
export const pixSchema = z.object({
  domains: z.array(z.object({ code: z.string(), fr: z.string() })).length(5),
  competences: z.array(pixCompetenceSchema).length(16),
});
export type PixData = z.infer<typeof pixSchema>;

const romeCode = z.string().regex(/^[A-N]\d{4}$/);
const occupationSchema = z.object({
  code: romeCode,
  label: z.string().min(1),
  /** Code of the older edition, which registers of certifications still use. */
  parent: romeCode,
  family: z.string().regex(/^[A-N]\d{2}$/),
});
export const romeSchema = z.object({
  occupations: z.array(occupationSchema).min(1),
  parents: z.array(z.object({ code: romeCode, rome3Label: z.string() })),
});
export type Occupation = z.infer<typeof occupationSchema>;
export type RomeData = z.infer<typeof romeSchema>;

export const certificationSchema = z.object({
  code: z.string().regex(/^(RNCP|RS)[1-9]\d{0,5}$/),
  title: z.string().min(1),
  kind: z.string().nullable(),
  /** European level of RNCP records, 3 to 8; RS records have none. */
  level: z.int().min(3).max(8).nullable(),
  certifiers: z.array(z.string()),
  /** Subject of the certification; null when nobody judged. */
  digital: z.boolean().nullable(),
  /** What the register said on `registerDate`; null when it was not read. */
  active: z.boolean().nullable(),
  endOfRegistration: isoDate.nullable(),
  registerDate: isoDate.nullable(),
  verified: z.enum(['register', 'secondary']),
  replacedBy: z.array(z.string()),
  /** Codes of the older edition of ROME: joined to jobs through their parent. */
  rome: z.array(z.string()),
  formacodes: z.array(z.string()),
  blocks: z.array(z.object({ code: z.string(), title: z.string() })),
});
export type Certification = z.infer<typeof certificationSchema>;
export const certificationsSchema = z.object({ certifications: z.array(certificationSchema) });

export const formacodesSchema = z.object({
  /** First three digits of the Formacode domains that are digital as a whole. */
  digitalDomains: z.array(z.string().regex(/^\d{3}$/)),
  nsfPrefixes: z.array(z.string()),
  formacodes: z.array(
    z.object({ code: z.string().regex(/^\d{5}$/), label: z.string(), competences: z.array(competenceCode) }),
  ),
});
export type FormacodeData = z.infer<typeof formacodesSchema>;
