/** /admin/revue: what waits for a person's eye. Here, courses that may be one. */
import { count, french, listed, longDate, shortDate } from '../../platform/web/format.ts';
import { type FieldErrors, field, formPage } from '../../platform/web/forms.ts';
import { courseAddress } from '../model/addresses.ts';
import type { ShownPair, ShownPairs } from '../model/duplicate-pairs.ts';
import type { Evidence } from '../model/duplicates.ts';
import { pricesOf, priceText } from '../model/prices.ts';
import { enrolmentText } from '../model/sessions.ts';
import { catalogueOf } from '../model/source-words.ts';
import type { Course } from '../model.ts';
import { basisWords } from './history.ts';
import { effortText, unsaid } from './words.ts';

export const reviewPath = '/admin/revue';
export const mergedPath = `${reviewPath}/reunis`;
export const pairPath = (id: string) => `${reviewPath}/doublons/${encodeURIComponent(id)}`;
export const separationPath = (courseId: string) => `${mergedPath}/${encodeURIComponent(courseId)}/separer`;

const done: Readonly<Record<string, string>> = {
  reuni: "Les deux fiches sont réunies : une seule carte, un choix d'offres sur sa page.",
  refuse: 'Noté : ces deux cours ne seront plus proposés comme doublons.',
  doute: 'Noté. Cette proposition attend derrière les autres.',
  separe: 'Le cours a de nouveau sa page et sa carte. Il ne sera plus proposé comme doublon de ceux-là.',
};
const doneWords = (code: string) => (Object.hasOwn(done, code) ? french(done[code] ?? '') : null);

/** « Même adresse : … », one line for each thing that both have. */
function evidenceLines(evidence: Evidence): string[] {
  const { address, siret, codes, title, sameProvider, sameSite, sameHours } = evidence;
  return [
    title === 1 ? 'Mêmes mots dans le titre' : `Titres proches : ${Math.round(title * 100)} % de mots communs`,
    ...(address === null ? [] : [`Même adresse : ${address}`]),
    ...(siret === null ? (sameProvider ? ["Même nom d'organisme"] : []) : [`Même SIRET : ${siret}`]),
    ...(codes.length === 0 ? [] : [`Même certification : ${listed(codes)}`]),
    ...(sameSite && address === null ? ['Même site'] : []),
    ...(sameHours ? ['Même durée'] : []),
  ].map(french);
}

const likely = (score: number) => french(`Ressemblance : ${Math.round(score * 100)} sur 100`);

function side(course: Course) {
  return {
    title: course.draft.title,
    href: courseAddress(course.slug),
    provider: course.draft.provider.name,
    source: french(catalogueOf(course.sourceTitle).replace(/^c/, 'C')),
    demo: course.demo,
  };
}

export function queueModel(
  list: ShownPairs,
  counts: { readonly merged: number; readonly reused: number; readonly claimed: number },
  doneCode: string,
) {
  const { total, page, more, pairs } = list;
  return {
    ...formPage('File de revue'),
    notice: doneWords(doneCode),
    count: french(`${count(total, 'doublon possible', 'doublons possibles')}, les plus ressemblants d'abord.`),
    pairs: pairs.map(({ pair, courses }) => ({
      href: pairPath(pair.id),
      courses: courses.map(side),
      likely: likely(pair.score),
      evidence: evidenceLines(pair.evidence),
      unsure: pair.unsureAt === null ? null : french(`« Je ne sais pas » le ${shortDate(pair.unsureAt)}`),
    })),
    empty: total === 0 ? 'File vide.' : null,
    merged: { href: mergedPath, text: french(`Cours déjà réunis : ${counts.merged}`) },
    others: [
      otherQueue('identifiants', 'Identifiants réutilisés', counts.reused),
      otherQueue('conflits', 'Cours revendiqués par deux sources', counts.claimed),
    ],
    previous: page > 1 ? `${reviewPath}?page=${page - 1}` : null,
    next: more ? `${reviewPath}?page=${page + 1}` : null,
  };
}

function otherQueue(id: string, title: string, size: number) {
  const text = french(size === 0 ? 'File vide.' : count(size, 'fiche à trancher', 'fiches à trancher'));
  return { id, title, text, href: size === 0 ? null : `${reviewPath}/${id}` };
}

export function mergedModel(list: ShownPairs, doneCode: string) {
  const { total, page, more, pairs } = list;
  return {
    ...formPage('Cours réunis'),
    notice: doneWords(doneCode),
    crumb: { label: 'File de revue', href: reviewPath },
    intro: french(
      total === 0
        ? "Aucun cours n'est réuni avec un autre."
        : `${count(total, 'réunion', 'réunions')}, la plus récente d'abord. Chaque cours reste tenu par sa source ; une seule carte les montre.`,
    ),
    pairs: pairs.map(({ pair, courses }) => {
      // The one without card is the one to part; of two offers of a third, the first.
      const parted = courses.find(({ mergedInto }) => mergedInto !== null) ?? courses[0];
      const { basis, decision } = pair;
      const when = decision === null ? '' : `, le ${shortDate(decision.at)}`;
      return {
        courses: courses.map(side),
        why: french(`${basis === null ? 'inconnu' : basisWords[basis]}${when}`),
        reason: decision === null || decision.reason === '' ? null : french(`« ${decision.reason} »`),
        separate: parted === undefined ? null : { href: separationPath(parted.id), title: parted.draft.title },
      };
    }),
    previous: page > 1 ? `${mergedPath}?page=${page - 1}` : null,
    next: more ? `${mergedPath}?page=${page + 1}` : null,
  };
}

const descriptionShown = 400;

/** Both courses side by side, what they share, and the three answers. */
export function pairModel({ pair, courses }: ShownPair, now: Date, typed: string, errors: FieldErrors) {
  const [a, b] = courses;
  const row = (label: string, text: (course: Course) => string) => ({
    label,
    one: a === undefined ? 'effacé' : french(text(a)),
    other: b === undefined ? 'effacé' : french(text(b)),
  });
  const price = (name: 'course' | 'certificate') => (course: Course) =>
    priceText(name, pricesOf(course.draft)[name], course, now);
  const states: Readonly<Record<Course['state'], string>> = {
    pending: 'en attente',
    published: 'publié',
    missing: 'absent de sa source',
    withdrawn: 'retiré',
  };
  const open = pair.state === 'proposed';
  const path = pairPath(pair.id);
  return {
    ...formPage('Est-ce le même cours ?', errors),
    crumb: { label: 'File de revue', href: reviewPath },
    courses: courses.map(side),
    rows: [
      row('Titre', ({ draft }) => draft.title),
      row('Organisme', ({ draft: { provider } }) =>
        provider.siret === null ? provider.name : `${provider.name}, SIRET ${provider.siret}`,
      ),
      row('Source', ({ sourceTitle }) => catalogueOf(sourceTitle).replace(/^c/, 'C')),
      row('Adresse chez l’organisme', ({ draft }) => draft.url),
      row(
        'Certification',
        ({ alignment }) => listed(alignment.certifications.map(({ code }) => code)) || 'aucune annoncée',
      ),
      row('Durée', ({ draft }) => effortText(draft) ?? unsaid),
      row('Prix du cours', price('course')),
      row('Certificat', price('certificate')),
      row('Inscriptions', ({ draft }) => enrolmentText(draft.sessions, now).text),
      row('Présentation', ({ draft }) => cut(draft.description)),
      row('État', ({ state }) => states[state]),
    ],
    likely: likely(pair.score),
    evidence: evidenceLines(pair.evidence),
    open,
    decided: open ? null : decidedText(pair),
    effects: [
      'Réunir : une seule carte dans la recherche ; la page de l’autre mène à elle. Chaque source garde son offre, avec son prix et ses dates. Cela se défait.',
      'Ce sont deux cours : la proposition ne reviendra plus.',
    ].map(french),
    reason: field('motif', 'Pourquoi ?', errors, { value: typed, hint: 'Une phrase, gardée avec votre décision.' }),
    mergeAction: `${path}/reunir`,
    refuseAction: `${path}/refuser`,
    doubtAction: `${path}/doute`,
  };
}

function decidedText({ state, decision }: ShownPair['pair']): string {
  const what = state === 'merged' ? 'Réunis' : 'Gardés séparés';
  if (decision === null) return `${what}.`;
  const why = decision.reason === '' ? '.' : ` : « ${decision.reason} »`;
  return french(
    `${what} le ${longDate(decision.at)}${decision.by === 'platform' ? ' par la recherche de doublons' : ''}${why}`,
  );
}

function cut(text: string): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  if (plain === '') return unsaid;
  return plain.length > descriptionShown ? `${plain.slice(0, descriptionShown)}…` : plain;
}

export function separationModel(course: Course, others: number, typed: string, errors: FieldErrors) {
  return {
    ...formPage(`Séparer « ${course.draft.title} » ?`, errors),
    crumb: { label: 'Cours réunis', href: mergedPath },
    effects: [
      `${course.draft.provider.name}, ${catalogueOf(course.sourceTitle)} : ce cours aura de nouveau sa page et sa carte.`,
      `Il ne sera plus réuni avec ${others < 2 ? "l'autre" : `les ${others} autres`} : la recherche de doublons ne le proposera plus.`,
      'Les inscriptions et ce que des personnes ont gardé restent.',
    ].map(french),
    action: separationPath(course.id),
    fields: [field('motif', 'Pourquoi ?', errors, { value: typed })],
    button: 'Séparer ce cours',
    back: { label: 'Annuler', href: mergedPath },
  };
}
