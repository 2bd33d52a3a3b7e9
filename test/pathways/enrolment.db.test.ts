import { expect } from 'chai';
import type { CourseEvent } from '../../src/catalogue/model/history.ts';
import type { Course } from '../../src/catalogue/model.ts';
import { AppError } from '../../src/errors.ts';
import type { Pathway } from '../../src/pathways/model.ts';
import { type EnrolmentStore, makeEnrolmentStore } from '../../src/pathways/store/enrolments.ts';
import { type KeptStore, makeKeptStore } from '../../src/pathways/store/kept-courses.ts';
import { consentWords, type Enrolments, makeEnrolments } from '../../src/pathways/use-cases/enrolment.ts';
import { type Keeping, makeKeeping } from '../../src/pathways/use-cases/keeping.ts';
import { enrolmentHolding, keptHolding } from '../../src/pathways/use-cases/personal-data.ts';
import { connectTo, type Database } from '../../src/platform/mongo.ts';
import { type Actor, visitor } from '../../src/rights.ts';
import { aCourse, daysAgo, testNow, turnedPaidAt } from '../builders/course.ts';
import { aPathway, aStep, aStepCourse } from '../builders/pathway.ts';
import { testDatabase } from '../support/database.ts';

const learner = (accountId: string): Actor => ({ accountId, roles: ['learner'], memberships: [], strong: false });
const anna = learner('anna');
const bilal = learner('bilal');

const stepCourse = ({ id, slug, draft }: Course) =>
  aStepCourse({ id, slug, title: draft.title, provider: draft.provider.name });
const html = aCourse({ id: 'htm10000', draft: { title: 'Le HTML' } });
const css = aCourse({ id: 'css00000', draft: { title: 'Le CSS' } });
const script = aCourse({ id: 'script00', draft: { title: 'Le script' } });
const near = aCourse({ id: 'near0000', draft: { title: 'Un cours proche' } });
const withdrawn = (course: Course): Course => ({
  ...course,
  state: 'withdrawn',
  missingSince: daysAgo(9),
  withdrawn: { at: daysAgo(2), reason: 'absent', detail: null },
});
const web = aPathway({
  slug: 'web',
  title: 'Le web',
  steps: [
    aStep({ id: 'pages', title: 'Des pages', main: stepCourse(html) }),
    aStep({ id: 'style', title: 'Du style', main: stepCourse(css), alternatives: [stepCourse(script)] }),
    aStep({ id: 'projet', title: 'Un projet', main: null, uncoveredSince: daysAgo(4) }),
  ],
});
const choices = 'pages:htm10000,style:css00000,projet:';
const agreed = { agreed: true, choices };

describe('enrolments in the database', () => {
  let served: Awaited<ReturnType<typeof testDatabase>>;
  let database: Database;
  let store: EnrolmentStore;
  let keptStore: KeptStore;
  let catalogue: Course[];
  let events: (CourseEvent & { courseId: string })[];
  let pathways: Pathway[];
  let trail: { actor: string | null; act: string; target: string | null; details?: object }[];
  let enrolments: Enrolments;
  let keeping: Keeping;

  before(async () => {
    served = await testDatabase();
    database = await connectTo(served.uri, served.engine === 'server' ? 'mongodb' : 'embedded');
    store = makeEnrolmentStore(database.connection);
    keptStore = makeKeptStore(database.connection);
    await Promise.all([store.ensureIndexes(), keptStore.ensureIndexes()]);
  });

  after(async () => {
    await database.close();
    await served.drop();
  });

  beforeEach(async () => {
    await database.connection.collection('enrolments').deleteMany({});
    await database.connection.collection('kept_courses').deleteMany({});
    catalogue = [html, css, script, near];
    events = [];
    pathways = [web];
    trail = [];
    let drawn = 0;
    const parts = {
      courses: {
        byIds: async (ids: readonly string[]) =>
          ids.flatMap((id) => catalogue.find((course) => course.id === id) ?? []),
        similarTo: async () => catalogue.filter(({ id }) => id === near.id),
      },
      pathways: {
        list: async () => pathways.filter(({ retired }) => retired === null),
        bySlug: async (slug: string) => {
          const found = pathways.find((pathway) => pathway.slug === slug);
          if (found === undefined) throw new AppError('not-found', 'E_PARCOURS', "Ce parcours n'existe pas.");
          return found;
        },
      },
      audit: {
        record: async (entry: (typeof trail)[number]) => {
          trail.push(entry);
        },
      },
      now: () => testNow,
    };
    enrolments = makeEnrolments({
      ...parts,
      history: { ofCourse: async (id) => events.filter(({ courseId }) => courseId === id) },
      enrolments: store,
      newId: () => {
        drawn += 1;
        return `e${drawn}`;
      },
    });
    keeping = makeKeeping({ ...parts, kept: keptStore });
  });

  const refusal = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => null,
      (caught: unknown) => caught,
    );
    if (error instanceof AppError) return error.kind;
    throw error ?? new Error('accepted');
  };
  const enrolled = async (actor = anna) => {
    const result = await enrolments.enrol(actor, 'web', agreed);
    if (result.kind !== 'enrolled') throw new Error(result.kind);
    return result.id;
  };
  const replace = (course: Course) => {
    catalogue = catalogue.map((one) => (one.id === course.id ? course : one));
  };

  describe('enrolling', () => {
    it('records the pathway as it was, the words agreed to and their date', async () => {
      const id = await enrolled();
      const stored = await store.byId('anna', id);
      expect(stored?.consent).to.deep.equal({ words: consentWords, at: testNow });
      expect(stored?.pathway.steps[1]?.courses.map((course) => course.title)).to.deep.equal(['Le CSS', 'Le script']);
      expect(stored?.steps.map(({ stepId, state }) => `${stepId} ${state}`)).to.deep.equal([
        'pages to-start',
        'style to-start',
        'projet to-start',
      ]);
      expect(trail).to.deep.equal([
        { actor: 'anna', act: 'enrolment.created', target: id, details: { pathway: 'web' } },
      ]);
    });

    it('keeps its version when the pathway changes', async () => {
      const id = await enrolled();
      pathways = [aPathway({ slug: 'web', title: 'Autre titre', steps: [aStep({ id: 'autre' })] })];
      const { enrolment, steps } = await enrolments.one(anna, id);
      expect(enrolment.pathway.title).to.equal('Le web');
      expect(steps.map(({ step }) => step.id)).to.deep.equal(['pages', 'style', 'projet']);
    });

    it('B29: two forms sent at once give one enrolment, and every answer leads to it', async () => {
      const results = await Promise.all(Array.from({ length: 6 }, () => enrolments.enrol(anna, 'web', agreed)));
      expect(results.filter(({ kind }) => kind === 'enrolled')).to.have.length(1);
      expect(results.filter(({ kind }) => kind === 'already')).to.have.length(5);
      const [own, ...others] = await store.ofAccount('anna');
      expect(others).to.deep.equal([]);
      for (const result of results) expect(result).to.have.property('id', own?.id);
      expect(trail).to.have.length(1);
    });

    it('T-03: without agreement nothing is recorded', async () => {
      const result = await enrolments.enrol(anna, 'web', { agreed: false, choices });
      expect(result.kind).to.equal('consent-missing');
      expect(await store.ofAccount('anna')).to.deep.equal([]);
      expect(trail).to.deep.equal([]);
    });

    it('B29: a course withdrawn while the form was open is said, with what is near, and nothing is recorded', async () => {
      replace(withdrawn(css));
      const result = await enrolments.enrol(anna, 'web', agreed);
      if (result.kind !== 'changed') throw new Error(result.kind);
      expect(result.gone.map(({ course }) => course?.id)).to.deep.equal(['css00000']);
      expect(result.gone[0]?.equivalents.map(({ id }) => id)).to.deep.equal(['script00', 'near0000']);
      expect(await store.ofAccount('anna')).to.deep.equal([]);
      const again = await enrolments.enrol(anna, 'web', { agreed: true, choices: result.offer.choices });
      expect(again.kind).to.equal('enrolled');
      expect((await store.ofAccount('anna'))[0]?.pathway.steps[1]?.courses.map(({ id }) => id)).to.deep.equal([
        'script00',
      ]);
    });

    it('agreeing to another content than what can be begun now records nothing', async () => {
      for (const sent of ['', 'pages:htm10000', 'pages:near0000,style:css00000,projet:', ',,,::']) {
        const result = await enrolments.enrol(anna, 'web', { agreed: true, choices: sent });
        expect(result.kind, sent).to.equal('changed');
      }
      expect(await store.ofAccount('anna')).to.deep.equal([]);
    });

    it('a pathway retired while the form was open records nothing', async () => {
      pathways = [{ ...web, retired: { at: daysAgo(1), reason: 'definition-removed', nearest: [] } }];
      expect((await enrolments.form(anna, 'web')).kind).to.equal('retired');
      expect((await enrolments.enrol(anna, 'web', agreed)).kind).to.equal('retired');
      expect(await store.ofAccount('anna')).to.deep.equal([]);
    });

    it('the form of a pathway begun already leads to it, retired or stopped', async () => {
      const id = await enrolled();
      await enrolments.stop(anna, id);
      pathways = [{ ...web, retired: { at: daysAgo(1), reason: 'definition-removed', nearest: [] } }];
      expect(await enrolments.form(anna, 'web')).to.deep.equal({ kind: 'already', id });
    });

    it('a visitor has to sign in for everything, and an unknown pathway is not found', async () => {
      const id = await enrolled();
      const asked = [
        enrolments.form(visitor, 'web'),
        enrolments.enrol(visitor, 'web', agreed),
        enrolments.space(visitor),
        enrolments.one(visitor, id),
        enrolments.declare(visitor, id, 'pages', 'done'),
        enrolments.stop(visitor, id),
        enrolments.resume(visitor, id),
        keeping.keep(visitor, { kind: 'course', target: html.id }),
        keeping.unkeep(visitor, { kind: 'course', target: html.id }),
        keeping.list(visitor, 5),
        keeping.targets(visitor),
      ];
      for (const work of asked) expect(await refusal(work)).to.equal('unauthenticated');
      expect(await refusal(enrolments.enrol(anna, 'inconnu', agreed))).to.equal('not-found');
    });
  });

  it('an account without the right enrols in nothing and keeps nothing', async () => {
    const barred: Actor = { ...anna, roles: ['visitor'] };
    expect(await refusal(enrolments.enrol(barred, 'web', agreed))).to.equal('forbidden');
    expect(await refusal(enrolments.space(barred))).to.equal('forbidden');
    expect(await refusal(keeping.keep(barred, { kind: 'course', target: html.id }))).to.equal('forbidden');
    expect(await store.ofAccount('anna')).to.deep.equal([]);
  });

  describe('an enrolment', () => {
    it('of somebody else does not exist', async () => {
      const id = await enrolled();
      const asked = [
        enrolments.one(bilal, id),
        enrolments.declare(bilal, id, 'pages', 'done'),
        enrolments.stop(bilal, id),
        enrolments.resume(bilal, id),
      ];
      for (const work of asked) expect(await refusal(work)).to.equal('not-found');
      expect((await enrolments.space(bilal)).enrolments).to.deep.equal([]);
      const untouched = await store.byId('anna', id);
      expect(untouched?.revision).to.equal(0);
      expect(trail).to.have.length(1);
      expect(await store.save({ ...(await enrolments.one(anna, id)).enrolment, accountId: 'bilal' })).to.equal(false);
    });

    it('two tabs that declare two steps at once keep both, each with its line in the trail', async () => {
      const id = await enrolled();
      await Promise.all([
        enrolments.declare(anna, id, 'pages', 'done'),
        enrolments.declare(anna, id, 'style', 'enrolled-with-provider'),
        enrolments.declare(anna, id, 'projet', 'done'),
      ]);
      const { steps } = (await enrolments.one(anna, id)).enrolment;
      expect(steps.map(({ state }) => state)).to.deep.equal(['done', 'enrolled-with-provider', 'done']);
      expect(trail.filter(({ act }) => act === 'enrolment.step-declared')).to.have.length(3);
    });

    it('declares back and forth, stops and resumes, and what changes nothing leaves no line', async () => {
      const id = await enrolled();
      await enrolments.declare(anna, id, 'pages', 'done');
      await enrolments.declare(anna, id, 'pages', 'done');
      await enrolments.declare(anna, id, 'pages', 'to-start');
      await enrolments.resume(anna, id);
      await enrolments.stop(anna, id);
      await enrolments.stop(anna, id);
      expect(await refusal(enrolments.declare(anna, id, 'pages', 'done'))).to.equal('conflict');
      expect((await enrolments.one(anna, id)).next).to.equal(null);
      await enrolments.resume(anna, id);
      expect(trail.map(({ act }) => act)).to.deep.equal([
        'enrolment.created',
        'enrolment.step-declared',
        'enrolment.step-declared',
        'enrolment.stopped',
        'enrolment.resumed',
      ]);
      expect(trail[1]?.details).to.deep.equal({ step: 'pages', state: 'done' });
      expect(await refusal(enrolments.declare(anna, id, 'inconnue', 'done'))).to.equal('not-found');
    });

    it('B10: says since when a course is paid that was free on the day of the enrolment, and only that', async () => {
      const id = await enrolled();
      const paid = async () => (await enrolments.one(anna, id)).steps.map(({ paidSince }) => paidSince);
      const later = (days: number) => new Date(testNow.getTime() + days * 86_400_000);
      expect(await paid()).to.deep.equal([null, null, null]);
      events = [{ courseId: css.id, ...turnedPaidAt(daysAgo(3)) }];
      expect(await paid()).to.deep.equal([null, null, null]);
      events = [{ courseId: css.id, ...turnedPaidAt(later(2)) }];
      expect(await paid()).to.deep.equal([null, later(2), null]);
      expect((await enrolments.space(anna)).next?.step.paidSince).to.equal(null);
      events = [{ courseId: html.id, ...turnedPaidAt(later(3)) }];
      expect((await enrolments.space(anna)).next?.step.paidSince).to.deep.equal(later(3));
    });

    it('W1.8: a withdrawn course keeps its step, its equivalents are offered, and a done step asks for nothing', async () => {
      const id = await enrolled();
      replace(withdrawn(css));
      const lost = await enrolments.one(anna, id);
      expect(lost.steps[1]?.step.courses[0]?.title).to.equal('Le CSS');
      expect(lost.steps[1]?.course?.withdrawn?.reason).to.equal('absent');
      expect(lost.steps[1]?.equivalents.map((course) => course.id)).to.deep.equal(['script00', 'near0000']);
      expect(lost.status.kind).to.equal('recorded');
      replace(withdrawn(script));
      expect((await enrolments.one(anna, id)).status).to.deep.equal({ kind: 'step-gone', title: 'Du style' });
      expect((await enrolments.space(anna)).enrolments[0]?.status.kind).to.equal('step-gone');
      await enrolments.declare(anna, id, 'style', 'done');
      const done = await enrolments.one(anna, id);
      expect(done.steps[1]?.progress.state).to.equal('done');
      expect(done.steps[1]?.equivalents).to.deep.equal([]);
      expect(done.status.kind).to.equal('under-way');
    });

    it('N14: a step and what is kept follow a merged course to the offer that still lives, and no further', async () => {
      const id = await enrolled();
      await keeping.keep(anna, { kind: 'course', target: css.id });
      replace({ ...css, mergedInto: near.id });
      replace({ ...near, offers: [css.id] });
      const courseNow = async () => (await enrolments.one(anna, id)).steps[1]?.course;
      expect((await courseNow())?.id, 'its own offer, as long as it is one').to.equal(css.id);
      replace({ ...withdrawn(css), mergedInto: near.id });
      expect((await courseNow())?.id).to.equal(near.id);
      replace(withdrawn(script));
      expect((await enrolments.one(anna, id)).status.kind, 'the step can still be followed').to.equal('recorded');
      const [kept] = (await keeping.list(anna, 10)).shown;
      expect(kept).to.have.nested.property('course.id', near.id);
      replace({ ...withdrawn(near), offers: [css.id] });
      expect((await courseNow())?.id, 'nothing is offered any more').to.equal(css.id);
      expect((await courseNow())?.state).to.equal('withdrawn');
    });

    it('B7: a course offered again is connected again', async () => {
      const id = await enrolled();
      replace(withdrawn(html));
      expect((await enrolments.one(anna, id)).status.kind).to.equal('step-gone');
      replace({ ...html, restoredAt: daysAgo(1) });
      expect((await enrolments.one(anna, id)).status.kind).to.equal('recorded');
    });

    it('a course erased from the catalogue, and a pathway that is gone, leave the enrolment whole', async () => {
      const id = await enrolled();
      catalogue = [near];
      pathways = [];
      const page = await enrolments.one(anna, id);
      expect(page.steps.map(({ course }) => course)).to.deep.equal([null, null, null]);
      expect(page.steps[0]?.step.courses[0]?.title).to.equal('Le HTML');
      expect(page.retired).to.equal(null);
    });

    it('the own space shows the next step of what was touched last', async () => {
      const other = aPathway({
        slug: 'autre',
        title: 'Autre',
        steps: [aStep({ id: 'seule', main: stepCourse(near) })],
      });
      pathways = [web, other];
      await enrolled();
      const second = await enrolments.enrol(anna, 'autre', { agreed: true, choices: 'seule:near0000' });
      if (second.kind !== 'enrolled') throw new Error(second.kind);
      await enrolments.declare(anna, 'e1', 'pages', 'done');
      const { next, enrolments: list } = await enrolments.space(anna);
      expect(list.map(({ group }) => group).sort()).to.deep.equal(['to-come', 'under-way']);
      expect(next?.enrolment.pathwaySlug).to.equal('web');
      expect(next?.step.step.id).to.equal('style');
      expect(next?.step.course?.id).to.equal('css00000');
      await enrolments.stop(anna, 'e1');
      expect((await enrolments.space(anna)).next?.step.step.id).to.equal('seule');
    });
  });

  describe('what is kept for later', () => {
    it('is kept once, whatever the number of clicks, and removed once', async () => {
      const target = { kind: 'course', target: html.id } as const;
      await Promise.all([keeping.keep(anna, target), keeping.keep(anna, target), keeping.keep(anna, target)]);
      await keeping.keep(anna, { kind: 'pathway', target: 'web' });
      expect((await keeping.targets(anna)).map(({ kind }) => kind).sort()).to.deep.equal(['course', 'pathway']);
      expect(await keeping.targets(bilal)).to.deep.equal([]);
      await keeping.unkeep(bilal, target);
      expect((await keeping.list(anna, 1)).total).to.equal(2);
      await keeping.unkeep(anna, target);
      await keeping.unkeep(anna, target);
      expect(await keeping.targets(anna)).to.deep.equal([{ kind: 'pathway', target: 'web' }]);
      expect(trail.map(({ act, target: id }) => `${act} ${id}`)).to.deep.equal([
        `kept.added ${html.id}`,
        'kept.added web',
        `kept.removed ${html.id}`,
      ]);
    });

    it('says what each became, and keeps the name of what is erased', async () => {
      for (const { id } of [html, css, near]) await keeping.keep(anna, { kind: 'course', target: id });
      replace(withdrawn(css));
      catalogue = catalogue.filter(({ id }) => id !== html.id);
      const { shown } = await keeping.list(anna, 10);
      const course = (id: string) => shown.find(({ kept }) => kept.target === id);
      expect(course(html.id)).to.deep.include({ course: null }).and.nested.property('kept.title', 'Le HTML');
      expect(course(css.id)).to.have.nested.property('course.state', 'withdrawn');
      expect(course(css.id)).to.have.property('similar', 1);
      expect(course(near.id)).to.have.property('similar', 0);
    });

    it('is something that exists and is offered', async () => {
      replace(withdrawn(css));
      replace({ ...script, state: 'pending' });
      pathways = [
        web,
        { ...web, slug: 'ancien', retired: { at: daysAgo(1), reason: 'definition-removed', nearest: [] } },
      ];
      expect(await refusal(keeping.keep(anna, { kind: 'course', target: css.id }))).to.equal('conflict');
      expect(await refusal(keeping.keep(anna, { kind: 'course', target: script.id }))).to.equal('not-found');
      expect(await refusal(keeping.keep(anna, { kind: 'course', target: 'absent00' }))).to.equal('not-found');
      expect(await refusal(keeping.keep(anna, { kind: 'pathway', target: 'ancien' }))).to.equal('conflict');
      expect(await refusal(keeping.keep(anna, { kind: 'pathway', target: 'inconnu' }))).to.equal('not-found');
      expect(await keeping.targets(anna)).to.deep.equal([]);
    });

    it('stops at 200', async () => {
      for (let rank = 0; rank < 200; rank += 1) {
        await keptStore.add('anna', { kind: 'course', target: String(rank), title: 'Cours', at: testNow });
      }
      expect(await refusal(keeping.keep(anna, { kind: 'course', target: html.id }))).to.equal('conflict');
      await keeping.unkeep(anna, { kind: 'course', target: '7' });
      await keeping.keep(anna, { kind: 'course', target: html.id });
      expect((await keeping.list(anna, 200)).total).to.equal(200);
    });
  });

  describe('personal data', () => {
    it('shows everything kept in words, and erases it without touching that of others', async () => {
      await enrolled();
      await enrolled(bilal);
      await keeping.keep(anna, { kind: 'course', target: html.id });
      const [own, keeps] = [enrolmentHolding(store), keptHolding(keptStore)];
      const [line] = await own.read('anna');
      expect(line).to.include({ Parcours: 'Le web', 'Votre accord': consentWords });
      expect(line?.Étapes).to.have.length(3);
      expect(await keeps.read('anna')).to.deep.equal([{ Cours: 'Le HTML', 'Gardé le': testNow }]);
      expect([await own.erase('anna'), await keeps.erase('anna')]).to.deep.equal([1, 1]);
      expect([await own.erase('anna'), await keeps.erase('anna')]).to.deep.equal([0, 0]);
      for (const name of ['enrolments', 'kept_courses']) {
        const left = await database.connection.collection(name).find().toArray();
        expect(JSON.stringify(left), name).not.to.include('anna');
      }
      expect(await own.read('bilal')).to.have.length(1);
    });
  });
});
