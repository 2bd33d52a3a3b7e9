/** Run by lists-kill.db.test.ts: joins a database and answers its lists, slowly, until it is killed. */
import { setTimeout as wait } from 'node:timers/promises';
import { openFundingWorld } from '../builders/funding-world.ts';

const [uri = '', key = ''] = process.argv.slice(2);
const world = await openFundingWorld({ uri, key: Buffer.from(key, 'hex') });
const { nextPiece } = world.listStore;
Object.assign(world.listStore, {
  async nextPiece(id: string) {
    await wait(150);
    process.stdout.write('piece\n');
    return nextPiece(id);
  },
});
await world.verdicts.lists.work();
