import { expect } from 'chai';
import { AppError } from '../src/errors.ts';
import { assertProductionIsSafe, type ProductionSettings, productionProblems } from '../src/production.ts';

const key = '8f1d03c2b7a94e65d01283fe5a6c7b9402e1d3c4b5a697887960514233f0e1d2';
const safe: ProductionSettings = {
  environment: 'production',
  publicUrl: 'https://exemple.fr',
  demo: false,
  contact: { email: 'aide@exemple.fr', url: null },
  legal: { publisher: 'Exemple, 1 rue du Test, Lyon', host: 'Hébergeur, Paris' },
  secretKey: key,
  insecureCookies: false,
};
const nothing: ProductionSettings = {
  ...safe,
  publicUrl: null,
  demo: true,
  contact: { email: null, url: null },
  legal: { publisher: null, host: null },
  secretKey: null,
};

describe('a production start', () => {
  it('is accepted with everything set, by an address or by a page of contact', () => {
    expect(productionProblems(safe)).to.deep.equal([]);
    expect(productionProblems({ ...safe, contact: { email: null, url: 'https://exemple.fr/aide' } })).to.deep.equal([]);
  });

  for (const [what, change, setting] of [
    ['demonstration accounts', { demo: true }, 'DEMO '],
    ['no publisher', { legal: { ...safe.legal, publisher: null } }, 'LEGAL_PUBLISHER '],
    ['no host', { legal: { ...safe.legal, host: null } }, 'LEGAL_HOST '],
    ['no contact', { contact: { email: null, url: null } }, 'CONTACT_EMAIL '],
    ['no secret key', { secretKey: null }, 'SECRET_KEY '],
    ['a secret key that is a word', { secretKey: 'changez-moi' }, 'SECRET_KEY '],
    ['a secret key that is not random', { secretKey: '00'.repeat(32) }, 'SECRET_KEY '],
    ['no public address', { publicUrl: null }, 'PUBLIC_URL '],
    ['a public address without https', { publicUrl: 'http://exemple.fr' }, 'PUBLIC_URL '],
  ] as const) {
    it(`is refused with ${what}, and the sentence begins with the setting`, () => {
      const problems = productionProblems({ ...safe, ...change });
      expect(problems).to.have.length(1);
      expect(problems[0]?.startsWith(setting), problems[0]).to.equal(true);
    });
  }

  it('says every refusal at once, and repeats no value', () => {
    try {
      assertProductionIsSafe({ ...nothing, secretKey: 'hunter2-hunter2' });
      expect.fail('accepted');
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      expect(error.kind).to.equal('invalid');
      for (const name of ['DEMO', 'LEGAL_PUBLISHER', 'LEGAL_HOST', 'CONTACT_EMAIL', 'SECRET_KEY', 'PUBLIC_URL']) {
        expect(error.publicMessage).to.contain(name);
      }
      expect(error.publicMessage).to.not.contain('hunter2');
    }
  });

  it('cookies without https are accepted only when told so', () => {
    expect(productionProblems({ ...safe, publicUrl: null, insecureCookies: true })).to.deep.equal([]);
  });

  it('that exception excuses nothing else', () => {
    expect(productionProblems({ ...nothing, insecureCookies: true })).to.have.length(5);
  });

  it('development and tests start with nothing set', () => {
    for (const environment of ['development', 'test'] as const) {
      expect(() => assertProductionIsSafe({ ...nothing, environment })).to.not.throw();
    }
  });
});
