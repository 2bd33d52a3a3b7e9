/** Words of sources shared by the pages of organisations and of the operator. */
import { announcedEnd } from '../../harvest/model/announced-end.ts';
import type { HarvestRun } from '../../harvest/model.ts';
import { sentenceOf, statusWords } from '../../harvest/words.ts';
import { clock, count, french, longDate, number, shortDate } from '../../platform/web/format.ts';
import type { FieldErrors } from '../../platform/web/forms.ts';
import { type RecordRef, recordKey } from '../model/correcting.ts';
import type { Reader } from '../model/report.ts';
import type { NextReading } from '../model/schedule.ts';
import type { Author, Source, SourceState } from '../model.ts';

export const moment = (date: Date) => french(`${longDate(date)} à ${clock(date)}`);
export const shortMoment = (date: Date) => french(`${shortDate(date)} à ${clock(date)}`);

interface Badge {
  readonly tone: 'ok' | 'non' | 'att' | 'info';
  readonly icon: string;
  readonly text: string;
}

const tones: Readonly<Record<SourceState, Pick<Badge, 'tone' | 'icon'>>> = {
  draft: { tone: 'info', icon: 'info' },
  previewed: { tone: 'info', icon: 'info' },
  submitted: { tone: 'att', icon: 'horloge' },
  refused: { tone: 'non', icon: 'croix' },
  approved: { tone: 'ok', icon: 'coche' },
  active: { tone: 'ok', icon: 'coche' },
  paused: { tone: 'att', icon: 'alerte' },
  closed: { tone: 'non', icon: 'ferme' },
};

/** The state in words (4.4); the reason stands beside it, see `reasonOf`. */
export function stateText({ state, stateSince }: Pick<Source, 'state' | 'stateSince'>): string {
  switch (state) {
    case 'draft':
      return 'Brouillon';
    case 'previewed':
      return 'Aperçu fait';
    case 'submitted':
      return "En attente d'acceptation";
    case 'refused':
      return 'Refusée';
    case 'approved':
      return 'Acceptée';
    case 'active':
      return 'Active';
    case 'paused':
      return `En pause depuis le ${longDate(stateSince)}`;
    case 'closed':
      return 'Fermée';
  }
}

export function stateBadge(source: Pick<Source, 'state' | 'stateSince'>): Badge {
  return { ...tones[source.state], text: stateText(source) };
}

const authors: Readonly<Record<Author, string>> = {
  organisation: "par l'organisme",
  operator: "par l'exploitant du site",
  platform: 'par la plateforme',
};

export function historyOf({ history }: Pick<Source, 'history'>) {
  return [...history].reverse().map(({ state, at, reason, by }) => ({
    state: stateText({ state, stateSince: at }),
    at: shortMoment(at),
    by: authors[by],
    reason,
  }));
}

export const rhythmWords: Readonly<Record<Source['rhythm'], string>> = {
  manual: 'Manuel',
  daily: 'Chaque jour',
  weekly: 'Chaque semaine',
  monthly: 'Chaque mois',
};
export const publishingWords: Readonly<Record<Source['publishing'], string>> = {
  live: 'Publier directement',
  review: 'Relire avant publication',
};
export const mailWords: Readonly<Record<Source['mails'], string>> = {
  always: 'Toujours',
  'on-error': "Seulement en cas d'erreur",
  never: 'Jamais',
};

const runTones: Readonly<Record<HarvestRun['status'], Pick<Badge, 'tone' | 'icon'>>> = {
  queued: { tone: 'info', icon: 'horloge' },
  running: { tone: 'info', icon: 'horloge' },
  done: { tone: 'ok', icon: 'coche' },
  'done-with-rejections': { tone: 'att', icon: 'alerte' },
  incomplete: { tone: 'att', icon: 'alerte' },
  held: { tone: 'att', icon: 'alerte' },
  failed: { tone: 'non', icon: 'croix' },
  skipped: { tone: 'info', icon: 'info' },
};

const triggers: Readonly<Record<HarvestRun['trigger'], string>> = {
  schedule: 'planifiée',
  manual: 'à la main',
  resume: 'reprise',
  start: 'au démarrage du site',
  replay: 'fiches relues',
};

export const operatedRunsPath = '/admin/collectes';

export function runPath(id: string, reader: Reader): string {
  const space = reader === 'operator' ? operatedRunsPath : '/fournisseur/collectes';
  return `${space}/${encodeURIComponent(id)}`;
}

const spaceOf = (reader: Reader) => (reader === 'operator' ? '/admin' : '/fournisseur');

export function recordPath(ref: RecordRef, reader: Reader): string {
  return `${spaceOf(reader)}/fiches/${recordKey(ref)}`;
}

/** The corrections of a source. */
export function correctionsPath(sourceId: string, reader: Reader): string {
  return `${spaceOf(reader)}/sources/${encodeURIComponent(sourceId)}/corrections`;
}

export function runLine(run: HarvestRun, reader: Reader) {
  const { received, created, updated, quarantined } = run.counters;
  return {
    badge: { ...runTones[run.status], text: statusWords[run.status] },
    sentence: french(sentenceOf(run)),
    start: shortMoment(run.startedAt ?? run.queuedAt),
    href: runPath(run.id, reader),
    trigger: triggers[run.trigger],
    counts: `${count(received, 'reçue')}, ${count(created, 'ajoutée')}, ${count(updated, 'modifiée')}, ${number(quarantined)} en quarantaine`,
  };
}

/** The source says that what it answers with ends; null when it says nothing of the kind. @param runs newest first */
export function sunsetSentence(runs: readonly HarvestRun[]): string | null {
  const announced = announcedEnd(runs);
  return announced === null
    ? null
    : french(
        `La source annonce la fin de ce format le ${longDate(announced.end)}. Vérifiez l'adresse et le format avant cette date.`,
      );
}

/** When an answer about a record of this source acts. */
export function actsSentence({ at, isActive, state, rhythm, leftAlone }: NextReading, title: string): string {
  if (isActive) {
    return french(
      `Une collecte de « ${title} » est demandée ou en cours. Si elle a déjà lu cette fiche, la réponse s'applique à la suivante.`,
    );
  }
  const next = `La réponse s'applique à la prochaine collecte de « ${title} »`;
  if (at !== null) {
    return french(`${next}, prévue le ${moment(at)}${leftAlone ? ', car son serveur ne répond plus' : ''}.`);
  }
  if (state === 'active' && rhythm === 'manual') {
    return french(`${next}. Cette source est collectée à la demande : aucune date n'est prévue.`);
  }
  const why =
    state === 'paused' ? ' : cette source est en pause' : state === 'closed' ? ' : cette source est fermée' : '';
  return french(`${next}. Aucune n'est prévue${why}.`);
}

/** Where a person asks for the run that acts on the answer; null when none may be asked for. */
export function launchPath({ launch }: NextReading): string | null {
  if (launch === null) return null;
  return 'runId' in launch
    ? `${runPath(launch.runId, 'operator')}/refaire`
    : `/fournisseur/sources/${encodeURIComponent(launch.sourceId)}/collectes`;
}

/** Records by state, in the words of 3.4. */
export function recordCounts(
  presence: { readonly pending: number; readonly published: number; readonly missing: number },
  quarantined: number,
) {
  return [
    { label: presence.published < 2 ? 'publiée' : 'publiées', value: number(presence.published) },
    { label: 'en attente', value: number(presence.pending) },
    { label: presence.missing < 2 ? 'absente' : 'absentes', value: number(presence.missing) },
    { label: 'en quarantaine', value: number(quarantined) },
  ];
}

/** What a catalogue in a file may be, for the file chooser of browsers. */
export const acceptedFiles = '.xml,.json,.csv';

const megabyte = 1_048_576;

export function fileWords({ name, bytes, at }: NonNullable<Source['file']>): string {
  const size =
    bytes < megabyte
      ? `${number(Math.max(1, Math.round(bytes / 1_024)))} Ko`
      : `${number(Math.round((bytes / megabyte) * 10) / 10)} Mo`;
  return french(`${name}, ${size}, envoyé le ${moment(at)}`);
}

/** One choice among several, as radio buttons. */
export function choiceGroup(
  name: string,
  legend: string,
  options: readonly { readonly value: string; readonly label: string; readonly hint?: string }[],
  chosen: string,
  errors: FieldErrors,
) {
  const error = errors[name];
  return {
    name,
    legend: french(legend),
    error: error === undefined ? null : french(error),
    options: options.map(({ value, label, hint }, at) => ({
      // The link of the summary leads to the first choice.
      id: at === 0 ? name : `${name}-${value}`,
      name,
      value,
      label: french(label),
      hint: hint === undefined ? null : french(hint),
      checked: chosen === value,
    })),
  };
}

/** « 12 cours seront retirés le 22 novembre 2026. » */
export function closingSentence(effect: { readonly courses: number; readonly at: Date }): string {
  const { courses, at } = effect;
  if (courses === 0) return "Cette source n'a aucun cours sur le site : aucun ne sera retiré.";
  return courses === 1
    ? french(`1 cours sera retiré le ${longDate(at)}.`)
    : french(`${number(courses)} cours seront retirés le ${longDate(at)}.`);
}
