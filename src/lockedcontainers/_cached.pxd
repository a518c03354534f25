from cpython.object cimport PyObject, PyTypeObject, ternaryfunc

from lockedcontainers._cache cimport Base, Entry, LockedCache, found, load

cdef extern from "_cache.h":
    object key_of "lc_key" (tuple args, object kwargs, bint typed, object keywords)
    void lc_call_directly(PyTypeObject *, ternaryfunc) noexcept

cdef class Cached(Base):
    cdef readonly LockedCache cache
    cdef public object __wrapped__  # set by update_wrapper
    cdef object _maxsize
    cdef bint _typed
    cdef dict __dict__
    cdef object __weakref__

cdef object KEYWORDS

cdef str named(Cached function)
cdef object called(Cached self, tuple args, dict kwargs)

cdef inline object call(Cached self, PyObject *args, PyObject *kwargs):
    return called(self, <tuple>args, None if kwargs is NULL else <dict>kwargs)

cdef inline int call_directly() noexcept:
    lc_call_directly(<PyTypeObject *>Cached, <ternaryfunc>call)
    return 0
