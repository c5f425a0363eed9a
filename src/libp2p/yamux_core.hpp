// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/byte_queue.hpp"
#include "base/clock.hpp"
#include "libp2p/yamux_frame.hpp"
#include "net/peer.hpp"

namespace sotto::libp2p::yamux {

/// Bounds of one session.
struct Config {
    std::size_t max_inbound_streams = 256;
    std::size_t ack_backlog = 256;                ///< streams opened by us that the peer has not acknowledged
    std::uint32_t max_window = 16 * 1024 * 1024;  ///< a stream's receive window never grows above
    std::size_t window_budget = 4 * 1024 * 1024;  ///< what all windows together may grow above their initial size
    std::size_t max_unread = 8 * 1024 * 1024;     ///< unread bytes of all streams; above, the fattest stream is reset
    std::size_t max_control_frames = 64;          ///< replies waiting to be sent; above, the session stops reading
    std::size_t max_batch = 256 * 1024;           ///< bytes of one write
    std::uint32_t resets_per_10s = 200;
    std::uint32_t pings_per_10s = 100;
    std::uint32_t empty_frames_per_10s = 10'000;
};

/// One stream's half of the session. The driver derives from it to wake its tasks. The calls come in the middle of a
/// session's work: they must only note or post.
class StreamState {
  public:
    virtual ~StreamState() = default;
    virtual void on_readable() noexcept = 0;
    virtual void on_writable() noexcept = 0;

    std::uint32_t id = 0;
    bool local = false;  ///< opened by us

    ByteQueue inbox;
    bool remote_finished = false;  ///< no more bytes will come
    std::optional<Error> error;

    /// The pending write: borrowed from its caller until all is taken (total 0) or it goes away.
    std::vector<BytesView> outgoing;
    bool finish_wanted = false;
    bool finish_sent = false;

  private:
    friend class Core;
    std::uint32_t send_window = kInitialWindow;
    std::uint32_t receive_window = kInitialWindow;  ///< what the peer may still send
    std::uint32_t window_target = kInitialWindow;
    std::uint32_t consumed = 0;  ///< read by us, not yet given back as credit
    TimePoint last_update{};
    bool syn_pending = false;
    bool ack_pending = false;
    bool acknowledged = false;
    bool reset_pending = false;
    bool queued = false;
};

/// A yamux session as a state machine: plain bytes in, frames out, no I/O and no clock of its own.
///
/// Order of validation: a frame is checked whole before it creates or changes state. Every error returned by feed()
/// ends the session. Loop thread only.
class Core {
  public:
    using MakeStream = std::move_only_function<std::shared_ptr<StreamState>()>;

    Core(net::Role role, const Config& config, MakeStream make_stream);
    ~Core();

    /// Takes bytes as they come, cut anywhere.
    Result<void> feed(BytesView bytes, TimePoint now);
    /// Appends frames to `batch` up to the batch limit. False: nothing to send.
    bool fill(Bytes& batch);
    bool wants_write() const noexcept;
    /// Too many replies wait: stop feeding until fill() has taken them.
    bool congested() const noexcept { return control_.size() >= config_.max_control_frames; }

    /// A new stream of ours. busy: the peer has acknowledged too few; exhausted: no ids left.
    Result<std::shared_ptr<StreamState>> open();
    /// The next stream of the peer's, or null.
    std::shared_ptr<StreamState> accept();

    /// After bytes were read from inbox: gives credit back when half the window is used.
    void read_done(StreamState& stream, std::size_t bytes, TimePoint now);
    /// Something of the stream wants to be sent (outgoing, finish_wanted).
    void queue(const std::shared_ptr<StreamState>& stream);
    void reset(const std::shared_ptr<StreamState>& stream, Error why);
    /// The stream's owner is gone: forget it, with a reset unless both directions are finished.
    void release(const std::shared_ptr<StreamState>& stream);

    void send_ping(std::uint32_t value);
    /// The value of the last answer to a ping of ours, once.
    std::optional<std::uint32_t> take_pong() noexcept;
    void send_go_away(std::uint32_t code);
    /// The peer said goodbye, with this code.
    std::optional<std::uint32_t> remote_go_away() const noexcept { return remote_go_away_; }
    void set_rtt(Duration rtt) noexcept { rtt_ = rtt; }
    bool rtt_known() const noexcept { return rtt_ > Duration::zero(); }
    /// Ends every stream.
    void fail_all(const Error& why) noexcept;

    std::size_t stream_count() const noexcept { return streams_.size(); }
    std::size_t backlog() const noexcept { return accept_queue_.size(); }

  private:
    struct Meter {
        TimePoint since{};
        std::uint32_t resets = 0, pings = 0, empty = 0;
    };

    Result<void> on_header(const Header& header, TimePoint now);
    Result<void> on_stream_frame(const Header& header, TimePoint now);
    Result<std::shared_ptr<StreamState>> on_syn(const Header& header);
    Result<void> on_data(const Header& header, const std::shared_ptr<StreamState>& stream);
    Result<void> on_window_update(const Header& header, StreamState& stream);
    void on_end_flags(const Header& header, const std::shared_ptr<StreamState>& stream);
    Result<void> on_ping(const Header& header);
    Result<void> count(std::uint32_t& counter, std::uint32_t limit, const char* what);
    void deliver(BytesView bytes);
    void enforce_unread_limit();
    void abort(const std::shared_ptr<StreamState>& stream, Error why, bool tell_peer);
    bool known_id(std::uint32_t id) const noexcept;
    std::size_t fill_size() const noexcept;
    void append_stream_frames(Bytes& batch, StreamState& stream);
    void append_data(Bytes& batch, StreamState& stream);
    std::uint16_t take_open_flags(StreamState& stream) noexcept;
    void grow_window(StreamState& stream, TimePoint now) noexcept;

    Config config_;
    bool client_;
    MakeStream make_stream_;
    std::map<std::uint32_t, std::shared_ptr<StreamState>> streams_;
    std::vector<std::shared_ptr<StreamState>> accept_queue_;
    std::vector<std::shared_ptr<StreamState>> send_queue_;  ///< streams with something to send, served in turn
    std::vector<Header> control_;
    std::uint32_t next_id_;
    std::uint32_t highest_remote_ = 0;
    std::size_t inbound_ = 0;
    std::size_t unacknowledged_ = 0;
    std::size_t unread_ = 0;
    std::size_t granted_ = 0;  ///< window growth of all streams
    Duration rtt_{};
    Meter meter_;
    std::optional<std::uint32_t> pong_;
    std::optional<std::uint32_t> remote_go_away_;

    ByteArray<kHeaderSize> partial_header_{};
    std::size_t partial_size_ = 0;
    std::uint32_t body_left_ = 0;               ///< bytes of the running data frame that have not come yet
    std::shared_ptr<StreamState> body_stream_;  ///< null: they are dropped
    bool body_finishes_ = false;
};

}  // namespace sotto::libp2p::yamux
