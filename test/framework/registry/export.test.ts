import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AppError, SourceError } from '../../../src/errors.ts';
import type { ExportItem } from '../../../src/framework/registry/model/export.ts';
import { openExport } from '../../../src/framework/registry/read-export.ts';
import { exportCsv, exportXml, type Fiche } from '../../support/registry-files.ts';
import { zipOf } from '../../support/zip.ts';

const shared = '../shared/feeds/rncp-rs';

describe('an export of the register', () => {
  const folder = mkdtempSync(join(tmpdir(), 'en2-export-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function read(content: string | Uint8Array, name = 'export.xml') {
    const path = join(folder, name);
    writeFileSync(path, content);
    return readFile(path);
  }

  async function readFile(path: string) {
    const file = await openExport(path);
    try {
      const items: ExportItem[] = [];
      for await (const item of file.items()) items.push(item);
      return { items, format: file.format(), namedDate: file.namedDate };
    } finally {
      file.close();
    }
  }

  async function one(fiche: Fiche) {
    const [item] = (await read(exportXml([fiche]))).items;
    if (item?.kind !== 'certification') throw new Error(`not read: ${JSON.stringify(item)}`);
    return item;
  }

  async function refusal(content: string | Uint8Array, name?: string): Promise<string> {
    try {
      await read(content, name);
    } catch (error) {
      if (error instanceof SourceError) return `${error.kind}: ${error.publicMessage}`;
      if (error instanceof AppError) return `${error.code}: ${error.publicMessage}`;
      throw error;
    }
    return 'was read to its end';
  }

  describe('in XML', () => {
    it('reads its direct children only: ACTIF of a jury, a block of an equivalence are not its own', async () => {
      const { record } = await one({
        code: 'RNCP1',
        active: 'Oui',
        level: 'NIV5',
        extra:
          '<SI_JURY_FI><ACTIF>Non</ACTIF></SI_JURY_FI><CORRESPONDANCES><CORRESPONDANCE><SOURCE><BLOC_COMPETENCES><CODE>RNCP9BC01</CODE></BLOC_COMPETENCES></SOURCE></CORRESPONDANCE></CORRESPONDANCES><BLOCS_COMPETENCES><BLOC_COMPETENCES><CODE>RNCP1BC01</CODE><LIBELLE>Un</LIBELLE></BLOC_COMPETENCES></BLOCS_COMPETENCES>',
      });
      expect(record.active).to.equal(true);
      expect(record.level).to.equal(5);
      expect(record.blocks).to.deep.equal([{ code: 'RNCP1BC01', title: 'Un' }]);
    });

    it('never takes the state of the writing for the validity', async () => {
      const { record } = await one({ code: 'RS1', active: 'Non' });
      expect(record).to.include({ recordState: 'Publiée', active: false, level: null, register: 'RS' });
    });

    it('without ACTIF does not know, a level that is none is null', async () => {
      const { items } = await read(
        '<FICHES><FICHE><NUMERO_FICHE>RNCP2</NUMERO_FICHE><INTITULE>T</INTITULE><NOMENCLATURE_EUROPE><NIVEAU>REPRISE</NIVEAU></NOMENCLATURE_EUROPE></FICHE></FICHES>',
      );
      expect(items[0]).to.deep.include({ kind: 'certification' });
      const [item] = items;
      expect(item?.kind === 'certification' && [item.record.active, item.record.level]).to.deep.equal([null, null]);
    });

    it('reads older versions: labels called INTITULE, a flat replacement, partners without state', async () => {
      const { items, format } = await read(
        '<FICHES><VERSION_FLUX>2.0</VERSION_FLUX><FICHE><NUMERO_FICHE>RNCP3</NUMERO_FICHE><INTITULE>T</INTITULE><NOUVELLE_CERTIFICATION>RNCP4</NOUVELLE_CERTIFICATION><NOMENCLATURE_EUROPE><NIVEAU>NIV6</NIVEAU><INTITULE>Niveau 6</INTITULE></NOMENCLATURE_EUROPE><CODES_NSF><NSF><CODE>326</CODE><INTITULE>326 : Informatique</INTITULE></NSF></CODES_NSF><SI_JURY_FI>Oui</SI_JURY_FI><PARTENAIRES><PARTENAIRE><NOM_PARTENAIRE>P</NOM_PARTENAIRE><SIRET_PARTENAIRE>12345678901234</SIRET_PARTENAIRE><HABILITATION_PARTENAIRE>HABILITATION_FORMER</HABILITATION_PARTENAIRE></PARTENAIRE></PARTENAIRES><ACTIF>Oui</ACTIF></FICHE></FICHES>',
      );
      expect(format).to.equal('XML 2.0');
      const [item] = items;
      if (item?.kind !== 'certification') throw new Error('not read');
      expect(item.record).to.deep.include({
        level: 6,
        replacedBy: ['RNCP4'],
        nsf: [{ code: '326', label: 'Informatique' }],
        active: true,
      });
      expect(item.partners).to.deep.equal([
        { name: 'P', siret: '12345678901234', role: 'former', state: null, activeSince: null },
      ]);
    });

    it('refuses a broken record with its code, field and value, and goes on', async () => {
      const { items } = await read(
        exportXml([
          { code: 'RNCP5', end: '31/02/2027' },
          { code: 'RNCP6', active: 'Peut-être' },
          { code: '37674' },
          { code: 'RNCP7', title: ' ' },
          { code: 'RNCP8', level: 'NIV12' },
          { code: 'RNCP9' },
        ]),
      );
      expect(
        items.map((item) => (item.kind === 'refused' ? [item.code, item.field, item.value] : item.record.code)),
      ).to.deep.equal([
        ['RNCP5', 'DATE_FIN_ENREGISTREMENT', '31/02/2027'],
        ['RNCP6', 'ACTIF', 'Peut-être'],
        [null, 'NUMERO_FICHE', '37674'],
        ['RNCP7', 'INTITULE', ''],
        ['RNCP8', 'NOMENCLATURE_EUROPE/NIVEAU', 'NIV12'],
        'RNCP9',
      ]);
    });

    it('doubts a partner whose SIRET, role or state cannot be read, without refusing the record', async () => {
      const { partners, doubts } = await one({
        code: 'RNCP1',
        partners: ['123 FORMER Actif', '12345678901234 DANSER Actif', '12345678901235 FORMER Perdu'],
      });
      expect(partners.map(({ siret, role, state }) => [siret, role, state])).to.deep.equal([
        [null, 'former', 'actif'],
        ['12345678901234', null, 'actif'],
        ['12345678901235', 'former', null],
      ]);
      expect(doubts.map(({ field }) => field)).to.deep.equal([
        'SIRET_PARTENAIRE',
        'HABILITATION_PARTENAIRE',
        'ETAT_HABILITATION',
      ]);
    });

    it('is refused when it is cut, declares entities, or is something else', async () => {
      const whole = exportXml([{ code: 'RNCP1' }, { code: 'RNCP2' }]);
      expect(await refusal(whole.slice(0, -30))).to.match(/^malformed: /);
      expect(await refusal(`<!DOCTYPE FICHES [<!ENTITY a "b">]>${whole}`)).to.match(/^malformed: .*entités/);
      expect(await refusal('<COURSES/>')).to.match(/^changed: .*<FICHES>/);
      expect(await refusal('%PDF-1.4')).to.match(/^malformed: /);
    });
  });

  describe('in a zip', () => {
    it('is read as the file inside, and dated by its name or the ones inside', async () => {
      const zip = zipOf([{ name: 'export_fiches_RNCP_V4_1_2026-08-16.xml', content: exportXml([{ code: 'RNCP1' }]) }]);
      const { items, namedDate, format } = await read(zip, 'download.zip');
      expect([items.length, namedDate, format]).to.deep.equal([1, '2026-08-16', 'XML 4.1']);
      expect((await read(zip, 'export-fiches-rncp-v4-1-2026-08-17.zip')).namedDate).to.equal('2026-08-17');
      expect((await read(exportXml([]), 'export-2026-13-41.xml')).namedDate).to.equal(null);
    });

    it('is refused when it holds nothing of the register, or is damaged', async () => {
      expect(await refusal(zipOf([{ name: 'notes.txt', content: 'x' }]), 'a.zip')).to.match(
        /^changed: .*ni fichier XML/,
      );
      const zip = zipOf([{ name: 'a.xml', content: exportXml([{ code: 'RNCP1' }]) }]);
      expect(await refusal(zip.subarray(0, 200), 'a.zip')).to.match(/^malformed: L’archive zip est abîmée/);
    });
  });

  describe('in CSV', () => {
    const standard =
      '"1";"RNCP509";"Titre d\'\'essai";"CAP";"Certificat";"NIV3";"Niveau 3";"Non";"Non";;"01/02/2020";"31/08/2027";;"Enregistrement de droit";;"ACTIVE"\r\n';

    it('joins the ten files, without tab before a SIRET, doubled apostrophe or repeated code', async () => {
      const { items, format, namedDate } = await read(
        exportCsv({
          Standard: standard,
          Blocs_De_Compétences: '"RNCP509";"RNCP509BC01";"Un"\r\n',
          Certificateurs: '"RNCP509";"\t11004301500012";"MINISTERE DE L\'\'EDUCATION"\r\n',
          Formacode: '"RNCP509";"42872";"42872 : Sécurité incendie"\r\n',
          Nsf: '"RNCP509";"326t";"326t : Programmation"\r\n',
          Rome: '"RNCP509";"H1102";"Management d\'\'affaires"\r\n',
          Partenaires: '"RNCP509";"P";"\t82815245400033";"HABILITATION_FORMER"\r\n',
          Ancienne_Nouvelle_Certification: '"RNCP509";"RNCP1";\r\n"RNCP509";;"RS38228"\r\n',
        }),
        'export.zip',
      );
      expect([format, namedDate, items.length]).to.deep.equal(['CSV', '2024-02-22', 1]);
      const [item] = items;
      if (item?.kind !== 'certification') throw new Error('not read');
      expect(item.record).to.deep.equal({
        code: 'RNCP509',
        register: 'RNCP',
        title: "Titre d'essai",
        shortType: { code: 'CAP', label: 'Certificat' },
        level: 3,
        active: true,
        endOfRegistration: '2027-08-31',
        lastDelivery: null,
        effectiveFrom: null,
        decidedOn: '2020-02-01',
        registration: 'de-droit',
        recordState: null,
        blocks: [{ code: 'RNCP509BC01', title: 'Un' }],
        rome: [{ code: 'H1102', label: "Management d'affaires" }],
        nsf: [{ code: '326t', label: 'Programmation' }],
        formacodes: [{ code: '42872', label: 'Sécurité incendie' }],
        certifiers: [{ name: "MINISTERE DE L'EDUCATION", siret: '11004301500012', state: null }],
        hasPartners: true,
        replacedBy: ['RS38228'],
        replaces: ['RNCP1'],
      });
      expect(item.partners).to.deep.equal([
        { name: 'P', siret: '82815245400033', role: 'former', state: null, activeSince: null },
      ]);
    });

    it('refuses a line with its number, and goes on', async () => {
      const broken = standard.replace('31/08/2027', '2027').replace('RNCP509', 'RNCP510');
      const { items } = await read(exportCsv({ Standard: `${broken}${standard}` }), 'export.zip');
      expect(items[0]).to.deep.include({ kind: 'refused', code: 'RNCP510', value: '2027' });
      expect(items[0]?.kind === 'refused' && items[0].field).to.equal('Date_Fin_Enregistrement, ligne 2');
      expect(items[1]?.kind).to.equal('certification');
    });

    it('is not an export without one of its files or columns', async () => {
      const content = { Standard: standard };
      const partial = zipOf([{ name: 'export_fiches_CSV_Standard_2024_02_22.csv', content: 'Numero_Fiche\r\n' }]);
      expect(await refusal(partial, 'export.zip')).to.match(/^changed: L’archive n’a pas le fichier « Blocs/);
      const wrong = zipOf(
        [
          'Standard',
          'Blocs_De_Compétences',
          'Certificateurs',
          'Formacode',
          'Nsf',
          'Partenaires',
          'Rome',
          'Ancienne_Nouvelle',
        ].map((name) => ({ name: `export_${name}_2024_02_22.csv`, content: 'Numero_Fiche;Autre\r\n' })),
      );
      expect(await refusal(wrong, 'export.zip')).to.match(/^changed: Le fichier « .* » n’a pas la colonne/);
      expect(await refusal(exportCsv(content).subarray(0, 900), 'export.zip')).to.match(/^malformed/);
    });
  });

  it('says that a file cannot be opened', async () => {
    let code = '';
    try {
      await readFile(join(folder, 'absent.xml'));
    } catch (error) {
      code = error instanceof AppError ? error.code : '';
    }
    expect(code).to.equal('FILE_UNREADABLE');
  });

  describe('of France compétences', () => {
    if (!existsSync(shared)) {
      it('was not read: the reference material is not beside this checkout');
      return;
    }

    it('RS V4.1, 2026: 8 records, 6 active, 408 partners, all active and allowed to train', async () => {
      const { items, format } = await readFile(join(shared, 'export_fiches_RS_V4_1_extrait.xml'));
      const records = items.flatMap((item) => (item.kind === 'certification' ? [item] : []));
      expect([items.length, records.length, format]).to.deep.equal([8, 8, 'XML 4.1']);
      expect(records.filter(({ record }) => record.active === true)).to.have.length(6);
      const partners = records.flatMap((item) => item.partners);
      expect(partners).to.have.length(408);
      expect(
        partners.every(({ role, state, siret }) => role === 'former_organiser' && state === 'actif' && siret),
      ).to.equal(true);
      const rs6604 = records.find(({ record }) => record.code === 'RS6604');
      expect(rs6604?.record.endOfRegistration).to.equal('2029-04-26');
      expect(records.find(({ record }) => record.code === 'RS5000')?.record.replacedBy).to.deep.equal(['RS6604']);
      expect(records.flatMap(({ doubts }) => doubts)).to.deep.equal([]);
    });

    it('CSV, 2024: 9 records of both registers, 10 partners, the chain of replacements', async () => {
      const { items, namedDate } = await readFile(join(shared, 'export-fiches-csv-2024-02-22.zip'));
      const records = items.flatMap((item) => (item.kind === 'certification' ? [item] : []));
      expect([items.length, records.length, namedDate]).to.deep.equal([9, 9, '2024-02-22']);
      expect(records.filter(({ record }) => record.register === 'RS')).to.have.length(2);
      expect(records.filter(({ record }) => record.active === true)).to.have.length(2);
      expect(records.flatMap(({ partners }) => partners)).to.have.length(10);
      expect(records.flatMap(({ record }) => record.rome)).to.have.length(15);
      expect(records.find(({ record }) => record.code === 'RNCP19468')?.record.replacedBy).to.deep.equal(['RS6117']);
      expect(
        records.find(({ record }) => record.code === 'RNCP4049')?.record.rome.map(({ label }) => label),
      ).to.include("Management et ingénierie d'affaires");
    });
  });
});
