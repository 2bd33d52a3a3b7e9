/**
 * Mails as Handlebars files of `views/mail`, two for each: `<name>.txt.hbs`, whose first line is the subject, and `<name>.hbs`
 * for the same words in HTML. Strict, like pages: a value that a template names and the caller does not give is an error.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import Handlebars from 'handlebars';
import { typeset } from './views.ts';

export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** One line of text, or a list of such things. */
export type MailValue = string | readonly MailValue[] | MailValues;
export interface MailValues {
  readonly [name: string]: MailValue;
}

export interface MailViews {
  readonly names: readonly string[];
  /** @throws for an unknown template, or a value that is missing */
  render(template: string, values: MailValues): RenderedMail;
}

const extension = '.hbs';
const textEnding = '.txt';
/** Files that others include. */
const shared = ['layout', 'footer.txt'];

/**
 * @param directory the folder `views`
 * @throws when a template does not compile, or has one form and not the other
 */
export function loadMailViews(directory: string): MailViews {
  const engine = Handlebars.create();
  const files = readdirSync(join(directory, 'mail'))
    .filter((file) => file.endsWith(extension))
    .map((file) => file.slice(0, -extension.length));
  const templates = new Map<string, Handlebars.TemplateDelegate>();
  for (const name of files) {
    const ast = engine.parse(readFileSync(join(directory, 'mail', `${name}${extension}`), 'utf8'));
    typeset(ast);
    // Text is read as it is: an escaped apostrophe would be printed.
    const noEscape = name.endsWith(textEnding);
    const source = engine.precompile(ast, { strict: true, knownHelpersOnly: true, noEscape });
    const template = engine.template(runInThisContext(`(${source})`, { filename: `views/mail/${name}${extension}` }));
    templates.set(name, template);
    if (shared.includes(name)) engine.registerPartial(`mail/${name}`, template);
  }
  const names = files.filter((name) => !name.endsWith(textEnding) && !shared.includes(name));
  const withoutPair = [
    ...names.filter((name) => !templates.has(`${name}${textEnding}`)),
    ...files.filter((name) => name.endsWith(textEnding) && !shared.includes(name) && !templates.has(name.slice(0, -4))),
  ];
  if (withoutPair.length > 0) throw new Error(`views/mail: text and HTML are both needed: ${withoutPair.join(', ')}`);

  function print(name: string, values: MailValues): string {
    const template = templates.get(name);
    if (template === undefined || shared.includes(name))
      throw new Error(`views/mail/${name}${extension}: no such mail`);
    return template(values);
  }

  return {
    names,
    render(template, values) {
      const [subject = '', ...lines] = print(`${template}${textEnding}`, values).split('\n');
      return { subject: subject.trim(), text: `${lines.join('\n').trim()}\n`, html: print(template, values) };
    },
  };
}
