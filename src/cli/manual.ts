import type { CommandContext, CommandRow, CommandTable } from './commands.ts';
import { flagsOf } from './completion.ts';
import { CONNECTING, REPORTING } from './options.ts';
import { packageVersion } from './version.ts';

/** Options that are told once, for all commands. */
const COMMON: ReadonlySet<string> = new Set([...CONNECTING, ...REPORTING]);

/** `wherry manual`. */
export async function manual({ stdout, commands }: CommandContext): Promise<void> {
  await stdout.writeSlowly(manualPage(commands, packageVersion()));
}

/** The manual page in the man(7) macros of roff, from the table of commands. */
export function manualPage(commands: CommandTable, version: string): string {
  const parts = [
    `.TH WHERRY 1 "" "wherry ${roff(version)}" "User Commands"`,
    '.SH NAME\nwherry \\- file transfer over SSH',
    '.SH SYNOPSIS\n.B wherry\n.I command\n[\\fIoptions\\fR] [\\fIarguments\\fR]',
    '.SH DESCRIPTION',
    paragraph(
      'Moves files and looks after them on SFTP and SCP servers. A place on a server is a URL, ' +
        'sftp://[user@]host[:port]/absolute/path, or sftp://host/~/path for one below the home folder. The host is ' +
        'looked up in ~/.ssh/config; keys come from there, from the usual files and from the agent. What is missing is ' +
        'asked for at a terminal, and never of a pipe.',
    ),
    '.SH COMMANDS',
    ...Object.entries(commands).flatMap(([name, row]) => [
      `.SS wherry ${roff(`${name} ${row.usage}`.trim())}`,
      paragraph(`${capital(row.doc)}.`),
      ...row.args.map(
        ([argument, doc]) => `.TP\n\\fI${roff(argument.replace(/[<>[\]]/g, ''))}\\fR\n${roff(doc)}`,
      ),
      ...flags(row.options.filter((key) => !COMMON.has(key))),
    ]),
    '.SH OPTIONS FOR CONNECTING',
    paragraph('Every command that takes a URL has these.'),
    ...flags(CONNECTING),
    '.SH OPTIONS FOR REPORTING',
    ...flags(REPORTING),
    '.SH EXIT STATUS',
    ...(
      [
        ['0', 'done'],
        ['1', 'the transfer or the request failed'],
        ['2', 'wrong use, told before anything is connected'],
        ['3', 'connection or login failed'],
        ['4', 'the host key is not trusted'],
        ['128+n', 'ended by signal n'],
      ] as const
    ).map(([code, doc]) => `.TP\n${code}\n${doc}`),
    '.SH ENVIRONMENT',
    '.TP\nSSH_AUTH_SOCK\nthe socket of the agent',
    '.TP\nNO_COLOR\nno colours, whatever it is set to',
    '.TP\nWHERRY_NODE_CRYPTO=1\nAES-GCM by node:crypto even where koffi is installed',
    '.TP\nNODE_DEBUG=wherry\nwhat happens, step by step, on stderr',
    '.SH FILES',
    '.TP\n~/.ssh/config\nread for the host of a URL; see ssh_config(5)',
    '.TP\n~/.ssh/known_hosts\nhost keys that are trusted',
    '.TP\n~/.local/state/wherry/history\nlines typed in the shell',
  ];
  return `${parts.join('\n')}\n`;
}

function flags(options: CommandRow['options']): string[] {
  return flagsOf(options).map(({ names, doc, value }) => {
    const written = names.map((flag) => `\\fB${roff(flag)}\\fR`).join(', ');
    return `.TP\n${written}${value === undefined ? '' : ` \\fI${roff(value)}\\fR`}\n${roff(doc)}`;
  });
}

function paragraph(text: string): string {
  return `.PP\n${roff(text)}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Text in which roff finds nothing to obey; it writes what is not ASCII by its number. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replace(
      /[^\0-\u007f]/gu,
      (char) => `\\[u${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .replace(/^\./gm, '\\&.');
}
