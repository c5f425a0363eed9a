// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/journal.hpp"

#include <map>

#include "base/log.hpp"
#include "store/store.hpp"

namespace sotto::node {
namespace {

using whisper::Hash;
using whisper::JournalEntry;

constexpr std::string_view kSchema =
    "CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, deadline INTEGER NOT NULL,"
    " record BLOB NOT NULL, envelope BLOB NOT NULL)";
constexpr std::string_view kPut =
    "INSERT INTO outbox (id, deadline, record, envelope) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET record = excluded.record, envelope = excluded.envelope";
constexpr std::string_view kUpdate = "UPDATE outbox SET record = ? WHERE id = ?";
constexpr std::string_view kRemove = "DELETE FROM outbox WHERE id = ?";
/// How it ended can be asked for this long, in seconds.
constexpr std::int64_t kKeepEnded = 86'400;
/// And of so many; what is under way stays in any case.
constexpr std::string_view kPrune =
    "DELETE FROM outbox WHERE deadline < ?1 - ?2"
    " OR (deadline < ?1 AND number <= (SELECT max(number) FROM outbox) - 20000)";
/// An envelope that nobody sends any more need not fill the memory.
constexpr std::string_view kLoad =
    "SELECT id, deadline, record, CASE WHEN deadline < ? THEN x'' ELSE envelope END FROM outbox ORDER BY number";
/// Changes of state are gathered this long: what is lost with the process makes a message go twice, no worse.
constexpr Duration kGather = std::chrono::milliseconds(50);
/// Pruning looks at every row.
constexpr Duration kPrunePeriod = std::chrono::minutes(1);

Result<void> put_entry(store::Database& database, const JournalEntry& entry) {
    SOTTO_TRY(auto put, database.prepare(kPut));
    put.bind(1, BytesView(entry.id)).bind(2, std::int64_t{entry.deadline});
    return put.bind(3, BytesView(entry.record)).bind(4, BytesView(entry.envelope)).run();
}

Result<void> remove_entry(store::Database& database, const Hash& id) {
    SOTTO_TRY(auto remove, database.prepare(kRemove));
    return remove.bind(1, BytesView(id)).run();
}

Result<void> prune(store::Database& database, std::int64_t now) {
    SOTTO_TRY(auto statement, database.prepare(kPrune));
    return statement.bind(1, now).bind(2, kKeepEnded).run();
}

/// What became of an entry since it was put: a new state, or its end.
using Changes = std::map<Hash, std::optional<JournalEntry>>;

Result<void> apply(store::Database& database, const Changes& changes) {
    SOTTO_TRY(auto update, database.prepare(kUpdate));
    for (const auto& [id, entry] : changes) {
        if (!entry) {
            SOTTO_CHECK(remove_entry(database, id));
        } else if (entry->envelope.empty()) {
            SOTTO_CHECK(update.bind(1, BytesView(entry->record)).bind(2, BytesView(id)).run());
        } else {
            SOTTO_CHECK(put_entry(database, *entry));
        }
    }
    return {};
}

Result<std::vector<JournalEntry>> load(const std::filesystem::path& path, std::int64_t now) {
    SOTTO_TRY(auto database, store::Database::open(path));
    SOTTO_CHECK(database.run(kSchema));
    SOTTO_CHECK(prune(database, now));
    SOTTO_TRY(auto rows, database.prepare(kLoad));
    rows.bind(1, now);
    std::vector<JournalEntry> entries;
    for (;;) {
        SOTTO_TRY(const bool row, rows.step());
        if (!row) return entries;
        const auto id = rows.bytes(0);
        const auto deadline = rows.integer(1);
        if (id.size() != Hash{}.size() || deadline < 0 || deadline > std::int64_t{~std::uint32_t{0}}) continue;
        entries.push_back({first_bytes<32>(id),
                           static_cast<std::uint32_t>(deadline),
                           to_bytes(rows.bytes(2)),
                           to_bytes(rows.bytes(3))});
    }
}

class OpenJournal final : public SqliteJournal {
  public:
    OpenJournal(Env env, std::unique_ptr<store::Store> store, std::vector<JournalEntry> loaded)
        : env_(env), store_(std::move(store)), loaded_(std::move(loaded)) {}
    ~OpenJournal() override { flush(); }

    std::vector<JournalEntry> take_loaded() override { return std::move(loaded_); }

    Task<Result<void>> put(JournalEntry entry) override {
        const auto id = entry.id;
        const auto bytes = entry.record.size() + entry.envelope.size();
        auto job = [entry = std::move(entry)](store::Database& database) { return put_entry(database, entry); };
        auto undo = [id](store::Database& database) { return remove_entry(database, id); };
        co_return co_await store_->write(std::move(job), std::move(undo), bytes);
    }
    void update(JournalEntry entry) override {
        auto& change = changes_[entry.id];
        // An envelope that waits must not get lost by a later change of state.
        if (change && entry.envelope.empty()) entry.envelope = std::move(change->envelope);
        change = std::move(entry);
        gather();
    }
    void remove(const Hash& id) override {
        changes_[id] = std::nullopt;
        gather();
    }

  private:
    void gather() {
        if (!timer_.armed()) timer_ = env_.clock->after(kGather, [this] { flush(); });
    }
    void flush() {
        if (changes_.empty()) return;
        std::size_t bytes = 0;
        for (const auto& [id, entry] : changes_) bytes += entry ? entry->record.size() + entry->envelope.size() : 0;
        const auto now = static_cast<std::int64_t>(env_.clock->wall().seconds());
        const bool prunes = env_.clock->now() >= prune_due_;
        if (prunes) prune_due_ = env_.clock->now() + kPrunePeriod;
        auto job = [changes = std::exchange(changes_, {}), now, prunes](store::Database& database) -> Result<void> {
            SOTTO_CHECK(apply(database, changes));
            return prunes ? prune(database, now) : Result<void>{};
        };
        const auto tell = [](const Error& error) {
            log::warn("node", "states of messages are not kept", {{"error", error.message()}});
        };
        if (const auto queued = store_->write_later(std::move(job), bytes, tell); !queued) tell(queued.error());
    }

    Env env_;
    std::unique_ptr<store::Store> store_;
    std::vector<JournalEntry> loaded_;
    Changes changes_;
    Timer timer_;
    TimePoint prune_due_;
};

}  // namespace

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(Env env, const std::filesystem::path& path) {
    auto loaded = load(path, static_cast<std::int64_t>(env.clock->wall().seconds()));
    if (!loaded && loaded.error() == Errc::malformed) {
        return fail(Errc::malformed,
                    path.string() + " is damaged: move it away, messages that were under way are lost with it (" +
                        loaded.error().detail() + ")");
    }
    SOTTO_TRY(auto entries, std::move(loaded));
    SOTTO_TRY(auto opened, store::Store::open(env.executor, path, std::string(kSchema)));
    return std::make_unique<OpenJournal>(env, std::move(opened), std::move(entries));
}

}  // namespace sotto::node
