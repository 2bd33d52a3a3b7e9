import type { Mail } from '../src/platform/mail.ts';
import type { Job } from '../src/platform/schedule.ts';

/** Sends what waits in the outbox; a mail that could not leave is tried again later. */
export default {
  name: 'mail',
  title: 'Envoyer les courriels en attente',
  schedule: '* * * * *',
  maxMinutes: 10,
  async run({ mail }, signal) {
    return { ...(await mail.deliver(signal)) };
  },
} satisfies Job<{ readonly mail: Pick<Mail, 'deliver'> }>;
