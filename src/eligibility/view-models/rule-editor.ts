/** Words of /admin/regles: the rules to change, the form of a version, the draft as its second reader sees it. */
import { clock, count, french, longDate, number } from '../../platform/web/format.ts';
import { type Field, type FieldErrors, field, formPage } from '../../platform/web/forms.ts';
import { dayBefore, type IsoDate } from '../model/dates.ts';
import { choicesOf, type Draft, type DraftForm, fieldOf } from '../model/draft.ts';
import { type Flip, type FlipAnswer, turnOf } from '../model/flip.ts';
import { type ParameterField, parameterFields } from '../model/parameters.ts';
import { frenchFact } from '../model/paths.ts';
import type { Rule, RuleSet, RuleVersion } from '../model/rule-set.ts';
import type { Verdict } from '../model/verdict.ts';
import { answerRows, certainties, periodText, referenceOf, rulePath, valuesOf } from './rules.ts';
import { eurosText, shortDay } from './words.ts';

export const editorPath = '/admin/regles';
export const ruleEditorPath = (id: string) => `${editorPath}/${encodeURIComponent(id)}`;
export const draftsPath = `${editorPath}/brouillons`;
export const draftPath = (id: string) => `${draftsPath}/${encodeURIComponent(id)}`;

const moment = (date: Date) => `${longDate(date)} à ${clock(date)}`;

/** What was just done, after a redirection; a code in the address. */
const done: Readonly<Record<string, string>> = {
  prepare: 'Brouillon enregistré. Une autre personne le relit et le publie.',
  cas: 'Réponses attendues changées. La liste des verdicts qui changent est refaite.',
  liste: 'La liste des verdicts qui changent est refaite.',
  retire: 'Brouillon retiré. Rien ne change dans les règles.',
  publie: 'Version publiée. Toutes les pages la suivent dans les secondes qui viennent.',
};
const notice = (code: string) => (Object.hasOwn(done, code) ? french(done[code] ?? '') : null);

const states = {
  open: { text: 'à relire', tone: 'att', icon: 'horloge' },
  published: { text: 'publié', tone: 'ok', icon: 'coche' },
  withdrawn: { text: 'retiré', tone: 'info', icon: 'croix' },
} as const;

const draftLine = (draft: Draft) => ({
  ruleId: draft.ruleId,
  href: draftPath(draft.id),
  period: periodText(draft.version),
  values: valuesOf(draft.ruleId, draft.version),
  state: states[draft.state],
  when: french(moment(draft.endedAt ?? draft.createdAt)),
});

export function editorHomeModel(
  home: {
    readonly rules: RuleSet;
    readonly open: readonly Draft[];
    readonly ended: readonly Draft[];
    readonly unfit: readonly { readonly sequence: number; readonly problem: string }[];
    readonly following: { readonly courses: number; readonly left: number; readonly finishedAt: Date | null };
  },
  today: IsoDate,
  doneCode: string,
) {
  const { rules, open, ended, unfit, following } = home;
  return {
    ...formPage('Rédaction des règles'),
    notice: notice(doneCode),
    version: french(`Règles en service : version ${rules.version}.`),
    following: followingModel(following),
    unfit: unfit.map(({ sequence, problem }) => french(`Version publiée n° ${sequence}, laissée de côté : ${problem}`)),
    open: open.map(draftLine),
    ended: ended.map(draftLine),
    rules: rules.rules.map((rule) => {
      const current = rule.versions.find(({ from, to }) => from <= today && (to === null || today <= to));
      return {
        id: rule.id,
        href: ruleEditorPath(rule.id),
        condition: french(rule.condition),
        period: current === undefined ? "pas en vigueur aujourd'hui" : periodText(current),
        values: current === undefined ? [] : valuesOf(rule.id, current),
      };
    }),
  };
}

/** What courses say of the training account, after a version or a register was put in force. */
function followingModel({ courses, left, finishedAt }: Parameters<typeof editorHomeModel>[0]['following']) {
  if (left > 0)
    return {
      done: false,
      text: french(
        `Recalcul en cours : ${number(courses - left)} cours sur ${number(courses)} suivent ces règles et le registre. Rechargez cette page pour voir où il en est.`,
      ),
    };
  const when = finishedAt === null ? '' : ` Dernier recalcul complet : ${moment(finishedAt)}.`;
  return { done: true, text: french(`Tous les cours (${number(courses)}) suivent ces règles et le registre.${when}`) };
}

interface Input extends Omit<Field, 'type'> {
  /** One is true: which control the template prints. */
  readonly control: { readonly line: boolean; readonly day: boolean; readonly long: boolean; readonly list: boolean };
  readonly options: readonly { readonly value: string; readonly label: string; readonly chosen: boolean }[];
  /** Boxes, for several answers. */
  readonly boxes: boolean;
}

type Control = keyof Input['control'];

function input(
  id: string,
  label: string,
  page: { readonly form: DraftForm; readonly errors: FieldErrors },
  given: {
    readonly control?: Control;
    readonly hint?: string;
    readonly options?: Readonly<Record<string, string>>;
    readonly boxes?: boolean;
  } = {},
): Input {
  const { control = 'line', hint, options = {}, boxes = false } = given;
  const chosen = choicesOf(page.form, id);
  const { type: _type, ...plain } = field(id, label, page.errors, {
    value: boxes ? '' : (chosen[0] ?? ''),
    ...(hint === undefined ? {} : { hint }),
  });
  return {
    ...plain,
    control: {
      line: control === 'line' && !boxes,
      day: control === 'day',
      long: control === 'long',
      list: control === 'list',
    },
    options: Object.entries(options).map(([value, text]) => ({
      value,
      label: french(text),
      chosen: chosen.includes(value),
    })),
    boxes,
  };
}

function valueInput({ name, label, kind, unit, options }: ParameterField, page: Parameters<typeof input>[2]): Input {
  const id = fieldOf(name);
  switch (kind) {
    case 'euros':
      return input(id, `${label}, en euros`, page, { hint: 'Par exemple : 1 500 ou 103,20' });
    case 'count':
      return input(id, unit === null ? label : `${label} (${unit})`, page);
    case 'date':
      return input(id, label, page, { control: 'day' });
    case 'choice':
      return input(id, label, page, { control: 'list', options });
    case 'choices':
      return input(id, label, page, { options, boxes: true });
  }
}

const certaintyOptions = {
  H: 'élevée : deux sources indépendantes, ou une page officielle',
  M: 'moyenne : une bonne source, ou une déduction',
  L: 'faible : une seule source fragile',
  K: 'droit général',
};

/** @param action where the form goes; @param draftId null for a new version */
export function ruleFormModel(
  page: {
    readonly rule: Rule;
    readonly open: readonly Draft[];
    readonly form: DraftForm;
    readonly errors: FieldErrors;
  },
  draftId: string | null,
) {
  const { rule, open } = page;
  const title = draftId === null ? `Nouvelle version de ${rule.id}` : `Changer le brouillon de ${rule.id}`;
  return {
    ...formPage(title, page.errors),
    condition: french(rule.condition),
    publicHref: rulePath(rule.id),
    action: draftId === null ? ruleEditorPath(rule.id) : `${draftPath(draftId)}/changer`,
    backHref: draftId === null ? editorPath : draftPath(draftId),
    open: open.filter(({ id }) => id !== draftId).map(draftLine),
    versions: rule.versions.toReversed().map((version) => ({
      period: periodText(version),
      values: valuesOf(rule.id, version),
      reference: french(version.legalBasis.reference),
    })),
    groups: [
      {
        title: 'Quand',
        fields: [
          input('debut', 'Premier jour', page, {
            control: 'day',
            hint: "La version d'avant est fermée la veille. Une version qui a été en vigueur n'est jamais modifiée.",
          }),
          input('fin', 'Dernier jour, s’il est connu', page, { control: 'day', hint: 'Vide : sans fin connue.' }),
        ],
      },
      ...(parameterFields(rule.id).length === 0
        ? []
        : [{ title: 'Valeurs', fields: parameterFields(rule.id).map((one) => valueInput(one, page)) }]),
      {
        title: 'Source',
        fields: [
          input('reference', 'Référence du texte', page, {
            hint: 'Par exemple : Code du travail, L. 6323-7 ; arrêté du 30/12/2025',
          }),
          input('adresse', 'Adresse du texte officiel', page, {
            hint: 'Seulement si vous avez ouvert cette page vous-même.',
          }),
          input('sources', 'Sources lues, si le texte officiel ne l’a pas été', page, {
            control: 'long',
            hint: 'Une par ligne.',
          }),
          input('verifieLe', 'Vérifié le', page, { control: 'day' }),
          input('certitude', 'Certitude', page, { control: 'list', options: certaintyOptions }),
          input('pourquoi', 'Pourquoi cette valeur change', page, {
            control: 'long',
            hint: 'Publié avec la règle. N’écrivez le nom de personne.',
          }),
        ],
      },
    ],
  };
}

const cpfWords = { oui: 'oui', non: 'non', indecidable: 'peut-être', hors_perimetre: 'hors périmètre' } as const;

/** « non (A-04) », « peut-être (il manque l'habilitation…) », « oui, plafond 1 500 € ». */
export function flipAnswerText({ cpf, regles, manquants, plafond, conditions }: FlipAnswer): string {
  const details = [
    ...(regles.length === 0 ? [] : [regles.join(', ')]),
    ...(manquants.length === 0 ? [] : [`il manque ${manquants.map(frenchFact).join(', ')}`]),
    ...(plafond === null ? [] : [`plafond ${eurosText(plafond)}`]),
    ...conditions,
  ];
  return french(details.length === 0 ? cpfWords[cpf] : `${cpfWords[cpf]} (${details.join(' ; ')})`);
}

export const flipColumns = [
  'type',
  'titre',
  'organisme',
  'adresse',
  'verdict_avant',
  'verdict_apres',
  'detail_avant',
  'detail_apres',
] as const;

export const flipRow = ({ kind, title, provider, href, before, after }: Flip): string[] => [
  kind,
  title,
  provider ?? '',
  href,
  before.cpf,
  after.cpf,
  flipAnswerText(before).replaceAll('\u00a0', ' '),
  flipAnswerText(after).replaceAll('\u00a0', ' '),
];

interface RunFigures {
  readonly state: 'running' | 'done' | 'failed';
  readonly courses: number;
  readonly pathways: number;
  readonly flips: number;
  readonly turns: readonly { readonly turn: string; readonly count: number }[];
  readonly date: IsoDate;
  readonly startedAt: Date;
}

/** « 1 846 cours et 16 parcours ». */
const judged = ({ courses, pathways }: RunFigures) => `${number(courses)} cours et ${number(pathways)} parcours`;

function turnWords(turn: string): string {
  const [before = '', after = ''] = turn.split(' → ');
  const word = (cpf: string) => (Object.hasOwn(cpfWords, cpf) ? cpfWords[cpf as keyof typeof cpfWords] : cpf);
  return before === after ? `${word(before)}, avec d'autres détails` : `${word(before)} → ${word(after)}`;
}

/** N5: what would change, in one sentence. */
export function runText(run: RunFigures): string {
  if (run.state === 'running')
    return french(`Liste en cours : ${judged(run)} comparés. Rechargez cette page dans un instant.`);
  if (run.state === 'failed') return french("La liste n'a pas pu être faite jusqu'au bout. Refaites-la.");
  if (run.flips === 0)
    return french(
      `Aucun verdict ne change sur ${number(run.courses)} cours. (${number(run.pathways)} parcours aussi ; jour comparé : ${shortDay(run.date)}.)`,
    );
  return french(
    `${count(run.flips, 'verdict change', 'verdicts changent')} sur ${judged(run)}, le ${shortDay(run.date)}.`,
  );
}

export interface ShownDraft {
  readonly draft: Draft;
  readonly rule: Rule;
  readonly before: RuleVersion | null;
  readonly problems: readonly string[];
  readonly cases: number;
  readonly failing: readonly {
    readonly worked: {
      readonly id: string;
      readonly titre: string;
      readonly attendu: Readonly<Record<string, unknown>>;
    };
    readonly verdict: Verdict;
  }[];
  readonly own: boolean;
  readonly outdated: boolean;
  readonly run: RunFigures | null;
  readonly runIsCurrent: boolean;
  readonly flips: readonly Flip[];
  readonly page: number;
  readonly today: IsoDate;
}

export const reasonField = (caseId: string) => `raison-${caseId}`;

const shownVersion = (ruleId: string, version: RuleVersion) => ({
  period: periodText(version),
  values: valuesOf(ruleId, version),
  reference: referenceOf(version),
  certainty: certainties[version.legalBasis.certainty],
});

/** What the act does to the version before, and to days that are past. */
function effectsOf({ draft: { version }, before, today }: ShownDraft): string[] {
  const replaces = before !== null && before.from === version.from;
  return [
    ...(before === null
      ? []
      : [
          replaces
            ? `Elle remplace la version ${periodText(before)}, qui n'est pas encore en vigueur.`
            : `La version ${periodText(before)} est fermée le ${shortDay(dayBefore(version.from))}.`,
        ]),
    ...(version.from <= today
      ? [
          `Elle s'applique à des jours déjà commencés, depuis le ${shortDay(version.from)}. Les reçus déjà donnés gardent leur réponse : elle se refait avec les règles de leur jour.`,
        ]
      : []),
  ].map(french);
}

export function draftModel(
  page: ShownDraft,
  shown: {
    readonly done: string;
    readonly errors: FieldErrors;
    readonly typed: Readonly<Record<string, string>>;
    readonly perPage: number;
  },
) {
  const {
    draft,
    rule,
    before,
    problems,
    cases,
    failing,
    own,
    outdated,
    run,
    runIsCurrent,
    flips,
    page: current,
  } = page;
  const path = draftPath(draft.id);
  const open = draft.state === 'open';
  const ready = open && !outdated && problems.length === 0 && failing.length === 0 && runIsCurrent;
  const lastPage = run === null ? 1 : Math.max(1, Math.ceil(run.flips / shown.perPage));
  return {
    ...formPage(`Brouillon de ${rule.id}`, shown.errors),
    notice: notice(shown.done),
    state: states[draft.state],
    condition: french(rule.condition),
    publicHref: rulePath(rule.id),
    prepared: french(
      `Préparé le ${moment(draft.createdAt)}${draft.revision > 1 ? `, changé le ${moment(draft.updatedAt)}` : ''}.`,
    ),
    ended:
      draft.endedAt === null
        ? null
        : french(`${draft.state === 'published' ? 'Publié' : 'Retiré'} le ${moment(draft.endedAt)}.`),
    after: shownVersion(rule.id, draft.version),
    before: before === null ? null : shownVersion(rule.id, before),
    why: french(draft.why),
    effects: open ? effectsOf(page) : [],
    problems: problems.map(french),
    outdated,
    casesText: french(
      failing.length === 0
        ? `Les ${number(cases)} cas d'exemple donnent la réponse attendue.`
        : `${count(failing.length, "cas d'exemple", "cas d'exemple")} sur ${number(cases)} ne ${failing.length > 1 ? 'donnent' : 'donne'} plus la réponse attendue.`,
    ),
    failing: failing.map(({ worked, verdict }) => ({
      id: worked.id,
      title: french(worked.titre),
      rows: answerRows(worked.attendu, verdict).filter(({ same }) => !same),
      reason: field(reasonField(worked.id), 'Pourquoi la réponse attendue change', shown.errors, {
        value: shown.typed[reasonField(worked.id)] ?? '',
      }),
    })),
    changedCases: draft.caseChanges.map(({ id, reason }) => ({ id, reason: french(reason) })),
    explainAction: own && open && failing.length > 0 ? `${path}/cas` : null,
    run: run === null ? null : { text: runText(run), made: french(`Liste du ${moment(run.startedAt)}.`) },
    turns:
      run === null
        ? []
        : run.turns.map(({ turn, count: many }) => ({ text: french(turnWords(turn)), count: number(many) })),
    flips: flips.map((flip) => ({
      kind: flip.kind,
      title: flip.title,
      provider: flip.provider,
      href: flip.href,
      turn: french(turnWords(turnOf(flip))),
      before: flipAnswerText(flip.before),
      after: flipAnswerText(flip.after),
    })),
    csvHref: run?.state === 'done' && run.flips > 0 ? `${path}/verdicts.csv` : null,
    previous: current > 1 ? `${path}?page=${current - 1}` : null,
    next: current < lastPage ? `${path}?page=${current + 1}` : null,
    listAction: open && problems.length === 0 && !runIsCurrent && run?.state !== 'running' ? `${path}/liste` : null,
    changeHref: own && open ? `${path}/changer` : null,
    withdrawHref: open ? `${path}/retirer` : null,
    publishAction: ready && !own ? `${path}/publier` : null,
    revision: String(draft.revision),
    waiting: !open
      ? null
      : french(
          outdated
            ? "Les règles ont changé depuis ce brouillon : son auteur l'ouvre, le relit et l'enregistre de nouveau."
            : problems.length > 0
              ? 'Cette version ne peut pas être publiée : corrigez-la.'
              : failing.length > 0
                ? "Avant de publier, chaque cas d'exemple qui change est expliqué par l'auteur du brouillon."
                : !runIsCurrent
                  ? 'Avant de publier, la liste des verdicts qui changent doit être prête.'
                  : own
                    ? 'Tout est prêt. Vous avez préparé cette version : une autre personne la relit et la publie.'
                    : 'Tout est prêt : relisez, puis publiez.',
        ),
  };
}

export function withdrawModel(draft: Draft) {
  return {
    ...formPage(`Retirer le brouillon de ${draft.ruleId}`),
    effects: ['Rien ne change dans les règles. Le journal garde que ce brouillon a été retiré.'].map(french),
    button: { label: 'Retirer ce brouillon', action: `${draftPath(draft.id)}/retirer` },
    back: { label: 'Annuler', href: draftPath(draft.id) },
  };
}
