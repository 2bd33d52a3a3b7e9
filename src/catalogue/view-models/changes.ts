/** The public log of changes (N12), as a page, as Atom (RFC 4287) and as JSON Feed 1.1. */
import { french, longDate, shortDate } from '../../platform/web/format.ts';
import { changesAddress, courseAddress } from '../model/addresses.ts';
import { type Change, type ChangesPage, turnedPaid } from '../model/history.ts';
import { changeLines, changeWords } from './history.ts';

interface ChangeRow {
  readonly date: string;
  readonly dateTime: string;
  readonly word: string;
  readonly title: string;
  readonly href: string;
  readonly school: string;
  readonly lines: readonly string[];
  readonly turnedPaid: boolean;
  readonly demo: boolean;
}

export interface ChangesModel {
  readonly title: string;
  readonly description: string;
  readonly noindex: boolean;
  readonly section: null;
  readonly heading: string;
  readonly scope: string;
  /** What the form keeps: the day asked for, as an HTML date field writes it. */
  readonly since: string;
  /** An unreadable date was asked. */
  readonly sinceProblem: string | null;
  readonly rows: readonly ChangeRow[];
  readonly empty: string | null;
  readonly atom: string;
  readonly json: string;
  readonly whole: boolean;
  readonly next: string | null;
}

const headingOf = ({ source }: ChangesPage) =>
  source === null ? 'Ce qui a changé dans le catalogue' : `Ce qui a changé : ${source.title}`;

export function changesModel(
  page: ChangesPage,
  asked: { readonly since: string; readonly problem: boolean },
): ChangesModel {
  const { source, since, changes, next } = page;
  const id = source?.id ?? null;
  const from = since === null ? '' : ` depuis le ${longDate(since)}`;
  return {
    title: headingOf(page),
    description: 'Les cours ajoutés, modifiés, retirés ou rétablis, avec leur date et la raison.',
    // Pages of a log move with each line that comes: a search engine would keep dead ends.
    noindex: next !== null || since !== null || source !== null,
    section: null,
    heading: headingOf(page),
    scope: french(
      source === null
        ? `Cours ajoutés, modifiés, retirés ou rétablis${from}, toutes sources, du plus récent au plus ancien.`
        : `Cours de cette source ajoutés, modifiés, retirés ou rétablis${from}, du plus récent au plus ancien.`,
    ),
    since: asked.since,
    sinceProblem: asked.problem ? french('Cette date ne se lit pas. Écrivez-la ainsi : 2026-11-22.') : null,
    rows: changes.map(rowOf),
    empty: changes.length === 0 ? french(`Aucun changement${from}.`) : null,
    atom: changesAddress(id, '.atom', { since }),
    json: changesAddress(id, '.json', { since }),
    whole: source === null,
    next: next === null ? null : changesAddress(id, '', { since, next }),
  };
}

function rowOf(change: Change): ChangeRow {
  const { at, kind, course } = change;
  return {
    date: shortDate(at),
    dateTime: at.toISOString(),
    word: changeWords[kind],
    title: course.draft.title,
    href: courseAddress(course.slug),
    school: course.draft.provider.name,
    lines: changeLines(change, course),
    turnedPaid: turnedPaid(change),
    demo: course.demo,
  };
}

export interface AtomModel {
  readonly title: string;
  readonly description: null;
  readonly noindex: true;
  readonly section: null;
  readonly id: string;
  readonly self: string;
  readonly page: string;
  readonly next: string | null;
  readonly updated: string;
  readonly entries: readonly {
    readonly id: string;
    readonly title: string;
    readonly href: string;
    readonly updated: string;
    readonly word: string;
    readonly content: string;
  }[];
}

/** XML 1.0 has no way to write these, not even as references. */
function writable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu, (character) =>
    '\t\n\r'.includes(character) ? character : '',
  );
}

const absolute = (path: string, site: string) => new URL(path, site).href;
const titleOf = ({ kind, course }: Change) =>
  `${changeWords[kind]} : ${course.draft.title}, ${course.draft.provider.name}${course.demo ? ' (démonstration)' : ''}`;

/** A name that lasts, whatever the address: the site's host, the course and the event. */
const nameOf = (id: string, site: string) => `urn:ecole-numerique:${new URL(site).host}:changement:${id}`;

export function atomModel(page: ChangesPage, site: string, now: Date): AtomModel {
  const { source, since, changes, next } = page;
  const id = source?.id ?? null;
  return {
    title: writable(headingOf(page)),
    description: null,
    noindex: true,
    section: null,
    id: nameOf(id ?? 'tout', site),
    self: absolute(changesAddress(id, '.atom', { since }), site),
    page: absolute(changesAddress(id, '', { since }), site),
    next: next === null ? null : absolute(changesAddress(id, '.atom', { since, next }), site),
    updated: (changes[0]?.at ?? now).toISOString(),
    entries: changes.map((change) => ({
      id: nameOf(change.id, site),
      title: writable(titleOf(change)),
      href: absolute(courseAddress(change.course.slug), site),
      updated: change.at.toISOString(),
      word: changeWords[change.kind],
      content: writable(changeLines(change, change.course).join('. ')),
    })),
  };
}

/** `_changement` holds the values; the rest is what any reader of JSON Feed understands. */
export function jsonFeed(page: ChangesPage, site: string) {
  const { source, since, changes, next } = page;
  const id = source?.id ?? null;
  return {
    version: 'https://jsonfeed.org/version/1.1',
    title: headingOf(page),
    language: 'fr',
    home_page_url: absolute(changesAddress(id, '', { since }), site),
    feed_url: absolute(changesAddress(id, '.json', { since }), site),
    ...(next === null ? {} : { next_url: absolute(changesAddress(id, '.json', { since, next }), site) }),
    items: changes.map((change) => ({
      id: nameOf(change.id, site),
      url: absolute(courseAddress(change.course.slug), site),
      title: titleOf(change),
      content_text: changeLines(change, change.course).join('. '),
      date_published: change.at.toISOString(),
      _changement: {
        type: change.kind,
        cours: change.course.id,
        source: change.course.sourceId,
        demonstration: change.course.demo,
        devenuPayant: turnedPaid(change),
        champs: change.changes,
        motif: change.reason,
        ...(change.merge === undefined ? {} : { fusion: { cours: change.merge.with, base: change.merge.basis } }),
      },
    })),
  };
}
