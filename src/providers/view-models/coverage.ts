/** /couverture: what the platform knows, source by source, and what it does not. */

import { changesAddress } from '../../catalogue/model/addresses.ts';
import type { FilledFields } from '../../catalogue/model/filled.ts';
import { problemPath } from '../../harvest/model/problem-help.ts';
import { statusWords } from '../../harvest/words.ts';
import { count, daysBetween, french, longDate, number, shortDate } from '../../platform/web/format.ts';
import type { SourceCoverage } from '../model/coverage.ts';

const fieldWords: Readonly<Record<Exclude<keyof FilledFields, 'courses'>, string>> = {
  price: 'prix ou gratuité',
  certificate: 'certificat',
  dates: 'dates de session',
  effort: 'durée',
  level: 'niveau',
  languages: 'langue',
  description: 'présentation',
  competences: 'compétences',
};

export function coverageModel(sources: readonly SourceCoverage[], now: Date) {
  const courses = sources.reduce((sum, { filled }) => sum + (filled?.courses ?? 0), 0);
  const total: FilledFields = sources.reduce(
    (sum, { filled }) =>
      filled === null
        ? sum
        : (Object.fromEntries(
            Object.entries(sum).map(([name, value]) => [name, value + filled[name as keyof FilledFields]]),
          ) as unknown as FilledFields),
    nothing,
  );
  return {
    title: 'Ce que le catalogue couvre',
    description: 'Par source : dernière lecture, part des informations remplies, fiches en quarantaine.',
    noindex: false,
    section: null,
    intro: french(
      `${count(courses, 'cours affiché', 'cours affichés')}, ${count(sources.length, 'source')}. Ce qui manque est dit.`,
    ),
    fields: Object.values(fieldWords),
    shares: courses === 0 ? [] : sharesOf(total),
    sources: [...sources]
      .sort((a, b) => (b.filled?.courses ?? 0) - (a.filled?.courses ?? 0))
      .map((one) => sourceModel(one, now)),
  };
}

const nothing: FilledFields = {
  courses: 0,
  price: 0,
  certificate: 0,
  dates: 0,
  effort: 0,
  level: 0,
  languages: 0,
  description: 0,
  competences: 0,
};

/** A share is rounded down: 100 % is said of nothing less than all. */
function sharesOf(filled: FilledFields) {
  return (Object.keys(fieldWords) as (keyof typeof fieldWords)[]).map((name) => {
    const share = Math.floor((filled[name] / filled.courses) * 100);
    return { label: fieldWords[name], share, text: french(`${share} %`) };
  });
}

function sourceModel({ source, filled, lastSuccess, lastRun, causes, quarantined }: SourceCoverage, now: Date) {
  const age = lastSuccess === null ? null : daysBetween(lastSuccess, now);
  const undecided = lastRun?.status === 'held' && lastRun.decision === null;
  return {
    id: `s-${source.id.replace(/[^\w-]/g, '-')}`,
    title: source.title,
    demo: source.demo,
    changes: changesAddress(source.id),
    courses: filled === null ? 'aucun cours affiché' : count(filled.courses, 'cours affiché', 'cours affichés'),
    read: french(
      age === null || lastSuccess === null
        ? 'jamais lue en entier'
        : `lue en entier le ${longDate(lastSuccess)} (${age === 0 ? "aujourd'hui" : `il y a ${count(age, 'jour')}`})`,
    ),
    state:
      source.state === 'active'
        ? null
        : french(`${source.state === 'paused' ? 'En pause' : 'Fermée'} depuis le ${shortDate(source.stateSince)}`),
    lastRun: lastRun === null ? null : statusWords[lastRun.status],
    held: undecided ? "La dernière collecte est bloquée par sécurité : rien n'a été retiré." : null,
    licence: source.licence,
    shares: filled === null ? [] : sharesOf(filled),
    quarantined: quarantined === 0 ? null : french(`${number(quarantined)} en quarantaine`),
    causes: causes.map(({ code, count: times }) => ({ code, href: problemPath(code), count: number(times) })),
  };
}
