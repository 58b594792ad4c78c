"""Cases whose right answers were found on paper.

Most of them play with two tables of values, of the online and of the target network, whose rows are
situations and whose columns are actions; VDN adds the agents' values, gamma is 1/2. Of target values,
double Q-learning takes the one at the online network's best action, marked *:

    situation    online      target
        0        1  2*       4  6*
        1        3* 1        2* 8
        2        0  4*       5  3*
        3       -1*-2        7*-4
"""

import decimal
import math

from building import EMPTY, Case, Episode, arguments, batch_of, by_state, table_agent, through_hidden

ONLINE = [[1, 2], [3, 1], [0, 4], [-1, -2]]
TARGET = [[4, 6], [2, 8], [5, 3], [7, -4]]

# values of the stored actions 4, 5, -2; target values of slots 1 to 3: 2 + 3, 3 + 7, 7 + 6
LONG = Episode([(0, 1), (1, 2), (2, 3), (3, 0)], [(0, 0), (1, 1), (0, 1), (0, 0)], [1, 2, 3], True)
# value 4; target value of slot 1: 6 + 6
SHORT = Episode([(1, 1), (0, 0)], [(1, 0), (1, 1)], [2], True)
# values -3, 2; target values of slots 1 and 2: 6 + 3, 2 + 2
MIDDLE = Episode([(3, 3), (0, 2), (1, 1)], [(0, 1), (1, 0), (0, 0)], [-1, 4], True)


def e_to(x):
    """e^x, rounded to float64 as every machine rounds it."""
    return float(decimal.Decimal(x).exp())


def played(name, shows, must_hold, episodes, right, n_slots=None, weights=None, leave_out=(), **args):
    """A case of the two tables."""
    batch = batch_of(episodes, 4, 2, len(episodes[0].actions[0]) if episodes[0].actions else 2, n_slots)
    if weights is not None:
        batch["per_weight"] = weights
    return Case(name, shows, must_hold, batch, table_agent(ONLINE), table_agent(TARGET),
                arguments(batch, **args), right, leave_out)


def of_episodes():
    """Lengths, ends, padding."""
    cut, short_cut = LONG.but(ends=False), SHORT.but(ends=False)
    yield played(
        "mixed_lengths", "padding enters the loss, or its divisor",
        "6 steps of 12 count; a terminated episode's last target is its reward",
        [LONG, SHORT, MIDDLE],
        {"q_tot": [[4, 5, -2], [4], [-3, 2]], "targets": [[3.5, 7, 3], [2], [3.5, 4]],
         "mask": [[1, 1, 1], [1], [1, 1]], "loss": (29.25 + 4 + 46.25) / 6})
    yield played(
        "truncated_and_terminated", "a time limit is taken for a terminal, or the other way round",
        "the same episode: cut, its last target is 3 + 13/2; ended by itself, 3",
        [cut, LONG],
        {"targets": [[3.5, 7, 9.5], [3.5, 7, 3]], "loss": (136.5 + 29.25) / 6})
    yield played(
        "truncated_before_the_batch_ends", "an episode cut early gets one step more than it has",
        "episode 1 has one step, whose target 2 + 12/2 bootstraps from its own slot 1",
        [LONG, short_cut],
        {"targets": [[3.5, 7, 3], [8]], "mask": [[1, 1, 1], [1]], "loss": (29.25 + 16) / 4})
    yield played(
        "reward_in_the_last_slot", "the reward of slot L, which no step earned, is learned from",
        "as truncated_before_the_batch_ends, whatever stands there",
        [LONG.but(last_reward=50.0), short_cut.but(last_reward=100.0)],
        {"targets": [[3.5, 7, 3], [8]], "loss": (29.25 + 16) / 4})
    yield played(
        "padding_beyond_every_episode", "the arrays' length is taken for an episode's",
        "3 steps of 8 count, and the longest episode ends two slots before the arrays",
        [short_cut, MIDDLE],
        {"targets": [[8], [3.5, 4]], "loss": (16 + 46.25) / 3}, n_slots=5)
    yield played(
        "single_step_episodes", "an episode of one step, ended and cut",
        "targets 2 and 2 + 12/2", [SHORT, short_cut],
        {"targets": [[2], [8]], "loss": (4 + 16) / 2})
    yield played(
        "empty_episode_in_the_batch", "an episode without a step (filled is 0 everywhere) is counted",
        "as truncated_before_the_batch_ends: episode 1 adds nothing", [LONG, EMPTY, short_cut],
        {"targets": [[3.5, 7, 3], [], [8]], "loss": (29.25 + 16) / 4})
    yield played(
        "empty_mask", "no step is valid: 0/0, or a step of weight decay alone",
        "nothing happens: loss 0, gradient 0, parameters as before", [EMPTY, EMPTY],
        {"loss": 0, "grad_norm": 0, "losses": [0] * 5, "grad_norms": [0] * 5}, n_slots=3,
        optimizer="adam", weight_decay=0.125)
    yield played(
        "iql", "the error of each agent is summed over agents where it must be averaged",
        "8 errors: 4 steps of 2 agents, each with the team's reward", [cut, SHORT],
        {"q_tot": [[[1, 3], [1, 4], [0, -2]], [[1, 3]]],
         "targets": [[[2, 2.5], [3.5, 5.5], [6.5, 6]], [[2, 2]]], "loss": 118 / 8}, mixer=None)
    yield played(
        "per_weights", "importance weights scale the error, or the divisor, and not its square",
        "each episode's squared errors times its weight, over the number of steps",
        [LONG, SHORT, MIDDLE],
        {"targets": [[3.5, 7, 3], [2], [3.5, 4]], "loss": (29.25 + 4 / 2 + 46.25 / 4) / 6,
         "per_priority": [[7.5 / math.sqrt(3)], [2], [8.5 / math.sqrt(2)]]},
        weights=[1, 0.5, 0.25], use_per=True)
    yield played(
        "loss_factor_half", "the factor of the loss (1/2 in PyMARL2) is left out of the gradient",
        "half the loss of 29.25 / 3, half its gradient", [LONG], {"loss": 29.25 / 6}, loss_factor=0.5)


def of_returns():
    """gamma and lambda."""
    both = [LONG.but(ends=False), LONG]
    yield played(
        "lambda_0", "lambda and 1 - lambda are swapped", "one-step targets", both,
        {"targets": [[3.5, 7, 9.5], [3.5, 7, 3]], "loss": (136.5 + 29.25) / 6})
    yield played(
        "lambda_half", "the recursion runs the wrong way or starts in the wrong place",
        "cut: 9.5, 2 + (10 + 9.5)/4, 1 + (5 + 6.875)/4; ended: 3, 2 + (10 + 3)/4, 1 + (5 + 5.25)/4",
        both, {"targets": [[3.96875, 6.875, 9.5], [3.5625, 5.25, 3]],
               "loss": (135.7666015625 + 25.25390625) / 6}, td_lambda=0.5)
    yield played(
        "lambda_1", "the bootstrap at a time limit is lost",
        "discounted sums of rewards, and of the last value where the episode was cut", both,
        {"targets": [[4.375, 6.75, 9.5], [2.75, 3.5, 3]], "loss": (135.453125 + 28.8125) / 6},
        td_lambda=1.0)
    yield played(
        "lambda_truncated_before_the_batch_ends", "the recursion starts at the end of the batch",
        "episode 1 starts from its own slot 2: 4 + 4/2, then -1 + (9 + 6)/4", [LONG, MIDDLE.but(ends=False)],
        {"targets": [[3.5625, 5.25, 3], [2.75, 6]], "loss": (25.25390625 + 49.0625) / 5}, td_lambda=0.5)
    yield played(
        "gamma_0", "discounting is forgotten somewhere", "targets are rewards",
        [LONG.but(ends=False), SHORT], {"targets": [[1, 2, 3], [2]], "loss": 47 / 4},
        gamma=0.0, td_lambda=0.5)


def of_choices():
    """The greedy action."""
    cut = LONG.but(ends=False)
    yield played(
        "no_double_q", "double Q-learning where it is off",
        "target values are the target network's own best: 8 + 5, 5 + 7, 7 + 6", [cut, SHORT],
        {"targets": [[7.5, 8, 9.5], [2]], "loss": (153.5 + 4) / 4}, double_q=False,
        leave_out=("cur_max_actions",))
    yield played(
        "unavailable_best_action", "an action that is not available is bootstrapped from",
        "agent 0 at slot 1 and agent 1 at slot 2 have action 1 alone: 8 + 3, 3 - 4, 7 + 6",
        [cut.but(unavailable={(1, 0): [0], (2, 1): [0]})],
        {"targets": [[6.5, 1.5, 9.5]], "loss": 150.75 / 3})
    yield played(
        "unavailable_best_action_no_double_q", "the same where the target network chooses",
        "agent 1 at slot 1 and agent 0 at slot 3 have action 1 alone: 8 + 3, 5 + 7, -4 + 6",
        [cut.but(unavailable={(1, 1): [0], (3, 0): [0]},
                 actions=[(0, 0), (1, 1), (0, 1), (1, 0)])],
        {"targets": [[6.5, 8, 4]], "loss": 51.25 / 3}, double_q=False, leave_out=("cur_max_actions",))
    yield tie_at_the_argmax()
    yield played(
        "no_action_at_the_bootstrap", "an agent without any action bootstraps from a value of its network",
        "agent 1 at slot 3 has none: its greedy action is 0, its value -9999999", [
            cut.but(unavailable={(3, 1): [0, 1]})],
        {"cur_max_actions": [[[1, 0], [0, 1], [1, 0], [0, 0]]], "targets": [[3.5, 7, 3 - 9999992 / 2]],
         "loss": (0.25 + 4 + 4999991 ** 2) / 3})
    yield played(
        "no_action_after_the_end", "a value that is not used makes NaN, or enters",
        "no agent has an action at slot 3 of an episode that ended: the last target is its reward",
        [LONG.but(unavailable={(3, 0): [0, 1], (3, 1): [0, 1]})],
        {"targets": [[3.5, 7, 3]], "loss": 29.25 / 3})


def tie_at_the_argmax():
    episode = Episode([(1,), (0,), (1,), (2,)], [(0,), (0,), (0,), (1,)], [1, 1, 1], False,
                      unavailable={(3, 0): [0]})
    batch = batch_of([episode], 3, 3, 1)
    return Case(
        "tie_at_the_argmax", "of equal values another than the first is taken",
        "greedy: 1 of (1, 5, 5); 0 of (7, 7, 7); 1 of (9, 2, 2) where 0 is not available",
        batch, table_agent([[1, 5, 5], [7, 7, 7], [9, 2, 2]]),
        table_agent([[10, 1, 3], [2, 4, 6], [8, 0.5, 9]]), arguments(batch),
        {"cur_max_actions": [[[0], [1], [0], [1]]], "targets": [[1.5, 2, 1.25]], "loss": 64.3125 / 3})


def of_agents():
    """What an agent sees and remembers."""
    one = Episode([(0,), (1,)], [(0,), (0,)], [3], False)
    # fc2 alone and the candidate gate of situations 1 and 3 learn: 882 is the sum of their squares
    gradient = {"grad/agent.fc2.bias": [-6, 0], "grad/agent.fc2.weight": [[-6, 0, 0, 0], [0, 0, 0, 0]],
                "grad_norm": math.sqrt(882)}
    yield played("n1_t2_truncated", "one agent, one step, two slots", "target 3 + 2/2", [one],
                 {"q_tot": [[1]], "targets": [[4]], "loss": 9, **gradient})
    yield played("n1_t2_terminated", "one agent, one step, two slots", "target 3",
                 [one.but(ends=True)],
                 {"q_tot": [[1]], "targets": [[3]], "loss": 4, "grad/agent.fc2.bias": [-4, 0],
                  "grad_norm": math.sqrt(882) * 4 / 6})
    yield last_action_and_id()
    yield memory()
    for name, clip, coefficient in (("clip_inactive", 100.0, 1), ("clip_active", 10.0, None)):
        g = 6 * (coefficient or 10 / (math.sqrt(882) + 1e-6))
        yield played(name, "clipping by tensor, without 1e-6, or after the step",
                     f"one norm over all parameters, 21 sqrt(2), against {clip:g}", [one],
                     {"grad_norm": math.sqrt(882),
                      "param1/agent.fc2.bias": [0.0001 * g / (math.sqrt(0.01 * g * g) + 1e-5), 0]},
                     grad_norm_clip=clip)
    yield from of_optimisers(one)


def of_optimisers(one):
    def rmsprop(g):
        return 0.0001 * g / (0.1 * abs(g) + 1e-5)

    def adam(g):
        return 0.0001 * g / (abs(g) + 1e-8)

    for name, rule in (("rmsprop", rmsprop), ("adam", adam)):
        yield played(f"{name}_step", "eps inside the root, another decay, no bias correction",
                     "the first step, of a gradient of -6 and of 0", [one],
                     {"param1/agent.fc2.bias": [rule(6), 0]}, grad_norm_clip=100.0, optimizer=name)
        row_0, row_1 = [1, 3, 0, -1], [2, 1, 4, -2]  # fc2.weight; of its gradient the first is -6
        decayed = [[p - rule(p / 8 - (6 if i == 0 else 0)) for i, p in enumerate(row_0)],
                   [p - rule(p / 8) for p in row_1]]
        yield played(f"{name}_weight_decay", "weight decay beside the moments, or before the clipping",
                     "the decay joins the clipped gradient, before the moments", [one],
                     {"param1/agent.fc2.weight": decayed}, grad_norm_clip=100.0, optimizer=name,
                     weight_decay=0.125)
    yield played("target_copied_every_second_call", "the target network never follows, or at once",
                 "calls 1 and 2 see the first target network, 3 and 4 the copy made after 2, 5 the next",
                 [LONG.but(ends=False)], {"targets": [[3.5, 7, 9.5]]}, target_update_interval=2, lr=0.001)
    yield played("target_follows_slowly", "Polyak averaging with the weights swapped",
                 "after each call target = 3/4 target + 1/4 online",
                 [LONG.but(ends=False)], {"targets": [[3.5, 7, 9.5]]}, target_update_tau=0.25, lr=0.001)


def last_action_and_id():
    """Inputs are an empty observation, the last action and the agent's index; values add up."""
    episode = Episode([(None, None)] * 3, [(0, 1), (1, 0), (0, 0)], [1, 2], False)
    batch = batch_of([episode], 1, 2, 2)
    return Case(
        "last_action_and_id", "the last action is that of its own slot, or the parts change places",
        "values: last action 0 (1, 2), 1 (4, -1), none 0; agent 0 (8, 6), agent 1 (-2, 5)",
        batch, table_agent([[0, 0], [1, 2], [4, -1], [8, 6], [-2, 5]]),
        table_agent([[0, 0], [2, 0], [0, 3], [1, 2], [5, 4]]),
        arguments(batch, obs_last_action=True, obs_agent_id=True),
        {"q_tot": [[13, 10]], "targets": [[1 + 10 / 2, 2 + 5 / 2]], "loss": 79.25 / 2})


def memory():
    """The update gate is 1 and keeps h, but where a cue is seen, which it lets in."""
    episodes = [Episode([(0,), (None,), (None,)], [(0,), (1,), (0,)], [1, 1], False),
                Episode([(None,), (1,), (None,)], [(0,), (1,), (0,)], [1, 1], False)]
    batch = batch_of(episodes, 2, 2, 1)
    online = table_agent([[1, 2], [3, 1]], bias=[0.5, 0])
    target = table_agent([[4, 6], [2, 8]])
    for params in (online, target):
        params["agent.rnn.bias_ih"][2:4] = 60
        params["agent.rnn.weight_ih"][2:4] = -120
    return Case(
        "memory", "the hidden state is lost between slots, or carried into another episode",
        "a cue seen once decides all later values; before it h is 0",
        batch, online, target, arguments(batch),
        {"q_tot": [[1.5, 2], [0.5, 1]], "targets": [[4, 4], [2, 2]], "loss": 13.5 / 4})


# --- QMIX, E = 2, two states. Values of the agents: 1 and 2; in the target network at slot 1: 2 and 3

ONE_STEP = Episode([(0, 0), (1, 2)], [(0, 1), (0, 0)], [1], True, states=[[1, 0], [0, 1]])


def mixer(w1, b1, w2, v_bias, layer=by_state):
    """Columns by state; V(s) is 1/2 - 2 + v_bias in state 0, -1 + v_bias in state 1."""
    suffix = ".0" if layer is by_state else ""
    return {**layer("mixer.hyper_w1" + suffix, w1), **by_state("mixer.hyper_b1.0", b1),
            **layer("mixer.hyper_w2" + suffix, w2),
            **by_state("mixer.hyper_b2.0", [[1, 2], [-1, 1]]),
            **by_state("mixer.hyper_b2.2", [[0.5], [-1]], [v_bias])}


TARGET_MIXER = ([[0, 0, 0, 0], [-1, 1, 2, -1]], [[0, 0], [-9, 0.5]], [[0, 0], [1, -3]], 2)


def mixed(name, shows, must_hold, episodes, online, right, layer=by_state, **args):
    batch = batch_of(episodes, 4, 2, 2, state_dim=2)
    return Case(name, shows, must_hold, batch,
                {**table_agent(ONLINE), **mixer(*online, layer=layer)},
                {**table_agent(TARGET), **mixer(*TARGET_MIXER, layer=layer)},
                arguments(batch, mixer="qmix", hypernet_layers=1 if layer is by_state else 2, lr=0.00002,
                          **args), right)


def of_mixers():
    """Every number of a QMIX mixer, and its kinks."""
    cut = ONE_STEP.but(ends=False)
    online = ([[1, -2, 3, 0.5], [0, 0, 0, 0]], [[-10, 1], [0, 0]], [[2, -1], [0, 0]], 3)
    q = 3.5 + 2 * e_to(-3)       # 2 elu(1 + 6 - 10) + elu(2 + 1 + 1) + 1.5
    y = 1 + (16.5 + e_to(-1)) / 2  # elu(2 + 6 - 9) + 3 elu(2 + 3 + 0.5) + 1
    right = {"q_tot": [[q], [q]], "targets": [[1], [y]], "loss": ((q - 1) ** 2 + (q - y) ** 2) / 2,
             "grad/mixer.hyper_b2.2.bias": [(q - 1) + (q - y)]}
    for layers, layer in ((1, by_state), (2, through_hidden)):
        yield mixed(f"qmix_{layers}_layer{'s' * (layers - 1)}",
                    "order of the mixing weights, abs on a bias, no elu, no V(s), state of the wrong slot",
                    "Q_tot = 3.5 + 2 e^-3 in state 0; the target mixer gives 16.5 + e^-1 in state 1",
                    [ONE_STEP, cut], online, right, layer)
    yield mixed("no_action_at_the_bootstrap_qmix", "-9999999 leaves the mixer as infinity or NaN",
                "both elu are at -1 and the target value is -1 - 3 + 1",
                [cut.but(unavailable={(1, 1): [0, 1]})], online,
                {"targets": [[1 - 3 / 2]], "loss": (q + 0.5) ** 2})
    yield mixed("abs_at_zero", "abs'(0) is not 0",
                "mixing weights written as exactly 0 get no gradient: of w1 the first, of w2 the second",
                [ONE_STEP], ([[0, -2, 3, 0.5], [0, 0, 0, 0]], [[1, 1], [0, 0]], [[2, 0], [0, 0]], 3),
                {"q_tot": [[15.5]], "loss": 14.5 ** 2,
                 "grad/mixer.hyper_w1.0.bias": [0, 0, 116, 0], "grad/mixer.hyper_w2.0.bias": [203, 0]})
    yield mixed("elu_at_zero", "elu'(0) is not 1", "the first elu is at exactly 0 and passes its gradient",
                [ONE_STEP], ([[1, -2, 3, 0.5], [0, 0, 0, 0]], [[-7, 1], [0, 0]], [[2, -1], [0, 0]], 3),
                {"q_tot": [[5.5]], "loss": 4.5 ** 2, "grad/mixer.hyper_b1.0.bias": [18, 9]})
    yield relu_at_zero_in_the_mixer(online, q)
    yield relu_at_zero_in_the_agent()


def relu_at_zero_in_the_mixer(online, q):
    case = mixed("relu_at_zero_in_the_mixer", "relu'(0) is not 0",
                 "the first hidden unit of V(s) is at exactly 0 and gets no gradient", [ONE_STEP], online,
                 {"q_tot": [[q - 0.5]], "grad/mixer.hyper_b2.0.bias": [0, -2 * (q - 1.5)]})
    case.params["mixer.hyper_b2.0.weight"][0, 0] = 0
    return case


def relu_at_zero_in_the_agent():
    episode = Episode([(0,), (1,)], [(0,), (0,)], [3], False)
    case = played("relu_at_zero_in_the_agent", "relu'(0) is not 0",
                  "units of fc1 that are at exactly 0 get no gradient, nor does any other", [episode],
                  {"targets": [[4]], "grad/agent.fc1.bias": [0, 0, 0, 0], "grad_norm": math.sqrt(882)})
    for params in (case.params, case.target_params):
        params["agent.fc1.weight"] /= 2
        params["agent.fc1.bias"] *= 0
    return case


def all_cases():
    for group in (of_episodes, of_returns, of_choices, of_agents, of_mixers):
        yield from group()
