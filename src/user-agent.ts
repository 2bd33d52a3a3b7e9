/** How the platform presents itself to partners: `<name>/<version> (+contact)`. */
import type { Config } from './config.ts';

export const productVersion = '0.1.0';

export function userAgentOf(config: Pick<Config, 'publicUrl' | 'contact'>): string {
  const contact =
    config.contact.url ?? config.publicUrl ?? (config.contact.email === null ? null : `mailto:${config.contact.email}`);
  return `EcoleNumeriqueAuCarre/${productVersion}${contact === null ? '' : ` (+${contact})`}`;
}
