import { expect } from 'chai';
import fc from 'fast-check';
import { loadRules } from '../../src/eligibility/data.ts';
import type { AimedAction, Told } from '../../src/eligibility/model/aim.ts';
import { personOf } from '../../src/eligibility/model/answers.ts';
import { type OfferedStep, pathwayVerdict } from '../../src/pathways/model/verdict.ts';
import { pathwayCostModel } from '../../src/pathways/view-models/cost.ts';
import { anAction } from '../builders/aims.ts';
import { employee } from '../builders/answers.ts';
import { type Changes, specific } from '../builders/dossier.ts';

const rules = loadRules();
const date = '2026-06-10';
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

const told = (balance: number | null): Told => personOf(employee, balance);
const step = (id: string, ...offers: readonly Changes[]): OfferedStep => ({
  id,
  title: `Étape ${id}`,
  offers: offers.map((changes) => anAction(changes)),
});
const paid = (price: number | null): Changes => ({ 'action.prix': price });
const of = (steps: readonly OfferedStep[], balance: number | null, more: Partial<Told> = {}) =>
  pathwayVerdict(steps, { ...told(balance), ...more }, date, rules);

describe('the cost of a whole pathway', () => {
  it('two steps spend the same balance: the second sees what is left (B26)', () => {
    const { steps, rest, rights, price } = of([step('a', paid(2000)), step('b', paid(2000))], 2500);
    expect(steps.map(({ chosen }) => chosen?.verdict.droitsMobilisables)).to.deep.equal([185_000, 65_000]);
    expect([price.known, rights.known, rest.known]).to.deep.equal([400_000, 250_000, 150_000]);
  });

  it('the participation is owed at each enrolment, the cap holds for each action', () => {
    const rs = { 'action.certification': specific, 'action.prix': 1650 };
    const { steps, rest } = of([step('a', rs), step('b', rs)], 10_000);
    expect(steps.map(({ chosen }) => chosen?.verdict.resteACharge)).to.deep.equal([15_000, 15_000]);
    expect(rest.known).to.equal(30_000);
  });

  it('keeps the cheapest courses of the whole, not of each step', () => {
    // With 1 000 € left, the dearer certified course of the last step can be paid by the account; the other cannot.
    const notPaid = { ...paid(700), 'organisme.dereference': true };
    const { steps, rest } = of([step('a', paid(1150), notPaid), step('b', paid(1100))], 1000);
    expect(rest.known).to.equal(Math.min(1150 - 1000 + 1100, 700 + 150) * 100);
    expect(steps[0]?.otherThanMain).to.equal(true);
  });

  it('a step without an amount prevents the total and is named; what it may take is not left for the next', () => {
    const { steps, rest } = of([step('a', paid(1000)), step('b', paid(null)), step('c', paid(500))], 5000);
    expect(steps.map(({ chosen }) => chosen?.verdict.resteACharge)).to.deep.equal([15_000, null, null]);
    expect(rest).to.deep.equal({ known: 15_000, unknownSteps: ['b', 'c'] });
    const shown = pathwayCostModel(
      of([step('a', paid(1000)), step('b', paid(null)), step('c', paid(500))], 5000),
      date,
    );
    expect(plain(shown.heading)).to.equal("Le coût de ce parcours pour vous n'est pas encore connu");
    expect(plain(shown.total.rest)).to.equal('au moins 150 €, sans compter : étapes 2 et 3');
    expect(shown.rows[1]?.rest).to.equal('pas encore connu');
  });

  it('an alternative whose amount is known is kept rather than a main course without one', () => {
    const { steps, rest } = of([step('a', paid(null), paid(900))], 5000);
    expect(steps[0]?.chosen?.dossier.action.prix).to.equal(90_000);
    expect(rest).to.deep.equal({ known: 15_000, unknownSteps: [] });
  });

  it('a step without a course is named, and never counted as nothing', () => {
    const { rest } = of([step('a', paid(1000)), step('vide')], 5000);
    expect(rest).to.deep.equal({ known: 15_000, unknownSteps: ['vide'] });
  });

  it('an unknown balance leaves unknown what needs it, and only that', () => {
    const refused = { ...paid(300), 'organisme.dereference': true };
    const { rest } = of([step('a', paid(0)), step('b', refused), step('c', paid(1000))], null);
    expect(rest).to.deep.equal({ known: 30_000, unknownSteps: ['c'] });
  });

  it('an aid pays one training and nobody told which: no step counts it', () => {
    const aid: Partial<Told> = { cofinancements: [{ par: 'region', montant: 500, accorde: true }] };
    expect(of([step('a', paid(1000))], 5000, aid).rest.unknownSteps).to.deep.equal(['a']);
    const refused: Partial<Told> = { cofinancements: [{ par: 'region', montant: 500, accorde: false }] };
    expect(of([step('a', paid(1000))], 5000, refused).rest.unknownSteps).to.deep.equal([]);
  });

  it('each amount of the table stands with a day in its row', () => {
    const shown = pathwayCostModel(of([step('a', paid(2000)), step('b', paid(null))], 2500), date);
    for (const row of shown.rows) expect(row.price).to.match(/\d\d\/\d\d\/\d{4}/);
    expect(plain(shown.lines.join(' '))).to.match(/inscriptions validées le 10 juin 2026/);
  });

  it('a public servant is told so for the whole', () => {
    const servant = personOf({ v: 1, statut: 'agent_public' });
    const shown = pathwayCostModel(pathwayVerdict([step('a', paid(2000))], servant, date, rules), date);
    expect(shown.heading).to.equal('Ce simulateur ne traite pas votre situation');
    expect(plain(shown.lines[0] ?? '')).to.match(/^Les droits des agents publics/);
  });

  const offer = fc.record({
    price: fc.constantFrom(0, 90, 400, 1000, 1600, 2500),
    kind: fc.constantFrom('rncp', 'rs', 'refused'),
  });
  const anOffer = ({ price, kind }: { price: number; kind: string }): AimedAction =>
    anAction({
      'action.prix': price,
      ...(kind === 'rs' ? { 'action.certification': specific } : {}),
      ...(kind === 'refused' ? { 'organisme.dereference': true } : {}),
    });

  it('costs what trying every choice would, and price = aid + rights + rest, to the cent', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(offer, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(0, 100, 700, 2000, 6000),
        (choices, balance) => {
          const steps = choices.map((offers, at) => ({ id: `s${at}`, title: '', offers: offers.map(anOffer) }));
          const found = of(steps, balance);
          let cheapest = Number.POSITIVE_INFINITY;
          const walk = (at: number, picked: readonly AimedAction[]): void => {
            const offers = steps[at]?.offers;
            if (offers !== undefined) {
              for (const one of offers) walk(at + 1, [...picked, one]);
              return;
            }
            const alone = steps.map((one, position) => ({ ...one, offers: picked.slice(position, position + 1) }));
            cheapest = Math.min(cheapest, of(alone, balance).rest.known);
          };
          walk(0, []);
          expect(found.rest.known).to.equal(cheapest);
          expect(found.price.known).to.equal(found.aid.known + found.rights.known + found.rest.known);
          expect(found.rights.known).to.be.at.most(balance * 100);
        },
      ),
      { numRuns: 60 },
    );
  });
});
