"""What the ranks of a training send each other in a round, to the byte: the counts of src/cluster/core.

A report is what `qtot bench train --json --episodes` prints: sizes, the length of every episode, and the
tickets of the batch of every timed update and of the next one. The counts do not depend on how many
ranks made the report. tests/cluster/traffic_check compares them with what rank 0 of 2, 3 and 4 received.
"""

import bisect
import itertools

SMALLEST_PIECE = 2048   # parameters: gradient_sum.cpp
SLACK = 8               # shares.cpp
FIGURES_BYTES = 64      # of an episode: learner::EpisodeSums<float>
OUTLINE_HEAD_BYTES = 16  # episode_bytes.cpp
FINGERPRINT_BYTES = 16


def ceil_div(a, b):
    return -(-a // b)


def padded(n_bytes):
    return ceil_div(n_bytes, 8) * 8


def slot_bytes(sizes):
    """Of an episode, a slot: state, observations, availability, actions."""
    n = sizes["n_agents"]
    return (4 * sizes["state_shape"] + 4 * n * sizes["obs_shape"]
            + 8 * n * ceil_div(sizes["n_actions"], 64) + 4 * n)


def content_bytes(sizes, length):
    """Of an episode, as it travels: what its outline does not have."""
    return (length + 1) * slot_bytes(sizes)


def cut_batch(costs, n_ranks):
    """The first position of each rank, and the end: [R + 1]. As cluster::cut_batch, with its ties."""
    before = [0, *itertools.accumulate(cost + 1 for cost in costs)]
    total = before[-1]
    cuts = [0]
    for rank in range(1, n_ranks):
        even = total * rank // n_ranks
        last = cuts[-1]
        # distance() falls and then rises, since `before` rises
        above = max(last, bisect.bisect_left(before, even))
        near = range(max(last, above - 1), min(above, len(costs)) + 1)
        chosen = min(near, key=lambda position: (abs(before[position] - even), position))
        slack = total // n_ranks // SLACK
        first = max(last, bisect.bisect_left(before, even - slack))
        for position in range(first, bisect.bisect_right(before, even + slack)):
            if divisibility(position) > divisibility(chosen):
                chosen = position
        cuts.append(chosen)
    return [*cuts, len(costs)]


def divisibility(position):
    return 64 if position == 0 else (position & -position).bit_length() - 1


def n_subtrees(n_leaves, first, end):
    """How many sums stand for positions [first, end): math::append_subtrees."""
    count = 0
    while first < end:
        granule = 1 << (n_leaves - 1).bit_length() if first == 0 else first & -first
        is_rest = end == n_leaves and first == n_leaves - n_leaves % granule
        is_whole = first == 0 and end == n_leaves
        first += end - first if is_rest or is_whole else min(granule, floor_power(end - first))
        count += 1
    return count


def floor_power(n):
    return 1 << (n.bit_length() - 1)


def gather_steps(n_members, block):
    """Bytes that each member of all_gather() receives, step by step."""
    steps, count = [], 1
    while count < n_members:
        steps.append(min(count, n_members - count) * block)
        count *= 2
    return steps


def outline_steps(sizes, n_ranks):
    block = 8 + ceil_div(sizes["batch_size_run"], n_ranks) * (
        OUTLINE_HEAD_BYTES + 4 * sizes["episode_limit"])
    return gather_steps(n_ranks, block)


class Gradients:
    """What GradientSum sends for one update; `cuts` as of cut_batch()."""

    def __init__(self, sizes, cuts):
        n_ranks, n_params, batch = len(cuts) - 1, sizes["parameters"], cuts[-1]
        self.n_owners = min(max(1, n_params // SMALLEST_PIECE), n_ranks)
        self.piece = ceil_div(n_params, self.n_owners)
        self.subtrees = [n_subtrees(batch, first, end) for first, end in zip(cuts, cuts[1:])]
        self.message = [  # bytes that a rank sends to each owner; 0: none
            padded(n * self.piece * 4) + (end - first) * FIGURES_BYTES if end > first else 0
            for n, first, end in zip(self.subtrees, cuts, cuts[1:])]
        self.n_senders = sum(n > 0 for n in self.message)
        self.all_to_one = sum(self.message)
        self.gather = gather_steps(self.n_owners, self.piece * 4)
        self.result = padded(self.n_owners * self.piece * 4) + batch * FIGURES_BYTES

    def scattered_to(self, rank):
        """(messages, bytes) that a rank receives from those that compute."""
        if rank >= self.n_owners:
            return 0, 0
        own = self.message[rank]
        return self.n_senders - int(own > 0), self.all_to_one - own

    def received_by(self, rank):
        n_messages, n_bytes = self.scattered_to(rank)
        if rank < self.n_owners:
            return n_messages + len(self.gather), n_bytes + sum(self.gather)
        return 1, self.result


def received(report, rank, n_ranks):
    """{channel: (messages, bytes)} that a rank receives in the timed rounds of a report."""
    lengths, batches, n_rounds = report["lengths"], report["batches"], report["rounds"]
    round_size = report["batch_size_run"]
    outlines = outline_steps(report, n_ranks)
    episodes, gradients = [], []
    for i, tickets in enumerate(batches):
        # the batch was cut a round before the last of its episodes were played
        known = len(lengths) - (n_rounds - i) * round_size
        old = [lengths[ticket] for ticket in tickets if ticket < known]
        average = sum(old) // len(old) if old else 0
        cuts = cut_batch(old + [average] * (len(tickets) - len(old)), n_ranks)
        for position in range(cuts[rank], cuts[rank + 1]):
            ticket = tickets[position]
            # the first batch's old episodes came before the clock started, the last one's new ones will
            is_timed = i > 0 if ticket < known else i < n_rounds
            if ticket % n_ranks != rank and is_timed:
                episodes.append(content_bytes(report, lengths[ticket]))
        if i < n_rounds:
            gradients.append(Gradients(report, cuts).received_by(rank))
    return {"outlines": (n_rounds * len(outlines), n_rounds * sum(outlines)),
            "episodes": (len(episodes), sum(episodes)),
            "gradients": tuple(map(sum, zip(*gradients)))}


def differences(report):
    """Where rank 0 of the report received something else than the counts say: sentences."""
    n_rounds, found = report["rounds"], []
    expected = received(report, 0, report["ranks"])
    told = report.get("waiting_for_ranks", {})
    for channel in sorted(expected.keys() | told.keys()):
        counted = told.get(channel, {"messages_per_round": 0, "mb_per_round": 0})
        got = (round(counted["messages_per_round"] * n_rounds),
               round(counted["mb_per_round"] * n_rounds * 1e6))
        want = expected.get(channel, (0, 0))
        if got != want:
            found.append(f"{channel}: rank 0 of {report['ranks']} received {got[0]} messages and "
                         f"{got[1]} bytes, expected {want[0]} and {want[1]}")
    return found
