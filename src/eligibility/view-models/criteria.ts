/** « Voir les critères »: every rule looked at, with the value it saw, what it found, how the value is proved, and where it comes from. */
import { french, listed } from '../../platform/web/format.ts';
import type { FactDates } from '../model/aim.ts';
import { daysBetween, daysLater, type IsoDate } from '../model/dates.ts';
import type { Dossier, Person, Provider } from '../model/dossier.ts';
import type { Finding } from '../model/finding.ts';
import { frenchFact } from '../model/paths.ts';
import { inForce, type RuleSet } from '../model/rule-set.ts';
import type { TraceEntry, Verdict } from '../model/verdict.ts';
import { dayText, eurosText, funderNames, shortDay } from './words.ts';

export interface Criterion {
  readonly ruleId: string;
  readonly condition: string;
  /** The same, easy to read. */
  readonly plain: string;
  /** What the person answered, or what was read of the course. */
  readonly value: string;
  readonly result: { readonly tone: 'ok' | 'non' | 'att'; readonly icon: string; readonly text: string };
  readonly proof: string;
  readonly source: string;
}

const situations: Readonly<Record<NonNullable<Person['statut']>, string>> = {
  salarie: 'employeur privé',
  independant: 'à votre compte',
  demandeur_emploi: 'cherche un emploi',
  agent_public: 'agent public',
  retraite: 'à la retraite',
  sans_activite: 'aucune de ces situations',
};

const unanswered = 'pas de réponse';
const unknownValue = 'inconnu';
const yesNo = (value: boolean | null | undefined, absent = unanswered): string =>
  value === true ? 'oui' : value === false ? 'non' : absent;

const habilitations: Readonly<Record<NonNullable<Provider['habilitation']>, string>> = {
  former: 'former',
  organiser: "organiser l'évaluation",
  former_organiser: "former et organiser l'évaluation",
  certificateur: 'certificateur lui-même',
  aucune: 'aucune',
};

/** « oui, déclarée », « oui, avis de situation du 09/06/2026 ». */
export function registrationText(person: Person | null): string {
  const registration = person?.inscriptionFranceTravail ?? null;
  if (registration === null || registration.inscrit === null) return unanswered;
  if (!registration.inscrit) return 'non';
  const { source, dateVerification } = registration;
  if (source === null || source === 'declaratif') return 'oui, sans preuve';
  const names = {
    ft_connect_statut: 'connexion France Travail',
    api_statut: 'statut donné par France Travail',
    avis_situation: 'avis de situation',
  } as const;
  const on = dateVerification === null ? ', sans date' : ` du ${shortDay(dateVerification)}`;
  return `oui, ${names[source]}${on}`;
}

function qualiopiText(provider: Provider): string {
  const { qualiopi } = provider;
  if (qualiopi === null) return unknownValue;
  const { categories, du, au } = qualiopi;
  const of =
    categories === null ? 'catégories inconnues' : categories.length === 0 ? 'aucune catégorie' : categories.join(', ');
  const from = du === null ? 'début inconnu' : `du ${shortDay(du)}`;
  const to = au === null ? 'fin inconnue' : `au ${shortDay(au)}`;
  return `${of}, ${from}, ${to}`;
}

function subcontractText({ sousTraitance: one }: Provider): string {
  if (one === null) return 'aucune';
  if (one === 'inconnu') return unknownValue;
  return one.dateContrat === null ? 'contrat sans date connue' : `contrat du ${shortDay(one.dateContrat)}`;
}

function certificationText({ action: { certification } }: Dossier): string {
  if (certification === null) return unknownValue;
  const { code, active, finEnregistrement } = certification;
  const state =
    finEnregistrement !== null
      ? `enregistrée jusqu'au ${shortDay(finEnregistrement)}`
      : `état : ${active === null ? unknownValue : active ? 'active' : 'inactive'}`;
  return `${code ?? 'numéro inconnu'}, ${state}`;
}

function aidsText({ cofinancements }: Dossier): string {
  if (cofinancements === null) return unanswered;
  if (cofinancements.length === 0) return 'aucune aide';
  return listed(
    cofinancements.map(({ par, montant, accorde }) => {
      const state = accorde === null ? 'demandée' : accorde ? 'accordée' : 'refusée';
      return `aide ${funderNames[par].of} ${state} : ${montant === null ? 'montant inconnu' : eurosText(montant)}`;
    }),
  );
}

const actionNames: Readonly<Record<Dossier['action']['type'], string>> = {
  certification: 'formation qui mène à une certification',
  bloc: "formation qui mène à un bloc d'une certification",
  vae: "validation des acquis de l'expérience",
  bilan: 'bilan de compétences',
  permis_leger: 'permis du groupe léger',
  permis_lourd: 'permis du groupe lourd',
  creation_entreprise: "accompagnement à la création d'entreprise",
  sans_certification: 'formation sans certification',
};

/** What the dossier says of the facts that a rule looks at. */
function valueSeen(ruleId: string, dossier: Dossier, verdict: Verdict): string {
  const { personne: person, action, organisme: provider } = dossier;
  switch (ruleId) {
    case 'T-01':
      return person?.age === null || person === null ? unanswered : `${person.age} ans`;
    case 'T-02':
      return yesNo(person?.retraiteTauxPlein);
    case 'T-04':
    case 'T-10':
      return person?.statut === null || person === null ? unanswered : situations[person.statut];
    case 'A-04':
    case 'A-10':
    case 'A-01':
    case 'A-02':
    case 'A-03':
      return certificationText(dossier);
    case 'A-05':
    case 'A-06':
    case 'A-09':
      return actionNames[action.type];
    case 'A-07': {
      const hours =
        action.heuresAccompagnement === null
          ? 'heures inconnues'
          : `${String(action.heuresAccompagnement).replace('.', ',')} h`;
      const last = person?.dernierBilanFinance ?? null;
      if (person === null) return hours;
      return `${hours}, dernier bilan : ${last === null ? unanswered : last === 'aucun' ? 'jamais' : shortDay(last)}`;
    }
    case 'A-08':
      return person === null
        ? 'pas de question posée'
        : `inscription : ${registrationText(person)} ; ${aidsText(dossier)}`;
    case 'D-01':
    case 'D-02':
    case 'F-04':
      return `inscription : ${registrationText(person)} ; ${aidsText(dossier)}`;
    case 'F-02':
      return verdict.plafond === null ? unknownValue : `${eurosText(verdict.plafond)}, au ${shortDay(verdict.date)}`;
    case 'F-03':
      return `inscription : ${registrationText(person)}`;
    case 'F-06': {
      const balance = person?.soldeCpf ?? null;
      return balance === null
        ? 'solde : pas de réponse'
        : `solde : ${eurosText(balance)}, au ${shortDay(verdict.date)}`;
    }
    case 'F-07':
      return `inscription validée le ${shortDay(verdict.date)}`;
    default:
      return provider === null ? unknownValue : providerValue(ruleId, provider);
  }
}

function providerValue(ruleId: string, provider: Provider): string {
  switch (ruleId) {
    case 'P-01': {
      const state = provider.ndaValide === null ? 'validité inconnue' : provider.ndaValide ? 'valide' : 'caduque';
      return `${provider.nda === null ? 'numéro inconnu' : `numéro ${provider.nda}`}, ${state}`;
    }
    case 'P-02':
      return qualiopiText(provider);
    case 'P-03':
      return yesNo(provider.offreEdof, unknownValue);
    case 'P-04':
      return provider.habilitation === null ? unknownValue : habilitations[provider.habilitation];
    case 'P-05':
      return subcontractText(provider);
    default:
      return provider.dereference === null ? unknownValue : provider.dereference ? 'déréférencé' : 'référencé';
  }
}

/** F10, for what the person says; for the rest, the day of the data. */
function proofOf(entry: TraceEntry, dossier: Dossier, verdict: Verdict, rules: RuleSet, dates: FactDates): string {
  const { ruleId, finding } = entry;
  if (ruleId.startsWith('T')) return finding.result === 'unknown' ? 'rien à vérifier' : 'déclaré par vous';
  if (['D-01', 'D-02', 'F-03', 'F-04', 'A-08'].includes(ruleId))
    return registrationProof(dossier.personne, verdict, rules);
  if (ruleId === 'F-06') return dossier.personne?.soldeCpf == null ? 'rien à vérifier' : 'déclaré par vous';
  if (ruleId === 'F-02' || ruleId === 'F-07') return "calculé d'après la règle";
  const on = ruleId.startsWith('P')
    ? ruleId === 'P-04'
      ? dates.register
      : dates.provider
    : aboutRegister(ruleId)
      ? dates.register
      : dates.price;
  return on === null ? 'date de la donnée inconnue' : `lu le ${shortDay(on)}`;
}

const aboutRegister = (ruleId: string): boolean => ['A-01', 'A-02', 'A-03', 'A-04', 'A-10'].includes(ruleId);

/** The state of the proof of registration (D-01), in words. */
export function registrationProof(person: Person | null, { date }: Pick<Verdict, 'date'>, rules: RuleSet): string {
  const registration = person?.inscriptionFranceTravail ?? null;
  if (registration === null || registration.inscrit === null) return 'rien à vérifier';
  const { inscrit, source, dateVerification } = registration;
  if (!inscrit || source === null || source === 'declaratif') return 'déclaré par vous';
  const rule = inForce(rules, 'D-01', date);
  if (dateVerification === null || rule.state !== 'valid' || dateVerification > date) return 'impossible à vérifier';
  const age = daysBetween(dateVerification, date);
  if (age <= rule.values.joursMaximum) return `vérifié le ${shortDay(dateVerification)}`;
  return `expiré depuis le ${shortDay(daysLater(dateVerification, rule.values.joursMaximum + 1))}`;
}

const results: Readonly<Record<Finding['result'], Criterion['result']>> = {
  met: { tone: 'ok', icon: 'coche', text: 'rempli' },
  'not-met': { tone: 'non', icon: 'croix', text: 'non rempli' },
  unknown: { tone: 'att', icon: 'question', text: 'manquant' },
};

/** What stands for « rempli » where a rule gives an amount or a warning, which nobody can fail. */
const counted: Criterion['result'] = { tone: 'ok', icon: 'coche', text: 'pris en compte' };

function sourceOf({ ruleId, version }: TraceEntry, rules: RuleSet, date: IsoDate): string {
  const rule = rules.byId.get(ruleId);
  const used = rule?.versions.find(({ from }) => from === version);
  if (used === undefined) return `Règle ${ruleId} : aucune valeur connue le ${shortDay(date)}`;
  const { reference, checkedOn } = used.legalBasis;
  const until = used.to === null ? '' : ` jusqu'au ${shortDay(used.to)}`;
  return `${reference}. Règle ${ruleId}, depuis le ${shortDay(used.from)}${until}, vérifiée le ${shortDay(checkedOn)}`;
}

/** One row per rule looked at, in the order of the trace. */
export function criteriaOf(verdict: Verdict, dossier: Dossier, rules: RuleSet, dates: FactDates): readonly Criterion[] {
  return verdict.trace.map((entry) => {
    const { ruleId, finding } = entry;
    const rule = rules.byId.get(ruleId);
    const missing = finding.result === 'unknown' ? ` (il manque ${listed(finding.missing.map(frenchFact))})` : '';
    const isAmount = /^[FD]/.test(ruleId) && finding.result === 'met';
    return {
      ruleId,
      condition: french(rule?.condition ?? ruleId),
      plain: french(rule?.plain ?? ''),
      value: french(`${valueSeen(ruleId, dossier, verdict)}${missing}`),
      result: isAmount ? counted : results[finding.result],
      proof: french(proofOf(entry, dossier, verdict, rules, dates)),
      source: french(sourceOf(entry, rules, verdict.date)),
    };
  });
}

export interface Reuse {
  /** The last day on which the answer can be used again (F11); null: nothing it rests on has a known end. */
  readonly until: IsoDate | null;
  readonly text: string;
}

/** The first end among what the answer rests on: values of rules, the proof, the certification, the provider's certificate. */
export function reuseOf(verdict: Verdict, dossier: Dossier, rules: RuleSet): Reuse {
  const ends: { readonly until: IsoDate; readonly why: string }[] = [];
  const past = (end: IsoDate | null | undefined): end is null | undefined =>
    end === null || end === undefined || end < verdict.date;
  // A refusal rests on what refuses, and on nothing else.
  const refused = verdict.cpf === 'non' || verdict.cpf === 'hors_perimetre';
  for (const { ruleId, version, finding } of verdict.trace) {
    if (refused && finding.result !== 'not-met') continue;
    const used = rules.byId.get(ruleId)?.versions.find(({ from }) => from === version);
    if (!past(used?.to)) ends.push({ until: used?.to ?? '', why: `la valeur de la règle ${ruleId} change` });
    if (finding.result !== 'met') continue;
    const { certification } = dossier.action;
    const { qualiopi } = dossier.organisme ?? { qualiopi: null };
    if (ruleId === 'A-04' && !past(certification?.finEnregistrement))
      ends.push({ until: certification?.finEnregistrement ?? '', why: "la certification n'est plus enregistrée" });
    if (ruleId === 'P-02' && !past(qualiopi?.au))
      ends.push({ until: qualiopi?.au ?? '', why: "le certificat Qualiopi de l'organisme prend fin" });
    if (ruleId === 'D-01') {
      const rule = inForce(rules, 'D-01', verdict.date);
      const day = dossier.personne?.inscriptionFranceTravail?.dateVerification ?? null;
      if (rule.state === 'valid' && day !== null)
        ends.push({
          until: daysLater(day, rule.values.joursMaximum),
          why: `votre preuve d'inscription à France Travail aura plus de ${rule.values.joursMaximum} jours`,
        });
    }
  }
  const first = ends.reduce<(typeof ends)[number] | null>(
    (soonest, one) => (soonest === null || one.until < soonest.until ? one : soonest),
    null,
  );
  if (first === null)
    return {
      until: null,
      text: "Rien de ce que cette réponse utilise n'a de fin connue. Refaites-la le jour de votre inscription.",
    };
  return {
    until: first.until,
    text: french(`Vous pouvez réutiliser cette réponse jusqu'au ${dayText(first.until)}. Après, ${first.why}.`),
  };
}
