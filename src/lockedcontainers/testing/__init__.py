"""Tools for testing code that several threads use at once: what our own tests use."""

from lockedcontainers.testing._explorer import Failure as Failure
from lockedcontainers.testing._explorer import Result as Result
from lockedcontainers.testing._explorer import explore as explore
from lockedcontainers.testing._explorer import replay as replay
from lockedcontainers.testing._explorer import sample as sample
from lockedcontainers.testing._history import Call as Call
from lockedcontainers.testing._history import Operation as Operation
from lockedcontainers.testing._history import Outcome as Outcome
from lockedcontainers.testing._linearizability import Linearization as Linearization
from lockedcontainers.testing._linearizability import Model as Model
from lockedcontainers.testing._linearizability import Verdict as Verdict
from lockedcontainers.testing._linearizability import linearize as linearize
from lockedcontainers.testing._models import DICT as DICT
from lockedcontainers.testing._models import ModelOf as ModelOf
from lockedcontainers.testing._program import Findings as Findings
from lockedcontainers.testing._program import calls as calls
from lockedcontainers.testing._program import check_linearizable as check_linearizable
from lockedcontainers.testing._program import explore_pairs as explore_pairs
from lockedcontainers.testing._recorder import record as record
from lockedcontainers.testing._scheduler import Program as Program
