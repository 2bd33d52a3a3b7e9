/** The pages of a funder: the space, one thing to check or a list, and the answers line by line. */
import type { IsoDate } from '../../eligibility/model/dates.ts';
import { type FactPath, frenchFact } from '../../eligibility/model/paths.ts';
import { clock, count, french, longDate, number, shortDate } from '../../platform/web/format.ts';
import { type FieldErrors, field, formPage, inSpace } from '../../platform/web/forms.ts';
import type { ListAnswer } from '../model/list-answer.ts';
import { receiptPath } from './receipt.ts';

export const funderPath = '/financeur';
export const checkPath = '/financeur/verifier';
export const listPath = (id: string) => `${checkPath}/${encodeURIComponent(id)}`;

const links = [
  { label: 'Accueil', href: funderPath },
  { label: 'Vérifier', href: checkPath },
  { label: 'Retrouver un reçu', href: '/verdicts' },
];

const page = (title: string, here: string, errors: FieldErrors = {}) => formPage(title, errors, inSpace(links, here));
const moment = (date: Date) => `${shortDate(date)} à ${clock(date)}`;
const shortDay = (day: IsoDate): string => shortDate(new Date(`${day}T12:00:00Z`));

interface Counted {
  readonly verdict: string;
  readonly reason: string;
  readonly count: number;
}

interface ListShown {
  readonly id: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly doneAt: Date | null;
  readonly total: number;
  readonly answered: number;
  readonly receipts: boolean;
  readonly ignored: readonly string[];
  readonly tally: readonly Counted[];
}

/** In the order of the legend; `''` is a line without an answer. */
const verdicts = [
  { value: 'oui', code: 'oui', label: 'oui', tone: 'ok', icon: 'coche', fill: 'a' },
  { value: 'non', code: 'non', label: 'non', tone: 'non', icon: 'croix', fill: 'b' },
  { value: 'indecidable', code: 'indecidable', label: 'indécidable', tone: 'att', icon: 'question', fill: 'c' },
  { value: 'hors_perimetre', code: 'hors_perimetre', label: 'hors périmètre', tone: 'info', icon: 'info', fill: 'd' },
  { value: 'sans', code: '', label: 'ligne illisible', tone: 'att', icon: 'alerte', fill: 'd' },
] as const;

export function funderModel(
  lists: readonly ListShown[],
  receipts: readonly { readonly code: string; readonly issuedAt: Date }[],
) {
  return {
    ...page('Espace financeur', funderPath),
    checkHref: checkPath,
    lists: lists.map((list) => ({
      href: listPath(list.id),
      name: french(`Liste du ${moment(list.createdAt)}`),
      lines: count(list.total, 'ligne'),
      state:
        list.doneAt === null ? `en cours, ${number(list.answered)} sur ${number(list.total)}` : countsText(list.tally),
      until: moment(list.expiresAt),
    })),
    receipts: receipts.map(({ code, issuedAt }) => ({ code, href: receiptPath(code), issued: moment(issuedAt) })),
  };
}

function countsText(tally: readonly Counted[]): string {
  return verdicts
    .map(({ code, label }) => ({ label, total: totalOf(tally, code) }))
    .filter(({ total }) => total > 0)
    .map(({ label, total }) => `${number(total)} ${label}`)
    .join(', ');
}

const totalOf = (tally: readonly Counted[], verdict: string): number =>
  tally.filter((one) => one.verdict === verdict).reduce((sum, one) => sum + one.count, 0);

export interface OneTyped {
  readonly code: string;
  readonly siret: string;
  readonly date: string;
  readonly prix: string;
  readonly situation: string;
  readonly recu: boolean;
}
export const noneTyped: OneTyped = { code: '', siret: '', date: '', prix: '', situation: '', recu: false };

export interface ListTyped {
  readonly lignes: string;
  readonly jour: string;
  readonly recus: boolean;
}
export const noListTyped: ListTyped = { lignes: '', jour: '', recus: false };

export function checkFormModel(
  one: { readonly typed: OneTyped; readonly errors: FieldErrors },
  list: { readonly typed: ListTyped; readonly errors: FieldErrors },
  today: IsoDate,
) {
  const errors = { ...one.errors, ...list.errors };
  const dateHint = `Le jour de l'inscription, par exemple ${shortDay(today)}. Vide : aujourd'hui.`;
  return {
    ...page('Vérifier', checkPath, errors),
    one: {
      action: checkPath,
      fields: [
        field('code', 'Adresse du cours, ou numéro', one.errors, {
          value: one.typed.code,
          hint: 'Adresse d’un cours de ce site, numéro RNCP ou RS, SIRET ou numéro de déclaration.',
        }),
        field('siret', 'SIRET de l’organisme (facultatif)', one.errors, {
          value: one.typed.siret,
          hint: '14 chiffres. Inutile avec l’adresse d’un cours.',
        }),
        field('date', 'Date (facultatif)', one.errors, { value: one.typed.date, hint: dateHint }),
        field('prix', 'Prix, tout compris (facultatif)', one.errors, {
          value: one.typed.prix,
          hint: 'En euros : cours, certificat et examen.',
        }),
        field('situation', 'Situation de la personne (facultatif)', one.errors, {
          value: one.typed.situation,
          hint: 'Le lien que la personne a copié depuis sa réponse. Rien n’en est gardé.',
        }),
      ],
      receipt: one.typed.recu,
    },
    list: {
      action: `${checkPath}/liste`,
      typed: list.typed.lignes,
      error: list.errors.lignes === undefined ? null : french(list.errors.lignes),
      fileError: list.errors.fichier === undefined ? null : french(list.errors.fichier),
      date: field('jour', 'Date pour les lignes qui n’en ont pas (facultatif)', list.errors, {
        value: list.typed.jour,
        hint: dateHint,
      }),
      receipts: list.typed.recus,
    },
  };
}

export interface ListFilterTyped {
  /** A value of the select; '' is all. */
  readonly verdict: string;
  readonly reason: string;
}

/** The verdict that a value of the select stands for; null: all. */
export function verdictOfValue(value: string): string | null {
  return verdicts.find((one) => one.value === value)?.code ?? null;
}

export const perPage = 50;

export function listModel(
  list: ListShown,
  found: { readonly answers: readonly ListAnswer[]; readonly total: number; readonly page: number },
  filter: ListFilterTyped,
  /** Under every verdict (F17). */
  sentences: readonly string[],
) {
  const { total, answered, doneAt, tally } = list;
  const heading = doneAt === null ? 'Vérification en cours' : `${count(total, 'ligne vérifiée', 'lignes vérifiées')}`;
  const pages = Math.max(1, Math.ceil(found.total / perPage));
  const at = (number: number) => {
    const query = new URLSearchParams({
      ...(filter.verdict === '' ? {} : { reponse: filter.verdict }),
      ...(filter.reason === '' ? {} : { raison: filter.reason }),
      ...(number === 1 ? {} : { page: String(number) }),
    }).toString();
    return query === '' ? listPath(list.id) : `${listPath(list.id)}?${query}`;
  };
  return {
    ...page(heading, checkPath),
    heading,
    sent: french(`Liste envoyée le ${moment(list.createdAt)}.`),
    erased: french(
      `La liste et ses réponses seront effacées le ${longDate(list.expiresAt)} à ${clock(list.expiresAt)}.`,
    ),
    ignored:
      list.ignored.length === 0
        ? null
        : french(`Colonnes non lues et non gardées : ${list.ignored.map((title) => `« ${title} »`).join(', ')}.`),
    progress:
      doneAt === null
        ? {
            value: answered,
            max: total,
            text: french(`${number(answered)} lignes sur ${number(total)}`),
            href: listPath(list.id),
          }
        : null,
    csvHref: doneAt === null ? null : `${listPath(list.id)}.csv`,
    chart: answered === 0 ? null : chartOf(tally, answered),
    action: listPath(list.id),
    verdictChoices: [
      { value: '', label: `toutes (${number(answered)})`, selected: filter.verdict === '' },
      ...verdicts
        .map(({ value, code, label }) => ({ value, label, total: totalOf(tally, code) }))
        .filter((one) => one.total > 0)
        .map(({ value, label, total: many }) => ({
          value,
          label: `${label} (${number(many)})`,
          selected: filter.verdict === value,
        })),
    ],
    reasonChoices: [
      { value: '', label: 'toutes', selected: filter.reason === '' },
      ...reasonsOf(tally).map(({ reason, total: many }) => ({
        value: reason,
        label: `${reason} (${number(many)})`,
        selected: filter.reason === reason,
      })),
    ],
    caption:
      found.answers.length === 0
        ? 'Aucune ligne'
        : french(
            `Lignes ${number((found.page - 1) * perPage + 1)} à ${number((found.page - 1) * perPage + found.answers.length)} sur ${number(found.total)}`,
          ),
    answers: found.answers.map((answer) => answerRow(answer, list.receipts)),
    sentences: sentences.map((sentence) => french(sentence)),
    previous: found.page > 1 ? at(found.page - 1) : null,
    next: found.page < pages ? at(found.page + 1) : null,
    pageText: pages < 2 ? null : `Page ${number(found.page)} sur ${number(pages)}`,
  };
}

function reasonsOf(tally: readonly Counted[]) {
  const totals = new Map<string, number>();
  for (const { reason, count: many } of tally) totals.set(reason, (totals.get(reason) ?? 0) + many);
  return [...totals].map(([reason, total]) => ({ reason, total })).sort((a, b) => b.total - a.total);
}

const chartWidth = 1_000;
const smallest = 6;

/** Bars side by side, told apart by their pattern and by the words of the legend. */
function chartOf(tally: readonly Counted[], answered: number) {
  const shares = verdicts
    .map(({ label, code, fill }) => ({ label, fill, total: totalOf(tally, code) }))
    .filter(({ total }) => total > 0);
  const room = chartWidth - shares.length * 4;
  let at = 2;
  const bars = shares.map(({ label, fill, total }) => {
    const width = Math.max(smallest, Math.round((total / answered) * room * 10) / 10);
    const bar = { x: at, width, fill: fillOf(fill), label, total: number(total), percent: percent(total, answered) };
    at += width + 4;
    return bar;
  });
  return {
    title: french(`Répartition des ${number(answered)} réponses`),
    text: french(`${bars.map(({ label, total }) => `${total} ${label}`).join(', ')}.`),
    viewBox: `0 0 ${Math.ceil(at)} 48`,
    bars,
  };
}

const fillOf = (name: string) => ({
  full: name === 'a',
  striped: name === 'b',
  dotted: name === 'c',
  empty: name === 'd',
});
const percent = (total: number, of: number): string => french(`${Math.round((total / of) * 100)} %`);

function answerRow(answer: ListAnswer, receipts: boolean) {
  const state = verdicts.find(({ code }) => code === (answer.verdict ?? '')) ?? verdicts[4];
  const { typed, kept, siret, date, reference, reason, missing, receipt } = answer;
  const details = [
    kept !== '' && typed !== kept ? typed : null,
    siret === null || siret === kept ? null : `SIRET ${siret}`,
    date === null ? null : `au ${shortDay(date)}`,
    reference === '' ? null : `référence ${reference}`,
  ];
  return {
    line: number(answer.line),
    code: kept !== '' ? kept : typed !== '' ? typed : '(non gardé)',
    details: details.filter((part) => part !== null).join(' · '),
    state: { tone: state.tone, icon: state.icon, text: state.label },
    reasonCode: reason.code,
    reason: french(reason.text),
    // The reason may say it already.
    missing:
      missing.length < 2 || reason.text.startsWith('Impossible')
        ? null
        : french(`Il manque : ${missing.map((path: FactPath) => frenchFact(path)).join(', ')}.`),
    receipt: receipt === null ? null : { code: receipt, href: receiptPath(receipt) },
    noReceipt: receipts ? 'pas de réponse, pas de reçu' : 'non demandé',
  };
}

export function checkedModel(checked: {
  readonly verdict: object;
  readonly about: string;
  readonly code: string;
  readonly reason: { readonly code: string; readonly text: string };
}) {
  return {
    ...page('Réponse', checkPath),
    verdict: checked.verdict,
    titre: true,
    facile: false,
    about: checked.about,
    reasonCode: checked.reason.code,
    reason: french(checked.reason.text),
    checkHref: checkPath,
  };
}
