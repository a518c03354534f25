from libc.stdint cimport uint32_t

cdef extern from "_builtins.h":
    bint dict_contains "PyDict_Contains" (object d, object key) except -1
    object dict_get "lc_dict_get" (object d, object key, object absent)
    Py_ssize_t dict_len "PyDict_Size" (object d) except -1
    object dict_setdefault_at "lc_dict_setdefault" (object d, object key, object fallback, uint32_t *kept)
    object dict_swap_at "lc_dict_swap" (object d, object key, object value, uint32_t *kept)
    object dict_pop "lc_dict_pop" (object d, object key, object absent)
    void dict_clear_at "PyDict_Clear" (object d)
    int dict_update_at "PyDict_Update" (object d, object new) except -1
    object dict_replaced_at "lc_dict_replaced" (object d, object new, uint32_t *kept)
    list dict_keys "PyDict_Keys" (object d)
    list dict_values "PyDict_Values" (object d)
    list dict_items "PyDict_Items" (object d)
    list dict_pairs "lc_dict_pairs" (object d)
    dict dict_of_pairs "lc_dict_of_pairs" (object pairs)
    tuple caller_at "lc_caller" ()
