/** `eligibility …` as its commands run, in this process: what they print and the exit code. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Command } from 'commander';
import { eligibilityCommands } from '../../src/cli/eligibility.ts';
import { loadRulesFile, ruleSetOf } from '../../src/eligibility/data.ts';
import { wireDossier } from '../builders/dossier.ts';

describe('eligibility on the command line', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'en2-eligibility-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function file(content: unknown): string {
    const path = join(folder, 'cases.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  let opened = 0;

  /** The rules of the file, but for a participation of 160 € since 2 April 2026. */
  function published() {
    const rulesFile = loadRulesFile();
    const rules = rulesFile.rules.map((rule) =>
      rule.id === 'F-03'
        ? {
            ...rule,
            versions: rule.versions.map((one) =>
              one.from === '2026-04-02' ? { ...one, parameters: { montant: 160 } } : one,
            ),
          }
        : rule,
    );
    const read = ruleSetOf({ ...rulesFile, rules });
    if (!read.ok) throw new Error(read.problems.join(' '));
    return read.rules;
  }

  async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const written = { out: '', err: '' };
    const streams = { out: process.stdout.write, err: process.stderr.write };
    const code = process.exitCode;
    process.exitCode = 0;
    process.stdout.write = (text: string | Uint8Array) => {
      written.out += String(text);
      return true;
    };
    process.stderr.write = (text: string | Uint8Array) => {
      written.err += String(text);
      return true;
    };
    try {
      const program = new Command();
      eligibilityCommands(program, async () => {
        opened += 1;
        return published();
      });
      await program.parseAsync(['node', 'cli', 'eligibility', ...args]);
      return { code: Number(process.exitCode), ...written };
    } finally {
      process.stdout.write = streams.out;
      process.stderr.write = streams.err;
      process.exitCode = code;
    }
  }

  const good = { id: 'bon', entree: wireDossier() };
  const attendu = { cpf: 'oui', resteACharge: 150 };

  it('check --json answers each case in euros, with the documented keys and no other', async () => {
    const { code, out } = await cli('check', '--cases', file({ cas: [good] }), '--json');
    expect(code).to.equal(0);
    expect(JSON.parse(out)).to.deep.equal({
      results: [
        {
          id: 'bon',
          verdict: {
            cpf: 'oui',
            regles: [],
            manquants: [],
            plafond: null,
            participation: { due: true, montant: 150 },
            droitsMobilisables: 1850,
            resteACharge: 150,
            acces: 'payant',
            avertissements: [],
          },
        },
      ],
    });
  });

  it('check --json answers the others beside a refused dossier, and ends with 1', async () => {
    const cas = [{ id: 'faux', entree: wireDossier({ 'action.prix': -5 }) }, good];
    const { code, out } = await cli('check', '--cases', file({ cas }), '--json');
    expect(code).to.equal(1);
    const { results } = JSON.parse(out);
    expect(results[0]).to.deep.equal({
      id: 'faux',
      errors: [{ path: 'action.prix', message: 'Un montant ne peut pas être négatif.' }],
    });
    expect(results[1].verdict.cpf).to.equal('oui');
  });

  it('check prints a table that compares with what is expected, and ends with 1 on a difference', async () => {
    const same = await cli('check', '--cases', file({ cas: [{ ...good, attendu }] }));
    expect(same).to.deep.include({ code: 0 });
    expect(same.out).to.match(/bon +oui .* comme attendu/);
    const other = await cli('check', '--cases', file({ cas: [{ ...good, attendu: { ...attendu, resteACharge: 0 } }] }));
    expect(other.code).to.equal(1);
    expect(other.out).to.include('différent : resteACharge');
    expect((await cli('check', '--cases', file({ cas: [good] }))).out).to.include('pas de réponse attendue');
  });

  it('an unreadable file, a file that is no JSON and a missing option say what to do', async () => {
    expect((await cli('check', '--cases', join(folder, 'absent.json'))).err).to.include('introuvable');
    expect((await cli('check', '--cases', file('{"cas"'))).err).to.include('JSON');
    expect((await cli('check')).err).to.include('--cases');
    expect((await cli('check', '--cases', file('[]'), '--json')).code).to.equal(2);
  });

  it('explain prints the trace in French: reason, received, expected, source, and the standing sentence', async () => {
    const entree = wireDossier({ 'personne.age': 15, 'organisme.habilitation': null });
    const { code, out } = await cli(
      'explain',
      '--case',
      file({ cas: [good, { id: 'jeune', entree }] }),
      '--id',
      'jeune',
    );
    expect(code).to.equal(0);
    expect(out).to.include("Le compte formation s'ouvre à 16 ans (15 ans pour un apprenti).");
    expect(out).to.match(/Reçu : 15 ans, sans apprentissage\. Il faut : 16 ans au moins.*Source : Code du travail/);
    expect(out).to.include("Impossible de décider : il manque l'habilitation");
    expect(out).to.include('Information indicative : seul Mon Compte Formation fait foi.');
  });

  it('explain reads one dossier alone, and refuses an id that is not there', async () => {
    expect((await cli('explain', '--case', file(wireDossier()))).out).to.include('Reste à payer : 150 €');
    expect((await cli('explain', '--case', file({ cas: [good] }), '--id', 'x')).code).to.equal(4);
    const refused = await cli('explain', '--case', file({ date: 'x', action: {} }));
    expect(refused.code).to.equal(1);
    expect(refused.out).to.include('action.type');
  });

  it('rules --on prints the values of that day', async () => {
    const on = async (date: string) => {
      const { items } = JSON.parse((await cli('rules', '--on', date, '--json')).out);
      return items.find(({ id }: { id: string }) => id === 'F-03')?.parameters.montant;
    };
    expect(await on('2026-04-01')).to.equal(103.2);
    expect(await on('2026-04-02')).to.equal(150);
    expect(await on('2027-01-01')).to.equal(undefined);
    expect((await cli('rules', '--on', '2026-02-30')).code).to.equal(2);
  });

  it('--database answers with the published rules; without it no database is opened', async () => {
    opened = 0;
    const cases = file({ cas: [good] });
    const rest = async (...options: string[]) =>
      JSON.parse((await cli('check', '--cases', cases, '--json', ...options)).out).results[0].verdict.resteACharge;
    expect(await rest()).to.equal(150);
    expect((await cli('explain', '--case', cases)).out).to.include('Reste à payer : 150 €');
    await cli('rules', '--on', '2026-04-02');
    expect(opened).to.equal(0);
    expect(await rest('--database')).to.equal(160);
    const explained = await cli('explain', '--case', cases, '--database');
    expect(explained.out).to.include('Reste à payer : 160 €').and.include(`version ${published().version}`);
    expect((await cli('rules', '--on', '2026-04-02', '--database')).out).to.match(/F-03 .*montant 160/);
    expect(opened).to.equal(3);
  });

  it('a file that is not UTF-8 is refused, a byte order mark and Windows line ends are read', async () => {
    const path = join(folder, 'cases.json');
    const text = JSON.stringify({ cas: [{ ...good, id: 'été' }] }, null, 1);
    for (const bytes of [Buffer.from(text, 'latin1'), Buffer.from(`\uFEFF${text}`, 'utf16le')]) {
      writeFileSync(path, bytes);
      const { code, err } = await cli('check', '--cases', path, '--json');
      expect(code).to.equal(2);
      expect(JSON.parse(err).error.code).to.equal('FILE_NOT_UTF8');
    }
    const { code, out } = await cli('check', '--cases', file(`\uFEFF${text.replace(/\n/g, '\r\n')}`), '--json');
    expect(code).to.equal(0);
    expect(JSON.parse(out).results[0].id).to.equal('été');
  });
});
