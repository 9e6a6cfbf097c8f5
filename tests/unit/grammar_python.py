#!/usr/bin/env python3
"""The grammar of expressions against Python's own parser, where the two agree.

Random expressions are parsed by Python's `ast`; the tree is evaluated here in binary64, with the
meaning that docs/design/grammar.md gives to its nodes, and the bits are compared with those of the
program. Random strings of tokens, most of them no expressions, must be accepted by both or by none.

What Python does otherwise and this file therefore computes itself: a division by zero (Python
raises), % by zero or of infinities, and/or/not (1 or 0 here), powers (literal exponents 0 to 4 are
products; others are asked of the program, one operation at a time, since only the tree matters).
"""
import ast
import math
import random
import subprocess
import sys
import warnings

POINTS = [0.5, 0.9, 1.25, 1.5, 2.5, 3.0, -1.5, -7.25, 0.1, 1.0, -1.0, 0.0, -0.0, 1e300, math.inf,
          math.nan]
NUMBERS = ['0', '1', '2', '3', '4', '5', '2.0', '3.', '.5', '0.1', '1.5', '1e3', '1E-2', '2.5e+10',
           '123456789', '9007199254740993', '1e308', '4.9e-324']
COMPARE = ['<', '<=', '>', '>=', '==', '!=']
TOKENS = ['x', 'x', 'x', '1', '2', '.5', '1e3', '(', '(', ')', ')', '+', '-', '*', '/', '%', '**',
          'and', 'or', 'not'] + COMPARE


class Foreign(Exception):
    """Python reads it, but it is no expression of the common grammar."""


class Program:
    """The program under test: one line in, one line out."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def ask(self, text, x=0.0):
        self.process.stdin.write(f'{x!r}\t{text}\n')
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip('\n')

    def value(self, text, x=0.0):
        line = self.ask(text, x)
        return line if line.startswith('!') else float.fromhex(line)


def divide(a, b):
    if b != 0 or math.isnan(a):
        return a / b if b != 0 else math.nan
    if a == 0:
        return math.nan
    return math.copysign(math.inf, math.copysign(1, a) * math.copysign(1, b))


def modulo(a, b):
    return math.nan if b == 0 or math.isinf(a) else a % b


def written(value):
    """A value as text that reads back to it; never a literal exponent."""
    return f'(+({value.hex()}))' if math.isfinite(value) else f'(+({value!r}))'


class Evaluator:
    def __init__(self, program, x):
        self.program, self.x = program, x

    def evaluate(self, node):
        method = getattr(self, 'on_' + type(node).__name__, None)
        if method is None:
            raise Foreign(ast.dump(node))
        return method(node)

    def on_Expression(self, node):
        return self.evaluate(node.body)

    def on_Constant(self, node):
        if type(node.value) not in (int, float):
            raise Foreign(node.value)
        return float(node.value)

    def on_Name(self, node):
        if node.id != 'x':
            raise Foreign(node.id)
        return self.x

    def on_UnaryOp(self, node):
        value = self.evaluate(node.operand)
        if isinstance(node.op, ast.Not):
            return 0.0 if value else 1.0
        if isinstance(node.op, ast.Invert):
            raise Foreign('~')
        return -value if isinstance(node.op, ast.USub) else value

    def on_BinOp(self, node):
        a, b = self.evaluate(node.left), self.evaluate(node.right)
        if isinstance(node.op, ast.Pow):
            return self.power(a, b, node.right)
        operations = {ast.Add: lambda: a + b, ast.Sub: lambda: a - b, ast.Mult: lambda: a * b,
                      ast.Div: lambda: divide(a, b), ast.Mod: lambda: modulo(a, b)}
        if type(node.op) not in operations:
            raise Foreign(ast.dump(node.op))
        return operations[type(node.op)]()

    def power(self, a, b, exponent):
        if isinstance(exponent, ast.Constant) and b in (0, 1, 2, 3, 4):
            return [1.0, a, a * a, (a * a) * a, (a * a) * (a * a)][int(b)]
        return self.program.value(f'{written(a)}^{written(b)}')

    def on_Compare(self, node):
        operations = {ast.Lt: lambda a, b: a < b, ast.LtE: lambda a, b: a <= b,
                      ast.Gt: lambda a, b: a > b, ast.GtE: lambda a, b: a >= b,
                      ast.Eq: lambda a, b: a == b, ast.NotEq: lambda a, b: a != b}
        values = [self.evaluate(each) for each in [node.left] + node.comparators]
        if any(type(op) not in operations for op in node.ops):
            raise Foreign(ast.dump(node))
        return float(all(operations[type(op)](a, b)
                         for op, a, b in zip(node.ops, values, values[1:])))

    def on_BoolOp(self, node):
        values = [bool(self.evaluate(each)) for each in node.values]
        return float(all(values) if isinstance(node.op, ast.And) else any(values))

    def on_IfExp(self, node):
        yes, no = self.evaluate(node.body), self.evaluate(node.orelse)
        return yes if self.evaluate(node.test) else no

    def on_Call(self, node):
        name = node.func.id if isinstance(node.func, ast.Name) else ''
        if node.keywords or (name, len(node.args)) not in (('sqrt', 1), ('abs', 1), ('where', 3)):
            raise Foreign(name)
        values = [self.evaluate(each) for each in node.args]
        if name == 'sqrt':
            return math.sqrt(values[0]) if not values[0] < 0 else math.nan
        return abs(values[0]) if name == 'abs' else values[1] if values[0] else values[2]


class Generator:
    """Pairs of texts, ours and Python's, with brackets where the dice want them."""

    def __init__(self, dice):
        self.dice = dice

    def blank(self):
        return self.dice.choice(['', ' ', '', '  '])

    def expression(self, depth):
        if depth <= 0 or self.dice.random() < 0.1:
            return (self.leaf(),) * 2
        rules = [self.binary] * 10 + [self.compare] * 3 + [self.logic] * 3 + [self.prefix] * 4 + [
            self.brackets] * 5 + [self.call, self.choice]
        return self.dice.choice(rules)(depth - 1)

    def leaf(self):
        return self.dice.choice(['x'] * len(NUMBERS) + NUMBERS)

    def joined(self, parts, ours, theirs):
        space = self.blank()
        return tuple(f'{parts[0][i]}{space}{op}{space}{parts[1][i]}'
                     for i, op in enumerate([ours, theirs]))

    def tight(self, depth):
        """An operand that does not begin with 'not' and holds no '?:' outside of brackets."""
        while True:
            pair = self.expression(depth)
            if not pair[0].startswith('not') and '?' not in self.outside(pair[0]):
                return pair

    @staticmethod
    def outside(text):
        depth, kept = 0, []
        for c in text:
            depth += (c == '(') - (c == ')')
            if depth == 0:
                kept.append(c)
        return ''.join(kept)

    def binary(self, depth):
        op = self.dice.choice(['+', '-', '*', '/', '%', '**', '+', '-', '*', '**'])
        ours = self.dice.choice(['^', '**']) if op == '**' else op
        return self.joined([self.tight(depth), self.tight(depth)], ours, op)

    def compare(self, depth):
        op = self.dice.choice(COMPARE)
        return self.joined([self.tight(depth), self.tight(depth)], op, op)

    def logic(self, depth):
        op = self.dice.choice(['and', 'or'])
        ours = self.dice.choice([op, {'and': '&&', 'or': '||'}[op]])
        return self.joined([self.tight(depth), self.tight(depth)], f' {ours} ', f' {op} ')

    def prefix(self, depth):
        if self.dice.random() < 0.3:
            return tuple(f'not {each}' for each in self.tight(depth))
        sign = self.dice.choice('+-')
        return tuple(sign + each for each in self.tight(depth))

    def brackets(self, depth):
        return tuple(f'({each})' for each in self.expression(depth))

    def call(self, depth):
        name, count = self.dice.choice([('sqrt', 1), ('abs', 1), ('where', 3)])
        pairs = [self.expression(depth) for _ in range(count)]
        return tuple(f'{name}({", ".join(each)})' for each in zip(*pairs))

    def choice(self, depth):
        test, yes, no = self.tight(depth), self.expression(depth), self.expression(depth)
        return (f'{test[0]} ? {yes[0]} : {no[0]}', f'({yes[1]}) if {test[1]} else {no[1]}')

    def tokens(self):
        """Tokens at random; words and numbers stay apart, operators may touch."""
        text = ''
        for _ in range(self.dice.randint(1, 9)):
            token = self.dice.choice(TOKENS)
            touches = text[-1:].isalnum() or text[-1:] == '.'
            text += ' ' * (touches and (token[0].isalnum() or token[0] == '.')) + token
            text += self.blank()
        return text


def parse(text):
    try:
        return ast.parse(text.strip(), mode='eval')
    except (SyntaxError, ValueError):
        return None


def same_bits(a, b):
    return a.hex() == b.hex() if isinstance(b, float) else False


def check_expressions(program, generator, count):
    """Returns how many were compared; both parsers have to read each."""
    compared = 0
    while compared < count:
        ours, theirs = generator.expression(generator.dice.randint(1, 5))
        tree = parse(theirs)
        if tree is None:  # 'not' after an operator slipped in
            answer = program.ask(ours)
            if not answer.startswith('!'):
                sys.exit(f'{ours!r} is no expression of Python ({theirs!r}), but gives {answer}')
            continue
        x = generator.dice.choice(POINTS)
        expected, value = Evaluator(program, x).evaluate(tree), program.value(ours, x)
        if not same_bits(expected, value):
            sys.exit(f'{ours!r} at x = {x!r} is {value!r}; Python reads {theirs!r}: {expected!r}')
        compared += 1
    return compared


def check_tokens(program, generator, count):
    """Returns how many of count strings were expressions."""
    accepted = 0
    for _ in range(count):
        text, x = generator.tokens(), generator.dice.choice(POINTS)
        tree = parse(text)
        try:
            expected = None if tree is None else Evaluator(program, x).evaluate(tree)
        except Foreign:
            expected = None
        value = program.value(text, x)
        if isinstance(value, float) != (expected is not None):
            sys.exit(f'{text!r}: the program says {value!r}, Python {expected!r}')
        if expected is not None:
            accepted += 1
            if not same_bits(expected, value):
                sys.exit(f'{text!r} at x = {x!r} is {value!r}; Python says {expected!r}')
    return accepted


def main():
    path = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    warnings.simplefilter('ignore', SyntaxWarning)
    warnings.simplefilter('ignore', DeprecationWarning)
    program, generator = Program(path), Generator(random.Random(seed))
    compared = check_expressions(program, generator, count)
    accepted = check_tokens(program, generator, 4 * count)
    if accepted == 0:
        sys.exit('no string of tokens was an expression: the test tests nothing')
    print(f'{compared} expressions and {accepted} of {4 * count} token strings agree (seed {seed})')


if __name__ == '__main__':
    main()
