# cython: binding=False
"""Mutex, and the wait queue under every container: the native body.

The essay a maintainer reads first
----------------------------------

*What it is.* Each container carries one ``lc_mutex`` (``_mutex.h``): forty bytes, all zero when free.
Every method of a container opens a section of it, and a section is all that other threads can see:
they find the container as it was before or as it is after.

*Why it is ours.* A lock costs more than what it guards. ``with threading.Lock():`` is 130 ns around a
dict access of 10 ns (CPython 3.11), and a *call* inside such a section invites a thread switch while the
lock is held. Ours is entered by compiled code, in a few loads and stores when the GIL is there, and with
one compare-and-swap in and one out when it is not; nobody is met inside it unless Python code runs there.

*Who holds it.* ``owner`` is a word that tells running threads apart and costs one instruction to know
(the thread pointer). It is recycled when a thread ends, so it must never be the only witness of a hold
that can outlive its thread. Sections opened by our own methods cannot: they end with the call. A hold that
a caller asked for (``locked()``, ``Mutex.acquire``) can, and therefore also records ``holder``, an id which
CPython never gives twice. Both must match before a thread is let in as the owner.

*Who waits.* A thread that finds the mutex held makes an ``lc_waiter`` on its own stack, puts it into the
mutex's queue in order of arrival, sets bit 0 of ``owner``, and sleeps on a lock of its own (``signal``).
All queues are guarded together: by the GIL, or by one ``PyMutex`` where there is none. So the graph of who
waits for whom, which is walked to find deadlocks, is always seen at one moment.

The invariants, true whenever the queues are not locked:

1. bit 0 of ``owner`` is set exactly while the queue is not empty;
2. a waiter is in its mutex's queue, and among the waiters of the process, while its ``state`` is ``WAITING``;
3. if the mutex is free and its queue is not empty, then a waiter has been chosen that has not yet looked.

The third is the one that lost wake-ups break. Who leaves the mutex (``wake``) takes the first waiter out of
the queue and *chooses* it: the mutex is free, the chosen one tries again, and a running thread may be
quicker. A waiter that was chosen and came too late is *impatient*: it goes back to its place in the order of
arrival, and the next to leave hands it the mutex without letting go of it. So a thread is overtaken, but not
for ever, and no thread has to sleep at each turn of a busy mutex (the lock convoy).
A waiter that gives up, because its time is over or a signal handler raised, first looks whether it has been
chosen. If so it tries the mutex: it either has it, or somebody else does and will wake the next one.

*What may run while it waits.* Nothing of Python's while it is in the queue. Before signal handlers run it
leaves the queue: they may use the same container, and would else wait for their own thread.

*Deadlocks.* Every cycle is closed by a thread that begins to wait. That thread, when it has waited for
``MOMENT``, follows owner to waiter to owner; if it comes back to itself it leaves the queue, under the same
hold of the queues, and raises: one thread of the cycle gets the error, the others go on. An owner that has
ended is found the same way. A wait with a timeout ends by itself: it is no part of a deadlock.

*Fork.* The child has one thread. The number of forks is part of the owner's word (``mark``). A mutex taken
before the fork by another thread than the one that forked (``survivor``) has no owner any more; who needs it
next takes it over. The queue holds waiters
that do not exist in the child; it is emptied when first looked at. When the interpreter exits, daemon threads end
where they wait; from then on what they hold and where they wait counts as little.

*Optimistic readers.* ``version`` is a seqlock. Sections that mutate the storage in more than one step make it
odd (``acquire``), those of one step do not (``enter``): CPython's own single operations are atomic already, so
a reader that finds the version even, reads, and finds it unchanged has read one moment without touching the
mutex. Readers of a container then do not disturb one another on free-threaded builds.
"""
cimport cython
from cpython.mem cimport PyMem_RawCalloc, PyMem_RawFree
from libc.string cimport memset

import os

cdef extern from *:
    """
    #if PY_VERSION_HEX >= 0x030d0000
    static double lc_now(void)
    {
        PyTime_t now;
        PyTime_MonotonicRaw(&now); /* cannot fail where Python runs */
        return PyTime_AsSecondsDouble(now);
    }
    #define lc_finalizing() Py_IsFinalizing()
    #else
    #define lc_now() ((double)_PyTime_GetMonotonicClock() * 1e-9)
    #define lc_finalizing() _Py_IsFinalizing()
    #endif

    #ifdef Py_GIL_DISABLED
    static PyMutex lc_queues_mutex;
    #define lc_lock_queues() PyMutex_Lock(&lc_queues_mutex)
    #define lc_unlock_queues() PyMutex_Unlock(&lc_queues_mutex)
    #define lc_reset_queues() memset(&lc_queues_mutex, 0, sizeof lc_queues_mutex)
    #else
    #define lc_lock_queues() ((void)0)
    #define lc_unlock_queues() ((void)0)
    #define lc_reset_queues() ((void)0)
    #endif

    #if defined(_MSC_VER)
    static __declspec(thread) uint64_t lc_registered;
    #elif defined(__GLIBC__)
    /* one load instead of a call: eight bytes of the space that glibc keeps for libraries loaded later */
    static __thread uint64_t lc_registered __attribute__((tls_model("initial-exec")));
    #else
    static __thread uint64_t lc_registered;
    #endif
    """
    double lc_now() noexcept
    bint lc_finalizing() noexcept
    void lc_lock_queues() noexcept
    void lc_unlock_queues() noexcept
    void lc_reset_queues() noexcept
    uint64_t lc_registered

cdef extern from "_mutex.h":
    uintptr_t LC_THREAD
    uintptr_t LC_MARK(unsigned long long) noexcept
    uintptr_t lc_thread_word() noexcept
    uintptr_t lc_owner_in(uintptr_t, lc_process *) noexcept
    uintptr_t lc_me(lc_process *) noexcept
    bint lc_is_mine(lc_mutex *, lc_process *) noexcept
    uintptr_t lc_load(uintptr_t *) noexcept
    void lc_store(uintptr_t *, uintptr_t) noexcept
    bint lc_swap(uintptr_t *, uintptr_t, uintptr_t) noexcept
    uint32_t lc_load32(uint32_t *) noexcept
    void lc_store32(uint32_t *, uint32_t) noexcept
    uint64_t lc_load64(uint64_t *) noexcept
    void lc_store64(uint64_t *, uint64_t) noexcept

cdef extern from "Python.h":
    ctypedef enum PyLockStatus:
        PY_LOCK_ACQUIRED
        PY_LOCK_INTR
    ctypedef struct PyThreadState:
        pass
    PyThreadState *PyThreadState_Get() noexcept
    uint64_t PyThreadState_GetID(PyThreadState *) noexcept
    PyObject *PyThreadState_GetDict() noexcept
    PyThread_type_lock PyThread_allocate_lock() noexcept
    void PyThread_free_lock(PyThread_type_lock) noexcept
    bint PyThread_acquire_lock(PyThread_type_lock, int) noexcept
    void PyThread_release_lock(PyThread_type_lock) noexcept
    PyLockStatus PyThread_acquire_lock_timed(PyThread_type_lock, long long, int) noexcept nogil
    unsigned long PyThread_get_thread_ident() noexcept
    int PyErr_CheckSignals() except -1
    object PyCapsule_New(void *, const char *, void (*)(PyObject *) noexcept)
    void *PyCapsule_GetPointer(PyObject *, const char *) noexcept
    void Py_INCREF(PyObject *) noexcept
    void Py_DECREF(PyObject *) noexcept

# PostgreSQL's deadlock_timeout: how long a thread waits before it looks for a cycle, and then between looks.
# The later looks are for owners that end while they are waited for.
cdef double MOMENT = 0.1
cdef double AGAIN = 0.5
cdef enum:
    LINKS = 16

cdef struct lc_thread:
    uint64_t id
    uint32_t ended
    lc_thread *next

cdef struct lc_link:
    unsigned long ident
    PyObject *target

cdef lc_waiter *newest = NULL         # all waiters of the process
cdef lc_thread *threads = NULL        # all threads that ever held a mutex by their own call
cdef unsigned long long tickets = 0
cdef unsigned long long serials = 0
cdef unsigned long long forks = 0     # between this process and the first import
cdef uint64_t survivor = 0            # the id of the thread that forked last


# --- Threads ---------------------------------------------------------------------------------------------

cdef void thread_ended(PyObject *capsule) noexcept:
    # Runs while a thread's state is torn down, in the child of a fork too: it must take no lock.
    lc_store32(&(<lc_thread *>PyCapsule_GetPointer(capsule, NULL)).ended, 1)  # the last that we do with it


cdef uint64_t thread_id() except 0:
    """The calling thread's id, which is never given to another thread of this process."""
    cdef uint64_t id = PyThreadState_GetID(PyThreadState_Get())
    if id != lc_registered:
        register_thread(id)
    return id


cdef int register_thread(uint64_t id) except -1:
    global lc_registered, threads
    cdef lc_thread *ended
    cdef lc_thread **link
    cdef lc_thread *thread
    cdef PyObject *state = PyThreadState_GetDict()
    if state is NULL:
        raise RuntimeError("this thread has no Python thread state")
    thread = <lc_thread *>PyMem_RawCalloc(1, sizeof(lc_thread))
    if thread is NULL:
        raise MemoryError()
    thread.id = id
    lc_lock_queues()
    link = &threads
    while link[0] is not NULL:
        ended = link[0]
        if lc_load32(&ended.ended):
            link[0] = ended.next
            PyMem_RawFree(ended)
        else:
            link = &ended.next
    thread.next = threads
    threads = thread
    lc_unlock_queues()
    # From here on the record belongs to the capsule; should storing it fail, it says at once that the thread ended.
    (<dict>state)["lockedcontainers"] = PyCapsule_New(thread, NULL, thread_ended)
    lc_registered = id
    return 0


cdef bint is_alive(uint64_t id) noexcept:
    cdef lc_thread *thread = threads
    while thread is not NULL:
        if thread.id == id:
            return not lc_load32(&thread.ended)
        thread = thread.next
    return False


# --- Queues: every function here is called with the queues locked -----------------------------------------

cdef lc_queue *queue_of(lc_mutex *m) noexcept:
    cdef lc_queue *queue = m.queue
    if queue is not NULL and (queue.mark != process.mark or lc_finalizing()):
        # They waited in the parent, or are daemon threads that the exit of the interpreter has ended: on stacks
        # that are gone.
        queue.head = queue.tail = NULL
        queue.mark = process.mark
    return queue


cdef uintptr_t owner_in(uintptr_t word) noexcept:
    """The lc_me() of the owner that the word names, or 0 if nobody is there to leave the mutex."""
    cdef uintptr_t owner = lc_owner_in(word, &process)
    return 0 if lc_finalizing() and owner != lc_me(&process) else owner


cdef bint claim(lc_mutex *m, uintptr_t me) noexcept:
    """Take the mutex if it has no owner."""
    cdef lc_queue *queue = queue_of(m)
    cdef uintptr_t waiting = queue is not NULL and queue.head is not NULL
    cdef uintptr_t seen = lc_load(&m.owner)
    if owner_in(seen) or not lc_swap(&m.owner, seen, me | waiting):
        return False
    lc_store32(&m.depth, 1)
    lc_store64(&m.holder, 0)
    if m.version & 1:
        m.opened = 1
        close_at(m)  # what a thread of the parent had open when this process was forked
    return True


cdef bint enqueue(lc_waiter *w) noexcept:
    """Put a waiter into the queue by order of arrival. False if the mutex has become free meanwhile."""
    global newest
    cdef lc_queue *queue = queue_of(w.mutex)
    cdef lc_waiter *before = queue.tail
    cdef uintptr_t seen = lc_load(&w.mutex.owner)
    while not (seen & 1):
        if seen == 0:
            return False
        if lc_swap(&w.mutex.owner, seen, seen | 1):
            break
        seen = lc_load(&w.mutex.owner)
    while before is not NULL and before.ticket > w.ticket:
        before = before.before
    w.before = before
    if before is NULL:
        w.after = queue.head
        queue.head = w
    else:
        w.after = before.after
        before.after = w
    if w.after is NULL:
        queue.tail = w
    else:
        w.after.before = w
    w.newer = NULL
    w.older = newest
    if newest is not NULL:
        newest.newer = w
    newest = w
    w.state = LC_WAITING
    return True


cdef void unlink(lc_queue *queue, lc_waiter *w) noexcept:
    global newest
    if w.before is NULL:
        queue.head = w.after
    else:
        w.before.after = w.after
    if w.after is NULL:
        queue.tail = w.before
    else:
        w.after.before = w.before
    if w.newer is NULL:
        newest = w.older
    else:
        w.newer.older = w.older
    if w.older is not NULL:
        w.older.newer = w.newer


cdef void withdraw(lc_waiter *w) noexcept:
    """Take a waiter that was not chosen out of the queue."""
    cdef lc_queue *queue = w.mutex.queue
    cdef uintptr_t seen = lc_load(&w.mutex.owner)
    unlink(queue, w)
    w.state = LC_AWAY
    if queue.head is NULL:
        # Bit 0 is set, so no thread changes the word without locking the queues.
        lc_store(&w.mutex.owner, seen & ~<uintptr_t>1)


cdef int wake(lc_mutex *m) noexcept:
    """Leave a mutex whose queue is not empty."""
    cdef lc_queue *queue
    cdef lc_waiter *w
    cdef uintptr_t waiting
    lc_lock_queues()
    queue = queue_of(m)
    w = queue.head if queue is not NULL else NULL
    if w is NULL:
        lc_store(&m.owner, 0)
    else:
        unlink(queue, w)
        waiting = queue.head is not NULL
        if w.impatient:
            lc_store32(&m.depth, 1)
            lc_store64(&m.holder, w.holder)
            lc_store(&m.owner, w.me | waiting)
            w.state = LC_HANDED
        else:
            lc_store(&m.owner, waiting)
            w.state = LC_CHOSEN
        # The waiter frees its lock only after it has locked the queues, so this call cannot outlive the lock.
        PyThread_release_lock(w.signal)
    lc_unlock_queues()
    return 0


cdef lc_waiter *waiter_of(uintptr_t thread) noexcept:
    cdef lc_waiter *w = newest
    while w is not NULL and w.me != thread:
        w = w.older
    return w


cdef int find_deadlock(lc_waiter *w, lc_link *links) noexcept:
    """The length of the cycle that w closes; -1 if the owner it waits for has ended; 0 if it may go on waiting.

    Up to LINKS threads of the cycle are described, with a reference to what each waits for.
    """
    cdef lc_waiter *at = w
    cdef lc_waiter *other = newest
    cdef uintptr_t owner
    cdef int length = 0, most = 0, i
    cdef uint64_t holder = lc_load64(&w.mutex.holder)
    if owner_in(lc_load(&w.mutex.owner)) and holder and not is_alive(holder):
        length = -1
    else:
        while other is not NULL:
            most += 1
            other = other.older
        while length < most:
            length += 1
            owner = owner_in(lc_load(&at.mutex.owner))
            if owner == w.me:
                break
            at = waiter_of(owner) if owner else NULL
            if at is NULL or at.timed:
                return 0
        else:
            return 0  # a cycle further on, which does not pass through us: its own threads find it
    at = w
    for i in range(min(max(length, 1), LINKS)):
        links[i].ident = at.ident
        links[i].target = at.target
        Py_INCREF(at.target)
        at = waiter_of(owner_in(lc_load(&at.mutex.owner))) if i + 1 < length else NULL
    return length


# --- Waiting ---------------------------------------------------------------------------------------------

cdef int make_queue(lc_mutex *m) except -1:
    cdef lc_queue *queue
    lc_lock_queues()
    if m.queue is NULL:
        m.queue = <lc_queue *>PyMem_RawCalloc(1, sizeof(lc_queue))
        if m.queue is not NULL:
            m.queue.mark = process.mark
    queue = m.queue
    lc_unlock_queues()
    if queue is NULL:
        raise MemoryError()
    return 0


cdef bint wait(lc_mutex *m, object target, double timeout, bint asked) except -1:
    """Take a mutex that lc_try did not get: for ever, or False after *timeout* seconds if that is not negative.

    *asked*: the hold is one that a caller asked for and may leave behind.
    """
    cdef lc_waiter w
    cdef bint got
    cdef uint64_t holder = thread_id() if asked else 0
    memset(&w, 0, sizeof(lc_waiter))
    w.me = lc_me(&process)
    w.holder = holder
    w.ident = PyThread_get_thread_ident()
    w.mutex = m
    w.target = <PyObject *>target
    if timeout == 0:
        lc_lock_queues()
        got = claim(m, w.me)
        if got:
            lc_store64(&m.holder, holder)
        lc_unlock_queues()
        return got
    make_queue(m)
    w.signal = PyThread_allocate_lock()
    if w.signal is NULL:
        raise MemoryError()
    PyThread_acquire_lock(w.signal, 0)
    try:
        return wait_as(&w, timeout)
    finally:
        PyThread_free_lock(w.signal)


cdef bint wait_as(lc_waiter *w, double timeout) except -1:
    global newest, tickets
    cdef lc_mutex *m = w.mutex
    cdef lc_link links[LINKS]
    cdef PyLockStatus status
    cdef double started = lc_now()
    cdef double now = started
    cdef double look = started + MOMENT
    cdef double rest
    cdef long long microseconds
    cdef bint got = False, over = False
    cdef int deadlock = 0
    lc_lock_queues()
    tickets += 1
    w.ticket = tickets
    w.timed = timeout > 0
    if lc_finalizing():
        newest = NULL
    try:
        # Here the queues are locked at the top of each turn, and unlocked when Python code may run.
        while True:
            w.me = lc_me(&process)  # a signal handler may have forked
            got = claim(m, w.me)
            if got:
                lc_store64(&m.holder, w.holder)
                break
            if over or deadlock:
                break
            if not enqueue(w):
                continue
            lc_unlock_queues()
            # Not for as long as may be: a signal that another thread was given is seen only between two sleeps.
            rest = min(AGAIN, started + timeout - now) if w.timed else look - now
            microseconds = <long long>(rest * 1e6) + 1
            with nogil:
                status = PyThread_acquire_lock_timed(w.signal, microseconds, 1)
            now = lc_now()
            over = w.timed and now >= started + timeout
            lc_lock_queues()
            if w.state != LC_WAITING and status != PY_LOCK_ACQUIRED:
                PyThread_acquire_lock(w.signal, 0)  # released when we were chosen, just after we stopped waiting
            if w.state == LC_HANDED:
                got = True
                break
            if w.state == LC_CHOSEN:
                w.state = LC_AWAY
                w.impatient = True
                if status == PY_LOCK_ACQUIRED:
                    continue
                got = claim(m, w.me)
                if got:
                    lc_store64(&m.holder, w.holder)
                    break
            else:
                if now >= look and not w.timed:
                    deadlock = find_deadlock(w, links)
                    look = now + AGAIN
                withdraw(w)
            lc_unlock_queues()
            try:
                PyErr_CheckSignals()
            finally:
                lc_lock_queues()
        m.queue.waits += 1
        m.queue.timeouts += over and not got
        m.queue.deadlocks += deadlock != 0 and not got
        m.queue.waited += now - started
        m.queue.longest = max(m.queue.longest, now - started)
    finally:
        lc_unlock_queues()
        described = []
        if deadlock:
            for i in range(min(max(deadlock, 1), LINKS)):
                described.append((links[i].ident, <object>links[i].target))
                Py_DECREF(links[i].target)
    if deadlock and not got:
        from lockedcontainers._locking import deadlock_error  # it builds on this module

        raise deadlock_error(described, deadlock)
    return got


# --- What _locking.py makes Mutex, locked() and the sections of containers from ------------------------------

cdef bint take(lc_mutex *m, object target, double timeout) except -1:
    """A hold that may outlive its thread: for ever, or False after *timeout* seconds if that is not negative."""
    cdef uint64_t holder = thread_id()
    if not lc_try(m, &process):
        return wait(m, target, timeout, True)
    if lc_load64(&m.holder) == 0:  # also inside a section of ours, from a callback: it may outlive that
        lc_store64(&m.holder, holder)
    return True


cdef bint is_mine(lc_mutex *m) noexcept:
    return lc_is_mine(m, &process)


cdef unsigned int depth_of(lc_mutex *m) noexcept:
    """How often it is held, by any thread."""
    return lc_load32(&m.depth) if lc_load(&m.owner) & ~<uintptr_t>1 else 0


cdef int set_depth(lc_mutex *m, unsigned int depth) noexcept:
    lc_store32(&m.depth, depth)
    return 0


cdef int forget(lc_mutex *m) noexcept:
    """The container goes, and nobody can be waiting."""
    PyMem_RawFree(m.queue)
    m.queue = NULL
    return 0


cdef tuple figures_of(lc_mutex *m):
    cdef lc_queue figures
    memset(&figures, 0, sizeof(lc_queue))
    lc_lock_queues()
    if m.queue is not NULL:
        figures = m.queue[0]
    lc_unlock_queues()
    return figures.waits, figures.timeouts, figures.deadlocks, figures.waited, figures.longest


@cython.final
@cython.freelist(16)
cdef class Section:
    """What ``locked()`` of a container returns: entered, it keeps every other thread out."""

    cdef lc_mutex *_mutex
    cdef object _target
    cdef double _timeout

    @cython.always_allow_keywords(False)
    def __enter__(self):
        if not take(self._mutex, self._target, self._timeout):
            from lockedcontainers._locking import not_free  # it builds on this module

            raise not_free(self._target, self._timeout)
        open_at(self._mutex)
        return self._target

    def __exit__(self, kind, value, traceback, /):
        if lc_load(&self._mutex.owner) != lc_me(&process) and not lc_is_mine(self._mutex, &process):
            raise RuntimeError("cannot leave a section that this thread is not in")
        release_at(self._mutex)

    @property
    def serial(self):
        """The container's place in the one order in which several are locked."""
        global serials
        make_queue(self._mutex)
        lc_lock_queues()
        if self._mutex.queue.serial == 0:
            serials += 1
            self._mutex.queue.serial = serials
        serial = self._mutex.queue.serial
        lc_unlock_queues()
        return serial


cdef bint lives(uint64_t thread) noexcept:
    """Whether a thread that has called thread_id() still runs."""
    cdef bint alive
    lc_lock_queues()
    alive = is_alive(thread)
    lc_unlock_queues()
    return alive


cdef tuple wait_of(uintptr_t word):
    """What a thread waits for, if it does so without a timeout: the wait, its ident, the target, the owner's word."""
    cdef lc_waiter *w
    cdef object target = None
    cdef unsigned long ident = 0
    cdef unsigned long long ticket = 0
    cdef uintptr_t owner = 0
    cdef uint64_t holder
    lc_lock_queues()
    w = newest
    while w is not NULL and (w.me & LC_THREAD) != word:
        w = w.older
    if w is not NULL and not w.timed:
        ident, ticket, target = w.ident, w.ticket, <object>w.target
        holder = lc_load64(&w.mutex.holder)
        if not holder or is_alive(holder):
            owner = owner_in(lc_load(&w.mutex.owner)) & LC_THREAD
    lc_unlock_queues()
    return None if target is None else (ticket, ident, target, [owner])


cdef object section_at(lc_mutex *m, object target, object timeout):
    cdef Section section = Section.__new__(Section)
    section._mutex = m
    section._target = target
    if timeout is None:
        section._timeout = -1
    else:
        from lockedcontainers._locking import seconds_to_wait

        section._timeout = seconds_to_wait(timeout)
    return section


def _after_fork_in_child():
    """Make the process of the child its own: one thread, no waiters."""
    global forks, lc_registered, newest, survivor, threads
    cdef uint64_t id = PyThreadState_GetID(PyThreadState_Get())
    lc_reset_queues()
    if id != survivor:
        survivor = id
        process.survivor = lc_thread_word()
        process.since = process.mark
    forks += 1
    process.mark = LC_MARK(forks)
    newest = NULL
    threads = NULL  # their records may be half linked: a few bytes are given up
    lc_registered = 0
    thread_id()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
