// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "base/signal.hpp"
#include "net/message_stream.hpp"
#include "whisper/allowance.hpp"
#include "whisper/bloom.hpp"
#include "whisper/delivery.hpp"
#include "whisper/filter.hpp"
#include "whisper/journal.hpp"
#include "whisper/keys.hpp"
#include "whisper/packets.hpp"
#include "whisper/pool.hpp"

namespace sotto::whisper {

class Mail;

/// Bounds that may change while the node runs.
struct Limits {
    PoolLimits pool = {};
    Rates rates_per_peer = {};     ///< what is taken from one peer
    Rates rates_per_address = {};  ///< and from all peers of one address
    std::optional<PacketRates> announced_rates = {};
    Deliveries::Limits deliveries = {};
};

struct Config {
    double min_pow = 0.002;        ///< accepted and announced
    PowRule rule = PowRule::both;  ///< what incoming envelopes may satisfy; we seal for eip627 unless legacy
    std::size_t max_message_size = kMaxEnvelopeSize;  ///< bytes of one envelope's RLP
    Limits limits = {};
    FilterIndex::Limits filters = {};
    std::size_t max_keys = 10'000;  ///< symmetric keys, and key pairs
    bool confirmations = true;      ///< announce, and answer batches with codes 12 and 11
    bool light_client = false;      ///< relays nothing but its own posts
    /// The address whose allowance and part of the pool a connected peer shares; empty: exempt. Not set: all are.
    std::function<std::string(const crypto::PeerId&)> address_of = {};
    Mail* mail = nullptr;        ///< outlives the node; null: no mail is kept
    Journal* journal = nullptr;  ///< outlives the node; null: what is posted does not survive the process
};

/// What shh_post takes (go-ethereum whisper/whisperv6 api.go).
struct NewMessage {
    static constexpr std::size_t kMaxTicket = 64;  ///< bytes

    std::string sym_key_id = {};  ///< either this
    Bytes public_key = {};        ///< or this, 65 bytes
    std::string sig = {};         ///< id of the key pair that signs; empty: unsigned
    std::uint32_t ttl = 0;        ///< seconds, at most 172,800; 0: 50
    Topic topic{};                ///< must not be zero with a symmetric key
    Bytes payload = {};
    Bytes padding = {};          ///< empty: random
    std::uint32_t pow_time = 0;  ///< seconds that sealing may take
    double pow_target = 0;       ///< 0: no work; negative: the best of pow_time
    std::optional<crypto::PeerId> target_peer =
        {};                   ///< sent directly (code 127) to this connected peer, past pool and PoW
    std::string ticket = {};  ///< told with every state of the message, from before it has a hash
};

/// What shh_newMessageFilter and shh_subscribe take.
struct Criteria {
    std::string sym_key_id = {};      ///< either this
    std::string private_key_id = {};  ///< or this
    Bytes sig = {};                   ///< public key of the signer, 65 bytes; empty: any
    double min_pow = 0;
    std::vector<Topic> topics = {};
    bool allow_p2p = false;
};

struct Info {
    std::size_t memory = 0;    ///< bytes of the envelopes in the pool
    std::size_t messages = 0;  ///< their number
    double min_pow = 0;
    std::size_t max_message_size = 0;
    std::size_t peers = 0;
    std::size_t filters = 0;  ///< with subscriptions
    /// Seconds that our clock is ahead of the peers' (negative: behind), where at least two agree that it is off.
    std::optional<std::int64_t> clock_offset = {};
};

/// Something that happened to an envelope. Pointers are valid only inside the handler.
struct EnvelopeEvent {
    enum class Kind : std::uint8_t {
        accepted,       ///< into the pool: from `peer`, or posted here when null
        sent,           ///< to `peer`, in the batch `batch` where it confirms batches
        acknowledged,   ///< `peer` confirmed the batch
        rejected,       ///< `peer` confirmed the batch but not this envelope; `reason` in its words
        expired,        ///< left the pool
        undeliverable,  ///< a direct message whose peer is gone; `reason`
    };
    Kind kind{};
    Hash hash{};
    const crypto::PeerId* peer = nullptr;
    const Hash* batch = nullptr;
    const SharedEnvelope* envelope = nullptr;  ///< of accepted, sent and expired
    std::string_view reason = {};
};

/// What happened since the start, for metrics.
struct Counters {
    std::uint64_t accepted = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t refused = 0;  ///< all of the below
    std::uint64_t too_large = 0;
    std::uint64_t bad_ttl = 0;
    std::uint64_t from_future = 0;
    std::uint64_t expired = 0;
    std::uint64_t low_pow = 0;
    std::uint64_t bloom_mismatch = 0;
    std::uint64_t pool_full = 0;
    std::uint64_t packets_delayed = 0;  ///< a peer or address above its rate had to wait
    std::uint64_t packets_dropped = 0;  ///< or was far above it
    std::uint64_t sent = 0;             ///< copies to peers
    std::uint64_t messages = 0;         ///< delivered to filters
    std::uint64_t dropped = 0;          ///< of those, by filters that nobody polled in time
    std::uint64_t evicted = 0;          ///< from the full pool, for envelopes with more work
};

/// A Whisper v6 node: one object for all peers of both networks. Errors of the RPC's making carry geth's exact texts as
/// their detail. A Task that is under way must end before the node is destroyed, and so must every run(). Loop thread
/// only.
class Whisper final : public net::Protocol {
  public:
    Whisper(Env env, const Config& config);
    ~Whisper() override;

    const net::ProtocolSpec& spec() const noexcept override;
    Task<Result<void>> run(net::MessageStream& stream, Established established) override;

    /// Encrypts, seals on the workers, keeps it in the journal and sends; returns the hash of the envelope. What
    /// becomes of it is told by deliveries().
    Task<Result<Hash>> post(NewMessage message);
    /// Puts an envelope that was sealed elsewhere into the pool, checked as a peer's would be.
    Result<Hash> post_envelope(BytesView rlp);

    /// Before peers come: goes on with what the journal has.
    void restore(const std::vector<JournalEntry>& entries);
    /// Works on what is posted until it is cancelled.
    Task<void> serve();
    /// The states of what was posted here, by the hash of any of its envelopes.
    Deliveries& deliveries() noexcept;
    const Deliveries& deliveries() const noexcept;

    /// A filter to be polled; its id is 64 hex digits.
    Task<Result<std::string>> new_filter(Criteria criteria);
    /// What arrived since the last call, oldest first, as far as one answer may go (FilterIndex::Limits).
    Result<std::vector<SharedMessage>> get_filter_messages(const std::string& id);
    Result<void> delete_filter(const std::string& id);
    /// Calls `handler` for each message until the subscription is dropped, which may outlive the node. Symmetric needs
    /// topics.
    Task<Result<Subscription>> subscribe(Criteria criteria, FilterIndex::Handler handler);

    /// In force at once: a smaller pool makes room by its own rule, but never of what was posted here; peers are told
    /// new packet rates; what is followed is judged anew.
    void set_limits(const Limits& limits);
    Info info() const;
    Counters counters() const;
    /// Peers are told; for 10 s the old value is accepted too, until they know.
    Result<void> set_min_pow(double pow);
    /// 64 bytes: what is wanted besides the topics of the filters. Everything until it is set.
    Result<void> set_bloom(BytesView bloom);
    const Bloom& bloom() const noexcept;
    /// At most 10 MiB, as in geth; above 1 MiB - 64 nothing more is taken.
    Result<void> set_max_message_size(std::uint64_t bytes);
    void set_light_client(bool light);
    bool light_client() const noexcept;
    /// Lets a connected peer send us direct messages (code 127), until this process ends.
    Result<void> mark_trusted(const crypto::PeerId& peer);
    /// Whether a peer is thought to be gone: nothing more is sent to it until it is not, nothing that waits is lost.
    void set_suspect(const crypto::PeerId& peer, bool suspect);

    Task<Result<std::string>> new_key_pair();
    /// 32 bytes, which are wiped.
    Task<Result<std::string>> add_private_key(Bytes secret, Export reading = Export::allowed);
    /// Errors: not_found; unsupported (not for export, unless the caller says `forbidden` too).
    Task<Result<bool>> delete_key_pair(std::string id, Export reading = Export::allowed);
    Task<bool> has_key_pair(std::string id);
    /// 0x04 || X || Y.
    Task<Result<Bytes>> get_public_key(std::string id);
    /// unsupported: not for export.
    Task<Result<Bytes>> get_private_key(std::string id);
    /// X of the point that a pair shares with somebody's key. The caller wipes it.
    Task<Result<ByteArray<32>>> shared_secret(std::string id, Point key);
    Result<std::string> new_sym_key();
    Result<std::string> add_sym_key(BytesView key);
    Task<Result<std::string>> generate_sym_key_from_password(std::string password);
    bool has_sym_key(const std::string& id) const;
    Result<Bytes> get_sym_key(const std::string& id) const;
    bool delete_sym_key(const std::string& id);

    Signal<EnvelopeEvent>& events() noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::whisper
