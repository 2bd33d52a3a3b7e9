import { expect } from 'chai';
import fc from 'fast-check';
import {
  choicesOf,
  coursesShown,
  declaredStates,
  declareStep,
  type Enrolment,
  frozenPathway,
  groupOf,
  nextStep,
  progressOf,
  resume,
  statusOf,
  stop,
} from '../../src/pathways/model/enrolment.ts';
import { statusText } from '../../src/pathways/view-models/enrolment.ts';
import { daysAgo, testNow } from '../builders/course.ts';
import { anEnrolment } from '../builders/enrolment.ts';
import { aPathway, aStep, aStepCourse } from '../builders/pathway.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');
const always = () => true;
const later = (days: number) => daysAgo(-days);

const three = aPathway({
  steps: [
    aStep({ id: 'une', title: 'Une', main: aStepCourse({ id: 'aaaaaaaa' }) }),
    aStep({
      id: 'deux',
      title: 'Deux',
      main: aStepCourse({ id: 'bbbbbbbb' }),
      alternatives: [aStepCourse({ id: 'cccccccc' })],
    }),
    aStep({ id: 'trois', title: 'Trois', main: null, uncoveredSince: daysAgo(4) }),
  ],
});

/** Each step declared one day after the other. */
function declared(...acts: readonly (readonly [step: string, state: (typeof declaredStates)[number]])[]): Enrolment {
  return acts.reduce(
    (enrolment, [step, state], day) => {
      const next = declareStep(enrolment, step, state, later(day + 1));
      if (next === null) throw new Error(`no step ${step}`);
      return next;
    },
    anEnrolment({}, three),
  );
}

describe('the status of an enrolment', () => {
  const gone =
    (...ids: readonly string[]) =>
    (id: string) =>
      !ids.includes(id);
  const allDone = declared(['trois', 'done'], ['une', 'done'], ['deux', 'done']);
  const table: readonly (readonly [string, Enrolment, (id: string) => boolean, string])[] = [
    ['nothing begun', anEnrolment({}, three), always, 'Inscription enregistrée le 22 novembre 2026'],
    ['one step under way', declared(['une', 'enrolled-with-provider']), always, 'En cours : 0 étape sur 3'],
    ['one step done', declared(['une', 'done']), always, 'En cours : 1 étape sur 3'],
    ['two steps done', declared(['une', 'done'], ['deux', 'done']), always, 'En cours : 2 étapes sur 3'],
    ['all done, dated by the last', allDone, always, 'Terminé le 25 novembre 2026'],
    ['done stays done when courses go', allDone, () => false, 'Terminé le 25 novembre 2026'],
    ['stopped', stop(declared(['une', 'done']), later(9)), always, 'Arrêté par vous le 1er décembre 2026'],
    ['stopped wins', stop(allDone, later(9)), () => false, 'Arrêté par vous le 1er décembre 2026'],
    ['a step lost', declared(['deux', 'done']), gone('aaaaaaaa'), "Une étape n'est plus proposée : Une"],
    ['a lost step that is done', declared(['une', 'done']), gone('aaaaaaaa'), 'En cours : 1 étape sur 3'],
    [
      'a step with a living alternative',
      anEnrolment({}, three),
      gone('bbbbbbbb'),
      'Inscription enregistrée le 22 novembre 2026',
    ],
    [
      'a step with all its courses lost',
      anEnrolment({}, three),
      gone('bbbbbbbb', 'cccccccc'),
      "Une étape n'est plus proposée : Deux",
    ],
  ];
  for (const [name, enrolment, offered, words] of table) {
    it(`${name}: « ${words} »`, () => {
      expect(plain(statusText(statusOf(enrolment, offered)))).to.equal(words);
    });
  }

  it('comes back to what it was when a withdrawn course is offered again', () => {
    const enrolment = declared(['deux', 'done']);
    expect(statusOf(enrolment, gone('aaaaaaaa')).kind).to.equal('step-gone');
    expect(plain(statusText(statusOf(enrolment, always)))).to.equal('En cours : 1 étape sur 3');
  });
});

describe('the steps of an enrolment', () => {
  const act = fc.record({
    step: fc.constantFrom('une', 'deux', 'trois'),
    state: fc.constantFrom(...declaredStates),
  });

  it('hold what was said last of each, in any order, back and forth', () => {
    fc.assert(
      fc.property(fc.array(act), (acts) => {
        const enrolment = declared(...acts.map(({ step, state }) => [step, state] as const));
        for (const { stepId, state } of enrolment.steps) {
          const last = acts.filter(({ step }) => step === stepId).at(-1);
          expect(state).to.equal(last?.state ?? 'to-start');
        }
        const { done, total } = progressOf(enrolment);
        expect(done).to.equal(enrolment.steps.filter(({ state }) => state === 'done').length);
        expect(total).to.equal(3);
        expect(statusOf(enrolment, always).kind === 'finished').to.equal(done === total);
        expect(nextStep(enrolment)?.id).to.equal(enrolment.steps.find(({ state }) => state !== 'done')?.stepId);
      }),
    );
  });

  it('lose nothing by stopping and resuming', () => {
    fc.assert(
      fc.property(fc.array(act), (acts) => {
        const enrolment = declared(...acts.map(({ step, state }) => [step, state] as const));
        const stopped = stop(enrolment, later(30));
        expect(groupOf(stopped)).to.equal('stopped');
        expect(stopped.steps).to.deep.equal(enrolment.steps);
        expect(resume(stopped)).to.deep.equal(enrolment);
      }),
    );
  });

  it('keep the date of the first time the same thing was said', () => {
    const enrolment = declared(['une', 'done']);
    expect(declareStep(enrolment, 'une', 'done', later(20))).to.equal(enrolment);
    const stopped = stop(enrolment, later(2));
    expect(stop(stopped, later(20))).to.equal(stopped);
    expect(resume(enrolment)).to.equal(enrolment);
  });

  it('are those of the pathway: another one is unknown', () => {
    expect(declareStep(anEnrolment({}, three), 'quatre', 'done', testNow)).to.equal(null);
  });

  it('the next one is the first in order that is not done', () => {
    expect(nextStep(declared(['deux', 'done']))?.id).to.equal('une');
    expect(nextStep(declared(['une', 'done']))?.id).to.equal('deux');
    expect(nextStep(declared(['une', 'done'], ['deux', 'done'], ['trois', 'done']))).to.equal(null);
  });
});

describe('the frozen version of a pathway', () => {
  it('holds titles, aim, target, and the courses of each step as they were', () => {
    const { title, aim, target, steps } = frozenPathway(three, always);
    expect({ title, aim, target }).to.deep.equal({ title: three.title, aim: three.aim, target: three.target });
    expect(steps.map(({ id, courses }) => [id, ...courses.map((course) => course.id)])).to.deep.equal([
      ['une', 'aaaaaaaa'],
      ['deux', 'bbbbbbbb', 'cccccccc'],
      ['trois'],
    ]);
    expect(steps[0]?.courses[0]).to.deep.equal({
      id: 'aaaaaaaa',
      slug: 'creer-des-pages-web-accessibles-7k2m9qzx',
      title: 'Créer des pages web accessibles',
      provider: 'Atelier Ligne Claire',
    });
    expect(steps[2]?.uncoveredSince).to.deep.equal(daysAgo(4));
  });

  it('a course withdrawn since the pathway was computed gives way to the alternative, without its hours', () => {
    const { steps } = frozenPathway(three, (id) => id !== 'bbbbbbbb');
    expect(steps[1]?.courses.map(({ id }) => id)).to.deep.equal(['cccccccc']);
    expect(steps[1]?.hours).to.equal(null);
  });

  it('a form carries which course each step showed, and reads it back whatever else it holds', () => {
    const choices = choicesOf(frozenPathway(three, always));
    expect(choices).to.equal('une:aaaaaaaa,deux:bbbbbbbb,trois:');
    expect(coursesShown(choices)).to.deep.equal(['aaaaaaaa', 'bbbbbbbb']);
    fc.assert(
      fc.property(fc.string(), (text) => {
        const shown = coursesShown(text);
        expect(shown.length).to.be.at.most(20);
        for (const id of shown) expect(id).to.match(/^[0-9a-z]{8}$/);
      }),
    );
  });
});
