/** Words of the public pages of rules: conditions, values by date, references, certainty, history, worked cases. */
import { count, french, listed, money } from '../../platform/web/format.ts';
import { dayAfter, type IsoDate } from '../model/dates.ts';
import { parameterFields } from '../model/parameters.ts';
import { frenchFact } from '../model/paths.ts';
import { type Change, sortedText } from '../model/publication.ts';
import type { Rule, RuleSet, RuleVersion } from '../model/rule-set.ts';
import { type Verdict, type WireVerdict, wireVerdict } from '../model/verdict.ts';
import { dayText, shortDay } from './words.ts';

export const rulesPath = '/regles';
export const rulePath = (id: string) => `${rulesPath}/${encodeURIComponent(id)}`;
export const openRulesPath = '/donnees/regles.json';

const tables: readonly (readonly [letter: string, title: string])[] = [
  ['T', 'La personne'],
  ['A', "L'action de formation"],
  ['P', "L'organisme de formation"],
  ['F', "L'argent"],
  ['D', "Demandeurs d'emploi et gratuité"],
];

const roles: Readonly<Record<Rule['role'], string>> = {
  refusal: 'Elle peut refuser le financement.',
  outside: 'Elle dit qui ne passe pas par ce compte.',
  missing: 'Elle peut empêcher de décider, quand une information manque.',
  ground: 'Elle ouvre le financement.',
  amount: "Elle décide d'un montant, ou de qui le doit.",
  warning: 'Elle avertit, et ne change pas la réponse.',
  information: 'Elle informe : la plateforme ne la calcule pas.',
};

export const certainties = {
  H: { text: 'certitude élevée', tone: 'ok', icon: 'coche' },
  M: { text: 'certitude moyenne', tone: 'info', icon: 'info' },
  L: { text: 'certitude faible', tone: 'att', icon: 'alerte' },
  K: { text: 'droit général', tone: 'info', icon: 'info' },
} as const;

/** « Plafond, bilan de compétences : 1 600 € », one per value. */
export function valuesOf(ruleId: string, { parameters }: Pick<RuleVersion, 'parameters'>): string[] {
  return parameterFields(ruleId).flatMap(({ name, label, kind, unit, options }) => {
    const value = parameters[name];
    if (value === undefined) return [];
    const named = (code: string) => options[code] ?? code;
    const written = Array.isArray(value)
      ? listed(value.map(named))
      : kind === 'euros'
        ? money({ amount: Math.round(Number(value) * 100), currency: 'EUR' })
        : kind === 'date'
          ? shortDay(String(value))
          : kind === 'count'
            ? count(Number(value), (unit ?? '').replace(/s$/, ''), unit ?? '')
            : named(String(value));
    return [french(`${label} : ${written}`)];
  });
}

/** « du 02/04/2026 au 31/12/2026 », « depuis le 26/02/2026 ». */
export const periodText = ({ from, to }: Pick<RuleVersion, 'from' | 'to'>): string =>
  to === null ? `depuis le ${shortDay(from)}` : `du ${shortDay(from)} au ${shortDay(to)}`;

const ownRule = /^(?:Règle de (?:méthode de )?la plateforme|Construit sur)/;

export function referenceOf({ legalBasis: { reference, url, sources = [], checkedOn } }: RuleVersion) {
  const unread = url === null && !ownRule.test(reference);
  const list = sources.length === 0 ? 'pages et fichiers publics qui citent ce texte' : listed(sources);
  return {
    text: french(reference),
    url,
    checked: french(`Vérifié le ${shortDay(checkedOn)}`),
    note: unread ? french(`Texte officiel non consulté directement ; sources : ${list}.`) : null,
  };
}

function versionModel(ruleId: string, version: RuleVersion, date: IsoDate) {
  return {
    period: periodText(version),
    current: version.from <= date && (version.to === null || date <= version.to),
    values: valuesOf(ruleId, version),
    reference: referenceOf(version),
    certainty: certainties[version.legalBasis.certainty],
    gap: version.gapBefore === undefined ? null : french(`Vide avant cette version : ${version.gapBefore}`),
  };
}

/** What a rule says on a day, or why it says nothing. */
function stateOn({ id, versions }: Rule, date: IsoDate) {
  const current = versions.find(({ from, to }) => from <= date && (to === null || date <= to));
  if (current !== undefined) return { version: versionModel(id, current, date), none: null };
  const first = versions.map(({ from }) => from).sort()[0] ?? date;
  if (date < first)
    return { version: null, none: french(`Pas encore en vigueur ce jour-là : depuis le ${shortDay(first)}.`) };
  const last = versions.reduce((end, { to }) => (to !== null && to < date && to > end ? to : end), first);
  return {
    version: null,
    none: french(`Valeur inconnue depuis le ${shortDay(dayAfter(last))} : la plateforme ne prolonge aucune valeur.`),
  };
}

const page = (title: string, description: string) => ({
  title,
  heading: french(title),
  description,
  noindex: false,
  section: null,
});

/** @param typed what was asked in the address, when it is not a day */
export function rulesModel(rules: RuleSet, date: IsoDate, today: IsoDate, typed: string | null) {
  return {
    ...page(
      'Les règles',
      'Toutes les règles du CPF et de la gratuité que ce site applique, avec leurs valeurs, leurs dates et leurs sources.',
    ),
    asOf: french(`État des connaissances au ${dayText(rules.asOf)}, version ${rules.version}.`),
    heard: french(date === today ? "Voici les règles d'aujourd'hui." : `Voici les règles du ${dayText(date)}.`),
    date: typed ?? date,
    dateError: typed === null ? null : french('Écrivez une date qui existe, par exemple : 2026-02-25.'),
    today: date === today ? null : rulesPath,
    dataHref: openRulesPath,
    tables: tables.map(([letter, title]) => ({
      id: `table-${letter.toLowerCase()}`,
      title,
      rules: rules.rules
        .filter(({ id }) => id.startsWith(letter))
        .map((rule) => ({
          id: rule.id,
          href: `${rulePath(rule.id)}${date === today ? '' : `?date=${date}`}`,
          condition: french(rule.condition),
          plain: french(rule.plain),
          ...stateOn(rule, date),
        })),
    })),
  };
}

const cpfWords = { oui: 'oui', non: 'non', indecidable: 'indécidable', hors_perimetre: 'hors périmètre' } as const;
const accessWords: Readonly<Record<string, string>> = {
  gratuit_pour_tous: 'gratuit pour tous',
  gratuit_demandeur_emploi: "gratuit demandeur d'emploi",
  sans_reste_a_charge: 'sans reste à charge',
  contenu_gratuit_certificat_payant: 'contenu gratuit, certificat payant',
  payant: 'payant',
  indecidable: 'indécidable',
};

const word = (words: Readonly<Record<string, string>>, value: unknown): string => words[String(value)] ?? String(value);
const amount = (value: unknown, without = 'inconnu'): string =>
  typeof value === 'number' ? money({ amount: Math.round(value * 100), currency: 'EUR' }) : without;
const list = (value: unknown, name: (one: string) => string = String): string =>
  Array.isArray(value) && value.length > 0 ? value.map((one) => name(String(one))).join(', ') : 'rien';

function participation(value: unknown): string {
  const { due, montant } = (value ?? {}) as { due?: unknown; montant?: unknown };
  return due === true ? `due, ${amount(montant, 'montant inconnu')}` : due === false ? 'non due' : 'inconnue';
}

const answerLines: readonly (readonly [key: keyof WireVerdict, label: string, written: (value: unknown) => string])[] =
  [
    ['cpf', 'Le CPF peut payer', (value) => word(cpfWords, value)],
    ['regles', 'Règles qui refusent', (value) => list(value)],
    ['manquants', 'Il manque', (value) => list(value, frenchFact)],
    ['plafond', 'Plafond', (value) => amount(value, 'aucun, ou pas connu')],
    ['participation', 'Participation', participation],
    ['droitsMobilisables', 'Droits utilisables', (value) => amount(value)],
    ['resteACharge', 'Reste à payer', (value) => amount(value)],
    ['acces', 'Accès', (value) => word(accessWords, value)],
    ['avertissements', 'Avertissements', (value) => list(value)],
  ];

/** Expected beside computed, key by key; `computed` null: the dossier is refused. */
export function answerRows(expected: Readonly<Record<string, unknown>>, computed: Verdict | null) {
  const given: Readonly<Record<string, unknown>> = computed === null ? {} : { ...wireVerdict(computed) };
  return answerLines
    .filter(([key]) => Object.hasOwn(expected, key))
    .map(([key, label, written]) => ({
      label,
      expected: french(written(expected[key])),
      computed: computed === null ? 'dossier refusé' : french(written(given[key])),
      same: computed !== null && sortedText(given[key]) === sortedText(expected[key]),
    }));
}

const asExpected = { text: 'comme attendu', tone: 'ok', icon: 'coche' } as const;
const different = { text: 'différent', tone: 'non', icon: 'alerte' } as const;

export interface ShownCase {
  readonly worked: {
    readonly id: string;
    readonly titre: string;
    readonly pourquoi?: string | undefined;
    readonly entree?: unknown;
    readonly attendu: Readonly<Record<string, unknown>>;
  };
  readonly answered: { readonly verdict: Verdict } | { readonly errors: readonly unknown[] };
  readonly changed: { readonly on: IsoDate; readonly reason: string } | null;
}

function caseModel({ worked, answered, changed }: ShownCase) {
  const verdict = 'verdict' in answered ? answered.verdict : null;
  const rows = answerRows(worked.attendu, verdict);
  return {
    id: worked.id,
    title: french(worked.titre),
    why: worked.pourquoi === undefined ? null : french(worked.pourquoi),
    date: verdict === null ? null : `le ${shortDay(verdict.date)}`,
    state: rows.every(({ same }) => same) ? asExpected : different,
    rows,
    changed:
      changed === null ? null : french(`Réponse attendue changée le ${shortDay(changed.on)} : ${changed.reason}`),
    dossier: JSON.stringify(worked.entree, null, 2),
  };
}

function historyOf(ruleId: string, versions: readonly RuleVersion[], changes: readonly Change[], asOf: IsoDate) {
  const described = (version: RuleVersion | null) =>
    version === null
      ? ['aucune valeur connue']
      : [periodText(version), ...valuesOf(ruleId, version), french(version.legalBasis.reference)];
  const start = versions.filter((one) => !changes.some(({ publication: { version } }) => version.from === one.from));
  return [
    ...changes.toReversed().map(({ publication, before }) => ({
      when: shortDay(publication.publishedOn),
      who: 'Rédaction des règles : préparée par une personne, publiée par une autre.',
      before: described(before),
      after: described(publication.version),
      why: french(publication.why),
    })),
    {
      when: `avant le ${shortDay(dayAfter(asOf))}`,
      who: 'Équipe du site : fichier de départ, relu avec le code.',
      before: ['rien'],
      after: [count(start.length, 'version')],
      why: 'Mise en place de la règle.',
    },
  ];
}

/** Said in advance: from which day nothing is known. */
function afterOf(versions: readonly RuleVersion[]): string | null {
  const ends = versions.map(({ to }) => to);
  const last = ends.includes(null) ? null : (ends.sort().at(-1) ?? null);
  return last === null
    ? null
    : french(`Après le ${dayText(last)}, la valeur n'est pas connue : la plateforme ne la prolonge pas.`);
}

export function ruleModel(
  reading: {
    readonly rule: Rule;
    readonly rules: RuleSet;
    readonly changes: readonly Change[];
    readonly cases: readonly ShownCase[];
  },
  date: IsoDate,
  today: IsoDate,
) {
  const { rule, rules, changes, cases } = reading;
  const { id, condition, plain, role, reasons, remedy, versions } = rule;
  const shown = cases.map(caseModel);
  const agreeing = shown.filter(({ state }) => state === asExpected).length;
  return {
    ...page(`Règle ${id}`, condition),
    condition: french(condition),
    plain: french(plain),
    role: french(roles[role]),
    sentences: reasons.map(french),
    remedy: role !== 'refusal' ? null : french(remedy ?? 'Rien ne changerait cette réponse pour ce cours.'),
    day: french(date === today ? "Aujourd'hui" : `Le ${dayText(date)}`),
    ...stateOn(rule, date),
    versions: versions.toReversed().map((version) => versionModel(id, version, date)),
    after: afterOf(versions),
    valued: versions.some((version) => valuesOf(id, version).length > 0),
    history: historyOf(id, versions, changes, rules.asOf),
    cases: shown,
    casesText: french(
      `${count(agreeing, 'cas', 'cas')} sur ${shown.length} : la réponse calculée maintenant est celle attendue.`,
    ),
    rulesVersion: french(`Règles au ${dayText(rules.asOf)}, version ${rules.version}.`),
    backHref: date === today ? rulesPath : `${rulesPath}?date=${date}`,
    dataHref: openRulesPath,
  };
}

/** The page of open files: those that exist. */
export function openDataModel(
  file: {
    readonly digest: string;
    readonly rules: number;
    readonly versions: number;
    readonly cases: number;
    readonly asOf: IsoDate;
    readonly text: string;
  },
  licence: { readonly nom: string; readonly adresse: string },
  fields: Readonly<Record<string, string>>,
) {
  return {
    ...page('Données ouvertes', 'Les données de ce site, en fichiers, avec leur date, leur licence et leur empreinte.'),
    files: [
      {
        title: 'Règles du CPF et de la gratuité',
        href: openRulesPath,
        name: 'regles.json',
        facts: [
          { label: 'Date', value: dayText(file.asOf) },
          {
            label: 'Contenu',
            value: french(
              `${count(file.rules, 'règle')}, ${count(file.versions, 'version datée', 'versions datées')}, ${count(file.cases, "cas d'exemple", "cas d'exemple")}`,
            ),
          },
          {
            label: 'Format',
            value: french(`JSON, ${count(Math.ceil(Buffer.byteLength(file.text) / 1024), 'Ko', 'Ko')}`),
          },
          { label: 'Licence', value: licence.nom },
          { label: 'Empreinte SHA-256', value: file.digest },
        ],
        fields: Object.entries(fields).map(([name, text]) => ({ name, text: french(text) })),
      },
    ],
  };
}
