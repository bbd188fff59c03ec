"""Goldens of optimizers, schedulers and gradient clipping, and of one small training.

An optimizer case feeds the same gradients step by step and records the parameters after each step. A gradient of
None is a parameter that took no part in that step.
"""
import torch
from torch import nn, optim
import torch.nn.functional as F

from common import pack, pack_all, pack_dict, write

torch.manual_seed(20260103)
STEPS = 6
start = [torch.randn(3, 4), torch.randn(5), torch.randn(())]
gradients = [[torch.randn_like(p) * s for p in start] for s in (1, 0.1, 3, 1, 0.01, 1)]
gradients[2][1] = None
cases = []


def case(name, make, options, torch_options=None, groups=False):
    ps = [p.clone().requires_grad_(True) for p in start]
    torch_options = options if torch_options is None else torch_options
    if groups:
        o = make([{'params': ps[:1], 'lr': 0.5, 'weight_decay': 0.2}, {'params': ps[1:]}], **torch_options)
    else:
        o = make(ps, **torch_options)
    after = []
    for g in gradients:
        for p, d in zip(ps, g):
            p.grad = None if d is None else d.clone()
        o.step()
        after.append(pack_all(ps))
    state = o.state_dict()['state']
    cases.append({'name': name, 'options': options, 'groups': groups, 'after': after, 'state': {
        str(i): {k: (pack(v) if isinstance(v, torch.Tensor) else v) for k, v in s.items() if v is not None}
        for i, s in state.items()}})


case('SGD', optim.SGD, {'lr': 0.1})
case('SGD', optim.SGD, {'lr': 0.1, 'momentum': 0.9})
case('SGD', optim.SGD, {'lr': 0.1, 'momentum': 0.9, 'dampening': 0.3})
case('SGD', optim.SGD, {'lr': 0.1, 'momentum': 0.9, 'nesterov': True, 'weightDecay': 0.05},
     {'lr': 0.1, 'momentum': 0.9, 'nesterov': True, 'weight_decay': 0.05})
case('SGD', optim.SGD, {'lr': 0.1, 'weightDecay': 0.1, 'maximize': True}, {'lr': 0.1, 'weight_decay': 0.1, 'maximize': True})
case('SGD', optim.SGD, {'lr': 0.1, 'momentum': 0.5}, groups=True)
for name, make in (('Adam', optim.Adam), ('AdamW', optim.AdamW)):
    case(name, make, {})
    case(name, make, {'lr': 0.01, 'betas': [0.8, 0.95], 'eps': 1e-3})
    case(name, make, {'lr': 0.01, 'weightDecay': 0.3}, {'lr': 0.01, 'weight_decay': 0.3})
    case(name, make, {'lr': 0.01, 'weightDecay': 0}, {'lr': 0.01, 'weight_decay': 0})
    case(name, make, {'lr': 0.02, 'amsgrad': True})
    case(name, make, {'lr': 0.02, 'maximize': True})
    case(name, make, {'lr': 0.01}, groups=True)
case('RMSprop', optim.RMSprop, {})
case('RMSprop', optim.RMSprop, {'lr': 0.02, 'alpha': 0.9, 'eps': 1e-4, 'weightDecay': 0.1},
     {'lr': 0.02, 'alpha': 0.9, 'eps': 1e-4, 'weight_decay': 0.1})
case('RMSprop', optim.RMSprop, {'lr': 0.02, 'momentum': 0.8})
case('RMSprop', optim.RMSprop, {'lr': 0.02, 'momentum': 0.8, 'centered': True})


def schedule(name, make, options, steps=12, lr=0.1):
    o = optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr, momentum=0.9)
    s = make(o)
    lrs, momenta = [], []
    for _ in range(steps):
        lrs.append(o.param_groups[0]['lr'])
        momenta.append(o.param_groups[0]['momentum'])
        o.step()
        s.step()
    return {'name': name, 'options': options, 'lr': lr, 'lrs': lrs, 'momenta': momenta}


S = optim.lr_scheduler
schedules = [
    schedule('StepLR', lambda o: S.StepLR(o, 3), {'stepSize': 3}),
    schedule('StepLR', lambda o: S.StepLR(o, 4, gamma=0.5), {'stepSize': 4, 'gamma': 0.5}),
    schedule('CosineAnnealingLR', lambda o: S.CosineAnnealingLR(o, 10), {'tMax': 10}),
    schedule('CosineAnnealingLR', lambda o: S.CosineAnnealingLR(o, 11, eta_min=0.01), {'tMax': 11, 'etaMin': 0.01}),
    schedule('LinearLR', lambda o: S.LinearLR(o), {}),
    schedule('LinearLR', lambda o: S.LinearLR(o, 0.1, 1.0, 6), {'startFactor': 0.1, 'endFactor': 1, 'totalIters': 6}),
    schedule('OneCycleLR', lambda o: S.OneCycleLR(o, 0.5, total_steps=12, cycle_momentum=False), {'maxLr': 0.5, 'totalSteps': 12}, 12),
    schedule('OneCycleLR', lambda o: S.OneCycleLR(o, 0.5, total_steps=12, anneal_strategy='linear', pct_start=0.4,
             cycle_momentum=False, div_factor=10, final_div_factor=100, three_phase=False),
             {'maxLr': 0.5, 'totalSteps': 12, 'annealStrategy': 'linear', 'pctStart': 0.4, 
              'divFactor': 10, 'finalDivFactor': 100}, 12),
]

clips = []
for kind, limit in ((2, 1.0), (2, 1e4), (1, 1.0), (float('inf'), 0.5)):
    ps = [p.clone().requires_grad_(True) for p in start]
    for p, d in zip(ps, gradients[0]):
        p.grad = d.clone()
    norm = nn.utils.clip_grad_norm_(ps, limit, norm_type=kind)
    clips.append({'normType': 'inf' if kind == float('inf') else kind, 'maxNorm': limit, 'norm': pack(norm),
                  'after': pack_all([p.grad for p in ps])})
write('optimizers', {
    'start': pack_all(start), 'gradients': [[None if g is None else pack(g) for g in gs] for gs in gradients],
    'cases': cases, 'schedules': schedules, 'clips': clips,
})

# One small training: conv, batch norm, AdamW, a learning rate that changes each step, a partial last batch, an
# evaluation every third step. No bias before batch norm: its gradient is rounding noise, which Adam would scale up.
net = nn.Sequential(
    nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(4 * 3 * 3, 16), nn.ReLU(), nn.Linear(16, 4))
images = torch.randn(20, 1, 6, 6)
labels = torch.randint(0, 4, (20,))
initial = pack_dict(net.state_dict().items())
optimizer = optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.05)
losses, evaluations = [], []
for i in range(60):
    at = (i % 3) * 8
    xb, yb = images[at:at + 8], labels[at:at + 8]
    optimizer.param_groups[0]['lr'] = 1e-3 * (1 + (i % 7)) / 2
    net.train()
    loss = F.cross_entropy(net(xb), yb)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    if i % 3 == 2:
        net.eval()
        with torch.no_grad():
            evaluations.append([F.cross_entropy(net(images[b:b + 8]), labels[b:b + 8]).item() for b in (0, 16)])
write('training', {
    'images': pack(images), 'labels': pack(labels), 'initial': initial, 'losses': losses, 'evaluations': evaluations,
    'final': pack_dict(net.state_dict().items()),
})
