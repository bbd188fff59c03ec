/** A small web server for tests: files of a folder, and pages given as text, with or without isolation. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.map': 'application/json',
}

export interface Site {
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves `mounts` (URL prefixes and the folders behind them) and `pages` on a free port of this machine. `isolated`
 * sends the two headers without which browsers refuse shared memory.
 */
export async function serve(
  mounts: Readonly<Record<string, string>>,
  pages: Readonly<Record<string, string>>,
  isolated: boolean,
): Promise<Site> {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
    }
    response.setHeader('Content-Type', types[extname(path)] ?? 'text/html; charset=utf-8')
    const prefix = Object.keys(mounts).find((candidate) => path.startsWith(candidate))
    try {
      const body =
        pages[path] ??
        (prefix === undefined ? null : await readFile(join(mounts[prefix], path.slice(prefix.length))))
      response.statusCode = body === null ? 404 : 200
      response.end(body ?? 'not found')
    } catch {
      response.statusCode = 404
      response.end('not found')
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
