/** One way to declare a command: `--json` and `--help` everywhere, a printer in, an exit code out. */
import { type Command, InvalidArgumentError } from 'commander';
import { makePrinter, type Printer, printFailure } from './output.ts';

type Action<Options> = (options: Options & { json: boolean }, print: Printer, ...positional: string[]) => Promise<void>;

export interface DeclaredCommand {
  option(flags: string, description: string, parseOrDefault?: unknown, fallback?: unknown): DeclaredCommand;
  action<Options>(act: Action<Options>): void;
}

/** @param usage name and arguments, in commander's notation: `preview <connector>` */
export function commandOf(group: Command, usage: string, description: string): DeclaredCommand {
  const command = group.command(usage).description(description).option('--json', 'print one JSON value', false);
  const declared: DeclaredCommand = {
    option(flags, text, parseOrDefault, fallback) {
      if (typeof parseOrDefault === 'function') {
        command.option(flags, text, parseOrDefault as (value: string) => unknown, fallback);
      } else {
        command.option(flags, text, parseOrDefault as string | boolean | undefined);
      }
      return declared;
    },
    action(act) {
      command.action(async (...given: unknown[]) => {
        // commander gives the positional arguments, then the options, then the command.
        const options = given.at(-2) as Parameters<typeof act>[0];
        const positional = given.slice(0, -2) as string[];
        try {
          await act(options, makePrinter(options.json), ...positional);
        } catch (error) {
          process.exitCode = printFailure(error, options.json);
        }
      });
    },
  };
  return declared;
}

/** A whole number of at least 1. */
export function countOption(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('Un nombre entier, 1 au moins, est attendu.');
  return value;
}
