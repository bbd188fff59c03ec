"""Golden rows of the functionals: pooling, resampling, sampling grids, blocks of images, bags, losses.

`python3 scripts/goldens/ops_functionals.py` writes test/goldens/ops-functionals.json.
"""
import itertools

import torch
import torch.nn.functional as F

from operation_case import case, pos, r, save, t

i64 = torch.int64
i32 = torch.int32
torch.manual_seed(31)
shapes = {1: (2, 2, 7), 2: (2, 2, 5, 6), 3: (1, 2, 4, 5, 4)}
unbatched = {1: (2, 7), 2: (2, 5, 6), 3: (2, 4, 4, 5)}


def named(op, d):
    return {'max': getattr(F, f'max_pool{d}d'), 'adaptiveMax': getattr(F, f'adaptive_max_pool{d}d')}[op]


# ---------------------------------------------------------------- max pooling with indices, and back
for d in (1, 2, 3):
    op = f'maxPool{d}dWithIndices'
    pool = named('max', d)
    case(op, lambda x: pool(x, 2, return_indices=True), ['$0', 2], [r(*shapes[d])])
    case(op, lambda x: pool(x, 2, return_indices=True), ['$0', 2], [r(*unbatched[d])])
    case(op, lambda x: pool(x, 3, 2, 1, return_indices=True), ['$0', 3, {'stride': 2, 'padding': 1}], [r(*shapes[d])])
    case(op, lambda x: pool(x, 2, 1, 1, 2, return_indices=True), ['$0', 2, {'stride': 1, 'padding': 1, 'dilation': 2}], [r(*shapes[d])])
    case(op, lambda x: pool(x, 3, 2, ceil_mode=True, return_indices=True), ['$0', 3, {'stride': 2, 'ceilMode': True}], [r(*shapes[d])])
    case(f'maxPool{d}d', lambda x: pool(x, 2, 1, 1, 2, ceil_mode=True), ['$0', 2, {'stride': 1, 'padding': 1, 'dilation': 2, 'ceilMode': True}], [r(*shapes[d])])
    unpool = getattr(F, f'max_unpool{d}d')
    for options, torch_options in [({}, {}), ({'stride': 2, 'padding': 1}, dict(stride=2, padding=1))]:
        k = 2 if not options else 3
        x = r(*shapes[d])
        # Where windows overlap, one pixel comes twice; PyTorch's gradient counts both, of which only one is in the result.
        y, at = pool(x, k, return_indices=True, **torch_options)
        size = list(x.shape[2:])
        case(f'maxUnpool{d}d', lambda v, i: unpool(v, i, k, output_size=size, **torch_options), ['$0', '$1', k, {**options, 'outputSize': size}], [y, at], grad=not options)
    y, at = pool(r(*[4 if n > 3 else n for n in shapes[d]]), 2, return_indices=True)
    case(f'maxUnpool{d}d', lambda v, i: unpool(v, i, 2), ['$0', '$1', 2], [y, at])
    ties = torch.zeros(shapes[d], dtype=torch.float64)
    case(op, lambda x: pool(x, 2, return_indices=True), ['$0', 2], [ties], grad=False)
    # adaptive
    apool = named('adaptiveMax', d)
    for size in (1, 3):
        case(f'adaptiveMaxPool{d}dWithIndices', lambda x: apool(x, size, return_indices=True), ['$0', size], [r(*shapes[d])])
    case(f'adaptiveMaxPool{d}d', lambda x: apool(x, 2), ['$0', 2], [r(*unbatched[d])])
    aavg = getattr(F, f'adaptive_avg_pool{d}d')
    case(f'adaptiveAvgPool{d}d', lambda x: aavg(x, 3), ['$0', 3], [r(*shapes[d])])
    # averages
    avg = getattr(F, f'avg_pool{d}d')
    for ceil, include in itertools.product((False, True), (False, True)):
        case(f'avgPool{d}d', lambda x: avg(x, 3, 2, 1, ceil, include), ['$0', 3, {'stride': 2, 'padding': 1, 'ceilMode': ceil, 'countIncludePad': include}], [r(*shapes[d])])
for d in (1, 2):
    lp = getattr(F, f'lp_pool{d}d')
    case(f'lpPool{d}d', lambda x: lp(x, 2, 2), ['$0', 2, 2], [r(*shapes[d])])
    case(f'lpPool{d}d', lambda x: lp(x, 3, 3, 2, True), ['$0', 3, 3, {'stride': 2, 'ceilMode': True}], [pos(*shapes[d])])
    case(f'lpPool{d}d', lambda x: lp(x, 1.5, 2), ['$0', 1.5, 2], [pos(*unbatched[d])])
case('lpPool3d', lambda x: (F.avg_pool3d(x ** 2, 2) * 8) ** 0.5, ['$0', 2, 2], [r(*shapes[3])])

# ---------------------------------------------------------------- convolutions
for d in (1, 2, 3):
    small = {1: (2, 4, 7), 2: (1, 4, 5, 4), 3: (1, 4, 3, 4, 3)}[d]
    conv, back = getattr(F, f'conv{d}d'), getattr(F, f'conv_transpose{d}d')
    case(f'conv{d}d', lambda x, w, b: conv(x, w, b, 2, 1, 2, 2), ['$0', '$1', '$2', {'stride': 2, 'padding': 1, 'dilation': 2, 'groups': 2}], [r(*small), r(6, 2, *[2] * d), r(6)])
    case(f'conv{d}d', lambda x, w: conv(x, w, padding='same'), ['$0', '$1', None, {'padding': 'same'}], [r(*small), r(3, 4, *[2] * d)])
    case(f'conv{d}d', lambda x, w: conv(x, w), ['$0', '$1'], [r(*small[1:]), r(3, 4, *[2] * d)])
    case(f'convTranspose{d}d', lambda x, w, b: back(x, w, b, 2, 1, 1, 2, 1), ['$0', '$1', '$2', {'stride': 2, 'padding': 1, 'outputPadding': 1, 'groups': 2}], [r(*small), r(4, 3, *[3] * d), r(6)])
    case(f'convTranspose{d}d', lambda x, w: back(x, w, None, 1, 2, 1, 1, 2), ['$0', '$1', None, {'stride': 1, 'padding': 2, 'outputPadding': 1, 'dilation': 2}], [r(*small), r(4, 2, *[3] * d)])
    case(f'convTranspose{d}d', lambda x, w: back(x, w), ['$0', '$1'], [r(*small[1:]), r(4, 2, *[2] * d)])

# ---------------------------------------------------------------- blocks of images
for options, torch_options in [({}, {}), ({'stride': 2, 'padding': 1}, dict(stride=2, padding=1)), ({'dilation': 2, 'padding': [1, 2], 'stride': [1, 2]}, dict(dilation=2, padding=(1, 2), stride=(1, 2)))]:
    case('im2col', lambda x: F.unfold(x, (2, 3), **torch_options), ['$0', [2, 3], options], [r(2, 2, 5, 6)])
    columns = F.unfold(r(2, 2, 5, 6), (2, 3), **torch_options)
    case('col2im', lambda x: F.fold(x, (5, 6), (2, 3), **torch_options), ['$0', [5, 6], [2, 3], options], [torch.randn_like(columns)])
case('im2col', lambda x: F.unfold(x, 2), ['$0', 2], [r(2, 4, 3)])
case('col2im', lambda x: F.fold(x, (4, 3), 2), ['$0', [4, 3], 2], [r(8, 6)])

# ---------------------------------------------------------------- rearrangements
case('pixelShuffle', lambda x: F.pixel_shuffle(x, 2), ['$0', 2], [r(2, 8, 3, 2)])
case('pixelShuffle', lambda x: F.pixel_shuffle(x, 3), ['$0', 3], [r(2, 1, 9, 1, 2)])
case('pixelUnshuffle', lambda x: F.pixel_unshuffle(x, 2), ['$0', 2], [r(2, 2, 4, 6)])
case('channelShuffle', lambda x: torch.channel_shuffle(x, 3), ['$0', 3], [r(2, 6, 3)], grad=False)
case('channelShuffle', lambda x: torch.channel_shuffle(x, 2), ['$0', 2], [r(2, 6, 2, 3)], grad=False)

# ---------------------------------------------------------------- interpolation
resized = {1: (1, 2, 5), 2: (1, 2, 4, 5), 3: (1, 1, 3, 4, 3)}
linear = {1: 'linear', 2: 'bilinear', 3: 'trilinear'}
sizes = {1: [[8], [3]], 2: [[7, 3], [2, 9]], 3: [[5, 2, 4]]}
for d in (1, 2, 3):
    for mode in ['nearest', 'nearest-exact', 'area', linear[d]] + (['bicubic'] if d == 2 else []):
        aligns = [None] if mode in ('nearest', 'nearest-exact', 'area') else [False, True]
        for align in aligns:
            extra = {} if align is None else {'alignCorners': align}
            for size in sizes[d]:
                case('interpolate', lambda x: F.interpolate(x, size=size, mode=mode, align_corners=align), ['$0', {'size': size, 'mode': mode, **extra}], [r(*resized[d])])
            for factor, again in [(2, False), (1.7, False), (1.7, True), (0.6, False)]:
                if mode == 'area' and not again and factor != 2:
                    continue
                recompute = {'recomputeScaleFactor': True} if again else {}
                case('interpolate', lambda x: F.interpolate(x, scale_factor=factor, mode=mode, align_corners=align, recompute_scale_factor=again or None),
                     ['$0', {'scaleFactor': factor, 'mode': mode, **extra, **recompute}], [r(*resized[d])])
case('interpolate', lambda x: F.interpolate(x, size=3), ['$0', {'size': 3}], [r(2, 1, 7)])
case('interpolate', lambda x: F.interpolate(x, size=(1, 1), mode='bilinear', align_corners=True), ['$0', {'size': [1, 1], 'mode': 'bilinear', 'alignCorners': True}], [r(1, 1, 3, 4)])
case('interpolate', lambda x: F.interpolate(x, scale_factor=(2, 0.5), mode='bicubic'), ['$0', {'scaleFactor': [2, 0.5], 'mode': 'bicubic'}], [r(1, 1, 3, 4)])
for mode in ('bilinear', 'bicubic'):
    for size in ([3, 4], [12, 5]):
        case('interpolate', lambda x: F.interpolate(x, size=size, mode=mode, antialias=True), ['$0', {'size': size, 'mode': mode, 'antialias': True}], [r(1, 2, 8, 10)])

# ---------------------------------------------------------------- sampling grids
for mode, padding, align in itertools.product(('bilinear', 'nearest', 'bicubic'), ('zeros', 'border', 'reflection'), (False, True)):
    # Positions inside and outside, away from the places where a derivative jumps.
    grid = torch.rand(2, 3, 4, 2, dtype=torch.float64) * 3.1 - 1.55
    options = {'mode': mode, 'paddingMode': padding, 'alignCorners': align}
    case('gridSample', lambda x, g: F.grid_sample(x, g, mode, padding, align), ['$0', '$1', options], [r(2, 2, 4, 5), grid])
    if mode != 'bicubic':
        volume = torch.rand(1, 2, 2, 3, 3, dtype=torch.float64) * 3.1 - 1.55
        case('gridSample', lambda x, g: F.grid_sample(x, g, mode, padding, align), ['$0', '$1', options], [r(1, 2, 3, 4, 3), volume])
far = t([[[[-7.3, 5.2], [31.7, -22.4], [0.1, 3.3]]]])
for padding in ('zeros', 'border', 'reflection'):
    case('gridSample', lambda x, g: F.grid_sample(x, g, 'bilinear', padding, False), ['$0', '$1', {'paddingMode': padding}], [r(1, 2, 4, 5), far])
for align in (False, True):
    case('affineGrid', lambda a: F.affine_grid(a, (2, 3, 4, 5), align), ['$0', [2, 3, 4, 5], {'alignCorners': align}], [r(2, 2, 3)])
    case('affineGrid', lambda a: F.affine_grid(a, (1, 1, 3, 1, 2), align), ['$0', [1, 1, 3, 1, 2], {'alignCorners': align}], [r(1, 3, 4)])

# ---------------------------------------------------------------- normalization
for size in (2, 3):
    case('localResponseNorm', lambda x: F.local_response_norm(x, size, 0.5, 0.6, 2.), ['$0', size, {'alpha': 0.5, 'beta': 0.6, 'k': 2}], [r(2, 5, 3)])
    case('localResponseNorm', lambda x: F.local_response_norm(x, size), ['$0', size], [r(2, 5, 2, 3)])
case('normalize', lambda x: F.normalize(x, 3, 0), ['$0', {'p': 3, 'axis': 0}], [r(3, 4)])
case('normalize', lambda x: F.normalize(x), ['$0'], [r(3, 4)])

# ---------------------------------------------------------------- activations
case('rrelu', lambda x: F.rrelu(x, 0.1, 0.5), ['$0', {'lower': 0.1, 'upper': 0.5}], [r(3, 4)])
case('softmin', lambda x: F.softmin(x, 0), ['$0', 0], [r(3, 4)])

# ---------------------------------------------------------------- bags
index = t([[0, 2, 2], [4, 1, 0]], i64)
flat = t([0, 2, 2, 4, 1, 0, 3], i64)
offsets = t([0, 3, 3, 5], i64)
for mode in ('sum', 'mean', 'max'):
    o = {'mode': mode}
    case('embeddingBag', lambda i, w: F.embedding_bag(i, w, mode=mode), ['$0', '$1', None, o], [index, r(5, 3)])
    case('embeddingBag', lambda i, w, s: F.embedding_bag(i, w, s, mode=mode), ['$0', '$1', '$2', o], [flat, r(5, 3), offsets])
    case('embeddingBag', lambda i, w, s: F.embedding_bag(i, w, s, mode=mode, padding_idx=2), ['$0', '$1', '$2', {**o, 'paddingIndex': 2}], [flat, r(5, 3), offsets])
    case('embeddingBag', lambda i, w, s: F.embedding_bag(i, w, s, mode=mode, include_last_offset=True), ['$0', '$1', '$2', {**o, 'includeLastOffset': True}], [flat, r(5, 3), t([0, 3, 7], i64)])
case('embeddingBag', lambda i, w, f: F.embedding_bag(i, w, mode='sum', per_sample_weights=f), ['$0', '$1', None, {'mode': 'sum', 'perSampleWeights': '$2'}], [index, r(5, 3), r(2, 3)])
case('embeddingBag', lambda i, w, s, f: F.embedding_bag(i, w, s, mode='sum', per_sample_weights=f), ['$0', '$1', '$2', {'mode': 'sum', 'perSampleWeights': '$3'}], [flat, r(5, 3), offsets, r(7)])

# ---------------------------------------------------------------- losses
sign = lambda *shape: torch.where(torch.rand(shape) < 0.5, -1., 1.).double()
for red in ('mean', 'sum', 'none'):
    o = {'reduction': red}
    bare = dict(reduction=red)
    case('poissonNllLoss', lambda x, y: F.poisson_nll_loss(x, y.detach(), full=True, **bare), ['$0', '$1', {**o, 'full': True}], [r(5), t([0.3, 0., 1.5, 3., 6.])])
    case('poissonNllLoss', lambda x, y: F.poisson_nll_loss(x, y.detach(), log_input=False, eps=1e-3, **bare), ['$0', '$1', {**o, 'logInput': False, 'eps': 1e-3}], [pos(4), pos(4)])
    case('gaussianNllLoss', lambda x, y, v: F.gaussian_nll_loss(x, y, v, **bare), ['$0', '$1', '$2', o], [r(3, 4), r(3, 4), pos(3, 4)])
    case('gaussianNllLoss', lambda x, y, v: F.gaussian_nll_loss(x, y, v, full=True, eps=0.5, **bare), ['$0', '$1', '$2', {**o, 'full': True, 'eps': 0.5}], [r(3, 4), r(3, 4), pos(3, 1)])
    case('gaussianNllLoss', lambda x, y, v: F.gaussian_nll_loss(x, y, v, **bare), ['$0', '$1', '$2', o], [r(3, 4), r(3, 4), pos(3)])
    case('softMarginLoss', lambda x, y: F.soft_margin_loss(x, y.detach(), **bare), ['$0', '$1', o], [r(3, 4) * 3, sign(3, 4)])
    case('cosineEmbeddingLoss', lambda x, y, s: F.cosine_embedding_loss(x, y, s.detach(), **bare), ['$0', '$1', '$2', o], [r(4, 3), r(4, 3), t([1., -1., 1., -1.])])
    case('cosineEmbeddingLoss', lambda x, y, s: F.cosine_embedding_loss(x, y, s.detach(), 0.4, **bare), ['$0', '$1', '$2', {**o, 'margin': 0.4}], [r(3), r(3), t(-1.)])
    case('multiMarginLoss', lambda x, y: F.multi_margin_loss(x, y, **bare), ['$0', '$1', o], [r(4, 3), t([0, 2, 1, 2], i64)])
    case('multiMarginLoss', lambda x, y, w: F.multi_margin_loss(x, y, 2, 0.7, w.detach(), **bare), ['$0', '$1', {**o, 'p': 2, 'margin': 0.7, 'weight': '$2'}], [r(4, 3), t([0, 2, 1, 2], i64), pos(3)])
    case('multiMarginLoss', lambda x, y: F.multi_margin_loss(x, y, **bare), ['$0', '$1', o], [r(3), t(1, i64)])
    case('multilabelMarginLoss', lambda x, y: F.multilabel_margin_loss(x, y, **bare), ['$0', '$1', o], [r(3, 4), t([[3, 0, -1, 1], [-1, 2, 2, 2], [1, 2, 3, 0]], i64)])
    case('multilabelMarginLoss', lambda x, y: F.multilabel_margin_loss(x, y, **bare), ['$0', '$1', o], [r(4), t([3, 0, -1, 1], i64)])
    case('multilabelSoftMarginLoss', lambda x, y: F.multilabel_soft_margin_loss(x, y.detach(), **bare), ['$0', '$1', o], [r(3, 4), torch.rand(3, 4).double().round()])
    case('multilabelSoftMarginLoss', lambda x, y, w: F.multilabel_soft_margin_loss(x, y.detach(), w.detach(), **bare), ['$0', '$1', {**o, 'weight': '$2'}], [r(3, 4), torch.rand(3, 4).double().round(), pos(4)])
    case('tripletMarginLoss', lambda a, p, n: F.triplet_margin_loss(a, p, n, **bare), ['$0', '$1', '$2', o], [r(4, 3), r(4, 3), r(4, 3)])
    case('tripletMarginLoss', lambda a, p, n: F.triplet_margin_loss(a, p, n, 0.5, 3., swap=True, **bare), ['$0', '$1', '$2', {**o, 'margin': 0.5, 'p': 3, 'swap': True}], [r(4, 3), r(4, 3), r(4, 3)])
    case('tripletMarginWithDistanceLoss', lambda a, p, n: F.triplet_margin_with_distance_loss(a, p, n, **bare), ['$0', '$1', '$2', o], [r(4, 3), r(4, 3), r(4, 3)])
    case('binaryCrossEntropy', lambda x, y, w: F.binary_cross_entropy(x, y.detach(), w.detach(), **bare), ['$0', '$1', {**o, 'weight': '$2'}], [torch.rand(3, 4).double() * 0.9 + 0.05, torch.rand(3, 4).double(), pos(4)])
case('pairwiseDistance', lambda x, y: F.pairwise_distance(x, y), ['$0', '$1'], [r(4, 3), r(4, 3)])
case('pairwiseDistance', lambda x, y: F.pairwise_distance(x, y, 1.5, 1e-3, True), ['$0', '$1', {'p': 1.5, 'eps': 1e-3, 'keepdim': True}], [r(4, 3), r(3)])


def ctc(log_probs, targets, input_lengths, target_lengths, blank=0, reduction='mean', zero_infinity=False):
    """
    The forward recursion, differentiable in the log-probabilities themselves: PyTorch's own gradient is that of the
    scores before the logarithm of softmax. The value is checked against PyTorch's.
    """
    inf = torch.tensor(float('inf'), dtype=log_probs.dtype)
    losses = []
    for n in range(log_probs.shape[1]):
        labels = [blank]
        for k in range(int(target_lengths[n])):
            labels += [int(targets[n, k]), blank]
        alpha = [torch.tensor(0., dtype=log_probs.dtype)] + [-inf] * (len(labels) - 1)
        for step in range(int(input_lengths[n])):
            new = []
            for s, label in enumerate(labels):
                terms = [alpha[s]] + ([alpha[s - 1]] if s > 0 else [])
                if s > 1 and label != blank and label != labels[s - 2]:
                    terms.append(alpha[s - 2])
                terms = [v for v in terms if v > -inf]
                new.append(torch.logsumexp(torch.stack(terms), 0) + log_probs[step, n, label] if terms else -inf)
            alpha = new
        ends = [v for v in alpha[-2:] if v > -inf]
        losses.append(-torch.logsumexp(torch.stack(ends), 0) if ends else (0 * log_probs.sum() if zero_infinity else inf))
    out = torch.stack(losses)
    if reduction == 'mean':
        out = (out / target_lengths.clamp_min(1)).mean()
    elif reduction == 'sum':
        out = out.sum()
    expected = F.ctc_loss(log_probs.detach(), targets, input_lengths, target_lengths, blank, reduction, zero_infinity)
    assert torch.allclose(out, expected), (out, expected)
    return out


labels = t([[1, 2, 2, 3], [3, 1, 0, 0], [2, 2, 2, 2]], i64)
for red in ('mean', 'sum', 'none'):
    lengths = [t([6, 5, 4], i64), t([4, 2, 0], i64)]
    case('ctcLoss', lambda x, y, i, k: ctc(x, y, i, k, reduction=red), ['$0', '$1', '$2', '$3', {'reduction': red}], [r(6, 3, 4).log_softmax(2), labels] + lengths)
    # Too short for its four equal labels: no alignment.
    lengths = [t([6, 5, 4], i64), t([4, 2, 4], i64)]
    case('ctcLoss', lambda x, y, i, k: ctc(x, y, i, k, reduction=red, zero_infinity=True), ['$0', '$1', '$2', '$3', {'reduction': red, 'zeroInfinity': True}], [r(6, 3, 4).log_softmax(2), labels] + lengths)
case('ctcLoss', lambda x, y, i, k: ctc(x, y, i, k, blank=2), ['$0', '$1', '$2', '$3', {'blank': 2}], [r(4, 2, 3).log_softmax(2), t([[0, 1], [1, 1]], i32), t([4, 4], i32), t([2, 2], i32)])

case('bilinear', F.bilinear, ['$0', '$1', '$2', '$3'], [r(2, 3), r(2, 4), r(2, 3, 4), r(2)])
case('bilinear', lambda x, y, w: F.bilinear(x, y, w), ['$0', '$1', '$2'], [r(2, 2, 3), r(2, 2, 2), r(1, 3, 2)])

save('ops-functionals')
