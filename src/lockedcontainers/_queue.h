/* What a queue stores in, as C calls, and how its waiters sleep: see _queue.py for what each does. */
#ifndef LOCKEDCONTAINERS_QUEUE_H
#define LOCKEDCONTAINERS_QUEUE_H

#include "_builtins.h"

static struct {
    PyTypeObject *type;
    PyCFunction append, popleft;
} lc_line;

static inline PyCFunction lc_method_of(PyObject *type, const char *name, int flags)
{
    PyObject *method = PyObject_GetAttrString(type, name);
    PyCFunction function = NULL;
    if (method == NULL)
        return NULL;
    if (Py_IS_TYPE(method, &PyMethodDescr_Type) && ((PyMethodDescrObject *)method)->d_method->ml_flags == flags)
        function = ((PyMethodDescrObject *)method)->d_method->ml_meth;
    else
        PyErr_Format(PyExc_ImportError, "deque.%s is not called as it was", name);
    Py_DECREF(method);
    return function;
}

/* The C functions that every call of these two methods comes to. */
static inline int lc_learn_line(PyObject *deque)
{
    lc_line.append = lc_method_of(deque, "append", METH_O);
    lc_line.popleft = lc_line.append == NULL ? NULL : lc_method_of(deque, "popleft", METH_NOARGS);
    lc_line.type = (PyTypeObject *)deque;
    return lc_line.popleft == NULL ? -1 : 0;
}

/* Give a class the methods of its base as its own: CPython is quicker to call those. */
static inline int lc_own_methods(PyObject *type, PyObject *base)
{
    PyObject *name, *method, *all, *methods = PyObject_GetAttrString(base, "__dict__");
    Py_ssize_t i;
    int error = 0;
    all = methods == NULL ? NULL : PyMapping_Items(methods);
    Py_XDECREF(methods);
    for (i = 0; all != NULL && !error && i < PyList_GET_SIZE(all); i++) {
        name = PyTuple_GET_ITEM(PyList_GET_ITEM(all, i), 0);
        method = PyTuple_GET_ITEM(PyList_GET_ITEM(all, i), 1);
        if (Py_IS_TYPE(method, &PyMethodDescr_Type)) {
            method = PyDescr_NewMethod((PyTypeObject *)type, ((PyMethodDescrObject *)method)->d_method);
            error = method == NULL || PyObject_SetAttr(type, name, method) < 0;
            Py_XDECREF(method);
        }
    }
    Py_XDECREF(all);
    return all == NULL || error ? -1 : 0;
}

static inline Py_ssize_t lc_line_len(PyObject *items)
{
    return PyList_CheckExact(items) ? PyList_GET_SIZE(items) : PySequence_Size(items);
}

static inline int lc_line_put(PyObject *items, PyObject *item)
{
    PyObject *none;
    if (Py_IS_TYPE(items, lc_line.type))
        none = lc_line.append(items, item);
    else if (PyList_CheckExact(items))
        return PyList_Append(items, item);
    else
        none = PyObject_CallMethod(items, "append", "O", item);
    Py_XDECREF(none);
    return none == NULL ? -1 : 0;
}

static inline PyObject *lc_line_take(PyObject *items, PyObject *nothing)
{
    if (Py_IS_TYPE(items, lc_line.type))
        return lc_line_len(items) > 0 ? lc_line.popleft(items, NULL) : Py_NewRef(nothing);
    return lc_line_len(items) > 0 ? lc_list_pop(items, -1) : Py_NewRef(nothing);
}

static inline PyThread_type_lock lc_new_signal(void)
{
    PyThread_type_lock signal = PyThread_allocate_lock();
    if (signal == NULL)
        PyErr_NoMemory();
    else
        PyThread_acquire_lock(signal, 0);
    return signal;
}

/* 1 if it was woken, 0 if the time is over or a signal came. Less than 0 seconds: for ever. */
static inline int lc_park(PyThread_type_lock lock, double seconds)
{
    PyLockStatus status;
    PY_TIMEOUT_T microseconds = seconds < 0 ? -1 : (PY_TIMEOUT_T)((seconds < 1e6 ? seconds : 1e6) * 1e6) + 1;
    if (PyThread_acquire_lock(lock, 0))
        return 1;
    Py_BEGIN_ALLOW_THREADS
    status = PyThread_acquire_lock_timed(lock, microseconds, 1);
    Py_END_ALLOW_THREADS
    return status == PY_LOCK_ACQUIRED;
}

#endif
