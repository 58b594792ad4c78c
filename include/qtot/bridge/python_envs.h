#pragma once

#include "qtot/env/env.h"

/// Environments that are written in Python. Each Env has a child process of its own, an interpreter that runs
/// a small host script and answers one request at a time over a private socket (docs/python_environments.md).
namespace qtot::bridge {

/// The family "python": make() starts the child process and asks it for the sizes.
///
/// An Env of it throws Error (kFailed) from reset(), step() and restore() when the child dies, does not answer
/// in time, answers with what is no reply or does not fit, or when the environment raises; the child is gone
/// then, and every further call throws the same. make() throws Error (kBadInput) when the interpreter cannot
/// be run or the environment cannot be made.
///
/// The child is seeded by Env::reset with 64 bits of chance. A snapshot holds these and the actions since;
/// restore() plays them again, and so takes as long as the episode did.
env::EnvFamily python_family();

/// Adds python_family() to env::families(), as env::add_family() says. A second call does nothing.
void add_python_family();

}  // namespace qtot::bridge
