"""How long a round of training takes on R ranks: docs/cluster_scaling.md states the model."""

import dataclasses
import random

from cluster_traffic import (FINGERPRINT_BYTES, Gradients, ceil_div, content_bytes, cut_batch,
                             gather_steps, outline_steps)

SECONDS_PER_ADDED_FLOAT = 0.5e-9  # of a subtree, at its owner; assumed
DIGEST_PARTS = 100  # tensors, moments, targets and counters of a QMIX network, rounded up
EPISODE_HEAD_BYTES = 256  # of an outline that lies in the ring, beside its rewards; rounded up
N_SAMPLES = 25


@dataclasses.dataclass
class Network:
    name: str
    latency: float    # s, from send to the end of receive, of a small message
    gap: float        # s, for each further message that an end handles meanwhile
    bandwidth: float  # bytes a second, each way, of a rank


@dataclasses.dataclass
class Costs:
    """Of one thread: seconds, and the lengths that episodes have."""
    sizes: dict
    act: float    # an environment step, acting included
    learn: float  # a slot of an episode, forward and backward
    fixed: float  # an update, whatever its batch: optimiser, norm, transposing
    lengths: list


def arrive(network, n_messages, n_bytes):
    """Until a rank has messages that were sent at one time."""
    if n_messages == 0:
        return 0.0
    return network.latency + (n_messages - 1) * network.gap + n_bytes / network.bandwidth


def steps_time(network, steps):
    return sum(arrive(network, 1, n_bytes) for n_bytes in steps)


def on_threads(work, n_threads):
    """Episodes one after another, each on the thread that is free first."""
    if n_threads == 1 or not work:
        return sum(work)
    free = [0.0] * min(n_threads, len(work))
    for seconds in work:
        free[free.index(min(free))] += seconds
    return max(free)


def draw(costs, n_ranks, rng):
    """What chance decides in a round: played lengths, and (length, home, is new) of a batch."""
    sizes = costs.sizes
    played = rng.choices(costs.lengths, k=sizes["batch_size_run"])
    share_of_new = min(1.0, sizes["batch_size_run"] / sizes["window"])
    batch = [(length, rng.randrange(n_ranks), False)
             for length in rng.choices(costs.lengths, k=sizes["batch"])]
    n_new = sum(rng.random() < share_of_new for _ in batch)
    for i in range(len(batch) - n_new, len(batch)):  # tickets ascend
        batch[i] = (batch[i][0], batch[i][1], True)
    return played, batch


def busiest(messages):
    """(messages, bytes) of the end that handles most; messages are (from, to, bytes)."""
    ends = {}
    for sender, receiver, n_bytes in messages:
        for end in ((sender, 0), (receiver, 1)):
            count, total = ends.get(end, (0, 0))
            ends[end] = (count + 1, total + n_bytes)
    if not ends:
        return 0, 0
    return max(count for count, _ in ends.values()), max(total for _, total in ends.values())


def gradients_time(network, gradients, n_ranks):
    scattered = [gradients.scattered_to(rank) for rank in range(gradients.n_owners)]
    n_sent = max(gradients.message) * gradients.n_owners
    scatter = arrive(network, max(max(m for m, _ in scattered), gradients.n_owners - 1),
                     max(max(b for _, b in scattered), n_sent)) if n_ranks > 1 else 0.0
    add = sum(gradients.subtrees) * gradients.piece * SECONDS_PER_ADDED_FLOAT if n_ranks > 1 else 0
    holders, spread = gradients.n_owners, 0.0
    while holders < n_ranks:
        spread += arrive(network, 1, gradients.result)
        holders *= 2
    return scatter + add + steps_time(network, gradients.gather) + spread


def one_round(costs, network, n_ranks, n_threads, rng):
    sizes = costs.sizes
    played, batch = draw(costs, n_ranks, rng)
    by_rank = [played[rank::n_ranks] for rank in range(min(n_ranks, len(played)))]
    act = costs.act * max(on_threads(lengths, n_threads) for lengths in by_rank)

    average = sum(costs.lengths) // len(costs.lengths)
    cuts = cut_batch([average if new else length for length, _, new in batch], n_ranks)
    shares = [batch[first:end] for first, end in zip(cuts, cuts[1:])]
    learn = costs.learn * max(on_threads([length + 1 for length, _, _ in share], n_threads)
                              for share in shares)
    moves = {True: [], False: []}
    for rank, share in enumerate(shares):
        for length, home, new in share:
            if home != rank:
                moves[new].append((home, rank, content_bytes(sizes, length)))
    early = arrive(network, *busiest(moves[False]))  # while the update before learns
    parts = {
        "acting": act,
        "learning": learn,
        "step": costs.fixed,
        "outlines": steps_time(network, outline_steps(sizes, n_ranks)),
        "episodes": arrive(network, *busiest(moves[True])) + max(0.0, early - learn),
        "gradients": gradients_time(network, Gradients(sizes, cuts), n_ranks),
    }
    if sizes["pipeline"] == 1:
        # acting runs beside everything but outlines and new episodes; threads are shared
        path = learn + parts["step"] + parts["gradients"]
        work = (costs.act * max(map(sum, by_rank))
                + costs.learn * max(sum(length + 1 for length, _, _ in share) for share in shares))
        parts["acting"] = max(0.0, act - path, work / n_threads + parts["step"] - path)
    return parts


def mean_round(costs, network, n_ranks, n_threads=1):
    """Seconds of the parts of a round; means over chance, which is the same for all ranks."""
    rng = random.Random(1)
    rounds = [one_round(costs, network, n_ranks, n_threads, rng) for _ in range(N_SAMPLES)]
    return {part: sum(r[part] for r in rounds) / len(rounds) for part in rounds[0]}


def digest_time(costs, network, n_ranks, interval):
    """Messages of a comparison of fingerprints after `interval` rounds."""
    n_new = min(interval * costs.sizes["batch_size_run"], costs.sizes["window"])
    return (steps_time(network, gather_steps(n_ranks, ceil_div(n_new, n_ranks) * FINGERPRINT_BYTES))
            + steps_time(network, gather_steps(n_ranks, DIGEST_PARTS * FINGERPRINT_BYTES)))


def memory(sizes, n_ranks):
    """Bytes, all episodes of full length: a rank's ring, the outlines beside it, rank 0 as it saves."""
    limit = sizes["episode_limit"]
    whole = content_bytes(sizes, limit) + 4 * limit
    n_slots = sizes["window"] + sizes["batch_size_run"] * sizes["pipeline"]
    ring = ceil_div(n_slots, n_ranks) * whole
    outlines = n_slots * (4 * limit + EPISODE_HEAD_BYTES)
    return ring, outlines, outlines + 2 * sizes["window"] * whole


def save_time(sizes, network, n_ranks):
    """Until rank 0 has the episodes of the others."""
    n_sent = sizes["window"] * (n_ranks - 1) / n_ranks
    n_bytes = n_sent * content_bytes(sizes, sizes["episode_limit"])
    return n_sent / 64 * network.latency + n_sent * network.gap + n_bytes / network.bandwidth
