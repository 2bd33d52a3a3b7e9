/** Words of /admin/travaux: when each job runs, in French, how it went, how long it took, and when it runs next. */
import { statusWords } from '../../harvest/words.ts';
import { count, duration, french, number } from '../../platform/web/format.ts';
import { formPage } from '../../platform/web/forms.ts';
import { type JobRun, type JobStanding, type JobTrouble, jobTroubleOf } from '../model.ts';
import { jobPath, shortMoment } from './words.ts';

const weekdays = ['dimanche', 'lundi', 'mardi', 'mercredi', 'jeudi', 'vendredi', 'samedi'];

/** A cron expression of five fields in words; one that no sentence is made for is quoted. */
export function scheduleWords(expression: string): string {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = expression.trim().split(/\s+/);
  const isNumber = (text: string) => /^\d+$/.test(text);
  const quoted = `selon l'horaire « ${expression} »`;
  if (day !== '*' || month !== '*') return quoted;
  if (hour === '*' && weekday === '*') {
    const every = /^\*\/(\d+)$/.exec(minute)?.[1];
    if (minute === '*') return 'toutes les minutes';
    if (every !== undefined) return `toutes les ${every} minutes`;
    return isNumber(minute) ? `chaque heure, à la minute ${minute}` : quoted;
  }
  if (!isNumber(minute) || !isNumber(hour)) return quoted;
  const time = `${hour}\u00a0h\u00a0${minute.padStart(2, '0')}`;
  if (weekday === '*') return `chaque jour à ${time}`;
  const name = isNumber(weekday) ? weekdays[Number(weekday) % 7] : undefined;
  return name === undefined ? quoted : `chaque ${name} à ${time}`;
}

/** Names of figures that jobs give, in French; one that is not here is shown as it is. */
const figureWords: Readonly<Record<string, string>> = {
  scope: 'étendue',
  assessed: 'cours revus',
  changed: 'changements',
  seconds: 'secondes',
  oui: 'oui',
  non: 'non',
  a_verifier: 'à vérifier',
  courses: 'cours',
  pathways: 'parcours',
  reclaimed: 'collectes reprises',
  harvested: 'collectes',
  events: 'événements',
  erased: 'effacés',
  sent: 'envoyés',
  postponed: 'remis à plus tard',
  waiting: 'en attente',
  living: 'parcours publiés',
  written: 'écrits',
  retired: 'retirés',
  uncovered: 'étapes sans cours',
  off: 'désactivé',
  followed: 'organismes prévenus',
  asked: 'liens demandés',
  alive: 'répondent',
  gone: 'absents (404 ou 410)',
  unknown: 'sans réponse claire',
  forbidden: 'non demandés (robots.txt)',
  putOff: 'remis au lendemain',
  dead: 'ne répondent plus',
  operators: 'exploitants',
  quiet: 'rien à traiter',
  withdrawn: 'cours retirés',
  'unverified-accounts': 'comptes jamais confirmés',
  tokens: 'liens de courriel',
  invitations: 'invitations',
  'organisation-proofs': 'justificatifs',
  sessions: 'connexions',
  'sign-in-attempts': 'essais de connexion',
  'sent-mails': 'traces de courriels',
  'harvest-runs': 'collectes anciennes',
  receipts: 'reçus',
  'checked-lists': 'listes vérifiées',
  'job-runs': 'traces de travaux',
  'unfinished-uploads': 'envois inachevés effacés',
  'interrupted-erasures': 'effacements finis',
};

function valueWords(value: unknown): string {
  if (typeof value === 'number') return number(value);
  if (typeof value === 'boolean') return value ? 'oui' : 'non';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return number(value.length);
  return JSON.stringify(value) ?? 'rien';
}

/** A status of a run, a name of ours, or the name as it is. */
function figureWord(name: string): string {
  const own = Object.hasOwn(figureWords, name) ? figureWords[name] : undefined;
  return own ?? (Object.hasOwn(statusWords, name) ? statusWords[name as keyof typeof statusWords] : name);
}

/** « collectes : 6 », one for each figure; those inside a figure too. */
export function figures(result: Readonly<Record<string, unknown>> | null): readonly string[] {
  return Object.entries(result ?? {}).flatMap(([name, value]): readonly string[] => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return figures(Object.fromEntries(Object.entries(value)));
    }
    return [french(`${figureWord(name)} : ${valueWords(value)}`)];
  });
}

const shapes = {
  ok: { tone: 'ok', icon: 'coche' },
  failed: { tone: 'non', icon: 'croix' },
  warned: { tone: 'att', icon: 'alerte' },
  running: { tone: 'info', icon: 'horloge' },
  never: { tone: 'info', icon: 'info' },
} as const;

function troubleBadge({ kind, since }: JobTrouble) {
  const date = shortMoment(since);
  switch (kind) {
    case 'failed':
      return { ...shapes.failed, text: french(`Échoué le ${date}`) };
    case 'late':
      return { ...shapes.warned, text: french(`En retard depuis le ${date}`) };
    case 'overtime':
      return { ...shapes.warned, text: french(`En cours depuis le ${date}, au-delà de son temps limite`) };
    case 'interrupted':
      return { ...shapes.warned, text: french(`Interrompu : commencé le ${date}, jamais fini`) };
  }
}

function badgeOf(job: JobStanding, now: Date) {
  const trouble = jobTroubleOf(job, now);
  if (trouble !== null) return troubleBadge(trouble);
  if (job.runningSince !== null) {
    return { ...shapes.running, text: french(`En cours depuis le ${shortMoment(job.runningSince)}`) };
  }
  return job.lastSuccess === null ? { ...shapes.never, text: 'Jamais lancé' } : { ...shapes.ok, text: 'Réussi' };
}

function lasted(start: Date | null, end: Date | null): string {
  if (start === null) return 'aucune';
  if (end === null || end < start) return 'pas fini';
  const seconds = Math.round((end.getTime() - start.getTime()) / 1_000);
  if (seconds < 1) return 'moins de 1\u00a0s';
  return seconds < 60 ? `${seconds}\u00a0s` : duration(seconds / 60);
}

const moment = (date: Date | null, none: string) => (date === null ? none : french(shortMoment(date)));

function jobLine(job: JobStanding, now: Date) {
  const { name, title, schedule, lastStart, lastEnd, lastSuccess, nextStart } = job;
  return {
    title: french(title),
    href: jobPath(name),
    badge: badgeOf(job, now),
    schedule: french(scheduleWords(schedule)),
    lastStart: moment(lastStart, 'jamais'),
    lastSuccess: moment(lastSuccess, 'jamais'),
    duration: lasted(lastStart, lastEnd),
    next: moment(nextStart, 'inconnu'),
  };
}

export function jobsModel(jobs: readonly JobStanding[], now: Date) {
  const lines = jobs.map((job) => ({ trouble: jobTroubleOf(job, now) !== null, ...jobLine(job, now) }));
  const troubled = lines.filter(({ trouble }) => trouble).length;
  return {
    ...formPage('Travaux'),
    intro: french(
      troubled === 0
        ? 'Tous les travaux sont à jour.'
        : `${count(troubled, 'travail est à regarder', 'travaux sont à regarder')}.`,
    ),
    // What needs a hand stands first.
    jobs: [...lines.filter(({ trouble }) => trouble), ...lines.filter(({ trouble }) => !trouble)],
  };
}

const outcomes = {
  succeeded: { ...shapes.ok, text: 'Réussi' },
  failed: { ...shapes.failed, text: 'Échoué' },
  interrupted: { ...shapes.warned, text: 'Interrompu' },
} as const;

const triggers = { schedule: "à l'heure prévue", person: 'à la main', command: 'par une commande' } as const;

const notices: Readonly<Record<string, string>> = {
  lance: 'Le travail est lancé. Son résultat apparaîtra ici.',
  pris: 'Ce travail est déjà en cours : il n’a pas été lancé une seconde fois.',
};

export function jobModel(
  { job, runs }: { readonly job: JobStanding; readonly runs: readonly JobRun[] },
  done: string,
  now: Date,
) {
  const line = jobLine(job, now);
  return {
    ...formPage(job.title),
    notice: Object.hasOwn(notices, done) ? french(notices[done] ?? '') : null,
    badge: line.badge,
    facts: [
      { label: 'Quand', text: line.schedule },
      { label: 'Dernier départ', text: line.lastStart },
      { label: 'Durée', text: line.duration },
      { label: 'Dernière réussite', text: line.lastSuccess },
      { label: 'Prochain départ', text: line.next },
      { label: 'Temps limite', text: duration(job.maxMinutes) },
    ],
    name: job.name,
    error:
      job.lastError === null ? null : { at: french(shortMoment(job.lastError.at)), message: job.lastError.message },
    launchHref: job.runningSince === null ? `${jobPath(job.name)}/lancer` : null,
    runs: runs.map(({ startedAt, endedAt, outcome, trigger, result, message }) => ({
      start: french(shortMoment(startedAt)),
      duration: outcome === 'interrupted' ? 'pas fini' : lasted(startedAt, endedAt),
      badge: outcomes[outcome],
      trigger: trigger === null ? 'inconnu' : triggers[trigger],
      figures: figures(result),
      message,
    })),
  };
}

export function launchModel({ job }: { readonly job: JobStanding }) {
  const path = jobPath(job.name);
  return {
    ...formPage(`Lancer « ${job.title} » ?`),
    crumb: { label: french(job.title), href: path },
    effects: [
      `Ce travail se lance seul ${scheduleWords(job.schedule)}. Le lancer maintenant fait la même chose, tout de suite.`,
      `S'il dure plus de ${duration(job.maxMinutes)}, il est arrêté.`,
    ].map(french),
    button: { action: `${path}/lancer`, label: 'Lancer maintenant' },
    back: { label: 'Annuler', href: path },
  };
}
