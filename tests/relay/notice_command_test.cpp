// SPDX-License-Identifier: Apache-2.0
// The operator's commands, the relay that runs, and devices on real links.
#include "lib/identity/notice.hpp"
#include "tests/relay/process.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace fs = std::filesystem;

namespace {

struct Relay {
    TemporaryDirectory directory;
    std::string data = directory.path("data");
    std::unique_ptr<RelayProcess> process;
    wire::RelayAddress address;

    Relay() { start(); }
    void start()
    {
        process = std::make_unique<RelayProcess>(std::vector<std::string>{"--data", data, "--listen", "127.0.0.1:0"});
        address = process->ready();
    }
    [[nodiscard]] Said notice(const std::string& verb, std::vector<std::string> more = {}) const
    {
        more.insert(more.begin(), {"notice", verb, "--data", data});
        return run(std::move(more));
    }
    /// The id of a notice that is said to go out.
    [[nodiscard]] std::string send(std::vector<std::string> more) const
    {
        const auto said = notice("send", std::move(more));
        REQUIRE_MESSAGE(said.exit_code == 0, said.errors);
        REQUIRE(said.out.size() == 33);
        return said.out.substr(0, 32);
    }
    [[nodiscard]] wire::OperatorNotice taken_by(LiveClient& client, std::uint64_t account) const
    {
        const auto frame = client.next<frame::NoticeDeliver>();
        REQUIRE(frame);
        auto notice = identity::verify_notice(frame->notice, address.key, signing_key(account).public_key());
        REQUIRE_MESSAGE(notice.ok(), notice.error().detail);
        client.send(frame::NoticeAck{frame->sequence});
        CHECK(client.code(frame::FetchSession{}) == ErrorCode::ok); // the relay has read what came before
        return *std::move(notice);
    }
};

bool mentions(const std::string& text, std::string_view words)
{
    return text.find(words) != std::string::npos;
}

void come_back(LiveClient& client)
{
    REQUIRE(client.is_up());
    client.send(frame::Hello{1, 1, "0.1.0", "test"});
    CHECK(client.code(frame::Resume{}) == ErrorCode::ok);
}

} // namespace

TEST_CASE(
    "said to all while the relay runs: who is connected has it at once, who is not when they come, over a kill -9")
{
    Relay relay;
    loop::Loop loop;
    LiveClient ann(loop, relay.address, Over::quic, 1);
    REQUIRE(ann.is_up());
    CHECK(ann.join("ann", 100) == ErrorCode::ok);
    {
        LiveClient bo(loop, relay.address, Over::tls, 2);
        REQUIRE(bo.is_up());
        CHECK(bo.join("bo", 200) == ErrorCode::ok);
    }
    const std::string text = "It says \"six\", \\ and ''' and \"\"\".\n\n小明: bis 18 Uhr, é.";
    std::ofstream(relay.directory.path("text")) << text << "\n";
    const auto id =
        relay.send({"--to-all", "--title", "Moving \"on\" Sunday", "--text-file", relay.directory.path("text"),
                    "--link", "https://relay.example/status?a=b#c", "--kind", "maintenance", "--expires-in", "36h"});
    const auto notice = relay.taken_by(ann, 100);
    CHECK(to_hex(notice.id.view()) == id);
    CHECK(notice.title == "Moving \"on\" Sunday");
    CHECK(notice.text == text);
    CHECK(notice.link == "https://relay.example/status?a=b#c");
    CHECK(notice.kind == NoticeKind::maintenance);
    CHECK(notice.expires_ms - notice.created_ms == 36LL * 3600 * 1000);
    const auto state = relay.notice("state", {id, "--devices"});
    CHECK(state.exit_code == 0);
    CHECK(mentions(state.out, "accounts: 1 of 2 reached"));
    CHECK(mentions(state.out, "devices: 1 of 2 reached"));
    CHECK(mentions(state.out, "ann  " + to_hex(ann.id.view()) + "  has it"));
    CHECK(mentions(state.out, "  waits"));
    CHECK_FALSE(mentions(relay.notice("state", {id, "--devices", "--after", "ann"}).out, "ann  "));
    CHECK_FALSE(mentions(relay.notice("state", {id, "--devices", "--limit", "1"}).out, "bo  "));

    relay.process->signal(SIGKILL);
    CHECK(relay.process->wait() == -SIGKILL);
    CHECK(fs::exists(relay.data + "/control.sock")); // left behind
    relay.start();
    LiveClient bo(loop, relay.address, Over::tls, 2);
    come_back(bo);
    CHECK(relay.taken_by(bo, 200).text == text);
    CHECK(mentions(relay.notice("state", {id}).out, "accounts: 2 of 2 reached"));
    const auto list = relay.notice("list");
    CHECK(mentions(list.out, id));
    CHECK(mentions(list.out, "maintenance"));
    CHECK(mentions(list.out, "open"));
    relay.process->signal(SIGTERM);
    CHECK(relay.process->wait() == 0);
    CHECK_FALSE(fs::exists(relay.data + "/control.sock"));
}

TEST_CASE("said to some, withdrawn, said once only, and asked for as JSON")
{
    Relay relay;
    loop::Loop loop;
    LiveClient ann(loop, relay.address, Over::quic, 1), bo(loop, relay.address, Over::tls, 2);
    for (auto* const one : {&ann, &bo})
        REQUIRE(one->is_up());
    CHECK(ann.join("ann", 100) == ErrorCode::ok);
    CHECK(bo.join("bo", 200) == ErrorCode::ok);
    std::ofstream(relay.directory.path("names")) << "bo\n";
    const auto id =
        relay.send({"--to-file", relay.directory.path("names"), "--title", "Your account", "--kind", "account"});
    CHECK(relay.taken_by(bo, 200).account == signing_key(200).public_key());
    CHECK(mentions(relay.notice("state", {id, "--json"}).out, "\"accounts_reached\" : 1"));
    CHECK(relay.notice("withdraw", {id}).exit_code == 0);
    CHECK(relay.taken_by(bo, 200).withdrawn);
    CHECK(mentions(relay.notice("list").out, "withdrawn"));
    CHECK(std::none_of(ann.frames.begin(), ann.frames.end(),
                       [](const auto& one) { return std::holds_alternative<frame::NoticeDeliver>(one); }));
    // A command whose answer was lost, once more.
    const std::vector<std::string> again{"--to", "ann", "--title", "Once", "--id", std::string(32, 'a')};
    CHECK(relay.send(again) == std::string(32, 'a'));
    CHECK(relay.send(again) == std::string(32, 'a'));
    CHECK(relay.taken_by(ann, 100).title == "Once");
    relay.process->signal(SIGUSR1);
    CHECK(mentions(relay.process->line(), "\"notices_made\":3"));
}

TEST_CASE("refused: with the reason, and nobody hears of it; and the socket is the operator's alone")
{
    Relay relay;
    struct stat about{};
    REQUIRE(::stat((relay.data + "/control.sock").c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);
    const auto refusal = [&](std::vector<std::string> more) {
        const auto said = relay.notice("send", std::move(more));
        CHECK(said.exit_code == 1);
        return said.errors;
    };
    CHECK(mentions(refusal({"--to", "nobody", "--title", "x"}), "there is no account nobody"));
    CHECK(mentions(refusal({"--to-all", "--title", "two\nlines"}), "title"));
    CHECK(mentions(refusal({"--to-all", "--title", "x", "--link", "http://x.example"}), "link"));
    CHECK(mentions(refusal({"--to-all", "--title", "x", "--expires-in", "91d"}), "expires"));
    CHECK(mentions(refusal({"--to-all", "--title", "x", "--kind", "spam"}), "kind"));
    CHECK(mentions(refusal({"--to-all", "--title", "x", "--id", "xyz"}), "id"));
    CHECK(
        mentions(refusal({"--to-all", "--title", "x", "--text-file", relay.directory.path("missing")}), "cannot read"));
    CHECK(relay.notice("state", {std::string(32, 'a')}).exit_code == 1);
    CHECK(relay.notice("list").out.empty());
    using Words = std::vector<std::string>;
    for (const auto& wrong :
         {Words{"notice", "--data", relay.data}, Words{"notice", "send", "--data", relay.data, "--title", "x"},
          Words{"notice", "send", "--data", relay.data, "--to-all"},
          Words{"notice", "send", "--data", relay.data, "--to-all", "--to", "ann", "--title", "x"},
          Words{"notice", "send", "--data", relay.data, "--to-all", "--title", "x", "--expires-in", "soon"},
          Words{"notice", "list"}}) {
        CAPTURE(wrong.size());
        CHECK(run(wrong).exit_code == 2);
    }
    relay.process->signal(SIGTERM);
    CHECK(relay.process->wait() == 0);
    const auto nobody = relay.notice("list");
    CHECK(nobody.exit_code == 1);
    CHECK(mentions(nobody.errors, "no relay runs on"));
}
