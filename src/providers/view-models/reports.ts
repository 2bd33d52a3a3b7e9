/** The report of a run (4.4, 4.6), the list of runs, and the page of a held one. */
import { changesAddress, courseAddress } from '../../catalogue/model/addresses.ts';
import { problemPath } from '../../harvest/model/problem-help.ts';
import { type Counters, counterNames, type HarvestRun } from '../../harvest/model.ts';
import { sentenceOf, statusWords } from '../../harvest/words.ts';
import { clock, count, french, longDate, number, shortDate } from '../../platform/web/format.ts';
import { type FieldErrors, field, formPage, inSpace } from '../../platform/web/forms.ts';
import type { ReportLine, RunList, RunReport } from '../model/report.ts';
import { operatedSourcePath } from './operating.ts';
import { sourcePath } from './own.ts';
import { homePath, providerLinks } from './space.ts';
import { correctionsPath, moment, operatedRunsPath, recordPath, runLine, runPath, shortMoment } from './words.ts';

/** Counter words of 3.3, one and several. */
const counterWords: Readonly<Record<keyof Counters, readonly [string, string]>> = {
  received: ['reçue', 'reçues'],
  created: ['ajoutée', 'ajoutées'],
  updated: ['modifiée', 'modifiées'],
  unchanged: ['inchangée', 'inchangées'],
  restored: ['rétablie', 'rétablies'],
  outOfScope: ['hors périmètre', 'hors périmètre'],
  quarantined: ['en quarantaine', 'en quarantaine'],
  repeated: ['répétée', 'répétées'],
  missing: ['absente, délai de grâce', 'absentes, délai de grâce'],
  withdrawn: ['retirée', 'retirées'],
};
const wordOf = (name: keyof Counters, value: number) => counterWords[name][value < 2 ? 0 : 1];
const counted = (name: keyof Counters, counters: Counters) =>
  `${number(counters[name])} ${wordOf(name, counters[name])}`;

function durationOf({ startedAt, endedAt }: HarvestRun): string | null {
  if (startedAt === null || endedAt === null) return null;
  const seconds = Math.round((endedAt.getTime() - startedAt.getTime()) / 1_000);
  return seconds < 60 ? `${seconds} s` : `${number(Math.floor(seconds / 60))} min ${seconds % 60} s`;
}

const parts = ['created', 'updated', 'unchanged', 'restored', 'outOfScope', 'quarantined', 'repeated'] as const;

/** « 37 + 112 + 1 101 = 1 250 reçues », parts that are 0 left out: anybody can check. */
function equations({ counters, presentBefore, presentAfter }: HarvestRun): readonly string[] {
  if (counters.received === 0 && counters.withdrawn === 0) return [];
  const sum = parts.filter((name) => counters[name] > 0).map((name) => number(counters[name]));
  const come = [counters.created, counters.restored].filter((value) => value > 0).map((value) => ` + ${number(value)}`);
  const gone = counters.withdrawn === 0 ? '' : ` − ${number(counters.withdrawn)}`;
  return [
    `Contrôle : ${sum.join(' + ') || '0'} = ${counted('received', counters)}.`,
    `Présentes : ${number(presentBefore)}${come.join('')}${gone} = ${number(presentAfter)}.`,
  ].map(french);
}

const squared = ['unchanged', 'updated', 'created', 'restored', 'outOfScope', 'quarantined'] as const;
const squareSizes = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000];
const squaresPerRow = 25;
const mostSquares = 100;

/** About a hundred squares at most; a part that exists has one at least. */
function squares(counters: Counters) {
  const shown = squared.filter((name) => counters[name] > 0);
  const total = shown.reduce((sum, name) => sum + counters[name], 0);
  if (total === 0) return null;
  const each = squareSizes.find((size) => total / size <= mostSquares) ?? total / mostSquares;
  const kinds = shown.flatMap((kind) =>
    Array.from({ length: Math.max(1, Math.round(counters[kind] / each)) }, () => kind),
  );
  return {
    width: squaresPerRow * 20,
    height: Math.ceil(kinds.length / squaresPerRow) * 20,
    worth: french(each === 1 ? 'Un carré vaut une fiche.' : `Un carré vaut environ ${number(each)} fiches.`),
    description: shown.map((name) => counted(name, counters)).join(', '),
    cells: kinds.map((kind, at) => ({
      kind,
      x: (at % squaresPerRow) * 20 + 1.5,
      y: Math.floor(at / squaresPerRow) * 20 + 1.5,
    })),
    legend: shown.map((kind) => ({ kind, text: french(counted(kind, counters)) })),
  };
}

const columnHeight = 140;

/** Records received by the last runs of the source, oldest first. */
function columns(runs: readonly HarvestRun[]) {
  const shown = [...runs].reverse();
  if (shown.length < 2) return null;
  const most = Math.max(1, ...shown.map(({ counters }) => counters.received));
  const day = (run: HarvestRun) => shortDate(run.startedAt ?? run.queuedAt);
  return {
    width: shown.length * 60 + 20,
    bars: shown.map((run, at) => {
      const height = Math.max(2, Math.round((run.counters.received / most) * columnHeight));
      const x = 20 + at * 60;
      const y = 24 + columnHeight - height;
      const last = at === shown.length - 1;
      return {
        x,
        y,
        height,
        last,
        middle: x + 20,
        above: y - 6,
        value: number(run.counters.received),
        date: day(run).slice(0, 5),
      };
    }),
    description: shown.map((run) => `${day(run)} : ${number(run.counters.received)}`).join(', '),
  };
}

const lineBadges = {
  quarantined: { tone: 'att', icon: 'alerte', text: 'En quarantaine' },
  'out-of-scope': { tone: 'info', icon: 'info', text: 'Hors périmètre' },
  created: { tone: 'ok', icon: 'coche', text: 'Ajoutée' },
  updated: { tone: 'ok', icon: 'coche', text: 'Modifiée' },
  unchanged: { tone: 'ok', icon: 'coche', text: 'Inchangée' },
  restored: { tone: 'ok', icon: 'coche', text: 'Rétablie' },
  missing: { tone: 'info', icon: 'info', text: 'Absente' },
  withdrawn: { tone: 'non', icon: 'croix', text: 'Retirée' },
} as const;

/** Codes of what no form corrects: who owns a course, and which record an identifier names. */
const beyondForms: ReadonlySet<string> = new Set([
  'E_AUTRE_PROPRIETAIRE',
  'E_DOUBLON_CONTRADICTOIRE',
  'E_IDENTIFIANT_REUTILISE',
]);

function lineModel(line: ReportLine, correct: (remoteId: string) => string) {
  const { title, remoteId, state, since, problems, slug, url, shown } = line;
  const isForForm = state === 'quarantined' && problems.every(({ code }) => !beyondForms.has(code));
  const { text, ...shape } = lineBadges[state];
  const dated = (state === 'missing' || state === 'withdrawn') && since !== null;
  return {
    title: title ?? remoteId,
    remoteId,
    badge: { ...shape, text: dated ? french(`${text} depuis le ${shortDate(since)}`) : text },
    problems: problems.map(({ code, message }) => ({ code, href: problemPath(code), message: french(message) })),
    stays: state === 'quarantined' && (shown === 'published' || shown === 'missing'),
    here: slug === null ? null : courseAddress(slug),
    there: url,
    correct: isForForm ? correct(remoteId) : null,
    identify: problems.some(({ code }) => code === 'E_IDENTIFIANT_REUTILISE')
      ? `${correct(remoteId)}/identifiant`
      : null,
  };
}

function pageOf(title: string, reader: RunReport['reader'], errors: FieldErrors = {}) {
  return {
    ...formPage(title, errors, reader === 'organisation' ? inSpace(providerLinks, homePath) : null),
    organisation: null,
    isOperator: reader === 'operator',
  };
}

const doneWords: Readonly<Record<string, string>> = {
  gardee: "L'état actuel est gardé. Rien n'a changé ; la prochaine collecte jugera à nouveau.",
  appliquee: 'La décision est appliquée. Les compteurs de cette collecte sont à jour.',
  arret: "L'arrêt est demandé : la collecte s'arrête dans quelques secondes.",
  relancee: 'Une nouvelle collecte est demandée : la voici.',
};

/** What was typed in the form of a held run, and what is wrong with it. */
export interface Refused {
  readonly number: string;
  readonly reason: string;
  readonly errors: FieldErrors;
}
const nothingRefused: Refused = { number: '', reason: '', errors: {} };

/** Quarantined records listed for one run (P8). */
export const listedAtMost = 10_000;

export function reportModel(report: RunReport, done: string, refused: Refused = nothingRefused) {
  const { run, source, reader, lines, decidable, isLatest } = report;
  const path = runPath(run.id, reader);
  const { badge, trigger } = runLine(run, reader);
  const begun = run.startedAt ?? run.queuedAt;
  const duration = durationOf(run);
  const { quarantined } = run.counters;
  const title = `Collecte du ${longDate(begun)} : ${run.sourceTitle}`;
  const notice = doneWords[done];
  const facts = [
    { icon: 'horloge', text: `Commencée à ${clock(begun)}${duration === null ? '' : `, durée ${duration}`}` },
    { icon: 'info', text: `Lancement : ${trigger}` },
    ...(report.nextRun === null ? [] : [{ icon: 'agenda', text: `Prochaine : ${shortMoment(report.nextRun)}` }]),
    ...(run.retries === 0 ? [] : [{ icon: 'info', text: count(run.retries, 'nouvel essai', 'nouveaux essais') }]),
  ];
  return {
    ...pageOf(title, reader, refused.errors),
    heading: decidable ? 'Collecte bloquée par sécurité' : french(`Collecte du ${longDate(begun)}`),
    source: run.sourceTitle,
    sourceHref: source === null ? null : reader === 'operator' ? operatedSourcePath(source.id) : sourcePath(source.id),
    back: reader === 'operator' ? { text: 'Collectes', href: operatedRunsPath } : { text: 'Sources', href: homePath },
    here: shortMoment(begun),
    notice: notice === undefined ? null : french(notice),
    badge,
    sentence: french(sentenceOf(run, report.ahead)),
    code: run.fault?.code === undefined ? null : { text: run.fault.code, href: problemPath(run.fault.code) },
    facts: facts.map(({ icon, text }) => ({ icon, text: french(text) })),
    counters: counterNames.map((name) => ({
      value: number(run.counters[name]),
      label: wordOf(name, run.counters[name]),
    })),
    equations: equations(run),
    corrected:
      run.corrected === 0
        ? null
        : french(
            `${count(run.corrected, 'fiche porte', 'fiches portent')} une correction faite ici, appliquée de nouveau.`,
          ),
    correctedHref: source === null ? null : correctionsPath(run.sourceId, reader),
    announced: run.announced === null ? null : french(`La source a annoncé ${count(run.announced, 'fiche')}.`),
    /** The technical cause, for the operator; the sentence above says it to everybody. */
    fault: reader === 'operator' ? run.fault : null,
    decision: decisionText(run),
    squares: squares(run.counters),
    causes: run.causes.map(causeModel),
    causesTotal: number(quarantined),
    warnings: run.warnings.map(causeModel),
    noError: run.causes.length === 0 && run.warnings.length === 0 && run.status === 'done',
    isLatest,
    merged:
      report.merged === 0
        ? null
        : {
            text: french(
              `${count(report.merged, 'cours de cette source est réuni', 'cours de cette source sont réunis')} avec le même cours d'une autre source : une seule carte dans la recherche, un choix d'offres sur sa page.`,
            ),
            href: changesAddress(run.sourceId),
          },
    lines: lines.map((line) => lineModel(line, (remoteId) => recordPath({ sourceId: run.sourceId, remoteId }, reader))),
    capped:
      quarantined > listedAtMost
        ? french(`${number(quarantined)} fiches en quarantaine : les ${number(listedAtMost)} premières sont listées.`)
        : null,
    next: report.next === null ? null : `${path}?apres=${encodeURIComponent(report.next)}`,
    csv: isLatest ? `${path}.csv` : null,
    held: heldModel(report, path),
    decide: decidable ? decideModel(run, path, refused, report.mayRun) : null,
    again: report.mayRun && !decidable ? `${path}/refaire` : null,
    stop: report.mayStop ? `${path}/arret` : null,
  };
}

function decisionText({ decision }: HarvestRun): string | null {
  if (decision === null) return null;
  const { kind, by, at, reason } = decision;
  const what = kind === 'applied' ? 'Décision appliquée' : 'État actuel gardé';
  return french(`${what} par ${by} le ${moment(at)}${reason === '' ? '' : ` : ${reason.replace(/[.\s]+$/, '')}`}.`);
}

function causeModel({ code, count: times, example }: HarvestRun['causes'][number]) {
  return {
    code,
    href: problemPath(code),
    field: example.field,
    count: number(times),
    value: example.value,
    message: french(example.message),
    remoteId: example.remoteId,
  };
}

function heldModel({ run, earlier, concerned, decidable }: RunReport, path: string) {
  if (run.status !== 'held' || run.held === null) return null;
  return {
    columns: columns(earlier),
    concerned: number(run.held.concerned),
    rows: concerned.map(({ title, slug, why, remoteId }) => ({
      title,
      href: courseAddress(slug),
      remoteId,
      why: why === 'absent' ? 'absent de la liste' : 'déclaré retiré par la source',
    })),
    more: concerned.length > 0 && run.held.concerned > concerned.length,
    csv: decidable && run.held.kind === 'losses' ? `${path}/concernes.csv` : null,
  };
}

function decideModel(run: HarvestRun, path: string, refused: Refused, mayRun: boolean) {
  const concerned = run.held?.concerned ?? 0;
  const courses = count(concerned, 'cours', 'cours');
  const losses = run.held?.kind === 'losses';
  return {
    keep: `${path}/garder`,
    again: mayRun ? `${path}/refaire` : null,
    apply: `${path}/appliquer`,
    button: losses ? `Marquer ${courses} absents` : `Publier ${courses}`,
    effect: french(
      losses
        ? `${courses} seront marqués absents, puis retirés après le délai s'ils ne reviennent pas. Ceux que la source déclare retirés le sont tout de suite.`
        : `${courses} en attente deviennent visibles de tous.`,
    ),
    number: field('nombre', 'Écrivez le nombre de cours concernés', refused.errors, { value: refused.number }),
    reason: field('motif', "Motif, gardé et lu par l'organisme", refused.errors, { value: refused.reason }),
    open: Object.keys(refused.errors).length > 0,
  };
}

export function runsModel({ runs, next }: RunList) {
  return {
    ...pageOf('Collectes', 'operator'),
    runs: runs.map((run) => ({
      ...runLine(run, 'operator'),
      source: run.sourceTitle,
      undecided: run.status === 'held' && run.decision === null,
    })),
    next: next === null ? null : `${operatedRunsPath}?avant=${encodeURIComponent(next)}`,
  };
}

export const reportColumns = [
  'identifiant',
  'titre',
  'etat',
  'depuis',
  'code',
  'champ',
  'valeur',
  'message',
  'page_ici',
  'page_organisme',
] as const;

/** One row a problem; a record without any has one row. `site`: address of the platform. */
export function reportRows(line: ReportLine, site: string): string[][] {
  const { remoteId, title, state, since, problems, warnings, reason, slug, url } = line;
  const start = [remoteId, title ?? '', lineBadges[state].text, since?.toISOString() ?? ''];
  const end = [slug === null ? '' : new URL(courseAddress(slug), site).href, url ?? ''];
  const all = [...problems, ...warnings];
  if (all.length === 0) return [[...start, '', '', '', reason ?? '', ...end]];
  return all.map(({ code, field: name, value, message }) => [...start, code, name, value, message, ...end]);
}

export const runColumns = [
  'collecte',
  'source',
  'titre',
  'resultat',
  'phrase',
  'code',
  'debut',
  'fin',
  'lancement',
  ...counterNames,
  'corrigees',
  'presents_avant',
  'presents_apres',
] as const;

export function runRow(run: HarvestRun): string[] {
  return [
    run.id,
    run.sourceId,
    run.sourceTitle,
    statusWords[run.status],
    sentenceOf(run),
    run.fault?.code ?? '',
    (run.startedAt ?? run.queuedAt).toISOString(),
    run.endedAt?.toISOString() ?? '',
    run.trigger,
    ...counterNames.map((name) => String(run.counters[name])),
    String(run.corrected),
    String(run.presentBefore),
    String(run.presentAfter),
  ];
}
