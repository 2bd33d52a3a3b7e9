/** A small catalogue with one course of each kind, for pages. */

import type { Course } from '../../src/catalogue/model.ts';
import { writeAnswers } from '../../src/eligibility/model/answers.ts';
import type { Pathway } from '../../src/pathways/model.ts';
import { aCourse, aSession, daysAgo, euros, selfPaced } from './course.ts';
import { aPathway, aStep, aStepCourse } from './pathway.ts';

const alphabet = '0123456789abcdefghjk';
const idOf = (position: number) => `c0rse0${alphabet[Math.floor(position / 20)]}${alphabet[position % 20]}`;

const noCertificate = {
  certificate: { type: 'none', free: null, included: null, price: null },
  exam: { exists: false, included: null, price: null },
} as const;

/** `hostile` has a title and a name that try to be markup. */
export const special = {
  free: aCourse({ id: 'freec0v0', draft: { title: 'Découvrir le HTML', contentFree: true, ...noCertificate } }),
  paid: aCourse({
    id: 'pa1dc0v0',
    providerId: 'passerelle-web',
    sourceTitle: 'Passerelle Web',
    draft: {
      title: 'Développeur web : les fondamentaux',
      provider: { name: 'Passerelle Web', url: null, siret: '13002526500013', activityNumber: null },
      price: euros(1080),
      certificate: { type: 'registered', free: null, included: true, price: null },
      exam: { exists: true, included: false, price: euros(120) },
      sessions: [aSession(), aSession({ id: 's2', start: '2027-03-01T08:00:00Z', end: null, state: 'coming' })],
      totalHours: 105,
      durationWeeks: 10,
      objectives: ['écrire une page', 'la publier'],
      descriptionHtml: '<p>Un cours <strong>complet</strong>.</p>',
      description: 'Un cours complet.',
      modality: 'blended',
    },
    alignment: {
      digital: true,
      competences: [
        { code: '3.4', score: 1, evidence: [], origin: 'declared' },
        { code: '3.1', score: 0.8, evidence: ['pages web', 'html'], origin: 'inferred' },
      ],
      level: 'advanced',
      certifications: [
        { code: 'RNCP37674', known: true },
        { code: 'RS9999', known: false },
      ],
      threshold: 0.5,
      frameworkVersion: 'digcomp-3.0',
    },
  }),
  funded: aCourse({
    id: 'fwndec00',
    draft: { title: 'Tableur : les bases', fundedForJobSeekers: { text: 'Prise en charge <b>totale</b>' } },
  }),
  content: aCourse({
    id: 'c0ntent0',
    draft: { title: 'Protéger ses données', contentFree: true, sessions: [selfPaced] },
    harvestedAt: daysAgo(9),
  }),
  missing: aCourse({ id: 'm1ss1ng0', state: 'missing', missingSince: daysAgo(2) }),
  german: aCourse({
    id: 'germanc0',
    draft: { title: 'Programmieren lernen', languages: ['de'] },
    alignment: { ...aCourse().alignment, digital: null, competences: [], level: null },
  }),
  hostile: aCourse({
    id: 'h0st1ec0',
    providerId: 'script-alert',
    draft: {
      title: '<script>alert(1)</script> & "titre"',
      provider: { name: '<img src=x onerror=alert(1)>', url: null, siret: null, activityNumber: null },
      objectives: ['<b>gras</b>'],
      prerequisites: '</dd><script>alert(2)</script>',
      level: { label: '"><i>', eqf: null },
    },
  }),
  withdrawn: aCourse({
    id: 'g0nec0v0',
    draft: { title: 'Intégration web, session 2025' },
    state: 'withdrawn',
    missingSince: daysAgo(9),
    withdrawn: { at: daysAgo(2), reason: 'absent', detail: null },
  }),
} satisfies Readonly<Record<string, Course>>;

/** Enough for three pages of results. */
export const manyCourses: readonly Course[] = [
  ...Object.values(special),
  ...Array.from({ length: 45 }, (_value, position) =>
    aCourse({ id: idOf(position), draft: { title: `Cours de programmation ${position + 1}` } }),
  ),
];

const mainOf = (course: Course) =>
  aStepCourse({ id: course.id, slug: course.slug, title: course.draft.title, provider: course.draft.provider.name });

export const manyPathways: readonly Pathway[] = [
  aPathway({
    access: 'unknown',
    steps: [
      aStep({ main: mainOf(special.free), alternatives: [mainOf(special.content)] }),
      aStep({
        id: 'api',
        title: 'Construire une API',
        main: {
          ...mainOf(special.paid),
          prices: {
            course: { status: 'amount', cents: 108_000, currency: 'EUR' },
            certificate: { status: 'included' },
            exam: { status: 'amount', cents: 12_000, currency: 'EUR' },
          },
        },
      }),
      aStep({ id: 'projet', title: 'Mener un projet', main: null, uncoveredSince: daysAgo(4) }),
    ],
  }),
  aPathway({
    slug: 'numerique-du-quotidien',
    title: "À l'aise avec le numérique",
    target: { certification: null, rome: null },
    steps: [aStep({ main: mainOf(special.free) })],
  }),
  aPathway({
    slug: 'ancien',
    title: 'Ancien parcours',
    retired: { at: daysAgo(3), reason: 'certification-ended', nearest: ['developpeur-web'] },
  }),
];

const someAnswers = writeAnswers({ v: 1, statut: 'salarie', age: 38, retraiteTauxPlein: false, inscription: 'non' });

/** One address of every type of page, with the status it answers. */
export const everyPage: readonly (readonly [name: string, path: string, status: number])[] = [
  ['home', '/', 200],
  ['catalogue', '/catalogue', 200],
  ['results', '/catalogue?q=programmation&acces=unknown&niveau=intermediate', 200],
  ['no result', '/catalogue?q=soudure+programmation&acces=paid&langue=de', 200],
  ['course', `/cours/${special.paid.slug}`, 200],
  ['missing course', `/cours/${special.missing.slug}`, 200],
  ['hostile course', `/cours/${special.hostile.slug}`, 200],
  ['withdrawn course', `/cours/${special.withdrawn.slug}`, 410],
  ['pathways', '/parcours', 200],
  ['pathway', '/parcours/developpeur-web', 200],
  ['retired pathway', '/parcours/ancien', 410],
  ['competences', '/competences', 200],
  ['competence', '/competences/3.1', 200],
  ['school', '/organismes/passerelle-web', 200],
  ['certifications', '/certifications', 200],
  ['certification', '/certifications/RNCP37674', 200],
  ['nothing to pay', `/catalogue?pour-moi=1&r=${someAnswers}`, 200],
  ['certification with answers', `/certifications/RNCP37674?r=${someAnswers}`, 200],
  ['ended certification', '/certifications/RNCP35419', 200],
  ['ended certification with answers', `/certifications/RNCP35419?r=${someAnswers}`, 200],
  ['certification of either register', '/certifications/37674', 200],
  ['unknown certification', '/certifications/RS1', 200],
  ['rules', '/regles', 200],
  ['rules of another day', '/regles?date=2024-05-01', 200],
  ['rules of no day', '/regles?date=demain', 422],
  ['rule', '/regles/F-03', 200],
  ['rule without value on a day', '/regles/F-03?date=2027-01-01', 200],
  ['open data', '/donnees', 200],
  ['changes', '/changements', 200],
  ['coverage', '/couverture', 200],
  ['codes of records', '/aide/erreurs', 200],
  ['a code of records', '/aide/erreurs/E_PRIX_ILLISIBLE', 200],
  ['contact', '/contact', 200],
  ['words explained', '/aide/lexique', 200],
  ['question', '/eligibilite?facile=1', 200],
  ['result', `/eligibilite/resultat?but=cours:${special.paid.id}&r=${someAnswers}&facile=1`, 200],
  ['result of a pathway', `/eligibilite/resultat?but=parcours:developpeur-web&r=${someAnswers}`, 200],
  ['broken link', '/eligibilite?r=x', 400],
  ['course with answers', `/cours/${special.paid.slug}?r=${someAnswers}`, 200],
  ['pathway with answers', `/parcours/developpeur-web?r=${someAnswers}`, 200],
  ['accessibility', '/accessibilite', 200],
  ['legal notice', '/mentions-legales', 200],
  ['personal data', '/donnees-personnelles', 200],
  ['not found', '/nulle-part', 404],
];
