/** Words of the operator's pages about sources. */
import type { HarvestRun } from '../../harvest/model.ts';
import { french, shortDate } from '../../platform/web/format.ts';
import { type FieldErrors, field, formPage } from '../../platform/web/forms.ts';
import type { Source } from '../model.ts';
import { deadLinksLine } from './dead-links.ts';
import {
  closingSentence,
  correctionsPath,
  fileWords,
  historyOf,
  mailWords,
  moment,
  publishingWords,
  recordCounts,
  rhythmWords,
  runLine,
  stateBadge,
  sunsetSentence,
} from './words.ts';

export const operatedPath = '/admin/sources';
export const operatedSourcePath = (id: string) => `${operatedPath}/${encodeURIComponent(id)}`;

const done: Readonly<Record<string, string>> = {
  acceptee: 'Source acceptée. Son organisme est averti par courriel.',
  refusee: 'Source refusée. La raison est envoyée par courriel à son organisme.',
  active: 'Source active : elle sera collectée à son rythme.',
  pause: 'Source en pause : ses cours restent sur le site.',
  fermee: 'Source fermée : ses cours sont retirés.',
};
const doneWords = (code: string) => (Object.hasOwn(done, code) ? french(done[code] ?? '') : null);

interface Operated {
  readonly source: Source;
  readonly organisation: string | null;
  readonly lastRun: HarvestRun | null;
}

/** Sources of one page. */
export const sourcesPerPage = 50;

export function sourcesModel(all: readonly Operated[], page: number, doneCode: string) {
  const waiting = all.filter(({ source }) => source.state === 'submitted');
  const others = all.filter(({ source }) => source.state !== 'submitted');
  const from = (page - 1) * sourcesPerPage;
  const line = ({ source, organisation, lastRun }: Operated) => ({
    title: source.title,
    href: operatedSourcePath(source.id),
    organisation: organisation ?? 'partenaire connu, sans organisme inscrit',
    format: source.connector,
    badge: stateBadge(source),
    since: shortDate(source.stateSince),
    lastRun: lastRun === null ? null : runLine(lastRun, 'operator'),
  });
  return {
    ...formPage('Sources'),
    notice: doneWords(doneCode),
    // The oldest ones first: those after a page of them come when these are answered.
    waiting: page === 1 ? waiting.slice(0, sourcesPerPage).map(line) : [],
    isFirst: page === 1,
    others: others.slice(from, from + sourcesPerPage).map(line),
    previous: page > 1 ? `${operatedPath}?page=${page - 1}` : null,
    next: others.length > from + sourcesPerPage ? `${operatedPath}?page=${page + 1}` : null,
  };
}

export function operatedSourceModel(
  page: Operated & {
    readonly runs: readonly HarvestRun[];
    readonly presence: { readonly pending: number; readonly published: number; readonly missing: number };
    readonly quarantined: number;
    readonly leftAloneUntil: Date | null;
    readonly deadLinks: number;
  },
  parts: { readonly done: string; readonly errors: FieldErrors; readonly typed: string; readonly act: string },
) {
  const { source, organisation, runs, presence, quarantined, leftAloneUntil, deadLinks } = page;
  const path = operatedSourcePath(source.id);
  const { state } = source;
  /** The reason of one act: its field has its own id, so that the summary leads to the right one. */
  const reasonFor = (act: string, label: string) => {
    const id = `reason-${act}`;
    const mine = parts.act === act;
    return field(id, label, mine ? parts.errors : {}, { value: mine ? parts.typed : '' });
  };
  return {
    ...formPage(source.title, parts.errors),
    notice: doneWords(parts.done),
    badge: stateBadge(source),
    since: moment(source.stateSince),
    reason: source.stateReason,
    organisation: organisation ?? 'aucun : partenaire connu',
    format: source.connector,
    homepage: source.homepage,
    access: source.file === null ? addressOf(source) : fileWords(source.file),
    rhythm: rhythmWords[source.rhythm],
    publishing: publishingWords[source.publishing],
    mails: organisation === null ? null : mailWords[source.mails],
    id: source.id,
    leftAlone:
      leftAloneUntil === null
        ? null
        : french(`Son serveur ne répond plus : prochain essai après le ${moment(leftAloneUntil)}.`),
    counts: recordCounts(presence, quarantined),
    sunset: sunsetSentence(runs),
    deadLinks: deadLinksLine(source.id, 'operator', deadLinks),
    correctionsHref: correctionsPath(source.id, 'operator'),
    runs: runs.map((run) => runLine(run, 'operator')),
    history: historyOf(source),
    acceptAction: state === 'submitted' ? `${path}/accepter` : null,
    refuse:
      state === 'submitted'
        ? { action: `${path}/refuser`, field: reasonFor('refuse', 'Raison du refus, envoyée à l’organisme') }
        : null,
    activateAction: state === 'paused' || state === 'approved' ? `${path}/activer` : null,
    pause:
      state === 'active'
        ? { action: `${path}/pause`, field: reasonFor('pause', 'Raison de la pause, lue par l’organisme') }
        : null,
    closeHref: state === 'closed' || state === 'submitted' ? null : `${path}/fermer`,
  };
}

/** Without its query, which may hold a key of the partner. */
function addressOf({ config }: Source): string {
  const url = String(config.url ?? '');
  if (!URL.canParse(url)) return url === '' ? 'aucune adresse' : url;
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search === '' ? '' : '?…'}`;
}

export function operatedClosingModel(
  asked: { readonly source: Source; readonly effect: { readonly courses: number; readonly at: Date } },
  typed: string,
  errors: FieldErrors,
) {
  const { source, effect } = asked;
  const path = operatedSourcePath(source.id);
  return {
    ...formPage(`Fermer « ${source.title} » ?`, errors),
    crumb: { label: source.title, href: path },
    effects: [
      closingSentence(effect),
      'Leur page dira que la source est fermée. Les étapes déjà faites et les preuves des apprenants restent.',
      ...(source.organisationId === null ? [] : ["L'organisme reçoit la raison par courriel."]),
      'Une source fermée ne se rouvre pas.',
    ].map(french),
    action: `${path}/fermer`,
    fields: [field('reason', 'Pourquoi ?', errors, { value: typed })],
    button: 'Fermer cette source',
    back: { label: 'Annuler', href: path },
  };
}
