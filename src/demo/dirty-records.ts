/** Faults that real partners make, planted in the demonstration so that rejections, warnings and repeats are seen. */
import type { LheoOffer } from './lheo-feed.ts';
import type { MoochubRecord } from './moochub-feed.ts';
import type { RichieRecord } from './richie-feed.ts';

function changed(record: MoochubRecord, id: string, attributes: Readonly<Record<string, unknown>>): MoochubRecord {
  return { ...record, id, attributes: { ...record.attributes, ...attributes } };
}

/** Version 3: no title, refused address, script, negative duration, an identical and a contradictory duplicate. */
export function dirtyMoochub3(records: readonly MoochubRecord[]): readonly MoochubRecord[] {
  const [first, second, third] = records;
  if (first === undefined || second === undefined || third === undefined) return records;
  return [
    ...records,
    changed(first, 'sans-titre', { name: '  ' }),
    changed(second, 'adresse-refusee', {
      name: 'Créer un quiz en ligne pour sa classe',
      url: 'javascript:alert(document.domain)',
    }),
    changed(third, 'avec-script', {
      name: 'Animer un atelier avec un quiz interactif',
      description:
        '<p>Créer un quiz interactif en ligne et l’animer avec un groupe.</p><script>alert(1)</script><img src="x" onerror="alert(2)">',
      teaches: [],
    }),
    changed(third, 'duree-negative', {
      name: 'Découvrir les données ouvertes de sa ville',
      description:
        '<p>Trouver un jeu de données ouvertes, l’ouvrir dans un tableur et en tirer une carte en ligne.</p>',
      teaches: [],
      duration: '-P2W',
    }),
    first,
    changed(second, second.id, { name: `${String(second.attributes.name)}, nouvelle formule` }),
  ];
}

/** Version 2: entities in a title, and the empty date of an old database. */
export function dirtyMoochub2(records: readonly MoochubRecord[]): readonly MoochubRecord[] {
  const [first, second] = records;
  if (first === undefined || second === undefined) return records;
  return [
    ...records,
    changed(first, 'entites', {
      name: 'Son &amp; image : cr&eacute;er un diaporama anim&eacute;',
      description:
        '<p>Choisir des photos num&eacute;riques, les mettre en musique et publier le diaporama en ligne.</p>',
      learningObjectives: [],
    }),
    changed(second, 'date-vide', {
      name: 'Illustrer un article avec des images libres',
      description: '<p>Trouver des images sous licence libre, les recadrer et citer leurs auteurs sur le web.</p>',
      learningObjectives: [],
      startDate: '1999-11-30T00:00:00+01:00',
      endDate: null,
    }),
  ];
}

const run = {
  enrollment_start: null,
  enrollment_end: null,
  languages: ['fr'],
  offer: null,
  price: null,
  price_currency: 'EUR',
  certificate_offer: null,
  certificate_price: null,
};

/** A price to be asked for (unknown, so published), and a date in words (refused). */
export function dirtyRichieFrench(records: readonly RichieRecord[]): readonly RichieRecord[] {
  const [first] = records;
  if (first === undefined) return records;
  const quoted = {
    ...first,
    id: 'sur-devis',
    title: 'Créer la boutique en ligne de son commerce',
    introduction: 'Choisir une solution de commerce en ligne, publier ses produits et tenir son site à jour.',
    course_runs: [],
    offer: 'paid',
    price: 'sur devis',
  };
  const worded = {
    ...first,
    id: 'date-en-mots',
    title: 'Préparer ses photos pour le web',
    course_runs: [{ ...run, start: 'courant mars', end: null }],
  };
  return [...records, quoted, worded];
}

/** A language that does not exist, and a session that ends before it starts: both published, with a warning. */
export function dirtyRichieEnglish(records: readonly RichieRecord[], monday: Date): readonly RichieRecord[] {
  const [first] = records;
  if (first === undefined) return records;
  const after = (weeks: number) => new Date(monday.getTime() + weeks * 7 * 86_400_000);
  const strange = {
    ...first,
    id: 'unknown-language',
    title: 'Spreadsheet clinic: bring your own file',
    introduction: 'Repair formulas, filters and pivot tables in your own spreadsheet with the help of the group.',
    course_runs: [{ ...run, start: after(3), end: after(5), languages: ['various'] }],
  };
  const reversed = {
    ...first,
    id: 'reversed-dates',
    title: 'Write clear web pages',
    introduction: 'Headings, links and short sentences: write digital content that readers find and understand.',
    course_runs: [{ ...run, start: after(5), end: after(3), languages: ['en'] }],
  };
  return [...records, strange, reversed];
}

/** Month without a day, and a price to be asked for: both published. */
export function dirtyLheoOld(offers: readonly LheoOffer[], monday: Date): readonly LheoOffer[] {
  const first = plainOffer(offers);
  const [session] = first?.sessions ?? [];
  if (first === undefined || session === undefined) return offers;
  const year = monday.getUTCFullYear() + 1;
  const half = {
    ...first,
    number: 'demi-date',
    title: 'Créer le site de son association',
    about: '<p>Publier les pages web d’une association et les tenir à jour à plusieurs.</p>',
    sessions: [{ ...session, start: `${year}0300`, end: `${year}0400`, enrolmentStart: null, enrolmentEnd: null }],
  };
  return [
    ...offers,
    half,
    {
      ...first,
      number: 'sur-devis',
      title: 'Photographier ses produits pour le web',
      about: '<p>Éclairer, cadrer, retoucher une photo numérique et la publier sur une boutique en ligne.</p>',
      price: 'sur devis',
    },
  ];
}

/** A SIRET with a wrong key, a day that no calendar holds, a price in words: all three refused. */
export function dirtyLheoNew(offers: readonly LheoOffer[], monday: Date): readonly LheoOffer[] {
  const first = plainOffer(offers);
  const [session] = first?.sessions ?? [];
  if (first === undefined || session === undefined) return offers;
  const year = monday.getUTCFullYear() + 1;
  return [
    ...offers,
    { ...first, number: 'siret-faux', title: 'Initiation au montage vidéo', siret: '12345678901234' },
    {
      ...first,
      number: 'jour-inconnu',
      title: 'Initiation à la photographie numérique',
      sessions: [{ ...session, start: `${year}0231`, end: `${year}0331` }],
    },
    { ...first, number: 'prix-en-mots', title: 'Initiation au dessin sur tablette', price: 'entre cent et deux cents' },
  ];
}

/** A short digital course with dates, which prepares for no certification. */
function plainOffer(offers: readonly LheoOffer[]): LheoOffer | undefined {
  return offers.find(
    ({ course: { theme }, sessions }) =>
      theme.certification === undefined && !theme.handsOn && theme.skills.length > 0 && sessions.length > 0,
  );
}
