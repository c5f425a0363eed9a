// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>
#include <map>
#include <unordered_map>
#include <vector>

#include "whisper/bloom.hpp"
#include "whisper/envelope.hpp"
#include "whisper/message.hpp"

namespace sotto::whisper {

/// A message as a filter hands it out.
struct ReceivedMessage {
    Hash hash{};  ///< of the envelope
    Topic topic{};
    std::uint32_t ttl = 0;        ///< seconds
    std::uint32_t timestamp = 0;  ///< seconds since 1970: expiry - ttl, as the sender says
    double pow = 0;
    std::optional<Point> source;     ///< who signed it
    std::optional<Point> recipient;  ///< of an asymmetric message
    Bytes payload;
    Bytes padding;
};
using SharedMessage = std::shared_ptr<const ReceivedMessage>;

/// What opens an envelope: a symmetric key, or the secret of a key pair. Wiped when the last user lets go.
struct FilterKey {
    FilterKey(bool is_symmetric, const ByteArray<32>& bytes);
    FilterKey(const FilterKey&) = delete;
    FilterKey& operator=(const FilterKey&) = delete;
    ~FilterKey();

    bool symmetric;
    ByteArray<32> secret;
    std::optional<Point> recipient;  ///< of a key pair
};
using SharedKey = std::shared_ptr<const FilterKey>;

/// Null when the key does not open it or what is inside is malformed. Any thread.
SharedMessage open_envelope(const FilterKey& key, const Envelope& envelope, double pow);

struct FilterSpec {
    SharedKey key;
    std::optional<Point> source = {};  ///< only messages signed by this key
    double min_pow = 0;
    std::vector<Topic> topics = {};  ///< empty: all
    bool allow_direct = false;       ///< also what a trusted peer sends past the pool (code 127)
};

/// How an envelope reached us.
struct Arrival {
    double pow = 0;
    bool direct = false;
};

/// Filters by topic, then by key, so that an envelope costs what its own topic's keys cost, however many others there
/// are. Each filter keeps undelivered messages up to a bound, then drops the oldest. Loop thread only.
class FilterIndex {
  public:
    struct Limits {
        std::size_t filters = 10'000;
        std::size_t queued_messages = 4'096;               ///< a filter
        std::size_t queued_bytes = std::size_t{16} << 20;  ///< a filter; a single larger message is kept
        std::size_t drained_bytes = std::size_t{4} << 20;  ///< at once; a single larger message is handed out
    };
    using Handler = std::function<void(const SharedMessage&)>;

    explicit FilterIndex(const Limits& limits) : limits_(limits) {}

    /// With a handler messages go there at once and are not queued; it may add and remove filters, its own too. Errors:
    /// exists; busy at the bound.
    Result<void> add(const std::string& id, FilterSpec spec, Handler handler = {});
    bool remove(const std::string& id);
    bool contains(const std::string& id) const { return filters_.contains(id); }
    std::size_t size() const noexcept { return filters_.size(); }
    /// Takes what has arrived since the last call, oldest first; what is above the bound waits for the next call.
    Result<std::vector<SharedMessage>> drain(const std::string& id);

    /// The distinct keys that may open an envelope of that topic.
    std::vector<SharedKey> candidates(const Topic& topic, const Arrival& arrival) const;
    /// Hands a message that `key` opened to every filter that wants it; returns how many did.
    std::size_t dispatch(const FilterKey& key, const SharedMessage& message, const Arrival& arrival);

    /// Adds the topics that filters name.
    void add_topics(Bloom& bloom) const;
    /// How many filters have gone.
    std::uint64_t removals() const noexcept { return removals_; }
    std::uint64_t dropped() const noexcept { return dropped_; }

  private:
    struct Filter {
        FilterSpec spec;
        Handler handler;
        std::vector<SharedMessage> queue;
        std::size_t head = 0;
        std::size_t bytes = 0;
        bool removed = false;
    };
    using SharedFilter = std::shared_ptr<Filter>;
    /// Filters that share a key under one topic.
    struct Group {
        SharedKey key;
        std::vector<SharedFilter> filters;
    };
    using Groups = std::vector<Group>;

    static bool wants(const Filter& filter, const Arrival& arrival);
    static void link(Groups& groups, const SharedFilter& filter);
    static void unlink(Groups& groups, const SharedFilter& filter);
    void enqueue(Filter& filter, const SharedMessage& message);
    static SharedMessage take_oldest(Filter& filter);
    static void compact(Filter& filter);

    Limits limits_;
    std::unordered_map<std::string, SharedFilter> filters_;
    std::map<Topic, Groups> by_topic_;
    Groups any_topic_;
    std::uint64_t removals_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace sotto::whisper
