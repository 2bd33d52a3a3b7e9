/** The mail of the night, in words: what happened by source, what goes on, and what else the platform needs. */
import { count, longDate } from '../../platform/web/format.ts';
import type { Situation, Watch } from '../model.ts';
import { heldWords, longMoment, quietSentence, resultWord, runningWords, some, troubleWords } from './words.ts';

/** Sources named in one mail; the page has them all. */
const sourcesAtMost = 40;
const namedAtMost = 5;

/** As templates print them. */
const lined = (lines: readonly string[]) => lines.map((line) => ({ line }));

/** Runs that ended since the digest before, by result. */
export interface NightRuns {
  readonly total: number;
  readonly succeeded: number;
}

function linesOf({ held, failing, missedAt, resting, sunset, quarantine }: Situation): readonly string[] {
  return [
    ...(held === null ? [] : [`Collecte ${heldWords(held)}. Depuis le ${longMoment(held.endedAt ?? held.queuedAt)}.`]),
    ...(missedAt === null ? [] : [`N'a pas été collectée à son heure, le ${longMoment(missedAt)}.`]),
    ...(failing === null
      ? []
      : [`Collecte en échec depuis le ${longMoment(failing.since)}. Dernier résultat : ${resultWord(failing.last)}.`]),
    ...(resting === null
      ? []
      : [
          `Serveur laissé au repos après ${count(resting.failures, 'échec')} de suite. Prochain essai après le ${longMoment(resting.until)}.`,
        ]),
    ...(sunset === null ? [] : [`La source annonce la fin de ce format le ${longDate(sunset.end)}.`]),
    ...(quarantine === null
      ? []
      : [`${count(quarantine.count, 'fiche')} en quarantaine, à la collecte du ${longDate(quarantine.run.queuedAt)}.`]),
  ];
}

function siteLines({ waitingSources, waitingOrganisations, proposals, jobs, mails, gaps }: Watch): readonly string[] {
  const since = (first: Date | undefined) => (first === undefined ? '' : `, depuis le ${longDate(first)}`);
  const line = (found: readonly unknown[], text: string) => (found.length === 0 ? [] : [`${text}.`]);
  return [
    ...line(
      waitingSources,
      `${count(waitingSources.length, 'source attend', 'sources attendent')} votre réponse${since(waitingSources[0]?.stateSince)}`,
    ),
    ...line(
      waitingOrganisations,
      `${count(waitingOrganisations.length, 'financeur attend', 'financeurs attendent')} votre réponse${since(waitingOrganisations[0]?.since)}`,
    ),
    ...(proposals.total === 0
      ? []
      : [
          `${count(proposals.total, 'rapprochement de cours attend', 'rapprochements de cours attendent')} une relecture${since(proposals.since ?? undefined)}.`,
        ]),
    ...jobs.map((job) => `Travail « ${job.title} » : ${troubleWords(job, longMoment)}.`),
    ...line(
      mails,
      `${count(mails.length, "courriel n'est pas parti", 'courriels ne sont pas partis')}${since(mails[0]?.since)}`,
    ),
    ...line(gaps, `${count(gaps.length, 'écart')} de reçu à regarder${since(gaps[0]?.at)}`),
  ];
}

/**
 * @param safe makes a text that a partner wrote fit for a mail
 * @returns lists of lines, for the templates `digest`
 */
export function digestModel(watch: Watch, runs: NightRuns, safe: (title: string, id: string) => string) {
  const told = watch.situations
    .map((situation) => ({ name: nameOf(situation, safe), lines: linesOf(situation) }))
    .filter(({ lines }) => lines.length > 0);
  const running = watch.situations.flatMap((situation) =>
    situation.running === null ? [] : [`${nameOf(situation, safe)} : ${runningWords(situation.running)}.`],
  );
  const site = siteLines(watch);
  const points = told.reduce((sum, { lines }) => sum + lines.length, 0) + site.length;
  const left = told.slice(sourcesAtMost).map(({ name }) => name);
  return {
    day: longDate(watch.at),
    summary: points === 0 ? 'rien à traiter' : count(points, 'point à traiter', 'points à traiter'),
    runs:
      runs.total === 0
        ? "Aucune collecte ne s'est terminée depuis hier."
        : `${count(runs.total, 'collecte terminée', 'collectes terminées')} depuis hier, dont ${count(runs.succeeded, 'réussie')}.`,
    quiet: lined(points === 0 ? [quietSentence(watch.lastSuccess)] : []),
    sources: told.slice(0, sourcesAtMost).map(({ name, lines }) => ({ name, lines: lined(lines) })),
    others: lined(left.length === 0 ? [] : [`Aussi : ${some(left, namedAtMost)}.`]),
    running: lined(running),
    site: lined(site),
  };
}

const nameOf = ({ source }: Situation, safe: (title: string, id: string) => string) => safe(source.title, source.id);
