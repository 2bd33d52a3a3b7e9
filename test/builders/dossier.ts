/** Dossiers as they arrive (euros), for tests: an ordinary one, changed where the test says. */
import { assess } from '../../src/eligibility/model/assess.ts';
import { type Dossier, readDossier } from '../../src/eligibility/model/dossier.ts';
import type { RuleSet } from '../../src/eligibility/model/rule-set.ts';
import { type WireVerdict, wireVerdict } from '../../src/eligibility/model/verdict.ts';

export type Changes = Readonly<Record<string, unknown>>;

const ordinary = {
  date: '2026-06-10',
  personne: {
    statut: 'salarie',
    age: 38,
    apprenti: false,
    retraiteTauxPlein: false,
    inscriptionFranceTravail: { inscrit: false, source: null, dateVerification: null, categorie: null },
    exonerationAutre: false,
    soldeCpf: 3000,
    dernierBilanFinance: 'aucun',
  },
  action: {
    type: 'certification',
    certification: {
      code: 'RNCP37873',
      repertoire: 'RNCP',
      active: true,
      finEnregistrement: '2035-12-31',
      clea: false,
    },
    prix: 2000,
    contenuGratuit: false,
    heuresAccompagnement: 20,
  },
  organisme: {
    nda: '84691234567',
    ndaValide: true,
    qualiopi: { categories: ['AF', 'BC', 'VAE'], du: '2019-01-01', au: '2035-12-31' },
    habilitation: 'former',
    offreEdof: true,
    dereference: false,
    sousTraitance: null,
  },
  cofinancements: [],
};

/** @param changes dotted paths and their values: `{ 'action.prix': 100 }` */
export function wireDossier(changes: Changes = {}): unknown {
  let dossier: unknown = ordinary;
  for (const [path, value] of Object.entries(changes)) dossier = withFact(dossier, path.split('.'), value);
  return dossier;
}

/** A copy with one fact changed; `path` counts list items as keys. */
export function withFact(where: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(where)) return where.map((one, at) => (String(at) === key ? withFact(one, rest, value) : one));
  const holder: Readonly<Record<string, unknown>> = { ...(where as object | null) };
  return { ...holder, [key]: withFact(holder[key], rest, value) };
}

export function dossierOf(wire: unknown): Dossier {
  const read = readDossier(wire);
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.dossier;
}

/** The answer in euros, at the dossier's own date. */
export function answerTo(wire: unknown, rules: RuleSet): WireVerdict {
  const dossier = dossierOf(wire);
  return wireVerdict(assess(dossier, dossier.date, rules));
}

export const specific = {
  code: 'RS6604',
  repertoire: 'RS',
  active: true,
  finEnregistrement: '2035-12-31',
  clea: false,
};

export const subcontract = {
  contratEcrit: true,
  dateContrat: '2025-03-01',
  nda: '11750000000',
  qualiopi: true,
  microSocialSousSeuil: false,
  blocComplet: true,
  habilitation: 'former',
  dereference: false,
  cascade: false,
};

export const proof = (dateVerification: string, categorie = 'A') => ({
  inscrit: true,
  source: 'avis_situation',
  dateVerification,
  categorie,
});
