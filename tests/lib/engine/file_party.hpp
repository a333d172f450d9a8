// SPDX-License-Identifier: Apache-2.0
// Devices that keep files, joined by links in memory, with a relay that keeps blobs: engine::Files by itself, with time
// as an argument and nothing else of the engine.
#pragma once

#include "lib/engine/files.hpp"
#include "tests/support/memory_files.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <memory>
#include <random>

namespace godwit::engine::test {

class SilentTrace final : public port::Trace {
public:
    void line(port::TraceLevel, std::string_view, std::string_view) override {}
};

class FileWorld;

/// The one that all posts here are in.
ConversationId conversation();
MessageId post_id(std::uint8_t number);

class FileParty final : public FileReach {
public:
    FileParty(FileWorld& world, std::string user, std::uint8_t number);

    const std::string user;
    DeviceId device;
    testing::MemoryStore store;
    testing::MemoryFiles kept;
    testing::MemoryUserFiles outside;
    Config config;
    bool content_by_relay = true; ///< Policy.
    bool on = true;
    bool disk_waits = false; ///< What runs elsewhere comes to no end.
    std::vector<Event> events;

    void start();
    /// As start(), from a disk that cannot be read: what it does is not committed, and this process is gone.
    void start_in_vain();
    /// The process is gone, and what was not synced with it.
    void crash();
    void tick(const std::function<void(Files&)>& what = {});
    [[nodiscard]] Instant deadline() const;

    /// The reply's value, or its error as a failed test.
    template <class T>
    T ask(auto request);
    ErrorCode code(auto request);
    /// Adds bytes as a file; returns the reference.
    content::FileRef add(const std::string& path, Bytes bytes);
    /// Its author: the first of all, or whoever is named.
    void post(const content::FileRef& file, std::uint8_t number, bool mine = true, const std::string& author = {});
    /// It is the picture of the group that all are in; nullptr: that has none. `by`: who has chosen it; `more`:
    /// somebody came in.
    void picture(const content::FileRef* file, const std::string& by, bool more = false);

    /// That post does not stand any more.
    void withdraw(std::uint8_t number);
    /// Posts a body as Chats::say does; returns what it refers to.
    std::vector<content::FileRef> say(content::Body body, std::uint8_t number);

    template <class E>
    [[nodiscard]] std::size_t count() const
    {
        return static_cast<std::size_t>(
            std::count_if(events.begin(), events.end(), [](const Event& e) { return std::holds_alternative<E>(e); }));
    }
    template <class E>
    [[nodiscard]] const E& last() const
    {
        const E* out = nullptr;
        for (const auto& event : events)
            if (const auto* one = std::get_if<E>(&event)) out = one;
        REQUIRE(out != nullptr);
        return *out;
    }
    [[nodiscard]] FileState state(const FileId& file);
    /// What file_save writes.
    Bytes content(const FileId& file);

    // FileReach
    std::vector<DeviceId> members(const ConversationId&) override;
    bool is_own(const DeviceId& device) override;
    std::string owner(const DeviceId& device) override;
    std::optional<Way> way(const DeviceId& device) override;
    void seek(const DeviceId&, Moment) override {}
    bool sought(const DeviceId& device, const FileId& file, Moment now) override;
    void used(LinkId, std::size_t bytes, Moment) override { served += bytes; }
    RelaySession* blobs() override;

    std::size_t served = 0; ///< Bytes of pieces given.
    std::uint64_t wanted = 0;

private:
    friend class FileWorld;
    void make(); ///< And opens its first tick.
    event::Reply reply_to(Request request);

    FileWorld& world_;
    godwit::test::SeededEntropy entropy_;
    SilentTrace trace_;
    std::unique_ptr<Context> context_;
    std::unique_ptr<Files> files_;
    std::unique_ptr<RelaySession> session_;
    RequestId last_request_ = 0;
    std::deque<std::uint64_t> jobs_; ///< Have run, and were not reported.
};

class FileWorld {
public:
    explicit FileWorld(std::uint64_t seed = 1) : random(seed) {}

    std::mt19937_64 random;
    Moment now{Instant(std::chrono::hours(1)), 1'700'000'000'000};
    std::deque<std::unique_ptr<FileParty>> parties;
    bool relay_on = true;          ///< set_relay() changes it.
    std::uint32_t lie_percent = 0; ///< Pieces that are damaged on their way out of `liar`.
    const FileParty* liar = nullptr;
    std::map<wire::BlobId, std::map<std::uint32_t, Bytes>> blobs;
    std::map<wire::BlobId, std::string> blob_owners; ///< Accounts.

    FileParty& party(const std::string& user);
    void link(FileParty& a, FileParty& b, Path path = Path::direct);
    void unlink(FileParty& a, FileParty& b);
    void set_relay(bool on);
    /// Until nothing is due any more or `within` has passed; false when `done` has not come by then.
    bool run(const std::function<bool()>& done, Duration within = std::chrono::minutes(10));
    void settle(Duration for_how_long = std::chrono::minutes(2))
    {
        (void)run([] { return false; }, for_how_long);
    }

private:
    friend class FileParty;
    struct Wire {
        LinkId link = 0;
        FileParty* a = nullptr;
        FileParty* b = nullptr;
        Path path = Path::direct;
    };
    struct Frame {
        FileParty* from = nullptr;
        LinkId link = 0;
        Bytes bytes;
    };
    void say(FileParty& from, SendFrame frame);
    void deliver(Frame frame);
    void relay_takes(FileParty& from, BytesView bytes);

    std::vector<Wire> wires_;
    std::deque<Frame> frames_;
    LinkId last_link_ = 100;
};

inline constexpr LinkId relay_link = 1;

template <class T>
T FileParty::ask(auto request)
{
    const auto reply = reply_to(std::move(request));
    REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
    REQUIRE(std::holds_alternative<T>(reply.value));
    return std::get<T>(reply.value);
}

ErrorCode FileParty::code(auto request)
{
    return reply_to(std::move(request)).error.code;
}

} // namespace godwit::engine::test
