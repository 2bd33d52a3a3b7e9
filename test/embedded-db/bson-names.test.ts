import { expect } from 'chai';
import fc from 'fast-check';
import { fieldName, text } from '../../src/embedded-db/bson-walk.ts';

describe('the names of fields', () => {
  it('are those of the bytes, whatever names were read before', () => {
    const name = fc.oneof(fc.constantFrom('_id', 'draft', 'é', 'Ã©', '__proto__', ''), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(fc.array(name, { maxLength: 50 }), (names) => {
        for (const given of names) {
          const bytes = Buffer.from(given, 'utf8');
          expect(fieldName(bytes, 0, bytes.length)).to.equal(text(bytes, 0, bytes.length));
        }
      }),
    );
  });
});
