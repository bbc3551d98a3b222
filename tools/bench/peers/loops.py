# SPDX-License-Identifier: BSD-2-Clause
"""What libasync does in C, in Python: loops.py asyncio|uvloop BENCH."""

import asyncio
import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter


def time_of(work, count, seconds):
    print(f"{work}\tns\t{seconds * 1e9 / count:.3f}")


async def switch_among(count, switches):
    async def switcher():
        for _ in range(switches // count):
            await asyncio.sleep(0)

    start = perf_counter()
    tasks = [asyncio.create_task(switcher()) for _ in range(count)]
    for task in tasks:
        await task
    time_of(f"switch among {count} tasks", switches, perf_counter() - start)


async def switch():
    await switch_among(2, 50000)
    await switch_among(1000, 100000)


async def nothing():
    pass


async def create():
    count, crowd = 20000, 1000
    start = perf_counter()
    for _ in range(count):
        await asyncio.create_task(nothing())
    time_of("create, run and join, one at a time", count, perf_counter() - start)
    start = perf_counter()
    for _ in range(count // crowd):
        tasks = [asyncio.create_task(nothing()) for _ in range(crowd)]
        for task in tasks:
            await task
    time_of("create 1000, run all, join all, each", count, perf_counter() - start)


async def future():
    count = 30000
    futures = [None, None]

    def set_result(which):
        if futures[which]:
            futures[which].set_result(1)
        futures[which] = None

    async def one_of_two(mine):
        for _ in range(count // 2):
            awaited = futures[mine] = asyncio.get_running_loop().create_future()
            set_result(1 - mine)
            await awaited
        set_result(1 - mine)

    start = perf_counter()
    tasks = [asyncio.create_task(one_of_two(i)) for i in range(2)]
    for task in tasks:
        await task
    time_of("future, set by a task", count, perf_counter() - start)


async def timer():
    count = 20000
    loop = asyncio.get_running_loop()
    hour = loop.time() + 3600
    for pending in 1000, 100000:
        waiting = [loop.call_at(hour + random.random(), int) for _ in range(pending)]
        start = perf_counter()
        for _ in range(count):
            loop.call_at(hour + random.random(), int).cancel()
        time_of(f"timer, arm and cancel, {pending} pending", count, perf_counter() - start)
        for handle in waiting:
            handle.cancel()


async def tell_port_and_serve(server):
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def echo():
    async def serve(reader, writer):
        while data := await reader.read(16384):
            writer.write(data)
            await writer.drain()
        writer.close()

    await tell_port_and_serve(await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096))


async def protocol():
    class Echo(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport

        def data_received(self, data):
            self.transport.write(data)

    loop = asyncio.get_running_loop()
    await tell_port_and_serve(await loop.create_server(Echo, "127.0.0.1", 0, backlog=4096))


async def subprocess():
    count = 100
    child = os.environ.get("BENCH_CHILD", "/bin/true")
    start = perf_counter()
    for _ in range(count):
        process = await asyncio.create_subprocess_exec(child)
        await process.wait()
    rate = count / (perf_counter() - start)
    print(f"subprocess, spawn and wait\t1/s\t{rate:.1f}")


async def executor():
    count = 2000
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as threads:
        start = perf_counter()
        for _ in range(count):
            await loop.run_in_executor(threads, int)
        time_of("executor, round trip", count, perf_counter() - start)


if sys.argv[1] == "uvloop":
    import uvloop

    uvloop.install()
asyncio.run(globals()[sys.argv[2]]())
