// SPDX-License-Identifier: Apache-2.0
// The rehearsal: a real relay under load is backed up, killed, restored, and its clients go on.
#include "tests/relay/process.hpp"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> serving(const TemporaryDirectory& directory, std::uint16_t port = 0)
{
    return {"--data", directory.path("data"), "--listen", "127.0.0.1:" + std::to_string(port)};
}

Said backup(const TemporaryDirectory& directory, bool incremental = false)
{
    std::vector<std::string> out = {"backup", "--data", directory.path("data"), "--to", directory.path("copies")};
    if (incremental) out.emplace_back("--incremental");
    return run(out);
}

Said restore(const TemporaryDirectory& directory)
{
    return run({"restore", "--data", directory.path("data"), "--from", directory.path("copies")});
}

struct Pair {
    LiveClient ann, bo;
    Pair(loop::Loop& loop, const wire::RelayAddress& address)
        : ann(loop, address, Over::tls, 1), bo(loop, address, Over::tls, 2)
    {
        REQUIRE(ann.is_up());
        REQUIRE(bo.is_up());
    }
    void join()
    {
        REQUIRE(ann.join("ann", 100) == ErrorCode::ok);
        REQUIRE(bo.join("bo", 200) == ErrorCode::ok);
        REQUIRE(ann.code(frame::ContactAdd{"bo"}) == ErrorCode::ok);
        REQUIRE(bo.code(frame::ContactAccept{"ann"}) == ErrorCode::ok);
    }
    void come_back()
    {
        for (auto* const one : {&ann, &bo}) {
            one->send(frame::Hello{1, 1, "0.1.0", "test"});
            REQUIRE(one->code(frame::Resume{}) == ErrorCode::ok);
        }
    }
    std::uint64_t message(std::uint64_t number)
    {
        REQUIRE(ann.put(bo.id, number) == ErrorCode::ok);
        for (;;) { // what an older copy still has in the mailbox comes first, once more
            const auto mail = bo.next<frame::MailboxDeliver>();
            REQUIRE(mail);
            bo.send(frame::MailboxAck{{mail->sequence}});
            if (mail->envelope.id == envelope(number).id) return mail->sequence;
        }
    }
};

} // namespace

TEST_CASE("a relay under load is backed up, killed, restored to an older copy, and its clients go on")
{
    const TemporaryDirectory directory;
    loop::Loop loop;
    auto relay = std::make_unique<RelayProcess>(serving(directory));
    const auto address = relay->ready();
    std::uint64_t number = 1, sequence = 0;
    {
        Pair pair(loop, address);
        pair.join();
        std::atomic<bool> is_over = false;
        Said full, increment;
        std::thread other([&] {
            full = backup(directory);
            increment = backup(directory, true);
            is_over = true;
        });
        while (!is_over)
            sequence = pair.message(number++);
        other.join();
        CHECK_MESSAGE(full.exit_code == 0, full.errors);
        CHECK(full.out.starts_with("000001-full: "));
        CHECK_MESSAGE(increment.exit_code == 0, increment.errors);
        CHECK(increment.out.starts_with("000002-incremental: "));
        for (int i = 0; i < 20; ++i) // what the copy does not have
            sequence = pair.message(number++);
        const auto running = restore(directory);
        CHECK(running.exit_code == 7);
        CHECK(running.errors.find("stop it first") != std::string::npos);
    }
    relay->signal(SIGKILL);
    CHECK(relay->wait() == -SIGKILL);
    CHECK(!fs::exists(directory.path("data/snapshot.db")));
    const auto verified = run({"verify", "--from", directory.path("copies")});
    CHECK_MESSAGE(verified.exit_code == 0, verified.errors);
    CHECK(verified.out.ends_with("sound\n"));
    fs::remove_all(directory.path("data")); // the disk is gone, with the key
    const auto restored = restore(directory);
    CHECK_MESSAGE(restored.exit_code == 0, restored.errors);

    relay = std::make_unique<RelayProcess>(serving(directory, address.port));
    CHECK(relay->ready().key == address.key);
    Pair pair(loop, address);
    pair.come_back();
    CHECK(pair.message(number++) > sequence); // no number is given twice
    relay->signal(SIGTERM);
    CHECK(relay->wait() == 0);
}

TEST_CASE(
    "kill -9 of a backup, or of the relay during one: what was there before is there, and the next one goes through")
{
    const TemporaryDirectory directory;
    loop::Loop loop;
    auto relay = std::make_unique<RelayProcess>(serving(directory));
    const auto address = relay->ready();
    {
        Pair pair(loop, address);
        pair.join();
        (void)pair.message(1);
    }
    REQUIRE(backup(directory).exit_code == 0);
    // At different moments of its life: from its start to well behind its end.
    for (int delay_us = 0; delay_us <= 60'000; delay_us += 5'000) {
        CAPTURE(delay_us);
        RelayProcess dying(
            {"backup", "--data", directory.path("data"), "--to", directory.path("copies"), "--incremental"});
        ::usleep(static_cast<useconds_t>(delay_us));
        dying.signal(SIGKILL);
        (void)dying.wait();
        const auto verified = run({"verify", "--from", directory.path("copies")});
        CHECK_MESSAGE(verified.exit_code == 0, verified.errors);
    }
    // Its relay dies: the backup says so and is none.
    {
        RelayProcess lonely({"backup", "--data", directory.path("data"), "--to", directory.path("copies")});
        relay->signal(SIGKILL);
        (void)relay->wait();
        (void)lonely.wait();
    }
    CHECK(run({"verify", "--from", directory.path("copies")}).exit_code == 0);
    const auto cold = backup(directory, true); // no relay runs: its database is opened
    CHECK_MESSAGE(cold.exit_code == 0, cold.errors);
    CHECK(!fs::exists(directory.path("data/snapshot.db")));
    relay = std::make_unique<RelayProcess>(serving(directory, address.port));
    (void)relay->ready();
    Pair pair(loop, address);
    pair.come_back();
    (void)pair.message(2);
    relay->signal(SIGTERM);
    CHECK(relay->wait() == 0);
    CHECK(backup(directory).exit_code == 0);
}

TEST_CASE("backup, verify, restore: what is wrong with a question is said")
{
    const TemporaryDirectory directory;
    const auto none = backup(directory);
    CHECK(none.exit_code == 1);
    CHECK(none.errors.find("check --data") != std::string::npos);
    fs::create_directories(directory.path("copies"));
    CHECK(run({"verify", "--from", directory.path("copies")}).exit_code == 1);
    CHECK(restore(directory).exit_code == 1);
    CHECK(run({"verify", "--from", directory.path("nowhere")}).exit_code != 0);
    CHECK(run({"backup", "--to", directory.path("copies")}).exit_code == 2);
    CHECK(run({"restore", "--data", directory.path("data")}).exit_code == 2);
    const auto half =
        run({"backup", "--data", directory.path("data"), "--to", directory.path("copies"), "--full-after", "3"});
    CHECK(half.exit_code == 2);
    CHECK(half.errors.find("--incremental") != std::string::npos);
}
