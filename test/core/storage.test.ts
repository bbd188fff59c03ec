/** Where the bytes of a value lie: results begin at cache lines, and what is changed in place stays. */
import { expect, it } from 'vitest'
import { alignedFrom, residencyChanges, Storage } from '../../src/core/storage.js'
import { lineBytes } from '../../src/core/take-line.js'

/** Memory whose arrays begin 16 bytes after a line, as those of a C library do. */
function memory() {
  const addresses = new Map<ArrayBuffer, number>()
  let next = 2 ** 40 + 16
  return (buffer: ArrayBuffer): number => {
    if (!addresses.has(buffer)) {
      addresses.set(buffer, next)
      next += Math.ceil((buffer.byteLength + 64) / 64) * 64
    }
    return addresses.get(buffer)!
  }
}

const large = alignedFrom / 4

it('a large result begins at a line, and is read where it was written', () => {
  const locate = memory()
  const s = new Storage('f32', large)
  const address = s.addressToWrite(locate)
  expect(address % lineBytes).toBe(0)
  expect(s.addressToRead(locate)).toBe(address)
  expect(s.addressToWrite(locate)).toBe(address)
  const array = s.write() as Float32Array
  expect(array.length).toBe(large)
  expect(locate(array.buffer as ArrayBuffer) + array.byteOffset).toBe(address)
})

it('what is changed where it lies stays there, with its content', () => {
  const locate = memory()
  const values = Float32Array.from({ length: large }, (_, i) => i)
  const s = new Storage('f32', large, values.buffer)
  expect(s.addressToUpdate(locate)).toBe(locate(values.buffer))
  expect(s.array()).toEqual(values)
})

it('what is written anew leaves a place that is no line, and says so', () => {
  const locate = memory()
  const s = new Storage('f32', large, new ArrayBuffer(4 * large))
  const old = s.addressToRead(locate)
  expect(old % lineBytes).toBe(16)
  const before = residencyChanges
  const address = s.addressToWrite(locate)
  expect(address).not.toBe(old)
  expect(address % lineBytes).toBe(0)
  expect(residencyChanges).toBe(before + 1)
  expect(s.addressToRead(locate)).toBe(address)
  expect(s.addressToWrite(locate)).toBe(address)
  expect(residencyChanges).toBe(before + 1)
})

it('a small result stays where it is', () => {
  const locate = memory()
  const values = Float32Array.of(1, 2, 3)
  const s = new Storage('f32', 3, values.buffer)
  expect(s.addressToWrite(locate)).toBe(locate(values.buffer))
})

it('results of a line share an ArrayBuffer, each at a line of its own, and keep their values', () => {
  const locate = memory()
  const results = Array.from({ length: 100 }, (_, i) => {
    const s = new Storage('f32', 1 + (i % 16))
    const address = s.addressToWrite(locate)
    expect(address % lineBytes).toBe(0)
    const array = s.write() as Float32Array
    expect(array.length).toBe(1 + (i % 16))
    expect(locate(array.buffer as ArrayBuffer) + array.byteOffset).toBe(address)
    array.fill(i)
    return { s, address, array }
  })
  expect(new Set(results.map(({ address }) => address)).size).toBe(100)
  expect(new Set(results.map(({ array }) => array.buffer)).size).toBe(2)
  results.forEach(({ s, address }, i) => {
    expect(s.addressToWrite(locate)).toBe(address)
    expect(s.addressToRead(locate)).toBe(address)
    expect(Array.from(s.array() as Float32Array)).toEqual(new Array(1 + (i % 16)).fill(i))
  })
})

it('who finds memory elsewhere gets lines of its own', () => {
  const here = memory()
  const first = new Storage('f32', 1)
  first.addressToWrite(here)
  const there = memory()
  const second = new Storage('f32', 1)
  const address = second.addressToWrite(there)
  const { buffer, byteOffset } = second.write()
  expect(there(buffer as ArrayBuffer) + byteOffset).toBe(address)
  expect(buffer).not.toBe(first.write().buffer)
})

it('more than a line, or nothing, has an ArrayBuffer of its own', () => {
  const locate = memory()
  for (const size of [0, 17, 1000]) {
    const s = new Storage('f32', size)
    s.addressToWrite(locate)
    expect(s.write().buffer.byteLength).toBe(4 * size)
  }
})

it('a device that wrote a newer value is asked for it, wherever the bytes lay', () => {
  const locate = memory()
  const s = new Storage('f32', large)
  s.addressToWrite(locate)
  let released = 0
  s.writtenOnDevice({
    owner: {},
    download: (into) => into.fill(1),
    release: () => released++,
  })
  expect(s.bytes().every((byte) => byte === 1)).toBe(true)
  expect(s.addressToUpdate(locate)).toBe(s.addressToRead(locate))
  expect(released).toBe(1)
  expect(s.bytes().every((byte) => byte === 1)).toBe(true)
  expect(s.addressToWrite(locate) % lineBytes).toBe(0)
})
