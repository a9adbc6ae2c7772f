/**
 * Node's own event loop, libuv, seen from outside: enough to let it be a guest in ours (`loop/node-loop.ts`).
 *
 *   const node = nodeLoop(onPrepare)   handles are made; nothing runs yet
 *   node.backendFd                     readable when libuv has something to do
 *   node.backendTimeout()              ms that Node may sleep; 0: it has work now; -1: for ever
 *   node.start() / node.stop()         `onPrepare` is called once per turn of libuv, before it would sleep
 *   node.pollWithoutSleeping(yes)      makes libuv's next turn look at its descriptors without blocking
 *   node.reference(yes)                whether our loop keeps the process alive
 *
 * The prepare handle calls us; an idle handle, when started, makes libuv's own poll return at once. Its callback is a
 * native function without effect, so an idle turn enters no JavaScript.
 *
 * When the thread's environment goes down (a worker is terminated, process.exit()), JavaScript can no longer be called:
 * hooks of Node-API stop both handles then, and the handles are marked internal so that Node does not count them as
 * left open by a user.
 */

import { addressOf, allocate, bind, callback, napiEnv } from './ffi.ts'

/** `uv_handle_type` in uv.h; the numbers are part of libuv 1's ABI. */
const UV_IDLE = 6
const UV_PREPARE = 9

/**
 * `flags` of `struct uv_handle_s` and UV_HANDLE_INTERNAL, in libuv 1.46 to 1.52 on 64-bit Linux (uv.h: data, loop, type,
 * close_cb, handle_queue[2], u.reserved[4], next_closing, flags).
 */
const HANDLE_FLAGS_AT = 88
const HANDLE_INTERNAL = 0x10

interface Uv {
  napi_get_uv_event_loop(env: number, out: Uint8Array): number
  napi_add_env_cleanup_hook(env: number, f: number, argument: number): number
  uv_handle_size(type: number): number
  uv_prepare_init(loop: number, handle: number): number
  uv_prepare_start(handle: number, f: number): number
  uv_prepare_stop(handle: number): number
  uv_idle_init(loop: number, handle: number): number
  uv_idle_start(handle: number, f: number): number
  uv_idle_stop(handle: number): number
  uv_ref(handle: number): void
  uv_unref(handle: number): void
  uv_backend_fd(loop: number): number
  uv_backend_timeout(loop: number): number
  uv_update_time(loop: number): void
}

/** One row per function of uv.h and node_api.h, all exported by the node executable. */
const PROTOTYPES: Readonly<Record<keyof Uv, string>> = {
  napi_get_uv_event_loop: 'int napi_get_uv_event_loop(int64_t env, void *out)',
  napi_add_env_cleanup_hook: 'int napi_add_env_cleanup_hook(int64_t env, int64_t f, int64_t argument)',
  uv_handle_size: 'size_t uv_handle_size(int type)',
  uv_prepare_init: 'int uv_prepare_init(int64_t loop, int64_t handle)',
  uv_prepare_start: 'int uv_prepare_start(int64_t handle, int64_t f)',
  uv_prepare_stop: 'int uv_prepare_stop(int64_t handle)',
  uv_idle_init: 'int uv_idle_init(int64_t loop, int64_t handle)',
  uv_idle_start: 'int uv_idle_start(int64_t handle, int64_t f)',
  uv_idle_stop: 'int uv_idle_stop(int64_t handle)',
  uv_ref: 'void uv_ref(int64_t handle)',
  uv_unref: 'void uv_unref(int64_t handle)',
  uv_backend_fd: 'int uv_backend_fd(int64_t loop)',
  uv_backend_timeout: 'int uv_backend_timeout(int64_t loop)',
  uv_update_time: 'void uv_update_time(int64_t loop)',
}

export interface LibuvLoop {
  readonly backendFd: number
  /** Asks anew each time: libuv's clock is brought up to date first. */
  backendTimeout(): number
  start(): void
  stop(): void
  pollWithoutSleeping(yes: boolean): void
  reference(yes: boolean): void
}

/** The event loop of this thread: the main one, or a worker's. */
function currentLoop(uv: Uv): number {
  const out = Buffer.alloc(8)
  const status = uv.napi_get_uv_event_loop(napiEnv, out)
  if (status !== 0) throw new Error(`napi_get_uv_event_loop failed with status ${status}`)
  return Number(out.readBigUInt64LE(0))
}

/**
 * @param onPrepare must not throw: an exception would be swallowed on its way through C
 */
export function nodeLoop(onPrepare: () => void): LibuvLoop {
  const uv = Object.fromEntries(Object.entries(PROTOTYPES).map(([n, p]) => [n, bind(p)])) as unknown as Uv
  const loop = currentLoop(uv)
  const handleOf = (type: number, init: (loop: number, handle: number) => number, stop: string): number => {
    const { address, bytes } = allocate(Number(uv.uv_handle_size(type)))
    init(loop, address)
    bytes.writeUInt32LE(bytes.readUInt32LE(HANDLE_FLAGS_AT) | HANDLE_INTERNAL, HANDLE_FLAGS_AT)
    uv.napi_add_env_cleanup_hook(napiEnv, addressOf(stop), address)
    return address
  }
  const prepare = handleOf(UV_PREPARE, uv.uv_prepare_init, 'uv_prepare_stop')
  const idle = handleOf(UV_IDLE, uv.uv_idle_init, 'uv_idle_stop')
  const onPrepareAddress = callback('void veille_on_prepare(int64_t handle)', onPrepare)
  const nothing = addressOf('uv_is_active')
  uv.uv_unref(idle)
  return {
    backendFd: uv.uv_backend_fd(loop),
    backendTimeout() {
      uv.uv_update_time(loop)
      return uv.uv_backend_timeout(loop)
    },
    start() {
      uv.uv_prepare_start(prepare, onPrepareAddress)
    },
    stop() {
      uv.uv_idle_stop(idle)
      uv.uv_prepare_stop(prepare)
    },
    pollWithoutSleeping(yes) {
      if (yes) uv.uv_idle_start(idle, nothing)
      else uv.uv_idle_stop(idle)
    },
    reference(yes) {
      if (yes) uv.uv_ref(prepare)
      else uv.uv_unref(prepare)
    },
  }
}
