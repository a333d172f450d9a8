// SPDX-License-Identifier: Apache-2.0
// The program and its damaged database: it is not served; check says what is wrong, repair saves the rest, and those
// who were there go on.
#include "tests/relay/process.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace fs = std::filesystem;

namespace {

bool mentions(const std::string& text, std::string_view words)
{
    return text.find(words) != std::string::npos;
}

} // namespace

TEST_CASE("a damaged database is not served: check names the damage, repair saves the rest, and the accounts go on")
{
    const TemporaryDirectory directory;
    const auto data = directory.path("data"), database = data + "/relay.db";
    const std::vector<std::string> serve{"--data", data, "--listen", "127.0.0.1:0"}, check{"check", "--data", data},
        repair{"--data", data, "repair"};
    CHECK(run(check).exit_code == 1); // there is none
    CHECK_FALSE(fs::exists(data));
    loop::Loop loop;
    wire::RelayAddress address;
    {
        RelayProcess relay(serve);
        address = relay.ready();
        LiveClient ann(loop, address, Over::tls, 1), bo(loop, address, Over::quic, 2);
        REQUIRE(ann.is_up());
        REQUIRE(bo.is_up());
        CHECK(ann.join("ann", 100) == ErrorCode::ok);
        CHECK(bo.join("bo", 200) == ErrorCode::ok);
        CHECK(ann.code(frame::ContactAdd{"bo"}) == ErrorCode::ok);
        CHECK(bo.code(frame::ContactAccept{"ann"}) == ErrorCode::ok);
        for (const auto& how : {check, repair}) {
            const auto said = run(how);
            CHECK(said.exit_code == 7);
            CHECK(mentions(said.errors, "stop it first"));
        }
        relay.signal(SIGTERM);
        CHECK(relay.wait() == 0);
    }
    CHECK(run(check).exit_code == 0);
    CHECK(mentions(run(repair).out, "nothing to repair"));
    CHECK_FALSE(fs::exists(database + ".damaged-1"));

    // The page that all trees hang on.
    {
        std::fstream file(database, std::ios::binary | std::ios::in | std::ios::out);
        file.write(std::string(4096, '\0').data(), 4096);
    }
    const auto refused = run(serve);
    CHECK(refused.exit_code == 1);
    CHECK(mentions(refused.errors, "godwit-relay repair --data " + data));
    CHECK(refused.out.empty());
    const auto before = fs::file_size(database);
    const auto found = run(check);
    CHECK(found.exit_code == 5);
    CHECK(mentions(found.out, "damaged: "));
    CHECK(fs::file_size(database) == before);
    const auto repaired = run(repair);
    CHECK(repaired.exit_code == 5);
    CHECK(mentions(repaired.out, "accounts: 2 rows saved"));
    CHECK(mentions(repaired.out, "devices: 2 rows saved"));
    CHECK(fs::file_size(database + ".damaged-1") == before);
    CHECK(run(check).exit_code == 0);

    RelayProcess relay(serve);
    const auto again = relay.ready();
    CHECK(again.key == address.key);
    LiveClient ann(loop, again, Over::tls, 1);
    REQUIRE(ann.is_up());
    ann.send(frame::Hello{1, 1, "0.1.0", "test"});
    CHECK(ann.code(frame::Resume{}) == ErrorCode::ok);
}

TEST_CASE("a repair that died after its rename is finished by the next start")
{
    const TemporaryDirectory directory;
    const auto data = directory.path("data"), database = data + "/relay.db";
    const std::vector<std::string> serve{"--data", data, "--listen", "127.0.0.1:0"};
    wire::RelayAddress address;
    {
        RelayProcess relay(serve);
        address = relay.ready();
        relay.signal(SIGTERM);
        CHECK(relay.wait() == 0);
    }
    fs::copy(database, database + ".repaired-1");
    std::ofstream(database, std::ios::binary) << std::string(8192, 'x');
    RelayProcess relay(serve);
    CHECK(relay.ready().key == address.key);
    CHECK(fs::file_size(database + ".damaged-1") == 8192);
    CHECK_FALSE(fs::exists(database + ".repaired-1"));
}
