"""The loop over blocks of queries that attention becomes where its matrix of scores would be large, with blocks of a few."""
import torch

from operation_case import case, r, save, t

inf = float('inf')


def tiled(q, k, v, mask=None, first=None):
    s = q @ k.transpose(-2, -1)
    if first is not None:
        s = s.masked_fill(~torch.ones(s.shape[-2:], dtype=torch.bool).tril(first), -inf)
    if mask is not None:
        s = s.masked_fill(~mask, -inf) if mask.dtype == torch.bool else s + mask
    return torch.softmax(s, -1) @ v

case('tiledAttention', tiled, ['$0', '$1', '$2', {'rows': 2}], [r(2, 2, 4, 3), r(2, 2, 5, 3), r(2, 2, 5, 2)])
case('tiledAttention', tiled, ['$0', '$1', '$2', {'rows': 2}], [r(5, 2), r(3, 2), r(3, 3)])
case('tiledAttention', lambda q, k, v: tiled(q, k, v, first=0), ['$0', '$1', '$2', {'rows': 2, 'first': 0}], [r(2, 5, 3), r(2, 5, 3), r(2, 5, 3)])
case('tiledAttention', lambda q, k, v: tiled(q, k, v, first=2), ['$0', '$1', '$2', {'rows': 3, 'first': 2}], [r(7, 2), r(6, 2), r(6, 2)])
case('tiledAttention', tiled, ['$0', '$1', '$2', {'rows': 2, 'mask': '$3'}], [r(3, 4), r(5, 4), r(5, 6), t([[1, 0, 1, 1, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]], torch.bool)])
case('tiledAttention', tiled, ['$0', '$1', '$2', {'rows': 2, 'mask': '$3'}], [r(2, 4, 3), r(2, 3, 3), r(2, 3, 3), t([[[1, 0, 1]], [[1, 1, 0]]], torch.bool)])
case('tiledAttention', lambda q, k, v, m: tiled(q, k, v, m, first=1), ['$0', '$1', '$2', {'rows': 2, 'first': 1, 'mask': '$3'}], [r(4, 2), r(3, 2), r(3, 2), t([1, 0, 1], torch.bool)])
case('tiledAttention', tiled, ['$0', '$1', '$2', {'rows': 2}], [r(2, 2, 3, 4), r(2, 1, 5, 4), r(1, 2, 5, 6)])
case('tiledAttention', tiled, ['$0', '$1', '$2', {'rows': 2}], [r(2, 1, 3, 2), r(3, 4, 2), r(4, 2)])

save('ops-attention')
