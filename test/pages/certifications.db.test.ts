import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import { manyCourses } from '../builders/catalogue.ts';
import { aSite } from '../builders/site.ts';
import { exportXml } from '../support/registry-files.ts';
import { openRegistryWorld, type RegistryWorld } from '../support/registry-world.ts';

const text = (html: string) =>
  html
    .slice(html.indexOf('<main'), html.indexOf('</main>'))
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#x27;/g, "'")
    .replace(/[\s\u00a0]+/g, ' ');

describe('the pages of certifications', () => {
  describe('before an import', () => {
    let site: Express;
    before(async () => {
      site = await aSite({ courses: manyCourses });
    });
    const page = async (path: string) => {
      const answer = await request(site).get(path);
      return { status: answer.status, location: answer.headers.location, text: text(answer.text) };
    };

    it('print code, state, end, register date, blocks, jobs with their edition and courses', async () => {
      const { status, text: shown } = await page('/certifications/RNCP37674');
      expect(status).to.equal(200);
      for (const words of [
        'RNCP37674',
        "Active jusqu'au 01/09/2028",
        '5 (bac + 2)',
        'Registre du 16/08/2026',
        'Cette certification prend fin le 1er septembre 2028.',
        'Aucun remplacement connu au 16 août 2026.',
        'RNCP37674BC01',
        'ancienne édition du ROME',
        'M1805',
        'Les cours qui la préparent',
        'Développeur web : les fondamentaux',
      ]) {
        expect(shown).to.contain(words);
      }
    });

    it('say since when one is over, and that a prolongation is possible when the register is older (T18)', async () => {
      expect((await page('/certifications/RNCP35419')).text).to.contain("N'est plus active depuis le 18/03/2026.");
      expect((await page('/certifications/RNCP35959')).text).to.contain(
        'Notre registre date du 16/08/2026, avant cette fin : une prolongation est possible. Vérifiez auprès de France compétences.',
      );
      expect((await page('/certifications/RNCP35419')).text).not.to.contain('une prolongation est possible');
      const replaced = (await page('/certifications/RS5000')).text;
      expect(replaced).to.contain('Remplacée par RS6604.');
      expect(replaced).to.contain('pas de niveau');
    });

    it('keep two certifications of one title apart (T33)', async () => {
      const [one, other] = await Promise.all([page('/certifications/RNCP37873'), page('/certifications/RNCP36490')]);
      expect(one?.text).to.contain('Ministère du Travail');
      expect(other?.text).to.contain('CESI');
    });

    it('accept every spelling, ask about a bare number, guess nothing', async () => {
      for (const spelling of ['rncp%2037674', 'RNCP-37674', 'RNCP37674BC01']) {
        const { status, location } = await page(`/certifications/${spelling}`);
        expect([status, location], spelling).to.deep.equal([301, '/certifications/RNCP37674']);
      }
      const asked = await page('/certifications/37674');
      expect(asked.status).to.equal(200);
      expect(asked.text).to.contain('RNCP ou RS ?').and.to.contain('RNCP37674').and.to.contain('RS37674');
      expect((await page('/certifications?q=37674')).text).to.contain('RNCP ou RS ?');
      expect((await page('/certifications?q=rs+6604')).location).to.equal('/certifications/RS6604');
      expect((await page('/certifications/developpeur')).status).to.equal(404);
    });

    it('are searched by words, twenty a page, digital ones first', async () => {
      const { text: shown } = await page('/certifications');
      expect(shown).to.contain('27 certifications');
      expect(shown.indexOf('RNCP37873')).to.be.lessThan(shown.indexOf('RNCP40344'));
      expect((await page('/certifications?page=2')).text).to.contain('RS6232');
      expect((await page('/certifications?q=blockchain')).text).to.contain('2 certifications');
      expect((await page('/certifications?q=zzz')).text).to.contain('Aucune certification ne contient tous ces mots.');
      expect((await page('/certifications?q=%3Cscript%3E&page=abc')).status).to.equal(200);
    });
  });

  describe('with a register', () => {
    let world: RegistryWorld;
    before(async () => {
      world = await openRegistryWorld();
      const fiches = [
        { code: 'RNCP1', title: 'Première &lt;b&gt;', active: 'Non', end: '01/02/2026', replacedBy: ['RNCP2'] },
        { code: 'RNCP2', title: 'Deuxième', active: 'Non', replacedBy: ['RNCP1'] },
        { code: 'RNCP3', title: 'Troisième', active: 'Non', replacedBy: ['RNCP999'] },
        { code: 'RS4', title: 'Quatrième', end: '01/02/2028' },
      ];
      await world.registry.importFile(world.file('export-2026-11-20.xml', exportXml(fiches)));
    });
    after(() => world.close());
    const pageAt = async (path: string, day: string) => {
      const site = await aSite({ registry: world.store, now: () => new Date(`${day}T12:00:00Z`) });
      const answer = await request(site).get(path);
      return { status: answer.status, html: answer.text, text: text(answer.text) };
    };

    it('an unknown number has an unknown state, and its register a date', async () => {
      const { status, text: shown } = await pageAt('/certifications/RS9', '2026-11-22');
      expect(status).to.equal(200);
      expect(shown).to.contain('État inconnu : absente du registre du 20/11/2026.');
    });

    it('a register older than seven days is said at the top', async () => {
      expect((await pageAt('/certifications/RS4', '2026-11-27')).text).not.to.contain('Registre du 20 novembre 2026.');
      expect((await pageAt('/certifications/RS4', '2026-11-28')).text).to.contain('Registre du 20 novembre 2026.');
      expect((await pageAt('/certifications', '2026-11-28')).text).to.contain('Registre du 20 novembre 2026.');
    });

    it('replacements that turn round or lead nowhere end with « aucun remplacement connu » (B27)', async () => {
      const cycle = await pageAt('/certifications/RNCP1', '2026-11-22');
      expect(cycle.text).to.contain('tournent en rond : aucun remplacement connu.');
      expect(cycle.text).to.contain(
        "N'est plus active depuis le 02/02/2026. Aucun remplacement connu au 20 novembre 2026.",
      );
      expect(cycle.html).not.to.contain('Première <b>');
      const broken = await pageAt('/certifications/RNCP3', '2026-11-22');
      expect(broken.text).to.contain('Le registre nomme RNCP999');
    });

    it('the page of a course prints the register, not the built-in sample', async () => {
      const course = manyCourses.find(({ alignment }) =>
        alignment.certifications.some(({ code }) => code === 'RNCP37674'),
      );
      const site = await aSite({ courses: manyCourses, registry: world.store });
      const shown = text((await request(site).get(`/cours/${course?.slug}`)).text);
      expect(shown).to.contain('Certification RNCP37674').and.to.contain('État inconnu');
      expect(shown).not.to.contain('Développeur web et web mobile');
    });

    it('what the day after its end changes, without any import (B11)', async () => {
      expect((await pageAt('/certifications/RS4', '2028-02-01')).text).to.contain("Active jusqu'au 01/02/2028");
      expect((await pageAt('/certifications/RS4', '2028-02-02')).text).to.contain(
        "N'est plus active depuis le 02/02/2028",
      );
    });
  });
});
