from lockedcontainers._mutex cimport depth_of, figures_of, forget, is_mine, lc_mutex, leave_at, set_depth, take

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
