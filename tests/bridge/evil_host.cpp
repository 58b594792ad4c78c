// Stands in for the interpreter in malformed_test.cpp: takes its arguments, speaks its frames, and damages one of
// them as env_args.kwargs.mutation says.

#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>

#include "bridge/child.h"
#include "bridge/frame.h"
#include "bridge/mutation.h"

namespace {

using namespace qtot;
using bridge::Kind;

constexpr int kSocket = bridge::Child::kSocketNumber;

// Ends the process when there is nothing to read.
std::string read_exactly(std::size_t n) {
  std::string bytes(n, '\0');
  for (std::size_t done = 0; done < n;) {
    const ssize_t got = ::read(kSocket, bytes.data() + done, n - done);
    if (got <= 0) ::_exit(0);
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

void send_all(const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::send(kSocket, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (n < 0) ::_exit(0);
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace

int main() {
  std::uint64_t mutation = 0;
  bool has_damaged = false;
  for (int step = 0;;) {
    const bridge::Header header =
        bridge::read_header(bridge::bytes_of(read_exactly(bridge::kHeaderBytes)));
    const std::string request = read_exactly(header.size);
    if (header.kind == Kind::kClose) return 0;
    std::string payload;
    Kind kind = Kind::kSlot;
    auto victim = test::Victim::kStepSlot;
    if (header.kind == Kind::kOpen) {
      mutation = nlohmann::json::parse(request)["kwargs"]["mutation"].get<std::uint64_t>();
      kind = Kind::kSpec;
      victim = test::Victim::kSpec;
      payload = test::evil_spec();
    } else {
      step = header.kind == Kind::kReset ? 0 : step + 1;
      if (step == 0) victim = test::Victim::kResetSlot;
      payload = test::evil_slot(step);
    }
    const std::string frame = bridge::frame_of(kind, header.sequence, bridge::bytes_of(payload));
    const bool is_due = !has_damaged && victim == test::victim_of(mutation);
    const std::string sent =
        is_due ? test::mutated(mutation, frame, kind, header.sequence, payload) : frame;
    has_damaged = has_damaged || is_due;
    send_all(sent);
    if (sent != frame) return 1;
  }
}
