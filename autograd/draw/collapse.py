"""Bringing a picture to a size that can be drawn, by drawing many operations as one.

Modules are drawn as one item each, the innermost first; where that is not enough, or there are no modules, repeated
operations are folded into one item, then all but the first and the last operations, then variables of one use. What
was done is said below the picture.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable

import numpy as np

from .picture import Item, Picture, Result
from .text import count

__all__ = ["collapse", "drawn_uses", "size"]

#: A leaf that more operations than this use is drawn once for each of them.
MOST_USES = 3
# A fold shows so many of its results, and the rest as one.
MOST_OUTPUTS = 6
LONGEST_PATTERN = 48
_LEAVES = "variables that one operation or module uses are folded"


def drawn_uses(picture: Picture) -> dict[int, list[int]]:
    """For each leaf or constant, the items that use it."""
    uses: dict[int, dict[int, None]] = {}
    for k, item in enumerate(picture.items):
        for position, _ in item.inputs:
            if picture.items[position].kind in ("leaf", "constant"):
                uses.setdefault(position, {})[k] = None
    return {position: list(users) for position, users in uses.items()}


def size(picture: Picture) -> int:
    """How many boxes and circles the picture has."""
    total = 0
    uses = drawn_uses(picture)
    for k, item in enumerate(picture.items):
        users = len(uses.get(k, ()))
        total += users if users > MOST_USES else 1
        if item.kind in ("operation", "module", "fold"):
            total += len(item.outputs)
    return total


def collapse(picture: Picture, most: int) -> Picture:
    """Draw several operations as one until at most `most` boxes and circles are left.

    Args:
        picture: what would be drawn; it is not changed.
        most: the largest number of boxes and circles; below about 8 a picture cannot get.

    Returns:
        The picture itself if it is small enough, else a smaller one, whose `collapsed` says what was done.
    """
    if size(picture) <= most:
        return picture
    done = dict(picture.collapsed)
    depth = max((len(item.scope) for item in picture.items), default=0)
    while depth and size(picture) > most:
        picture = _by_module(picture, depth)
        done["module"] = f"modules from level {depth} on are drawn as one box each"
        depth -= 1
        if size(picture) > most:  # modules whose parameters are not known as such have them around them
            folded = _fold_leaves(picture, most)
            if size(folded) <= most:
                picture = folded
                done[_LEAVES] = _LEAVES
    for fold, note in (
        (_fold_repeats, "repeated operations are folded"),
        (_fold_middle, "operations between the first and the last ones are folded"),
        (_fold_leaves, _LEAVES),
    ):
        if size(picture) > most:
            smaller = fold(picture, most)
            if smaller is not picture:
                picture = smaller
                done[note] = note
    return Picture(picture.items, picture.roots, picture.titles, picture.notes, done)


def _by_module(picture: Picture, depth: int) -> Picture:
    """Draw each module at `depth` as one item."""
    keys = [
        item.scope[:depth] if item.kind not in ("leaf", "constant") and len(item.scope) >= depth else None
        for item in picture.items
    ]
    groups: dict[tuple[tuple[str, ...], int], list[int]] = {}
    for k, (key, phase) in enumerate(zip(keys, _phases(picture, keys))):
        if key is not None:
            groups.setdefault((key, phase), []).append(k)
    heads = []
    for (path, _), members in groups.items():
        heads.append((Item("module", path[-1], path[:-1]), members))
    return _merge(picture, heads, lambda leaf: leaf.inner)


def _phases(picture: Picture, keys: list[tuple[str, ...] | None]) -> list[int]:
    """Number the visits of modules that are left and entered again, so that no item comes to depend on itself.

    Most modules are visited once, and the phase of their operations is 0. Where modules depend on each other in a
    ring, as two convolutions that share one activation, the phase grows by one at each step from one to another.
    """
    numbers: dict[tuple[str, ...], int] = {}
    total = len(keys)
    groups = [k if key is None else total + numbers.setdefault(key, len(numbers)) for k, key in enumerate(keys)]
    steps = {
        (groups[source], groups[k])
        for k, item in enumerate(picture.items)
        for source, _ in item.inputs
        if groups[source] != groups[k]
    }
    ring = _outside_order(_outside_order(set(groups), steps), {(after, before) for before, after in steps})
    phases = [0] * total
    for k, item in enumerate(picture.items):
        if groups[k] in ring:
            before = [phases[s] + (groups[s] != groups[k]) for s, _ in item.inputs if groups[s] in ring]
            phases[k] = max(before, default=0)
    return phases


def _outside_order(names: set[int], steps: set[tuple[int, int]]) -> set[int]:
    """Those names that no order reaches, because they are in a ring of steps or behind one."""
    waiting = dict.fromkeys(names, 0)
    following: dict[int, list[int]] = {}
    for before, after in steps:
        if before in waiting and after in waiting:
            waiting[after] += 1
            following.setdefault(before, []).append(after)
    ready = [name for name, number in waiting.items() if number == 0]
    for name in ready:  # grows while it is walked
        for after in following.get(name, ()):
            waiting[after] -= 1
            if waiting[after] == 0:
                ready.append(after)
    return names - set(ready)


# --- folding


def _fold_repeats(picture: Picture, most: int) -> Picture:
    """Fold what repeats in the order of the operations: of each run the first and the last time are drawn."""
    sequence = _operations(picture)
    numbers: dict[tuple[str, str, tuple[str, ...]], int] = {}
    codes = np.array(
        [numbers.setdefault((i.kind, i.label, i.scope), len(numbers)) for i in (picture.items[k] for k in sequence)]
    )
    runs: list[tuple[int, int, int]] = []  # (operations saved, start of the run, period)
    for period in range(1, min(LONGEST_PATTERN, len(codes) // 4) + 1):
        same = np.concatenate(([False], codes[period:] == codes[:-period], [False]))
        changes = np.flatnonzero(same[1:] != same[:-1])
        for start, stop in zip(changes[::2].tolist(), changes[1::2].tolist()):
            times = (stop - start) // period + 1
            if times >= 4 and (times - 2) * period >= 6:
                runs.append(((times - 2) * period, start, period))
    taken = np.zeros(len(codes), bool)
    heads = []
    for saved, start, period in sorted(runs, key=lambda run: (-run[0], run[2])):
        stop = start + saved + 2 * period
        if taken[start:stop].any():
            continue
        taken[start:stop] = True
        members = sequence[start + period : start + period + saved]
        labels = [picture.items[k].label for k in members[:period]]
        head = Item("fold", f"… {count(saved // period)} more …", picture.items[members[0]].scope)
        head.pattern = "  ".join(labels[:6]) + (" …" if period > 6 else "")
        heads.append((head, members))
    return _merge(picture, heads, lambda leaf: True) if heads else picture


def _fold_middle(picture: Picture, most: int) -> Picture:
    """Draw the first and the last operations, as many as there is room for, and one fold between them."""
    sequence = _operations(picture)
    ends = min(len(sequence) // 2, most // 4)
    while True:
        members = sequence[ends : len(sequence) - ends]
        scope = picture.items[members[0]].scope if members else ()
        for k in members:
            scope = _common(scope, picture.items[k].scope)
        folded = picture
        if len(members) > 1:
            folded = _merge(picture, [(Item("fold", "… more …", scope), members)], lambda leaf: True)
        if not ends or size(folded) <= most:
            return folded
        ends //= 2


def _fold_leaves(picture: Picture, most: int) -> Picture:
    """Fold the leaves that only one operation uses, but for two of them."""
    alone: dict[int, list[int]] = {}
    roots = {position for position, _ in picture.roots}
    for position, users in drawn_uses(picture).items():
        if len(users) == 1 and position not in roots:
            alone.setdefault(users[0], []).append(position)
    heads = []
    for leaves in alone.values():
        if len(leaves) > 4:
            members = leaves[1:-1]
            scope = picture.items[members[0]].scope
            heads.append((Item("leaves", f"… {count(len(members))} more variables …", scope), members))
    return _merge(picture, heads, lambda leaf: False) if heads else picture


def _operations(picture: Picture) -> list[int]:
    return [k for k, item in enumerate(picture.items) if item.kind in ("operation", "module", "fold")]


def _common(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    length = 0
    while length < min(len(a), len(b)) and a[length] == b[length]:
        length += 1
    return a[:length]


# --- merging


def _merge(picture: Picture, heads: list[tuple[Item, list[int]]], absorbed: Callable[[Item], bool]) -> Picture:
    """Put each group of items into its head, and with them the leaves that nothing else uses.

    Args:
        picture: the picture; it is not changed.
        heads: pairs of (the item to draw, positions of the items it stands for).
        absorbed: whether a leaf that only one group uses disappears into it.
    """
    items = picture.items
    owner = list(range(len(items)))  # the head of an item's group, or the item itself
    for number, (_, members) in enumerate(heads, len(items)):
        for k in members:
            owner[k] = number
    roots = {position for position, _ in picture.roots}
    for position, users in drawn_uses(picture).items():
        users_owners = {owner[k] for k in users}
        if len(users_owners) == 1 and position not in roots and owner[position] == position:
            (only,) = users_owners
            if only >= len(items) and absorbed(items[position]):
                owner[position] = only
    everything = [*items, *(head for head, _ in heads)]

    # The results of a group are those that something outside it uses.
    places: dict[tuple[int, int], tuple[int, int]] = {}
    outputs: dict[int, list[Result]] = {}

    def place(source: tuple[int, int]) -> tuple[int, int]:
        position, index = source
        group = owner[position]
        if group < len(items):
            return source
        if source not in places:
            held = outputs.setdefault(group, [])
            result = items[position].outputs[index]
            if everything[group].kind != "module" and len(held) >= MOST_OUTPUTS:
                if len(held) == MOST_OUTPUTS:
                    held.append(Result(number=0))
                last = held[MOST_OUTPUTS]
                last.number += result.number
                last.name = f"… {count(last.number)} more results …"
                places[source] = group, MOST_OUTPUTS
            else:
                held.append(result)
                places[source] = group, len(held) - 1
        return places[source]

    inputs: dict[int, list[tuple[int, int]]] = {}
    for k, item in enumerate(items):
        mine = owner[k]
        found = [place(source) for source in item.inputs if owner[source[0]] != mine or mine == k]
        inputs.setdefault(mine, []).extend(found)
    new_roots = list(dict.fromkeys(place(root) for root in picture.roots))

    made: dict[int, Item] = {}
    for k in dict.fromkeys(owner):
        item = everything[k]
        made[k] = Item(
            item.kind, item.label, item.scope, inputs.get(k, []), item.outputs, list(item.lines), item.source,
            item.parameter, item.inner, item.operations, item.variables, item.owned, item.parameters, item.pattern,
        )  # fmt: skip
        if k >= len(items):
            made[k].inputs = list(dict.fromkeys(made[k].inputs))
            made[k].outputs = outputs.get(k, [])
    for k, item in enumerate(items):
        if owner[k] != k:
            head = made[owner[k]]
            head.operations += item.operations
            head.variables += item.variables
            head.owned += item.owned
            head.parameters += item.parameters
            if item.kind == "leaf" and item.parameter:
                head.owned += 1
                head.parameters += numbers_in(item.outputs[0])
    return _in_order(picture, made, new_roots)


def numbers_in(result: Result) -> int:
    """How many numbers a result holds."""
    return 1 if result.shape is None else math.prod(result.shape)


def _in_order(picture: Picture, made: dict[int, Item], roots: list[tuple[int, int]]) -> Picture:
    """Number the items again, each after its inputs and otherwise in the order in which they were."""
    waiting = {k: len({position for position, _ in item.inputs}) for k, item in made.items()}
    users: dict[int, list[int]] = {}
    for k, item in made.items():
        for position in dict.fromkeys(position for position, _ in item.inputs):
            users.setdefault(position, []).append(k)
    rank = {k: number for number, k in enumerate(made)}
    ready = [(rank[k], k) for k, number in waiting.items() if number == 0]
    heapq.heapify(ready)
    order: dict[int, int] = {}
    while ready:
        _, k = heapq.heappop(ready)
        order[k] = len(order)
        for user in users.get(k, ()):
            waiting[user] -= 1
            if waiting[user] == 0:
                heapq.heappush(ready, (rank[user], user))
    assert len(order) == len(made), "items drawn as one depend on themselves"
    items = []
    for k in order:
        item = made[k]
        item.inputs = [(order[position], index) for position, index in item.inputs]
        items.append(item)
    return Picture(items, [(order[k], index) for k, index in roots], picture.titles, list(picture.notes))
