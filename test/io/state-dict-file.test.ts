/**
 * Tensors through files and back, bit for bit, in every dtype.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DataError } from '../../src/core/errors.js'
import { loadImage, savePng } from '../../src/io/image-file.js'
import { loadNpy, loadNpz, saveNpy, saveNpz } from '../../src/io/npy-file.js'
import {
  loadSafetensors,
  saveSafetensors,
  stateDictFromBytes,
  stateDictToBytes,
} from '../../src/io/state-dict-file.js'
import { arrayOfTensor } from '../../src/io/tensor-arrays.js'
import { tensor } from '../../src/tensor/creation.js'
import type { Tensor } from '../../src/tensor/tensor.js'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainrule-state-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const all = (): Record<string, Tensor> => ({
  'a.weight': tensor([
    [1.5, -2],
    [3, Number.NaN],
  ]),
  'a.bias': tensor([1, 2, 3]).add(0.5), // computed when it is saved
  f64: tensor(Float64Array.of(Math.PI)),
  f16: tensor(Uint16Array.of(0x3c00, 0x7e01, 0x8000), { dtype: 'f16' }),
  bf16: tensor(Uint16Array.of(0x3f80, 0x7fc1, 0x8000), { dtype: 'bf16' }),
  i32: tensor(Int32Array.of(-(2 ** 31), 7)),
  i64: tensor(BigInt64Array.of(-(2n ** 63n), 7n)),
  u8: tensor(Uint8Array.of(0, 255)),
  bool: tensor([true, false]),
  scalar: tensor(4),
})

it('safetensors', () => {
  const path = join(folder, 'model.safetensors')
  const saved = all()
  saveSafetensors(path, saved)
  for (const loaded of [loadSafetensors(path), stateDictFromBytes(stateDictToBytes(saved)).tensors]) {
    expect(Object.keys(loaded).sort()).toEqual(Object.keys(saved).sort())
    for (const name of Object.keys(saved))
      expect(arrayOfTensor(loaded[name])).toEqual(arrayOfTensor(saved[name]))
  }
  expect({ ...stateDictFromBytes(stateDictToBytes(saved)).metadata }).toEqual({ format: 'pt' })
})

it('a loaded tensor does not change with the bytes it came from', async () => {
  const bytes = stateDictToBytes({ a: tensor([1, 2]) })
  const { tensors } = stateDictFromBytes(bytes)
  bytes.fill(0)
  expect(await tensors.a.data()).toEqual(Float32Array.of(1, 2))
})

it('npy and npz', async () => {
  const { bf16, ...saved } = all()
  const path = join(folder, 'a.npz')
  for (const compress of [false, true]) {
    saveNpz(path, saved, { compress })
    const loaded = loadNpz(path)
    for (const name of Object.keys(saved))
      expect(arrayOfTensor(loaded.get(name)!)).toEqual(arrayOfTensor(saved[name]))
  }
  saveNpy(join(folder, 'a.npy'), saved['a.bias'])
  expect(await loadNpy(join(folder, 'a.npy')).data()).toEqual(Float32Array.of(1.5, 2.5, 3.5))
  expect(() => saveNpy(join(folder, 'b.npy'), bf16)).toThrow(/dtype that NumPy has, got bf16/)
})

it('pictures', () => {
  const image = { width: 2, height: 2, channels: 1, data: Uint8Array.of(0, 80, 160, 255) }
  const path = join(folder, 'a.png')
  savePng(path, image)
  expect(loadImage(path)).toEqual(image)
  writeFileSync(path, 'text')
  expect(() => loadImage(path)).toThrow(DataError)
  expect(() => loadImage(path)).toThrow(/a.png': Expected a PNG or JPEG/)
})
