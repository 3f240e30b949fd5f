# SPDX-License-Identifier: Apache-2.0
"""Resources as a value that can be reckoned with, by the rules of a Mesos master."""

import ctypes
from typing import List, NamedTuple, Union

from . import _abi
from ._object import Handle, blob, options, rows
from .constants import Disk, Format, Reservations, ResourceType, Trait
from .errors import Sink


class Resource(NamedTuple):
    """A resource; ranges and sets have one for each range and item."""

    name: str
    reservation: str  # the role it is reserved for; "" if unreserved
    item: str  # of a SET
    offer: int  # the number of its offer
    type: ResourceType
    milli: int  # of a SCALAR: thousandths
    begin: int  # of RANGES: both ends belong to it
    end: int
    role: str  # that it is allocated to; "" if it is not
    principal: str  # of the reservation
    volume: str  # the persistent volume's id; "": none
    disk_id: str
    profile: str
    provider: str  # the resource provider's id; "": the agent itself
    disk: Disk
    traits: Trait
    resource: int  # rows of one resource share it
    count: int  # how many there are of a WHOLE one


class Resources(Handle):
    """Amounts of resources. Immutable. `a + b`, `a - b`; `a >= b` if b is in a; `a == b`."""

    _free = "resources_unref"

    @classmethod
    def parse(cls, resources: Union[bytes, str], **fields) -> "Resources":
        """Reads {"resources": […]} as JSON, or the same in protobuf. Fields: format, max_memory."""
        resources = resources.encode() if isinstance(resources, str) else bytes(resources)
        given = options(_abi.ResourcesOptions, **fields)
        return cls._make("resources_parse", resources, len(resources), ctypes.addressof(given))

    @property
    def rows(self) -> List[Resource]:
        return rows("resources_rows", self._pointer, _abi.Resource, Resource)

    def __ge__(self, other: "Resources") -> bool:
        return bool(_abi.lib.k8sm_resources_contains(self._pointer, Resources._of(other)))

    def __le__(self, other: "Resources") -> bool:
        return other >= self

    def __eq__(self, other) -> bool:
        return isinstance(other, Resources) and self >= other and other >= self

    def __hash__(self) -> int:
        return hash(self.encode(Format.PROTOBUF))

    def __add__(self, other: "Resources") -> "Resources":
        return self._make("resources_add", self._pointer, Resources._of(other), None)

    def __sub__(self, other: "Resources") -> "Resources":
        """Raises NotFound if `other` is not all there."""
        return self._make("resources_subtract", self._pointer, Resources._of(other), None)

    def find(self, wanted: "Resources") -> "Resources":
        """A part with the amounts of `wanted`, whoever it is reserved for. Raises NotFound."""
        return self._make("resources_find", self._pointer, Resources._of(wanted), None)

    def apply(self, operation: Union[bytes, str], **fields) -> "Resources":
        """What a master makes of them by an Offer.Operation. Fields: format, max_memory."""
        operation = operation.encode() if isinstance(operation, str) else bytes(operation)
        given = options(_abi.ResourcesOptions, **fields)
        return self._make("resources_apply", self._pointer, operation, len(operation), ctypes.addressof(given))

    def encode(self, format: Format = Format.JSON, reservations: Reservations = Reservations.STACK) -> bytes:
        return blob("resources_encode", self._pointer, format, reservations, None, sink=Sink())
