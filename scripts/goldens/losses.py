"""Goldens of losses: value (each reduction) and gradient of the prediction (and of a float target)."""
import torch
import torch.nn.functional as F

from common import pack, pack_all, write

torch.manual_seed(20260102)
cases = []


def case(name, function, options, inputs, differentiable=1, **torch_options):
    """`options` is what the TypeScript test passes; `torch_options` is the same for PyTorch."""
    for reduction in ('mean', 'sum', 'none'):
        xs = [x.clone().requires_grad_(True) if i < differentiable else x for i, x in enumerate(inputs)]
        out = function(*xs, reduction=reduction, **torch_options)
        cot = torch.randn_like(out)
        (out * cot).sum().backward()
        cases.append({
            'name': name, 'options': dict(options, reduction=reduction), 'inputs': pack_all(inputs),
            'tensorOptions': {k: pack(v) for k, v in torch_options.items() if isinstance(v, torch.Tensor)},
            'differentiable': differentiable, 'output': pack(out), 'cotangent': pack(cot),
            'gradients': [pack(x.grad) for x in xs[:differentiable]],
        })


r = torch.randn
y = torch.tensor([2, 0, 1, 3, 2])
case('crossEntropy', F.cross_entropy, {}, [r(5, 4) * 3, y])
case('crossEntropy', F.cross_entropy, {'ignoreIndex': 2}, [r(5, 4), y], ignore_index=2)
case('crossEntropy', F.cross_entropy, {'labelSmoothing': 0.1}, [r(5, 4), y], label_smoothing=0.1)
case('crossEntropy', F.cross_entropy, {}, [r(5, 4), y], weight=torch.rand(4) + 0.5)
case('crossEntropy', F.cross_entropy, {'labelSmoothing': 0.2, 'ignoreIndex': 1}, [r(5, 4), y],
     weight=torch.rand(4) + 0.5, label_smoothing=0.2, ignore_index=1)
case('crossEntropy', F.cross_entropy, {}, [r(2, 4, 3), torch.tensor([[0, 1, 3], [2, 2, 0]])])
case('crossEntropy', F.cross_entropy, {}, [r(5, 4), torch.softmax(r(5, 4), 1)])
case('crossEntropy', F.cross_entropy, {'labelSmoothing': 0.3}, [r(5, 4), torch.softmax(r(5, 4), 1)], label_smoothing=0.3)
case('nllLoss', F.nll_loss, {}, [torch.log_softmax(r(5, 4), 1), y])
case('nllLoss', F.nll_loss, {'ignoreIndex': 0}, [torch.log_softmax(r(5, 4), 1), y], ignore_index=0, weight=torch.rand(4) + 0.5)
case('mseLoss', F.mse_loss, {}, [r(3, 4), r(3, 4)], 2)
case('l1Loss', F.l1_loss, {}, [r(3, 4), r(3, 4)], 2)
case('smoothL1Loss', F.smooth_l1_loss, {}, [r(4, 5), r(4, 5)], 2)
case('smoothL1Loss', F.smooth_l1_loss, {'beta': 0.4}, [r(4, 5), r(4, 5)], 2, beta=0.4)
case('huberLoss', F.huber_loss, {'delta': 0.6}, [r(4, 5), r(4, 5)], 2, delta=0.6)
case('bceWithLogits', F.binary_cross_entropy_with_logits, {}, [r(4, 3) * 4, torch.rand(4, 3)])
case('bceWithLogits', F.binary_cross_entropy_with_logits, {}, [torch.tensor([120.0, -120.0, 0.0]), torch.tensor([1.0, 1.0, 0.0])])
case('bceWithLogits', F.binary_cross_entropy_with_logits, {}, [r(4, 3), torch.bernoulli(torch.rand(4, 3))],
     weight=torch.rand(3), pos_weight=torch.rand(3) + 1)
q = torch.softmax(r(4, 3), 1)
q[0, 0] = 0
case('klDiv', F.kl_div, {}, [torch.log_softmax(r(4, 3), 1), q])
case('klDiv', F.kl_div, {'logTarget': True}, [torch.log_softmax(r(4, 3), 1), torch.log_softmax(r(4, 3), 1)], 2, log_target=True)
x, t = torch.log_softmax(r(4, 3), 1), q
for c in [F.kl_div(x, t, reduction='batchmean')]:
    cases.append({'name': 'klDiv', 'options': {'reduction': 'batchmean'}, 'inputs': pack_all([x, t]), 'tensorOptions': {},
                  'differentiable': 0, 'output': pack(c), 'cotangent': pack(torch.ones(())), 'gradients': []})
write('losses', cases)
