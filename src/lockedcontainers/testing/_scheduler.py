"""One run of a small program under one schedule.

The threads are real, but each waits at a lock of its own, its baton, and one at a time is let go. What the program asks
of :mod:`lockedcontainers._sync`, :mod:`threading` and :mod:`time` meanwhile is answered here: a lock is a flag and a
holder, time is a number. Whenever a thread is about to touch one of them it first asks who runs next. A thread that
waits for a lock is let go only when it can have it, so a deadlock is simply that nobody can be let go.
"""

from __future__ import annotations

import _thread
import dis
import enum
import gc
import itertools
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any, Final, Generic, Self, TypeVar, cast

from lockedcontainers import _sync

T = TypeVar("T")

_real_lock: Final = _thread.allocate_lock
_real_rlock: Final = threading.RLock
_real_ident: Final = _thread.get_ident
_real_monotonic: Final = time.monotonic
_real_sleep: Final = time.sleep
_real_step: Final = _sync.step

#: The text of a row for an instruction; its line says more.
INSTRUCTION: Final = "instruction"

#: After so many seconds without a switch point, a thread is taken to wait for something the explorer does not rule.
STALL_SECONDS = 10.0
INSISTENT = 3  # times that a thread is told to end; then it is let through


@dataclass(frozen=True, kw_only=True)
class Program(Generic[T]):
    """What to explore: ``setup`` makes an object, each thread is a function of it, ``check`` looks at it afterwards.

    A run fails if a thread or the check raises, if nobody can go on, or if it takes more than ``max_steps``.

    Threads are switched where they use a lock, a condition, a queue, or sleep. ``instructions_of`` names functions,
    classes or modules within which they are also switched between instructions, wherever one touches what another
    thread may see. Locks are recognised in the modules of all these; ``modules`` names more.

    A wait with a timeout, or a sleep, ends at any moment if nobody else can go on, and ``early_timeouts`` times in
    each run even if somebody can. Up to ``interrupts`` waits in each run are ended by a ``KeyboardInterrupt``.
    """

    setup: Callable[[], T]
    threads: Sequence[Callable[[T], object]]
    check: Callable[[T], object] | None = None
    instructions_of: Sequence[object] = ()
    modules: Sequence[ModuleType] = ()
    early_timeouts: int = 1
    interrupts: int = 0
    max_steps: int = 10_000
    #: The source that assigns the program to the name ``program``, for the script of a failure.
    source: str = ""


class Wake(enum.Enum):
    """How a thread is let go."""

    RUN = "runs"
    TIMEOUT = "times out"
    INTERRUPT = "is interrupted"


#: Picks one of the options, given as ways to let threads go. The first ``free`` of them preempt nobody.
Choose = Callable[[Sequence[tuple[Wake, int]], int], int]


@dataclass(frozen=True, slots=True)
class Row:
    """Something a thread did, and where."""

    thread: int
    text: str
    place: tuple[str, int] | None


class Abandoned(BaseException):
    """Unwinds a thread of a run that is over."""


class Task:
    """A thread of the program."""

    __slots__ = ("baton", "deadline", "done", "ident", "index", "interrupted", "unwound", "wake", "wants")

    def __init__(self, index: int, worker: _Worker) -> None:
        self.index: Final = index
        self.baton: Final = worker.baton
        self.ident: Final = worker.ident
        self.wants: Lock | None = None
        self.deadline: float | None = None
        self.wake = Wake.RUN
        self.interrupted = False
        self.done = False
        self.unwound = 0


class Run:
    """One run, from setup to check."""

    def __init__(self, scheduler: Scheduler, choose: Choose, *, traced: bool) -> None:
        self.program: Final = scheduler.program
        self.scheduler: Final = scheduler
        self.choose: Final = choose
        self.rows: list[Row] | None = [] if traced else None
        self.failure: str | None = None
        self.error: BaseException | None = None  # the explorer's own, not the program's
        self.steps = 0
        self.clock = 1000.0
        self.locks = itertools.count(1)
        self.current: Task | None = None
        self.over = False
        self.tasks = [Task(index, worker) for index, worker in enumerate(scheduler.workers)]
        self.undone = len(self.tasks)
        self.early_timeouts = self.program.early_timeouts
        self.interrupts = self.program.interrupts
        self.target: Any = None

    # ---- in the thread that explores

    def execute(self) -> None:
        self.target = self.program.setup()
        for worker, task in zip(self.scheduler.workers, self.tasks, strict=True):
            worker.job = self.body(task)
        try:
            first = self.next(None)
            assert first is not None
            self.give(first)
            self.come_home()
        finally:
            self.abandon()
        if self.error is not None:
            raise self.error
        if self.failure is None and self.program.check is not None:
            try:
                self.program.check(self.target)
            except Exception as error:  # noqa: BLE001 - what a check raises is what it found
                self.failure = f"the check failed: {_described(error)}"

    def come_home(self) -> None:
        """Wait until no thread of the program runs."""
        steps = -1
        while not self.scheduler.home.acquire(timeout=STALL_SECONDS):
            if steps == self.steps and self.current is not None:
                self.scheduler.stalled = True
                frame = sys._current_frames().get(self.current.ident)
                raise RuntimeError(
                    f"thread {self.current.index} reached no switch point for {STALL_SECONDS:g} seconds, at "
                    f"{_places(frame)}. If it waits there for a lock, that lock was not made by setup(), "
                    "or it was made through a name of another module: give that as modules=."
                )
            steps = self.steps
        self.current = None

    def abandon(self) -> None:
        """Unwind the threads that are left, one after the other."""
        self.over = True
        if self.scheduler.stalled:
            return
        if self.current is not None:  # an exception such as KeyboardInterrupt left it running
            self.come_home()
        for task in self.tasks:
            if not task.done:
                self.give(task)
                self.come_home()

    # ---- in the threads of the program

    def body(self, task: Task) -> Callable[[], None]:
        def run() -> None:
            try:
                if not self.over:
                    self.note(f"starts {_name(self.program.threads[task.index])}")
                    with self.scheduler.traced():
                        self.program.threads[task.index](self.target)
            except Abandoned:
                pass
            except BaseException as error:  # noqa: BLE001 - any exception is a finding
                if not (task.interrupted and isinstance(error, KeyboardInterrupt)):
                    self.fail(f"thread {task.index} raised {_described(error)}")
            task.done = True
            self.undone -= 1
            following = None if self.over or not self.undone else self.next(task)
            if following is not None:
                self.give(following)
            else:
                self.scheduler.home.release()

        return run

    def caller(self) -> Task | None:
        """Return the thread of the program that calls, or None for the thread that explores."""
        task = self.current
        ident = _real_ident()
        if task is not None and ident == task.ident:
            return task
        if ident == self.scheduler.ident:
            return None
        raise RuntimeError("a lock of an explored program was used by a thread that the explorer did not start")

    def pause(self, doing: str = "") -> None:
        """Let another thread run before the caller does something, if that is the schedule."""
        task = self.caller()
        if task is None:
            return
        if self.over:
            self.unwind(task)
            return
        self.steps += 1
        if self.steps > self.program.max_steps:
            self.fail(f"thread {task.index} is still running after {self.program.max_steps} steps")
            raise Abandoned
        if self.undone > 1:
            self.hand_over(task)
        if doing:
            self.note(doing)

    def wait(self, task: Task, lock: Lock, timeout: float) -> bool:
        """Wait until the lock is free, and return False if the timeout expired first."""
        if self.over:
            self.unwind(task)
            return True
        task.wants = lock
        task.deadline = None if timeout < 0 else self.clock + timeout
        self.note("waits for", lock)
        self.hand_over(task)
        task.wants = task.deadline = None
        if task.wake is not Wake.RUN:
            self.note(task.wake.value)
        if task.wake is Wake.INTERRUPT:
            task.interrupted = True
            raise KeyboardInterrupt
        return task.wake is Wake.RUN

    def unwind(self, task: Task) -> None:
        """End a thread of a run that is over. One that goes on, to leave a lock as it must, is let through."""
        task.unwound += 1
        if task.unwound <= INSISTENT:
            raise Abandoned

    def hand_over(self, task: Task) -> None:
        """Let the next thread go, and return when it is ``task`` again."""
        following = self.next(task)
        if following is None:
            raise Abandoned
        if following is not task:
            self.give(following)
            task.baton.acquire()
            if self.over:
                raise Abandoned

    def give(self, task: Task) -> None:
        self.current = task
        task.baton.release()

    def next(self, task: Task | None) -> Task | None:
        """Choose who runs next, ``task`` being the one that ran last, or return None if the run is over."""
        runnable: list[tuple[Wake, int]] = []
        waiting: list[Task] = []
        if task is not None and not task.done and task.wants is None:
            runnable.append((Wake.RUN, task.index))
        free = len(runnable)
        for other in self.tasks:
            if other.done:
                continue
            if other.wants is not None and other.wants.holder is not None:
                waiting.append(other)
            elif other is not task or not free:
                runnable.append((Wake.RUN, other.index))
        options = runnable
        if waiting:
            if not runnable or self.early_timeouts:
                options = options + [(Wake.TIMEOUT, other.index) for other in waiting if other.deadline is not None]
            if self.interrupts:
                options = options + [(Wake.INTERRUPT, other.index) for other in waiting]
        if not options:
            self.fail("nobody can go on:\n" + "\n".join([f"  {self.stuck(other)}" for other in waiting]))
            return None
        free = free or len(runnable) or len(options)
        chosen = 0
        if len(options) > 1:
            try:
                chosen = self.choose(options, free)
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that explores
                self.error = error
                self.over = True
                return None
        wake, index = options[chosen]
        following = self.tasks[index]
        following.wake = wake
        if wake is Wake.TIMEOUT:
            self.early_timeouts -= bool(runnable)
            assert following.deadline is not None
            self.clock = max(self.clock, following.deadline)
        self.interrupts -= wake is Wake.INTERRUPT
        return following

    def fail(self, message: str) -> None:
        if not self.over:
            self.failure = message
            self.over = True

    def note(self, text: str, lock: Lock | None = None) -> None:
        """Add a row to the table of a traced run."""
        if self.rows is not None and self.current is not None:
            text = text if lock is None else f"{text} {lock}"
            frame = next(_frames(sys._getframe(1)), None)
            place = None if frame is None else (frame.f_code.co_filename, frame.f_lineno)
            self.rows.append(Row(self.current.index, text, place))

    def stuck(self, task: Task) -> str:
        lock = task.wants
        assert lock is not None
        if lock.holder is task:
            held = "which it took itself: nobody is left to release it"
        elif isinstance(lock.holder, Task):
            held = f"held by thread {lock.holder.index}" + (", which has ended" if lock.holder.done else "")
        else:
            held = "taken before the threads began"
        frame = sys._current_frames().get(task.ident)
        return f"thread {task.index} waits for {lock}{lock.origin()}, {held}\n    at {_places(frame)}"


class Lock:
    """Stands for a raw lock while a program is explored."""

    __slots__ = ("_number", "_place", "_scheduler", "holder")

    def __init__(self, scheduler: Scheduler) -> None:
        run = scheduler.run
        frame = next(_frames(sys._getframe(1)), None)
        self._place = None if frame is None else (frame.f_code.co_filename, frame.f_lineno)
        self._number = 0 if run is None else next(run.locks)
        self._scheduler: Final = scheduler
        self.holder: Task | Scheduler | None = None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        run = self._scheduler.run
        if run is None or (task := run.caller()) is None:
            return self._acquire_alone(blocking, timeout)
        run.pause()
        if self.holder is not None:
            if not blocking or timeout == 0:
                run.note("does not get", self)
                return False
            if not run.wait(task, self, timeout):
                return False
        self.holder = task
        run.note("takes", self)
        return True

    def release(self) -> None:
        run = self._scheduler.run
        if run is not None:
            run.pause()
            run.note("releases", self)
        if self.holder is None:
            raise RuntimeError("release unlocked lock")
        self.holder = None

    def locked(self) -> bool:
        run = self._scheduler.run
        if run is not None:
            run.pause()
            run.note("looks at", self)
        return self.holder is not None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def __str__(self) -> str:
        return f"lock {self._number}"

    def origin(self) -> str:
        """Return where the lock was made."""
        return "" if self._place is None else f" (made at {_place(*self._place)})"

    def _acquire_alone(self, blocking: bool, timeout: float) -> bool:
        """Acquire in the thread that explores, before the threads begin or after they have ended."""
        if self.holder is None:
            self.holder = self._scheduler
            return True
        run = self._scheduler.run
        if run is not None and blocking:
            run.steps += 1
            run.clock += max(timeout, 0)
            if timeout < 0 or run.steps > run.program.max_steps:
                raise RuntimeError(f"{self}{self.origin()} is waited for, and nobody is left to release it")
        return False


def _sleep(run: Run, seconds: float) -> None:
    task = run.caller()
    if task is None:
        run.clock += seconds
        return
    never = Lock(run.scheduler)
    never.holder = task
    run.pause("sleeps")
    run.wait(task, never, seconds)


class RLock:
    """Stands for a ``threading.RLock`` while a program is explored; a Condition takes it for one."""

    __slots__ = ("_count", "_lock", "_owner")

    def __init__(self, scheduler: Scheduler) -> None:
        self._lock = Lock(scheduler)
        self._owner: int | None = None
        self._count = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not self._is_owned():
            if not self._lock.acquire(blocking, timeout):
                return False
            self._owner = _real_ident()
        self._count += 1
        return True

    def release(self) -> None:
        if not self._is_owned():
            raise RuntimeError("cannot release un-acquired lock")
        if self._count == 1:
            self._release_save()
        else:
            self._count -= 1

    def locked(self) -> bool:
        return self._lock.locked()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _is_owned(self) -> bool:
        return self._owner == _real_ident()

    def _release_save(self) -> int:
        count, self._count, self._owner = self._count, 0, None
        self._lock.release()
        return count

    def _acquire_restore(self, count: int) -> None:
        self._lock.acquire()
        self._owner = _real_ident()
        self._count = count


class _Worker:
    """A thread that runs one thread of the program in every run."""

    def __init__(self) -> None:
        self.baton: Final = _real_lock()
        self.baton.acquire()
        self.job: Callable[[], None] | None = None
        self.thread: Final = threading.Thread(target=self.work, name="explored", daemon=True)
        self.thread.start()
        self.ident: Final = self.thread.ident or 0

    def work(self) -> None:
        while True:
            self.baton.acquire()
            if self.job is None:
                return
            self.job()


class Scheduler:
    """Runs a program as often as asked, with its own primitives in place of Python's from enter to exit."""

    def __init__(self, program: Program[Any]) -> None:
        self.program: Final = program
        self.home: Final = _real_lock()
        self.home.acquire()
        self.ident: Final = _real_ident()
        self.run: Run | None = None
        self.workers: list[_Worker] = []
        self.stalled = False
        self.trace: Callable[..., Any] | None = None  # what sees the instructions of Python 3.11
        self._runs = 0
        self._stack: Final = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for _ in self.program.threads:
                worker = _Worker()
                stack.callback(self._end, worker)
                self.workers.append(worker)
            objects = [self.program.setup, *self.program.threads, *self.program.instructions_of, *self.program.modules]
            stack.enter_context(self._in_place(_namespaces(objects)))
            stack.enter_context(self._watching(codes_of(self.program.instructions_of)))
            # A collection at a moment of its own choosing would be a switch that no schedule records.
            if gc.isenabled():
                gc.disable()
                stack.callback(gc.enable)
            self._stack.enter_context(stack.pop_all())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def traced(self) -> Generator[None]:
        """Have the thread's instructions seen, where it takes a trace function."""
        if self.trace is None:
            yield
            return
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            yield
        finally:
            sys.settrace(before)

    def _end(self, worker: _Worker) -> None:
        if not self.stalled:
            worker.job = None
            worker.baton.release()
            worker.thread.join()

    def execute(self, choose: Choose, *, traced: bool = False) -> Run:
        """Run the program once."""
        run = self.run = Run(self, choose, traced=traced)
        try:
            run.execute()
        finally:
            self.run = None
        self._runs += 1
        if self._runs % 256 == 0:
            gc.collect()
        return run

    @contextmanager
    def _in_place(self, namespaces: Iterable[MutableMapping[str, Any]]) -> Generator[None]:
        """Put the stand-ins wherever a namespace has the original, under whatever name."""

        def step(run: Run, label: str) -> None:
            run.pause(label)

        def lock(_: Run) -> Lock:
            return Lock(self)

        def rlock(_: Run) -> RLock:
            return RLock(self)

        def monotonic(run: Run) -> float:
            return run.clock

        stand_ins: list[tuple[object, Callable[..., object]]] = [
            (_real_lock, self._answer(lock, _real_lock)),
            (threading.Lock, self._answer(lock, _real_lock)),
            (_real_rlock, self._answer(rlock, _real_rlock)),
            (_real_monotonic, self._answer(monotonic, _real_monotonic)),
            (_real_sleep, self._answer(_sleep, _real_sleep)),
            (_real_step, self._answer(step, _real_step)),
        ]
        changed: list[tuple[MutableMapping[str, Any], str, object]] = []
        try:
            for namespace in namespaces:
                for name, value in list(namespace.items()):
                    for original, stand_in in stand_ins:
                        if value is original:
                            changed.append((namespace, name, value))
                            namespace[name] = stand_in
                            break
            yield
        finally:
            for namespace, name, value in changed:
                namespace[name] = value

    def _answer(self, modelled: Callable[..., object], real: Callable[..., object]) -> Callable[..., object]:
        """Return a function that answers the threads of a run by a model, and any other thread by the real thing."""

        def answer(*args: Any) -> object:
            run = self.run
            if run is not None:
                ident = _real_ident()
                if ident == self.ident or (run.current is not None and ident == run.current.ident):
                    return modelled(run, *args)
            return real(*args)

        return answer

    @contextmanager
    def _watching(self, codes: Sequence[CodeType]) -> Generator[None]:
        """Pause before every instruction of the codes that touches what another thread may see."""
        if not codes:
            yield
            return
        offsets = _shared_offsets(codes)

        def before(code: CodeType, offset: int) -> None:
            run = self.run
            if run is None or run.current is None or offset not in offsets[code]:
                return
            if run.current.ident == _real_ident():  # other threads may run the same code
                run.pause(INSTRUCTION)

        if sys.version_info >= (3, 12):
            monitoring = sys.monitoring
            tool = next(tool for tool in (4, 3, 5, 2, 1, 0) if monitoring.get_tool(tool) is None)
            monitoring.use_tool_id(tool, "lockedcontainers.testing")
            try:
                monitoring.register_callback(tool, monitoring.events.INSTRUCTION, before)
                for code in codes:
                    monitoring.set_local_events(tool, code, monitoring.events.INSTRUCTION)
                yield
            finally:
                for code in codes:
                    monitoring.set_local_events(tool, code, 0)
                monitoring.register_callback(tool, monitoring.events.INSTRUCTION, None)
                monitoring.free_tool_id(tool)
        else:

            def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
                if frame.f_code not in offsets:
                    return None
                if event == "opcode":
                    before(frame.f_code, frame.f_lasti)
                frame.f_trace_opcodes = True
                frame.f_trace_lines = False
                return trace

            self.trace = trace
            yield


# What an instruction must not do to be left out: read or write an object that another thread may have.
_PRIVATE: Final = (
    "BUILD_ CACHE COPY END_FOR EXTENDED_ARG IS_OP JUMP KW_NAMES LOAD_COMMON LOAD_CONST LOAD_FAST LOAD_SMALL_INT "
    "MAKE_CELL MAKE_FUNCTION NOP NOT_TAKEN POP_EXCEPT POP_ITER POP_TOP PRECALL PUSH_EXC_INFO PUSH_NULL RERAISE RESUME "
    "RETURN STORE_FAST SWAP"
).split()
if sys.version_info >= (3, 13):  # before, the jump itself may call __bool__ or __len__
    _PRIVATE.append("POP_JUMP")


def _shared_offsets(codes: Sequence[CodeType]) -> dict[CodeType, frozenset[int]]:
    """Return for each code the instructions that touch what another thread may see."""
    instructions = {code: list(dis.get_instructions(code)) for code in codes}
    assigned = {
        instruction.argval
        for some in instructions.values()
        for instruction in some
        if instruction.opname in ("STORE_GLOBAL", "DELETE_GLOBAL")
    }
    private = tuple(_PRIVATE)
    return {
        code: frozenset(
            instruction.offset
            for instruction in some
            if not instruction.opname.startswith(private)
            and not (instruction.opname == "LOAD_GLOBAL" and instruction.argval not in assigned)
        )
        for code, some in instructions.items()
    }


def _functions(thing: object) -> Iterator[FunctionType]:
    """Yield the Python functions of a function, a method, a class with its bases, or a module."""
    if isinstance(thing, FunctionType):
        yield thing
        yield from _functions(getattr(thing, "__wrapped__", None))
    elif isinstance(thing, type):
        for kind in thing.__mro__:
            for member in vars(kind).values():
                if not isinstance(member, type):
                    yield from _functions(member)
    elif isinstance(thing, ModuleType):
        for member in list(vars(thing).values()):
            if getattr(member, "__module__", None) == thing.__name__:
                yield from _functions(member)
    elif isinstance(thing, property):
        for function in (thing.fget, thing.fset, thing.fdel):
            yield from _functions(function)
    elif isinstance(thing, (MethodType, classmethod, staticmethod)):
        yield from _functions(cast("Any", thing).__func__)


def _namespaces(things: Iterable[object]) -> list[dict[str, Any]]:
    """Return the module namespaces in which the things and what they use look up their names."""
    namespaces = [vars(module) for module in (_sync, threading, queue, time)]
    for thing in things:
        namespaces += [vars(thing)] if isinstance(thing, ModuleType) else []
        namespaces += [function.__globals__ for function in _functions(thing)]
    return list({id(namespace): namespace for namespace in namespaces}.values())


def codes_of(things: Iterable[object]) -> list[CodeType]:
    """Return the code of the things, and the code inside it."""
    found: dict[CodeType, None] = {}
    left = [function.__code__ for thing in things for function in _functions(thing)]
    while left:
        code = left.pop()
        if code not in found:
            found[code] = None
            left += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return list(found)


_UNSEEN: Final = (os.path.dirname(__file__) + os.sep, threading.__file__)


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frames that a reader wants to see, the innermost first."""
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_UNSEEN):
            yield frame
        frame = frame.f_back


def _name(function: Callable[..., object]) -> str:
    return getattr(function, "__name__", repr(function))


def _place(filename: str, line: int) -> str:
    return f"{os.path.basename(filename)}:{line}"


def _places(frame: FrameType | None) -> str:
    frames = itertools.islice(_frames(frame), 3)
    return ", from ".join([f"{_place(f.f_code.co_filename, f.f_lineno)} in {f.f_code.co_name}" for f in frames])


def _described(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    seen = [frame for frame in frames if not frame.filename.startswith(_UNSEEN)]
    where = f" at {_place(seen[-1].filename, seen[-1].lineno or 0)}" if seen else ""
    return f"{type(error).__name__}{where}: {error}"
