// SPDX-License-Identifier: Apache-2.0
#include "tests/relay/process.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

TEST_CASE("a probe comes twice with one account, by QUIC and by TLS, and says when nobody answers")
{
    const TemporaryDirectory directory;
    RelayProcess relay({"--data", directory.path("data"), "--listen", "127.0.0.1:0"});
    const auto address = relay.ready().to_text();
    const auto state = directory.path("probe"), metrics = directory.path("probe.prom");
    for (const bool over_tls : {false, true, false}) {
        std::vector<std::string> arguments = {"probe", address, "--state", state, "--metrics", metrics};
        if (over_tls) arguments.emplace_back("--tls");
        const auto said = run(arguments);
        CHECK_MESSAGE(said.exit_code == 0, said.errors);
        CHECK(said.out.starts_with("connect "));
        CHECK(said.out.find(", deliver ") != std::string::npos);
        std::ifstream in(metrics);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        CHECK(text.find("\ngodwit_probe_success 1\n") != std::string::npos);
        CHECK(text.find("\ngodwit_probe_deliver_seconds 0.") != std::string::npos);
        CHECK(text.ends_with("# EOF\n"));
        // node_exporter's textfile collector reads the Prometheus text format, which has no other types.
        std::size_t types = 0;
        for (auto at = text.find("# TYPE "); at != std::string::npos; at = text.find("# TYPE ", at + 1), ++types) {
            const auto line = text.substr(at, text.find('\n', at) - at);
            CHECK_MESSAGE(line.ends_with(" gauge"), line);
        }
        CHECK(types == 8);
    }
    relay.signal(SIGUSR1);
    const auto stats = relay.line();
    CHECK(stats.find("\"registrations\":1,") != std::string::npos); // the account of the first time
    CHECK(stats.find("\"content_envelopes_acknowledged\":3,") != std::string::npos);
    CHECK((std::filesystem::status(state).permissions() & std::filesystem::perms::group_read) ==
          std::filesystem::perms::none);
    relay.signal(SIGTERM);
    CHECK(relay.wait() == 0);

    const auto gone = run({"probe", address, "--state", state, "--metrics", "-", "--timeout", "2"});
    CHECK(gone.exit_code == 1);
    CHECK(gone.errors.find("probe: connect: ") != std::string::npos);
    CHECK(gone.out.find("godwit_probe_success 0\n") != std::string::npos);
    CHECK(gone.out.find("godwit_probe_failed_step{step=\"connect\"} 1\n") != std::string::npos);
    std::ofstream(directory.path("other")) << "something else\n";
    CHECK(run({"probe", address, "--state", directory.path("other")}).exit_code == 1);
    CHECK(run({"probe", "relay.example.org"}).exit_code == 1);
}

TEST_CASE("a name with an address that nobody answers at: the probe comes by the other one, as clients do")
{
    if (std::system("unshare -rm true 2>/dev/null") != 0) {
        MESSAGE("no namespace of our own here: not tried");
        return;
    }
    const TemporaryDirectory directory;
    RelayProcess relay({"--data", directory.path("data"), "--listen", "127.0.0.1:0", "--advertise", "relay.test"});
    const auto address = relay.ready().to_text();
    const auto hosts = directory.path("hosts");
    std::ofstream(hosts) << "::1 relay.test\n127.0.0.1 relay.test\n";
    for (const auto* const over : {"", " --tls"})
        CHECK(std::system(("unshare -rm sh -c 'mount --bind " + hosts + " /etc/hosts && exec " GODWIT_RELAY " probe " +
                           address + " --timeout 20 --state " + directory.path("probe") + over + "' >/dev/null")
                              .c_str()) == 0);
}

TEST_CASE("the abuse rules hold with the limits as they are, and with others; one that is not there is named")
{
    const auto said = run({"selftest"});
    CHECK_MESSAGE(said.exit_code == 0, said.out);
    CHECK(said.out.find("FAILS") == std::string::npos);
    const TemporaryDirectory directory;
    const auto config = directory.path("relay.toml");
    std::ofstream(config) << "[limits]\nstrangers = 3\n";
    const auto small = run({"selftest", "strangers", "--config", config});
    CHECK_MESSAGE(small.exit_code == 0, small.out);
    CHECK(small.out.starts_with("holds  strangers: "));
    const auto unknown = run({"selftest", "honesty"});
    CHECK(unknown.exit_code == 2);
    CHECK(unknown.errors.find("stranger_requests") != std::string::npos);
}
