from lockedcontainers._mutex cimport figures_of, forget, is_held, is_mine, lc_mutex, leave_at, take

cdef class Sections:
    cdef tuple _containers
    cdef object _timeout
    cdef list _entered

cdef class Mutex:
    cdef lc_mutex _mutex
    cdef readonly object name
    cdef object __weakref__

cdef inline lc_mutex *mutex_of(Mutex self) noexcept:
    return &self._mutex

cdef inline unsigned int depth_of(lc_mutex *m) noexcept:
    return m.depth

cdef inline int set_depth(lc_mutex *m, unsigned int depth) noexcept:
    m.depth = depth
    return 0
