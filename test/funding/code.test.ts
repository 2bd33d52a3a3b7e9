import { expect } from 'chai';
import fc from 'fast-check';
import { codeAlphabet, codeOf, readCode } from '../../src/funding/model/code.ts';

const bytes = fc.uint8Array({ minLength: 6, maxLength: 6 });
const valid = (code: string) => readCode(code).kind === 'code';

describe('the code of a receipt', () => {
  it('is V- and ten characters without I, L, O, U; the same bytes give the same code', () => {
    fc.assert(
      fc.property(bytes, (drawn) => {
        const code = codeOf(drawn);
        expect(code).to.match(/^V-[0-9A-HJKMNP-TV-Z]{10}$/);
        expect(codeOf(Uint8Array.from(drawn))).to.equal(code);
        expect(readCode(code)).to.deep.equal({ kind: 'code', code });
      }),
    );
    expect(codeAlphabet).to.have.length(32);
  });

  it('carries the first 45 bits: two of them that differ give two codes', () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 44 }), (drawn, bit) => {
        const other = Uint8Array.from(drawn);
        other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (128 >> (bit & 7));
        expect(codeOf(other)).not.to.equal(codeOf(drawn));
      }),
    );
  });

  it('refuses every single wrong character', () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 2, max: 11 }), fc.constantFrom(...codeAlphabet), (drawn, at, character) => {
        const code = codeOf(drawn);
        fc.pre(code.charAt(at) !== character);
        const wrong = `${code.slice(0, at)}${character}${code.slice(at + 1)}`;
        expect(readCode(wrong)).to.deep.equal({ kind: 'mistyped' });
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses any two characters that changed places', () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 2, max: 11 }), fc.integer({ min: 2, max: 11 }), (drawn, one, other) => {
        const characters = [...codeOf(drawn)];
        const [a = '', b = ''] = [characters[one], characters[other]];
        fc.pre(a !== b);
        characters[one] = b;
        characters[other] = a;
        expect(valid(characters.join(''))).to.equal(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is read in any case, with spaces, hyphens and look-alikes, with or without its V-', () => {
    const separators = fc.constantFrom('', ' ', '-', '\u00a0', '–', '  ');
    fc.assert(
      fc.property(bytes, fc.array(separators, { minLength: 12, maxLength: 12 }), fc.boolean(), (drawn, gaps, head) => {
        const code = codeOf(drawn);
        const confused: Readonly<Record<string, string>> = { '1': 'l', '0': 'o', V: 'u' };
        const ten = [...code.slice(2)].map((character) => confused[character] ?? character.toLowerCase());
        const typed = [...(head ? ['v', '-'] : []), ...ten].map((character, at) => `${gaps[at]}${character}`).join('');
        expect(readCode(typed)).to.deep.equal({ kind: 'code', code });
      }),
    );
  });

  it('says that anything else is no code, however long', () => {
    for (const typed of [
      '',
      'V-',
      'V-123',
      'EN2-7K4M-Q9TD-0000',
      'é'.repeat(10),
      'V'.repeat(10_000),
      '💥💥💥💥💥💥💥💥💥💥',
    ])
      expect(readCode(typed).kind, typed.slice(0, 20)).to.equal('unreadable');
    fc.assert(fc.property(fc.string(), (typed) => ['code', 'mistyped', 'unreadable'].includes(readCode(typed).kind)));
  });
});
