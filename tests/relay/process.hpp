// SPDX-License-Identifier: Apache-2.0
// A godwit-relay process, and clients that talk to it over real sockets on the loopback interface.
#pragma once

#include "tests/relay/rig.hpp"
#include "transport/loop/loop.hpp"
#include "transport/loop/system_entropy.hpp"
#include "transport/quic/quic_client.hpp"
#include "transport/tls/tls_link.hpp"

#include "lib/wire/names.hpp"

#include <sys/types.h>

namespace godwit::relay::test {

/// A directory that is gone at the end.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

/// Child process with its output in pipes. Killed at the end if it still runs.
class RelayProcess {
public:
    explicit RelayProcess(std::vector<std::string> arguments);
    ~RelayProcess();
    RelayProcess(const RelayProcess&) = delete;
    RelayProcess& operator=(const RelayProcess&) = delete;

    /// The next line on stdout; empty when there is none within a minute.
    [[nodiscard]] std::string line();
    /// Reads `ready …`.
    [[nodiscard]] wire::RelayAddress ready();
    void signal(int number) const;
    /// Waits for its end: the exit code, or minus the signal that ended it.
    [[nodiscard]] int wait();
    [[nodiscard]] std::string errors(); ///< All of stderr; after wait().
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

private:
    pid_t pid_ = 0;
    int out_ = -1;
    int err_ = -1;
    std::string buffered_;
};

/// A run of the program to its end. An empty line ends `out`.
struct Said {
    int exit_code = 0;
    std::string out;
    std::string errors;
};
[[nodiscard]] Said run(std::vector<std::string> arguments);

enum class Over { quic, tls };

class LiveClient final : port::LinkObserver {
public:
    LiveClient(loop::Loop& loop, const wire::RelayAddress& relay, Over over, std::uint64_t number);

    /// True when the link came up in time.
    [[nodiscard]] bool is_up();
    /// Runs the loop until `condition`, a minute at most.
    bool until(const std::function<bool()>& condition);
    [[nodiscard]] frame::Response ask(frame::RequestBody body);
    ErrorCode code(frame::RequestBody body) { return ask(std::move(body)).error.code; }
    void send(const wire::relay::ClientFrame& frame);
    /// Any bytes as a frame. False: the link does not take it, now or at all.
    bool send_raw(BytesView frame) { return link_->send(frame); }
    ErrorCode put(const DeviceId& to, std::uint64_t number);
    [[nodiscard]] Bytes certificate(const std::string& user, std::uint64_t account) const;
    [[nodiscard]] ErrorCode join(const std::string& user, std::uint64_t account);
    /// The first frame of a kind, waited for; taken out.
    template <class T>
    std::optional<T> next()
    {
        std::optional<T> out;
        until([&] {
            for (auto it = frames.begin(); it != frames.end(); ++it)
                if (auto* const one = std::get_if<T>(&*it)) {
                    out = std::move(*one);
                    frames.erase(it);
                    return true;
                }
            return false;
        });
        return out;
    }

    crypto::SigningKey key;
    DeviceId id;
    std::deque<wire::relay::ServerFrame> frames;
    std::optional<Error> down;

private:
    void link_up(port::Link&) override { up_ = true; }
    void link_frame(port::Link&, BytesView bytes) override;
    void link_writable(port::Link&) override {}
    void link_down(port::Link&, const Error& reason) override { down = reason; }

    loop::Loop& loop_;
    loop::SystemEntropy entropy_;
    std::unique_ptr<port::Link> link_;
    bool up_ = false;
    std::uint64_t next_id_ = 1;
};

} // namespace godwit::relay::test
