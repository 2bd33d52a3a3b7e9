import { expect } from 'chai';
import { parseUrl, urlOrNull } from '../../../src/harvest/parse/urls.ts';

describe('addresses of partners', () => {
  const base = 'https://partner.example/fr/list?page=2';
  const table: readonly (readonly [unknown, string | undefined, string])[] = [
    ['https://a.example/x', undefined, 'https://a.example/x'],
    [' http://a.example ', undefined, 'http://a.example/'],
    ['www2.a.example/x.htm', undefined, 'http://www2.a.example/x.htm'],
    ['www.a.example', base, 'http://www.a.example/'],
    ['lycee.fr', undefined, 'http://lycee.fr/'],
    ['lycee.fr:8080/x', undefined, 'http://lycee.fr:8080/x'],
    ['/cours/1', base, 'https://partner.example/cours/1'],
    ['cours.html', base, 'https://partner.example/fr/cours.html'],
    ['//cdn.example/i.png', base, 'https://cdn.example/i.png'],
    ['https://a.example/?utm_source=x&id=1&UTM_medium=y&fbclid=z', undefined, 'https://a.example/?id=1'],
    ['https://a.example/?q=utm_source', undefined, 'https://a.example/?q=utm_source'],
    ['https://a.example/é', undefined, 'https://a.example/%C3%A9'],
    ['http://127.0.0.1:4000/cours', undefined, 'http://127.0.0.1:4000/cours'],
  ];
  for (const [value, from, expected] of table) {
    it(`${value} ${from === undefined ? '' : 'on a page '}is ${expected}`, () => {
      expect(parseUrl(value, from)).to.deep.equal({ kind: 'url', url: expected });
    });
  }

  for (const value of [null, undefined, '', ' ', '-']) {
    it(`${JSON.stringify(value)} is no address`, () => {
      expect(parseUrl(value, base)).to.deep.equal({ kind: 'unknown' });
    });
  }

  const refused: readonly unknown[] = [
    ...['javascript:alert(1)', 'JavaScript:alert(1)', ' java\nscript:alert(1)', 'data:text/html,x', 'vbscript:x'],
    ...['ftp://a.example/x', 'file:///etc/passwd', 'mailto:a@b.example', 'blob:https://a.example/1'],
    ...['https://user:pass@a.example/', 'http://intranet/cours', 'http://10.0.0.1/', 'http://192.168.1.1/reboot'],
    ...['http://172.16.0.1/', 'http://169.254.169.254/latest', 'http://0x0a000001/', 'http://[fd00::1]/'],
    ...['http://[::ffff:10.0.0.1]/', 'un texte', 'http://', `https://a.example/${'x'.repeat(2_000)}`, 7, {}],
  ];
  for (const value of refused) {
    it(`${JSON.stringify(value).slice(0, 60)} is refused`, () => {
      expect(parseUrl(value)).to.deep.equal({ kind: 'refused' });
      expect(urlOrNull(value)).to.equal(null);
    });
  }

  it('a script is refused on a page too', () => {
    expect(parseUrl('javascript:alert(1)', base)).to.deep.equal({ kind: 'refused' });
  });
});
