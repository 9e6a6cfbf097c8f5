#!/usr/bin/env python3
"""Turns text files into a C file: one array of lines each, ended by NULL.

embed.py OUTPUT.c NAME=FILE ...
"""
import sys


def quoted(line):
    return '"' + line.replace('\\', '\\\\').replace('"', '\\"') + '\\n"'


def array(name, path):
    with open(path, encoding='ascii') as file:
        lines = file.read().splitlines()
    body = ''.join('    %s,\n' % quoted(line) for line in lines)
    return ('extern const char *const %s[];\nconst char *const %s[] = {\n%s    0,\n};\n'
            % (name, name, body))


def main(output, *pairs):
    text = ''.join(array(*pair.split('=', 1)) for pair in pairs)
    with open(output, 'w', encoding='ascii') as file:
        file.write('/* Made by tools/embed.py. */\n' + text)


main(*sys.argv[1:])
