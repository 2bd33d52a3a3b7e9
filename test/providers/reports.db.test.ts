/** Who may read the report of a run, what it tells, and what the operator may do about it. */
import { expect } from 'chai';
import { AppError, SourceError } from '../../src/errors.ts';
import type { HarvestRun } from '../../src/harvest/model.ts';
import { makeHeldRuns } from '../../src/harvest/use-cases/held.ts';
import { csvRow } from '../../src/platform/write-csv.ts';
import type { ReportLine } from '../../src/providers/model/report.ts';
import type { Source } from '../../src/providers/model.ts';
import type { SourceStore } from '../../src/providers/store.ts';
import { makeReports, type Reports, runsPerPage } from '../../src/providers/use-cases/reports.ts';
import { reportModel, reportRows, runColumns, runRow } from '../../src/providers/view-models/reports.ts';
import { type Actor, visitor } from '../../src/rights.ts';
import { aMember, anActor, operator } from '../builders/actors.ts';
import { aSource, end, makeWorld, numbered, record, records, type World } from '../support/harvest-world.ts';

describe('reports of runs', () => {
  let world: World;
  let reports: Reports;
  let acts: string[];
  let rebuilt = 0;
  let merged = 0;
  const source = { ...aSource(), organisationId: 'school', state: 'active', rhythm: 'daily' } as unknown as Source;
  const sources = { byId: async (id: string) => (id === source.id ? source : null) } as unknown as SourceStore;

  before(async () => {
    world = await makeWorld();
    const held = makeHeldRuns({
      ...world.store,
      courses: world.courses,
      sources: { byId: async () => source },
      graceDays: 7,
      now: world.now,
    });
    reports = makeReports({
      sources,
      ...world.store,
      courses: world.courses,
      harvest: {
        request: async (sourceId) => {
          const run = await world.run([...numbered(9), end()], { source: aSource({ id: sourceId }) });
          return { run, ended: Promise.resolve(run) };
        },
        stop: async (id) => {
          acts.push(`stopped ${id}`);
        },
      },
      held,
      mergedOf: async () => merged,
      rebuildPathways: async () => {
        rebuilt += 1;
      },
      audit: {
        record: async ({ act }) => {
          acts.push(act);
        },
      },
      now: world.now,
    } as Parameters<typeof makeReports>[0]);
  });
  after(() => world.close());
  beforeEach(async () => {
    acts = [];
    rebuilt = 0;
    merged = 0;
    await world.empty();
  });

  const codeOf = async (work: Promise<unknown>) =>
    work.then(
      () => 'no error',
      (error: unknown) => (error instanceof AppError ? error.code : error),
    );
  const every = async (who: Actor, run: HarvestRun): Promise<ReportLine[]> => {
    const all: ReportLine[] = [];
    for await (const page of await reports.everyLine(who, run.id)) all.push(...page);
    return all;
  };

  async function mixed(): Promise<HarvestRun> {
    await world.run([...numbered(9), record('gone'), end()]);
    return world.run([
      ...numbered(7),
      record('r0007', { title: 'Neuf' }),
      record('r0008', { title: '' }),
      record('bad', { title: '' }),
      record('pot', { title: 'Poterie' }),
      record('new', { odd: true }),
      end(),
    ]);
  }

  it('is read by the operator and by the people of the organisation; to others it does not exist', async () => {
    const run = await mixed();
    expect((await reports.report(operator, run.id, null)).reader).to.equal('operator');
    expect((await reports.report(aMember('school'), run.id, null)).reader).to.equal('organisation');
    expect(await codeOf(reports.report(visitor, run.id, null))).to.equal('CONNEXION_REQUISE');
    for (const other of [aMember('other'), anActor({})]) {
      expect(await codeOf(reports.report(other, run.id, null))).to.match(/^(SOURCE|ORGANISATION|COLLECTE)_INCONNUE$/);
      expect(await codeOf(reports.everyLine(other, run.id))).to.match(/_INCONNUE$/);
      expect(await codeOf(reports.everyConcerned(other, run.id))).to.match(/_INCONNUE$/);
    }
    expect(await codeOf(reports.report(operator, 'no-run', null))).to.equal('COLLECTE_INCONNUE');
  });

  it('only the operator lists every run, decides, asks for a run and stops one; without the code not even he', async () => {
    const run = await mixed();
    const weak = { ...operator, strong: false };
    for (const who of [aMember('school'), weak, anActor({})]) {
      const asked = [
        reports.list(who, null),
        reports.keep(who, run.id),
        reports.apply(who, run.id, { number: '1', reason: 'x' }),
        reports.again(who, run.id),
        reports.stop(who, run.id),
      ];
      for (const work of asked) expect(await codeOf(work)).to.match(/^(DROIT_MANQUANT|CODE_REQUIS)$/);
    }
    expect(acts).to.deep.equal([]);
  });

  it('P8 lists each record with what became of it, and each course that left', async () => {
    const run = await mixed();
    const states = Object.fromEntries((await every(operator, run)).map(({ remoteId, state }) => [remoteId, state]));
    expect(states).to.include({
      r0000: 'unchanged',
      r0007: 'updated',
      r0008: 'quarantined',
      bad: 'quarantined',
      pot: 'out-of-scope',
      new: 'created',
      gone: 'missing',
    });
    expect(Object.keys(states)).to.have.length(13);
    const [bad] = (await every(operator, run)).filter(({ remoteId }) => remoteId === 'r0008');
    expect(bad).to.include({ title: 'Cours r0008', shown: 'published' });
    expect(bad?.slug).to.be.a('string');
  });

  it('the page shows what needs a look: quarantined first, then absent, and says which version stays', async () => {
    const run = await mixed();
    const { lines, isLatest, next } = await reports.report(aMember('school'), run.id, null);
    expect(lines.map(({ remoteId, state }) => [remoteId, state])).to.deep.equal([
      ['bad', 'quarantined'],
      ['r0008', 'quarantined'],
      ['gone', 'missing'],
    ]);
    expect([isLatest, next]).to.deep.equal([true, null]);
  });

  it('letters that nobody can read have their code on the page, with its help, and in the CSV of the runs', async () => {
    const sentence = 'Des caractères sont illisibles ; le fichier annonce UTF-8.';
    const run = await world.run([new SourceError('malformed', sentence, { code: 'E_ENCODAGE' })]);
    for (const who of [operator, aMember('school')]) {
      const model = reportModel(await reports.report(who, run.id, null), '');
      expect(model.sentence.replaceAll('\u00a0', ' ')).to.equal(
        "Réponse illisible : Des caractères sont illisibles ; le fichier annonce UTF-8. Rien n'a été modifié.",
      );
      expect(model.code).to.deep.equal({ text: 'E_ENCODAGE', href: '/aide/erreurs/E_ENCODAGE' });
    }
    const at = runColumns.indexOf('code');
    expect(runRow(run)).to.have.length(runColumns.length);
    expect(runRow(run)[at]).to.equal('E_ENCODAGE');
    const other = await world.run([new SourceError('unreachable', 'Source injoignable')]);
    expect([runRow(other)[at], reportModel(await reports.report(operator, other.id, null), '').code]).to.deep.equal([
      '',
      null,
    ]);
  });

  it('an earlier run keeps its causes and counts, its lines are gone with the next one', async () => {
    const run = await mixed();
    await world.run([...numbered(9), end()]);
    const report = await reports.report(operator, run.id, null);
    expect(report.isLatest).to.equal(false);
    expect(report.lines).to.deep.equal([]);
    expect(report.run.causes).to.have.length(1);
  });

  it('goes on page after page without losing a quarantined record', async () => {
    const bad = Array.from({ length: 120 }, (_, at) => record(`b${String(at).padStart(3, '0')}`, { title: '' }));
    const run = await world.run([...records('a'), ...bad, end()]);
    const seen: string[] = [];
    let after: string | null = null;
    for (let pages = 0; pages < 5; pages += 1) {
      const page = await reports.report(operator, run.id, after);
      seen.push(...page.lines.map(({ remoteId }) => remoteId));
      after = page.next;
      if (after === null) break;
    }
    expect(seen).to.have.length(120);
    expect(new Set(seen).size).to.equal(120);
  });

  it('lists every run, newest first, page by page', async () => {
    for (let at = 0; at < runsPerPage + 3; at += 1) {
      await world.store.runs.request({
        id: `run-${at}`,
        sourceId: `s${at}`,
        sourceTitle: 'S',
        trigger: 'manual',
        everything: false,
        now: world.now(),
      });
    }
    const first = await reports.list(operator, null);
    const second = await reports.list(operator, first.next);
    expect([...first.runs, ...second.runs].map(({ id }) => id)).to.have.length(runsPerPage + 3);
    expect(new Set([...first.runs, ...second.runs].map(({ id }) => id)).size).to.equal(runsPerPage + 3);
    expect(second.next).to.equal(null);
  });

  describe('a held run', () => {
    const losing = async () => {
      await world.run([...numbered(10), end()]);
      return world.run([...numbered(6), end()]);
    };

    it('shows what it would take away; the organisation sees it and decides nothing', async () => {
      const run = await losing();
      const report = await reports.report(operator, run.id, null);
      expect(report.decidable).to.equal(true);
      expect(report.concerned.map(({ title }) => title)).to.deep.equal(
        ['r0006', 'r0007', 'r0008', 'r0009'].map((id) => `Cours ${id}`),
      );
      const own = await reports.report(aMember('school'), run.id, null);
      expect([own.decidable, own.mayRun, own.mayStop]).to.deep.equal([false, false, false]);
      expect(own.concerned).to.have.length(4);
    });

    it('is applied only with the number typed and a motive, and leaves a trail', async () => {
      const run = await losing();
      const apply = (number: string, reason: string) => codeOf(reports.apply(operator, run.id, { number, reason }));
      expect(await apply('', 'Confirmé.')).to.equal('NOMBRE_DIFFERENT');
      expect(await apply('40', 'Confirmé.')).to.equal('NOMBRE_DIFFERENT');
      expect(await apply('4', '  ')).to.equal('MOTIF_MANQUANT');
      expect(acts).to.deep.equal([]);
      expect(await apply(' 4 ', 'Confirmé par le partenaire.')).to.equal('no error');
      expect(acts).to.deep.equal(['run.apply']);
      expect(rebuilt).to.equal(1);
      expect((await reports.report(operator, run.id, null)).decidable).to.equal(false);
      expect((await world.catalogue()).filter(({ state }) => state === 'missing')).to.have.length(4);
    });

    it('is kept without a word; a new run is asked for', async () => {
      const run = await losing();
      await reports.keep(operator, run.id);
      const again = await reports.again(operator, run.id);
      expect(again.id).to.not.equal(run.id);
      expect(acts).to.deep.equal(['run.keep', 'run.request']);
    });
  });

  it('N14 says how many courses of the source share a card with another source', async () => {
    const run = await mixed();
    expect(reportModel(await reports.report(operator, run.id, null), '').merged).to.equal(null);
    merged = 2;
    const { merged: told } = reportModel(await reports.report(operator, run.id, null), '');
    expect(told?.text.replaceAll('\u00a0', ' ')).to.contain('2 cours de cette source sont réunis avec le même cours');
    expect(told?.href).to.equal('/changements/partenaire');
  });

  it('B18 a cell of the CSV is never a formula, and every problem has its row', () => {
    const line: ReportLine = {
      remoteId: '=1+1',
      title: '@titre',
      state: 'quarantined',
      shown: null,
      since: null,
      problems: [
        { code: 'E_PRIX_ILLISIBLE', field: 'prix', value: '=HYPERLINK("x")', message: 'm' },
        { code: 'E_DATE_ILLISIBLE', field: 'date', value: '', message: 'm' },
      ],
      warnings: [],
      reason: null,
      slug: 'cours-7k2m9qzx',
      url: null,
    };
    const rows = reportRows(line, 'https://ecole.example').map((row) => csvRow(row));
    expect(rows).to.have.length(2);
    for (const row of rows) expect(row).to.match(/^'=1\+1;'@titre;/);
    expect(rows[0]).to.include(`"'=HYPERLINK`);
    expect(rows[0]).to.include('https://ecole.example/cours/cours-7k2m9qzx');
  });
});
