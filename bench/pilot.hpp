// SPDX-License-Identifier: Apache-2.0
// A relay process and clients of it, for measurements through the public API.
#pragma once

#include <godwit/client.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

using Clock = std::chrono::steady_clock;
using Micros = std::chrono::duration<double, std::micro>;

struct GaveUp {
    std::string why;
};

/// Thrown, not exit(): the relay that was started must end with us.
[[noreturn]] inline void give_up(std::string why)
{
    throw GaveUp{std::move(why)};
}

inline double since_us(Clock::time_point start)
{
    return Micros(Clock::now() - start).count();
}

// ---- the relay process ----------------------------------------------------------------------------------------------

class Relay {
public:
    /// `clients`: all from one address, which the relay's defaults would not allow.
    Relay(const std::string& program, const std::filesystem::path& data, int clients)
    {
        const auto config = data.string() + ".toml";
        std::ofstream(config) << "[registration]\nper_address_burst = " << clients
                              << "\n[limits]\nlinks_per_address = " << 2 * clients
                              << "\narrivals_per_address_burst = " << 2 * clients << '\n';
        int out[2];
        if (pipe(out) != 0) give_up("pipe failed");
        pid_ = fork();
        if (pid_ == 0) {
            dup2(out[1], STDOUT_FILENO);
            close(out[0]);
            execl(program.c_str(), program.c_str(), "--data", data.c_str(), "--listen", "127.0.0.1:0", "--config",
                  config.c_str(), static_cast<char*>(nullptr));
            std::perror("bench: cannot start the relay");
            _exit(127);
        }
        close(out[1]);
        FILE* lines = fdopen(out[0], "r");
        char line[512];
        while (lines != nullptr && std::fgets(line, sizeof line, lines) != nullptr)
            if (std::strncmp(line, "ready ", 6) == 0) {
                address_ = line + 6;
                while (!address_.empty() && (address_.back() == '\n' || address_.back() == '\r'))
                    address_.pop_back();
                break;
            }
        if (address_.empty()) give_up("the relay did not say ready");
    }
    ~Relay()
    {
        kill(pid_, SIGTERM);
        waitpid(pid_, nullptr, 0);
    }
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    pid_t pid_ = -1;
    std::string address_;
};

// ---- clients --------------------------------------------------------------------------------------------------------

class Pilot {
public:
    Pilot(std::string name, const std::filesystem::path& folder, std::string relay)
        : name_(std::move(name)), relay_(std::move(relay))
    {
        godwit::ClientOptions options;
        options.home = (folder / name_).string();
        options.allow_loopback = true;
        options.store_key.assign(32, 7);
        auto opened = godwit::Client::open(std::move(options));
        if (!opened) give_up(name_ + ": " + opened.error().detail);
        client_ = std::move(opened).value();
    }

    void enroll()
    {
        expect_ok(ask(godwit::request::RegisterAccount{relay_, name_, "correct horse battery", "bench"}), "register");
        wait_until("connected",
                   [](const godwit::Event& e) { return std::holds_alternative<godwit::event::Connected>(e); });
    }

    godwit::RequestId submit(godwit::Request request)
    {
        for (;;) {
            auto id = client_->submit(request);
            if (id) return *id;
            if (id.error().code != godwit::ErrorCode::busy) give_up(name_ + ": " + id.error().detail);
            std::this_thread::yield();
        }
    }

    godwit::event::Reply ask(godwit::Request request)
    {
        const auto id = submit(std::move(request));
        godwit::event::Reply answer;
        wait_until("a reply", [&](const godwit::Event& e) {
            const auto* reply = std::get_if<godwit::event::Reply>(&e);
            if (reply == nullptr || reply->id != id) return false;
            answer = *reply;
            return true;
        });
        return answer;
    }

    template <class Accepts>
    void wait_until(const char* what, Accepts accepts)
    {
        const auto start = Clock::now();
        while (Clock::now() - start < std::chrono::seconds(60)) {
            auto event = client_->wait(std::chrono::milliseconds(500));
            if (event && accepts(*event)) return;
        }
        give_up(name_ + " waited 60 s for " + what);
    }

    void expect_ok(const godwit::event::Reply& reply, const char* what)
    {
        if (reply.error.code != godwit::ErrorCode::ok) give_up(name_ + ": " + what + ": " + reply.error.detail);
    }

    [[nodiscard]] const std::string& name() const { return name_; }
    godwit::Client& client() { return *client_; }

private:
    std::string name_;
    std::string relay_;
    std::unique_ptr<godwit::Client> client_;
};

inline void befriend(Pilot& a, Pilot& b)
{
    a.expect_ok(a.ask(godwit::request::ContactAdd{b.name()}), "contact_add");
    b.wait_until("the contact request",
                 [](const godwit::Event& e) { return std::holds_alternative<godwit::event::ContactRequest>(e); });
    b.expect_ok(b.ask(godwit::request::ContactAccept{a.name()}), "contact_accept");
    a.wait_until("the acceptance",
                 [](const godwit::Event& e) { return std::holds_alternative<godwit::event::ContactAccepted>(e); });
}

/// Keeps a client's event queue empty on a thread of its own, as an application would.
class Drain {
public:
    explicit Drain(Pilot& pilot)
        : thread_([this, &pilot] {
              while (!stop_.load())
                  if (!pilot.client().wait(std::chrono::milliseconds(20))) continue;
          })
    {
    }
    ~Drain()
    {
        stop_.store(true);
        thread_.join();
    }
    Drain(const Drain&) = delete;
    Drain& operator=(const Drain&) = delete;

private:
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

/// A folder of its own under the system's, or the one that was asked for; removed at the end.
class Workplace {
public:
    explicit Workplace(std::filesystem::path wanted) : folder_(std::move(wanted))
    {
        if (folder_.empty()) {
            std::string made = (std::filesystem::temp_directory_path() / "godwit-bench-XXXXXX").string();
            if (mkdtemp(made.data()) == nullptr) give_up("cannot make a temporary folder");
            folder_ = made;
        }
        std::filesystem::create_directories(folder_);
    }
    ~Workplace() { std::filesystem::remove_all(folder_); }
    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

private:
    std::filesystem::path folder_;
};

/// What `measure` gave up for is said, and is the program's failure.
template <class Measure>
int run(const char* program, Measure measure)
{
    try {
        measure();
        return 0;
    } catch (const GaveUp& trouble) {
        std::fprintf(stderr, "%s: %s\n", program, trouble.why.c_str());
        return 1;
    }
}

} // namespace bench
