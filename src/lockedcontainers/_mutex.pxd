from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint32_t, uint64_t, uintptr_t

cdef extern from "Python.h":
    ctypedef void *PyThread_type_lock

cdef extern from "_mutex.h":
    ctypedef enum lc_state:
        LC_AWAY
        LC_WAITING
        LC_CHOSEN
        LC_HANDED
    ctypedef struct lc_waiter:
        uintptr_t me
        uint64_t holder
        unsigned long ident
        unsigned long long ticket
        PyThread_type_lock signal
        lc_mutex *mutex
        PyObject *target
        lc_state state
        bint impatient
        bint timed
        lc_waiter *before
        lc_waiter *after
        lc_waiter *older
        lc_waiter *newer
    ctypedef struct lc_queue:
        lc_waiter *head
        lc_waiter *tail
        uintptr_t mark
        unsigned long long serial
        unsigned long long waits
        unsigned long long timeouts
        unsigned long long deadlocks
        double waited
        double longest
    ctypedef struct lc_mutex:
        uintptr_t owner
        uint64_t holder
        uint32_t depth
        uint32_t version
        uint32_t opened
        uint32_t kept
        lc_queue *queue
    ctypedef struct lc_process:
        uintptr_t mark
        uintptr_t survivor
        uintptr_t since
    uintptr_t thread_word "lc_thread_word" () noexcept
    bint lc_try(lc_mutex *, lc_process *) noexcept
    bint lc_leave(lc_mutex *) noexcept
    bint alone_at "lc_alone" (lc_mutex *) noexcept
    void open_at "lc_open" (lc_mutex *) noexcept
    void close_at "lc_close" (lc_mutex *) noexcept
    void serve_at "lc_serve" (lc_mutex *, bint) noexcept
    bint is_served_at "lc_is_served" (lc_mutex *) noexcept
    int64_t begin_read_at "lc_begin_read" (lc_mutex *) noexcept
    bint validate_at "lc_validate" (lc_mutex *, int64_t) noexcept

cdef lc_process process

cdef bint wait(lc_mutex *m, object target, double timeout, bint asked) except -1
cdef int wake(lc_mutex *m) noexcept
cdef bint take(lc_mutex *m, object target, double timeout) except -1
cdef bint is_mine(lc_mutex *m) noexcept
cdef unsigned int depth_of(lc_mutex *m) noexcept
cdef int set_depth(lc_mutex *m, unsigned int depth) noexcept
cdef int forget(lc_mutex *m) noexcept
cdef object section_at(lc_mutex *m, object target, object timeout)
cdef tuple figures_of(lc_mutex *m)
cdef uint64_t thread_id() except 0
cdef bint lives(uint64_t thread) noexcept
cdef tuple wait_of(uintptr_t word)

# What each room binds to its own class (the Python twin has the same names): see the end of _dict.pxd.
cdef inline int enter_at(lc_mutex *m, object target) except -1:
    if not lc_try(m, &process):
        wait(m, target, -1, False)
    return 0

cdef inline bint enter_now_at(lc_mutex *m) noexcept:
    return lc_try(m, &process)

cdef inline int leave_at(lc_mutex *m) noexcept:
    if lc_leave(m):
        wake(m)
    return 0

cdef inline int acquire_at(lc_mutex *m, object target) except -1:
    enter_at(m, target)
    open_at(m)
    return 0

cdef inline int release_at(lc_mutex *m) noexcept:
    close_at(m)
    leave_at(m)
    return 0
