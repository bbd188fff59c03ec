/**
 * Atomic writing: whatever fails, the old file stays and no temporary file is left; errors name the path and a way out.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { DataError } from '../../src/core/errors.js'
import { atomicWrite } from '../../src/io/atomic-write.js'
import { readFile } from '../../src/io/read-file.js'

let folder = ''
let path = ''
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'chainrule-atomic-'))
  path = join(folder, 'file.bin')
})
afterEach(() => {
  vi.restoreAllMocks()
  fs.rmSync(folder, { recursive: true })
})

const refuse = (code: string) => () => {
  throw Object.assign(new Error(`${code}: refused`), { code })
}

it('writes whole and piecewise content, keeping mode and link', () => {
  atomicWrite(path, Uint8Array.of(1, 2))
  expect([...readFile(path)]).toEqual([1, 2])
  fs.chmodSync(path, 0o640)
  const link = join(folder, 'link')
  fs.symlinkSync(path, link)
  atomicWrite(link, (write) => {
    write(Uint8Array.of(3))
    expect([...readFile(path)]).toEqual([1, 2])
    write(Uint8Array.of(4, 5))
  })
  expect([...readFile(path)]).toEqual([3, 4, 5])
  expect(fs.lstatSync(link).isSymbolicLink()).toBe(true)
  expect(fs.statSync(path).mode & 0o777).toBe(0o640)
  expect(fs.readdirSync(folder).sort()).toEqual(['file.bin', 'link'])
})

it.each([
  ['openSync', 'EACCES', /Permission was refused/],
  ['writeSync', 'ENOSPC', /The disk is full/],
  ['fsyncSync', 'EIO', /Check the path and the disk/],
  ['renameSync', 'EPERM', /Permission was refused/],
] as const)('a failing %s (%s) leaves the old file', (call, code, hint) => {
  fs.writeFileSync(path, 'old')
  const spy = vi.spyOn(fs, call).mockImplementation(refuse(code))
  let thrown: unknown
  try {
    atomicWrite(path, new Uint8Array(100))
  } catch (error) {
    thrown = error
  }
  expect(spy).toHaveBeenCalled()
  vi.restoreAllMocks()
  expect(thrown).toBeInstanceOf(DataError)
  expect(String(thrown)).toContain(`'${path}': ${code}`)
  expect(String(thrown)).toMatch(hint)
  expect(fs.readFileSync(path, 'utf8')).toBe('old')
  expect(fs.readdirSync(folder)).toEqual(['file.bin'])
})

it('goes on after a partial write', () => {
  const write = fs.writeSync as (fd: number, bytes: Uint8Array, offset: number, length: number) => number
  vi.spyOn(fs, 'writeSync').mockImplementation(((
    fd: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ) => write(fd, bytes, offset, Math.min(length, 3))) as typeof fs.writeSync)
  atomicWrite(
    path,
    Uint8Array.from({ length: 10 }, (_, i) => i),
  )
  expect([...readFile(path)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

it('a full disk leaves the old file', (context) => {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status === 0
  if (!mounted) return context.skip('mounting a small file system is not allowed here')
  try {
    fs.writeFileSync(path, 'old')
    expect(() => atomicWrite(path, new Uint8Array(200_000))).toThrow(/ENOSPC. The disk is full/)
    expect(fs.readFileSync(path, 'utf8')).toBe('old')
    expect(fs.readdirSync(folder)).toEqual(['file.bin'])
  } finally {
    spawnSync('umount', [folder])
  }
})

it('names what is wrong with a path', () => {
  expect(() => atomicWrite(join(folder, 'none', 'a'), new Uint8Array(1))).toThrow(
    /ENOENT. The folder does not exist/,
  )
  fs.writeFileSync(path, 'file')
  expect(() => atomicWrite(join(path, 'a'), new Uint8Array(1))).toThrow(/ENOTDIR/)
  expect(() => readFile(join(folder, 'none'))).toThrow(/Could not read/)
  expect(() => readFile(path, { maxBytes: 3 })).toThrow(/has 4 bytes, more than the 3/)
})
