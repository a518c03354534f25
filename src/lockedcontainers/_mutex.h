/* The words every locked section reads and writes: the part of the lock that is inlined into each room.
 *
 * Read _mutex.pyx first: its opening essay says what these fields promise. This header is only the
 * uncontended path: a handful of loads and stores with the GIL, one compare-and-swap in and one out
 * without it. Whatever must wait, wake or report lives in _mutex.pyx.
 */
#ifndef LOCKEDCONTAINERS_MUTEX_H
#define LOCKEDCONTAINERS_MUTEX_H

#include <Python.h>
#include <stdint.h>

typedef struct lc_mutex lc_mutex;
typedef struct lc_waiter lc_waiter;

typedef enum {
    LC_AWAY,    /* not in the queue: it may run Python code, or give up */
    LC_WAITING, /* in the queue */
    LC_CHOSEN,  /* taken out of the queue, the mutex is free: try again */
    LC_HANDED   /* taken out of the queue and made the owner */
} lc_state;

struct lc_waiter {
    uintptr_t me;
    uint64_t holder; /* what to write into lc_mutex.holder if the mutex is handed over */
    unsigned long ident;
    unsigned long long ticket;
    PyThread_type_lock signal;
    lc_mutex *mutex;
    PyObject *target; /* borrowed: the waiting thread is in one of its methods */
    lc_state state;
    int impatient;
    int timed; /* it will give up by itself: no part of a deadlock */
    lc_waiter *before, *after; /* in the queue of its mutex, by ticket */
    lc_waiter *older, *newer;  /* among all that are in a queue of this process */
};

typedef struct {
    lc_waiter *head, *tail;
    uintptr_t mark; /* of the process that looked at it last */
    unsigned long long serial;
    unsigned long long waits, timeouts, deadlocks;
    double waited, longest;
} lc_queue;

struct lc_mutex {
    uintptr_t owner;  /* lc_me() of the holder, 0 when free; bit 0 says that the queue is not empty */
    uint64_t holder;  /* the holder's never-recycled id, when the outermost hold is one a caller asked for */
    uint32_t depth;   /* how many sections of the holder are open inside one another; stale when it is free */
    uint32_t version; /* bit 0: a section of several steps is open; bit 1: a C-level merge is being served */
    uint32_t opened;  /* the depth of the section that set bit 0 of version */
    uint32_t kept;    /* for the container: see lc_dict_swap */
    lc_queue *queue;  /* waiters, serial number and contention figures: made when first needed */
};

/* One per process; lives in _mutex and is reached by the other rooms through a pointer. */
typedef struct {
    uintptr_t mark;     /* how many forks lie between this process and the first import: a part of every owner word */
    uintptr_t survivor; /* the thread word of the thread that called the last of them */
    uintptr_t since;    /* the earliest mark under which that word was this thread's */
} lc_process;

/* An owner word is a thread word, the mark, and bit 0. User space ends below bit 48 on 64-bit platforms, and
 * thread pointers are aligned to 8 bytes on all. */
#if UINTPTR_MAX > 0xffffffffu
#define LC_MARK(forks) ((uintptr_t)(forks) << 48)
#define LC_THREAD (((uintptr_t)1 << 48) - 2)
#define LC_MARK_OF(owner) ((owner) & ~(LC_THREAD | 1))
#else
/* Two bits do not tell when: here a thread that forks twice may take the holds of an older one for its own. */
#define LC_MARK(forks) (((uintptr_t)(forks) & 3) << 1)
#define LC_THREAD (~(uintptr_t)7)
#define LC_MARK_OF(owner) (~(uintptr_t)0)
#endif

#if defined(_MSC_VER)
#include <intrin.h>
#define LC_LIKELY(x) (x)
#else
#define LC_LIKELY(x) __builtin_expect(!!(x), 1)
#endif

/* A word that tells running threads apart, fits into LC_THREAD, and costs one instruction where the
 * platform keeps a thread pointer. It is recycled when a thread ends: see `holder`. */
static inline uintptr_t lc_thread_word(void)
{
#if defined(__GNUC__) && defined(__x86_64__) && !defined(__ILP32__)
    uintptr_t me;
#if defined(__APPLE__)
    __asm__("movq %%gs:0, %0" : "=r"(me));
#else
    __asm__("movq %%fs:0, %0" : "=r"(me));
#endif
    return me;
#elif defined(__GNUC__) && defined(__aarch64__)
    uintptr_t me;
#if defined(__APPLE__)
    __asm__("mrs %0, tpidrro_el0" : "=r"(me));
    return me & ~(uintptr_t)7;
#else
    __asm__("mrs %0, tpidr_el0" : "=r"(me));
    return me;
#endif
#elif defined(_MSC_VER) && defined(_M_X64)
    return (uintptr_t)__readgsqword(0x30);
#elif defined(_MSC_VER) && defined(_M_ARM64)
    return (uintptr_t)__getReg(18);
#else
    return (uintptr_t)PyThread_get_thread_ident() << 3 & LC_THREAD;
#endif
}

#ifdef Py_GIL_DISABLED
static inline uintptr_t lc_load(uintptr_t *word) { return _Py_atomic_load_uintptr_relaxed(word); }
static inline void lc_store(uintptr_t *word, uintptr_t value) { _Py_atomic_store_uintptr_release(word, value); }
static inline int lc_swap(uintptr_t *word, uintptr_t expected, uintptr_t value)
{
    return _Py_atomic_compare_exchange_uintptr(word, &expected, value);
}
static inline uint32_t lc_load32(uint32_t *word) { return _Py_atomic_load_uint32_acquire(word); }
static inline void lc_store32(uint32_t *word, uint32_t value) { _Py_atomic_store_uint32_release(word, value); }
static inline uint64_t lc_load64(uint64_t *word) { return _Py_atomic_load_uint64_relaxed(word); }
static inline void lc_store64(uint64_t *word, uint64_t value) { _Py_atomic_store_uint64_relaxed(word, value); }
/* Orders the reads of an optimistic section before the second look at the version. */
static inline void lc_read_fence(void) { _Py_atomic_fence_acquire(); }
/* Orders the odd version before the writes it announces. */
static inline void lc_write_fence(void) { _Py_atomic_fence_release(); }
#else
/* Whoever runs here holds the GIL and calls nothing: plain words will do. */
static inline uintptr_t lc_load(uintptr_t *word) { return *word; }
static inline void lc_store(uintptr_t *word, uintptr_t value) { *word = value; }
static inline int lc_swap(uintptr_t *word, uintptr_t expected, uintptr_t value)
{
    return *word == expected ? (*word = value, 1) : 0;
}
static inline uint32_t lc_load32(uint32_t *word) { return *word; }
static inline void lc_store32(uint32_t *word, uint32_t value) { *word = value; }
static inline uint64_t lc_load64(uint64_t *word) { return *word; }
static inline void lc_store64(uint64_t *word, uint64_t value) { *word = value; }
static inline void lc_read_fence(void) {}
static inline void lc_write_fence(void) {}
#endif

static inline uintptr_t lc_me(lc_process *process) { return lc_thread_word() | process->mark; }

/* lc_me() of the thread that wrote an owner word, if it is in this process: it wrote it here, or before a fork
 * that it survived. 0 if the mutex is free or was left behind by a fork. */
static inline uintptr_t lc_owner_in(uintptr_t word, lc_process *process)
{
    uintptr_t owner = word & ~(uintptr_t)1;
    uintptr_t me = (owner & LC_THREAD) | process->mark;
    if (owner == me)
        return me;
    return owner && (owner & LC_THREAD) == process->survivor && LC_MARK_OF(owner) >= process->since ? me : 0;
}

/* True if this very thread wrote the owner word, and not one that has ended and had the same thread word. */
static inline int lc_is_mine(lc_mutex *m, lc_process *process)
{
    if (lc_owner_in(lc_load(&m->owner), process) != lc_me(process))
        return 0;
    return m->holder == 0 || m->holder == PyThreadState_GetID(PyThreadState_Get());
}

/* Enter without waiting: 1 if this thread now holds the mutex (again), 0 if it would have to wait. */
static inline int lc_try(lc_mutex *m, lc_process *process)
{
    if (LC_LIKELY(lc_swap(&m->owner, 0, lc_me(process)))) {
        lc_store32(&m->depth, 1);
        return 1;
    }
    if (lc_is_mine(m, process)) {
        lc_store32(&m->depth, m->depth + 1);
        return 1;
    }
    return 0;
}

/* Whether a step that can run no other code needs no section: with the GIL, while nobody is in one. */
static inline int lc_alone(lc_mutex *m)
{
#ifdef Py_GIL_DISABLED
    (void)m;
    return 0;
#else
    return m->owner == 0 && !(m->version & 2);
#endif
}

/* Leave one section. 1 if that was the last one and somebody waits: the caller must then call wake(). */
static inline int lc_leave(lc_mutex *m)
{
    uintptr_t owner;
    if (m->depth > 1) {
        lc_store32(&m->depth, m->depth - 1);
        return 0;
    }
    lc_store64(&m->holder, 0);
    owner = lc_load(&m->owner);
    return (owner & 1) || !lc_swap(&m->owner, owner, 0);
}

/* Announce that several steps follow which optimistic readers must not see between. */
static inline void lc_open(lc_mutex *m)
{
    if (!(m->version & 1)) {
        m->opened = m->depth;
        lc_store32(&m->version, m->version + 1);
        lc_write_fence();
    }
}

/* Not only at equal depth: sections that a coroutine or generator holds need not end in the order they began. */
static inline void lc_close(lc_mutex *m)
{
    if (m->opened >= m->depth) {
        m->opened = 0;
        lc_store32(&m->version, (m->version & 2) + ((m->version >> 2) + 1) * 4);
    }
}

/* Readers take the mutex while bit 1 is set: one of them may be a merge that must be answered from a snapshot. */
static inline void lc_serve(lc_mutex *m, int on)
{
    lc_store32(&m->version, on ? m->version | 2 : m->version & ~(uint32_t)2);
    lc_write_fence();
}

/* Whether some thread's merge is being served; of its own ones a thread is told also without the mutex. */
static inline int lc_is_served(lc_mutex *m)
{
    return (lc_load32(&m->version) & 2) != 0;
}

/* The version if a reader may try without the mutex, -1 if it must take it. */
static inline int64_t lc_begin_read(lc_mutex *m)
{
    uint32_t version = lc_load32(&m->version);
    return version & 3 ? -1 : (int64_t)version;
}

static inline int lc_validate(lc_mutex *m, int64_t stamp)
{
    lc_read_fence();
    return LC_LIKELY((int64_t)lc_load32(&m->version) == stamp);
}

/* Where there is no memory for the list of a comprehension to grow, the code that Cython makes lets go of the item twice
 * (since 3.3, cython/cython#7748), and it is freed while others have it. So such an item is taken once more. Items of
 * other appends that fail so are never freed: that is the lesser evil.
 */
static inline int lc_list_append(PyObject *list, PyObject *item)
{
    int failed = PyList_Append(list, item);
    if (failed)
        Py_INCREF(item);
    return failed;
}
#define PyList_Append lc_list_append

#endif
