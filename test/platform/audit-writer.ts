/** A process that writes to the audit trail: `audit-writer.ts <uri> <key> <entries>`. */
import mongoose from 'mongoose';
import { makeAudit } from '../../src/platform/audit.ts';
import { makeSecrets, parseKey } from '../../src/platform/secrets.ts';

const [uri = '', key = '', entries = '0'] = process.argv.slice(2);
const connection = await mongoose.createConnection(uri).asPromise();
const audit = makeAudit(connection, { secrets: makeSecrets(parseKey(key)), now: () => new Date() });
for (let written = 0; written < Number(entries); written += 1) {
  await audit.record({ actor: null, act: 'test.write', target: null, details: { pid: process.pid, written } });
}
await connection.close();
