/** `npm run reference`: writes docs/sftpclient.md from the tables of src/client. A test checks that it is in step. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SETTINGS } from '../src/client/settings.ts';
import { BASE_SETTINGS, FURTHER_SETTINGS } from '../src/client/tables/base-settings.ts';
import { CERTIFICATE_FIELDS } from '../src/client/tables/certificate-fields.ts';
import { CODE_PAGES } from '../src/client/tables/code-pages.ts';
import { DIR_LIST_FIELDS } from '../src/client/tables/dir-list-fields.ts';
import * as enums from '../src/client/tables/enums.ts';
import { CLIENT_ERRORS } from '../src/client/tables/errors.ts';
import { EVENTS } from '../src/client/tables/events.ts';
import { FILE_FIELDS } from '../src/client/tables/file-fields.ts';
import { FIREWALL_FIELDS } from '../src/client/tables/firewall-fields.ts';
import { FURTHER_METHODS, METHODS } from '../src/client/tables/methods.ts';
import { PROPERTIES } from '../src/client/tables/properties.ts';
import { flatName, type PropertyRow, type PropertyTable } from '../src/client/tables/rows.ts';
import type { SettingRow } from '../src/client/tables/setting-row.ts';
import { SFTP_SETTINGS } from '../src/client/tables/sftp-settings.ts';
import { SSH_SETTINGS } from '../src/client/tables/ssh-settings.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
const code = (text: string): string => (text === '' ? '' : `\`${text}\``);

function table(head: readonly string[], rows: readonly string[]): string {
  return [row(...head), row(...head.map(() => '---')), ...rows].join('\n');
}

/** What a row says, with where it differs from the reference and what it cannot do yet. */
function meaning({ doc, differs, pending }: { doc: string; differs?: string; pending?: string }): string {
  return [
    doc,
    differs === undefined ? '' : `*Differs: ${differs}*`,
    pending === undefined ? '' : `**Not yet: ${pending}**`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function shown(value: boolean | number | string): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value).replaceAll('\r', 'CR').replaceAll('\n', 'LF');
}

function propertyTable(prefix: string, group: string, fields: PropertyTable): string {
  return table(
    ['property', 'type', 'default', 'access', 'meaning'],
    Object.entries(fields).map(([key, field]) => {
      const flat = flatName(prefix, key);
      const indexed = group === 'dirList[i]';
      const names =
        prefix === '' ? code(flat) : `${code(`${group}.${key}`)}, ${code(indexed ? `${flat}(i)` : flat)}`;
      const locked = field.locked === undefined ? '' : `, error ${field.locked} while connected`;
      const values = field.values === undefined ? '' : ` Values: ${code(field.values)}.`;
      return row(
        names,
        field.type,
        typeof field.default === 'boolean'
          ? String(field.default)
          : field.list === undefined
            ? code(String(field.default))
            : `the core's list of ${field.list}, [algorithms.md](algorithms.md)`,
        `${field.access === 'ro' ? 'read' : 'read, set'}${locked}`,
        meaning(field as PropertyRow) + values,
      );
    }),
  );
}

function settingTable(settings: Readonly<Record<string, SettingRow>>): string {
  return table(
    ['setting', 'type', 'default', 'kind', 'meaning'],
    Object.entries(settings).map(([name, setting]) => {
      const { range, allowed, kind, algorithms } = setting;
      const bounds = range === undefined ? '' : ` ${range[0]} to ${range[1]}.`;
      const words =
        allowed === undefined ? '' : ` One of ${allowed.map((one) => code(shown(one))).join(', ')}.`;
      return row(
        code(`${name}${setting.indexed ? '[n]' : ''}`),
        setting.type,
        algorithms === undefined
          ? code(shown(setting.default))
          : `the core's list of ${algorithms}, [algorithms.md](algorithms.md)`,
        kind,
        meaning(setting) + bounds + words,
      );
    }),
  );
}

function differences(): string {
  const named: [string, object][] = [
    ...Object.entries(PROPERTIES).map(([key, one]): [string, object] => [key, one]),
    ...Object.entries(FIREWALL_FIELDS).map(([key, one]): [string, object] => [
      flatName('firewall', key),
      one,
    ]),
    ...Object.entries(METHODS).map(([key, one]): [string, object] => [`${key}()`, one]),
    ...Object.entries(SETTINGS).map(([key, one]): [string, object] => [`config ${key}`, one]),
  ];
  return named
    .flatMap(([name, row]) => ('differs' in row ? [`- ${code(name)}: ${String(row.differs)}`] : []))
    .join('\n');
}

/** The page. */
export function reference(): string {
  const methods = (
    rows: Readonly<Record<string, { call: string; returns: string; doc: string; differs?: string }>>,
  ): string =>
    table(
      ['method', 'returns', 'what it does'],
      Object.values(rows).map((one) => row(code(one.call), code(one.returns), meaning(one))),
    );
  const events = Object.entries(EVENTS).map(([name, { doc, params }]) => {
    const list = Object.entries(params).map(
      ([param, { type, doc: text, ...more }]) =>
        `  - ${code(param)} (${type}${'settable' in more ? ', can be set' : ''}): ${text}`,
    );
    return `- ${code(name)}: ${doc}\n${list.join('\n')}`;
  });
  const lists = Object.entries(enums)
    .filter(([name]) => name !== 'ENUMS')
    .map(
      ([name, values]) =>
        `- ${code(name)}: ${Object.entries(values)
          .map(([key, value]) => `${key} ${value}`)
          .join(', ')}`,
    );
  const errors = CLIENT_ERRORS.map(({ code: number, group, text, errno, never }) =>
    row(
      String(number),
      group,
      text + (never === undefined ? '' : ` *Does not occur: ${never}.*`),
      code(errno ?? ''),
    ),
  );
  return `# SFTPClient

Written by \`npm run reference\` from the tables in \`src/client/tables\`; do not edit it by hand.

\`SFTPClient\` of \`wherry/client\` is a client with properties, methods and events: set what it is about, call a method, read
the outcome. It has the names of a class that programs in other languages know; [migrating](migrating-from-the-reference-class.md)
shows their code beside ours. Methods that touch the network return promises, run one at a time (error 211 otherwise), log in
by themselves where that has not been done, and reject with \`SFTPClientError\`, whose \`code\` is a number of the table below;
\`coreCode\`, \`errno\`, \`sftpStatus\` and \`cause\` say more. What a handler throws ends the method that raised the event; where
there is none, it becomes an \`error\` event.

Sizes and places are bytes, \`timeout\` and the intervals of settings are seconds, times of files are milliseconds since 1970 UTC;
what is beyond 2^53 is refused, never rounded. What is set counts from the next method on; what is about the connection, the
login or the log from the next connection on, unless its row says otherwise.

[Properties](#properties), [methods](#methods), [events](#events), [settings](#settings), [errors](#errors),
[differences from the reference](#differences-from-the-reference).

## Properties

A value that belongs to a group has two names.

${propertyTable('', '', PROPERTIES)}

### Logging in: \`sshCert\`, and the accepted host key: \`sshAcceptServerHostKey\`

${propertyTable('sshCert', 'sshCert', CERTIFICATE_FIELDS)}

\`sshAcceptServerHostKey\` has the same fields, as \`sshAcceptServerHostKeyStore\` and so on.

### Attributes of a remote file: \`fileAttributes\`

${propertyTable('file', 'fileAttributes', FILE_FIELDS)}

### The last listing: \`dirList\`

${propertyTable('dirList', 'dirList[i]', DIR_LIST_FIELDS)}

### The proxy: \`firewall\`

${propertyTable('firewall', 'firewall', FIREWALL_FIELDS)}

### Numbers and texts with names

${lists.join('\n')}

## Methods

${methods(METHODS)}

Besides those of the reference:

${methods(FURTHER_METHODS)}

## Events

\`client.on(name, handler)\`; a handler gets one object and may set what can be set; one that returns a promise is waited for.

${events.join('\n')}

## Settings

\`await client.config('Name=Value')\` sets one, \`await client.config('Name')\` reads it. Names in any case; booleans are True,
False, Yes, No, 1 or 0; a value in double quotes loses them. A \`readonly\` one can only be read, an \`action\` does something,
an \`inert\` one is kept and has no effect.

### Files and transfers

${settingTable(SFTP_SETTINGS)}

### Connection and login

${settingTable(SSH_SETTINGS)}

### The rest

${settingTable({ ...BASE_SETTINGS, ...FURTHER_SETTINGS })}

CodePage knows ${[...CODE_PAGES].map(([number, name]) => `${number} (${name})`).join(', ')}.

## Errors

A method rejects with \`SFTPClientError\`, a property throws it; \`connected\`, \`disconnected\` and \`error\` tell the same number.
\`code\` is the number, \`message\` what happened, \`text\` what the number means in general, \`group\` the part of this table; where
there are such, \`coreCode\` is the code of [errors.md](errors.md), \`errno\` the system's name and \`sftpStatus\` the server's number.

${table(['number', 'part', 'meaning', 'system name'], errors)}

## Differences from the reference

Names, types, numbers and the order of events are those of the reference. These are not, or it leaves them open:

${differences()}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../docs/sftpclient.md', import.meta.url), reference());
}
