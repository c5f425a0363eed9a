// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "sim/faults.hpp"

namespace sotto::sim {
namespace {

class FaultyStream final : public net::Stream {
  public:
    FaultyStream(Fault& fault, std::unique_ptr<net::Stream> below) : fault_(fault), below_(std::move(below)) {}

    Task<Result<void>> readable() override {
        count();
        return below_->readable();
    }
    Result<std::size_t> try_read(BytesSpan into) noexcept override {
        count();
        return below_->try_read(into);
    }
    Task<Result<void>> write(Buffers pieces) override {
        count();
        return below_->write(pieces);
    }
    Task<Result<void>> close_write() override {
        count();
        return below_->close_write();
    }
    void reset(Error why) noexcept override { below_->reset(std::move(why)); }

  private:
    /// A stream that was reset fails the operation that follows.
    void count() {
        if (auto error = fault_.count()) below_->reset(*std::move(error));
    }

    Fault& fault_;
    std::unique_ptr<net::Stream> below_;
};

}  // namespace

std::unique_ptr<net::Stream> Fault::on(std::unique_ptr<net::Stream> below) {
    return std::make_unique<FaultyStream>(*this, std::move(below));
}

std::optional<Error> Fault::count() {
    if (happened_ || left_-- > 0) return std::nullopt;
    happened_ = true;
    return action_();
}

}  // namespace sotto::sim
