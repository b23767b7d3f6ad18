"""A synthetic country for demonstrations, tests and measurements; no one in it exists."""

from __future__ import annotations

from renkei.assembly.nation.model import BodyPlan, Household, Municipality, Person, Persona
from renkei.assembly.nation.nation import AS_OF, Nation
from renkei.assembly.nation.progress import with_progress

__all__ = ["AS_OF", "BodyPlan", "Household", "Municipality", "Nation", "Person", "Persona", "with_progress"]
