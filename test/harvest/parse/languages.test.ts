import { expect } from 'chai';
import { languageTag, languageTags } from '../../../src/harvest/parse/languages.ts';

describe('languages of partners', () => {
  const table: readonly (readonly [unknown, string | null])[] = [
    ...['fr', 'FR', 'fre', 'fra', 'fr-FR', 'fr_FR', 'Français', 'français', 'FRANCAIS', 'French', ' fr '].map(
      (value) => [value, 'fr'] as const,
    ),
    ...['en', 'en-us', 'EN_GB', 'eng', 'English', 'Anglais'].map((value) => [value, 'en'] as const),
    ...['de', 'ger', 'deu', 'Deutsch', 'German', 'Allemand'].map((value) => [value, 'de'] as const),
    ['zh-Hans', 'zh'],
    ['chi', 'zh'],
    ['español', 'es'],
    ['pt-BR', 'pt'],
    ['gsw', 'gsw'],
    ['Mehrsprachig', null],
    ['xx', null],
    ['und', null],
    ['mul', null],
    ['frxx1', null],
    ['fr;drop', null],
    ['constructor', null],
    ['', null],
    ['f', null],
    [7, null],
    [null, null],
  ];
  for (const [value, tag] of table) {
    it(`${JSON.stringify(value)} is ${tag}`, () => {
      expect(languageTag(value)).to.equal(tag);
    });
  }

  it('each is listed once, and the values that are none are told', () => {
    expect(languageTags(['fr', 'Français', 'Mehrsprachig', 'en-us', null, '-'])).to.deep.equal({
      tags: ['fr', 'en'],
      unknown: ['Mehrsprachig'],
    });
    expect(languageTags('fr')).to.deep.equal({ tags: ['fr'], unknown: [] });
    expect(languageTags(undefined)).to.deep.equal({ tags: [], unknown: [] });
  });
});
