/** The pages of certifications: what each is worth today, from which register, and what the register does not say. */

import { count, french, isoDay, listed, longDate, number, shortDate } from '../../platform/web/format.ts';
import { type Pager, pagerOf } from '../../platform/web/pager.ts';
import { type EndOfLife, endOfLifeOf, endOfLifeText, replacementText } from '../model/end-of-life.ts';
import type { Occupation, RomeData } from '../model/reference.ts';
import type { IsoDate, RegisterRecord, Successors } from './model.ts';

export interface Badge {
  readonly tone: 'ok' | 'non' | 'att';
  readonly icon: string;
  readonly text: string;
}

interface Row {
  readonly label: string;
  readonly text: string;
}

interface Link {
  readonly text: string;
  readonly href: string;
}

interface Shown {
  readonly title: string;
  readonly description: string | null;
  readonly noindex: boolean;
  readonly section: null;
}

const noon = (date: IsoDate): Date => new Date(`${date}T12:00:00Z`);
const short = (date: IsoDate): string => shortDate(noon(date));
const dayAfter = (date: IsoDate): string => shortDate(new Date(noon(date).getTime() + 86_400_000));

export const certificationAddress = (code: string): string => `/certifications/${encodeURIComponent(code)}`;

export function searchAddress(q: string, page: number): string {
  const parameters = new URLSearchParams({ ...(q === '' ? {} : { q }), ...(page > 1 ? { page: String(page) } : {}) });
  return parameters.size === 0 ? '/certifications' : `/certifications?${parameters}`;
}

export function stateBadge({ state, end }: Pick<EndOfLife, 'state' | 'end'>): Badge {
  switch (state) {
    case 'active':
      return { tone: 'ok', icon: 'coche', text: end === null ? 'Active' : `Active jusqu'au ${short(end)}` };
    case 'ended':
      return {
        tone: 'non',
        icon: 'ferme',
        text: end === null ? "N'est plus active" : `N'est plus active depuis le ${dayAfter(end)}`,
      };
    case 'unknown':
      return { tone: 'att', icon: 'question', text: 'État inconnu' };
  }
}

const levelNames: Readonly<Record<number, string>> = {
  3: 'CAP',
  4: 'bac',
  5: 'bac + 2',
  6: 'licence',
  7: 'master',
  8: 'doctorat',
};

export function levelText({ register, level }: Pick<RegisterRecord, 'register' | 'level'>): string {
  if (level === null) return register === 'RS' ? 'pas de niveau (répertoire spécifique)' : 'non communiqué';
  const name = levelNames[level];
  return name === undefined ? `${level}` : `${level} (${name})`;
}

/** A register older than this is said at the top of the page. */
const staleDays = 7;

export function staleText(date: IsoDate | null, today: IsoDate): string | null {
  if (date === null) return 'Registre non importé : nous ne connaissons que quelques certifications.';
  const days = (noon(today).getTime() - noon(date).getTime()) / 86_400_000;
  return days > staleDays ? `Registre du ${longDate(noon(date))}.` : null;
}

export interface ListModel extends Shown {
  readonly q: string;
  readonly heading: string;
  readonly countText: string;
  readonly banner: string | null;
  readonly rows: readonly {
    readonly code: string;
    readonly title: string;
    readonly href: string;
    readonly level: string;
    readonly state: Badge;
  }[];
  readonly empty: string | null;
  readonly pages: Pager | null;
  readonly source: string;
}

export function listModel(
  found: {
    readonly total: number;
    readonly page: number;
    readonly pages: number;
    readonly records: readonly RegisterRecord[];
  },
  q: string,
  registerDate: IsoDate | null,
  now: Date,
): ListModel {
  const today = isoDay(now);
  return {
    title: q === '' ? 'Certifications' : `Certifications : ${q}`,
    description: 'Les certifications professionnelles (RNCP et RS) : niveau, certificateur, fin, remplacement, cours.',
    noindex: q !== '' || found.page > 1,
    section: null,
    q,
    heading: q === '' ? 'Les certifications' : french(`Certifications pour « ${q} »`),
    countText: french(`${count(found.total, 'certification')}, les numériques et les actives d'abord.`),
    banner: staleText(registerDate, today),
    rows: found.records.map((record) => ({
      code: record.code,
      title: record.title,
      href: certificationAddress(record.code),
      level: record.level === null ? 'pas de niveau' : String(record.level),
      state: stateBadge(endOfLifeOf(record.code, record, null, today, null)),
    })),
    empty:
      found.total > 0
        ? null
        : 'Aucune certification ne contient tous ces mots. Essayez un seul mot, ou le numéro : RNCP37674, RS6604.',
    pages: pagerOf(found.page, found.pages, (page) => searchAddress(q, page)),
    source: sourceText(registerDate, false),
  };
}

function sourceText(date: IsoDate | null, isSample: boolean): string {
  const read = date === null ? 'Registre non lu.' : `Registre du ${short(date)}.`;
  const sample = isSample ? ' Certification livrée avec la plateforme, sans registre importé.' : '';
  return french(`Source : répertoires de France compétences. ${read}${sample}`);
}

export interface CertificationModel extends Shown {
  readonly heading: string;
  readonly code: string;
  readonly state: Badge;
  readonly certifier: string;
  readonly banner: string | null;
  /** The end, past or to come, and what comes after. */
  readonly end: { readonly tone: 'att' | 'info'; readonly text: string } | null;
  /** Four lines, and where they come from. */
  readonly prices: CertificationOffer['prices'];
  readonly cost: CertificationOffer['cost'];
  readonly facile: false;
  readonly rows: readonly Row[];
  readonly blocksText: string;
  readonly blocks: readonly { readonly code: string; readonly title: string }[];
  readonly chain: readonly Link[];
  readonly chainText: string;
  readonly replaces: readonly Link[];
  readonly jobs: readonly { readonly code: string; readonly label: string; readonly current: string }[];
  readonly coursesText: string;
  readonly cards: readonly object[];
  readonly all: string | null;
  readonly publicPage: string;
  readonly source: string;
}

/** What stands on the page besides the register: made by the catalogue and by what judges, which know certifications. */
export interface CertificationOffer {
  /** Courses that say they prepare it, and the cards of the newest ones. */
  readonly total: number;
  readonly cards: readonly object[];
  readonly prices: {
    readonly rows: readonly { readonly label: string; readonly text: string; readonly mine: boolean }[];
    readonly source: string;
  };
  /** What it costs the person; null where nothing can be judged. */
  readonly cost: { readonly detail: object | null } | null;
}

export interface SheetContext {
  readonly offer: CertificationOffer;
  /** Of the chain and of what it replaces, those the register holds. */
  readonly others: ReadonlyMap<string, Pick<RegisterRecord, 'title'>>;
  readonly occupations: readonly Occupation[];
  readonly parents: RomeData['parents'];
  readonly now: Date;
}

export function certificationModel(
  sheet: {
    readonly record: RegisterRecord;
    readonly life: EndOfLife;
    readonly registerDate: IsoDate | null;
    readonly successors: Successors;
    readonly partners: { readonly total: number; readonly active: number };
  },
  { offer, others, occupations, parents, now }: SheetContext,
): CertificationModel {
  const { record, life, registerDate, successors } = sheet;
  const { code, title } = record;
  const read = registerDate ?? record.seen?.to ?? null;
  const certifiers = record.certifiers.filter(({ state }) => state !== 'inactif').map(({ name }) => name);
  const link = (other: string): Link => {
    const known = others.get(other);
    return { text: known === undefined ? other : `${other} ${known.title}`, href: certificationAddress(other) };
  };
  return {
    title: `${title}, ${code}`,
    description: `${title} (${code}) : niveau, certificateur, fin d'enregistrement, blocs, remplacement et cours qui la préparent.`,
    // An address with answers is not one for search engines.
    noindex: offer.cost?.detail != null,
    section: null,
    heading: title,
    code,
    state: stateBadge(life),
    certifier: certifiers.length === 0 ? 'certificateur inconnu' : listed(certifiers.slice(0, 3)),
    banner: staleText(read, isoDay(now)),
    end: endBlock(record, life),
    prices: offer.prices,
    cost: offer.cost,
    facile: false,
    rows: rowsOf(record, sheet.partners, certifiers),
    blocksText:
      record.blocks.length === 0
        ? record.register === 'RS'
          ? 'Une certification du répertoire spécifique n’a pas de bloc.'
          : 'Le registre ne donne aucun bloc.'
        : french(`${count(record.blocks.length, 'bloc')} de compétences, chacun peut être validé à part.`),
    blocks: record.blocks,
    chain: successors.codes.map(link),
    chainText: chainText(record, successors),
    replaces: record.replaces.map(link),
    jobs: record.rome.map(({ code: rome, label }) => ({
      code: rome,
      label: label === '' ? (parents.find((one) => one.code === rome)?.rome3Label ?? 'intitulé non communiqué') : label,
      current: firstOnes(occupations.filter(({ parent }) => parent === rome).map((one) => `${one.code} ${one.label}`)),
    })),
    coursesText:
      offer.total === 0
        ? 'Aucun cours de notre catalogue ne dit préparer cette certification.'
        : french(
            `${count(offer.total, 'cours', 'cours')} du catalogue ${offer.total > 1 ? 'disent' : 'dit'} la préparer.`,
          ),
    cards: offer.cards,
    all:
      offer.total > offer.cards.length
        ? french(`Les ${offer.cards.length} plus récents sont montrés, sur ${number(offer.total)}.`)
        : null,
    publicPage: `https://www.francecompetences.fr/recherche/${record.register.toLowerCase()}/${code.replace(/\D/g, '')}/`,
    source: sourceText(read, registerDate === null),
  };
}

const shownJobs = 5;

const firstOnes = (jobs: readonly string[]): string =>
  jobs.length <= shownJobs
    ? listed(jobs)
    : french(`${jobs.slice(0, shownJobs).join(', ')} et ${count(jobs.length - shownJobs, 'autre')}`);

const chainWords: Readonly<Record<Successors['end'], string>> = {
  living: 'La dernière de cette suite est active.',
  'none-known': 'Aucun remplacement connu.',
  cycle: 'Les remplacements du registre tournent en rond : aucun remplacement connu.',
  broken: 'La suite mène à une certification que nous ne trouvons pas dans le registre : aucun remplacement connu.',
};

function chainText({ replacedBy }: RegisterRecord, { codes, end }: Successors): string {
  if (end !== 'broken' || codes.length > 0) return chainWords[end];
  const named = listed(replacedBy);
  return french(
    `Le registre nomme ${named} comme remplacement, absente du registre que nous avons : aucun remplacement connu.`,
  );
}

/** N11 before the end; after it, since when, what replaces it, and the doubt of T18. */
function endBlock(record: RegisterRecord, life: EndOfLife): CertificationModel['end'] {
  const coming = endOfLifeText(life);
  if (coming !== null) return { tone: 'info', text: coming };
  if (life.state !== 'ended') return null;
  const since = life.end === null ? "N'est plus active." : `N'est plus active depuis le ${dayAfter(life.end)}.`;
  const replaced = life.successor === null ? replacementText(life) : `Remplacée par ${life.successor}.`;
  return { tone: 'att', text: french([since, replaced, ...doubtOfEnd(record, life)].join(' ')) };
}

/** T18: an end later than the register we hold may have been put off since. */
function doubtOfEnd({ seen }: RegisterRecord, { end }: EndOfLife): string[] {
  if (end === null || seen === null || seen.to > end) return [];
  return [
    `Notre registre date du ${short(seen.to)}, avant cette fin : une prolongation est possible. Vérifiez auprès de France compétences.`,
  ];
}

function rowsOf(
  record: RegisterRecord,
  partners: { readonly total: number; readonly active: number },
  certifiers: readonly string[],
): readonly Row[] {
  const { shortType, registration, endOfRegistration, lastDelivery, decidedOn } = record;
  const type = shortType === null ? null : shortType.label || shortType.code;
  const given = { 'de-droit': 'de droit', 'sur-demande': 'sur demande' } as const;
  return [
    { label: 'Code', text: record.code },
    { label: 'Niveau', text: levelText(record) },
    ...(type === null ? [] : [{ label: 'Type', text: type }]),
    { label: 'Certificateur', text: certifiers.length === 0 ? 'inconnu' : listed(certifiers.slice(0, 10)) },
    { label: "Fin d'enregistrement", text: endOfRegistration === null ? 'inconnue' : short(endOfRegistration) },
    ...(lastDelivery === null ? [] : [{ label: 'Dernière délivrance', text: short(lastDelivery) }]),
    ...(decidedOn === null ? [] : [{ label: 'Décision', text: short(decidedOn) }]),
    ...(registration === null ? [] : [{ label: 'Enregistrement', text: given[registration] }]),
    {
      label: 'Organismes habilités',
      text:
        partners.total === 0
          ? 'aucune liste dans notre registre'
          : french(`${number(partners.active)} actifs, sur ${number(partners.total)}`),
    },
  ];
}

export interface ChoiceModel extends Shown {
  readonly heading: string;
  readonly number: string;
  readonly choices: readonly (Link & { readonly note: string })[];
}

/** A bare number: never guessed. */
export function choiceModel(
  candidates: readonly string[],
  known: ReadonlyMap<string, Pick<RegisterRecord, 'title'>>,
): ChoiceModel {
  const digits = candidates[0]?.replace(/\D/g, '') ?? '';
  return {
    title: `${digits} : RNCP ou RS ?`,
    description: null,
    noindex: true,
    section: null,
    heading: french('RNCP ou RS ?'),
    number: digits,
    choices: candidates.map((code) => ({
      text: code,
      href: certificationAddress(code),
      note: known.get(code)?.title ?? 'absente du registre que nous avons lu',
    })),
  };
}

export interface UnknownModel extends Shown {
  readonly heading: string;
  readonly text: string;
  readonly coursesText: string | null;
  readonly cards: readonly object[];
  readonly publicPage: string;
}

export function unknownModel(
  code: string,
  registerDate: IsoDate | null,
  offer: Pick<CertificationOffer, 'total' | 'cards'>,
): UnknownModel {
  const register = code.startsWith('RS') ? 'rs' : 'rncp';
  return {
    title: `${code} : état inconnu`,
    description: null,
    noindex: true,
    section: null,
    heading: code,
    text: french(
      registerDate === null
        ? 'État inconnu : absente des certifications que nous connaissons, aucun registre n’a été importé.'
        : `État inconnu : absente du registre du ${short(registerDate)}.`,
    ),
    coursesText:
      offer.total === 0
        ? null
        : french(
            `${count(offer.total, 'cours', 'cours')} du catalogue ${offer.total > 1 ? 'disent' : 'dit'} la préparer.`,
          ),
    cards: offer.cards,
    publicPage: `https://www.francecompetences.fr/recherche/${register}/${code.replace(/\D/g, '')}/`,
  };
}
