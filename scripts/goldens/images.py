"""Writes pictures and what Pillow makes of them, for test/io/image.test.ts.

Run with Pillow and NumPy installed: python3 scripts/goldens/images.py
"""

import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

out = pathlib.Path(__file__).parents[2] / 'test' / 'io' / 'goldens'
out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(0)

y, x = np.mgrid[0:21, 0:29]
smooth = np.stack([x * 8, y * 12, 255 - x * 4 - y * 5], axis=-1).clip(0, 255).astype('u1')
noise = rng.integers(0, 256, (21, 29, 4), dtype='u1')


def chunk(kind, body):
    return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))


def png(width, height, depth, color, rows, interlace=False, extra=b''):
    """An encoder apart from Pillow's, for bit depths and interlacing that Pillow does not write. rows[y][x][channel]."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b''
    for x0, y0, dx, dy in passes if interlace else [(0, 0, 1, 1)]:
        for row in range(y0, height, dy):
            if x0 >= width:
                continue
            bits = ''.join(f'{s:0{depth}b}' for col in range(x0, width, dx) for s in rows[row][col])
            bits += '0' * (-len(bits) % 8)
            raw += b'\0' + int(bits, 2).to_bytes(len(bits) // 8, 'big')
    head = struct.pack('>IIBBBBB', width, height, depth, color, 0, 0, int(interlace))
    return (
        b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + extra + chunk(b'IDAT', zlib.compress(raw)) + chunk(b'IEND', b'')
    )


Image.fromarray(smooth).save(out / 'rgb.png')
Image.fromarray(noise).save(out / 'rgba.png')
Image.fromarray(noise[:, :, :2].copy(), 'LA').save(out / 'la.png')
Image.fromarray(smooth[:, :, 0].copy()).save(out / 'gray.png')
Image.fromarray(smooth).quantize(40).save(out / 'palette.png')
Image.fromarray(smooth).quantize(5).save(out / 'palette4.png', bits=4)
Image.fromarray(smooth[:, :, 0] > 100).save(out / 'bit1.png')
for depth in (1, 2, 4):
    rows = (noise[:13, :11, :1] >> (8 - depth)).tolist()
    (out / f'gray{depth}-adam7.png').write_bytes(png(11, 13, depth, 0, rows, True))
(out / 'rgb-adam7.png').write_bytes(png(29, 21, 8, 2, smooth.tolist(), True))
(out / 'tiny-adam7.png').write_bytes(png(1, 1, 8, 2, smooth[:1, :1].tolist(), True))
Image.fromarray(smooth).save(out / 'rgb.jpg', quality=95, subsampling=0)
Image.fromarray(smooth).save(out / 'rgb420.jpg', quality=90, subsampling=2)
Image.fromarray(smooth).save(out / 'progressive.jpg', quality=95, subsampling=0, progressive=True)
Image.fromarray(smooth[:, :, 0].copy()).save(out / 'gray.jpg', quality=95)

expected = {}
for path in sorted(out.glob('*.png')) + sorted(out.glob('*.jpg')):
    image = Image.open(path)
    if image.mode == 'P':
        image = image.convert('RGB')
    if image.mode == '1':
        image = image.convert('L')
    array = np.asarray(image)
    channels = 1 if array.ndim == 2 else array.shape[2]
    expected[path.name] = {
        'width': image.width,
        'height': image.height,
        'channels': channels,
        'data': array.astype('u1').tobytes().hex(),
        'gray': np.asarray(image.convert('RGB').convert('L') if channels > 2 else image.convert('L')).tobytes().hex(),
    }
resized = {}
for width, height in ((8, 8), (14, 21), (29, 5), (40, 33), (1, 1)):
    small = Image.open(out / 'rgb.png').resize((width, height), Image.BILINEAR)
    resized[f'{width}x{height}'] = small.tobytes().hex()
(out / 'images.json').write_text(json.dumps({'decoded': expected, 'resized': resized}))
