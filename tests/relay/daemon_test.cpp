// SPDX-License-Identifier: Apache-2.0
// The real process, over real sockets.
#include "lib/identity/conversation_id.hpp"
#include "tests/relay/mls_shapes.hpp"
#include "tests/relay/process.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

std::vector<std::string> arguments(const TemporaryDirectory& directory, const std::string& listen = "127.0.0.1:0")
{
    return {"--data", directory.path("data"), "--listen", listen};
}

int connected(int type, std::uint16_t port)
{
    const int fd = ::socket(AF_INET, type, 0);
    REQUIRE(fd >= 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    return fd;
}

std::uint64_t counter(const std::string& stats, const std::string& name)
{
    const auto at = stats.find("\"" + name + "\":");
    REQUIRE(at != std::string::npos);
    return std::stoull(stats.substr(at + name.size() + 3));
}

} // namespace

TEST_CASE("two devices, one over QUIC and one over TLS: contacts, mail, signals, stats, goodbye")
{
    const TemporaryDirectory directory;
    RelayProcess relay(arguments(directory));
    const auto address = relay.ready();
    CHECK(address.host == "127.0.0.1");
    loop::Loop loop;
    LiveClient ann(loop, address, Over::quic, 1), bo(loop, address, Over::tls, 2);
    REQUIRE(ann.is_up());
    REQUIRE(bo.is_up());
    CHECK(ann.join("ann", 100) == ErrorCode::ok);
    CHECK(ann.next<frame::Welcome>()->observed_address.starts_with("127.0.0.1:"));
    CHECK(bo.join("bo", 200) == ErrorCode::ok);
    CHECK(ann.code(frame::ContactAdd{"bo"}) == ErrorCode::ok);
    CHECK(bo.next<frame::RosterChange>()->entry.state == wire::RosterState::incoming);
    CHECK(bo.code(frame::ContactAccept{"ann"}) == ErrorCode::ok);
    CHECK(ann.put(bo.id, 5) == ErrorCode::ok);
    const auto mail = bo.next<frame::MailboxDeliver>();
    REQUIRE(mail);
    CHECK(mail->envelope.sealed == envelope(5).sealed);
    bo.send(frame::MailboxAck{{mail->sequence}});
    CHECK(bo.code(frame::Signal{ann.id, {7, 7}}) == ErrorCode::ok);
    CHECK(ann.next<frame::SignalPush>()->sealed == Bytes{7, 7});

    relay.signal(SIGUSR1);
    const auto stats = relay.line();
    CHECK(stats.starts_with("stats {"));
    CHECK(counter(stats, "sessions") == 2);
    CHECK(counter(stats, "content_envelopes_stored") == 1);
    CHECK(counter(stats, "content_bytes_stored") == 100);
    CHECK(counter(stats, "content_envelopes_acknowledged") == 1);
    CHECK(counter(stats, "signals_forwarded") == 1);

    relay.signal(SIGTERM);
    CHECK(ann.next<frame::Goodbye>()->what.code == ErrorCode::relay_unavailable);
    CHECK(bo.next<frame::Goodbye>()->what.code == ErrorCode::relay_unavailable);
    CHECK(ann.until([&] { return ann.down && bo.down; }));
    CHECK(relay.wait() == 0);
    CHECK(relay.errors().empty());
}

TEST_CASE("what was acknowledged survives kill -9; the key stays; a device comes back by itself")
{
    const TemporaryDirectory directory;
    loop::Loop loop;
    wire::RelayAddress first;
    {
        RelayProcess relay(arguments(directory));
        first = relay.ready();
        LiveClient ann(loop, first, Over::tls, 1);
        REQUIRE(ann.is_up());
        CHECK(ann.join("ann", 100) == ErrorCode::ok);
        LiveClient phone(loop, first, Over::tls, 2);
        REQUIRE(phone.is_up());
        phone.send(frame::Hello{1, 1, "0.1.0", "test"});
        CHECK(phone.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::ok);
        CHECK(phone.code(frame::AddDevice{"ann", phone.certificate("ann", 100),
                                          list_of(signing_key(100), "ann", 2, {ann.id, phone.id}).encoded}) ==
              ErrorCode::ok);
        for (std::uint64_t i = 1; i <= 50; ++i)
            CHECK(ann.put(phone.id, i) == ErrorCode::ok);
        relay.signal(SIGKILL);
        CHECK(relay.wait() == -SIGKILL);
    }
    RelayProcess relay(arguments(directory));
    const auto second = relay.ready();
    CHECK(second.key == first.key);
    LiveClient phone(loop, second, Over::quic, 2);
    REQUIRE(phone.is_up());
    phone.send(frame::Hello{1, 1, "0.1.0", "test"});
    CHECK(phone.code(frame::Resume{}) == ErrorCode::ok);
    for (std::uint64_t i = 1; i <= 50; ++i) {
        const auto mail = phone.next<frame::MailboxDeliver>();
        REQUIRE(mail);
        CHECK(mail->envelope.id == envelope(i).id);
        phone.send(frame::MailboxAck{{mail->sequence}});
    }
}

TEST_CASE("a commit that was acknowledged survives kill -9, and offered again is answered again; linking over the wire")
{
    const TemporaryDirectory directory;
    loop::Loop loop;
    const auto account = signing_key(100);
    const auto own = identity::conversation_of(account.public_key(), account.public_key());
    const auto phone_id = signing_key(2).public_key();
    const wire::GroupName group{own, 1};
    const auto id = envelope(1).id;
    const frame::GroupCommit commit{"ann",
                                    own,
                                    1,
                                    0,
                                    {},
                                    {id, commit_bytes(group, 0, id)},
                                    {phone_id},
                                    welcome_bytes(1, 9'000),
                                    group_info_bytes(group, 1, 8, 20'000)};
    {
        RelayProcess relay(arguments(directory));
        const auto address = relay.ready();
        LiveClient ann(loop, address, Over::quic, 1), phone(loop, address, Over::tls, 2);
        REQUIRE(ann.is_up());
        REQUIRE(phone.is_up());
        CHECK(ann.join("ann", 100) == ErrorCode::ok);
        phone.send(frame::Hello{1, 1, "0.1.0", "test"});
        CHECK(phone.code(frame::LinkWait{}) == ErrorCode::ok);
        CHECK(ann.code(frame::LinkGrant{phone_id, {1, 2}}) == ErrorCode::ok);
        CHECK(phone.next<frame::LinkGranted>()->sealed == Bytes{1, 2});
        CHECK(phone.code(frame::AddDevice{"ann", phone.certificate("ann", 100),
                                          list_of(account, "ann", 2, {ann.id, phone_id}).encoded}) == ErrorCode::ok);
        CHECK(phone.next<frame::MailboxEmpty>());
        CHECK(devices_in(ann.next<frame::OwnDevices>()->device_list).size() == 1);
        CHECK(devices_in(ann.next<frame::OwnDevices>()->device_list).size() == 2);
        CHECK(ann.code(commit) == ErrorCode::ok);
        relay.signal(SIGKILL);
        CHECK(relay.wait() == -SIGKILL);
    }
    RelayProcess relay(arguments(directory));
    const auto address = relay.ready();
    LiveClient ann(loop, address, Over::tls, 1), phone(loop, address, Over::quic, 2);
    REQUIRE(ann.is_up());
    REQUIRE(phone.is_up());
    for (auto* const one : {&ann, &phone}) {
        one->send(frame::Hello{1, 1, "0.1.0", "test"});
        CHECK(one->code(frame::Resume{}) == ErrorCode::ok);
    }
    const auto mail = phone.next<frame::MailboxDeliver>();
    REQUIRE(mail);
    CHECK(mail->envelope.sealed == commit.welcome);
    phone.send(frame::MailboxAck{{mail->sequence}});
    CHECK(ann.code(commit) == ErrorCode::ok);
    CHECK(phone.next<frame::MailboxEmpty>()); // and not once more
    CHECK(std::get<frame::GroupState>(phone.ask(frame::GroupFetch{"ann", own}).body).group_info == commit.group_info);
}

TEST_CASE("another key than the pinned one: the client does not go on")
{
    const TemporaryDirectory directory;
    RelayProcess relay(arguments(directory));
    auto address = relay.ready();
    address.key.bytes[0] ^= 1;
    loop::Loop loop;
    for (const auto over : {Over::quic, Over::tls}) {
        LiveClient ann(loop, address, over, 1);
        CHECK_FALSE(ann.is_up());
        REQUIRE(ann.down);
        CHECK(ann.down->code == ErrorCode::relay_key_mismatch);
    }
}

TEST_CASE("garbage on both ports, in every shape: nobody else notices")
{
    const TemporaryDirectory directory;
    RelayProcess relay(arguments(directory));
    const auto address = relay.ready();
    loop::Loop loop;
    LiveClient ann(loop, address, Over::quic, 1);
    REQUIRE(ann.is_up());
    CHECK(ann.join("ann", 100) == ErrorCode::ok);

    std::mt19937_64 random(3);
    const int udp = connected(SOCK_DGRAM, address.port);
    for (int i = 0; i < 2'000; ++i) {
        Bytes datagram(random() % 1'400);
        for (auto& b : datagram)
            b = static_cast<std::uint8_t>(random());
        if (!datagram.empty() && i % 3 == 0)
            datagram[0] = static_cast<std::uint8_t>(0xc0 | (datagram[0] & 0x3f)); // QUIC-like
        if (!datagram.empty() && i % 3 == 1) datagram[0] &= 3;                    // STUN-like
        (void)!::send(udp, datagram.data(), datagram.size(), 0);
    }
    ::close(udp);
    for (int i = 0; i < 30; ++i) {
        const int tcp = connected(SOCK_STREAM, address.port);
        Bytes bytes(random() % 4'000);
        for (auto& b : bytes)
            b = static_cast<std::uint8_t>(random());
        if (!bytes.empty() && i % 2 == 0) bytes[0] = 0x16; // a TLS handshake record, so it says
        (void)!::send(tcp, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        ::close(tcp);
    }
    CHECK(ann.code(frame::FetchSession{}) == ErrorCode::ok);
    LiveClient bo(loop, address, Over::tls, 2);
    REQUIRE(bo.is_up());
    CHECK(bo.join("bo", 200) == ErrorCode::ok);

    // Nonsense inside an authenticated link ends that link, and only that.
    LiveClient mallory(loop, address, Over::tls, 3);
    REQUIRE(mallory.is_up());
    CHECK(mallory.join("mal", 300) == ErrorCode::ok);
    mallory.send(frame::Hello{1, 1, "again", "test"});
    CHECK(mallory.until([&] { return mallory.down.has_value(); }));
    CHECK(ann.code(frame::FetchSession{}) == ErrorCode::ok);
    relay.signal(SIGTERM);
    CHECK(relay.wait() == 0);
}

TEST_CASE("STUN on the same UDP port, with and without the cookie")
{
    const TemporaryDirectory directory;
    RelayProcess relay(arguments(directory));
    const auto address = relay.ready();
    const int udp = connected(SOCK_DGRAM, address.port);
    for (const char* request :
         {"000100002112a442000102030405060708090a0b", "0001000000112233445566778899aabbccddeeff"}) {
        const auto bytes = *from_hex(request);
        REQUIRE(::send(udp, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
        pollfd waiting{udp, POLLIN, 0};
        REQUIRE(::poll(&waiting, 1, 10'000) == 1);
        std::uint8_t answer[100];
        CHECK(::recv(udp, answer, sizeof answer, 0) == 32);
        CHECK(to_hex(BytesView(answer, 4)) == "0101000c");
    }
    ::close(udp);
}

TEST_CASE("what keeps it from starting is one sentence, and the exit code is 1")
{
    const TemporaryDirectory directory;
    RelayProcess relay(arguments(directory));
    const auto address = relay.ready();
    const auto refused = [](std::vector<std::string> args, const char* expected) {
        RelayProcess process(std::move(args));
        CHECK(process.wait() == 1);
        const auto said = process.errors();
        INFO("said: " << said);
        CHECK(said.find(expected) != std::string::npos);
        CHECK(said.starts_with("godwit-relay: "));
        CHECK(std::count(said.begin(), said.end(), '\n') == 1);
        CHECK(process.line().empty());
    };
    const TemporaryDirectory other;
    refused(arguments(other, "127.0.0.1:" + std::to_string(address.port)), "another program uses this port");
    refused(arguments(directory), "open in another process");
    refused(arguments(other, "relay.example.org:1"), "write 0.0.0.0:4433");
    refused({"--data", other.path("no/such/parent"), "--listen", "127.0.0.1:0"}, "No such file or directory");
    std::ofstream(other.path("file")) << "x";
    refused({"--data", other.path("file"), "--listen", "127.0.0.1:0"}, "Not a directory");
    std::ofstream(other.path("bad.toml")) << "\n[limits]\nmailboxes = 3\n";
    auto with_config = arguments(other);
    with_config.insert(with_config.end(), {"--config", other.path("bad.toml")});
    refused(with_config, "line 3: unknown key limits.mailboxes");

    for (const char* host : {"two words", "[::1]", "a#b"}) { // in no address that a client would take
        auto advertising = arguments(other);
        advertising.insert(advertising.end(), {"--advertise", host});
        RelayProcess process(std::move(advertising));
        CHECK(process.wait() == 2);
        CHECK(process.errors().find("must be a host name or an address without brackets") != std::string::npos);
    }

    relay.signal(SIGINT);
    CHECK(relay.wait() == 0);
    std::ofstream(directory.path("data/identity.key")) << "not a key\n";
    refused(arguments(directory), "is not a relay key");
    std::ofstream(directory.path("data/identity.key")) << std::string(64, 'a') << "\n";
    // SQLite's own header broken, then a page inside
    std::ofstream(directory.path("data/relay.db"), std::ios::binary) << std::string(8192, 'x');
    refused(arguments(directory), "relay.db");
}

TEST_CASE("usage: help is 0, a mistake is 2")
{
    RelayProcess help({"--help"});
    CHECK(help.wait() == 0);
    RelayProcess nothing({});
    CHECK(nothing.wait() == 2);
    CHECK(nothing.errors().find("--data is required") != std::string::npos);
    RelayProcess unknown({"--dada", "x"});
    CHECK(unknown.wait() == 2);
}

TEST_CASE("key or database lost: the relay does not start as another one, or as an empty one, until it is told to")
{
    const TemporaryDirectory directory;
    const auto key = directory.path("data/identity.key"), database = directory.path("data/relay.db");
    const auto with = [&](const char* flag) {
        auto out = arguments(directory);
        out.emplace_back(flag);
        return out;
    };
    const auto refused = [](std::vector<std::string> with_these, const std::vector<std::string>& expected) {
        RelayProcess process(std::move(with_these));
        CHECK(process.wait() == 1);
        const auto said = process.errors();
        INFO("said: " << said);
        for (const auto& words : expected)
            CHECK(said.find(words) != std::string::npos);
        CHECK(process.line().empty());
    };
    const auto starts = [](std::vector<std::string> with_these, bool ann_joins = false) {
        RelayProcess process(std::move(with_these));
        const auto address = process.ready();
        if (ann_joins) {
            loop::Loop loop;
            LiveClient ann(loop, address, Over::tls, 1);
            REQUIRE(ann.is_up());
            CHECK(ann.join("ann", 100) == ErrorCode::ok);
        }
        process.signal(SIGTERM);
        CHECK(process.wait() == 0);
        return address.key;
    };
    const auto remove_database = [&] {
        for (const char* end : {"", "-wal", "-shm"})
            std::filesystem::remove(database + end);
    };

    const auto first = starts(arguments(directory));
    std::filesystem::remove(key);
    const auto second = starts(arguments(directory)); // nobody had an account: still a new relay
    CHECK(second != first);
    CHECK(starts(arguments(directory), true) == second);

    std::filesystem::rename(key, directory.path("copy"));
    refused(arguments(directory), {key + " is missing", "has accounts", "restore the key", "--new-key"});
    CHECK_FALSE(std::filesystem::exists(key));
    refused(with("--new-database"), {"start without --new-database"});
    std::filesystem::rename(directory.path("copy"), key);
    CHECK(starts(arguments(directory)) == second); // as if nothing had been
    refused(with("--new-key"), {"start without --new-key"});
    std::filesystem::remove(key);
    const auto third = starts(with("--new-key"));
    CHECK(third != second);
    CHECK(starts(arguments(directory)) == third);

    for (const bool emptied : {false, true}) {
        remove_database();
        if (emptied) std::ofstream(database).flush();
        refused(arguments(directory), {database + " is missing or empty", "restore the database", "--new-database"});
        // As kill -9 leaves it: what was said last is in the log, which means nothing by itself.
        std::ofstream(database + "-wal") << "a log";
        refused(arguments(directory), {database + " is missing or empty", "its log is there", "--new-database"});
        CHECK(std::filesystem::file_size(database + "-wal") == 5);
        std::filesystem::remove(database + "-wal");
    }
    CHECK(starts(with("--new-database")) == third);
    CHECK(starts(arguments(directory), true) == third); // ann's name was free again
}
