"""Writes what lets a shell complete Hearth's command line, from the parser itself."""

import argparse
from collections.abc import Iterable
from dataclasses import dataclass

from qtshell.options import build_parser


@dataclass(frozen=True, slots=True)
class Word:
    """Something that can be typed, and what it does."""

    text: str
    help: str


@dataclass(frozen=True, slots=True)
class Grammar:
    """The command line: options, commands, and the words of each command."""

    options: tuple[Word, ...]
    commands: dict[Word, tuple[Word, ...]]


def completion(shell: str) -> str:
    """Return the completion of bash, zsh or fish."""
    return _WRITERS[shell](_grammar())


def _grammar() -> Grammar:
    parser = build_parser()
    commands: dict[Word, tuple[Word, ...]] = {}
    for action in parser._actions:  # noqa: SLF001 argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 no other way
            for command in action._choices_actions:  # noqa: SLF001 no other way
                word = Word(command.dest, command.help or "")
                commands[word] = tuple(_words(action.choices[command.dest]))
    return Grammar(tuple(_words(parser)), commands)


def _words(parser: argparse.ArgumentParser) -> Iterable[Word]:
    for action in parser._actions:  # noqa: SLF001 argparse has no other way to ask
        for option in action.option_strings:
            yield Word(option, action.help or "")
        if not action.option_strings and not isinstance(
            action,
            argparse._SubParsersAction,  # noqa: SLF001 no other way
        ):
            yield from (Word(str(choice), "") for choice in action.choices or ())


def _bash(grammar: Grammar) -> str:
    cases = "\n".join(
        f'    {command.text}) words="{_joined(words)}" ;;'
        for command, words in grammar.commands.items()
    )
    first = _joined((*grammar.options, *grammar.commands))
    return f"""\
# Completes the command line of Hearth in bash.
_hearth() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
  local words="{first}" word
  case $previous in
    --data-dir) mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
    --autostart) mapfile -t COMPREPLY < <(compgen -W "on off" -- "$current"); return ;;
  esac
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case $word in
{_indented(cases)}
    esac
  done
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -F _hearth hearth
"""


def _zsh(grammar: Grammar) -> str:
    def described(words: Iterable[Word]) -> str:
        return " ".join(f"'{word.text}:{_quoted(word.help)}'" for word in words)

    cases = "\n".join(
        f"    {command.text}) words_here=({described(words)}) ;;"
        for command, words in grammar.commands.items()
    )
    first = described((*grammar.commands, *grammar.options))
    return f"""\
#compdef hearth
# Completes the command line of Hearth in zsh.
_hearth() {{
  local -a words_here=({first})
  local word
  case ${{words[CURRENT-1]}} in
    --data-dir) _files -/; return ;;
    --autostart) compadd on off; return ;;
  esac
  for word in ${{words[2,CURRENT-1]}}; do
    case $word in
{_indented(cases)}
    esac
  done
  _describe 'hearth' words_here
}}
if [ "$funcstack[1]" = "_hearth" ]; then _hearth; else compdef _hearth hearth; fi
"""


def _fish(grammar: Grammar) -> str:
    names = _joined(grammar.commands)
    lines = ["# Completes the command line of Hearth in fish.", "complete -c hearth -f"]
    alone = f"not __fish_seen_subcommand_from {names}"
    first = (*grammar.commands, *grammar.options)
    lines += [_fish_line(alone, word) for word in first]
    for command, words in grammar.commands.items():
        seen = f"__fish_seen_subcommand_from {command.text}"
        lines += [_fish_line(seen, word) for word in words]
    return "\n".join(lines) + "\n"


def _fish_line(when: str, word: Word) -> str:
    if word.text.startswith("--"):
        kind = f"-l {word.text[2:]}"
    elif word.text.startswith("-"):
        kind = f"-s {word.text[1:]}"
    else:
        kind = f"-a {word.text}"
    rest = {"--data-dir": " -r -F", "--autostart": " -x -a 'on off'"}.get(word.text, "")
    return f"complete -c hearth -n '{when}' {kind}{rest} -d '{_quoted(word.help)}'"


def _joined(words: Iterable[Word]) -> str:
    return " ".join(word.text for word in words)


def _quoted(text: str) -> str:
    """Return a help text that needs no escaping between single quotes."""
    return text.replace("'", "\u2019").replace("\\", "/")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


_WRITERS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
