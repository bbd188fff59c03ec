"""Random einsum expressions: 1 to 4 operands, repeated letters, '...' with broadcasting, implicit results. PyTorch's
results, checked against NumPy's.

`/usr/bin/python3 scripts/goldens/einsum.py` writes test/goldens/ops-einsum.json.
"""
import random

import numpy
import torch

from operation_case import case, r, save

draw = random.Random(11)
sizes = dict(a=2, b=3, c=1, d=2, e=3, f=2)


def expression():
    letters = draw.sample(sorted(sizes), draw.randint(1, 4))
    terms, shapes = [], []
    dots = draw.random() < 0.4
    ellipsis = [draw.choice([1, 2]), 3][:draw.randint(0, 2)]
    for _ in range(draw.randint(1, 4)):
        own = [draw.choice(letters) for _ in range(draw.randint(0, 3))]
        term = [(x, sizes[x]) for x in own]
        if dots and draw.random() < 0.7:
            mine = ellipsis[draw.randint(0, len(ellipsis)):]
            term.insert(draw.randint(0, len(term)), ('...', [n if draw.random() < 0.8 else 1 for n in mine]))
        terms.append(''.join(x for x, _ in term))
        shapes.append([n for _, s in term for n in (s if isinstance(s, list) else [s])])
    text = ','.join(terms)
    used = sorted(set(text) - set(',.'))
    if draw.random() < 0.75:
        out = draw.sample(used, draw.randint(0, len(used)))
        if '...' in text:
            out.insert(draw.randint(0, len(out)), '...')
        text += '->' + ''.join(out)
    return text, shapes


count = 0
while count < 36:
    text, shapes = expression()
    xs = [r(*s) for s in shapes]
    expected = numpy.einsum(text, *[x.numpy() for x in xs])
    assert numpy.allclose(expected, torch.einsum(text, *xs).numpy()), text
    case('einsum', lambda *ys: torch.einsum(text, *ys), [text] + [f'${i}' for i in range(len(xs))], xs, grad=count % 2 == 0)
    count += 1
save('ops-einsum')
