/** What a run says to people: causes and sentences of its report. French; no-break spaces are added at rendering. */
import { SourceError } from '../errors.ts';
import type { HarvestRun, RunFault } from './model.ts';

/** Why a run was stopped from outside: the reason of its AbortSignal. */
export class RunStop extends Error {
  readonly kind: 'time-limit' | 'stopped' | 'lost';

  constructor(kind: RunStop['kind'], message: string) {
    super(message);
    this.name = 'RunStop';
    this.kind = kind;
  }
}

export function timeLimit(minutes: number): RunStop {
  return new RunStop('time-limit', `Temps limite dépassé (${minutes} min)`);
}

const day = new Intl.DateTimeFormat('fr-FR', { dateStyle: 'long', timeZone: 'Europe/Paris' });

/** `by` is a function, not a name: « l'opérateur », « l'organisme ». */
export function stoppedBy(by: string, at: Date): RunStop {
  return new RunStop('stopped', `Arrêtée par ${by} le ${day.format(at)}`);
}

/** Another process took the run over: this one leaves without a word, since the other one reports. */
export function lost(): RunStop {
  return new RunStop('lost', 'Reprise par un autre processus');
}

const causes = {
  unreachable: 'Source injoignable',
  refused: 'Accès refusé par la source',
  'too-large': 'Réponse trop grande',
  malformed: 'Réponse illisible',
  changed: 'Le format de la source a changé',
  'timed-out': 'Temps limite dépassé',
} as const;

const ownWords = [...Object.values(causes), "La source s'est interrompue", 'Adresse refusée'];

function withoutPoint(sentence: string): string {
  return sentence.replace(/[\s.]+$/u, '');
}

/** The fault of a run for whatever ended its reading. An unknown error stays one: it is named a fault of the platform. */
export function faultOf(error: unknown): RunFault {
  if (error instanceof RunStop) return { kind: error.kind, message: error.message, url: null };
  if (error instanceof SourceError) {
    const said = withoutPoint(error.publicMessage);
    const known = ownWords.some((words) => said.startsWith(words));
    const message = known ? said : `${causes[error.kind]} : ${said}`;
    return {
      ...{ kind: error.kind, message, url: error.url ?? null },
      ...(error.code === undefined ? {} : { code: error.code }),
    };
  }
  return { kind: 'platform', message: 'Une erreur de la plateforme a interrompu la collecte', url: null };
}

const number = new Intl.NumberFormat('fr-FR');

export function shortFault(announced: number, given: number): RunFault {
  const message = `La source a annoncé ${number.format(announced)} fiches et en a donné ${number.format(given)}`;
  return { kind: 'short', message, url: null };
}

export function lossesFault(concerned: number, of: number): RunFault {
  const percent = of === 0 ? 100 : Math.round((concerned / of) * 100);
  const counts = `${number.format(concerned)} cours sur ${number.format(of)} (${percent} %)`;
  return { kind: 'guard', message: `Cette collecte retirerait ${counts}. Rien n'a été retiré`, url: null };
}

export function gainsFault(concerned: number, of: number): RunFault {
  const message = `Cette collecte ajouterait ${number.format(concerned)} cours à une source qui en compte ${number.format(of)}. Les nouveaux attendent`;
  return { kind: 'guard', message, url: null };
}

export const countsFault: RunFault = {
  kind: 'platform',
  message: 'Une erreur de la plateforme : les comptes de cette collecte ne tombent pas juste',
  url: null,
};

export const keyFault: RunFault = {
  kind: 'platform',
  message: 'Une clé de la plateforme manque : les réglages secrets de la source ne peuvent pas être lus',
  url: null,
};

export const settingsFault: RunFault = {
  kind: 'settings',
  message: 'Les réglages de la source sont refusés',
  url: null,
};

const time = new Intl.DateTimeFormat('fr-FR', { timeStyle: 'short', timeZone: 'Europe/Paris' });

const records = (count: number) => `${number.format(count)} ${count < 2 ? 'fiche' : 'fiches'}`;

/** The word of each status on screen. */
export const statusWords: Readonly<Record<HarvestRun['status'], string>> = {
  queued: "En file d'attente",
  running: 'En cours',
  done: 'Réussi',
  'done-with-rejections': 'Réussi avec erreurs',
  incomplete: 'Incomplet',
  held: 'Bloqué par sécurité',
  failed: 'Échoué',
  skipped: 'Ignoré',
};

/** What would become of a record that is only looked at: `ExaminedResult` of examine.ts. */
export const resultWords = {
  ready: 'Prête',
  remark: 'Remarque',
  'to-fix': 'À corriger',
  'out-of-scope': 'Hors périmètre',
  repeated: 'Répétée',
  removed: 'Retirée',
} as const;

/** The sentence beside the status; `ahead` is how many runs a queued one waits for. */
export function sentenceOf(run: HarvestRun, ahead = 0): string {
  switch (run.status) {
    case 'queued':
      return `Commencera dès que possible : ${number.format(ahead)} collectes avant elle.`;
    case 'running':
      return `Commencée à ${time.format(run.startedAt ?? run.queuedAt)}, ${records(run.counters.received)} ${run.counters.received < 2 ? 'lue' : 'lues'}.`;
    case 'done':
      return run.notModified ? "La source n'a pas changé." : 'Toutes les fiches reçues ont été traitées.';
    case 'done-with-rejections':
      return `${records(run.counters.quarantined)} en quarantaine. Les autres sont à jour.`;
    case 'held':
      return `${run.fault?.message ?? ''}.`;
    case 'incomplete':
      return `${run.fault?.message ?? ''}. Aucun cours absent n'a été retiré.`;
    case 'failed':
      return `${run.fault?.message ?? ''}. Rien n'a été modifié.`;
    case 'skipped':
      return 'Une autre collecte était en cours.';
  }
}
