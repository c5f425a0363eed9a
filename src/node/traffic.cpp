// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/traffic.hpp"

namespace sotto::node {
namespace {

class CountingStream final : public net::Stream {
  public:
    CountingStream(std::unique_ptr<net::Stream> inner,
                   std::shared_ptr<Traffic> traffic,
                   std::shared_ptr<Pulse> pulse,
                   const Clock& clock)
        : inner_(std::move(inner)), traffic_(std::move(traffic)), pulse_(std::move(pulse)), clock_(clock) {}

    Task<Result<void>> readable() override { return inner_->readable(); }
    Result<std::size_t> try_read(BytesSpan into) noexcept override {
        auto count = inner_->try_read(into);
        if (!count) return count;
        traffic_->in += *count;
        pulse_->heard = clock_.now();
        return count;
    }
    Task<Result<void>> write(Buffers pieces) override {
        // Now, not when it is done: only a connection's last write can fail.
        traffic_->out += total_size(pieces);
        return inner_->write(pieces);
    }
    Task<Result<void>> close_write() override { return inner_->close_write(); }
    void reset(Error why) noexcept override { inner_->reset(std::move(why)); }

  private:
    std::unique_ptr<net::Stream> inner_;
    std::shared_ptr<Traffic> traffic_;
    std::shared_ptr<Pulse> pulse_;
    const Clock& clock_;
};

}  // namespace

std::unique_ptr<net::Stream> count_traffic(std::unique_ptr<net::Stream> stream,
                                           std::shared_ptr<Traffic> traffic,
                                           std::shared_ptr<Pulse> pulse,
                                           const Clock& clock) {
    return std::make_unique<CountingStream>(std::move(stream), std::move(traffic), std::move(pulse), clock);
}

}  // namespace sotto::node
