import type { CommandContext, CommandRow, CommandTable } from './commands.ts';
import { OPTIONS, type OptionRow } from './options.ts';
import { UsageError } from './usage-error.ts';

/** An option as a shell completes it. */
interface Flag {
  /** `-r` and `--recursive`. */
  readonly names: readonly string[];
  readonly doc: string;
  /** What its value is; undefined where it takes none. */
  readonly value: string | undefined;
}

export const COMPLETIONS: Readonly<Record<string, (commands: CommandTable) => string>> = { bash, zsh, fish };

/** `wherry completion bash|zsh|fish`. */
export async function completion({ args, stdout, commands }: CommandContext): Promise<void> {
  const [shell = ''] = args;
  if (!Object.hasOwn(COMPLETIONS, shell))
    throw new UsageError(`completions are there for ${Object.keys(COMPLETIONS).join(', ')}`);
  await stdout.writeSlowly(COMPLETIONS[shell]!(commands));
}

/** The flags of options, from their rows. */
export function flagsOf(options: CommandRow['options']): Flag[] {
  return options.flatMap((key) => {
    const { flags, doc, negated }: OptionRow = OPTIONS[key];
    const names = flags.match(/(?<![\w-])--?[\w-]+/g) ?? [];
    const flag: Flag = { names, doc, value: /<([^>]*)>/.exec(flags)?.[1] };
    return negated === undefined
      ? [flag]
      : [flag, { names: [`--no-${key}`], doc: negated, value: undefined }];
  });
}

function bash(commands: CommandTable): string {
  const cases = Object.entries(commands).map(([name, row]) => {
    const flags = flagsOf(row.options).flatMap(({ names }) => names);
    return `    ${name}) words=${single(flags.join(' '))} ;;`;
  });
  const values = allFlags(commands).filter(({ value }) => value === 'file' || value === 'folder');
  const pattern = [...new Set(values.flatMap(({ names }) => names))].join('|');
  return `# bash completion for wherry: source <(wherry completion bash)
_wherry() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${single([...Object.keys(commands), '--help', '--version'].join(' '))} -- "$word"))
    return
  fi
  case $before in ${pattern})
    COMPREPLY=($(compgen -f -- "$word"))
    return ;;
  esac
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$words --help" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _wherry wherry
`;
}

function zsh(commands: CommandTable): string {
  const list = Object.entries(commands).map(([name, row]) => `    ${single(`${name}:${zshText(row.doc)}`)}`);
  const cases = Object.entries(commands).map(([name, row]) => {
    const flags = flagsOf(row.options).flatMap(({ names, doc, value }) =>
      names.map((flag) => {
        const argument =
          value === undefined
            ? ''
            : `:${value}:${value === 'file' ? '_files' : value === 'folder' ? '_files -/' : ' '}`;
        return `      ${single(`*${flag}[${zshText(doc)}]${argument}`)}`;
      }),
    );
    return `    ${name}) _arguments \\\n${[...flags, "      '*:file:_files'"].join(' \\\n')} ;;`;
  });
  return `#compdef wherry
# zsh completion for wherry: wherry completion zsh > a file _wherry in a folder of $fpath
_wherry() {
  local -a commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=\${words[2]}
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _wherry ]; then _wherry "$@"; else compdef _wherry wherry; fi
`;
}

function fish(commands: CommandTable): string {
  const lines = Object.entries(commands).flatMap(([name, row]) => [
    `complete -c wherry -n __fish_use_subcommand -f -a ${name} -d ${single(row.doc)}`,
    ...flagsOf(row.options).map(({ names, doc, value }) => {
      const flags = names.map((flag) =>
        flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
      );
      const argument = value === undefined ? '' : value === 'file' || value === 'folder' ? ' -r -F' : ' -x';
      const condition = `'__fish_seen_subcommand_from ${name}'`;
      return `complete -c wherry -n ${condition} ${flags.join(' ')}${argument} -d ${single(doc)}`;
    }),
  ]);
  return `# fish completion for wherry: wherry completion fish > ~/.config/fish/completions/wherry.fish\n${lines.join('\n')}\n`;
}

function allFlags(commands: CommandTable): Flag[] {
  return Object.values(commands).flatMap(({ options }) => flagsOf(options));
}

/** In single quotes, as all three shells read it. */
function single(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** What would end a description in zsh. */
function zshText(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&');
}
