/** Names of files as people send them: cleaned for showing, never used as a path. */
import { AppError } from '../errors.ts';

/**
 * Extensions a name may end with, by type of content. Only these types can be accepted: none of them runs in a browser that
 * is given it as an attachment, which is the only way files are given (web/attachment.ts).
 */
export const extensionsOf = {
  'application/pdf': ['pdf'],
  'image/png': ['png'],
  'image/jpeg': ['jpg', 'jpeg'],
  'image/webp': ['webp'],
  'application/xml': ['xml'],
  'application/json': ['json'],
  'text/csv': ['csv'],
} as const;
export type FileType = keyof typeof extensionsOf;

export function isFileType(type: string | undefined): type is FileType {
  return type !== undefined && Object.hasOwn(extensionsOf, type);
}

const longest = 100;
/** Control characters, and characters that turn a name round or are not seen: « facture\u202Efdp.exe ». */
const hidden = /[\p{C}\p{Zl}\p{Zp}]/gu;
/** What has a meaning for a system or a shell. */
const special = /[<>:"|?*%;`$&]/g;
const runnable =
  'app asp aspx bat bash cgi cmd com dll dmg exe hta htm html jar js jsp lnk mjs msi phar php php5 phtml pl ps1 py scr sh shtml svg svgz swf url vbs wsf xht xhtml xml'.split(
    ' ',
  );
const known = new Set([
  ...Object.values(extensionsOf).flat(),
  ...runnable,
  'doc',
  'docx',
  'docm',
  'xls',
  'xlsx',
  'xlsm',
  'zip',
]);

/** The name without folders, hidden characters and signs that mean something, at most 100 characters; for a file not kept. */
export function displayName(name: string): string {
  const shown = [...withoutTricks(name)];
  if (shown.length === 0) return 'fichier';
  // The end says what the file is.
  return (shown.length <= longest ? shown : [...shown.slice(0, longest - 20), '…', ...shown.slice(-19)]).join('');
}

function withoutTricks(name: string): string {
  const last = name.normalize('NFC').split(/[/\\]/).at(-1) ?? '';
  return last
    .replace(hidden, '')
    .replace(special, '-')
    .replace(/\s+/g, ' ')
    .replace(/[. ]+$/, '');
}

/**
 * As `displayName`, for a file that is kept: its extension goes with its content.
 * @throws AppError `invalid` for a second extension, or one that does not go with the content
 */
export function cleanFileName(name: string, type: FileType): string {
  const allowed: readonly string[] = extensionsOf[type];
  const shown = withoutTricks(name);
  const [, base = '', extension = ''] = /^(.*)\.([^.]*)$/s.exec(shown) ?? [];
  if (!allowed.includes(extension.toLowerCase())) {
    const message = `Le nom de ce fichier ne dit pas ce qu'il contient : il doit finir par .${allowed.join(' ou .')}.`;
    throw new AppError('invalid', 'FICHIER_EXTENSION', message);
  }
  if (
    base
      .split('.')
      .slice(1)
      .some((part) => known.has(part.trim().toLowerCase()))
  ) {
    const message = 'Le nom de ce fichier a deux extensions. Renommez-le avec une seule.';
    throw new AppError('invalid', 'FICHIER_DOUBLE_EXTENSION', message);
  }
  const kept = [...base.replace(/^[. ]+/, '')]
    .slice(0, longest - extension.length - 1)
    .join('')
    .replace(/[. ]+$/, '');
  return `${kept === '' ? 'fichier' : kept}.${extension.toLowerCase()}`;
}
