// SPDX-License-Identifier: Apache-2.0
// Questions from programs of this machine, over a socket in the file system (AF_UNIX): whoever may open the file may
// ask. A connection is one question, up to its end, and one answer.
#pragma once

#include "transport/loop/loop.hpp"

namespace godwit::loop {

struct LocalLimits {
    std::size_t question_bytes_max = 256 * 1024;
    std::size_t connections_max = 8; ///< More are closed at once.
    /// From accepted to answered, the answer taken: whoever is slower is closed.
    Duration time_max = std::chrono::seconds(10);
};

class LocalServer {
public:
    /// Called on the loop, once for each question. What it returns is the answer.
    using Answer = std::function<Bytes(BytesView question)>;

    /// Makes `path`, mode 0600, in the place of a socket that is there: who calls knows that nobody else serves it.
    /// Errors: invalid_argument (the path is too long for a socket), storage_failed.
    [[nodiscard]] static Result<std::unique_ptr<LocalServer>> open(Loop& loop, const std::string& path,
                                                                   LocalLimits limits, Answer answer);
    /// Removes the file. Questions that are not answered are not.
    ~LocalServer();
    LocalServer(const LocalServer&) = delete;
    LocalServer& operator=(const LocalServer&) = delete;

    [[nodiscard]] std::size_t connections() const noexcept;

    struct Impl;

private:
    explicit LocalServer(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

/// For the program that asks; blocks. Errors: not_connected (nobody serves `path`), timed_out (or the connection was
/// lost: it may have been done, or not), message_too_large (the answer).
[[nodiscard]] Result<Bytes> ask_local(const std::string& path, BytesView question, std::size_t answer_bytes_max,
                                      Duration time_max);

} // namespace godwit::loop
