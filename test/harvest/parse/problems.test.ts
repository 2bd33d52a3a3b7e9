import { expect } from 'chai';
import {
  ambiguousCertification,
  badField,
  fieldTooLong,
  invalidActivityNumber,
  invalidSiret,
  missingField,
  refusedUrl,
  reversedDates,
  unknownLanguage,
  unreadableDate,
  unreadableDuration,
  unreadablePrice,
} from '../../../src/harvest/parse/problems.ts';

describe('error lines of a record', () => {
  const table = [
    [missingField('titre'), 'E_CHAMP_MANQUANT', 'Le champ titre est obligatoire et il est vide.'],
    [
      fieldTooLong('titre', 'x'.repeat(600), 500),
      'E_CHAMP_TROP_LONG',
      'Le champ titre compte 600 caractères, 500 au plus.',
    ],
    [badField('n', 'x', 'un nombre'), 'E_FORMAT_CHAMP', 'Le champ n contient « x », nous attendons un nombre.'],
    [unreadableDate('début', 'lundi'), 'E_DATE_ILLISIBLE', 'Nous ne pouvons pas lire la date « lundi ».'],
    [unreadablePrice('prix', '1.234'), 'E_PRIX_ILLISIBLE', 'Nous ne pouvons pas lire le prix « 1.234 ».'],
    [refusedUrl('url', 'javascript:x'), 'E_URL_REFUSEE', "L'adresse javascript:x n'est pas une adresse web publique."],
    [
      invalidSiret('siret', '7,95E+13', 'arrondi par un tableur'),
      'E_SIRET_INVALIDE',
      'Le SIRET 7,95E+13 est refusé : arrondi par un tableur.',
    ],
    [invalidActivityNumber('nda', '1'), 'E_NDA_INVALIDE', 'Le numéro de déclaration doit compter 11 chiffres.'],
    [ambiguousCertification('code', '474'), 'E_CERTIFICATION_AMBIGUE', '474 : précisez RNCP ou RS.'],
    [
      reversedDates('session', '2026-09-02T00:00:00+02:00', '2026-09-01T00:00:00+02:00'),
      'AV_DATES_INVERSEES',
      'La fin (2026-09-01) précède le début (2026-09-02).',
    ],
    [unknownLanguage('langue', 'x'), 'AV_LANGUE_INCONNUE', 'Nous ne reconnaissons pas la langue « x ».'],
    [unreadableDuration('durée', 'x'), 'AV_DUREE_ILLISIBLE', 'Nous ne pouvons pas lire la durée « x ».'],
  ] as const;
  for (const [problem, code, message] of table) {
    it(`${code} is told as specified`, () => {
      expect(problem.code).to.equal(code);
      expect(problem.message).to.equal(message);
    });
  }

  it('a long value is quoted short, on one line', () => {
    const { message, value } = badField('f', `a\nb${'x'.repeat(500)}`, 'y');
    expect(message.length).to.be.below(200);
    expect(message).to.contain('« a b');
    expect(String(value).length).to.equal(200);
  });
});
