"""Golden rows of Fourier transforms, windows and short-time spectra. Complex tensors have a last axis of 2, as
`torch.view_as_real` gives.

`/usr/bin/python3 scripts/goldens/ops_fft.py` writes test/goldens/ops-fft.json.
"""
import torch

from operation_case import case, pos, r, save

f64 = torch.float64
C, R = torch.view_as_complex, torch.view_as_real


def z(*shape):
    return r(*shape, 2)


def c2c(op, name=None, **k):
    fn = getattr(torch.fft, op)
    return lambda x: R(fn(C(x), **k).resolve_conj())


def c2r(op, **k):
    fn = getattr(torch.fft, op)
    return lambda x: fn(C(x), **k)


def r2c(op, **k):
    fn = getattr(torch.fft, op)
    return lambda x: R(fn(x, **k).resolve_conj())


def options(n=None, dim=None, norm=None, s=None):
    o = {'n': n, 'axis' if s is None and not isinstance(dim, (list, tuple)) else 'axes': dim, 'norm': norm, 's': s}
    return {k: v for k, v in o.items() if v is not None}


# small lengths, then what takes other ways: several radices, a prime that is a convolution, and both
for n in [1, 2, 3, 4, 5, 8, 9]:
    case('fft', c2c('fft'), ['$0'], [z(n)])
    case('rfft', r2c('rfft'), ['$0'], [r(n)])
    case('irfft', c2r('irfft', n=n), ['$0', {'n': n}], [z(n // 2 + 1)])
for n in [64, 66, 67]:
    case('fft', c2c('fft'), ['$0'], [z(n)], grad=n != 64)
for n in [134, 1000]:
    case('fft', c2c('fft'), ['$0'], [z(n)], grad=False)
case('ifft', c2c('ifft'), ['$0'], [z(96)], grad=False)
case('rfft', r2c('rfft'), ['$0'], [r(100)], grad=False)
case('irfft', c2r('irfft', n=128), ['$0', {'n': 128}], [z(65)], grad=False)
for norm in ['backward', 'forward', 'ortho']:
    for k in [dict(norm=norm), dict(norm=norm, n=3 if norm == 'ortho' else 6, dim=-2)]:
        case('fft', c2c('fft', **k), ['$0', options(**k)], [z(4, 5)])
        case('ifft', c2c('ifft', **k), ['$0', options(**k)], [z(4, 5)])
        case('rfft', r2c('rfft', **k), ['$0', options(**k)], [r(4, 5)])
        case('irfft', c2r('irfft', **k), ['$0', options(**k)], [z(4, 5)])
        case('hfft', c2r('hfft', **k), ['$0', options(**k)], [z(4, 5)])
        case('ihfft', r2c('ihfft', **k), ['$0', options(**k)], [r(4, 5)])
    k = dict(norm=norm)
    case('fftn', c2c('fftn', **k), ['$0', k], [z(2, 3, 4)])
    case('ifftn', c2c('ifftn', **k), ['$0', k], [z(2, 3, 4)])
    case('rfftn', r2c('rfftn', **k), ['$0', k], [r(2, 3, 5)])
    case('irfftn', c2r('irfftn', **k), ['$0', k], [z(2, 3, 4)])
    k = dict(norm=norm, s=(3, 5), dim=(2, 0))
    case('fftn', c2c('fftn', **k), ['$0', options(**k)], [z(2, 3, 4)])
    case('rfftn', r2c('rfftn', **k), ['$0', options(**k)], [r(2, 3, 4)])
    case('irfftn', c2r('irfftn', **k), ['$0', options(**k)], [z(2, 3, 4)])
case('fft2', c2c('fft2'), ['$0'], [z(2, 3, 4)])
case('ifft2', c2c('ifft2'), ['$0'], [z(2, 3, 4)])
case('rfft2', r2c('rfft2'), ['$0'], [r(2, 3, 5)])
case('irfft2', c2r('irfft2'), ['$0'], [z(2, 3, 4)])
case('fftn', c2c('fftn', s=(2, 4)), ['$0', {'s': [2, 4]}], [z(2, 3, 3)])

for n in [1, 2, 5, 8]:
    case('fftfreq', lambda: torch.fft.fftfreq(n, 0.5, dtype=f64), [n, 0.5, {'dtype': 'f64'}], [])
    case('rfftfreq', lambda: torch.fft.rfftfreq(n, 0.5, dtype=f64), [n, 0.5, {'dtype': 'f64'}], [])
for shape, dims in [((5,), None), ((4,), None), ((3, 4), None), ((3, 4), [1]), ((2, 3, 4), [0, 2])]:
    args = ['$0'] if dims is None else ['$0', dims]
    case('fftshift', lambda x: torch.fft.fftshift(x, dims), args, [r(*shape)])
    case('ifftshift', lambda x: torch.fft.ifftshift(x, dims), args, [r(*shape)])
case('fftshift', lambda x: R(torch.fft.fftshift(C(x))), ['$0', None, {'complex': True}], [z(3, 4)])
case('ifftshift', lambda x: R(torch.fft.ifftshift(C(x), 0)), ['$0', 0, {'complex': True}], [z(3, 4)])

# ---------------------------------------------------------------- complex numbers
case('complex', lambda x, y: R(torch.complex(x, y)), ['$0', '$1'], [r(2, 3), r(2, 3)])
case('polar', lambda x, y: R(torch.polar(x, y)), ['$0', '$1'], [pos(2, 3), r(2, 3)])
case('real', lambda x: C(x).real, ['$0'], [z(2, 3)])
case('imag', lambda x: C(x).imag, ['$0'], [z(2, 3)])
case('complexAbs', lambda x: C(x).abs(), ['$0'], [z(2, 3)])
case('complexAngle', lambda x: C(x).angle(), ['$0'], [z(2, 3)])
case('complexConj', lambda x: R(C(x).conj().resolve_conj()), ['$0'], [z(2, 3)])
case('complexMul', lambda x, y: R(C(x) * C(y)), ['$0', '$1'], [z(2, 3), z(3)])
case('complexDiv', lambda x, y: R(C(x) / C(y)), ['$0', '$1'], [z(2, 3), z(3)])
case('complexMatmul', lambda x, y: R(C(x) @ C(y)), ['$0', '$1'], [z(2, 2, 3), z(3, 4)])

# ---------------------------------------------------------------- windows, short-time transforms
for name, fn in [('hannWindow', torch.hann_window), ('hammingWindow', torch.hamming_window), ('blackmanWindow', torch.blackman_window),
                 ('bartlettWindow', torch.bartlett_window)]:
    for n in [0, 1, 2, 9]:
        for periodic in [True, False]:
            case(name, lambda: fn(n, periodic=periodic, dtype=f64), [n, {'periodic': periodic, 'dtype': 'f64'}], [])
case('hammingWindow', lambda: torch.hamming_window(8, True, 0.6, 0.4, dtype=f64), [8, {'alpha': 0.6, 'beta': 0.4, 'dtype': 'f64'}], [])


def stft(x, n, **k):
    return torch.stft(x, n, return_complex=False, **k)


names = {'hop_length': 'hopLength', 'win_length': 'winLength', 'pad_mode': 'padMode'}
for shape, n, k in [((20,), 8, {}), ((2, 20), 8, dict(hop_length=3)), ((20,), 8, dict(hop_length=4, center=False)), ((20,), 7, dict(hop_length=2, normalized=True)),
                    ((20,), 8, dict(onesided=False)), ((20,), 6, dict(pad_mode='constant')), ((20,), 6, dict(win_length=4))]:
    o = {names.get(a, a): v for a, v in k.items()}
    case('stft', lambda x: stft(x, n, **k), ['$0', n, o], [r(*shape)])
    w = k.get('win_length', n)
    case('stft', lambda x, w: stft(x, n, window=w, **k), ['$0', n, {**o, 'window': '$1'}], [r(*shape), torch.hann_window(w, dtype=f64) + 0.1])
for shape, n, k in [((20,), 8, {}), ((2, 20), 8, dict(hop_length=3)), ((20,), 7, dict(hop_length=2, normalized=True)), ((20,), 8, dict(onesided=False)),
                    ((20,), 8, dict(length=18)), ((20,), 8, dict(length=24)), ((20,), 8, dict(hop_length=4, center=False))]:
    o = {names.get(a, a): v for a, v in k.items()}
    a = {b: v for b, v in k.items() if b != 'length'}
    window = torch.hann_window(n, dtype=f64) + 0.1
    spectra = stft(r(*shape), n, window=window, **a)
    spectra = spectra + 0.1 * torch.randn_like(spectra)
    case('istft', lambda z, w: torch.istft(C(z), n, window=w, **k), ['$0', n, {**o, 'window': '$1'}], [spectra, window])
    case('istft', lambda z: torch.istft(C(z), n, **k), ['$0', n, o], [spectra])
save('ops-fft')
