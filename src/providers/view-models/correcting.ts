/** Words of corrections in place: the page of a record, and the list of a source (4.4, N9, B30). */
import { courseAddress } from '../../catalogue/model/addresses.ts';
import type { Badge } from '../../catalogue/model/card.ts';
import type { CourseField } from '../../catalogue/model/corrections.ts';
import { cpfBadge } from '../../catalogue/model/cpf-words.ts';
import { type Patch, patchState, type SourceValue } from '../../harvest/model/patch.ts';
import { problemPath } from '../../harvest/model/problem-help.ts';
import { count, french, longDate, shortDate } from '../../platform/web/format.ts';
import { type FieldErrors, field as formField, formPage, inSpace } from '../../platform/web/forms.ts';
import type { CorrectedRecord, Forecast, PatchList } from '../model/correcting.ts';
import type { Reader } from '../model/report.ts';
import { operatedSourcePath } from './operating.ts';
import { sourcePath } from './own.ts';
import type { PreviewCard } from './preview.ts';
import { homePath, providerLinks } from './space.ts';
import { choiceGroup, correctionsPath, moment, recordPath } from './words.ts';

const sourcePathOf = (id: string, reader: Reader) => (reader === 'operator' ? operatedSourcePath(id) : sourcePath(id));

const unknown = 'Vide : non communiqué.';

const words: Readonly<
  Record<CourseField, { readonly label: string; readonly hint?: string; readonly long?: true; readonly unit?: string }>
> = {
  title: { label: 'Titre du cours' },
  description: { label: 'Présentation', long: true },
  url: { label: 'Adresse du cours', hint: 'Exemple : https://www.exemple.fr/cours' },
  provider: { label: "Nom de l'organisme" },
  siret: { label: "SIRET de l'organisme", hint: `14 chiffres. ${unknown}` },
  activityNumber: { label: "Numéro de déclaration d'activité", hint: `11 chiffres. ${unknown}` },
  price: { label: 'Prix du cours, en euros', hint: `Par exemple 1080 ou 1080,50. 0 : gratuit. ${unknown}`, unit: '€' },
  certificate: { label: 'Prix du certificat, en euros', hint: `0 : gratuit. ${unknown}`, unit: '€' },
  exam: { label: "Prix de l'examen, en euros", hint: `0 : gratuit. ${unknown}`, unit: '€' },
  certifications: {
    label: 'Certifications préparées',
    hint: `Des codes, séparés par des virgules : RNCP37674, RS6604. ${unknown}`,
  },
  sessions: {
    label: 'Sessions',
    hint: 'Une par ligne, début puis fin : 12/01/2027 - 20/03/2027. Écrivez ? pour une date inconnue.',
    long: true,
  },
  languages: { label: 'Langues du cours', hint: `Par exemple : fr, en. ${unknown}` },
  modality: { label: 'Lieu' },
  hours: { label: 'Durée totale, en heures', hint: unknown, unit: 'h' },
  weeklyHours: { label: 'Travail par semaine, en heures', hint: unknown, unit: 'h' },
  weeks: { label: 'Durée, en semaines', hint: unknown },
  objectives: { label: 'Objectifs', hint: 'Un par ligne.', long: true },
  prerequisites: { label: 'Prérequis', long: true },
  equipment: { label: 'Matériel nécessaire', long: true },
  assessment: { label: 'Évaluation', long: true },
  accessibility: { label: 'Accessibilité', long: true },
};

const modalities = [
  { value: 'remote', label: 'À distance' },
  { value: 'blended', label: 'À distance et sur place' },
  { value: 'onsite', label: 'Sur place' },
  { value: 'unknown', label: 'Non communiqué' },
];

export const fieldLabel = (field: CourseField) => french(words[field].label);

/** A value as a sentence shows it; a text of the partner is shown as it came. */
function shownValue(field: CourseField, text: string): string {
  if (field === 'modality') return modalities.find(({ value }) => value === text)?.label ?? 'Non communiqué';
  if (text === '') return 'non communiqué';
  const { unit } = words[field];
  if (unit === '€') return text === '0' ? 'gratuit' : /[A-Z]{3}$/.test(text) ? text : `${text}\u00a0€`;
  return unit === undefined ? text : `${text}\u00a0${unit}`;
}

function sourceText(field: CourseField, { text, readable }: SourceValue): string {
  if (readable) return shownValue(field, text);
  return text === '' ? 'vide, et ce champ est obligatoire' : `« ${text} », illisible`;
}

/** What was typed and what is wrong with it; `forecast` once it was checked. */
export interface CorrectionForm {
  readonly typed: Readonly<Record<string, string>>;
  readonly why: string;
  readonly errors: FieldErrors;
  readonly forecast: { readonly said: Forecast; readonly card: PreviewCard | null } | null;
  /** The third value that was not answered: the field whose form it is. */
  readonly choosing: string | null;
}

export const untouched: Omit<CorrectionForm, 'forecast'> & { readonly forecast: null } = {
  typed: {},
  why: '',
  errors: {},
  forecast: null,
  choosing: null,
};

const done: Readonly<Record<string, string>> = {
  corrigee: 'Fiche valide. Votre correction est gardée : elle sera appliquée à la prochaine collecte.',
  choix: 'Votre choix est gardé. Il sera appliqué à la prochaine collecte.',
  retiree: 'Correction retirée. Le cours reprend la valeur de la source à la prochaine collecte.',
};

function stateBadge({ course, left }: CorrectedRecord): Badge {
  if (course?.state === 'withdrawn' && course.withdrawn !== null) {
    return { tone: 'non', icon: 'croix', text: `Retirée le ${shortDate(course.withdrawn.at)}` };
  }
  if (left.length > 0) return { tone: 'att', icon: 'alerte', text: 'En quarantaine' };
  if (course?.state === 'missing' && course.missingSince !== null) {
    return { tone: 'att', icon: 'alerte', text: `Absente depuis le ${shortDate(course.missingSince)}` };
  }
  return course?.state === 'published'
    ? { tone: 'ok', icon: 'coche', text: 'Publiée' }
    : { tone: 'info', icon: 'horloge', text: 'En attente' };
}

function inputOf(
  { field, shown, source }: CorrectedRecord['fields'][number],
  form: CorrectionForm,
  corrected: ReadonlySet<CourseField>,
) {
  const { label, hint, long } = words[field];
  const given = corrected.has(field) || !source.readable ? `La source : ${sourceText(field, source)}.` : '';
  const typed = form.typed[field];
  const one = formField(field, label, form.errors, {
    value: typed ?? shown,
    ...(hint === undefined && given === '' ? {} : { hint: [hint ?? '', given].filter(Boolean).join(' ') }),
  });
  return {
    ...one,
    boxes: false,
    control: {
      list: field === 'modality',
      long: long === true,
      line: field !== 'modality' && long !== true,
      day: false,
    },
    options:
      field === 'modality' ? modalities.map((option) => ({ ...option, chosen: option.value === one.value })) : [],
  };
}

/** « Deviendrait finançable CPF », or why not (N9, N10). */
function unlocks({ cpf, advice, fundedBefore, result, reason }: Forecast) {
  if (result === 'out-of-scope') {
    return { tone: 'att', icon: 'info', text: french(`Mais elle ne serait pas publiée. ${reason ?? ''}`.trim()) };
  }
  if (cpf?.answer === 'oui') {
    const badge = cpfBadge(cpf);
    return { ...badge, text: fundedBefore ? badge.text : 'Deviendrait finançable CPF' };
  }
  if (cpf === null) return null;
  const text = advice ?? cpfBadge(cpf).text;
  return { tone: 'neutre', icon: 'info', text: cpf.answer === 'non' ? text : `Compte formation (CPF). ${text}` };
}

const authors = { provider: "l'organisme", operator: "l'exploitant du site" } as const;

/** The sentence of 4.4 for the state of a correction. */
function stateSentence(patch: Patch, reader: Reader): string {
  const mine = reader === 'organisation' ? 'Votre correction' : 'La correction';
  switch (patchState(patch)) {
    case 'waiting':
      return `${mine} sera appliquée à la prochaine collecte.`;
    case 'applied':
      return `${mine} est appliquée depuis le ${longDate(patch.appliedAt ?? patch.at)}.`;
    case 'caught-up':
      return reader === 'organisation'
        ? 'La source a rattrapé votre correction : la retirer ?'
        : 'La source a rattrapé la correction : la retirer ?';
    case 'asks': {
      const value = sourceText(patch.field, patch.seen.value);
      return reader === 'organisation'
        ? `La source donne maintenant ${value} : garder la vôtre ou la sienne ?`
        : `La source donne maintenant ${value} : garder la correction ou la valeur de la source ?`;
    }
    case 'undoing':
      return `Retirée le ${longDate(patch.ended?.at ?? patch.at)} : le cours reprend la valeur de la source à la prochaine collecte.`;
    case 'undone':
      return `Retirée le ${longDate(patch.ended?.at ?? patch.at)}.`;
  }
}

const badges = {
  waiting: { tone: 'info', icon: 'horloge', text: 'Prochaine collecte' },
  applied: { tone: 'ok', icon: 'coche', text: 'Appliquée' },
  'caught-up': { tone: 'info', icon: 'info', text: 'Rattrapée' },
  asks: { tone: 'att', icon: 'question', text: 'À choisir' },
  undoing: { tone: 'info', icon: 'horloge', text: 'Retirée' },
  undone: { tone: 'info', icon: 'info', text: 'Retirée' },
} as const;

function patchModel(patch: Patch, reader: Reader, form: CorrectionForm) {
  const { field, source, value, by, at, why, seen, revision } = patch;
  const path = recordPath(patch, reader);
  const state = patchState(patch);
  const errors = form.choosing === field ? form.errors : {};
  const typed = form.choosing === field ? form.typed : {};
  const isLive = patch.ended === null;
  return {
    field,
    label: fieldLabel(field),
    badge: badges[state],
    sentence: french(stateSentence(patch, reader)),
    revision,
    rows: [
      { label: 'La source disait', text: french(sourceText(field, source)) },
      ...(state === 'asks' ? [{ label: 'Elle donne maintenant', text: french(sourceText(field, seen.value)) }] : []),
      { label: 'Correction', text: shownValue(field, value) },
      { label: 'Pourquoi', text: why },
    ],
    by: french(`Par ${authors[by]} le ${moment(at)}.`),
    choose:
      state === 'asks'
        ? {
            action: `${path}/choix`,
            group: {
              ...choiceGroup(
                `choix-${field}`,
                'Votre choix',
                [
                  { value: 'mine', label: `Garder la correction : ${shownValue(field, value)}` },
                  { value: 'source', label: `Prendre celle de la source : ${sourceText(field, seen.value)}` },
                  { value: 'other', label: 'En écrire une autre' },
                ],
                typed.choix ?? '',
                errors.choix === undefined ? {} : { [`choix-${field}`]: errors.choix },
              ),
            },
            other: {
              ...formField(
                `valeur-${field}`,
                'Une autre valeur',
                errors.valeur === undefined ? {} : { [`valeur-${field}`]: errors.valeur },
                { value: typed.valeur ?? '', ...(words[field].hint === undefined ? {} : { hint: words[field].hint }) },
              ),
              isLong: words[field].long === true,
            },
          }
        : null,
    withdraw: isLive ? `${path}/retrait` : null,
    withdrawLabel: state === 'caught-up' ? 'Retirer cette correction, devenue inutile' : 'Retirer cette correction',
  };
}

const endings = {
  replaced: ['Remplacée', ''],
  withdrawn: ['Retirée', ''],
  'caught-up': ['Retirée', ' : la source disait la même chose'],
  'source-taken': ['Retirée', ', pour la valeur de la source'],
} as const;

/** Corrections that are over, newest first. */
function pastLines(patches: readonly Patch[]) {
  return patches
    .flatMap(({ field, past, ended, undoneAt, ...current }) => [
      ...past.map((one) => ({ ...one, field })),
      // Until a run has undone it, it stands with those under way.
      ...(ended === null || undoneAt === null ? [] : [{ ...current, field, ended }]),
    ])
    .toSorted((a, b) => b.ended.at.getTime() - a.ended.at.getTime())
    .map(({ field, source, value, by, at, why, ended }) => ({
      label: fieldLabel(field),
      text: french(`${sourceText(field, source)} → ${shownValue(field, value)}`),
      note: french(
        `Corrigé par ${authors[by]} le ${shortDate(at)} : ${why.replace(/[.\s]+$/, '')}. ${endings[ended.how][0]} par ${authors[ended.by]} le ${shortDate(ended.at)}${endings[ended.how][1]}.`,
      ),
    }));
}

function pageOf(title: string, reader: Reader, errors: FieldErrors) {
  return {
    ...formPage(title, errors, reader === 'organisation' ? inSpace(providerLinks, homePath) : null),
    organisation: null,
    isOperator: reader === 'operator',
  };
}

export function recordModel(
  record: CorrectedRecord,
  history: readonly { readonly date: string; readonly what: string; readonly lines: readonly string[] }[],
  parts: { readonly done: string; readonly form: CorrectionForm },
) {
  const { reader, source, remoteId, course, problems, left, patches, fields } = record;
  const { form } = parts;
  const ref = { sourceId: source.id, remoteId };
  const path = recordPath(ref, reader);
  const title = course?.draft.title ?? (record.title || remoteId);
  const live = patches.filter(({ ended, undoneAt }) => ended === null || undoneAt === null);
  const corrected = new Set(live.filter(({ ended }) => ended === null).map((patch) => patch.field));
  const first = new Set([...left, ...problems].flatMap(({ corrects }) => corrects ?? []));
  const inputs = fields.map((one) => ({ at: one.field, ...inputOf(one, form, corrected) }));
  // A form of a third value has its own fields; its errors lead to them.
  const errors =
    form.choosing === null
      ? form.errors
      : Object.fromEntries(Object.entries(form.errors).map(([name, text]) => [`${name}-${form.choosing}`, text]));
  const general = errors[''];
  const named = Object.fromEntries(Object.entries(errors).filter(([name]) => name !== ''));
  const notice = Object.hasOwn(done, parts.done) ? (done[parts.done] ?? null) : null;
  const next = record.nextRun === null ? null : `La prochaine collecte est prévue le ${moment(record.nextRun)}.`;
  const isOpen = inputs.some(({ at, error }) => !first.has(at) && !corrected.has(at) && error !== null);
  return {
    ...pageOf(`Corriger « ${title} »`, reader, named),
    heading: title,
    notice: notice === null ? null : french(notice),
    general: general === undefined ? null : french(general),
    badge: stateBadge(record),
    crumb: { text: source.title, href: sourcePathOf(source.id, reader) },
    remoteId,
    stays: left.length > 0 && (course?.state === 'published' || course?.state === 'missing'),
    here: course === null || course.state === 'pending' ? null : courseAddress(course.slug),
    read: record.at === null ? null : french(`Fiche reçue le ${moment(record.at)}.`),
    problemsTitle: form.forecast === null ? 'Ce qui bloque' : 'Ce que cette correction règle',
    problems: left.map(({ code, field, value, message }) => ({
      ...{ code, field, href: problemPath(code), message: french(message) },
      value: value === '' ? null : value,
    })),
    today:
      record.today === null
        ? null
        : {
            badge: cpfBadge(record.today.cpf),
            advice: record.today.advice,
          },
    patches: live.map((patch) => patchModel(patch, reader, form)),
    form:
      fields.length === 0
        ? null
        : {
            action: path,
            first: inputs.filter(({ at }) => first.has(at) || corrected.has(at)),
            others: inputs.filter(({ at }) => !first.has(at) && !corrected.has(at)),
            othersOpen: isOpen || (first.size === 0 && corrected.size === 0),
            forecast:
              form.forecast === null
                ? null
                : {
                    unlocks: unlocks(form.forecast.said),
                    card: form.forecast.card,
                    why: formField('pourquoi', 'Pourquoi cette correction ?', form.errors, {
                      value: form.why,
                      hint: 'Gardé avec la correction, lu par votre équipe et par la plateforme.',
                    }),
                  },
          },
    next: french(
      `Une correction est appliquée à la prochaine collecte, et à toutes les suivantes.${next === null ? '' : ` ${next}`}`,
    ),
    runAction:
      record.mayRun && live.some((patch) => ['waiting', 'undoing'].includes(patchState(patch)))
        ? `${sourcePath(source.id)}/collectes`
        : null,
    raw: record.raw,
    rawLabel: `Fiche reçue ${remoteId}`,
    past: pastLines(patches),
    history,
    listHref: correctionsPath(source.id, reader),
  };
}

export function correctionsModel(
  { reader, source, patches, total, live, next }: PatchList,
  typed: string,
  errors: FieldErrors,
) {
  const path = correctionsPath(source.id, reader);
  return {
    ...pageOf(`Corrections : ${source.title}`, reader, errors),
    heading: 'Corrections',
    crumb: { text: source.title, href: sourcePathOf(source.id, reader) },
    summary:
      total === 0
        ? 'Aucune correction. Le site affiche ce que donne la source.'
        : french(
            `${count(live, 'correction en cours', 'corrections en cours')}, ${count(total, 'champ corrigé', 'champs corrigés')} en tout.`,
          ),
    rows: patches.map((patch) => ({
      remoteId: patch.remoteId,
      href: recordPath(patch, reader),
      label: fieldLabel(patch.field),
      badge: badges[patchState(patch)],
      source: french(sourceText(patch.field, patch.seen.value)),
      value: shownValue(patch.field, patch.value),
      sentence: french(stateSentence(patch, reader)),
    })),
    next: next === null ? null : `${path}?apres=${encodeURIComponent(next)}`,
    find: {
      action: path,
      field: formField('fiche', 'Corriger une fiche', errors, {
        value: typed,
        hint: "Son identifiant dans le catalogue, ou l'adresse de sa page sur ce site.",
      }),
    },
  };
}
