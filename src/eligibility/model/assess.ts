/**
 * The verdict of a dossier on a day: a pure function of the dossier, the day and the rules. A certain refusal wins over
 * missing data, missing data wins over a yes; what the action costs is a separate answer.
 */
import { frenchDate, type IsoDate } from './dates.ts';
import type { Dossier } from './dossier.ts';
import { registerOf } from './dossier.ts';
import type { DecisionRule, Facts, Finding, Judgement } from './finding.ts';
import { type FactPath, inDossierOrder } from './paths.ts';
import { type EvaluatedRule, inForce, parameterPath, type RuleSet, type RuleVersion } from './rule-set.ts';
import {
  businessCreation,
  certificationActive,
  certificationKnown,
  lightLicence,
  preparesCertification,
  skillsAssessment,
} from './rules/action.ts';
import { fundingOf } from './rules/co-funding.ts';
import { registrationOf } from './rules/job-seeker.ts';
import { capOf, moneyOf, participationOf, restWithoutAccount } from './rules/money.ts';
import { notRetiredAtFullRate, oldEnough, situationKnown } from './rules/person.ts';
import {
  allowedToTrain,
  declared,
  offerPublished,
  qualiopiCertified,
  stillListed,
  subcontracted,
} from './rules/provider.ts';
import { euros } from './rules/wording.ts';
import type { Acces, Cpf, TraceEntry, Verdict } from './verdict.ts';

/** Looks at one rule; null when it is not about this dossier, or does not exist yet on that day. */
type Look = (facts: Facts) => TraceEntry | null;

function filled(sentence: string, values: Readonly<Record<string, unknown>>): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

function lookAt<Id extends EvaluatedRule>(rule: DecisionRule<Id>): Look {
  return (facts) => {
    if (!rule.applies(facts)) return null;
    const current = inForce(facts.rules, rule.id, facts.date);
    if (current.state === 'before') return null;
    if (current.state === 'unknown')
      return {
        ruleId: rule.id,
        version: null,
        finding: { result: 'unknown', missing: [parameterPath(facts.rules, rule.id)] },
      };
    const judgement = rule.judge(facts, current.values);
    return {
      ruleId: rule.id,
      version: current.version.from,
      finding: findingOf(judgement, rule.id, current.version, facts),
    };
  };
}

const met: Finding = { result: 'met' };

function findingOf({ refusals, missing }: Judgement, id: string, version: RuleVersion, { rules }: Facts): Finding {
  if (refusals.length === 0) return missing.length > 0 ? { result: 'unknown', missing } : met;
  const sentences = rules.byId.get(id)?.reasons ?? [];
  const values = { ...version.parameters, depuis: frenchDate(version.from) };
  const reasons = refusals.map((one) => filled(sentences[one.reason ?? 0] ?? '', { ...values, ...one.values }));
  return {
    result: 'not-met',
    received: refusals.map(({ received }) => received).join(' ; '),
    expected: [...new Set(refusals.map(({ expected }) => expected))].join(' ; '),
    reason: [...new Set(reasons)].join(' / '),
    reference: version.legalBasis.reference,
    personal: refusals.every(({ personal }) => personal === true),
  };
}

/** The rules that can refuse or leave undecided, in the order of the document. */
const decisions: readonly Look[] = [
  lookAt(oldEnough),
  lookAt(notRetiredAtFullRate),
  lookAt(situationKnown),
  lookAt(certificationActive),
  lookAt(preparesCertification),
  lookAt(skillsAssessment),
  lookAt(lightLicence),
  lookAt(businessCreation),
  lookAt(certificationKnown),
  lookAt(declared),
  lookAt(qualiopiCertified),
  lookAt(offerPublished),
  lookAt(allowedToTrain),
  lookAt(subcontracted),
  lookAt(stillListed),
];

/** One entry for a rule that is not a decision; nothing when no version covers the day. */
function entry({ rules, date }: Facts, id: EvaluatedRule, missing: readonly FactPath[] = []): TraceEntry[] {
  const current = inForce(rules, id, date);
  if (current.state === 'before') return [];
  const finding: Finding = missing.length > 0 ? { result: 'unknown', missing } : met;
  return [{ ruleId: id, version: current.state === 'valid' ? current.version.from : null, finding }];
}

/** The row that makes an action payable, when no other row says otherwise. */
function groundOf({ dossier: { action } }: Facts): EvaluatedRule | null {
  if (action.type === 'vae') return 'A-06';
  if (action.type === 'bloc') return 'A-02';
  if (action.type !== 'certification' || action.certification === null) return null;
  return registerOf(action.certification) === 'RS' ? 'A-03' : 'A-01';
}

/** What a course alone depends on: the rules on the person that no one could answer. */
function conditionsOf({ dossier: { personne, action, cofinancements }, date, rules }: Facts): Verdict['conditions'] {
  if (personne !== null) return [];
  if (action.type === 'bilan') {
    const rule = inForce(rules, 'A-07', date);
    if (rule.state !== 'valid') return [];
    const text = `À condition de n'avoir pas eu de bilan financé dans les ${rule.values.annees} ans avant le ${frenchDate(date)}.`;
    return [{ ruleId: 'A-07', text }];
  }
  if (action.type === 'permis_leger') {
    const rule = inForce(rules, 'A-08', date);
    if (rule.state !== 'valid' || fundingOf(cofinancements).granted >= rule.values.aideMinimale) return [];
    const text = `À condition d'être inscrit à France Travail, avec une preuve récente, ou d'avoir ${euros(rule.values.aideMinimale)} d'aide accordée au moins.`;
    return [{ ruleId: 'A-08', text }];
  }
  return [];
}

function accessOf({ dossier: { action }, registration }: Facts, cpf: Cpf, rest: number | null): Acces {
  if (action.prix === 0) return 'gratuit_pour_tous';
  if (rest === null) return 'indecidable';
  if (rest === 0)
    return registration === 'proved' && cpf === 'oui' ? 'gratuit_demandeur_emploi' : 'sans_reste_a_charge';
  return action.contenuGratuit === true ? 'contenu_gratuit_certificat_payant' : 'payant';
}

const unknownParticipation = { due: null, montant: null } as const;

/**
 * @param dossier as `readDossier` gives it
 * @param date the day that the person commits; a verdict of the past is asked with its own day
 */
export function assess(dossier: Dossier, date: IsoDate, rules: RuleSet): Verdict {
  const facts: Facts = { dossier, date, rules, registration: registrationOf(dossier.personne, date, rules) };
  const rulesVersion = rules.version;

  const outside = publicServant(facts);
  if (outside !== null)
    return {
      date,
      rulesVersion,
      cpf: 'hors_perimetre',
      regles: [outside.ruleId],
      manquants: [],
      plafond: null,
      participation: unknownParticipation,
      droitsMobilisables: null,
      resteACharge: null,
      acces: accessOf(facts, 'hors_perimetre', null),
      avertissements: [],
      conditions: [],
      trace: [outside],
    };

  const trace: TraceEntry[] = [];
  for (const look of decisions) {
    const found = look(facts);
    if (found !== null) trace.push(found);
  }
  const refusing = trace.filter(({ finding }) => finding.result === 'not-met');
  const alone = dossier.personne === null;
  if (refusing.length > 0) {
    const rest = alone ? null : restWithoutAccount(facts);
    return {
      date,
      rulesVersion,
      cpf: 'non',
      regles: refusing.map(({ ruleId }) => ruleId),
      manquants: [],
      plafond: null,
      participation: unknownParticipation,
      droitsMobilisables: alone ? null : 0,
      resteACharge: rest,
      acces: accessOf(facts, 'non', rest),
      avertissements: [],
      conditions: [],
      trace,
    };
  }

  const deciding = decidingFacts(trace);
  const cpf = deciding.length > 0 ? 'indecidable' : 'oui';
  const ground = deciding.length > 0 ? null : groundOf(facts);
  const grounds = ground === null ? [] : entry(facts, ground);
  const cap = capOf(facts);
  const capTrace = cap.amount !== null || cap.missing.length > 0 ? entry(facts, 'F-02', cap.missing) : [];
  if (alone)
    return {
      date,
      rulesVersion,
      cpf,
      regles: [],
      manquants: [...new Set([...deciding, ...cap.missing])],
      plafond: cap.amount,
      participation: unknownParticipation,
      droitsMobilisables: null,
      resteACharge: null,
      acces: accessOf(facts, cpf, null),
      avertissements: [],
      conditions: conditionsOf(facts),
      trace: [...trace, ...grounds, ...capTrace],
    };

  const participation = participationOf(facts);
  const money = moneyOf(facts, cap, participation);
  const known = cpf === 'oui' ? money : { rights: null, rest: null };
  const warnings = [...billWarning(facts, participation.due), ...categoryWarning(facts)];
  return {
    date,
    rulesVersion,
    cpf,
    regles: [],
    manquants: [...new Set([...deciding, ...inDossierOrder(money.missing)])],
    plafond: cap.amount,
    participation: { due: participation.due, montant: participation.amount },
    droitsMobilisables: known.rights,
    resteACharge: known.rest,
    acces: accessOf(facts, cpf, known.rest),
    avertissements: warnings.map(({ ruleId }) => ruleId),
    conditions: [],
    trace: [
      ...trace,
      ...grounds,
      ...capTrace,
      ...(participation.due === false ? [] : entry(facts, 'F-03', participation.missing)),
      ...(participation.exempt ? entry(facts, 'F-04') : []),
      ...entry(facts, 'F-06', inDossierOrder(money.missing)),
      ...(facts.registration === 'proved' ? entry(facts, 'D-01') : []),
      ...warnings,
    ],
  };
}

/** The missing facts that leave the action undecided, in the order of the dossier. The money decides nothing. */
export function decidingFacts(trace: readonly TraceEntry[]): FactPath[] {
  const missing: FactPath[] = [];
  for (const { ruleId, finding } of trace)
    if (finding.result === 'unknown' && !ruleId.startsWith('F') && !ruleId.startsWith('D'))
      missing.push(...finding.missing);
  return inDossierOrder(missing);
}

/** T-04: looked at before any other rule. */
function publicServant({ dossier, date, rules }: Facts): TraceEntry | null {
  if (dossier.personne?.statut !== 'agent_public') return null;
  const current = inForce(rules, 'T-04', date);
  if (current.state !== 'valid') return null;
  const finding: Finding = {
    result: 'not-met',
    received: 'agent public',
    expected: 'une personne dont les droits sont en euros',
    reason: rules.byId.get('T-04')?.reasons[0] ?? '',
    reference: current.version.legalBasis.reference,
    personal: true,
  };
  return { ruleId: 'T-04', version: current.version.from, finding };
}

/** F-07: a bill that would add to a participation that is due. */
function billWarning(facts: Facts, due: boolean | null): TraceEntry[] {
  return due === true && inForce(facts.rules, 'F-07', facts.date).state === 'valid' ? entry(facts, 'F-07') : [];
}

/** D-02: registered, in a category for which the account's own platform decides. */
function categoryWarning(facts: Facts): TraceEntry[] {
  const category = facts.dossier.personne?.inscriptionFranceTravail?.categorie ?? null;
  const rule = inForce(facts.rules, 'D-02', facts.date);
  if (facts.registration !== 'proved' || category === null || rule.state !== 'valid') return [];
  return rule.values.categories.includes(category) ? entry(facts, 'D-02') : [];
}
