import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { smtpOptions } from '../../src/platform/mail.ts';
import { loadMailViews } from '../../src/platform/web/mail-views.ts';

const directory = fileURLToPath(new URL('../../views', import.meta.url));

describe('the words of mails', () => {
  const views = loadMailViews(directory);
  const namesIn = (file: string) =>
    new Set(
      [...readFileSync(join(directory, 'mail', file), 'utf8').matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name),
    );

  /** Each list of a template has one item, which names the same values, and the lists inside it. */
  const valuesOf = (file: string, texts: Readonly<Record<string, string>>) => {
    const source = readFileSync(join(directory, 'mail', file), 'utf8');
    const lists = [...source.matchAll(/\{\{#each (\w+)\}\}/g)].map(([, list = '']) => list);
    const inside = { ...texts, ...Object.fromEntries(lists.map((list) => [list, [texts]])) };
    return { ...texts, ...Object.fromEntries(lists.map((list) => [list, [inside]])) };
  };

  it('there is one for each thing an account must be told', () => {
    expect(views.names).to.include.members([
      'verification',
      'reset',
      'password-changed',
      'already-registered',
      'invitation',
      'sign-in-new-device',
      'account-erased',
      'one-time-code-disabled',
    ]);
  });

  for (const name of views.names) {
    it(`« ${name} » says the same in text and in HTML, in French, and holds every value`, () => {
      const values = namesIn(`${name}.txt.hbs`);
      expect([...namesIn(`${name}.hbs`), ...namesIn(`${name}.txt.hbs`)].every((value) => values.has(value))).to.equal(
        true,
      );
      const given = Object.fromEntries([...values].map((value) => [value, `valeur-de-${value}`]));
      const { subject, text, html } = views.render(name, valuesOf(`${name}.txt.hbs`, given));
      expect(subject.length).to.be.within(8, 78);
      for (const value of values) {
        expect(`${subject}\n${text}`).to.include(`valeur-de-${value}`);
        expect(html).to.include(`valeur-de-${value}`);
      }
      const plain = html.replace(/<[^>]+>/g, ' ').replace(/[ \n]+/g, ' ');
      for (const line of text.split('\n').filter((one) => one.endsWith('.'))) {
        expect(plain, line).to.include(line.trim());
      }
      expect(text)
        .to.match(/^Bonjour,\n/)
        .and.not.match(/\{\{|undefined|&\w+;/);
    });

    it(`« ${name} » makes no offer, loads nothing and asks for no secret`, () => {
      const words = ['txt.hbs', 'hbs'].map((ending) =>
        readFileSync(join(directory, 'mail', `${name}.${ending}`), 'utf8'),
      );
      for (const text of words) {
        expect(text).to.not.match(/\boffres?\b|promo|profitez|découvrez|CPF|€|gratuit|<img|<script|https?:\/\//i);
        expect(text).to.not.match(/donnez votre mot de passe|répondez/i);
      }
    });
  }

  it('a mail with one form only, or with a value that is not given, is refused', () => {
    const folder = mkdtempSync(join(tmpdir(), 'en2-mail-'));
    try {
      mkdirSync(join(folder, 'mail'));
      writeFileSync(join(folder, 'mail', 'alone.hbs'), 'x');
      expect(() => loadMailViews(folder)).to.throw('alone');
      writeFileSync(join(folder, 'mail', 'alone.txt.hbs'), 'Sujet {{missing}}\n\nx');
      expect(() => loadMailViews(folder).render('alone', {})).to.throw('missing');
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(readdirSync(join(directory, 'mail')).length).to.be.greaterThan(16);
  });
});

describe('the address of a mail server', () => {
  it('gives host, port and account; without smtps the connection is upgraded or given up', () => {
    expect(smtpOptions('smtps://nom:s%40cret@mail.exemple.fr')).to.deep.include({
      host: 'mail.exemple.fr',
      port: 465,
      secure: true,
      requireTLS: false,
      auth: { user: 'nom', pass: 's@cret' },
    });
    expect(smtpOptions('smtp://mail.exemple.fr')).to.deep.include({ port: 587, secure: false, requireTLS: true });
    expect(smtpOptions('smtp://mail.exemple.fr:2525')).to.not.have.property('auth');
    expect(smtpOptions('smtp://127.0.0.1:25').requireTLS).to.equal(false);
    expect(smtpOptions('smtp://[::1]:25')).to.deep.include({ host: '::1', requireTLS: false });
  });

  it('is refused when it is something else, without being shown', () => {
    for (const address of ['http://nom:hunter2@exemple.fr', 'hunter2', 'smtp://']) {
      expect(() => smtpOptions(address)).to.throw(/^SMTP_URL_INVALID(?!.*hunter2)/);
    }
  });
});
