/** A process that delivers once: `mail-deliverer.ts <database> <key> <smtp>`; prints what it did. */
import { fileURLToPath } from 'node:url';
import mongoose from 'mongoose';
import { makeLog } from '../../src/platform/log.ts';
import { makeMail } from '../../src/platform/mail.ts';
import { makeSecrets, parseKey } from '../../src/platform/secrets.ts';
import { loadMailViews } from '../../src/platform/web/mail-views.ts';

const [uri = '', key = '', url = ''] = process.argv.slice(2);
const connection = await mongoose.createConnection(uri).asPromise();
const mail = makeMail(connection, {
  views: loadMailViews(fileURLToPath(new URL('../../views', import.meta.url))),
  secrets: makeSecrets(parseKey(key)),
  smtp: { url, from: { name: 'École', address: 'ne-pas-repondre@exemple.fr' } },
  now: () => new Date(),
  log: makeLog('silent'),
});
console.log(JSON.stringify(await mail.deliver()));
await connection.close();
