from lockedcontainers import LockedDict, LockedDefaultDict
from .loader import load, adopt
D = load("test.test_dict", {"dict": LockedDict}, "test.mapping_tests")
adopt(D, {}, globals(), "Dict_")
M = load("test.mapping_tests", {"dict": LockedDict})
DD = load("test.test_defaultdict", {"defaultdict": LockedDefaultDict, "dict": LockedDict})
adopt(DD, {}, globals(), "DD_")
class TestHash(M.TestHashMappingProtocol): type2test = LockedDict
class TestHashDD(M.TestHashMappingProtocol):
    type2test = LockedDict
    def _full_mapping(self, data): return LockedDefaultDict(None, data)
    def _empty_mapping(self): return LockedDefaultDict(None)
