// SPDX-License-Identifier: Apache-2.0
// Client: an account's device in your program.
//
//   auto client = godwit::Client::open({.home = "alice"});
//   (*client)->submit(godwit::request::Send{.to = "bob", .text = "hello"});
//   while (auto event = (*client)->wait(std::chrono::seconds(5))) …
//
// Thread-safe: any function from any thread. No user code runs on godwit's thread (but `trace` and `wall_ms`): you
// wait, poll, or watch wake_fd().
#pragma once

#include <godwit/event.hpp>
#include <godwit/export.hpp>
#include <godwit/media.hpp>
#include <godwit/request.hpp>
#include <godwit/result.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace godwit {

// Not compared. Said because a std::variant claims that it can be: Qt asks that of every type of a signal, and then
// compares.
bool operator==(const Event&, const Event&) = delete;
bool operator<(const Event&, const Event&) = delete;
bool operator==(const Request&, const Request&) = delete;
bool operator<(const Request&, const Request&) = delete;

/// How a client is opened. Defaults suit a desktop program.
struct ClientOptions {
    /// Folder of this device's account: made (mode 0700) when missing. One client per home at a time.
    std::string home{};
    /// Key of the encrypted store: exactly 32 bytes, from the platform's key store. Wins over `passphrase`.
    std::vector<std::uint8_t> store_key{};
    /// Or a passphrase (Argon2id). With neither, a random key is kept beside the store (home/store.key, mode 0600):
    /// protects copies of the database file, not a stolen home.
    std::string passphrase{};
    /// Or: fills in the 32 bytes of the key, whenever the store is opened, so that it is in no memory while the client
    /// is suspended. False: there is none now (wrong_key). Called inside open() and resume(); must not throw.
    std::function<bool(std::span<std::uint8_t>)> provide_key{};
    /// Told to the relay at login, for "update available".
    std::string client_version = "0.1.0";
    /// ICE may use loopback addresses: for demonstrations and tests on one machine.
    bool allow_loopback = false;
    /// Debug lines; called on godwit's thread, must return quickly, not throw and not call back. Never carries content
    /// or keys.
    std::function<void(int level, std::string_view room, std::string_view text)> trace{};
    /// Events that may wait for the application before the client stops reading from its links.
    std::size_t event_queue_max = 4096;
    /// Milliseconds since 1970 UTC, where the system's clock is not to be trusted; empty: that clock. Time spans are
    /// measured by the monotonic clock in any case. Called on the thread that turns the loop, like `trace`.
    std::function<std::int64_t()> wall_ms{};
    /// godwit starts no thread, and does nothing but in run_once().
    bool driven_by_host = false;
    /// Asking for the next event says nothing of the one before it; dealt_with() does.
    bool dealt_by_call = false;
};

/// Longest payload of a push message, in bytes.
inline constexpr std::size_t push_bytes_max = 4096;

class GODWIT_API Client {
public:
    /// Opens or makes the home and starts the client's thread; reconnects by itself when an account is logged in.
    /// Errors: wrong_key, storage_in_use, storage_corrupt, storage_too_new, storage_failed (read-only, full),
    /// invalid_argument.
    [[nodiscard]] static Result<std::unique_ptr<Client>> open(ClientOptions options);

    /// Closes at once: what was accepted is durable and goes out at the next open. In the child of a fork nothing
    /// happens: the client is its parent's. A program that ends by exit() or by returning from main, with clients open,
    /// has them closed then.
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Queues a request; its Reply event carries the returned id. Errors: busy (queue full: take events, retry).
    [[nodiscard]] Result<RequestId> submit(Request request);

    /// The next event, or nullopt when none waits. Taking an event says that the previous one is dealt with: a received
    /// message is shown again after a restart until the event after it was asked for.
    [[nodiscard]] std::optional<Event> poll();
    /// As poll, but waits up to `timeout`. Does not turn the loop of a client that is driven by its host.
    [[nodiscard]] std::optional<Event> wait(std::chrono::milliseconds timeout);
    /// The oldest so many of the events MessageReceived that were handed out are dealt with. Errors: invalid_argument
    /// (there are not so many), unsupported (without ClientOptions::dealt_by_call). Of more than 65,536 that nobody
    /// named the oldest counts as dealt with.
    Result<void> dealt_with(std::size_t messages);
    /// Readable while events wait; carries no data to read. -1 where the platform has none.
    [[nodiscard]] int wake_fd() const;

    // The life of a program (docs/mobile.md).
    /// The platform says that addresses or routes changed: every path is looked at again, without back-off. As
    /// request::NetworkChanged, without a reply. Errors: cancelled (stopped).
    Result<void> network_changed();
    /// A push message of the platform arrived: there is something at the relay. Connects without back-off and fetches
    /// it. `payload`: what came with it, at most push_bytes_max; this version reads nothing in it. Errors:
    /// not_connected (suspended: resume first), message_too_large.
    [[nodiscard]] Result<void> push_received(std::span<const std::uint8_t> payload = {});
    // The next three not out of a hook (`trace`, `wall_ms`, `provide_key`): unsupported.
    /// Before the system freezes the process: commits, closes every connection and the store, ends godwit's thread.
    /// Then there is no lock held, on files either, and no I/O in flight. What was under way is answered with
    /// cancelled, a call is hung up; events can still be taken, what is asked meanwhile is answered after resume().
    /// Errors: timed_out (it goes on: call again).
    [[nodiscard]] Result<void> suspend(std::chrono::milliseconds deadline = std::chrono::milliseconds::max());
    /// Opens the home again and goes on. Errors: as open(), and the client stays suspended; cancelled (stopped).
    [[nodiscard]] Result<void> resume();
    /// The first half of the destructor, for who wants every answer: every request that was taken has its Reply in what
    /// wait() still hands out, then it returns nullopt at once.
    Result<void> stop();
    /// Memory is short: what is not in use goes back to the system, soon.
    void trim_memory();

    // Driven by its host (ClientOptions::driven_by_host): wait for driver_fd(), at most until next_deadline(), then
    // run_once().
    /// Waits at most `wait` (0: not at all) for something to happen, and does what is to be done. Any thread, one at a
    /// time. Errors: unsupported (this client has a thread; from inside a hook).
    Result<void> run_once(std::chrono::milliseconds wait = {});
    /// How long run_once() has nothing to do; nullopt: until driver_fd() is readable, or another thread is inside
    /// run_once(), or this client has a thread. Ask again after each run_once() and submit().
    [[nodiscard]] std::optional<std::chrono::milliseconds> next_deadline() const;
    /// Readable when run_once() has something to do; -1: none. Another one after resume().
    [[nodiscard]] int driver_fd() const;

    // Of calls whose devices are "app"; threads and ownership: godwit/media.hpp.
    /// How many samples were taken: fewer when the ring is full; 0: no such call, or it has no media yet.
    [[nodiscard]] std::size_t push_audio(const CallId& call, std::span<const std::int16_t> samples);
    /// How many samples there were: play silence for the rest.
    [[nodiscard]] std::size_t pull_audio(const CallId& call, std::span<std::int16_t> samples);
    /// A picture of the camera or screen, taken now; one that was not sent yet gives way to it. False: no such call,
    /// its pictures are not the application's, or `i420` is not call_picture_bytes of a size that a picture may have.
    [[nodiscard]] bool push_picture(const CallId& call, int width, int height, std::span<const std::uint8_t> i420);
    /// The newest picture of the other side that was not pulled yet.
    [[nodiscard]] std::optional<CallPicture> pull_picture(const CallId& call);
    /// Of one device in the call of a group; without it, of whichever has sent one.
    [[nodiscard]] std::optional<CallPicture> pull_picture(const CallId& call, const DeviceId& from);

    struct Impl;

private:
    explicit Client(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace godwit
