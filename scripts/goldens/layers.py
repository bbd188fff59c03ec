"""Goldens of layers: outputs, gradients of inputs and parameters, running statistics, in train and eval mode.

Each case has an initial state and phases. A phase runs forward once (train or eval), then backward from
sum(output * cotangent) over the float outputs.
"""
import torch
from torch import nn

from common import pack, pack_all, pack_dict, write

torch.manual_seed(20260101)
cases = []


def flatten(out):
    if isinstance(out, torch.Tensor):
        return [out]
    return [t for part in out if part is not None for t in flatten(part)]


def randomize(module):
    """Moves parameters and running statistics off their special values (ones and zeros)."""
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn_like(p) * 0.4)
        for name, b in module.named_buffers():
            if name.endswith('running_mean'):
                b.copy_(torch.randn_like(b) * 0.3)
            if name.endswith('running_var'):
                b.copy_(torch.rand_like(b) + 0.5)


def case(name, module, *phases, call=None):
    """Each phase is (training, inputs)."""
    call = call or (lambda m, xs: m(*xs))
    randomize(module)
    entry = {'name': name, 'state': pack_dict(module.state_dict().items()), 'phases': []}
    for training, inputs in phases:
        module.train(training)
        module.zero_grad(set_to_none=True)
        xs = [x.clone().requires_grad_(True) if x.dtype.is_floating_point else x for x in inputs]
        outs = flatten(call(module, xs))
        cots = [torch.randn_like(o) for o in outs]
        sum((o * c).sum() for o, c in zip(outs, cots)).backward()
        entry['phases'].append({
            'training': training,
            'inputs': pack_all(inputs),
            'outputs': pack_all(outs),
            'cotangents': pack_all(cots),
            'inputGradients': [pack(x.grad) if x.grad is not None else None for x in xs],
            'gradients': pack_dict((n, p.grad) for n, p in module.named_parameters() if p.grad is not None),
            'buffers': pack_dict(module.named_buffers()),
        })
    cases.append(entry)


def train(*xs):
    return (True, list(xs))


def evaluate(*xs):
    return (False, list(xs))


r = torch.randn

case('linear', nn.Linear(5, 3), train(r(4, 5)))
case('linearNoBias', nn.Linear(5, 3, bias=False), train(r(2, 4, 5)))
case('linearVector', nn.Linear(5, 3), train(r(5)))

case('conv1d', nn.Conv1d(3, 4, 3), train(r(2, 3, 9)))
case('conv1dDilated', nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2), train(r(2, 4, 11)))
case('conv2d', nn.Conv2d(1, 6, 5, padding=2), train(r(2, 1, 7, 6)))
case('conv2dStride', nn.Conv2d(3, 4, 3, stride=2, padding=1), train(r(2, 3, 8, 7)))
case('conv2dGroups', nn.Conv2d(4, 8, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=4), train(r(2, 4, 7, 8)))
case('conv2dSame', nn.Conv2d(2, 3, (4, 3), padding='same'), train(r(1, 2, 6, 5)))
case('conv2dNoBias', nn.Conv2d(2, 3, 1, bias=False), train(r(2, 2, 4, 4)))
case('conv3d', nn.Conv3d(2, 3, (2, 3, 3), stride=(1, 2, 1), padding=1), train(r(1, 2, 3, 5, 4)))

case('maxPool1d', nn.MaxPool1d(3, 2, padding=1), train(r(2, 3, 9)))
case('maxPool2d', nn.MaxPool2d(2), train(r(2, 3, 6, 5)))
case('maxPool2dOverlap', nn.MaxPool2d((3, 2), stride=(2, 1), padding=1), train(r(2, 3, 6, 5)))
case('maxPool2dTies', nn.MaxPool2d(2), train(torch.relu(r(2, 2, 6, 6))))
case('maxPool3d', nn.MaxPool3d(2, stride=1), train(r(1, 2, 3, 4, 3)))
case('avgPool1d', nn.AvgPool1d(3, 2, padding=1), train(r(2, 3, 9)))
case('avgPool2d', nn.AvgPool2d(2), train(r(2, 3, 6, 5)))
case('avgPool2dPad', nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), train(r(2, 3, 6, 5)))
case('avgPool3d', nn.AvgPool3d(2), train(r(1, 2, 4, 4, 2)))
case('adaptiveAvgPool2d', nn.AdaptiveAvgPool2d((3, 2)), train(r(2, 3, 7, 5)))
case('adaptiveAvgPool2dOne', nn.AdaptiveAvgPool2d(1), train(r(2, 3, 7, 5)))

case('batchNorm1d', nn.BatchNorm1d(4), train(r(6, 4)), train(r(6, 4)), train(r(3, 4)), evaluate(r(2, 4)))
case('batchNorm1dSequence', nn.BatchNorm1d(3), train(r(2, 3, 5)), evaluate(r(2, 3, 4)))
case('batchNorm2d', nn.BatchNorm2d(3), train(r(2, 3, 4, 3)), train(r(2, 3, 4, 3) * 2 + 1), train(r(4, 3, 2, 2)),
     evaluate(r(2, 3, 3, 3)))
case('batchNorm2dMomentum', nn.BatchNorm2d(2, eps=1e-3, momentum=0.3), train(r(3, 2, 2, 2)), evaluate(r(1, 2, 2, 2)))
case('batchNorm2dCumulative', nn.BatchNorm2d(2, momentum=None), train(r(3, 2, 2, 2)), train(r(3, 2, 2, 2)),
     evaluate(r(1, 2, 2, 2)))
case('batchNorm2dNoAffine', nn.BatchNorm2d(2, affine=False), train(r(3, 2, 2, 2)), evaluate(r(1, 2, 2, 2)))
case('batchNorm2dNoStatistics', nn.BatchNorm2d(2, track_running_stats=False), train(r(3, 2, 2, 2)),
     evaluate(r(3, 2, 2, 2)))
case('layerNorm', nn.LayerNorm(6), train(r(2, 3, 6)))
case('layerNorm2', nn.LayerNorm((3, 4), eps=1e-3), train(r(2, 3, 4)))
case('layerNormNoAffine', nn.LayerNorm(5, elementwise_affine=False), train(r(4, 5)))

index = torch.tensor([[1, 0, 4], [4, 2, 1]])
case('embedding', nn.Embedding(5, 3), train(index))
case('embeddingPadding', nn.Embedding(5, 3, padding_idx=1), train(index))

x = torch.cat([r(17), torch.tensor([0.0, -0.0, 5.0, -5.0, 12.0, -12.0])])
case('relu', nn.ReLU(), train(x))
case('leakyRelu', nn.LeakyReLU(0.2), train(x))
case('tanh', nn.Tanh(), train(x))
case('sigmoid', nn.Sigmoid(), train(x))
case('gelu', nn.GELU(), train(x))
case('geluTanh', nn.GELU(approximate='tanh'), train(x))
case('silu', nn.SiLU(), train(x))
case('softmax', nn.Softmax(dim=1), train(r(3, 5, 2)))
case('logSoftmax', nn.LogSoftmax(dim=-1), train(r(3, 5)))
case('flatten', nn.Flatten(), train(r(2, 3, 4)))
case('unflatten', nn.Unflatten(1, (2, 3)), train(r(2, 6, 2)))
case('dropoutEval', nn.Dropout(0.5), evaluate(r(3, 4)))
case('identity', nn.Identity(), train(r(3)))

with_state = lambda m, xs: m(xs[0], (xs[1], xs[2])) if len(xs) == 3 else m(*xs)
case('lstm', nn.LSTM(3, 4), train(r(5, 2, 3)))
case('lstmState', nn.LSTM(3, 4, batch_first=True), train(r(2, 5, 3), r(1, 2, 4), r(1, 2, 4)), call=with_state)
case('lstmDeep', nn.LSTM(3, 4, num_layers=2, bidirectional=True), train(r(4, 2, 3), r(4, 2, 4), r(4, 2, 4)), call=with_state)
case('lstmNoBias', nn.LSTM(3, 2, bias=False), train(r(3, 1, 3)))
case('gru', nn.GRU(3, 4), train(r(5, 2, 3)))
case('gruDeep', nn.GRU(3, 4, num_layers=2, bidirectional=True, batch_first=True), train(r(2, 4, 3), r(4, 2, 4)))
case('rnn', nn.RNN(3, 4), train(r(5, 2, 3), r(1, 2, 4)))
case('rnnRelu', nn.RNN(3, 4, nonlinearity='relu', bidirectional=True), train(r(4, 2, 3)))

case('attention', nn.MultiheadAttention(8, 2), train(r(4, 2, 8), r(5, 2, 8), r(5, 2, 8)))
case('attentionBatchFirst', nn.MultiheadAttention(8, 4, batch_first=True, bias=False), train(r(2, 4, 8), r(2, 5, 8), r(2, 5, 8)))
case('attentionOtherSizes', nn.MultiheadAttention(8, 2, batch_first=True, kdim=6, vdim=5), train(r(2, 4, 8), r(2, 3, 6), r(2, 3, 5)))
padding = torch.tensor([[False, False, False, True], [False, False, True, True]])
case('attentionPadding', nn.MultiheadAttention(8, 2, batch_first=True), train(r(2, 4, 8), padding),
     call=lambda m, xs: m(xs[0], xs[0], xs[0], key_padding_mask=xs[1]))
causal = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)
case('attentionCausal', nn.MultiheadAttention(8, 2, batch_first=True), train(r(2, 4, 8)),
     call=lambda m, xs: m(xs[0], xs[0], xs[0], attn_mask=causal))
case('attentionBias', nn.MultiheadAttention(8, 2, batch_first=True), train(r(2, 4, 8), r(4, 4)),
     call=lambda m, xs: m(xs[0], xs[0], xs[0], attn_mask=xs[1]))

layer = lambda **o: nn.TransformerEncoderLayer(8, 2, dim_feedforward=12, dropout=0.0, batch_first=True, **o)
case('encoderLayer', layer(), train(r(2, 3, 8)))
case('encoderLayerNormFirst', layer(norm_first=True, activation='gelu'), train(r(2, 3, 8)))
case('encoderLayerPadding', layer(), train(r(2, 4, 8), padding), call=lambda m, xs: m(xs[0], src_key_padding_mask=xs[1]))
case('encoder', nn.TransformerEncoder(layer(), 2, norm=nn.LayerNorm(8)), train(r(2, 3, 8)))

case('maxPool2dCeil', nn.MaxPool2d(3, stride=2, ceil_mode=True), train(r(1, 2, 6, 5)))
case('avgPool2dCeil', nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True), train(r(1, 2, 6, 5)))
case('convTranspose1d', nn.ConvTranspose1d(3, 4, 3, stride=2), train(r(2, 3, 5)))
case('convTranspose2d', nn.ConvTranspose2d(4, 6, (3, 2), stride=2, padding=1, output_padding=1, groups=2), train(r(2, 4, 3, 4)))
case('convTranspose3d', nn.ConvTranspose3d(2, 3, 2, dilation=2, bias=False), train(r(1, 2, 2, 3, 2)))
case('batchNorm3d', nn.BatchNorm3d(2), train(r(2, 2, 2, 3, 2)), evaluate(r(1, 2, 2, 2, 2)))
case('groupNorm', nn.GroupNorm(2, 6), train(r(2, 6, 3)))
case('instanceNorm2d', nn.InstanceNorm2d(3), train(r(2, 3, 3, 4)))
case('instanceNorm2dAffine', nn.InstanceNorm2d(3, affine=True, eps=1e-3), train(r(2, 3, 3, 4)))


class RMSNorm(nn.Module):
    """This version of PyTorch has none."""

    def __init__(self, size, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x):
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + self.eps) * self.weight


case('rmsNorm', RMSNorm(5, 1e-4), train(r(3, 2, 5)))
case('prelu', nn.PReLU(), train(x))
case('preluChannels', nn.PReLU(3), train(r(2, 3, 4)))
case('elu', nn.ELU(0.7), train(x))
case('selu', nn.SELU(), train(x))
case('relu6', nn.ReLU6(), train(x))
case('mish', nn.Mish(), train(x))
case('hardswish', nn.Hardswish(), train(x))
case('hardsigmoid', nn.Hardsigmoid(), train(x))
case('hardtanh', nn.Hardtanh(-0.5, 2), train(x))
case('logSigmoid', nn.LogSigmoid(), train(x))
case('softsign', nn.Softsign(), train(x))
case('softplus', nn.Softplus(beta=2), train(x))
case('glu', nn.GLU(), train(r(2, 3, 6)))
case('adaptiveAvgPool1d', nn.AdaptiveAvgPool1d(3), train(r(2, 3, 7)))
case('adaptiveAvgPool3d', nn.AdaptiveAvgPool3d((1, 2, 2)), train(r(1, 2, 3, 4, 3)))
case('adaptiveMaxPool2d', nn.AdaptiveMaxPool2d((3, 2)), train(r(2, 3, 7, 5)))
case('dropout2dEval', nn.Dropout2d(0.5), evaluate(r(1, 2, 2, 2)))
case('sequential', nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)),
     train(r(3, 1, 4, 4)), evaluate(r(2, 1, 4, 4)))
x = r(3, 4) * 2
case('celu', nn.CELU(0.7), train(x))
case('hardshrink', nn.Hardshrink(0.3), train(x))
case('softshrink', nn.Softshrink(0.3), train(x))
case('tanhshrink', nn.Tanhshrink(), train(x))
case('threshold', nn.Threshold(0.1, 5.), train(x))
case('rreluEval', nn.RReLU(0.1, 0.4), evaluate(x))
case('softmin', nn.Softmin(1), train(x))
case('dropout1dEval', nn.Dropout1d(0.5), evaluate(r(1, 2, 3)))
case('dropout3dEval', nn.Dropout3d(0.5), evaluate(r(1, 2, 2, 1, 2)))
case('alphaDropoutEval', nn.AlphaDropout(0.5), evaluate(x))
case('featureAlphaDropoutEval', nn.FeatureAlphaDropout(0.5), evaluate(x))
case('localResponseNorm', nn.LocalResponseNorm(3, 0.5, 0.6, 2.), train(r(2, 5, 3)))
case('instanceNorm1d', nn.InstanceNorm1d(3, affine=True), train(r(2, 3, 5)))
case('instanceNorm1dTracked', nn.InstanceNorm1d(3, affine=True, track_running_stats=True, momentum=0.3), train(r(2, 3, 5)), evaluate(r(1, 3, 4)))
case('instanceNorm3d', nn.InstanceNorm3d(2), train(r(2, 2, 2, 3, 2)))


class ChannelShuffle(nn.Module):
    """nn.ChannelShuffle of 1.13 has no derivative; the same by reshaping."""

    def forward(self, x):
        n, c, *rest = x.shape
        return x.reshape(n, 3, c // 3, *rest).transpose(1, 2).reshape(x.shape)


case('channelShuffle', ChannelShuffle(), train(r(2, 6, 2)))
case('pixelShuffle', nn.PixelShuffle(2), train(r(1, 8, 2, 3)))
case('pixelUnshuffle', nn.PixelUnshuffle(2), train(r(1, 2, 4, 6)))
case('upsample', nn.Upsample(scale_factor=2), train(r(1, 2, 3, 2)))
case('upsampleBilinear', nn.Upsample(size=(5, 4), mode='bilinear', align_corners=True), train(r(1, 2, 3, 2)))
case('unfold', nn.Unfold(2, padding=1), train(r(1, 2, 3, 4)))
case('fold', nn.Fold((4, 5), 2, stride=(2, 1)), train(r(1, 8, 8)))
case('lpPool1d', nn.LPPool1d(2, 3, stride=2), train(r(1, 2, 7)))
case('lpPool2d', nn.LPPool2d(2, 2), train(r(1, 2, 4, 4)))
case('adaptiveMaxPool1d', nn.AdaptiveMaxPool1d(3), train(r(1, 2, 7)))
case('adaptiveMaxPool3d', nn.AdaptiveMaxPool3d((2, 1, 3)), train(r(1, 2, 3, 4, 5)))
for d, shape in ((1, (1, 2, 6)), (2, (1, 2, 4, 4)), (3, (1, 1, 4, 2, 2))):
    y, at = getattr(nn.functional, f'max_pool{d}d')(r(*shape), 2, return_indices=True)
    case(f'maxUnpool{d}d', getattr(nn, f'MaxUnpool{d}d')(2), train(y, at))
    amounts = (1, 2) * d
    y = r(1, 2, *[4] * d)
    case(f'zeroPad{d}d', getattr(nn, f'ConstantPad{d}d')(amounts, 0.), train(y))
    case(f'constantPad{d}d', getattr(nn, f'ConstantPad{d}d')(1, 3.5), train(y))
    case(f'reflectionPad{d}d', getattr(nn, f'ReflectionPad{d}d')(amounts), train(y))
    case(f'replicationPad{d}d', getattr(nn, f'ReplicationPad{d}d')(amounts), train(y))
    case(f'circularPad{d}d', nn.Identity(), train(y), call=lambda m, xs: nn.functional.pad(xs[0], amounts, mode='circular'))
case('cosineSimilarity', nn.CosineSimilarity(), train(r(3, 4), r(3, 4)))
case('pairwiseDistance', nn.PairwiseDistance(), train(r(3, 4), r(3, 4)))
case('bilinear', nn.Bilinear(3, 4, 2), train(r(2, 5, 3), r(2, 5, 4)))
case('embeddingBag', nn.EmbeddingBag(5, 3), train(torch.tensor([[0, 2], [4, 4]])))
case('embeddingBagOffsets', nn.EmbeddingBag(5, 3, mode='sum', padding_idx=1), train(torch.tensor([0, 2, 1, 4]), torch.tensor([0, 3])))
case('rnnCell', nn.RNNCell(3, 4), train(r(2, 3), r(2, 4)))
case('rnnCellRelu', nn.RNNCell(3, 4, nonlinearity='relu', bias=False), train(r(2, 3)))
case('lstmCell', nn.LSTMCell(3, 4), train(r(2, 3), r(2, 4), r(2, 4)), call=lambda m, xs: m(xs[0], (xs[1], xs[2])))
case('lstmCellZeros', nn.LSTMCell(3, 4), train(r(3)))
case('gruCell', nn.GRUCell(3, 4), train(r(2, 3), r(2, 4)))


def decoder_layer(**options):
    return nn.TransformerDecoderLayer(8, 2, 12, 0.0, batch_first=True, **options)


causal = torch.ones(3, 3, dtype=torch.bool).triu(1)
padding = torch.tensor([[False, False, False, True], [False, False, True, True]])
case('decoderLayer', decoder_layer(), train(r(2, 3, 8), r(2, 4, 8)))
case('decoderLayerMasked', decoder_layer(norm_first=True, activation='gelu'), train(r(2, 3, 8), r(2, 4, 8), padding),
     call=lambda m, xs: m(xs[0], xs[1], tgt_mask=causal, memory_key_padding_mask=xs[2]))
case('decoder', nn.TransformerDecoder(decoder_layer(), 2, nn.LayerNorm(8)), train(r(2, 3, 8), r(2, 4, 8)))
transformer = nn.Transformer(8, 2, 1, 1, 12, 0.0)
case('transformer', transformer, train(r(4, 2, 8), r(3, 2, 8)),
     call=lambda m, xs: m(xs[0], xs[1], tgt_mask=nn.Transformer.generate_square_subsequent_mask(3)))


class Lists(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 2)])
        self.heads = nn.ModuleDict({'left': nn.Linear(2, 1), 'right': nn.Linear(2, 2)})
        self.scales = nn.ParameterList([torch.ones(2), torch.ones(1)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x).tanh()
        return self.heads['left'](x * self.scales[0]), self.heads['right'](x) * self.scales[1]


case('containers', Lists(), train(r(2, 3)))


def unpooled(d):
    """Values, indices as floats, and the values back at their places."""
    def call(module, xs):
        values, indices = module(xs[0])
        size = xs[0].shape[-d:]
        back = getattr(nn.functional, f'max_unpool{d}d')(values, indices, 2, stride=2, padding=1, output_size=size)
        return values, indices.float(), back
    return call


for d, shape in ((1, (2, 3, 7)), (2, (1, 2, 5, 6)), (3, (1, 1, 5, 4, 3))):
    case(f'maxPool{d}dIndices', getattr(nn, f'MaxPool{d}d')(2, stride=2, padding=1, return_indices=True), train(r(*shape)),
         call=unpooled(d))
    case(f'adaptiveMaxPool{d}dIndices', getattr(nn, f'AdaptiveMaxPool{d}d')(2, return_indices=True), train(r(*shape)),
         call=lambda m, xs: [t.float() for t in m(xs[0])])
case('maxPool2dIndicesDilated', nn.MaxPool2d(2, stride=1, dilation=2, return_indices=True), train(r(1, 2, 5, 6)),
     call=lambda m, xs: [t.float() for t in m(xs[0])])
write('layers', cases)

# The lowest-level contract of state dicts: names and shapes of every entry, in PyTorch's order.
nets = {
    'sequential': nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Sequential(nn.Linear(2, 3))),
    'lstm': nn.LSTM(2, 3, num_layers=2, bidirectional=True),
    'encoder': nn.TransformerEncoder(layer(), 2),
    'attentionOtherSizes': nn.MultiheadAttention(8, 2, kdim=6, vdim=5),
    'transformer': transformer,
    'lstmCell': nn.LSTMCell(2, 3),
    'containers': Lists(),
}
write('state-dicts', {k: [[n, list(t.shape)] for n, t in m.state_dict().items()] for k, m in nets.items()})
