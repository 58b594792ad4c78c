// Rules that a machine can check. Each ban names its replacement, each exception its reason.

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <string>
#include <vector>

#include "tidy/source_files.h"

namespace qtot::tidy {
namespace {

struct Exception {
  std::string file;    // the path starts so
  std::string reason;  // printed by nothing; the reader is the use
};

struct Ban {
  std::string pattern;
  std::string instead;
  std::vector<Exception> exceptions = {};
};

const std::vector<Ban>& bans() {
  static const std::vector<Ban> kBans = {
      {R"(std::(exp|exp2|expm1|log|log2|log10|log1p|tanh|pow|sin|cos|tan|sqrt|hypot|cbrt|fma)\b)",
       "qtot/math/elementary.h: libm differs by machine"},
      {R"(Eigen::Matrix|\.matrix\(\))", "Eigen::Array: a Matrix product has no fixed order"},
      {R"(\.(sum|dot|norm|mean|prod)\()", "qtot/math/reduce.h: Eigen sums by SIMD width"},
      {R"(\)\.(max|min)\()",
       "a comparison that says what becomes of -0: Eigen's max differs by machine"},
      {R"(std::(accumulate|reduce|transform_reduce|inner_product)\b)",
       "a loop that shows its order"},
      {R"(std::(mt19937|random_device|rand\b|shuffle|uniform_|normal_|bernoulli_))",
       "qtot/math/philox.h, keyed by ticket"},
      {R"(std::(unordered_|hash\b))",
       "std::map or a sorted vector: hash order is not an order, and hashes differ by library"},
      {R"(memory_order_)",
       "qtot/replay/ring.h, the one lock-free structure",
       {{"include/qtot/replay/ring.h", "it is that structure"}}},
      {R"(std::atomic\b)",
       "qtot/replay/ring.h, or a task of the flow graph",
       {{"include/qtot/replay/ring.h", "it is that structure"},
        {"include/qtot/train/run.h", "the flag that a signal handler sets"},
        {"src/cli/train.cpp", "the flag that a signal handler sets"},
        {"src/math/isa.cpp", "the level that a test forces; every level gives the same bits"}}},
      {R"(std::(mutex|shared_mutex|lock_guard|unique_lock|condition_variable|async|jthread)\b)",
       "oneTBB in rollout: no lock lies on the path",
       {{"src/cluster/core/simulated.cpp", "ranks that run one at a time, to test"},
        {"src/cluster/courier", "the thread that owns MPI, and what it shares with the trainer's"},
        {"include/qtot/base/deadline.h", "its wait has an end"},
        {"src/base/deadline.cpp", "its wait has an end"}}},
      {R"(std::thread\b(?!::hardware_concurrency)|this_thread|thread_local|get_id\()",
       "oneTBB in rollout, and the ticket as identity",
       {{"src/capi/errors.cpp", "the last error of each thread of a C program"},
        {"src/cluster/courier.h", "the thread that owns MPI: messages travel while another trains"},
        {"src/base/deadline.cpp", "its yield, for that thread"}}},
      {R"(std::chrono|\bclock\(|\btime\(|clock_gettime|gettimeofday|localtime|gmtime)",
       "the step or the ticket; only metrics and base/deadline.h may read a clock",
       {{"src/metrics/clock.cpp", "for timing.jsonl and the progress bar"},
        {"src/base/deadline.cpp", "it may end a run; it never alters a number"}}},
      {R"(std::sto[a-z]+\(|\bstrto[a-z]+\(|\bato[a-z]+\(|setlocale|std::locale)",
       "std::from_chars: the locale is the user's"},
      {R"(\bv?s?n?printf\(|\bscanf\()",
       "std::to_chars or a stream",
       {{"src/metrics/progress_bar.cpp", "display alone, into a bounded buffer"}}},
      {R"(\bgetenv\()",
       "a configuration key",
       {{"src/yaml/resolve.cpp", "QTOT_CONFIG_DIR: where configurations lie"},
        {"src/sweep/launcher.cpp", "how many mpirun and srun have started"},
        {"src/cluster/launched.cpp", "which of the two ends the job, and how"},
        {"src/math/isa.cpp", "QTOT_ISA: which of the equal kernels runs"},
        {"src/metrics/progress_bar.cpp", "NO_COLOR and TERM: display alone"}}},
      {R"(\bthrow (?!(qtot::)?Error\b))", "qtot::Error, the one exception (qtot/base/error.h)"},
      {R"(\bassert\(|\babort\()",
       "QTOT_CHECK, which is always on",
       {{"src/base/check.cpp", "it is QTOT_CHECK"}}},
      {R"(\bnew [A-Za-z_:]+[\[({;]|\bmalloc\(|\bdelete [a-z])",
       "std::vector, std::unique_ptr or the workspace"},
      {R"(FP_CONTRACT|FENV_ACCESS|float_control|__attribute__\(\(optimize)",
       "the flags of cmake/QtotModule.cmake, the same for every file"},
      {R"(\blong double\b)", "double: long double differs by machine"},
  };
  return kBans;
}

bool is_excepted(const Ban& ban, const std::string& path) {
  return std::ranges::any_of(
      ban.exceptions, [&](const Exception& exception) { return path.starts_with(exception.file); });
}

TEST(Tidy, NothingBannedIsUsed) {
  const std::vector<SourceFile> files = sources_under({"include", "src", "envs"});
  ASSERT_GT(files.size(), 50U) << "the sources were not found under " << top();
  for (const Ban& ban : bans()) {
    const std::regex pattern(ban.pattern);
    for (const SourceFile& file : files) {
      if (is_excepted(ban, file.path)) continue;
      std::smatch match;
      if (std::regex_search(file.code, match, pattern)) {
        ADD_FAILURE() << file.path << ":"
                      << line_of(file.code, static_cast<std::size_t>(match.position())) << ": "
                      << match.str() << " is banned, use " << ban.instead;
      }
    }
  }
}

TEST(Tidy, EveryExceptionIsNeeded) {
  const std::vector<SourceFile> files = sources_under({"include", "src", "envs"});
  for (const Ban& ban : bans()) {
    const std::regex pattern(ban.pattern);
    for (const Exception& exception : ban.exceptions) {
      const bool is_needed = std::ranges::any_of(files, [&](const SourceFile& file) {
        return file.path.starts_with(exception.file) && std::regex_search(file.code, pattern);
      });
      EXPECT_TRUE(is_needed) << exception.file << " no longer uses " << ban.pattern;
    }
  }
}

TEST(Tidy, ABannedCallIsFoundAndOneInACommentIsNot) {
  const std::regex pattern(bans().front().pattern);
  EXPECT_TRUE(std::regex_search(std::string("y = std::exp(x);"), pattern));
  EXPECT_FALSE(std::regex_search(std::string("y = math::exp(x);"), pattern));
  const SourceFile header = sources_under({"tests/tidy"}).back();
  ASSERT_EQ(header.path, "tests/tidy/source_files.h");
  EXPECT_NE(header.text.find("in the order of their"), std::string::npos);
  EXPECT_EQ(header.code.find("in the order of their"), std::string::npos);
  EXPECT_EQ(line_of(header.code, header.code.size()), line_of(header.text, header.text.size()));
}

TEST(Tidy, NoFileIsLongerThanAReaderCanHold) {
  constexpr long kMaxLines = 400;
  for (const SourceFile& file : sources_under({"include", "src", "envs", "bench"})) {
    EXPECT_LE(line_of(file.text, file.text.size()) - 1, kMaxLines) << file.path;
  }
}

TEST(Tidy, NothingIsLeftForLater) {
  const std::regex pattern(R"(\b(TOD[O]|FIXM[E]|XX[X])\b)");
  for (const SourceFile& file :
       sources_under({"include", "src", "envs", "bench", "tests", "tools", "cmake"})) {
    std::smatch match;
    if (std::regex_search(file.text, match, pattern)) {
      ADD_FAILURE() << file.path << ":"
                    << line_of(file.text, static_cast<std::size_t>(match.position()))
                    << ": finish it, or open an issue and name it";
    }
  }
}

// What MPI adds up, it adds up in an order of its own: on 1, 2, 3, 4, 5 and 8 ranks one sum of floats
// came out in five ways.
const std::regex& reduction_of_mpi() {
  static const std::regex pattern(
      R"(\bMPI_(I|R)?(Reduce|reduce|Allreduce|allreduce|Scan|scan|Exscan|exscan))"
      R"(|\bMPI_R?(Get_)?[Aa]ccumulate|\bMPI_Fetch_and_op|\bmpi::(all_)?reduce\b|\bmpi::scan\b)"
      R"(|boost/mpi/(collectives/(all_)?reduce|collectives/scan|collectives\.hpp))"
      R"(|<boost/mpi\.hpp>)");
  return pattern;
}

TEST(Tidy, NothingIsAddedUpByMpi) {
  for (const SourceFile& file :
       sources_under({"include", "src", "envs", "bench", "python", "tests"})) {
    if (file.path == "tests/tidy/bans_test.cpp") continue;
    std::smatch match;
    if (std::regex_search(file.code, match, reduction_of_mpi())) {
      ADD_FAILURE() << file.path << ":"
                    << line_of(file.code, static_cast<std::size_t>(match.position())) << ": "
                    << match.str() << " has no stated order: send, and add by the fixed tree";
    }
  }
}

TEST(Tidy, EveryReductionOfMpiIsKnown) {
  for (const char* call :
       {"MPI_Reduce(", "MPI_Ireduce(", "MPI_Allreduce(", "MPI_Iallreduce(", "MPI_Reduce_scatter(",
        "MPI_Ireduce_scatter_block(", "MPI_Reduce_local(", "MPI_Scan(", "MPI_Iscan(", "MPI_Exscan(",
        "MPI_Iexscan(", "MPI_Accumulate(", "MPI_Raccumulate(", "MPI_Get_accumulate(",
        "MPI_Fetch_and_op(", "boost::mpi::reduce(", "mpi::all_reduce(", "boost::mpi::scan("}) {
    EXPECT_TRUE(std::regex_search(std::string(call), reduction_of_mpi())) << call;
  }
  for (const char* call :
       {"MPI_Isend(", "MPI_Irecv(", "MPI_Testsome(", "boost::mpi::environment"}) {
    EXPECT_FALSE(std::regex_search(std::string(call), reduction_of_mpi())) << call;
  }
}

// A disabled test proves nothing, and one that waits or looks at the clock proves something else each
// time.
TEST(Tidy, NoTestIsSwitchedOffSkippedOrTimed) {
  const std::regex pattern(R"(DISABLE[D]_|GTEST_SKI[P]|sleep_fo[r]|sleep_unti[l]|uslee[p]\()");
  for (const SourceFile& file : sources_under({"tests"})) {
    std::smatch match;
    if (std::regex_search(file.code, match, pattern)) {
      ADD_FAILURE() << file.path << ":"
                    << line_of(file.code, static_cast<std::size_t>(match.position())) << ": "
                    << match.str() << ": make the test sure of itself, or remove it";
    }
  }
}

}  // namespace
}  // namespace qtot::tidy
