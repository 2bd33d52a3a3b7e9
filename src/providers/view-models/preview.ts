/** Words of a preview: what would be published of a catalogue, record by record, beside what was received (P3, N20). */

import type { Badge, Fact, PriceCell } from '../../catalogue/model/card.ts';
import { type CourseCorrection, correctedSentences } from '../../catalogue/model/corrections.ts';
import { problemPath } from '../../harvest/model/problem-help.ts';
import { clock, count, french, number, shortDate } from '../../platform/web/format.ts';
import { type FieldErrors, field } from '../../platform/web/forms.ts';
import { isDraft, type Source } from '../model.ts';
import { stepper } from './drafting.ts';
import { sourcePath } from './own.ts';
import { checkPath, homePath, providerPage } from './space.ts';
import { acceptedFiles } from './words.ts';

type Result = 'ready' | 'remark' | 'to-fix' | 'out-of-scope' | 'repeated' | 'removed';

interface Problem {
  readonly code: string;
  readonly field: string;
  readonly value: string;
  readonly message: string;
}

/** A course as a list would show it, without its link. */
export interface PreviewCard {
  readonly title: string;
  readonly who: string;
  readonly badge: Badge | null;
  readonly facts: readonly Fact[];
  readonly prices: readonly PriceCell[];
  readonly stacked: boolean;
  readonly funding: string | null;
  readonly notes: readonly string[];
}

export interface PreviewRecord {
  readonly position: number;
  readonly remoteId: string;
  readonly result: Result;
  readonly raw: string | null;
  readonly card: PreviewCard | null;
  readonly reason: string | null;
  readonly problems: readonly Problem[];
  readonly corrections: readonly CourseCorrection[];
}

interface Cause {
  readonly code: string;
  readonly count: number;
  readonly example: Omit<Problem, 'code'> & { readonly remoteId: string };
}

export interface PreviewReport {
  readonly records: readonly PreviewRecord[];
  readonly counts: Readonly<Record<'read' | Result, number>>;
  readonly causes: readonly Cause[];
  readonly warnings: readonly Cause[];
  readonly complete: boolean;
  readonly announced: number | null;
  readonly error: string | null;
  readonly errorCode: string | null;
}

const badges: Readonly<Record<Result, { readonly tone: string; readonly icon: string; readonly text: string }>> = {
  ready: { tone: 'ok', icon: 'coche', text: 'Prête' },
  remark: { tone: 'att', icon: 'alerte', text: 'Remarque' },
  'to-fix': { tone: 'non', icon: 'croix', text: 'À corriger' },
  'out-of-scope': { tone: 'info', icon: 'info', text: 'Hors périmètre' },
  repeated: { tone: 'info', icon: 'info', text: 'Répétée' },
  removed: { tone: 'info', icon: 'info', text: 'Retirée' },
};

const explanations: Partial<Record<Result, string>> = {
  repeated: 'Cette fiche a déjà été lue, avec le même contenu.',
  removed: 'La source déclare que ce cours est retiré.',
};

function recordLine({ position, remoteId, result, raw, card, reason, problems, corrections }: PreviewRecord) {
  const [first] = problems;
  const why = reason ?? explanations[result] ?? null;
  return {
    number: number(position),
    title: card?.title ?? remoteId,
    remoteId,
    short: first === undefined ? '' : `${first.field} : ${first.code}`,
    badge: badges[result],
    why: why === null ? null : french(why),
    corrected:
      corrections.length === 0
        ? null
        : french([...correctedSentences({ corrections }), 'Cet aperçu en tient compte.'].join(' ')),
    problems: problems.map(({ code, field: name, value, message }) => ({
      code,
      field: name,
      value: value === '' ? null : value,
      message: french(message),
    })),
    isFault: result === 'to-fix',
    raw,
    rawLabel: `Fiche reçue ${remoteId}`,
    card,
  };
}

function causeLine({ code, count: times, example }: Cause, remark: boolean) {
  return {
    field: example.field,
    count: remark ? count(times, 'remarque') : count(times, 'fiche'),
    code,
    message: french(example.message),
  };
}

/** What the counts speak of. */
function extent({ counts, complete, announced, error, errorCode }: PreviewReport): string {
  if (complete) return french(`${count(counts.read, 'fiche lue', 'fiches lues')}, catalogue lu en entier.`);
  const announcedWords = announced === null ? '' : ` La source en annonce ${number(announced)}.`;
  const code = errorCode === null ? '' : ` (${errorCode})`;
  const said = error === null ? '' : ` ${error.replace(/[\s.]+$/, '')}${code}.`;
  return french(
    `${count(counts.read, 'fiche lue', 'fiches lues')}, catalogue non lu en entier.${announcedWords}${said}`,
  );
}

/** The part that the preview of a source and the passport share: partials/apercu.hbs. */
function reportModel(report: PreviewReport) {
  const { records, counts, causes, warnings, complete, error, errorCode } = report;
  const nothing = counts.read === 0;
  return {
    extent: extent(report),
    empty: nothing && complete ? 'La source répond mais ne contient aucune fiche.' : null,
    fault: nothing && !complete ? french(error ?? 'Aucune fiche n’a été lue dans le temps imparti.') : null,
    faultCode: nothing && !complete && errorCode !== null ? { text: errorCode, href: problemPath(errorCode) } : null,
    allRejected: !nothing && counts['to-fix'] === counts.read,
    figures: [
      { label: counts.ready < 2 ? 'fiche prête' : 'fiches prêtes', value: number(counts.ready) },
      {
        label: counts.remark < 2 ? 'prête avec une remarque' : 'prêtes avec une remarque',
        value: number(counts.remark),
      },
      { label: 'à corriger avant publication', value: number(counts['to-fix']) },
    ],
    others: [
      ...(counts['out-of-scope'] === 0
        ? []
        : [count(counts['out-of-scope'], 'fiche hors périmètre', 'fiches hors périmètre')]),
      ...(counts.repeated === 0 ? [] : [count(counts.repeated, 'fiche répétée', 'fiches répétées')]),
      ...(counts.removed === 0 ? [] : [count(counts.removed, 'fiche déclarée retirée', 'fiches déclarées retirées')]),
    ].join(', '),
    listTitle: french(records.length === 1 ? 'La fiche' : `Les ${number(records.length)} fiches`),
    records: records.map(recordLine),
    causes: [...causes.map((cause) => causeLine(cause, false)), ...warnings.map((cause) => causeLine(cause, true))],
  };
}

const readAt = (at: Date) => french(`le ${shortDate(at)} à ${clock(at)}`);

export function previewModel(
  page: { readonly source: Source; readonly report: PreviewReport | null; readonly refusal: string | null },
  at: Date,
) {
  const { source, report, refusal } = page;
  const path = sourcePath(source.id);
  const draft = isDraft(source);
  const shown = report?.records.length ?? 0;
  const title = shown === 0 ? 'Aperçu' : shown === 1 ? 'Aperçu de 1 fiche' : `Aperçu de ${number(shown)} fiches`;
  const toFix = report?.counts['to-fix'] ?? 0;
  return {
    ...providerPage(title, homePath, null),
    stepper: draft ? stepper(4) : null,
    crumb: { label: source.title, href: path },
    readAt: readAt(at),
    refusal: refusal === null ? null : french(refusal),
    report: report === null ? null : reportModel(report),
    againHref: `${path}/apercu`,
    settingsHref: source.state === 'submitted' ? null : `${path}/reglages`,
    goOnHref: draft && shown > 0 ? `${path}/choix` : null,
    goOnNote:
      toFix === 0
        ? null
        : french(
            toFix === 1
              ? 'Vous pouvez continuer : la fiche à corriger restera en quarantaine, visible de vous seul.'
              : `Vous pouvez continuer : les ${number(toFix)} fiches à corriger resteront en quarantaine, visibles de vous seul.`,
          ),
  };
}

/** The passport of a catalogue: any address or file, nothing kept. */
export function checkModel(
  typed: { readonly url: string },
  errors: FieldErrors,
  found: { readonly format: string; readonly report: PreviewReport; readonly at: Date } | null,
) {
  return {
    ...providerPage('Vérifier un catalogue', checkPath, null, errors),
    action: checkPath,
    fields: [
      field('url', 'Adresse du catalogue', errors, {
        value: typed.url,
        hint: 'Exemple : https://www.exemple.fr/catalogue.xml',
      }),
    ],
    file: {
      ...field('file', 'Ou un fichier', errors, {
        hint: 'XML, JSON ou CSV, 50 Mo au plus. Il est effacé dès la réponse.',
      }),
      accept: acceptedFiles,
    },
    format: found?.format ?? null,
    readAt: found === null ? null : readAt(found.at),
    report: found === null ? null : reportModel(found.report),
  };
}
