import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { AppError, SourceError } from '../../../src/errors.ts';
import { exportCsv, exportXml, type Fiche } from '../../support/registry-files.ts';
import { openRegistryWorld, type RegistryWorld } from '../../support/registry-world.ts';
import { zipOf } from '../../support/zip.ts';

async function refused(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.publicMessage}`;
    if (error instanceof SourceError) return `${error.kind}: ${error.publicMessage}`;
    throw error;
  }
  return 'done';
}

const former = '11111111100011';
const organiser = '22222222200022';
const both = '33333333300033';
const dismissed = '44444444400044';
const certifier = '55555555500055';
const sameCompany = '11111111100029';
const nobody = '99999999900099';

describe('the registers of certifications', () => {
  let world: RegistryWorld;
  beforeEach(async () => {
    world = await openRegistryWorld();
  });
  afterEach(() => world.close());

  const importXml = (date: string, fiches: readonly Fiche[], options = {}) =>
    world.registry.importFile(world.file(`export-fiches-${date}.xml`, exportXml(fiches)), options);

  describe('before any import', () => {
    it('are the built-in sample, and say so', async () => {
      const { register, registry } = world;
      expect(await register.state()).to.deep.equal({ date: null, records: 27, offersDate: null });
      const record = await register.certification('RNCP37674');
      expect(record).to.include({ active: true, level: 5, endOfRegistration: '2028-09-01' });
      expect(record?.seen).to.deep.equal({ from: '2026-08-16', to: '2026-08-16' });
      expect(await register.certification('RNCP37674', '2026-01-01')).to.equal(null);
      expect((await registry.lookUp({ text: 'RNCP37674' })).registerDate).to.equal(null);
      expect(await register.habilitation('RNCP37674', former)).to.equal(null);
      expect(await register.hasOffer('RNCP37674', former)).to.equal(null);
    });

    it('one imported register replaces its own part of the sample only', async () => {
      await importXml('2026-11-20', [{ code: 'RS1' }]);
      const { register } = world;
      expect(await register.certification('RS6604')).to.equal(null);
      expect(await register.certification('RNCP37674')).to.include({ level: 5 });
      expect(await register.state()).to.deep.include({ date: '2026-11-20' });
    });
  });

  describe('an import', () => {
    it('counts what it reads, and reports broken records while the others go on', async () => {
      const report = await importXml('2026-11-20', [
        { code: 'RNCP1', partners: [`${former} FORMER Actif`, `${both} ORGA_FORM Inactif`] },
        { code: 'RNCP2', active: 'Non' },
        { code: 'RNCP3', end: 'jamais' },
        { code: 'RNCP2', title: 'Deux fois' },
        { code: 'RS4' },
      ]);
      expect(report.registers.map(({ register, outcome }) => [register, outcome])).to.deep.equal([
        ['RNCP', 'in-force'],
        ['RS', 'in-force'],
      ]);
      expect(report.registers[0]?.counts).to.deep.equal({
        records: 2,
        active: 1,
        ended: 1,
        stateUnknown: 0,
        partners: 2,
        partnersWithState: 2,
        refused: 2,
      });
      expect(report.refused.examples.map(({ code, field, value }) => [code, field, value])).to.deep.equal([
        ['RNCP3', 'DATE_FIN_ENREGISTREMENT', 'jamais'],
        ['RNCP2', 'NUMERO_FICHE', 'RNCP2'],
      ]);
      expect((await world.register.certification('RNCP2'))?.title).to.equal('Titre de RNCP2');
    });

    it('of the same file again is a no-op that says so', async () => {
      const fiches = [{ code: 'RNCP1' }, { code: 'RS2' }];
      await importXml('2026-11-20', fiches);
      const again = await importXml('2026-11-20', fiches);
      expect(again.registers.map(({ outcome }) => outcome)).to.deep.equal(['already-held', 'already-held']);
      expect(await world.store.exports('RNCP')).to.have.length(1);
      await importXml('2026-11-21', [{ code: 'RNCP1' }]);
      expect((await importXml('2026-11-20', fiches)).registers[0]).to.include({ outcome: 'already-held' });
    });

    it('of an older export, or of another one of the same day, changes nothing', async () => {
      await importXml('2026-11-20', [{ code: 'RNCP1', title: 'Nouveau' }]);
      expect(await refused(() => importXml('2026-11-19', [{ code: 'RNCP1', title: 'Ancien' }]))).to.match(
        /^E_REGISTRE_ANCIEN: .*il est plus ancien, le registre en vigueur date du 20\/11\/2026/,
      );
      expect(await refused(() => importXml('2026-11-20', [{ code: 'RNCP1', title: 'Autre' }]))).to.match(
        /^E_REGISTRE_ANCIEN: .*un autre export du même jour/,
      );
      expect((await world.register.certification('RNCP1'))?.title).to.equal('Nouveau');
    });

    it('without a date in its name takes the newest event it tells of, never a day to come', async () => {
      const dated = (day: string) =>
        `<PARTENAIRES><PARTENAIRE><DATE_DERNIERE_MODIFICATION_ETAT>${day}</DATE_DERNIERE_MODIFICATION_ETAT></PARTENAIRE></PARTENAIRES>`;
      const fiches = [
        { code: 'RS1', extra: dated('03/02/2026') },
        { code: 'RS2', extra: dated('05/06/2026') },
        { code: 'RS3', extra: dated('05/06/2027'), end: '01/01/2030' },
      ];
      const path = world.file('extract.xml', exportXml(fiches));
      expect(await world.registry.importFile(path)).to.deep.include({ date: '2026-06-05', dateFrom: 'content' });
      const undated = world.file('other.xml', exportXml([{ code: 'RS1' }]));
      expect(await refused(() => world.registry.importFile(undated))).to.match(/^E_DATE: .*--date/);
      expect(await world.registry.importFile(undated, { date: '2026-10-01', acceptLosses: true })).to.include({
        dateFrom: 'given',
      });
      expect(await refused(() => world.registry.importFile(undated, { date: '2027-01-01' }))).to.match(/^E_DATE/);
    });

    it('with far fewer records is refused, unless losses are accepted', async () => {
      const ten = Array.from({ length: 10 }, (_, at) => ({ code: `RNCP${at + 1}` }));
      await importXml('2026-11-18', ten);
      expect(await refused(() => importXml('2026-11-19', ten.slice(0, 7)))).to.match(
        /^E_REGISTRE_PERTES: .*RNCP : 7 certifications au lieu de 10.*--accept-losses/,
      );
      expect(await world.register.certification('RNCP10')).to.include({ active: true });
      expect(await world.register.state()).to.include({ date: '2026-11-18' });
      await importXml('2026-11-19', ten.slice(0, 8));
      const accepted = await importXml('2026-11-20', ten.slice(0, 3), { acceptLosses: true });
      expect(accepted.registers[0]?.changes).to.deep.equal({ appeared: 0, changed: 0, gone: 5 });
      expect(await world.register.certification('RNCP8')).to.equal(null);
    });

    it('that lost the validity of its records, or the state of partners, is refused too', async () => {
      const partners = [`${former} FORMER Actif`];
      await importXml('2026-11-18', [{ code: 'RNCP1', partners }]);
      expect(await refused(() => importXml('2026-11-19', [{ code: 'RNCP1', active: '', partners }]))).to.match(
        /validité/,
      );
      expect(
        await refused(() => importXml('2026-11-19', [{ code: 'RNCP1', partners: [`${former} FORMER `] }])),
      ).to.match(/partenaires dont l’état est donné/);
    });

    it('keeps in force what a refused record held', async () => {
      await importXml('2026-11-18', [{ code: 'RNCP1', title: 'Bon' }, { code: 'RNCP2' }]);
      await importXml('2026-11-19', [{ code: 'RNCP1', end: '99/99/2027' }, { code: 'RNCP2' }]);
      const record = await world.register.certification('RNCP1');
      expect(record).to.include({ title: 'Bon' });
      expect(await world.register.state()).to.include({ date: '2026-11-19' });
    });

    it('of a cut file changes nothing', async () => {
      await importXml('2026-11-18', [{ code: 'RNCP1', title: 'Avant', partners: [`${former} FORMER Actif`] }]);
      const whole = exportXml([{ code: 'RNCP1', title: 'Après' }, { code: 'RNCP2' }]);
      const cut = world.file('export-2026-11-19.xml', whole.slice(0, -20));
      expect(await refused(() => world.registry.importFile(cut))).to.match(/^malformed: /);
      expect(await world.register.certification('RNCP1')).to.include({ title: 'Avant' });
      expect(await world.register.habilitation('RNCP1', former)).to.equal('former');
      expect(await world.register.certification('RNCP2')).to.equal(null);
      expect(await world.database.connection.collection('registry_records').countDocuments()).to.equal(1);
    });

    it('tried without writing tells what would change, and writes nothing', async () => {
      await importXml('2026-11-18', [{ code: 'RNCP1' }, { code: 'RNCP2' }]);
      const next = [{ code: 'RNCP1', title: 'Changé' }, { code: 'RNCP2' }, { code: 'RNCP3' }];
      const report = await importXml('2026-11-19', next, { dryRun: true });
      expect(report.registers[0]).to.deep.include({
        outcome: 'would-be-in-force',
        changes: { appeared: 1, changed: 1, gone: 0 },
      });
      expect(await world.register.certification('RNCP1')).to.include({ title: 'Titre de RNCP1' });
      expect(await world.store.exports('RNCP')).to.have.length(1);
    });

    it('is alone: another one meanwhile is refused', async () => {
      const fiches = Array.from({ length: 50 }, (_, at) => ({ code: `RNCP${at + 1}` }));
      const path = world.file('export-2026-11-20.xml', exportXml(fiches));
      const answers = await Promise.all([1, 2].map(() => refused(() => world.registry.importFile(path))));
      expect(answers.sort()[0]).to.match(/^E_IMPORT_EN_COURS/);
      expect(answers[1]).to.equal('done');
    });

    it('killed in the middle leaves the former register in force, and the next one starts clean', async function () {
      this.timeout(60_000);
      const many = (title: string) =>
        Array.from({ length: 1_200 }, (_, at) => ({
          code: `RNCP${at + 1}`,
          title: `${title} ${at}`,
          partners: [`${former} FORMER ${title === 'Avant' ? 'Actif' : 'Supprimé'}`],
        }));
      await importXml('2026-11-18', many('Avant'));
      const next = world.file('export-2026-11-19.xml', exportXml(many('Après').slice(1)));
      const importer = fileURLToPath(new URL('killed-importer.ts', import.meta.url));
      const killed = promisify(execFile)(process.execPath, ['--import', 'tsx', importer, world.uri, next, '1100']);
      const failure: { signal?: string } = await killed.then(
        () => ({}),
        (error: { signal?: string }) => error,
      );
      expect(failure.signal).to.equal('SIGKILL');
      const records = world.database.connection.collection('registry_records');
      expect(await records.countDocuments({ from: '2026-11-19' })).to.be.greaterThan(400);
      // What it wrote is not seen.
      expect(await world.register.certification('RNCP2')).to.include({ title: 'Avant 1' });
      expect(await world.register.habilitation('RNCP2', former)).to.equal('former');
      expect((await world.registry.search({ q: '', page: 1 })).total).to.be.greaterThan(1_199);
      expect(await world.register.state()).to.include({ date: '2026-11-18' });
      expect(await refused(() => world.registry.importFile(next))).to.match(/^E_IMPORT_EN_COURS/);
      world.now = new Date('2026-11-22T12:02:00Z');
      const report = await world.registry.importFile(next);
      expect(report.registers[0]?.changes).to.deep.equal({ appeared: 0, changed: 1_199, gone: 1 });
      expect(await records.countDocuments({ from: '2026-11-19' })).to.equal(1_199);
      expect(await world.register.certification('RNCP2')).to.include({ title: 'Après 1' });
      expect(await world.register.habilitation('RNCP2', former)).to.equal('aucune');
      expect(await world.register.habilitation('RNCP2', former, '2026-11-18')).to.equal('former');
    });
  });

  describe('their history', () => {
    it('is the register as it was on a date, with the exports that say so', async () => {
      const { register } = world;
      await importXml('2026-09-01', [{ code: 'RS1', end: '10/11/2026' }, { code: 'RS2' }]);
      await importXml('2026-10-01', [{ code: 'RS1', end: '10/11/2026' }, { code: 'RS2' }, { code: 'RS3' }]);
      await importXml('2026-11-01', [{ code: 'RS1', end: '10/11/2029' }, { code: 'RS3' }, { code: 'RS4' }], {
        acceptLosses: true,
      });
      expect(await register.certification('RS1', '2026-08-31')).to.equal(null);
      expect(await register.certification('RS1', '2026-10-15')).to.deep.include({
        endOfRegistration: '2026-11-10',
        seen: { from: '2026-09-01', to: '2026-10-01' },
      });
      expect(await register.certification('RS1')).to.deep.include({
        endOfRegistration: '2029-11-10',
        seen: { from: '2026-11-01', to: '2026-11-01' },
      });
      expect((await register.certification('RS3', '2026-10-01'))?.seen).to.deep.equal({
        from: '2026-10-01',
        to: '2026-11-01',
      });
      expect(await register.certification('RS2')).to.equal(null);
      expect(await register.certification('RS2', '2026-10-31')).to.include({ active: true });
      expect([...(await register.certifications(['RS1', 'RS2', 'RS9'], '2026-10-01')).keys()]).to.deep.equal([
        'RS1',
        'RS2',
      ]);
    });

    it('of habilitations too: given, taken back, given again', async () => {
      const { register } = world;
      const partners = (state: string) => [`${former} FORMER ${state}`, `${both} ORGA_FORM Actif`];
      await importXml('2026-09-01', [{ code: 'RNCP1', partners: partners('Actif') }]);
      await importXml('2026-10-01', [{ code: 'RNCP1', partners: partners('Supprimé') }]);
      await importXml('2026-11-01', [{ code: 'RNCP1', partners: partners('Actif') }]);
      const at = (day: string) => register.habilitation('RNCP1', former, day);
      expect(await Promise.all(['2026-09-15', '2026-10-15', '2026-11-15'].map(at))).to.deep.equal([
        'former',
        'aucune',
        'former',
      ]);
      // The other one never changed: one document for the three exports.
      const partnersHeld = world.database.connection.collection('registry_partners');
      expect(await partnersHeld.countDocuments({ siret: both })).to.equal(1);
      expect(await partnersHeld.countDocuments({ siret: former })).to.equal(3);
    });

    it('compared: appeared, ended, changed, replaced, gone', async () => {
      const { registry } = world;
      expect(await refused(() => registry.compare())).to.match(/^E_REGISTRE_SANS_HISTOIRE/);
      await importXml('2026-10-01', [
        { code: 'RS1', end: '10/11/2026' },
        { code: 'RS2', title: 'Avant' },
        { code: 'RS3', partners: [`${former} FORMER Actif`] },
        { code: 'RS5' },
        { code: 'RS6' },
      ]);
      await importXml('2026-11-15', [
        { code: 'RS1', end: '10/11/2026', active: 'Non', replacedBy: ['RS4'] },
        { code: 'RS2', title: 'Après' },
        { code: 'RS3', partners: [`${former} FORMER Inactif`] },
        { code: 'RS4' },
        { code: 'RS5' },
      ]);
      const [difference, ...others] = await registry.compare();
      expect(others).to.deep.equal([]);
      expect(difference).to.deep.include({ register: 'RS', from: '2026-10-01', to: '2026-11-15' });
      expect(difference?.appeared.map(({ code }) => code)).to.deep.equal(['RS4']);
      expect(difference?.gone.map(({ code }) => code)).to.deep.equal(['RS6']);
      expect(difference?.ended.map(({ code, replacedBy }) => [code, replacedBy])).to.deep.equal([['RS1', ['RS4']]]);
      expect(difference?.replaced.map(({ code, by }) => [code, by])).to.deep.equal([['RS1', ['RS4']]]);
      expect(difference?.changed.map(({ code, fields }) => [code, fields])).to.deep.equal([
        ['RS1', ['active', 'replacedBy']],
        ['RS2', ['title']],
        ['RS3', ['partners']],
      ]);
      expect(await refused(() => registry.compare({ from: '2026-09-01' }))).to.match(/^E_REGISTRE_SANS_HISTOIRE/);
    });
  });

  describe('what they let a provider do', () => {
    beforeEach(() =>
      importXml('2026-11-20', [
        {
          code: 'RNCP1',
          certifiers: [`${certifier} Actif`],
          partners: [
            `${former} FORMER Actif`,
            `${organiser} ORGANISER Actif`,
            `${both} ORGA_FORM Actif`,
            `${dismissed} FORMER Supprimé`,
          ],
        },
        {
          code: 'RNCP2',
          certifiers: [`${certifier} Actif`],
          registration: 'Enregistrement de droit',
          existence: 'Non',
        },
        {
          code: 'RNCP3',
          certifiers: [`${certifier} Actif`],
          registration: 'Enregistrement sur demande',
          existence: 'Non',
        },
        { code: 'RNCP4', certifiers: [`${certifier} Inactif`, ' Actif'], partners: [`${former} FORMER Actif`] },
      ]),
    );

    it('is read line by line: only an active line counts', async () => {
      const pairs = [certifier, former, organiser, both, dismissed, nobody].map((siret) => ({ code: 'RNCP1', siret }));
      const answers = await world.register.habilitations(pairs);
      expect(pairs.map(({ code, siret }) => answers.get(`${code}/${siret}`))).to.deep.equal([
        'certificateur',
        'former',
        'organiser',
        'former_organiser',
        'aucune',
        'aucune',
      ]);
      expect(await world.register.habilitation('RNCP1BC01', former)).to.equal('former');
    });

    it('is not known where the register does not say no', async () => {
      const { register } = world;
      expect(await register.habilitation('RNCP2', nobody), '« de droit » without list').to.equal(null);
      expect(await register.habilitation('RNCP3', nobody), '« sur demande » without partner').to.equal('aucune');
      expect(await register.habilitation('RNCP1', sameCompany), 'another site of an active partner').to.equal(null);
      expect(await register.habilitation('RNCP4', nobody), 'a certifier without SIRET').to.equal(null);
      expect(await register.habilitation('RNCP4', certifier), 'a certifier no longer active').to.equal(null);
      expect(await register.habilitation('RNCP9', former), 'no such record').to.equal(null);
    });

    it('is not known from the CSV, which gives no state', async () => {
      const standard = '"1";"RS5";"T";;;;;"Non";"Non";;;"31/08/2027";;"Enregistrement sur demande";;"ACTIVE"\r\n';
      const csv = exportCsv(
        { Standard: standard, Partenaires: `"RS5";"P";"\t${former}";"HABILITATION_FORMER"\r\n` },
        '2026_11_21',
      );
      await world.registry.importFile(world.file('export.zip', csv));
      expect(await world.register.habilitation('RS5', former)).to.equal(null);
      expect(await world.register.habilitation('RS5', nobody)).to.equal('aucune');
    });
  });

  describe('their replacements', () => {
    beforeEach(() =>
      importXml('2026-11-20', [
        { code: 'RNCP1', active: 'Non', replacedBy: ['RNCP2'] },
        { code: 'RNCP2', active: 'Non', replacedBy: ['RS3'] },
        { code: 'RS3' },
        { code: 'RNCP4', active: 'Non', replacedBy: ['RNCP5'] },
        { code: 'RNCP5', active: 'Non', replacedBy: ['RNCP4'] },
        { code: 'RNCP6', active: 'Non', replacedBy: ['RNCP999'] },
        { code: 'RNCP7', active: 'Non' },
        { code: 'RNCP8', active: 'Non', replacedBy: ['RNCP8'] },
        { code: 'RNCP9', active: 'Non', replacedBy: ['RNCP4', 'RS3'] },
      ]),
    );

    for (const [code, codes, end] of [
      ['RNCP1', ['RNCP2', 'RS3'], 'living'],
      ['RNCP4', ['RNCP5'], 'cycle'],
      ['RNCP6', [], 'broken'],
      ['RNCP7', [], 'none-known'],
      ['RNCP8', [], 'cycle'],
      ['RNCP9', ['RS3'], 'living'],
      ['RNCP12345', [], 'broken'],
    ] as const) {
      it(`of ${code} end ${end}`, async () => {
        expect(await world.register.successors(code)).to.deep.equal({ codes, end });
      });
    }
  });

  describe('looked up', () => {
    beforeEach(() =>
      importXml('2026-11-20', [{ code: 'RNCP37674', title: 'Développeur web', nsf: '326t' }, { code: 'RS6604' }]),
    );

    for (const text of [
      'RNCP37674',
      '  rncp 37674 ',
      'RNCP n° 37674',
      'https://www.francecompetences.fr/recherche/rncp/37674/',
      'RNCP37674BC02',
    ]) {
      it(`as « ${text} »`, async () => {
        expect((await world.registry.lookUp({ text })).record.code).to.equal('RNCP37674');
      });
    }

    it('a bare number is asked about, another text refused, an unknown number dated', async () => {
      const { registry } = world;
      const answer = (text: string) => refused(() => registry.lookUp({ text }));
      expect(await answer('37674')).to.equal('E_CERTIFICATION_AMBIGUE: 37674 : précisez RNCP ou RS.');
      expect(await answer('développeur')).to.match(/^E_CERTIFICATION_ILLISIBLE/);
      expect(await answer('RS1')).to.equal("E_CERTIFICATION_INCONNUE: RS1 n'est pas dans le registre du 20/11/2026.");
      expect(await refused(() => registry.lookUp({ text: 'RS6604', on: '2026-01-01' }))).to.match(
        /^E_CERTIFICATION_INCONNUE/,
      );
    });

    it('found by words, digital and active ones first', async () => {
      await importXml('2026-11-21', [
        { code: 'RNCP37674', title: 'Développeur web', nsf: '326t' },
        { code: 'RS6604' },
        { code: 'RNCP5', title: 'Développeurs du web', nsf: '326', active: 'Non' },
        { code: 'RNCP9', title: 'Développement durable', nsf: '117' },
        { code: 'RNCP8', title: 'Développement du C++', nsf: '326' },
      ]);
      const found = async (q: string) => (await world.registry.search({ q, page: 1 })).records.map(({ code }) => code);
      expect(await found('developp')).to.deep.equal(['RNCP37674', 'RNCP8', 'RNCP5', 'RNCP9']);
      expect(await found('développeurs web')).to.deep.equal(['RNCP37674', 'RNCP5']);
      expect(await found('c++')).to.deep.equal(['RNCP8']);
      expect(await found('.*')).to.deep.equal([]);
      expect(await found('6604')).to.deep.equal(['RS6604']);
      const all = await world.registry.search({ q: '', page: 7 });
      expect([all.total, all.page, all.pages]).to.deep.equal([5, 1, 1]);
    });
  });

  describe('the offer of the training account', () => {
    const header = 'date_extract;nom_of;type_referentiel;code_inventaire;code_rncp;siret;intitule_formation\r\n';
    const rows = [
      `2026-11-01;A;RNCP;;37674;${former};x`,
      `2026-11-01;A;RNCP;;37674;${former};y`,
      `2026-11-01;B;RS;6604;;${both};x`,
      `2026-11-01;C;AUTRE;;;${both};permis`,
      '2026-11-01;D;RNCP;;37674;123;court',
      `2026-11-01;E;RNCP;;trente;${both};x`,
    ];

    it('says which provider really offers what, and refuses by line', async () => {
      const { registry, register } = world;
      const report = await registry.importOffers(world.file('offers.csv', `${header}${rows.join('\r\n')}`));
      expect(report).to.deep.include({ outcome: 'in-force', date: '2026-11-01', rows: 6, pairs: 2, others: 1 });
      expect(report.refused.examples.map(({ line, field, value }) => [line, field, value])).to.deep.equal([
        [6, 'siret', '123'],
        [7, 'certification', 'trente'],
      ]);
      expect(await register.hasOffer('RNCP37674', former)).to.equal(true);
      expect(await register.hasOffer('RNCP37674BC01', former)).to.equal(true);
      expect(await register.hasOffer('RNCP37674', both)).to.equal(false);
      expect(await register.hasOffer('RS6604', both)).to.equal(true);
      expect(await register.state()).to.include({ offersDate: '2026-11-01' });
      expect(await registry.importOffers(world.file('offers.csv', `${header}${rows.join('\r\n')}`))).to.include({
        outcome: 'already-held',
      });
    });

    it('is replaced as a whole, never by far less, never by a cut file', async () => {
      const { registry, register } = world;
      await registry.importOffers(world.file('offers.csv', `${header}${rows.join('\r\n')}`));
      const next = `${header}2026-11-08;A;RNCP;;37674;${both};x\r\n`;
      expect(await refused(() => registry.importOffers(world.file('next.csv', next)))).to.match(
        /^E_OFFRES_PERTES: .*1 offres au lieu de 2/,
      );
      const cut = `${header}2026-11-08;A;RNCP;;37674;${both};x\r\n2026-11-08;"coup`;
      expect(await refused(() => registry.importOffers(world.file('cut.csv', cut), { acceptLosses: true }))).to.match(
        /^malformed/,
      );
      expect(await register.hasOffer('RNCP37674', former)).to.equal(true);
      expect(await register.hasOffer('RNCP37674', both)).to.equal(false);
      await registry.importOffers(world.file('next.csv', next), { acceptLosses: true });
      expect(await register.hasOffer('RNCP37674', former)).to.equal(false);
      expect(await register.hasOffer('RNCP37674', both)).to.equal(true);
      expect(await world.database.connection.collection('registry_offers').countDocuments()).to.equal(1);
    });

    it('reads columns of other names when told, and says which are missing when not', async () => {
      const { registry } = world;
      const csv = world.file('mine.csv', `Etablissement,Fiche\n${former},RNCP37674\n`);
      expect(await refused(() => registry.importOffers(csv))).to.match(
        /^changed: Colonne introuvable : le SIRET.*--siret-column.*Etablissement, Fiche/,
      );
      const columns = { siret: 'Établissement', code: 'fiche' };
      expect(await refused(() => registry.importOffers(csv, { columns }))).to.match(/^E_DATE/);
      expect(await registry.importOffers(csv, { columns, date: '2026-11-02' })).to.include({ pairs: 1 });
    });
  });

  describe('the newest publications', () => {
    let server: Server;
    let served: RegistryWorld;
    let files: Record<string, Buffer>;
    let resources: { id: string; title: string; url: string; last_modified: string; checksum?: unknown }[];

    beforeEach(async () => {
      files = {};
      server = createServer((request, response) => {
        const file = files[request.url ?? ''];
        if (file === undefined) response.writeHead(404).end();
        else response.end(file);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      served = await openRegistryWorld(`${origin}/dataset`);
      const zip = (register: string, fiches: readonly Fiche[]) =>
        zipOf([{ name: `export_fiches_${register}.xml`, content: exportXml(fiches) }]);
      files['/rncp.zip'] = zip('RNCP', [{ code: 'RNCP1' }]);
      files['/rs.zip'] = zip('RS', [{ code: 'RS1' }]);
      const sha1 = createHash('sha1').update(files['/rncp.zip']).digest('hex');
      const resource = (title: string, file: string, at = '2026-11-21T02:00:00') => ({
        id: title,
        title,
        url: `${origin}/${file}`,
        last_modified: at,
      });
      resources = [
        resource('export-fiches-rncp-v3-0-2026-11-22.zip', 'old.zip'),
        resource('export-fiches-rncp-v4-1-2026-11-20.zip', 'old.zip'),
        { ...resource('export-fiches-rncp-v4-1-2026-11-21.zip', 'rncp.zip'), checksum: { type: 'sha1', value: sha1 } },
        resource('export-fiches-rs-v4-1-2026-11-21.zip', 'rs.zip'),
        resource('export-fiches-csv-2026-11-22.zip', 'old.zip'),
        resource('notice.pdf', 'old.zip'),
      ];
      publish();
    });
    const publish = () => {
      files['/dataset'] = Buffer.from(JSON.stringify({ resources: [...resources, { odd: true }] }));
    };
    afterEach(async () => {
      await served.close();
      server.closeAllConnections();
      server.close();
    });

    it('are the highest version, then the newest day, of each register; done once', async () => {
      const results = await served.registry.importLatest();
      expect(results.map(({ register, outcome, date }) => [register, outcome, date])).to.deep.equal([
        ['RNCP', 'imported', '2026-11-21'],
        ['RS', 'imported', '2026-11-21'],
      ]);
      expect((await served.store.head('RNCP'))?.resource).to.deep.equal({
        id: 'export-fiches-rncp-v4-1-2026-11-21.zip',
        lastModified: '2026-11-21T02:00:00',
      });
      delete files['/rncp.zip'];
      const again = await served.registry.importLatest();
      expect(again.map(({ outcome }) => outcome)).to.deep.equal(['already-held', 'already-held']);
      expect(readdirSync(join(served.folder, 'downloads'))).to.deep.equal([]);
    });

    it('one that fails does not keep the other back, and is told', async () => {
      files['/rncp.zip'] = Buffer.from('PK\x03\x04 something else');
      const [rncp, rs] = await served.registry.importLatest();
      expect(rncp).to.include({ outcome: 'failed', code: 'malformed' });
      expect(rncp?.outcome === 'failed' && rncp.message).to.match(/somme de contrôle/);
      expect(rs).to.include({ outcome: 'imported' });
      expect(await served.store.head('RNCP')).to.equal(null);
    });

    it('that cannot be listed, or are no longer titled so, are a failure', async () => {
      resources = [];
      publish();
      expect(await refused(() => served.registry.importLatest())).to.match(/^changed: .*titre connu/);
      files['/dataset'] = Buffer.from('<html>');
      expect(await refused(() => served.registry.importLatest())).to.match(/^malformed: /);
      delete files['/dataset'];
      expect(await refused(() => served.registry.importLatest())).to.match(/^refused: /);
    });
  });

  describe('with the exports of France compétences', () => {
    const shared = '../shared/feeds/rncp-rs';
    if (!existsSync(shared)) {
      it('were not tried: the reference material is not beside this checkout');
      return;
    }

    it('import both files, with their exact counts, and the history of RS5000', async () => {
      const { registry, register } = world;
      const csv = await registry.importFile(join(shared, 'export-fiches-csv-2024-02-22.zip'));
      expect(csv.registers.map(({ register: name, counts }) => [name, counts.records, counts.partners])).to.deep.equal([
        ['RNCP', 7, 1],
        ['RS', 2, 9],
      ]);
      const xml = await registry.importFile(join(shared, 'export_fiches_RS_V4_1_extrait.xml'));
      expect(xml).to.include({ date: '2026-08-07', dateFrom: 'content', format: 'XML 4.1' });
      expect(xml.registers[0]?.counts).to.deep.equal({
        records: 8,
        active: 6,
        ended: 2,
        stateUnknown: 0,
        partners: 408,
        partnersWithState: 408,
        refused: 0,
      });
      expect(await register.certification('RS5000', '2024-03-01')).to.deep.include({ active: true, replacedBy: [] });
      expect(await register.certification('RS5000')).to.deep.include({ active: false, replacedBy: ['RS6604'] });
      expect(await register.successors('RS5000')).to.deep.equal({ codes: ['RS6604'], end: 'living' });
      expect(await register.successors('RNCP1197')).to.deep.include({ end: 'none-known' });
      expect(await register.habilitation('RS5719', '84244912600023')).to.equal('former_organiser');
    });
  });
});
