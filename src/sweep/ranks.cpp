#include "qtot/sweep/ranks.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/sweep/launcher.h"

namespace qtot::sweep {
namespace {

constexpr int kPauseMilliseconds = 20;  // between two looks at the post: runs take minutes

// A letter is a list of words, none of which can hold a zero: they are arguments and paths.
using Words = std::vector<std::string>;

constexpr char kRun[] = "run";    // to a rank: id, program, log, lock, arguments
constexpr char kStop[] = "stop";  // to a rank: SIGTERM to its runs; to rank 0: it was told to stop
constexpr char kLeave[] = "leave";  // to a rank: there is nothing more to do
constexpr char kEnded[] = "ended";  // to rank 0: id, exit code, signal

std::string letter_of(const Words& words) {
  std::string text;
  for (const std::string& word : words) text.append(word).push_back('\0');
  return text;
}

Words words_of(const std::string& text) {
  Words words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\0', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

template <class Number>
Number number_of(const std::string& word) {
  Number number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  QTOT_CHECK(error == std::errc() && end == word.data() + word.size());
  return number;
}

std::string letter_of(std::size_t id, const Command& command) {
  Words words = {kRun, std::to_string(id), command.program.string(), command.log.string(),
                 command.lock.string()};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  return letter_of(words);
}

constexpr std::size_t kBeforeArguments = 5;

Command command_of(const Words& words) {
  QTOT_CHECK_GE(words.size(), kBeforeArguments);
  return {.program = words[2],
          .arguments = Words(words.begin() + kBeforeArguments, words.end()),
          .log = words[3],
          .lock = words[4]};
}

std::string letter_of(const Ending& ending) {
  return letter_of({kEnded, std::to_string(ending.id), std::to_string(ending.exit_code),
                    std::to_string(ending.signal)});
}

Ending ending_of(const Words& words) {
  QTOT_CHECK_EQ(words.size(), std::size_t{4});
  return {.id = number_of<std::size_t>(words[1]),
          .exit_code = number_of<int>(words[2]),
          .signal = number_of<int>(words[3])};
}

// Nothing more is sent: without the launcher, MPI waits for others that may be gone.
void end_if_gone(const Parent& launcher, Children& children) {
  if (!launcher.is_gone()) return;
  children.terminate();
  while (children.n_running() > 0) children.wait();
  std::_Exit(static_cast<int>(ExitCode::kStopped));
}

}  // namespace

RankWorkers::RankWorkers(Post& post, Children& children, std::size_t n_each)
    : post_(post),
      children_(children),
      n_each_(n_each),
      n_running_(static_cast<std::size_t>(post.n_ranks())) {}

RankWorkers::~RankWorkers() {
  if (!is_idle()) terminate();
  while (!is_idle()) wait();
  for (int rank = 1; rank < post_.n_ranks(); ++rank) post_.send(rank, letter_of({kLeave}));
}

std::size_t RankWorkers::n_free() const {
  std::size_t n = 0;
  for (const std::size_t n_running : n_running_) n += n_each_ - n_running;
  return n;
}

// To the rank that has the fewest: a sweep with less runs than there is room for spreads over the nodes.
void RankWorkers::start(std::size_t id, const Command& command) {
  const auto emptiest = std::ranges::min_element(n_running_);
  QTOT_CHECK_LT(*emptiest, n_each_);
  const auto rank = static_cast<int>(emptiest - n_running_.begin());
  rank == 0 ? children_.start(id, command) : post_.send(rank, letter_of(id, command));
  ++*emptiest;
}

Happening RankWorkers::wait() {
  QTOT_CHECK(!is_idle());
  Happening happening;
  while (happening.endings.empty() && !happening.stop_requested) {
    end_if_gone(launcher_, children_);
    happening = children_.wait_at_most(kPauseMilliseconds);
    n_running_[0] -= happening.endings.size();
    while (const auto letter = post_.take()) read(*letter, happening);
  }
  return happening;
}

void RankWorkers::read(const Post::Letter& letter, Happening& happening) {
  const Words words = words_of(letter.text);
  QTOT_CHECK(!words.empty());
  if (words[0] == kStop) {
    happening.stop_requested = true;
    return;
  }
  happening.endings.push_back(ending_of(words));
  --n_running_[static_cast<std::size_t>(letter.from)];
}

void RankWorkers::terminate() {
  children_.terminate();
  for (int rank = 1; rank < post_.n_ranks(); ++rank) post_.send(rank, letter_of({kStop}));
}

bool RankWorkers::is_idle() const {
  return std::ranges::all_of(n_running_, [](std::size_t n_running) { return n_running == 0; });
}

void work_for_rank_0(Post& post, Children& children) {
  const Parent launcher;
  while (true) {
    end_if_gone(launcher, children);
    const Happening happening = children.wait_at_most(kPauseMilliseconds);
    if (happening.stop_requested) {
      children.terminate();
      post.send(0, letter_of({kStop}));
    }
    for (const Ending& ending : happening.endings) post.send(0, letter_of(ending));
    while (const auto letter = post.take()) {
      const Words words = words_of(letter->text);
      QTOT_CHECK(!words.empty());
      if (words[0] == kLeave) return;
      if (words[0] == kStop) children.terminate();
      if (words[0] == kRun) children.start(number_of<std::size_t>(words[1]), command_of(words));
    }
  }
}

}  // namespace qtot::sweep
