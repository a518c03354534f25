cimport cython

from lockedcontainers._builtins cimport adopt_methods, learn_deque
from lockedcontainers._mutex cimport (
    depth_of, enter_at, forget, is_mine, lc_mutex, leave_at, section_at, set_depth, take,
)

cdef extern from "Python.h":
    ctypedef void *PyThread_type_lock
    void PyThread_free_lock(PyThread_type_lock) noexcept
    void unpark "PyThread_release_lock" (PyThread_type_lock) noexcept
    int check_signals "PyErr_CheckSignals" () except -1

cdef extern from "_queue.h":
    Py_ssize_t line_len "lc_line_len" (object items) except -1
    int line_put "lc_line_put" (object items, object item) except -1
    object line_take "lc_line_take" (object items, object nothing)
    PyThread_type_lock new_signal "lc_new_signal" () except NULL
    bint park "lc_park" (PyThread_type_lock signal, double seconds) noexcept


cdef class Waiter:
    cdef PyThread_type_lock signal
    cdef readonly int role
    cdef public object item
    cdef public object error
    cdef readonly object claim
    cdef public bint reserves
    cdef public int served
    cdef unsigned long long ticket
    cdef unsigned long long place
    cdef public unsigned long ident

cdef class Option(Waiter):
    cdef Option leader
    cdef Option chosen

cdef class Bounded:
    cdef lc_mutex _mutex
    cdef bint _slow_get       # a get has more to do than to take an item, if there is one
    cdef bint _slow_put       # a put has more to do than to store an item, if there is room
    cdef bint _shut
    cdef bint _discards       # it was shut down at once: what comes back is thrown away
    cdef bint _overridden     # put or get has been, by a subclass
    cdef int _kind
    cdef int _standard        # what the class says; the storage may have been replaced
    cdef Py_ssize_t _limit    # 0: none
    cdef Py_ssize_t _unfinished
    cdef Py_ssize_t _reserved # slots that are promised to puts which have yet to store their item
    cdef Py_ssize_t _dropped
    cdef unsigned long long _changes  # of a heap
    cdef unsigned long long _tickets
    cdef unsigned long long _forks
    cdef object _items
    cdef object _maxsize
    cdef object _overflow
    cdef list _returned       # the numbers of the first items, which have come back; None: there are none
    cdef object _getters
    cdef object _putters
    cdef object _joiners
    cdef object _conditions
    cdef object _face
    cdef object _seen         # what those who wait on the conditions were told of last

# C globals: to look the names up in the module would cost more than the storage.
cdef object NOTHING
cdef int FIFO
cdef int LIFO
cdef int PRIORITY
cdef int CUSTOM
cdef unsigned long long forks
cdef unsigned long survivor

cdef object put_item(Bounded q, object item, bint block, object timeout)
cdef object get_item(Bounded q, bint block, object timeout)
@cython.locals(w=Waiter)
cdef object put_slowly(Bounded q, object item, bint block, object timeout)
@cython.locals(w=Waiter)
cdef object get_slowly(Bounded q, bint block, object timeout)
cdef object settled(Bounded q, object value)
@cython.locals(w=Waiter, done=Py_ssize_t)
cdef object put_all(Bounded q, list items, bint block, object timeout)
@cython.locals(w=Waiter)
cdef object get_all(Bounded q, Py_ssize_t most, bint block, object timeout)
cdef int refuse_to_wait(Bounded q) except -1
cdef object overflowing(Bounded q, object item)
cdef Py_ssize_t size(Bounded q) except -1
cdef bint room(Bounded q) except -1
cdef object store(Bounded q, object item)
cdef object next_item(Bounded q)
cdef unsigned long long next_place(Bounded q) except 0
cdef object give_back(Bounded q, object item, unsigned long long place)
@cython.locals(returned=list, at=Py_ssize_t)
cdef object put_in_place(Bounded q, object item, unsigned long long place)
cdef object give_all_back(Bounded q, list items, Py_ssize_t before)
cdef list cleared(Bounded q)
cdef list emptied(Bounded q)
cdef list contents(Bounded q)
@cython.locals(w=Waiter)
cdef object settle(Bounded q)
@cython.locals(w=Waiter)
cdef object serve_getter(Bounded q)
@cython.locals(w=Waiter)
cdef object serve_putter(Bounded q)
@cython.locals(w=Waiter)
cdef object close_line(object line)
cdef object rewatch(Bounded q)
cdef object inherit(Bounded q)
cdef bint is_here(Waiter w) noexcept
cdef unsigned long long ticket_of(Waiter w) noexcept
cdef object line_of(Bounded q, Waiter w)
cdef object enlist(Bounded q, Waiter w)
cdef object unlist(Bounded q, Waiter w)
cdef object forgo(Bounded q, Waiter w)
cdef bint claimed(Waiter w) except -1
cdef bint wait(Bounded q, Waiter w, object end) except -1
cdef object end_of(object timeout)
cdef double rest_of(object end) except? -2
@cython.locals(hole=Py_ssize_t, parent=Py_ssize_t)
cdef object heap_place(list heap, Py_ssize_t at, object item)
@cython.locals(heap=list, changes="unsigned long long", at=Py_ssize_t, parent=Py_ssize_t)
cdef object heap_put(Bounded q, object item)
@cython.locals(heap=list, changes="unsigned long long", end=Py_ssize_t, child=Py_ssize_t, at=Py_ssize_t, i=Py_ssize_t, way=list)
cdef object heap_take(Bounded q)
cdef object set_maxsize(Bounded q, object maxsize)
cdef object set_items(Bounded q, object items)
cdef object notify(Bounded q)
cdef object state_of(Bounded q)
cdef object restore(Bounded q, object state)
cdef object face_of(Bounded q)
cdef bint hold(Bounded q, double timeout) except -1
cdef bint held_by_us(Bounded q) except -1
cdef bint held_by_anyone(Bounded q) except -1
cdef object let_go(Bounded q, bint wholly)
cdef object get_now(Bounded q)
cdef object first_of(Bounded q)
@cython.locals(before=Py_ssize_t)
cdef object fill(Bounded q, list items, Py_ssize_t most)
cdef object oldest_of(Bounded q)
cdef object enlist_again(Bounded q, Waiter w)
cdef object free_slot(Bounded q, Waiter w)
@cython.locals(leader=Option, option=Option, chosen=Option, at=Py_ssize_t, woken=bint)
cdef object choice(list queues, object end)
@cython.locals(option=Option, at=Py_ssize_t)
cdef object withdraw_all(list queues, list options, Option but)
cdef object retake(Bounded q, unsigned int depth)
cdef object conditions_of(Bounded q)
cdef object make_waiters(Bounded q)
# These are what _async.py is made of.
cpdef object waiting(Bounded q)
cpdef object begin_get(Bounded q, Waiter w)
cpdef object begin_put(Bounded q, object item, Waiter w)
cpdef object begin_join(Bounded q, Waiter w)
cpdef object finish_put(Bounded q, object item, Waiter w)
cpdef object withdraw(Bounded q, Waiter w)
cpdef object outcome(Waiter w)

# What _mutex.py has under the same names, bound to the struct in our object.

cdef inline lc_mutex *mutex_of(Bounded self) noexcept:
    return &self._mutex

cdef inline int enter(Bounded self) except -1:
    return enter_at(&self._mutex, self)

cdef inline int leave(Bounded self) noexcept:
    return leave_at(&self._mutex)

cdef inline object section(Bounded self, object timeout):
    return section_at(&self._mutex, self, timeout)

cdef inline int discard(Bounded self) noexcept:
    return forget(&self._mutex)

cdef inline int free_signal(Waiter w) noexcept:
    if w.signal is not NULL:
        PyThread_free_lock(w.signal)
    return 0
