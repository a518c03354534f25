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
import functools
import gc
import itertools
import os
import queue
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from types import CellType, CodeType, FrameType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any, Final, Generic, Self, TypeVar, cast

from lockedcontainers import _mutex, _sync, is_compiled

T = TypeVar("T")

_real_lock: Final = _thread.allocate_lock
_real_rlock: Final = threading.RLock
_real_ident: Final = _thread.get_ident
_real_monotonic: Final = time.monotonic
_real_sleep: Final = time.sleep
_real_step: Final = _sync.step
_real_starts: Final = [getattr(_thread, name, None) for name in ("start_new_thread", "start_joinable_thread")]

#: The text of a row for an instruction; its line says more.
INSTRUCTION: Final = "instruction"

#: After so many seconds without a switch point, a thread is taken to wait for something the explorer does not rule.
STALL_SECONDS = 10.0
INSISTENT = 3  # times that a thread is told to end; then it is let through
HOPELESS = 1000  # switch points that it is let through before it is left where it is
MOST_LOOKED_AT = 2000  # objects among which a real lock is searched


@dataclass(frozen=True, kw_only=True)
class Program(Generic[T]):
    """What to explore: ``setup`` makes an object, each thread is a function of it, ``check`` looks at it afterwards.

    A run fails if a thread or the check raises, if nobody can go on, or if it takes more than ``max_steps``. That half
    of these are gone while threads only wait, and wait again when their time is over, is taken for a deadlock.

    Threads are switched where they use a lock, a condition, a queue, or sleep. ``instructions_of`` names functions,
    classes or modules within which they are also switched between instructions, wherever one touches what another
    thread may see. Locks are recognised in the modules of all these; ``modules`` names more.

    A wait with a timeout, or a sleep, ends at any moment if nobody else can go on, but not before one that was overdue
    when it began; and ``early_timeouts`` times in each run even if somebody can. Up to ``interrupts`` waits in each run
    are ended by a ``KeyboardInterrupt``. Up to ``spurious_wakeups`` times in each run the ``wait`` of a
    ``threading.Condition`` returns though nobody has notified it; a ``queue.Queue`` waits in one.
    """

    setup: Callable[[], T]
    threads: Sequence[Callable[[T], object]]
    check: Callable[[T], object] | None = None
    instructions_of: Sequence[object] = ()
    modules: Sequence[ModuleType] = ()
    early_timeouts: int = 1
    interrupts: int = 0
    spurious_wakeups: int = 0
    max_steps: int = 10_000
    #: The source that assigns the program to the name ``program``, for the script of a failure.
    source: str = ""


class Wake(enum.Enum):
    """How a thread is let go."""

    RUN = "runs"
    TIMEOUT = "times out"
    INTERRUPT = "is interrupted"
    SPURIOUS = "wakes up for no reason"


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

    __slots__ = (
        "baton",
        "began",
        "condition",
        "deadline",
        "done",
        "ident",
        "identity",
        "index",
        "interrupted",
        "unwound",
        "wake",
        "wants",
    )

    def __init__(self, index: int, worker: _Worker) -> None:
        self.index: Final = index
        self.baton: Final = worker.baton
        self.ident: Final = worker.ident
        self.identity: Final = worker.identity
        self.wants: Lock | None = None
        self.condition: threading.Condition | None = None
        self.began = 0.0
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
        self.progress = 0  # the step at which a thread last did something else than to wait until a timeout expires
        self.budgets = {
            Wake.TIMEOUT: self.program.early_timeouts,
            Wake.INTERRUPT: self.program.interrupts,
            Wake.SPURIOUS: self.program.spurious_wakeups,
        }
        self.withheld: set[Wake] = set()  # what could have happened once more, but for its budget
        self.target: Any = None

    # ---- in the thread that explores

    def execute(self) -> None:
        self.target = self.program.setup()
        self.scheduler.refuse_real_locks(self.target)
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
            if self.error is not None:
                raise self.error

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
                    f"{_COMPILED if is_compiled else ''}"
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
            self.progress = self.steps
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
        task.began = self.clock
        task.deadline = None if timeout < 0 else self.clock + timeout
        if self.program.spurious_wakeups:
            task.condition = _condition(sys._getframe(2))
        self.note("waits for", lock)
        self.hand_over(task)
        condition, task.condition = task.condition, None
        task.wants = task.deadline = None
        if task.wake is not Wake.RUN:
            self.note(task.wake.value)
        if task.wake is Wake.INTERRUPT:
            task.interrupted = True
            raise KeyboardInterrupt
        if task.wake is Wake.SPURIOUS:
            assert condition is not None
            cast("Any", condition)._waiters.remove(lock)  # or who notifies one thread would choose this one
        return task.wake is not Wake.TIMEOUT

    def unwind(self, task: Task) -> None:
        """End a thread of a run that is over. One that goes on, to leave a lock as it must, is let through."""
        task.unwound += 1
        if task.unwound <= INSISTENT:
            raise Abandoned
        if task.unwound > HOPELESS:  # it swallows whatever it is told, in an endless loop
            self.scheduler.lose(task)

    def refuse_thread(self, *_: object, **__: object) -> None:
        error = RuntimeError("an explored program must not start threads, or a pool of them: name each in threads=")
        if self.failure is None:  # else it is how a thread ends that shall not go on
            self.error = error
            self.over = True
        raise error

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
            options = runnable + self.offers(waiting, forced=not runnable)
        if not options:
            self.fail("nobody can go on:\n" + "\n".join([f"  {self.stuck(other)}" for other in waiting]))
            return None
        if not runnable and self.steps - self.progress > self.program.max_steps // 2:
            self.fail(
                f"nobody can go on, but to wait again: for {self.steps - self.progress:,} steps no thread has ended, "
                "taken a lock or released one, only the time of waits was over:\n"
                + "\n".join([f"  {self.stuck(other)}" for other in waiting])
            )
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
            self.budgets[wake] -= bool(runnable)
            assert following.deadline is not None
            self.clock = max(self.clock, following.deadline)
        elif wake is not Wake.RUN:
            self.budgets[wake] -= 1
        return following

    def offers(self, waiting: Sequence[Task], *, forced: bool) -> list[tuple[Wake, int]]:
        """Return the ways to end waits otherwise than by what is waited for."""
        timed = [task for task in waiting if task.deadline is not None]
        if forced and timed:
            due = min([task.deadline for task in timed if task.deadline is not None])
            timed = [task for task in timed if task.began < due or task.deadline == due]
        offers: list[tuple[Wake, int]] = []
        if forced or self.budgets[Wake.TIMEOUT]:
            offers = [(Wake.TIMEOUT, task.index) for task in timed]
        elif timed:
            self.withheld.add(Wake.TIMEOUT)
        if self.program.interrupts:
            offers += self.within_budget(Wake.INTERRUPT, waiting)
        if self.program.spurious_wakeups and (timed or not forced):  # it may not come: a deadlock is one without it
            offers += self.within_budget(Wake.SPURIOUS, [task for task in waiting if task.condition is not None])
        return offers

    def within_budget(self, wake: Wake, tasks: Sequence[Task]) -> list[tuple[Wake, int]]:
        if self.budgets[wake]:
            return [(wake, task.index) for task in tasks]
        if tasks:
            self.withheld.add(wake)
        return []

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
        frame = sys._current_frames().get(task.ident)
        waiter = _waiting.get(task.identity)
        if waiter is not None:
            owners = [other for other in self.tasks if other.identity == waiter.core.owner]
            held = self.held_by(owners[0]) if owners else "held by no thread of the program"
            return f"thread {task.index} waits for a {type(waiter.target).__name__}, {held}\n    at {_places(frame)}"
        if lock.holder is task:
            held = "which it took itself: nobody is left to release it"
        elif isinstance(lock.holder, Task):
            held = self.held_by(lock.holder)
        else:
            held = "taken before the threads began"
        return f"thread {task.index} waits for {lock}{lock.origin()}, {held}\n    at {_places(frame)}"

    def held_by(self, task: Task) -> str:
        return f"held by thread {task.index}" + (", which has ended" if task.done else "")


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
        run.progress = run.steps
        run.note("takes", self)
        return True

    def release(self) -> None:
        run = self._scheduler.run
        if run is not None:
            run.pause()
            run.progress = run.steps
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
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
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
        self.identity = 0
        self.lost = False
        self.thread: Final = threading.Thread(target=self.work, name="explored", daemon=True)
        self.thread.start()
        self.ident: Final = self.thread.ident or 0

    def work(self) -> None:
        self.identity = _sync.identity()
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
        parts = [program.setup, *program.threads, *program.instructions_of, *program.modules]
        # What calls() is told to make is in the closure of its setup().
        for part in [part for part in parts if isinstance(part, FunctionType)]:
            closed = [value for _, value in _cells(part).values()]
            parts += [value for value in closed if isinstance(value, _WRAPPERS) or _is_own_class(value)]
        self._parts: Final[list[object]] = parts
        self._namespaces: Final = _namespaces(parts)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.callback(self._end)
            for _ in self.program.threads:
                self.workers.append(_Worker())
            stack.enter_context(self._in_place())
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

    def _end(self) -> None:
        for worker in self.workers:
            if not self.stalled and not worker.lost:
                worker.job = None
                worker.baton.release()
                worker.thread.join()

    def lose(self, task: Task) -> None:
        """Leave the calling thread where it is, for ever: the next run has another in its place."""
        task.done = True
        self.workers[task.index].lost = True
        self.home.release()
        never = _real_lock()
        never.acquire()
        never.acquire()

    def refuse_real_locks(self, target: object) -> None:
        """Refuse a program that would use a lock of which the scheduler knows nothing."""
        if self._runs:
            return
        for name, thing in self._reachable(target):
            if type(thing) in _REAL_LOCKS:
                raise RuntimeError(
                    f"{name} is a real lock. It was made before the exploration: make it in setup(); or through a name "
                    "of another module: give that as modules=."
                )
            if id(thing) in _FACTORIES:
                raise RuntimeError(
                    f"{name} makes real locks: give its module as modules=, or let it be a function that calls "
                    "threading.Lock()."
                )

    def execute(self, choose: Choose, *, traced: bool = False) -> Run:
        """Run the program once."""
        self.workers = [_Worker() if worker.lost else worker for worker in self.workers]
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
    def _in_place(self) -> Generator[None]:
        """Put the stand-ins wherever the program has the original, under whatever name."""

        def step(run: Run, label: str) -> None:
            run.pause(label)

        def lock(_: Run) -> Lock:
            return Lock(self)

        def rlock(_: Run) -> RLock:
            return RLock(self)

        def monotonic(run: Run) -> float:
            return run.clock

        lock_in_place = self._answer(lock, _real_lock)
        stand_ins = {
            id(_real_lock): lock_in_place,
            id(threading.Lock): lock_in_place,
            id(_real_rlock): self._answer(rlock, _real_rlock),
            id(_real_monotonic): self._answer(monotonic, _real_monotonic),
            id(_real_sleep): self._answer(_sleep, _real_sleep),
            id(_real_step): self._answer(step, _real_step),
            **{id(start): self._answer(Run.refuse_thread, start) for start in _real_starts if start is not None},
        }
        functions = [thing for _, thing in self._reachable() if isinstance(thing, FunctionType)]
        namespaces = self._namespaces + [function.__kwdefaults__ for function in functions if function.__kwdefaults__]
        with ExitStack() as stack:
            for namespace in namespaces:
                for name, value in list(namespace.items()):
                    if id(value) in stand_ins:
                        namespace[name] = stand_ins[id(value)]
                        stack.callback(namespace.__setitem__, name, value)
            for function in functions:
                defaults = function.__defaults__ or ()
                if not stand_ins.keys().isdisjoint(map(id, defaults)):
                    function.__defaults__ = tuple([stand_ins.get(id(value), value) for value in defaults])
                    stack.callback(setattr, function, "__defaults__", defaults)
                for cell, value in _cells(function).values():
                    if id(value) in stand_ins:
                        cell.cell_contents = stand_ins[id(value)]
                        stack.callback(setattr, cell, "cell_contents", value)
            yield

    def _reachable(self, target: object = None) -> Iterator[tuple[str, object]]:
        """Yield what the parts of the program and its target are made of, each with a name of it, the nearest first.

        Of what code refers to, only what belongs to the modules of the program is looked into.
        """
        names = [namespace.get("__name__", "") for namespace in self._namespaces] + [type(target).__module__]
        modules = {name for name in names if not _is_foreign(name)}
        left: deque[tuple[str, object, bool]] = deque()
        left += [(getattr(part, "__name__", type(part).__name__), part, False) for part in self._parts]
        left.append((type(target).__name__, target, True))
        seen: set[int] = set()
        while left and len(seen) < MOST_LOOKED_AT:
            name, thing, own = left.popleft()
            if id(thing) in seen:
                continue
            seen.add(id(thing))
            yield name, thing
            if isinstance(thing, FunctionType):
                left += [(f"{name} of {thing.__name__}", value, False) for name, value in _referred(thing, modules)]
            elif isinstance(thing, type):
                if thing.__module__ in modules:
                    left += [(f"{thing.__name__}.{name}", value, False) for name, value in _members(thing)]
            elif isinstance(thing, _WRAPPERS):
                left += [(name, value, False) for value in _wrapped(thing)]
            elif not isinstance(thing, threading.Thread):  # it has locks of its own
                looked_into = _is_own_class(type(thing)) if own else type(thing).__module__ in modules
                if looked_into or isinstance(thing, _WAITED_FOR):
                    left += [(f"{name}.{part}", value, own) for part, value in _attributes(thing)]
                    left.append((type(thing).__name__, type(thing), False))
                left += [(f"an element of {name}", value, own) for value in _elements(thing)]

    def _answer(self, modelled: Callable[..., object], real: Callable[..., object]) -> Callable[..., object]:
        """Return a function that answers the threads of a run by a model, and any other thread by the real thing."""

        def answer(*args: Any, **kwargs: Any) -> object:
            run = self.run
            if run is not None:
                ident = _real_ident()
                if ident == self.ident or (run.current is not None and ident == run.current.ident):
                    return modelled(run, *args, **kwargs)
            return real(*args, **kwargs)

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
    "BUILD_ CACHE COPY END_FOR EXTENDED_ARG IS_OP JUMP_BACKWARD JUMP_FORWARD KW_NAMES LOAD_COMMON LOAD_CONST LOAD_FAST "
    "LOAD_SMALL_INT MAKE_CELL MAKE_FUNCTION NOP NOT_TAKEN POP_EXCEPT POP_ITER POP_TOP PRECALL PUSH_EXC_INFO PUSH_NULL "
    "RERAISE RESUME RETURN STORE_FAST SWAP"
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


_WRAPPERS: Final[tuple[type, ...]] = (
    FunctionType,
    MethodType,
    classmethod,
    staticmethod,
    property,
    functools.partial,
    functools.partialmethod,
    functools.cached_property,
    functools._lru_cache_wrapper,
)


def _cells(function: FunctionType) -> dict[str, tuple[CellType, Any]]:
    """Return what a function closes over, by its name there."""
    found: dict[str, tuple[CellType, Any]] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # it has no value yet
            found[name] = cell, cell.cell_contents
    return found


def _wrapped(thing: object) -> list[object]:
    """Return what a function or one of its wrappers may call."""
    if isinstance(thing, property):
        return [thing.fget, thing.fset, thing.fdel]
    if isinstance(thing, (MethodType, classmethod, staticmethod)):
        return [cast("Any", thing).__func__]
    if isinstance(thing, functools.cached_property) and sys.version_info < (3, 12):
        return []  # it keeps other threads out by a real lock, in which none may be stopped
    if isinstance(thing, (functools.partial, functools.partialmethod, functools.cached_property)):
        return [cast("Any", thing).func]
    closed = [value for _, value in _cells(thing).values()] if isinstance(thing, FunctionType) else []
    return [*closed, getattr(thing, "__dict__", {}).get("__wrapped__")]


def _functions(thing: object) -> Iterator[FunctionType]:
    """Yield the Python functions of a function, a method, a class with its bases, or a module, and what they wrap."""
    left = [thing]
    seen: set[int] = set()
    while left:
        thing = left.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, FunctionType):
            yield thing
        if isinstance(thing, type):
            for kind in thing.__mro__:
                left += [member for member in vars(kind).values() if _is_inside(member, kind)]
        elif isinstance(thing, ModuleType):
            left += [member for member in vars(thing).values() if getattr(member, "__module__", None) == thing.__name__]
        else:
            left += [value for value in _wrapped(thing) if not isinstance(value, (type, ModuleType))]


def _is_own_class(thing: object) -> bool:
    return isinstance(thing, type) and not _is_foreign(thing.__module__)


def _is_inside(member: object, kind: type) -> bool:
    """Whether a member is no class, or one whose definition is inside of that of ``kind``."""
    return not isinstance(member, type) or member.__qualname__.startswith(f"{kind.__qualname__}.")


def _namespaces(things: Iterable[object]) -> list[dict[str, Any]]:
    """Return the module namespaces in which the things and what they use look up their names."""
    namespaces = [vars(module) for module in (_sync, threading, queue, time)]
    for thing in things:
        namespaces += [vars(thing)] if isinstance(thing, ModuleType) else []
        namespaces += [function.__globals__ for function in _functions(thing)]
    return list({id(namespace): namespace for namespace in namespaces}.values())


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == __name__.partition(".")[0]


def _is_foreign(module: str) -> bool:
    """Whether a module is of Python or of this package: what locks they have, they know to use."""
    return _is_ours(module) or module.partition(".")[0] in sys.stdlib_module_names


def _referred(function: FunctionType, modules: set[str]) -> Iterator[tuple[str, object]]:
    """Yield what a function has in its closure, in its defaults, and in its module if that is one of the modules."""
    names = function.__globals__
    if _is_ours(names.get("__name__", "")):
        return
    yield from [(name, value) for name, (_, value) in _cells(function).items()]
    yield from [("a default", value) for value in function.__defaults__ or ()]
    yield from (function.__kwdefaults__ or {}).items()
    if names.get("__name__") in modules:
        for code in codes_of([function]):
            yield from [(name, names[name]) for name in code.co_names if name in names]


def _members(kind: type) -> Iterator[tuple[str, object]]:
    for each in kind.__mro__:
        for name, value in vars(each).items():
            if isinstance(value, FunctionType) or not name.startswith("__"):
                yield name, value


def _attributes(thing: object) -> Iterator[tuple[str, object]]:
    yield from getattr(thing, "__dict__", {}).items()
    for kind in type(thing).__mro__:
        for name, member in vars(kind).items():
            if isinstance(member, MemberDescriptorType):
                with suppress(AttributeError):
                    yield name, member.__get__(thing)


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


_KINDS: Final[Sequence[tuple[type, str]]] = (
    (dict, "values"),
    (list, "__iter__"),
    (tuple, "__iter__"),
    (set, "__iter__"),
    (frozenset, "__iter__"),
    (deque, "__iter__"),
)
_READERS: Final = [(kind, getattr(kind, name)) for kind, name in _KINDS]


def _elements(thing: object) -> Iterable[object]:
    """Return some of what is in a container, read by its builtin's own method: another may wait."""
    for kind, read in _READERS:
        if isinstance(thing, kind):
            return itertools.islice(read(thing), 100)
    return ()


def _condition(frame: FrameType | None) -> threading.Condition | None:
    """Return the condition whose wait() the frame is, if it is one."""
    if frame is None or frame.f_code is not threading.Condition.wait.__code__:
        return None
    return cast("threading.Condition", frame.f_locals["self"])


_waiting: Final[Mapping[int, Any]] = getattr(_mutex, "_waiting", {})  # compiled, nobody waits there for the explorer
_FACTORIES: Final = tuple(map(id, (_real_lock, threading.Lock, _real_rlock)))
_REAL_LOCKS: Final = (type(_real_lock()), type(_real_rlock()))
_WAITED_FOR: Final[tuple[type, ...]] = (
    threading.Condition,
    threading.Event,
    threading.Semaphore,
    threading.Barrier,
    queue.Queue,
)
_COMPILED: Final = (
    " If it waits for a container: a section of a compiled one cannot be explored, only what is one call. "
    "Install lockedcontainers with LOCKEDCONTAINERS_PURE=1 for that."
)
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
