#!/usr/bin/env node
/** The only executable: `npm run -s cli -- <command>`. Each command is one call to the use cases that pages use. */
import { Command } from 'commander';
import { accountCommands } from './cli/accounts.ts';
import { assessingCommand } from './cli/assessing.ts';
import { auditCommands } from './cli/audit.ts';
import { connectorCommands } from './cli/connectors.ts';
import { databaseCommands } from './cli/database.ts';
import { duplicateCommands } from './cli/duplicates.ts';
import { eligibilityCommands } from './cli/eligibility.ts';
import { frameworkCommands } from './cli/framework.ts';
import { harvestCommands, withApp } from './cli/harvest.ts';
import { printFailure } from './cli/output.ts';
import { providerCommands } from './cli/providers.ts';
import { receiptCommands } from './cli/receipts.ts';
import { registryCommands } from './cli/registry.ts';
import { retentionCommands } from './cli/retention.ts';
import { flipsCommand } from './cli/rules.ts';
import { searchCommand } from './cli/search.ts';
import { secretCommands } from './cli/secrets.ts';
import { serveCommand } from './cli/serve.ts';
import { sourceCommands } from './cli/sources.ts';
import { readConfig } from './config.ts';
import { productVersion } from './user-agent.ts';

const program = new Command('cli')
  .description('École numérique au carré: partner catalogues harvested, aligned and assembled into pathways.')
  .version(productVersion)
  .showHelpAfterError('(--help tells how)')
  // Output belongs to commands; a message of the parser is an error like another.
  .configureOutput({ writeOut: (text) => process.stdout.write(text), writeErr: (text) => process.stderr.write(text) });

const config = () => readConfig();
serveCommand(program, config);
harvestCommands(program, config);
sourceCommands(program, config);
connectorCommands(program, config);
frameworkCommands(program);
registryCommands(program, config);
searchCommand(program, config);
databaseCommands(program, config);
accountCommands(program, (print, act) =>
  withApp(config(), print, async (app) => act((await app.people()).administration)),
);
auditCommands(program, config);
retentionCommands(program, config);
providerCommands(program, config);
duplicateCommands(program, config);
secretCommands(program, config);
const eligibility = eligibilityCommands(program, (print) =>
  withApp(config(), print, async ({ rules }) => rules.current()),
);
assessingCommand(eligibility, config);
flipsCommand(eligibility, config);
receiptCommands(program, eligibility, config);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = printFailure(error, process.argv.includes('--json'));
}
