import { expect } from 'chai';
import fc from 'fast-check';
import {
  courseDraftSchema,
  courseIdAlphabet,
  courseIdOfSlug,
  httpUrlSchema,
  providerIdOf,
  slugOf,
  unknownDraft,
} from '../../src/catalogue/model.ts';

describe('course', () => {
  it('its address is the words of its title and its id', () => {
    expect(slugOf('Créer des pages web : l’œuvre ouverte !', '7k2m9qzx')).to.equal(
      'creer-des-pages-web-l-oeuvre-ouverte-7k2m9qzx',
    );
    expect(slugOf('***', '7k2m9qzx')).to.equal('7k2m9qzx');
  });

  it('the id is found again in any address, whatever the title', () => {
    const id = fc
      .array(fc.constantFrom(...courseIdAlphabet), { minLength: 8, maxLength: 8 })
      .map((chars) => chars.join(''));
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), id, (title, drawn) => {
        const slug = slugOf(title, drawn);
        expect(courseIdOfSlug(slug)).to.equal(drawn);
        expect(slug).to.match(/^[a-z0-9-]+$/);
        expect(slug.length).to.be.at.most(89);
      }),
    );
  });

  it('an address without id is nobody’s', () => {
    for (const slug of ['', 'court', 'un-titre-sans-identifiant', 'titre-ILOU0000'])
      expect(courseIdOfSlug(slug)).to.equal(null);
  });

  it('a school is known by its SIRET, else by its name', () => {
    expect(providerIdOf({ name: 'Institut Marelle', siret: null })).to.equal('institut-marelle');
    expect(providerIdOf({ name: 'Institut Marelle', siret: '12345678901234' })).to.equal('12345678901234');
    expect(providerIdOf({ name: '???', siret: null })).to.equal('organisme');
  });

  it('only web addresses are addresses', () => {
    for (const bad of ['javascript:alert(1)', 'data:text/html,x', '/cours/1', 'ftp://exemple.fr', 'http//x']) {
      expect(httpUrlSchema.safeParse(bad).success, bad).to.equal(false);
    }
    expect(httpUrlSchema.safeParse('https://exemple.fr/cours?id=1').success).to.equal(true);
  });

  it('a draft of which only title, address and school are known is valid, and says nothing else', () => {
    const draft = courseDraftSchema.parse({
      ...unknownDraft,
      title: 'Tableur',
      url: 'https://exemple.fr/tableur',
      provider: { name: 'École', url: null, siret: null, activityNumber: null },
    });
    expect(draft.contentFree).to.equal(null);
    expect(draft.price).to.equal(null);
  });
});
