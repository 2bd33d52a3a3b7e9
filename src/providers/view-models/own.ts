/** Words of the pages of an organisation about its sources. */

import type { Setting } from '../../harvest/model/settings.ts';
import { typedOf } from '../../harvest/model/settings.ts';
import type { HarvestRun } from '../../harvest/model.ts';
import { count, french } from '../../platform/web/format.ts';
import { type FieldErrors, field } from '../../platform/web/forms.ts';
import { isAccepted, isDraft, type Source } from '../model.ts';
import { deadLinksLine } from './dead-links.ts';
import { homePath, providerPage, registrationPath } from './space.ts';
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

export const sourcePath = (id: string) => `/fournisseur/sources/${encodeURIComponent(id)}`;

interface Presence {
  readonly pending: number;
  readonly published: number;
  readonly missing: number;
}

interface OwnSource {
  readonly source: Source;
  readonly organisation: { readonly name: string };
  readonly lastRun: HarvestRun | null;
  readonly presence: Presence;
  readonly quarantined: number;
}

/** What was just done, after a redirection; a code in the address. */
const done: Readonly<Record<string, string>> = {
  envoyee: "Votre source est envoyée. Elle sera collectée quand l'exploitant du site l'aura acceptée.",
  reglages: 'Réglages enregistrés.',
  fichier: 'Le nouveau fichier est gardé. Il sera lu à la prochaine collecte.',
  choix: 'Choix enregistrés.',
  collecte: 'La collecte est demandée. Son résultat apparaîtra ici.',
  pause: 'Source en pause : ses cours restent sur le site.',
  reprise: 'Source reprise.',
  fermee: 'Source fermée : ses cours sont retirés.',
  abandon: 'Brouillon abandonné.',
};

export const doneWords = (code: string) => (Object.hasOwn(done, code) ? french(done[code] ?? '') : null);

export function homeModel(
  home: {
    readonly organisations: readonly { readonly name: string }[];
    readonly sources: readonly OwnSource[];
  },
  doneCode: string,
) {
  const [only] = home.organisations;
  const several = home.organisations.length > 1;
  return {
    ...providerPage('Vos sources', homePath, several ? null : (only?.name ?? null)),
    notice: doneWords(doneCode),
    declareHref: registrationPath,
    sources: home.sources.map(({ source, organisation, lastRun, presence, quarantined }) => ({
      title: source.title,
      href: nextHref(source),
      organisation: several ? organisation.name : null,
      badge: stateBadge(source),
      reason: source.stateReason,
      lastRun: lastRun === null ? null : runLine(lastRun, 'organisation'),
      harvested: lastRun !== null,
      counts: recordCounts(presence, quarantined),
    })),
  };
}

/** A draft goes on where it was left. */
function nextHref(source: Source): string {
  const path = sourcePath(source.id);
  if (source.state === 'draft') return `${path}/reglages`;
  return source.state === 'previewed' ? `${path}/choix` : path;
}

/** A setting that is kept, as it is shown: never a secret. */
function shownSetting({ name, label, kind }: Setting, source: Source) {
  const secret = kind === 'secret';
  const value = secret ? (Object.hasOwn(source.sealed, name) ? 'enregistré' : '') : typedOf(source.config[name]);
  return { label: french(label), value: value === '' ? 'non renseigné' : value };
}

export function sourceModel(
  page: OwnSource & {
    readonly owner: boolean;
    readonly runs: readonly HarvestRun[];
    readonly nextRun: Date | null;
    readonly leftAloneUntil: Date | null;
    readonly deadLinks: number;
    readonly refusal: string | null;
    readonly resumable: boolean;
  },
  draft: { readonly format: { readonly title: string } | undefined; readonly settings: readonly Setting[] },
  parts: { readonly done: string; readonly errors: FieldErrors },
) {
  const { source, organisation, owner, lastRun, runs, presence, quarantined, refusal, resumable } = page;
  const path = sourcePath(source.id);
  const accepted = isAccepted(source);
  const closable = owner && source.state !== 'closed' && source.state !== 'submitted';
  return {
    ...providerPage(source.title, homePath, organisation.name, parts.errors),
    notice: doneWords(parts.done),
    badge: stateBadge(source),
    reason:
      source.state === 'refused' || source.state === 'paused' || source.state === 'closed' ? source.stateReason : null,
    since: moment(source.stateSince),
    correctAction: source.state === 'refused' ? `${path}/corriger` : null,
    waits: source.state === 'submitted',
    goOnHref: isDraft(source) && source.state !== 'refused' ? nextHref(source) : null,
    hasRecords: lastRun !== null,
    counts: recordCounts(presence, quarantined),
    sunset: sunsetSentence(runs),
    deadLinks: deadLinksLine(source.id, 'organisation', page.deadLinks),
    correctionsHref: correctionsPath(source.id, 'organisation'),
    run: {
      shown: accepted,
      action: refusal === null ? `${path}/collectes` : null,
      refusal: refusal === null ? null : french(refusal),
    },
    next: nextWords(source, page.nextRun, page.leftAloneUntil),
    runs: runs.map((run) => runLine(run, 'organisation')),
    runsCaption: french(`Les ${count(runs.length, 'dernière collecte', 'dernières collectes')}`),
    format: draft.format?.title ?? "Ce format n'est plus lu sur cette installation.",
    homepage: source.homepage,
    settings: draft.settings.map((setting) => shownSetting(setting, source)),
    file: source.file === null ? null : fileWords(source.file),
    editable: source.state !== 'submitted' && source.state !== 'closed',
    settingsHref: `${path}/reglages`,
    previewHref: source.state === 'closed' ? null : `${path}/apercu`,
    choicesHref: source.state === 'closed' ? null : `${path}/choix`,
    rhythm: rhythmWords[source.rhythm],
    publishing: publishingWords[source.publishing],
    mails: mailWords[source.mails],
    history: historyOf(source),
    pause:
      source.state === 'active'
        ? {
            action: `${path}/pause`,
            fields: [
              field('reason', 'Pourquoi cette pause ?', parts.errors, {
                hint: 'Gardé dans l’historique de la source.',
              }),
            ],
          }
        : null,
    resumeAction: resumable ? `${path}/reprise` : null,
    closeHref: closable ? `${path}/fermer` : null,
    closeLabel: isDraft(source) ? 'Abandonner ce brouillon' : 'Fermer cette source',
  };
}

function nextWords(source: Source, next: Date | null, leftAloneUntil: Date | null): string {
  if (source.state !== 'active') return 'aucune collecte prévue';
  if (source.rhythm === 'manual') return 'quand vous la lancez';
  if (next === null) return 'aucune collecte prévue';
  const when = `le ${moment(next)}`;
  return leftAloneUntil === null ? when : `${when}, car votre serveur ne répond plus`;
}

export function closeModel(
  asked: { readonly source: Source; readonly effect: { readonly courses: number; readonly at: Date } },
  errors: FieldErrors,
) {
  const { source, effect } = asked;
  const path = sourcePath(source.id);
  const isAbandon = isDraft(source);
  return {
    ...providerPage(
      isAbandon ? `Abandonner « ${source.title} » ?` : `Fermer « ${source.title} » ?`,
      homePath,
      null,
      errors,
    ),
    crumb: { label: source.title, href: path },
    effects: [
      ...(isAbandon
        ? ['Ce brouillon ne sera pas envoyé.']
        : [
            closingSentence(effect),
            'Leur page dira que la source est fermée. Les étapes déjà faites et les preuves des apprenants restent.',
          ]),
      ...(source.file === null ? [] : ['Le fichier envoyé est effacé.']),
      'Une source fermée ne se rouvre pas.',
    ].map(french),
    action: `${path}/fermer`,
    fields: [field('reason', 'Pourquoi ?', errors, { hint: 'Gardé dans l’historique de la source.' })],
    button: isAbandon ? 'Abandonner ce brouillon' : 'Fermer cette source',
    back: { label: 'Annuler', href: path },
  };
}
