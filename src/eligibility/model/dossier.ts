/**
 * The dossier: every fact that a verdict may use, under the names of the law. `null` is unknown and an absent key is read
 * as null. Amounts arrive in euros and are integer cents inside. A dossier with a wrong field is refused whole.
 */
import { z } from 'zod';
import { parseCertificationCode } from '../../framework/model/certification.ts';

export const statuts = [
  'salarie',
  'independant',
  'demandeur_emploi',
  'agent_public',
  'retraite',
  'sans_activite',
] as const;
export const proofSources = ['ft_connect_statut', 'api_statut', 'avis_situation', 'declaratif'] as const;
export const actionTypes = [
  'certification',
  'bloc',
  'vae',
  'bilan',
  'permis_leger',
  'permis_lourd',
  'creation_entreprise',
  'sans_certification',
] as const;
export const qualiopiCategories = ['AF', 'BC', 'VAE', 'CFA'] as const;
export const funders = ['employeur', 'opco', 'france_travail', 'region', 'agefiph', 'autre'] as const;

/** The first day that a check can be asked for: the account is in euros since then. */
export const firstDay = '2019-01-01';
/** Euros. No training costs more: above, the amount is a typing error. */
const largestAmount = 10_000_000;
const oldestDay = '1900-01-01';
/** More co-funders than any dossier has. */
const mostFunders = 100;

const bool = z.boolean({ error: 'Une réponse true, false ou null est attendue.' }).nullable().default(null);
const text = z.string({ error: 'Un texte ou null est attendu.' }).max(200, { error: '200 caractères au plus.' });
const day = z.iso
  .date({ error: 'Une date AAAA-MM-JJ qui existe est attendue.' })
  .refine((date) => date >= oldestDay, { error: 'Cette date est trop ancienne pour être vraie.' });

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: `Une valeur parmi ${values.join(', ')} est attendue.` });
}

/** Integer cents of an amount in euros; null when it has more than two decimals. */
function centsOf(euros: number): number | null {
  const cents = Math.round(euros * 100);
  return cents / 100 === euros ? cents : null;
}

const amount = z
  .number({ error: 'Un montant en euros est attendu.' })
  .min(0, { error: 'Un montant ne peut pas être négatif.' })
  .max(largestAmount, { error: 'Ce montant est trop grand pour être vrai.' })
  .transform((euros, context) => {
    const cents = centsOf(euros);
    if (cents !== null) return cents;
    context.addIssue({ code: 'custom', message: 'Un montant a deux décimales au plus.', input: euros });
    return z.NEVER;
  })
  .nullable()
  .default(null);

function object<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.object(shape, { error: 'Un objet est attendu.' });
}

const registrationSchema = object({
  inscrit: bool,
  source: oneOf(proofSources).nullable().default(null),
  dateVerification: day.nullable().default(null),
  categorie: oneOf(['A', 'B', 'C', 'D', 'E', 'F', 'G']).nullable().default(null),
});

const personSchema = object({
  statut: oneOf(statuts).nullable().default(null),
  age: z
    .int({ error: 'Un âge en années entières est attendu.' })
    .min(0, { error: 'Un âge ne peut pas être négatif.' })
    .max(130, { error: 'Cet âge est trop grand pour être vrai.' })
    .nullable()
    .default(null),
  apprenti: bool,
  retraiteTauxPlein: bool,
  inscriptionFranceTravail: registrationSchema.nullable().default(null),
  exonerationAutre: bool,
  soldeCpf: amount,
  dernierBilanFinance: z
    .union([z.literal('aucun'), day], { error: 'Une date AAAA-MM-JJ qui existe, ou « aucun », est attendue.' })
    .nullable()
    .default(null),
});

const certificationSchema = object({
  /** As the register writes it: `RNCP37674`, `RNCP37674BC01`, `RS6604`. */
  code: text
    .transform((given, context) => {
      const code = certificationCodeOf(given);
      if (code.kind === 'code') return code.code;
      context.addIssue({ code: 'custom', message: code.message, input: given });
      return z.NEVER;
    })
    .nullable()
    .default(null),
  repertoire: oneOf(['RNCP', 'RS']).nullable().default(null),
  active: bool,
  finEnregistrement: day.nullable().default(null),
  clea: bool,
});

const actionSchema = object({
  type: oneOf(actionTypes),
  certification: certificationSchema.nullable().default(null),
  prix: amount,
  contenuGratuit: bool,
  heuresAccompagnement: z
    .number({ error: 'Un nombre d’heures est attendu.' })
    .min(0, { error: 'Un nombre d’heures ne peut pas être négatif.' })
    .nullable()
    .default(null),
});

const subcontractSchema = object({
  contratEcrit: bool,
  dateContrat: day.nullable().default(null),
  /** `aucun`: known to have none. */
  nda: text.nullable().default(null),
  qualiopi: bool,
  microSocialSousSeuil: bool,
  blocComplet: bool,
  habilitation: oneOf(['former', 'organiser', 'former_organiser', 'aucune']).nullable().default(null),
  dereference: bool,
  cascade: bool,
});

const providerSchema = object({
  nda: text.nullable().default(null),
  ndaValide: bool,
  qualiopi: object({
    categories: z
      .array(oneOf(qualiopiCategories), { error: 'Une liste est attendue.' })
      .max(20, { error: '20 catégories au plus.' })
      .nullable()
      .default(null),
    du: day.nullable().default(null),
    au: day.nullable().default(null),
  })
    .nullable()
    .default(null),
  habilitation: oneOf(['former', 'organiser', 'former_organiser', 'certificateur', 'aucune']).nullable().default(null),
  offreEdof: bool,
  dereference: bool,
  /** null: none; unknown is `inconnu`. */
  sousTraitance: z
    .union([z.literal('inconnu'), subcontractSchema], { error: 'Un objet, « inconnu » ou null est attendu.' })
    .nullable()
    .default(null),
});

export const dossierSchema = object({
  date: day.refine((date) => date >= firstDay, { error: 'La date doit être le 01/01/2019 ou après.' }),
  /** null: the person was not asked. */
  personne: personSchema.nullable().default(null),
  action: actionSchema,
  organisme: providerSchema.nullable().default(null),
  /** `[]`: none; null: unknown. */
  cofinancements: z
    .array(object({ par: oneOf(funders), montant: amount, accorde: bool }), { error: 'Une liste est attendue.' })
    .max(mostFunders, { error: `${mostFunders} cofinancements au plus.` })
    .nullable()
    .default(null),
});

/** As it arrives: amounts in euros, an absent key is unknown. */
export type DossierInput = z.input<typeof dossierSchema>;
/** Amounts in integer cents. */
export type Dossier = z.output<typeof dossierSchema>;
export type Person = NonNullable<Dossier['personne']>;
export type Action = Dossier['action'];
export type Provider = NonNullable<Dossier['organisme']>;
export type Subcontract = Exclude<Provider['sousTraitance'], 'inconnu' | null>;
export type CoFunding = NonNullable<Dossier['cofinancements']>[number];

export interface DossierError {
  /** As `manquants` writes it: `cofinancements[0].montant`. */
  readonly path: string;
  /** French, for the person who wrote the dossier. */
  readonly message: string;
}

export type CodeReading =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'refused'; readonly message: string };

/** Every spelling that the register's parser reads, and the block of a certification. */
export function certificationCodeOf(given: string): CodeReading {
  const [, record = given, block = ''] = /^(.*\d)\s*-?\s*(BC\s*\d{2})\s*$/is.exec(given) ?? [];
  const read = parseCertificationCode(record);
  if (read.kind === 'ambiguous') return { kind: 'refused', message: `« ${given.trim()} » : précisez RNCP ou RS.` };
  const suffix = block.replace(/\s/g, '').toUpperCase();
  if (read.kind === 'unreadable' || (suffix !== '' && read.code.startsWith('RS')))
    return { kind: 'refused', message: 'Un numéro RNCP ou RS suivi de chiffres est attendu.' };
  return { kind: 'code', code: `${read.code}${suffix}` };
}

/** The register of a certification; read from the code when it is not given. */
export function registerOf(certification: NonNullable<Action['certification']>): 'RNCP' | 'RS' | null {
  if (certification.repertoire !== null) return certification.repertoire;
  if (certification.code === null) return null;
  return certification.code.startsWith('RS') ? 'RS' : 'RNCP';
}

/** What the fields say of each other, readable even when other fields are wrong. */
const crossedSchema = z.object({
  action: z.object({
    type: z.string().catch(''),
    certification: z.object({
      code: z.string().nullable().catch(null),
      repertoire: z.string().nullable().catch(null),
    }),
  }),
});

function contradictions(input: unknown): DossierError[] {
  const crossed = crossedSchema.safeParse(input);
  if (!crossed.success) return [];
  const { type, certification } = crossed.data.action;
  const read = certification.code === null ? null : certificationCodeOf(certification.code);
  const inCode = read?.kind === 'code' ? (read.code.startsWith('RS') ? 'RS' : 'RNCP') : null;
  const said = certification.repertoire;
  const errors: DossierError[] = [];
  if ((said === 'RNCP' || said === 'RS') && inCode !== null && said !== inCode)
    errors.push({
      path: 'action.certification.repertoire',
      message: `Le répertoire ${said} contredit le numéro, qui dit ${inCode}.`,
    });
  if (type === 'bloc' && (said ?? inCode) === 'RS')
    errors.push({
      path: said === 'RS' ? 'action.certification.repertoire' : 'action.certification.code',
      message: 'Un bloc appartient à une certification du RNCP, jamais du répertoire spécifique.',
    });
  return errors;
}

const dotted = (path: readonly PropertyKey[]): string =>
  path.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${String(part)}`)).join('');

/** A union answers with what was wrong in each of its forms: the form that got furthest names the fields. */
function errorsOf(issues: readonly z.core.$ZodIssue[], above: readonly PropertyKey[] = []): DossierError[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...issue.path];
    if (issue.code === 'invalid_union') {
      const form = issue.errors.find((inner) => inner.length > 0 && inner.every((one) => one.path.length > 0));
      if (form !== undefined) return errorsOf(form, path);
    }
    return [{ path: dotted(path) || 'dossier', message: issue.message }];
  });
}

/** Where what the fields say of each other stands among the fields, which are read in their order. */
const sections = [
  'date',
  'personne',
  'action.type',
  'action.certification.code',
  'action.certification.repertoire',
  'action.certification',
  'action',
  'organisme',
];

function sectionOf({ path }: DossierError): number {
  const at = sections.findIndex((section) => path === section || path.startsWith(`${section}.`));
  return at === -1 ? sections.length : at;
}

export type DossierReading =
  | { readonly ok: true; readonly dossier: Dossier }
  | { readonly ok: false; readonly errors: readonly DossierError[] };

/** Checks everything at once: a refused dossier names each wrong field, in their order, and nothing is computed from it. */
export function readDossier(input: unknown): DossierReading {
  const parsed = dossierSchema.safeParse(input);
  const crossed = contradictions(input);
  if (parsed.success && crossed.length === 0) return { ok: true, dossier: parsed.data };
  const errors = [...(parsed.success ? [] : errorsOf(parsed.error.issues)), ...crossed].sort(
    (one, other) => sectionOf(one) - sectionOf(other),
  );
  const first = new Map(errors.toReversed().map((one) => [one.path, one]));
  return { ok: false, errors: errors.filter((one) => first.get(one.path) === one) };
}
