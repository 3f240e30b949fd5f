# SPDX-License-Identifier: Apache-2.0
"""What offers a framework wants of its master."""

import ctypes
from typing import List, NamedTuple, Optional, Sequence

from . import _abi
from ._object import Handle, Memory, create, options, raw, rows
from .cluster import Cluster
from .demand import Demand


class Want(NamedTuple):
    """A demand that wants offers now, or at a time that is known."""

    demand: Demand
    hostname: str = ""  # of the agent that it is under way on
    pinned: bool = False  # it goes to that hostname and nowhere else
    at_mono_ms: int = 0  # 0: now


class WantedRole(NamedTuple):
    """A role of the framework. One without wants is to be suppressed."""

    role: str
    wants: int
    groups: int  # of agents; 0: any agent
    at_mono_ms: int


class Wants(Handle):
    """What a framework wants of its master, by role. Immutable."""

    _free = "wants_unref"

    @classmethod
    def make(cls, cluster: Cluster, wants: Sequence[Want], roles: Sequence[str] = (), max_groups: int = 0) -> "Wants":
        memory, pointer = Memory(), Cluster._of(cluster)
        names = memory.array(ctypes.c_char_p, [role.encode() for role in roles])
        given = options(_abi.WantsOptions, roles=names, role_count=len(roles), max_groups=max_groups)
        array = memory.array(
            _abi.Want,
            [_abi.Want(Demand._of(w.demand), memory.slice(w.hostname), w.pinned, 0, w.at_mono_ms) for w in wants],
        )
        with cluster._lock:
            size = ctypes.sizeof(_abi.Want)
            return cls(*create("wants_make", pointer, array, len(wants), size, ctypes.addressof(given)))

    @property
    def roles(self) -> List[WantedRole]:
        return rows("wants_roles", self._pointer, _abi.WantedRole, WantedRole)

    @property
    def constraints(self) -> bytes:
        """An OfferConstraints message, for call_encode's offer_constraints."""
        return raw(_abi.lib.k8sm_wants_constraints(self._pointer))

    def covered(self, current: "Wants") -> bool:
        """True if all that is wanted comes also under the constraints of `current`."""
        return bool(_abi.lib.k8sm_wants_covered(self._pointer, Wants._of(current)))

    def offer(self, cluster: Cluster, offer_id: str) -> Optional[int]:
        """When something will want offers like this one (mono_ms; 0: now); None: nothing does."""
        memory, at, pointer = Memory(), ctypes.c_uint64(), Cluster._of(cluster)
        with cluster._lock:
            wanted = _abi.lib.k8sm_wants_offer(self._pointer, pointer, memory.slice(offer_id), ctypes.byref(at))
        return at.value if wanted else None

    def refuse_seconds(self, cluster: Cluster, offer_id: str, mono_ms: int = 0, **refuse) -> float:
        """For how many seconds to refuse an offer. Fields: idle, unsuited."""
        memory, given, pointer = Memory(), _abi.Refuse(**refuse), Cluster._of(cluster)
        with cluster._lock:
            return _abi.lib.k8sm_wants_refuse_seconds(
                self._pointer, pointer, memory.slice(offer_id), mono_ms, ctypes.addressof(given)
            )
