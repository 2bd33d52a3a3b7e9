import { priceTotal } from '../../src/pathways/model/price.ts';
import type { Pathway, PathwayStep, StepCourse } from '../../src/pathways/model.ts';
import { daysAgo, testNow } from './course.ts';

export function aStepCourse(changes: Partial<StepCourse> = {}): StepCourse {
  return {
    id: '7k2m9qzx',
    slug: 'creer-des-pages-web-accessibles-7k2m9qzx',
    title: 'Créer des pages web accessibles',
    provider: 'Atelier Ligne Claire',
    languages: ['fr'],
    hours: 70,
    session: 'open',
    access: 'free-for-all',
    cpf: null,
    prices: { course: { status: 'free' }, certificate: { status: 'included' }, exam: { status: 'none' } },
    missing: false,
    harvestedAt: daysAgo(1),
    demo: false,
    ...changes,
  };
}

export function aStep(changes: Partial<PathwayStep> = {}): PathwayStep {
  const main = changes.main === undefined ? aStepCourse() : changes.main;
  return {
    id: 'pages',
    title: 'Créer des pages web',
    why: 'Tout commence par une page que chacun peut lire.',
    competences: ['3.1'],
    level: 'intermediate',
    certification: null,
    alternatives: [],
    hours: main === null || main.hours === null ? null : { min: main.hours, max: main.hours },
    uncoveredSince: null,
    ...changes,
    main,
  };
}

/** Two steps, both covered and free; totals follow the steps given. */
export function aPathway(changes: Partial<Pathway> = {}): Pathway {
  const steps = changes.steps ?? [
    aStep(),
    aStep({
      id: 'projet',
      title: 'Mener un projet',
      main: aStepCourse({ id: '0h3k9qzx', slug: 'mener-un-projet-web-0h3k9qzx', title: 'Mener un projet web' }),
    }),
  ];
  const total = (line: 'course' | 'certificate' | 'exam') =>
    priceTotal(steps.map(({ id, main }) => ({ id, line: main?.prices[line] ?? null })));
  return {
    slug: 'developpeur-web',
    title: 'Développeur web et web mobile',
    aim: 'Créer des sites et préparer le titre professionnel.',
    audience: 'Pour les personnes qui veulent un premier métier du développement.',
    target: { certification: 'RNCP37674', rome: 'M1855' },
    steps,
    uncovered: steps.filter(({ main }) => main === null).map(({ id }) => id),
    totals: {
      hours: {
        min: steps.reduce((sum, { hours }) => sum + (hours?.min ?? 0), 0),
        max: steps.reduce((sum, { hours }) => sum + (hours?.max ?? 0), 0),
        unknownSteps: steps.filter(({ hours }) => hours === null).map(({ id }) => id),
      },
      course: total('course'),
      certificate: total('certificate'),
      exam: total('exam'),
    },
    access: 'free-for-all',
    zeroPossible: null,
    endOfLife: null,
    computedAt: testNow,
    retired: null,
    ...changes,
  };
}
