// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/task.hpp"
#include "whisper/topic.hpp"

namespace sotto::whisper {

/// One posted message as it is kept on disk. What it says is ciphertext: neither keys nor plain text are kept.
struct JournalEntry {
    Hash id{};
    std::uint32_t deadline = 0;  ///< seconds since 1970
    Bytes record;                ///< encode_delivery()
    Bytes envelope;              ///< its newest envelope; empty in an update: as it was
};

/// Keeps posted messages beyond the end of the process. Loop thread only.
class Journal {
  public:
    virtual ~Journal() = default;
    /// Ok: it is on the disk. An error: it is not, and will not be found there later.
    virtual Task<Result<void>> put(JournalEntry entry) = 0;
    /// Soon; nobody waits. The last one of an id wins.
    virtual void update(JournalEntry entry) = 0;
    virtual void remove(const Hash& id) = 0;
};

}  // namespace sotto::whisper
