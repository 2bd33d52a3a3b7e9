/** Words of /admin: what needs a hand now, each with how many, since when, and where to go. */
import { count, daysBetween, french, longDate, number, shortDate } from '../../platform/web/format.ts';
import { formPage } from '../../platform/web/forms.ts';
import type { JobStanding, Situation, Watch } from '../model.ts';
import {
  heldWords,
  jobPath,
  jobsPath,
  mailsPath,
  quietSentence,
  resultWord,
  runningWords,
  shortMoment,
  troubleWords,
} from './words.ts';

const sourcesPath = '/admin/sources';
const runsPath = '/admin/collectes';
const organisationsPath = '/admin/organismes';
const reviewPath = '/admin/revue';
const gapsPath = '/admin/ecarts';
const sourcePath = (id: string) => `${sourcesPath}/${encodeURIComponent(id)}`;
const runPath = (id: string) => `${runsPath}/${encodeURIComponent(id)}`;

interface Matter {
  readonly text: string;
  readonly href: string;
  readonly detail: string;
  readonly since: Date;
  /** How many things it stands for. */
  readonly worth?: number;
}

/** Matters named on the page; the link of the topic leads to the others. */
const namedAtMost = 4;

function topicOf(label: string, href: string, matters: readonly Matter[]) {
  if (matters.length === 0) return [];
  const sorted = [...matters].sort((a, b) => a.since.getTime() - b.since.getTime());
  const oldest = sorted[0]?.since;
  const total = matters.reduce((sum, { worth = 1 }) => sum + worth, 0);
  const left = sorted.length - namedAtMost;
  return [
    {
      label: french(label),
      href,
      count: number(total),
      since: oldest === undefined ? '' : shortDate(oldest),
      matters: sorted.slice(0, namedAtMost).map(({ text, href: to, detail }) => ({
        text,
        href: to,
        detail: french(detail),
      })),
      more: left <= 0 ? null : french(`et ${count(left, 'autre', 'autres')}`),
    },
  ];
}

function topicsOf(watch: Watch) {
  const { situations, waitingSources, waitingOrganisations, proposals, jobs, mails, gaps } = watch;
  const of = (pick: (situation: Situation) => Omit<Matter, 'text'> | null): Matter[] =>
    situations.flatMap((situation) => {
      const matter = pick(situation);
      return matter === null ? [] : [{ ...matter, text: situation.source.title }];
    });
  const ended = (run: { readonly endedAt: Date | null; readonly queuedAt: Date }) => run.endedAt ?? run.queuedAt;
  return [
    ...topicOf(
      'Collectes bloquées par sécurité',
      runsPath,
      of(({ held }) =>
        held === null ? null : { href: runPath(held.id), detail: heldWords(held), since: ended(held) },
      ),
    ),
    ...topicOf(
      "Sources en attente d'acceptation",
      sourcesPath,
      waitingSources.map(({ id, title, stateSince }) => ({
        text: title,
        href: sourcePath(id),
        detail: `envoyée le ${shortDate(stateSince)}`,
        since: stateSince,
      })),
    ),
    ...topicOf(
      'Financeurs en attente',
      organisationsPath,
      waitingOrganisations.map(({ id, name, since }) => ({
        text: name,
        href: `${organisationsPath}/${encodeURIComponent(id)}`,
        detail: `depuis le ${shortDate(since)}`,
        since,
      })),
    ),
    ...topicOf(
      'Cours à rapprocher, peut-être les mêmes',
      reviewPath,
      proposals.since === null
        ? []
        : [{ text: 'File de revue', href: reviewPath, detail: '', since: proposals.since, worth: proposals.total }],
    ),
    ...topicOf(
      'Sources non collectées à leur heure',
      sourcesPath,
      of(({ source, missedAt }) =>
        missedAt === null
          ? null
          : { href: sourcePath(source.id), detail: `attendue le ${shortMoment(missedAt)}`, since: missedAt },
      ),
    ),
    ...topicOf(
      'Sources en échec',
      runsPath,
      of(({ failing }) =>
        failing === null
          ? null
          : {
              href: runPath(failing.last.id),
              detail: `dernier résultat : ${resultWord(failing.last)}`,
              since: failing.since,
            },
      ),
    ),
    ...topicOf(
      'Serveurs laissés au repos',
      sourcesPath,
      of(({ source, resting }) =>
        resting === null
          ? null
          : {
              href: sourcePath(source.id),
              detail: `${count(resting.failures, 'échec')} de suite, prochain essai après le ${shortMoment(resting.until)}`,
              since: resting.since,
            },
      ),
    ),
    ...topicOf(
      'Formats dont la source annonce la fin',
      sourcesPath,
      of(({ source, sunset }) =>
        sunset === null
          ? null
          : { href: sourcePath(source.id), detail: `fin annoncée le ${shortDate(sunset.end)}`, since: sunset.toldAt },
      ),
    ),
    ...topicOf(
      'Travaux à regarder',
      jobsPath,
      jobs.map((job) => ({
        text: job.title,
        href: jobPath(job.name),
        detail: troubleWords(job, shortMoment),
        since: job.since,
      })),
    ),
    ...topicOf(
      'Courriels non partis',
      mailsPath,
      mails.map(({ template, state, since, endedAt }) => ({
        text: template,
        href: mailsPath,
        detail:
          state === 'failed'
            ? `abandonné le ${shortMoment(endedAt ?? since)}`
            : `en attente depuis le ${shortMoment(since)}`,
        since,
      })),
    ),
    ...topicOf(
      'Écarts des reçus',
      gapsPath,
      gaps.map(({ number: at, at: since }) => ({
        text: `Écart n° ${at}`,
        href: gapsPath,
        detail: `constaté le ${shortMoment(since)}`,
        since,
      })),
    ),
    ...topicOf(
      'Fiches en quarantaine',
      runsPath,
      of(({ quarantine }) =>
        quarantine === null
          ? null
          : {
              href: runPath(quarantine.run.id),
              detail: count(quarantine.count, 'fiche'),
              since: ended(quarantine.run),
              worth: quarantine.count,
            },
      ),
    ),
  ];
}

/** Days after which a register is said to be old (4.1). */
const oldRegisterDays = 7;

function registerWords(date: string | null, now: Date): string {
  if (date === null) return 'aucun registre importé : les exemples livrés avec le site répondent';
  const day = new Date(`${date}T12:00:00Z`);
  const age = daysBetween(day, now);
  return `Registre du ${longDate(day)}${age > oldRegisterDays ? `, il y a ${count(age, 'jour')}` : ''}`;
}

export function dashboardModel({ watch, jobs }: { readonly watch: Watch; readonly jobs: readonly JobStanding[] }) {
  const topics = topicsOf(watch);
  const runs = watch.situations.flatMap(({ source, running }) =>
    running === null ? [] : [{ text: source.title, href: runPath(running.id), detail: french(runningWords(running)) }],
  );
  const working = jobs.flatMap(({ name, title, runningSince }) =>
    runningSince === null
      ? []
      : [{ text: title, href: jobPath(name), detail: french(`depuis le ${shortMoment(runningSince)}`) }],
  );
  return {
    ...formPage('Exploitation'),
    intro: french(`${count(topics.length, 'sujet demande une action', 'sujets demandent une action')}.`),
    quiet: topics.length === 0 ? french(quietSentence(watch.lastSuccess)) : null,
    topics,
    running: [...runs, ...working],
    facts: [
      { label: 'Regardé le', text: shortMoment(watch.at) },
      {
        label: 'Dernière collecte réussie',
        text: watch.lastSuccess === null ? 'aucune' : shortMoment(watch.lastSuccess),
      },
      { label: 'Registre des certifications', text: registerWords(watch.registerDate, watch.at) },
      { label: 'Sources suivies', text: number(watch.situations.length) },
    ].map(({ label, text }) => ({ label: french(label), text: french(text) })),
  };
}
