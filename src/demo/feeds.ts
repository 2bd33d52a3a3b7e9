/** The documents of a partner in a given week, by address. */
import { coursesOf, type DemoCourse } from './courses.ts';
import type { Catalogues, Partner } from './data.ts';
import {
  dirtyLheoNew,
  dirtyLheoOld,
  dirtyMoochub2,
  dirtyMoochub3,
  dirtyRichieEnglish,
  dirtyRichieFrench,
} from './dirty-records.ts';
import { lheoDocument, lheoOffer } from './lheo-feed.ts';
import { moochubPage, moochubRecord } from './moochub-feed.ts';
import { richieLists, richiePage, richieRecord } from './richie-feed.ts';

export interface Document {
  readonly contentType: string;
  readonly body: Buffer;
}

/** Answers a query of one path; undefined when the partner publishes nothing there. */
export type Feed = (path: string, query: URLSearchParams) => Document | undefined;

/** Where the catalogue of a partner is, below its own folder on the demonstration server. */
export const catalogueOf: Readonly<Record<Partner['format'], string>> = {
  'moochub-2': 'moochub/cours.json',
  'moochub-3': 'bridges/moochub/courses',
  richie: 'api/v1.0/courses/',
  'lheo-2.2': 'export/lheo.xml',
  'lheo-2.3': 'export/offres.xml',
};

/** @param root address of the partner's folder, with its final slash. */
export function feedOf(partner: Partner, catalogues: Catalogues, monday: Date, root: string): Feed {
  const courses = coursesOf(partner, catalogues, monday);
  const catalogue = catalogueFeedOf(partner, courses, monday, root);
  const pages = coursePages(courses);
  return (path, query) => catalogue(path, query) ?? pages.get(path);
}

/** A few pages are gone, as on every real site: the check of links has something to find. */
const everyGone = 25;

function coursePages(courses: readonly DemoCourse[]): ReadonlyMap<string, Document> {
  const kept = courses.filter((_course, at) => at % everyGone !== 7);
  return new Map(
    kept.map(({ title, url }) => {
      const html = `<!doctype html><html lang="fr"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>Page de démonstration.</p></html>`;
      return [new URL(url).pathname.slice(1), { contentType: 'text/html; charset=utf-8', body: Buffer.from(html) }];
    }),
  );
}

function catalogueFeedOf(partner: Partner, courses: readonly DemoCourse[], monday: Date, root: string): Feed {
  switch (partner.format) {
    case 'moochub-2':
    case 'moochub-3':
      return moochubFeed(partner, courses, new URL(catalogueOf[partner.format], root).href);
    case 'richie':
      return richieFeed(partner, courses, monday);
    case 'lheo-2.2':
    case 'lheo-2.3':
      return lheoFeed(partner, courses, monday);
  }
}

function moochubFeed(partner: Partner, courses: readonly DemoCourse[], address: string): Feed {
  const clean = courses.map((course) => moochubRecord(course, partner));
  const records = partner.format === 'moochub-2' ? dirtyMoochub2(clean) : dirtyMoochub3(clean);
  const count = Math.ceil(records.length / partner.pageSize);
  const version = partner.format === 'moochub-2' ? '2.3' : '3.0';
  return (path, query) => {
    const number = Number(query.get('page') ?? 1);
    if (path !== catalogueOf[partner.format] || !Number.isInteger(number) || number < 1 || number > count)
      return undefined;
    const page = records.slice((number - 1) * partner.pageSize, number * partner.pageSize);
    const text = moochubPage({ records: page, number, count }, address);
    return { contentType: `application/vnd.api+json; moochub-version=${version}`, body: Buffer.from(text) };
  };
}

function richieFeed(partner: Partner, courses: readonly DemoCourse[], monday: Date): Feed {
  const lists = richieLists(courses, partner);
  const clean = courses.map((course) => richieRecord(course, lists, partner));
  const isFrench = partner.languages.includes('fr');
  const entries: Readonly<Record<string, readonly unknown[]>> = {
    'api/v1.0/courses/': isFrench ? dirtyRichieFrench(clean) : dirtyRichieEnglish(clean, monday),
    'api/v1.0/subjects/': lists.subjects,
    'api/v1.0/levels/': lists.levels,
    'api/v1.0/organizations/': lists.organizations,
  };
  return (path, query) => {
    const list = Object.hasOwn(entries, path) ? entries[path] : undefined;
    const offset = Number(query.get('offset') ?? 0);
    const limit = Number(query.get('limit') ?? 10);
    const isAsked = Number.isInteger(offset) && offset >= 0 && Number.isInteger(limit) && limit >= 1;
    if (list === undefined || !isAsked) return undefined;
    // The portal clamps what is asked for, as real ones do.
    const text = richiePage(list, offset, Math.min(limit, partner.pageSize));
    return { contentType: 'application/json', body: Buffer.from(text) };
  };
}

function lheoFeed(partner: Partner, courses: readonly DemoCourse[], monday: Date): Feed {
  const clean = courses.map((course) => lheoOffer(course, partner));
  const offers = partner.format === 'lheo-2.2' ? dirtyLheoOld(clean, monday) : dirtyLheoNew(clean, monday);
  const document = { contentType: 'application/xml', body: lheoDocument(offers, partner) };
  return (path) => (path === catalogueOf[partner.format] ? document : undefined);
}
