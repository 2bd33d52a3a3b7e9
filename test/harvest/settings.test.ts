import { expect } from 'chai';
import { z } from 'zod';
import { secret } from '../../src/harvest/connector.ts';
import { discoverConnectors } from '../../src/harvest/discover.ts';
import { readSettings, settingsOf, withoutSecrets } from '../../src/harvest/model/settings.ts';

const connector = {
  id: 'essai',
  configSchema: z.strictObject({
    url: z.url({ protocol: /^https?$/ }).meta({ title: 'Adresse' }),
    token: secret().meta({ title: 'Clé' }),
    spare: secret().optional(),
    unit: z.enum(['heures', 'minutes']).optional(),
    lists: z.array(z.enum(['a', 'b'])).default([]),
    pages: z.int().min(1).max(10).default(5),
    strict: z.boolean().optional(),
    columns: z.record(z.string(), z.string()).optional(),
  }),
  exampleConfig: {
    url: 'https://exemple.example/c',
    token: 'not-a-real-token',
    pages: 5,
    columns: { titre: 'Intitulé' },
  },
};

describe('settings of a format as a form', () => {
  it('each field of the schema has its kind, its label, and an accepted example, save secrets', () => {
    expect(settingsOf(connector).map(({ name, kind, required }) => [name, kind, required])).to.deep.equal([
      ['url', 'text', true],
      ['token', 'secret', true],
      ['spare', 'secret', false],
      ['unit', 'choice', false],
      ['lists', 'choices', false],
      ['pages', 'number', false],
      ['strict', 'yes-no', false],
      ['columns', 'json', false],
    ]);
    const byName = new Map(settingsOf(connector).map((setting) => [setting.name, setting]));
    expect(byName.get('url')).to.include({ label: 'Adresse', example: 'https://exemple.example/c' });
    expect(byName.get('token')?.example).to.equal('');
    expect(byName.get('unit')?.options).to.deep.equal(['heures', 'minutes']);
  });

  it('a wrong value is refused under its own field, in French, with a value that would be accepted', () => {
    const typed = { url: 'ftp://x', unit: 'jours', pages: '0', columns: '{', lists: ['a', 'c'] };
    const read = readSettings(connector, typed, {});
    if (read.kind !== 'refused') throw new Error('accepted');
    expect(Object.keys(read.refusals).sort()).to.deep.equal(['columns', 'lists', 'pages', 'token', 'unit', 'url']);
    expect(read.refusals.url).to.equal(
      'Une adresse http(s) complète est attendue. Exemple accepté : https://exemple.example/c',
    );
    expect(read.refusals.token).to.equal('Ce réglage est obligatoire.');
    expect(read.refusals.pages).to.contain('1 au moins').and.to.contain('Exemple accepté : 5');
    expect(read.refusals.unit).to.contain('heures, minutes');
    expect(read.refusals.columns).to.contain('JSON');
  });

  it('right values are typed, an empty field is absent, and an empty secret keeps the one that is here', () => {
    const typed = { url: 'https://x.example/', token: '', lists: ['a'], pages: '7', strict: 'oui', unit: '' };
    const read = readSettings(connector, typed, { token: 'kept' });
    expect(read).to.deep.equal({
      kind: 'read',
      config: { url: 'https://x.example/', token: 'kept', lists: ['a'], pages: 7, strict: true },
    });
    if (read.kind !== 'read') throw new Error('refused');
    const apart = withoutSecrets(connector, read.config);
    expect(apart.secrets).to.deep.equal({ token: 'kept' });
    expect(apart.config).to.not.have.property('token');
  });

  it('the form of every format can be drawn, and its example is accepted when typed', async () => {
    for (const [id, each] of await discoverConnectors()) {
      const settings = settingsOf(each);
      expect(
        settings.every(({ label }) => label !== ''),
        id,
      ).to.equal(true);
      const typed = Object.fromEntries(
        settings.map(({ name, kind, example }) => {
          const value: unknown = Reflect.get(each.exampleConfig as object, name);
          return [
            name,
            kind === 'choices' && Array.isArray(value) ? value.map(String) : value === undefined ? '' : example,
          ];
        }),
      );
      expect(readSettings(each, typed, { ...(each.exampleConfig as Record<string, string>) }).kind, id).to.equal(
        'read',
      );
    }
  });
});
