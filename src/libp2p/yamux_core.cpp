// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/yamux_core.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sotto::libp2p::yamux {
namespace {

/// A data frame fits one Noise frame: 65,535 - 16 (tag) - 12 (this header).
constexpr std::size_t kMaxData = 65'507;

std::size_t pending_bytes(const StreamState& stream) noexcept {
    return total_size(stream.outgoing);
}

}  // namespace

Core::Core(net::Role role, const Config& config, MakeStream make_stream)
    : config_(config),
      client_(role == net::Role::dialer),
      make_stream_(std::move(make_stream)),
      next_id_(client_ ? 1 : 2) {}

Core::~Core() = default;

// --- receiving -------------------------------------------------------------------------------------------------------

Result<void> Core::feed(BytesView bytes, TimePoint now) {
    if (now - meter_.since >= std::chrono::seconds(10)) meter_ = {.since = now};
    while (!bytes.empty()) {
        if (body_left_ > 0) {
            const auto part = bytes.first(std::min<std::size_t>(bytes.size(), body_left_));
            deliver(part);
            bytes = bytes.subspan(part.size());
            continue;
        }
        const auto part = bytes.first(std::min(bytes.size(), kHeaderSize - partial_size_));
        std::memcpy(partial_header_.data() + partial_size_, part.data(), part.size());
        partial_size_ += part.size();
        bytes = bytes.subspan(part.size());
        if (partial_size_ < kHeaderSize) break;
        partial_size_ = 0;
        SOTTO_TRY(const Header header, decode_header(partial_header_));
        SOTTO_CHECK(on_header(header, now));
    }
    enforce_unread_limit();
    return {};
}

Result<void> Core::on_header(const Header& header, TimePoint now) {
    switch (header.type) {
        case Type::ping:
            return on_ping(header);
        case Type::go_away:
            remote_go_away_ = header.length;
            return fail(Errc::closed, "yamux: the peer said goodbye");
        case Type::data:
        case Type::window_update:
            return on_stream_frame(header, now);
    }
    return fail(Errc::internal);
}

Result<void> Core::on_ping(const Header& header) {
    if (header.stream != 0) return fail(Errc::malformed, "yamux: a ping names a stream");
    if (header.has(kAck)) {
        pong_ = header.length;
        return {};
    }
    SOTTO_CHECK(count(meter_.pings, config_.pings_per_10s, "yamux: a flood of pings"));
    control_.push_back({.type = Type::ping, .flags = kAck, .length = header.length});
    return {};
}

Result<void> Core::count(std::uint32_t& counter, std::uint32_t limit, const char* what) {
    if (++counter > limit) return fail(Errc::misbehaved, what);
    return {};
}

bool Core::known_id(std::uint32_t id) const noexcept {
    const bool ours = (id % 2 == 1) == client_;
    return id != 0 && (ours ? id < next_id_ : id <= highest_remote_);
}

Result<void> Core::on_stream_frame(const Header& header, TimePoint) {
    if (header.has(kRst)) SOTTO_CHECK(count(meter_.resets, config_.resets_per_10s, "yamux: a flood of resets"));
    const bool empty = header.length == 0 && header.flags == 0;
    if (empty) SOTTO_CHECK(count(meter_.empty, config_.empty_frames_per_10s, "yamux: a flood of empty frames"));
    if (header.type == Type::data && header.length > config_.max_window) {
        return fail(Errc::misbehaved, "yamux: a frame above any window");
    }
    std::shared_ptr<StreamState> stream;
    if (header.has(kSyn)) {
        SOTTO_TRY(stream, on_syn(header));
    } else if (!known_id(header.stream)) {
        return fail(Errc::malformed, "yamux: a stream that was never opened");
    } else if (const auto it = streams_.find(header.stream); it != streams_.end()) {
        stream = it->second;
    }
    if (stream && header.has(kAck) && stream->local && !stream->acknowledged) {
        stream->acknowledged = true;
        --unacknowledged_;
    }
    if (header.type == Type::data) {
        SOTTO_CHECK(on_data(header, stream));
    } else if (stream && !header.has(kRst)) {
        // The length of a RST is a reason, not credit.
        SOTTO_CHECK(on_window_update(header, *stream));
    }
    if (stream && body_left_ == 0) on_end_flags(header, stream);
    return {};
}

Result<std::shared_ptr<StreamState>> Core::on_syn(const Header& header) {
    const bool theirs = header.stream != 0 && (header.stream % 2 == 1) != client_;
    if (!theirs) return fail(Errc::malformed, "yamux: a stream id of the wrong parity");
    if (header.stream <= highest_remote_) return fail(Errc::malformed, "yamux: a stream is opened twice");
    if (header.type == Type::window_update && header.length > ~kInitialWindow) {
        return fail(Errc::malformed, "yamux: credit above 2^32");
    }
    highest_remote_ = header.stream;
    if (inbound_ >= config_.max_inbound_streams) {
        control_.push_back({.type = Type::window_update, .flags = kRst, .stream = header.stream});
        return std::shared_ptr<StreamState>();
    }
    auto stream = make_stream_();
    stream->id = header.stream;
    streams_.emplace(stream->id, stream);
    accept_queue_.push_back(stream);
    ++inbound_;
    return stream;
}

Result<void> Core::on_data(const Header& header, const std::shared_ptr<StreamState>& stream) {
    if (stream && !stream->error) {
        if (stream->remote_finished) return fail(Errc::misbehaved, "yamux: data behind the end of a stream");
        if (header.length > stream->receive_window) return fail(Errc::misbehaved, "yamux: window overrun");
        stream->receive_window -= header.length;
    }
    body_left_ = header.length;
    body_stream_ = stream && !stream->error && !header.has(kRst) ? stream : nullptr;
    body_finishes_ = header.has(kFin);
    if (body_left_ == 0) body_stream_.reset();
    return {};
}

void Core::deliver(BytesView bytes) {
    body_left_ -= static_cast<std::uint32_t>(bytes.size());
    if (body_stream_ && !body_stream_->error) {
        body_stream_->inbox.append(bytes);
        unread_ += bytes.size();
        body_stream_->on_readable();
    }
    if (body_left_ > 0) return;
    const auto stream = std::exchange(body_stream_, nullptr);
    if (stream && body_finishes_) on_end_flags({.flags = kFin}, stream);
}

Result<void> Core::on_window_update(const Header& header, StreamState& stream) {
    if (header.length > ~stream.send_window) return fail(Errc::malformed, "yamux: credit above 2^32");
    const bool was_empty = stream.send_window == 0;
    stream.send_window += header.length;
    if (was_empty && header.length > 0 && pending_bytes(stream) > 0) {
        const auto it = streams_.find(stream.id);
        if (it != streams_.end()) queue(it->second);
    }
    return {};
}

void Core::on_end_flags(const Header& header, const std::shared_ptr<StreamState>& stream) {
    if (header.has(kRst)) {
        abort(stream, Error(Errc::reset, "the peer reset the stream"), false);
        return;
    }
    if (header.has(kFin) && !stream->remote_finished) {
        stream->remote_finished = true;
        stream->on_readable();
    }
}

void Core::enforce_unread_limit() {
    while (unread_ > config_.max_unread) {
        const auto fattest =
            std::ranges::max_element(streams_, {}, [](const auto& entry) { return entry.second->inbox.size(); });
        reset(fattest->second, Error(Errc::busy, "too many bytes unread on this connection"));
    }
}

// --- the streams' owners ---------------------------------------------------------------------------------------------

Result<std::shared_ptr<StreamState>> Core::open() {
    if (unacknowledged_ >= config_.ack_backlog) return fail(Errc::busy, "yamux: the peer acknowledges no streams");
    if (next_id_ > ~std::uint32_t{2}) return fail(Errc::exhausted, "yamux: no stream ids left");
    auto stream = make_stream_();
    stream->id = next_id_;
    stream->local = true;
    stream->syn_pending = true;
    next_id_ += 2;
    ++unacknowledged_;
    streams_.emplace(stream->id, stream);
    return stream;
}

std::shared_ptr<StreamState> Core::accept() {
    if (accept_queue_.empty()) return nullptr;
    auto stream = std::move(accept_queue_.front());
    accept_queue_.erase(accept_queue_.begin());
    stream->ack_pending = true;
    queue(stream);
    return stream;
}

void Core::read_done(StreamState& stream, std::size_t bytes, TimePoint now) {
    unread_ -= bytes;
    stream.consumed += static_cast<std::uint32_t>(bytes);
    if (stream.remote_finished || stream.error || stream.consumed < stream.window_target / 2) return;
    grow_window(stream, now);
    const auto it = streams_.find(stream.id);
    if (it != streams_.end()) queue(it->second);
}

/// Half a window used in less than four round trips: the window, not the peer, is the limit.
void Core::grow_window(StreamState& stream, TimePoint now) noexcept {
    const bool fast = rtt_known() && now - stream.last_update < 4 * rtt_;
    stream.last_update = now;
    const std::uint32_t growth = std::min(stream.window_target, config_.max_window - stream.window_target);
    if (!fast || growth == 0 || granted_ + growth > config_.window_budget) return;
    granted_ += growth;
    stream.window_target += growth;
    stream.consumed += growth;
}

void Core::queue(const std::shared_ptr<StreamState>& stream) {
    if (std::exchange(stream->queued, true)) return;
    send_queue_.push_back(stream);
}

void Core::reset(const std::shared_ptr<StreamState>& stream, Error why) {
    // A peer that has not seen the SYN need not hear of the end, nor one that has both ends of it already.
    const bool over = stream->remote_finished && stream->finish_sent;
    abort(stream, std::move(why), !stream->syn_pending && !over);
}

void Core::abort(const std::shared_ptr<StreamState>& stream, Error why, bool tell_peer) {
    if (stream->error) return;
    unread_ -= stream->inbox.size();
    stream->inbox.clear();
    stream->outgoing.clear();
    stream->error.emplace(std::move(why));
    stream->reset_pending = tell_peer;
    if (tell_peer) queue(stream);
    stream->on_readable();
    stream->on_writable();
}

void Core::release(const std::shared_ptr<StreamState>& stream) {
    reset(stream, Error(Errc::reset, "the stream was destroyed"));
    if (streams_.erase(stream->id) == 0) return;
    granted_ -= stream->window_target - kInitialWindow;
    if (!stream->local) --inbound_;
    if (stream->local && !stream->acknowledged) --unacknowledged_;
}

void Core::fail_all(const Error& why) noexcept {
    for (const auto& [id, stream] : streams_) {
        if (!stream->error) stream->error.emplace(why);
        stream->outgoing.clear();
        stream->on_readable();
        stream->on_writable();
    }
    send_queue_.clear();
    accept_queue_.clear();
}

void Core::send_ping(std::uint32_t value) {
    control_.push_back({.type = Type::ping, .flags = kSyn, .length = value});
}
std::optional<std::uint32_t> Core::take_pong() noexcept {
    return std::exchange(pong_, std::nullopt);
}
void Core::send_go_away(std::uint32_t code) {
    control_.push_back({.type = Type::go_away, .length = code});
}

// --- sending ---------------------------------------------------------------------------------------------------------

bool Core::wants_write() const noexcept {
    return !control_.empty() || !send_queue_.empty();
}

/// What fill() takes, about: a batch that grows by doubling would be copied each time.
std::size_t Core::fill_size() const noexcept {
    std::size_t size = control_.size() * kHeaderSize;
    for (const auto& stream : send_queue_) {
        const auto data = std::min<std::size_t>(pending_bytes(*stream), stream->send_window);
        size += data + (data / kMaxData + 3) * kHeaderSize;
    }
    return std::min(size, config_.max_batch + kMaxData + kHeaderSize);
}

bool Core::fill(Bytes& batch) {
    const auto before = batch.size();
    batch.reserve(before + fill_size());
    for (const auto& header : control_) append_header(batch, header);
    std::vector<Header>().swap(control_);
    // Every stream gets one data frame a round, until the batch is full.
    auto round = std::exchange(send_queue_, {});
    for (std::size_t i = 0; i < round.size(); ++i) {
        const auto stream = round[i];
        if (batch.size() - before >= config_.max_batch) {
            send_queue_.insert(send_queue_.end(), round.begin() + static_cast<std::ptrdiff_t>(i), round.end());
            break;
        }
        stream->queued = false;
        append_stream_frames(batch, *stream);
        const bool more = !stream->error && pending_bytes(*stream) > 0 && stream->send_window > 0;
        if (!more) continue;
        stream->queued = true;
        round.push_back(stream);
    }
    return batch.size() > before;
}

void Core::append_stream_frames(Bytes& batch, StreamState& stream) {
    if (std::exchange(stream.reset_pending, false)) {
        append_header(batch, {.type = Type::window_update, .flags = kRst, .stream = stream.id});
        return;
    }
    if (stream.error) return;
    const bool credit_due = stream.consumed >= stream.window_target / 2 && !stream.remote_finished;
    const bool opening = stream.syn_pending || stream.ack_pending;
    const bool has_data = pending_bytes(stream) > 0 && stream.send_window > 0;
    if (credit_due || (opening && !has_data)) {
        const std::uint32_t credit = credit_due ? std::exchange(stream.consumed, 0) : 0;
        stream.receive_window += credit;
        append_header(
            batch,
            {.type = Type::window_update, .flags = take_open_flags(stream), .stream = stream.id, .length = credit});
    }
    if (has_data) append_data(batch, stream);
    if (stream.finish_wanted && !stream.finish_sent && pending_bytes(stream) == 0) {
        append_header(batch,
                      {.type = Type::window_update,
                       .flags = static_cast<std::uint16_t>(kFin | take_open_flags(stream)),
                       .stream = stream.id});
        stream.finish_sent = true;
        stream.on_writable();
    }
}

void Core::append_data(Bytes& batch, StreamState& stream) {
    const auto size = std::min({pending_bytes(stream), std::size_t{stream.send_window}, kMaxData});
    append_header(batch,
                  {.type = Type::data,
                   .flags = take_open_flags(stream),
                   .stream = stream.id,
                   .length = static_cast<std::uint32_t>(size)});
    stream.send_window -= static_cast<std::uint32_t>(size);
    std::size_t left = size;
    std::size_t done = 0;
    for (auto& piece : stream.outgoing) {
        const auto part = piece.first(std::min(piece.size(), left));
        append(batch, part);
        piece = piece.subspan(part.size());
        left -= part.size();
        if (!piece.empty()) break;
        ++done;
    }
    stream.outgoing.erase(stream.outgoing.begin(), stream.outgoing.begin() + static_cast<std::ptrdiff_t>(done));
    if (stream.outgoing.empty()) stream.on_writable();
}

std::uint16_t Core::take_open_flags(StreamState& stream) noexcept {
    std::uint16_t flags = 0;
    if (std::exchange(stream.syn_pending, false)) flags |= kSyn;
    if (std::exchange(stream.ack_pending, false)) flags |= kAck;
    return flags;
}

}  // namespace sotto::libp2p::yamux
