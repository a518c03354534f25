from lockedcontainers._mutex cimport (
    close_at, figures_of, forget, is_held, is_mine, lc_mutex, leave_at, open_at, serial_of, take,
)


cdef class Section:
    cdef lc_mutex *_mutex
    cdef object _target
    cdef double _timeout

cdef class Sections:
    cdef tuple _containers
    cdef object _timeout
    cdef list _entered

cdef class Mutex:
    cdef lc_mutex _mutex
    cdef readonly object name
    cdef object __weakref__

cdef double seconds_to_wait(object timeout) except -1

cdef inline Section section_at(lc_mutex *m, object target, object timeout):
    cdef Section section = Section.__new__(Section)
    section._mutex = m
    section._target = target
    section._timeout = -1.0 if timeout is None else seconds_to_wait(timeout)
    return section

cdef inline lc_mutex *mutex_of(Mutex self) noexcept:
    return &self._mutex

cdef inline unsigned int depth_of(lc_mutex *m) noexcept:
    return m.depth

cdef inline int set_depth(lc_mutex *m, unsigned int depth) noexcept:
    m.depth = depth
    return 0
