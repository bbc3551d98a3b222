# SPDX-License-Identifier: BSD-2-Clause
"""
Makes up small programs of tasks, futures and callbacks, has CPython's asyncio run them, and writes
down both, for test_asyncio_programs.c to compare:

    python3 tests/asyncio_programs.py > tests/asyncio_programs.txt

A line is a word and a number. Those of a task's body are indented, and a "!" has the task end if
that step fails. After each iteration of the loop, "=" is the journal of what has happened in it.
"""
import asyncio
import random

PROGRAMS = 150
FUTURES = 4
WAITS = ["yield", "future", "task", "gather"]
ACTIONS = ["cancel", "set", "fail", "drop", "soon", "at", "watch"]
ENDS = ["return", "raise", "quit"]


class Program:
    def __init__(self, source):
        self.source = source
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(lambda *_: None)
        self.futures = [self.loop.create_future() for _ in range(FUTURES)]
        self.tasks = []
        self.journal = []

    def note(self, name, result=0):
        text = f"={int(result)}" if result else ""
        self.journal.append(name + text)

    def note_failure(self, name, error):
        cancelled = isinstance(error, asyncio.CancelledError)
        self.journal.append(name + ("!ECANCELED" if cancelled else "!EIO"))

    def note_done(self, name, future):
        if future.cancelled():
            self.note_failure(name, asyncio.CancelledError())
        elif future.exception():
            self.note_failure(name, future.exception())
        else:
            self.note(name, future.result())

    def act(self, who, word, number):
        """What does not wait."""
        name = f"{who}.{word}"
        future = self.futures[number % FUTURES]
        if word == "cancel" and number < len(self.tasks):
            self.note(name, self.tasks[number].cancel())
        elif word in ("set", "fail"):
            self.note(name, not future.done())
            if not future.done() and word == "set":
                future.set_result(number)
            elif not future.done():
                future.set_exception(OSError())
        elif word == "drop":
            self.note(name, future.cancel())
        elif word == "soon":
            self.loop.call_soon(self.note, name)
        elif word == "at":
            self.loop.call_at(number / 1e9, self.note, name)
        elif word == "watch":
            future.add_done_callback(lambda done: self.note_done(name, done))

    async def wait(self, word, number):
        if word == "yield":
            return await asyncio.sleep(0)
        if word == "future":
            return await self.futures[number % FUTURES]
        if word == "task":
            return await self.tasks[number]
        await asyncio.gather(*self.tasks[number : number + 3])

    async def body(self, who, steps):
        for word, number, strict in steps:
            if word == "return":
                return number
            if word == "raise":
                raise OSError
            if word == "quit":
                raise asyncio.CancelledError
            if word not in WAITS:
                self.act(who, word, number)
                continue
            try:
                self.note(f"{who}.{word}", await self.wait(word, number))
            except (asyncio.CancelledError, OSError) as error:
                self.note_failure(f"{who}.{word}", error)
                if strict:
                    raise
        return 0

    def start(self, steps):
        who = len(self.tasks)
        task = self.loop.create_task(self.body(who, steps))
        task.add_done_callback(lambda done: self.note_done(f"{who}.end", done))
        self.tasks.append(task)

    def run(self):
        for word, what in self.source:
            print(word, what if word != "task" else 0)
            if word == "task":
                self.start(what)
                for step in what:
                    print("\t%s %d%s" % (step[0], step[1], " !" if step[2] else ""))
            elif word == "iterate":
                self.loop.stop()
                self.loop.run_forever()
                print("=", *self.journal)
                self.journal.clear()
            else:
                self.act("main", word, what)
        for task in self.tasks:
            task._log_destroy_pending = False
        self.loop.close()


class Author:
    """Makes up one program. The numbers of timers differ: asyncio does not order equal times."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.tasks = 0
        self.times = self.random.sample(range(1, 1000), 300)

    def number(self, word):
        if word == "at":
            return self.times.pop()
        if word == "cancel":
            return self.random.randrange(self.tasks + 2)
        return self.random.randrange(1, 20)

    def step(self):
        word = self.random.choice(WAITS * 4 + ACTIONS * 2 + ["cancel"] * 3 + ENDS)
        number = self.number(word)
        # A task waits for earlier ones only, lest they wait in a circle.
        if word == "task" and self.tasks:
            number = self.random.randrange(self.tasks)
        elif word == "gather" and self.tasks > 2:
            number = self.random.randrange(self.tasks - 2)
        elif word in ("task", "gather"):
            word = "yield"
        return word, number, word in WAITS and self.random.random() < 0.6

    def write(self):
        for _ in range(self.random.randrange(5, 30)):
            word = self.random.choice(["iterate"] * 6 + ["task"] * 6 + ["cancel"] * 3 + ACTIONS)
            if word == "task":
                yield word, [self.step() for _ in range(self.random.randrange(6))]
                self.tasks += 1
            else:
                yield word, 0 if word == "iterate" else self.number(word)
        for _ in range(6):
            yield "iterate", 0


for seed in range(PROGRAMS):
    print("program", seed)
    Program(Author(seed).write()).run()
