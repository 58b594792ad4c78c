"""QMIX and its relatives, exact to the bit: the oracle and the environments of qtot for NumPy.

    qtot.oracle         what every number of a learner step must be, and where somebody's differ
    qtot.lambda_returns returns of a batch of episodes; also corrected_returns, n_step_returns
    qtot.mixer          q_tot of a mixing network, and its gradients
    qtot.make           an environment as PyMARL's MultiAgentEnv; make_parallel: as PettingZoo's ParallelEnv;
                        make_vector: many at once; environments: their names; load_plugin: a further one

Arguments are arrays, or what numpy.asarray makes one of. What is float32 or float64 in C order and is
given to lambda_returns or mixer is read in place; everything else is copied once. What comes back owns
its memory. Wrong input is a ValueError that names the argument, what was expected and what was found.
"""

from qtot import oracle
from qtot._core import version as __version__
from qtot._envs import environments, load_plugin, make, make_parallel
from qtot._parts import corrected_returns, lambda_returns, mixer, n_step_returns
from qtot._vector import make_vector

__all__ = ["__version__", "corrected_returns", "environments", "lambda_returns", "load_plugin", "make",
           "make_parallel", "make_vector", "mixer", "n_step_returns", "oracle"]
