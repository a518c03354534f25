from libc.stdint cimport int64_t, uintptr_t

from cpython.object cimport PyObject

from lockedcontainers._builtins cimport dict_get, dict_len, dict_pop
from lockedcontainers._dict cimport (
    MISSING, LockedDict, acquire, begin_read, change, dict_swap, enter, leave, look, missing, release, store_all, validate,
)

cdef extern from "_counter.h":
    ctypedef struct lc_place:
        uintptr_t frame
        PyObject *code
        int unit
    lc_place lc_place_now() noexcept
    void try_frames "lc_try_frames" () noexcept
    int lc_known_role(lc_place place) noexcept
    void lc_remember_role(lc_place place, int role) noexcept
    void forget_roles "lc_forget_roles" (uintptr_t code) noexcept


cdef class Tally(LockedDict):
    cdef Reads _reads  # None as long as nobody has begun an augmented assignment

cdef class Reads:
    cdef uintptr_t frame
    cdef uintptr_t key
    cdef object number
    cdef dict earlier

cdef object ZERO
cdef dict known

cdef object read_to_add(Tally c, object key, uintptr_t frame)
cdef int remember(Tally c, object key, object value, uintptr_t frame) except -1
cdef object caught_up(Tally c, object key, object value, uintptr_t frame)
cdef object supplied(object c, object key)
cdef bint is_number(object value) noexcept
cdef bytes roles_of(object code)
cdef object added(Tally c, object key, object n)
cdef object add_all(Tally c, object iterable, dict named, bint negative)
cdef object become(Tally c, object other, str name)

cdef inline uintptr_t address_of(object key) noexcept:
    return <uintptr_t><PyObject *>key

cdef inline uintptr_t frame_in_role(int role) except? 0:
    cdef lc_place place = lc_place_now()
    cdef int known_role = lc_known_role(place)
    if known_role < 0:
        known_role = roles_of(<object>place.code)[place.unit]
        lc_remember_role(place, known_role)
    return place.frame if known_role == role else 0

cdef inline uintptr_t reading_frame() except? 0:
    return frame_in_role(1)

cdef inline uintptr_t writing_frame() except? 0:
    return frame_in_role(2)
