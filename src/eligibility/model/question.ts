/**
 * The next useful question: of the facts that only the person knows, the first one whose answers can change the result,
 * with the verdict that each answer would give. No question is asked when none can.
 */
import { assess, decidingFacts } from './assess.ts';
import { type IsoDate, yearsLater } from './dates.ts';
import type { CoFunding, Dossier, Person } from './dossier.ts';
import { type FactPath, isPersonal } from './paths.ts';
import { inForce, type RuleSet } from './rule-set.ts';
import { euros } from './rules/wording.ts';
import type { Verdict } from './verdict.ts';

export interface Answer {
  /** Stable, for forms; `inconnu` is the one that says nothing. */
  readonly value: string;
  readonly label: string;
  /** The dossier with this answer in it; unchanged for « je ne sais pas ». */
  readonly dossier: Dossier;
  readonly verdict: Verdict;
}

export interface Question {
  readonly fact: FactPath;
  readonly text: string;
  readonly why: string;
  /** How the answer is given; for all but `choice`, `answers` shows the ranges that matter. */
  readonly kind: 'choice' | 'integer' | 'amount' | 'date';
  /** The last one is always « je ne sais pas » or the like. */
  readonly answers: readonly Answer[];
}

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly put: (dossier: Dossier) => Dossier;
}

interface Asked {
  readonly text: string;
  readonly why: string;
  readonly kind: Question['kind'];
  readonly choices: readonly Choice[];
  readonly unknown: string;
}

const nobody: Person = {
  statut: null,
  age: null,
  apprenti: null,
  retraiteTauxPlein: null,
  inscriptionFranceTravail: null,
  exonerationAutre: null,
  soldeCpf: null,
  dernierBilanFinance: null,
};

const tell = (facts: Partial<Person>) => (dossier: Dossier) => ({
  ...dossier,
  personne: { ...(dossier.personne ?? nobody), ...facts },
});

const tellAid = (at: number, facts: Partial<CoFunding>) => (dossier: Dossier) => ({
  ...dossier,
  cofinancements: (dossier.cofinancements ?? []).map((one, index) => (index === at ? { ...one, ...facts } : one)),
});

const unknown = 'je ne sais pas';

function yesOrNo(text: string, why: string, fact: 'apprenti' | 'retraiteTauxPlein' | 'exonerationAutre'): Asked {
  return {
    text,
    why,
    kind: 'choice',
    choices: [
      { value: 'oui', label: 'oui', put: tell({ [fact]: true }) },
      { value: 'non', label: 'non', put: tell({ [fact]: false }) },
    ],
    unknown: fact === 'apprenti' ? 'je préfère ne pas répondre' : unknown,
  };
}

const situations = [
  ['je cherche un emploi', 'demandeur_emploi'],
  ['je travaille pour un employeur privé', 'salarie'],
  ['je travaille pour un employeur public (agent public)', 'agent_public'],
  ['je travaille à mon compte', 'independant'],
  ['je suis à la retraite', 'retraite'],
  ['aucune de ces situations', 'sans_activite'],
] as const;

function registrationQuestion(date: IsoDate): Asked {
  const registered = (source: 'ft_connect_statut' | 'avis_situation' | 'declaratif') =>
    tell({ inscriptionFranceTravail: { inscrit: true, source, dateVerification: date, categorie: null } });
  const not = { inscrit: false, source: null, dateVerification: null, categorie: null };
  return {
    text: 'Avez-vous une inscription à France Travail ?',
    why: 'Une inscription prouvée dispense de la participation, et ouvre le permis de conduire.',
    kind: 'choice',
    choices: [
      { value: 'connexion', label: 'oui, je me connecte avec France Travail', put: registered('ft_connect_statut') },
      { value: 'avis', label: "oui, j'ai un avis de situation", put: registered('avis_situation') },
      { value: 'sans_preuve', label: "oui, sans preuve pour l'instant", put: registered('declaratif') },
      { value: 'non', label: 'non', put: tell({ inscriptionFranceTravail: not }) },
    ],
    unknown,
  };
}

function ageQuestion(date: IsoDate, rules: RuleSet): Asked | null {
  const rule = inForce(rules, 'T-01', date);
  if (rule.state !== 'valid') return null;
  const { ageMinimum: adult, ageApprenti: apprentice } = rule.values;
  return {
    text: 'Quel âge avez-vous ?',
    why: 'Le compte formation a un âge minimum.',
    kind: 'integer',
    choices: [
      { value: 'adulte', label: `${adult} ans ou plus`, put: tell({ age: adult }) },
      { value: 'apprenti', label: `${apprentice} ans`, put: tell({ age: apprentice }) },
      { value: 'enfant', label: `moins de ${apprentice} ans`, put: tell({ age: apprentice - 1 }) },
    ],
    unknown: 'je préfère ne pas répondre',
  };
}

function balanceQuestion(dossier: Dossier): Asked | null {
  const price = dossier.action.prix;
  if (price === null) return null;
  return {
    text: 'Combien y a-t-il sur votre compte formation (CPF) ?',
    why: 'Le montant de vos droits décide de ce qui vous reste à payer.',
    kind: 'amount',
    choices: [
      { value: 'tout', label: `${euros(price)} ou plus`, put: tell({ soldeCpf: price }) },
      { value: 'rien', label: '0 €', put: tell({ soldeCpf: 0 }) },
    ],
    unknown,
  };
}

function lastAssessmentQuestion(date: IsoDate, rules: RuleSet): Asked | null {
  const rule = inForce(rules, 'A-07', date);
  if (rule.state !== 'valid') return null;
  const { annees } = rule.values;
  return {
    text: 'Quand votre dernier bilan de compétences a-t-il été financé ?',
    why: `Un bilan ne peut pas être financé moins de ${annees} ans après un autre.`,
    kind: 'date',
    choices: [
      { value: 'jamais', label: 'jamais', put: tell({ dernierBilanFinance: 'aucun' }) },
      {
        value: 'ancien',
        label: `il y a ${annees} ans ou plus`,
        put: tell({ dernierBilanFinance: yearsLater(date, -annees - 1) }),
      },
      { value: 'recent', label: `il y a moins de ${annees} ans`, put: tell({ dernierBilanFinance: date }) },
    ],
    unknown,
  };
}

const granted = 'Une aide est-elle déjà accordée ?';
const whyAid = 'Seule une aide accordée réduit ce qui vous reste à payer.';

function aidQuestion(fact: FactPath, dossier: Dossier): Asked | null {
  if (fact === 'cofinancements')
    return {
      text: granted,
      why: whyAid,
      kind: 'choice',
      choices: [
        { value: 'non', label: 'non', put: (given) => ({ ...given, cofinancements: [] }) },
        {
          value: 'accordee',
          label: 'oui, pour tout le prix',
          put: (given) => ({ ...given, cofinancements: [{ par: 'autre', montant: given.action.prix, accorde: true }] }),
        },
      ],
      unknown,
    };
  const [, index, field] = /^cofinancements\[(\d+)\]\.(montant|accorde)$/.exec(fact) ?? [];
  if (index === undefined) return null;
  const at = Number(index);
  if (field === 'accorde')
    return {
      text: granted,
      why: whyAid,
      kind: 'choice',
      choices: [
        { value: 'accordee', label: 'oui', put: tellAid(at, { accorde: true }) },
        { value: 'demandee', label: 'demandée, pas de réponse', put: (given) => given },
        { value: 'non', label: 'non', put: tellAid(at, { accorde: false }) },
      ],
      unknown,
    };
  const price = dossier.action.prix;
  if (price === null) return null;
  return {
    text: 'Quel est le montant de cette aide ?',
    why: whyAid,
    kind: 'amount',
    choices: [
      { value: 'tout', label: `${euros(price)} ou plus`, put: tellAid(at, { montant: price }) },
      { value: 'rien', label: '0 €', put: tellAid(at, { montant: 0 }) },
    ],
    unknown,
  };
}

function askAbout(fact: FactPath, dossier: Dossier, date: IsoDate, rules: RuleSet): Asked | null {
  switch (fact) {
    case 'personne.statut':
      return {
        text: "Quelle est votre situation aujourd'hui ?",
        why: 'Les droits des agents publics ne passent pas par ce compte.',
        kind: 'choice',
        choices: situations.map(([label, statut]) => ({ value: statut, label, put: tell({ statut }) })),
        unknown,
      };
    case 'personne.inscriptionFranceTravail':
      return registrationQuestion(date);
    case 'personne.age':
      return ageQuestion(date, rules);
    case 'personne.apprenti':
      return yesOrNo('Êtes-vous en apprentissage ?', 'Un apprenti a un compte un an plus tôt.', 'apprenti');
    case 'personne.retraiteTauxPlein':
      return yesOrNo(
        'Touchez-vous une retraite à taux plein ?',
        'Le compte ferme avec une retraite à taux plein.',
        'retraiteTauxPlein',
      );
    case 'personne.exonerationAutre':
      return yesOrNo(
        'Utilisez-vous des points C2P, ou un abondement après un accident du travail ou une maladie professionnelle ?',
        "Dans ces deux cas, la participation n'est pas due.",
        'exonerationAutre',
      );
    case 'personne.soldeCpf':
      return balanceQuestion(dossier);
    case 'personne.dernierBilanFinance':
      return lastAssessmentQuestion(date, rules);
    default:
      return aidQuestion(fact, dossier);
  }
}

/** What people would see change: everything but the list of what is missing. */
function result({ cpf, regles, plafond, participation, droitsMobilisables, resteACharge, acces }: Verdict): string {
  return JSON.stringify([cpf, regles, plafond, participation, droitsMobilisables, resteACharge, acces]);
}

/** A certain answer that nothing would change. */
const isOver = ({ cpf }: Verdict): boolean => cpf === 'non' || cpf === 'hors_perimetre';

/**
 * @param declined facts already answered « je ne sais pas »: not asked again
 * @returns null when the answer is certain, when only the course can tell, or when no question can change the result
 */
export function nextQuestion(
  given: Dossier,
  date: IsoDate,
  rules: RuleSet,
  declined: ReadonlySet<FactPath> = new Set(),
): Question | null {
  const dossier = { ...given, personne: given.personne ?? nobody };
  const now = assess(dossier, date, rules);
  if (isOver(now)) return null;
  if (!decidingFacts(now.trace).every(isPersonal)) return null;
  const open = now.manquants.filter((fact) => isPersonal(fact) && !declined.has(fact));
  const asked = open.flatMap((fact) => {
    const question = askAbout(fact, dossier, date, rules);
    return question === null ? [] : [{ fact, question }];
  });
  for (const { fact, question } of asked) {
    // An answer may matter only once the others are known: they are tried with two sets of answers that refuse nothing.
    const others = asked.filter((one) => one.fact !== fact).map((one) => one.question.choices);
    const settled = [others, others.map((choices) => choices.toReversed())].map((order) =>
      order.reduce<Dossier>((known, choices) => {
        const kept = choices.map(({ put }) => put(known)).find((one) => !isOver(assess(one, date, rules)));
        return kept ?? known;
      }, dossier),
    );
    const contexts = [dossier, ...settled];
    const matters = contexts.some((context) => {
      const results = question.choices.map(({ put }) => result(assess(put(context), date, rules)));
      return new Set([...results, ...(context === dossier ? [result(now)] : [])]).size > 1;
    });
    if (!matters) continue;
    const { text, why, kind, choices } = question;
    const answers = choices.map(({ value, label, put }) => {
      const answered = put(dossier);
      return { value, label, dossier: answered, verdict: assess(answered, date, rules) };
    });
    const notKnown = { value: 'inconnu', label: question.unknown, dossier, verdict: now };
    return { fact, text, why, kind, answers: [...answers, notKnown] };
  }
  return null;
}
