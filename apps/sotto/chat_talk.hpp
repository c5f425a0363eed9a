// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>
#include <optional>

#include "messenger/session.hpp"
#include "verbs.hpp"

namespace sotto::app {

/// Who chats, and what is kept of it. Nothing is without a data directory.
struct Person {
    messenger::Secret secret{};
    std::optional<std::filesystem::path> contacts;
    std::unique_ptr<messenger::History> history;

    Person() = default;
    Person(Person&&) = default;
    Person& operator=(Person&&) = delete;
    ~Person();
};

/// Chats on the terminal, or line by line where there is none, from the first word to the last; returns the exit code.
/// A signal ends it within 5 s, a second one at once. The names in `options` are good; all outlive the task.
Task<int> talk(Env env, const ChatOptions& options, messenger::Backend& backend, Person& person);

}  // namespace sotto::app
