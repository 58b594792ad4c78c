#include "qtot/cluster/mpi.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "cluster/courier.h"
#include "qtot/base/check.h"
#include "qtot/cluster/same.h"
#include "qtot/version.h"

namespace qtot::cluster {
namespace {

class CourierTransport final : public MpiTransport {
 public:
  explicit CourierTransport(const MpiOptions& options)
      : piece_bytes_(options.piece_bytes), courier_(options.stall_timeout) {}

  int rank() const override { return courier_.rank(); }
  int n_ranks() const override { return courier_.n_ranks(); }

  void send(Channel channel, int to, std::span<const std::byte> bytes) override {
    post({.channel = channel, .peer = to, .source = bytes.data(), .n_total = bytes.size()});
  }

  void receive(Channel channel, int from, std::span<std::byte> bytes) override {
    post({.is_receive = true,
          .channel = channel,
          .peer = from,
          .target = bytes.data(),
          .n_total = bytes.size()});
  }

  void finish(Channel channel) override { courier_.finish(channel); }
  void stands_at(const Progress& progress) override { courier_.stands_at(progress); }
  [[noreturn]] void abort_job(int exit_code) override { courier_.abort_job(exit_code); }

 private:
  // The last piece, and no other, is smaller than the rest, were it empty: so a message of any other size
  // than expected is noticed within this message.
  void post(const Operation& message) {
    QTOT_CHECK_NE(message.peer, rank());
    QTOT_CHECK_LT(message.peer, n_ranks());
    pieces_.clear();
    for (std::size_t offset = 0; offset <= message.n_total; offset += piece_bytes_) {
      Operation piece = message;
      piece.offset = offset;
      piece.n_bytes = std::min(piece_bytes_, message.n_total - offset);
      if (message.is_receive) piece.target += offset;
      if (!message.is_receive) piece.source += offset;
      pieces_.push_back(piece);
    }
    courier_.post(pieces_);
  }

  const std::size_t piece_bytes_;
  std::vector<Operation> pieces_;
  Courier courier_;
};

// What bytes mean here.
Texts greeting() {
  const bool is_little = std::endian::native == std::endian::little;
  const bool is_ieee =
      std::numeric_limits<float>::is_iec559 && std::numeric_limits<double>::is_iec559;
  return {{"version", kVersion},
          {"byte order", is_little ? "little" : "big"},
          {"float format", is_ieee ? "IEEE 754" : "another than IEEE 754"}};
}

}  // namespace

std::unique_ptr<MpiTransport> connect(const MpiOptions& options) {
  QTOT_CHECK_GT(options.piece_bytes, 0U);
  QTOT_CHECK_LE(options.piece_bytes, static_cast<std::size_t>(std::numeric_limits<int>::max()));
  auto transport = std::make_unique<CourierTransport>(options);
  require_same(*transport, "program", greeting());
  return transport;
}

}  // namespace qtot::cluster
