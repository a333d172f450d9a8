// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/prefix.hpp"
#include "relay/daemon/config_doubts.hpp"
#include "relay/daemon/config_file.hpp"
#include "relay/turn/rest.hpp"

#include <doctest/doctest.h>

#include <tuple>

using namespace godwit;
using namespace godwit::relay;

TEST_CASE("an empty file is the default; a full one is taken as it says")
{
    const auto empty = parse_config("");
    REQUIRE(empty.ok());
    CHECK(empty->core.limits.mailbox_messages_max == 1000);
    CHECK(empty->core.registration_open);
    CHECK(empty->turn.empty());

    const auto full = parse_config(R"(
advertise = "relay.example.org"
[registration]
open = false
per_address_burst = 7
per_address_interval_s = 60
[clients]
latest = "0.3.0"
required = "0.2"
[limits]
links = 100
links_per_address = 10
half_open_per_address = 5
retry_always = true
arrivals_per_address_burst = 9
arrivals_per_address_per_s = 4
login_s = 7
strangers = 50
devices_per_account = 4
contacts = 30
incoming_contacts = 20
mailbox_messages = 200
mailbox_mib = 8
mailbox_days = 7
mailbox_sender_percent = 50
mailbox_handshakes = 500
mailbox_handshake_mib = 4
group_requests_burst = 90
group_requests_per_s = 5
group_rejects_burst = 3
group_rejects_interval_s = 600
group_creations_burst = 4
group_creations_interval_s = 240
key_packages_per_pair_burst = 12
key_packages_per_pair_interval_s = 20
blob_mib_per_account = 32
blob_mib = 100
blob_days = 3
notices = 50
notice_accounts = 9
notice_days = 5
device_changes_burst = 6
device_changes_interval_s = 120
contact_changes_burst = 8
contact_changes_interval_s = 2
requests_burst = 77
requests_per_s = 500
frames_burst = 88
frames_per_s = 1000
link_waits = 20
link_waits_per_address = 2
idle_s = 45
[overload]
memory_mib = 512
queued_mib = 64
stalled_s = 20
tick_ms = 500
[stun]
host = "stun.example.org"
port = 3479
[[turn]]
host = "turn.example.org"
secret = "north"
lifetime_s = 3600
[[turn]]
host = "192.0.2.1"
port = 443
transport = "tcp"
username = "u"
password = "p"
)");
    REQUIRE(full.ok());
    CHECK(full->advertise == "relay.example.org");
    CHECK_FALSE(full->core.registration_open);
    CHECK(full->core.limits.registrations_per_address.burst == 7);
    CHECK(full->core.limits.registrations_per_address.interval == std::chrono::seconds(60));
    CHECK(full->core.client_version_latest == "0.3.0");
    CHECK(full->core.client_version_min == "0.2");
    CHECK(full->links_max == 100);
    CHECK(full->links_per_address_max == 10);
    CHECK(full->half_open_per_address_max == 5);
    CHECK(full->retry_always);
    CHECK(full->arrivals_burst == 9);
    CHECK(full->arrivals_interval == std::chrono::milliseconds(250));
    CHECK(full->core.limits.login_time_max == std::chrono::seconds(7));
    CHECK(full->core.limits.unauthenticated_links_max == 50);
    CHECK(full->core.limits.devices_per_account_max == 4);
    CHECK(full->core.limits.contacts_max == 30);
    CHECK(full->core.limits.incoming_contacts_max == 20);
    CHECK(full->core.limits.mailbox_messages_max == 200);
    CHECK(full->core.limits.mailbox_bytes_max == 8 * 1024 * 1024);
    CHECK(full->core.limits.mailbox_age_ms_max == WallMs{7} * 86'400'000);
    CHECK(full->core.limits.mailbox_sender_percent_max == 50);
    CHECK(full->core.limits.mailbox_handshakes_max == 500);
    CHECK(full->core.limits.mailbox_handshake_bytes_max == 4 * 1024 * 1024);
    CHECK(full->core.limits.group_requests.burst == 90);
    CHECK(full->core.limits.group_requests.interval == std::chrono::milliseconds(200));
    CHECK(full->core.limits.group_rejects.burst == 3);
    CHECK(full->core.limits.group_rejects.interval == std::chrono::minutes(10));
    CHECK(full->core.limits.group_creations.burst == 4);
    CHECK(full->core.limits.group_creations.interval == std::chrono::minutes(4));
    CHECK(full->core.limits.key_packages_per_pair.burst == 12);
    CHECK(full->core.limits.key_packages_per_pair.interval == std::chrono::seconds(20));
    CHECK(full->core.limits.blob_bytes_per_account_max == 32 * 1024 * 1024);
    CHECK(full->core.limits.blob_bytes_max == 100 * 1024 * 1024);
    CHECK(full->core.limits.blob_age_ms_max == WallMs{3} * 86'400'000);
    CHECK(full->core.limits.notices_max == 50);
    CHECK(full->core.limits.notice_accounts_max == 9);
    CHECK(full->core.limits.notice_lifetime_ms_max == WallMs{5} * 86'400'000);
    CHECK(full->core.limits.device_changes.burst == 6);
    CHECK(full->core.limits.device_changes.interval == std::chrono::minutes(2));
    CHECK(full->core.limits.contact_changes.burst == 8);
    CHECK(full->core.limits.contact_changes.interval == std::chrono::seconds(2));
    CHECK(full->core.limits.link_waits_max == 20);
    CHECK(full->core.limits.link_waits_per_address_max == 2);
    CHECK(full->core.limits.requests.burst == 77);
    CHECK(full->core.limits.requests.interval == std::chrono::milliseconds(2));
    CHECK(full->core.limits.frames.burst == 88);
    CHECK(full->core.limits.frames.interval == std::chrono::milliseconds(1));
    CHECK(full->overload.memory_bytes_max == 512 * 1024 * 1024);
    CHECK(full->overload.queued_bytes_max == 64 * 1024 * 1024);
    CHECK(full->overload.stalled_max == std::chrono::seconds(20));
    CHECK(full->overload.tick_max == std::chrono::milliseconds(500));
    CHECK(full->idle_max == std::chrono::seconds(45));
    CHECK(full->core.stun_host == "stun.example.org");
    CHECK(full->core.stun_port == 3479);
    REQUIRE(full->turn.size() == 2);
    CHECK(full->turn[0].lifetime_s == 3600);
    CHECK(full->turn[1].transport == wire::TurnServer::Transport::tcp);
    CHECK(full->turn[1].port == 443);
}

TEST_CASE("turn_server: absent, off, on with defaults, and every key")
{
    CHECK_FALSE(parse_config("")->turn_server);
    CHECK_FALSE(parse_config("[turn_server]\nenabled = false")->turn_server);
    const auto plain = parse_config("[turn_server]");
    REQUIRE(plain.ok());
    REQUIRE(plain->turn_server);
    CHECK(plain->turn_server->limits.allocations_per_user_max == 5);
    CHECK(plain->turn_server->limits.permissions_per_user_max == 50);
    CHECK(plain->turn_server->port_min == 49152);
    const auto full = parse_config(R"(
[turn_server]
enabled = true
address_v4 = "192.0.2.7"
address_v6 = "2001:db8::7"
external_v4 = "203.0.113.7"
listen = ["0.0.0.0:3478", "[::]:443"]
allow_peers = ["198.51.100.0/24", "fd00::/8", "127.0.0.1"]
deny_peers = ["198.51.100.7", "2001:db8:1::/48"]
secret = "s"
accounts_only = false
lifetime_s = 3600
port_min = 50000
port_max = 50999
allocations = 100
allocations_per_user = 6
permissions_per_user = 7
channels_per_user = 8
kbit_per_s_per_user = 800
packets_per_s_per_user = 900
requests_per_s_per_user = 10
)");
    REQUIRE_MESSAGE(full.ok(), full.error().detail);
    const auto& turn = *full->turn_server;
    CHECK(turn.address_v4->text() == "192.0.2.7:0");
    CHECK(turn.address_v6->text() == "[2001:db8::7]:0");
    CHECK(turn.external_v4->text() == "203.0.113.7:0");
    REQUIRE(turn.listen.size() == 2);
    CHECK(turn.listen[1].text() == "[::]:443");
    REQUIRE(turn.allow_peers.size() == 3);
    CHECK(turn.allow_peers[0].bits == 24);
    CHECK(turn.allow_peers[1].base.is_v6);
    CHECK(turn.allow_peers[2].bits == 32);
    REQUIRE(turn.deny_peers.size() == 2);
    CHECK(turn.deny_peers[0].bits == 32);
    CHECK(turn.deny_peers[1].bits == 48);
    CHECK(turn.secret == "s");
    CHECK_FALSE(turn.accounts_only);
    CHECK(turn.lifetime_s == 3600);
    CHECK((turn.port_min == 50'000 && turn.port_max == 50'999));
    CHECK(turn.limits.allocations_max == 100);
    CHECK(turn.limits.allocations_per_user_max == 6);
    CHECK(turn.limits.permissions_per_user_max == 7);
    CHECK(turn.limits.channels_per_user_max == 8);
    CHECK(turn.limits.bytes_per_s == 100'000);
    CHECK(turn.limits.packets_per_s == 900);
    CHECK(turn.limits.requests_per_s == 10);
}

TEST_CASE("turn_server: the address of relayed sockets is said, or the one that is listened on; clients are told of "
          "both ways in")
{
    TurnServing serving;
    const auto listening = *loop::Address::parse("192.0.2.9:4433");
    const auto from_listening = turn_config(serving, listening, "s");
    REQUIRE(from_listening.ok());
    CHECK(std::ranges::equal(from_listening->address_v4->ip_bytes(), listening.ip_bytes()));
    CHECK_FALSE(from_listening->address_v6);
    CHECK(from_listening->peers.refusal(*from_listening->address_v4) != nullptr);
    const auto nowhere = turn_config(serving, loop::Address::any_v6(4433), "s");
    CHECK(nowhere.error().code == ErrorCode::invalid_argument);
    CHECK(nowhere.error().detail.find("turn_server.address_v4") != std::string::npos);
    serving.address_v6 = admin::parse_ip("2001:db8::7");
    CHECK(turn_config(serving, loop::Address::any_v6(4433), "s")->address_v6);

    serving.listen = {*loop::Address::parse("0.0.0.0:3478"), *loop::Address::parse("0.0.0.0:443")};
    const auto told = own_turn_entries(serving, "relay.example.org", 4433, "s");
    REQUIRE(told.size() == 2);
    CHECK(told[0].port == 4433);
    CHECK(told[1].transport == wire::TurnServer::Transport::tcp);
    CHECK(told[1].port == 443);
    const auto given = turn_server(told[0], "ann", 1'700'000'000'000);
    CHECK(given.username == "1700086400:ann");
    CHECK(given.password == turn::rest_password(as_bytes("s"), given.username));
    CHECK(given.expires_ms == 1'700'086'400'000);
}

TEST_CASE("what is wrong is named with its line")
{
    const std::tuple<const char*, const char*> table[] = {
        {"\nadvertize = \"x\"", "line 2: unknown key advertize"},
        {"[limits]\nmailbox_massages = 1", "line 2: unknown key limits.mailbox_massages"},
        {"[limits]\nmailbox_messages = \"many\"", "line 2: limits.mailbox_messages must be a whole number from 4 to"},
        {"[limits]\nmailbox_messages = 3", "line 2: limits.mailbox_messages must be"},
        {"[limits]\ncontacts = 1.5", "line 2: limits.contacts must be"},
        {"[limits]\ndevices_per_account = 17", "from 1 to 16"},
        {"limits = 5", "line 1: limits must be a table"},
        {"[registration]\nopen = 1", "line 2: registration.open must be true or false"},
        {"[clients]\nlatest = \"new\"", "line 2: clients.latest must be a version"},
        {"[stun]\nport = 70000", "line 2: stun.port must be"},
        {"[turn]\nhost = \"x\"", "turn must be at most 8 tables: [[turn]]"},
        {"[[turn]]\nsecret = \"x\"", "line 1: turn.host is missing"},
        {"[[turn]]\nhost = \"x\"", "secret alone, or username and password, must be given"},
        {"[[turn]]\nhost = \"x\"\nsecret = \"s\"\nusername = \"u\"\npassword = \"p\"", "secret alone"},
        {"[[turn]]\nhost = \"x\"\nsecret = \"s\"\ntransport = \"tls\"", "must be \"udp\" or \"tcp\""},
        {"[[turn]]\nhost = \"x\"\nsecret = \"s\"\nprot = 1", "line 4: unknown key turn.prot"},
        {"[turn_server]\naddress_v4 = \"::1\"", "line 2: turn_server.address_v4 must be an IPv4 address"},
        {"[turn_server]\naddress_v6 = \"192.0.2.1\"", "turn_server.address_v6 must be an IPv6 address"},
        {"[turn_server]\naddress_v4 = \"0.0.0.0\"", "turn_server.address_v4 must be"},
        {"[turn_server]\nlisten = [\"3478\"]", "turn_server.listen must be a list of addresses with ports"},
        {"[turn_server]\nlisten = \"0.0.0.0:3478\"", "turn_server.listen must be a list of at most 8"},
        {"[turn_server]\nallow_peers = [\"10.0.0.1/8\"]", "turn_server.allow_peers must be a list of prefixes"},
        {"[turn_server]\nallow_peers = [\"10.0.0.0/33\"]", "turn_server.allow_peers must be"},
        {"[turn_server]\nallow_peers = [5]", "turn_server.allow_peers must be"},
        {"[turn_server]\ndeny_peers = [\"10.0.0.1/8\"]", "turn_server.deny_peers must be a list of prefixes"},
        {"[turn_server]\nport_min = 1023", "turn_server.port_min must be a whole number from 1024"},
        {"[turn_server]\nport_min = 5000\nport_max = 4999", "line 3: turn_server.port_max must not be below port_min"},
        {"[turn_server]\nport_max = 4999", "line 2: turn_server.port_max must not be below"},
        {"[turn_server]\nrealm = \"x\"", "line 2: unknown key turn_server.realm"},
        {"a = [1", "line 1: "},
        {"advertise = \"\"", "line 1: advertise must be a text of 1 to 255 bytes"},
        {"advertise = \"two words\"", "line 1: advertise must be a host name or an address without brackets"},
        {"advertise = \"[::1]\"", "line 1: advertise must be a host name or an address without brackets"},
    };
    for (const auto& [text, expected] : table) {
        CAPTURE(text);
        const auto parsed = parse_config(text);
        REQUIRE_FALSE(parsed.ok());
        CAPTURE(parsed.error().detail);
        CHECK(parsed.error().code == ErrorCode::invalid_argument);
        CHECK(parsed.error().detail.find(expected) != std::string::npos);
    }
    std::string nine;
    for (int i = 0; i < 8; ++i)
        nine += "[[turn]]\nhost = \"x\"\nsecret = \"s\"\n";
    CHECK(parse_config(nine).ok());
    CHECK_FALSE(parse_config(nine + "[[turn]]\nhost = \"x\"\nsecret = \"s\"\n").ok());
    CHECK(read_config("/nonexistent/file.toml").error().code == ErrorCode::storage_failed);
}

TEST_CASE("TURN credentials: as given, or made from the shared secret")
{
    TurnEntry shared;
    shared.host = "turn.example.org";
    shared.secret = "north";
    shared.lifetime_s = 3600;
    const auto made = turn_server(shared, "ann", 1'700'000'000'000);
    CHECK(made.username == "1700003600:ann");
    CHECK(made.password == "TwqKCcbzejRFa1sgGqGS7SEzCGg=");
    CHECK(made.expires_ms == 1'700'003'600'000);
    TurnEntry fixed;
    fixed.username = "u";
    fixed.password = "p";
    const auto given = turn_server(fixed, "ann", 1'700'000'000'000);
    CHECK(given.username == "u");
    CHECK(given.password == "p");
    CHECK(given.expires_ms == 0);
}

TEST_CASE("what each table allows and all together do not is refused, with the line")
{
    const std::tuple<const char*, const char*> wrong[] = {
        {"[metrics]\nlisten = \"127.0.0.1:9180\"\n[admin]\nlisten = \"127.0.0.1:9180\"\n",
         "line 4: admin.listen is metrics.listen too: each needs a port of its own"},
        {"[metrics]\nlisten = \"0.0.0.0:9180\"\n[admin]\nlisten = \"127.0.0.1:9180\"\n", "line 4: admin.listen"},
        {"[clients]\nlatest = \"0.1\"\nrequired = \"0.9.0\"\n", "line 3: clients.required is newer"},
        {"[limits]\nlinks = 10\nlinks_per_address = 11\n", "line 3: limits.links_per_address must not be above"},
    };
    for (const auto& [text, why] : wrong) {
        const auto said = parse_config(text);
        REQUIRE_FALSE(said.ok());
        CHECK_MESSAGE(said.error().detail.find(why) != std::string::npos, said.error().detail);
    }
    for (const auto* const right : {"[metrics]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n",
                                    "[metrics]\nlisten = \"127.0.0.1:1\"\n[admin]\nlisten = \"127.0.0.2:1\"\n",
                                    "[clients]\nlatest = \"0.9\"\nrequired = \"0.9.0\"\n", "[limits]\nlinks = 10\n",
                                    "[limits]\nlinks = 10\nlinks_per_address = 10\n"})
        CHECK(parse_config(right).ok());
}

TEST_CASE("what is allowed and was hardly meant is said")
{
    const auto doubts = [](const char* text) {
        const auto config = parse_config(text);
        REQUIRE(config.ok());
        return config_doubts(*config);
    };
    CHECK(doubts("").empty());
    CHECK(doubts("[admin]\nlisten = \"127.0.0.1:0\"\n[metrics]\nlisten = \"[::1]:0\"\n").empty());
    CHECK(doubts("[turn_server]\naddress_v4 = \"127.0.0.1\"\n").empty());
    const auto admin = doubts("[admin]\nlisten = \"0.0.0.0:4480\"\n");
    REQUIRE(admin.size() == 1);
    CHECK(admin[0].find("admin.listen 0.0.0.0:4480 is reached by other machines") == 0);
    CHECK(doubts("[metrics]\nlisten = \"[::]:9180\"\n").size() == 1);
    CHECK(doubts("[log]\nfile = \"/tmp/relay.log\"\n").empty());
    CHECK(doubts("[log]\nfile = \"/nonexistent/relay.log\"\n").size() == 1);
    // RFC 5737 section 3, RFC 3849: of no machine.
    const auto turn = doubts("[turn_server]\naddress_v4 = \"192.0.2.1\"\naddress_v6 = \"2001:db8::1\"\n");
    REQUIRE(turn.size() == 2);
    CHECK(turn[0].find("turn_server.address_v4 192.0.2.1 is no address of this machine") == 0);
    CHECK(turn[0].find("external_v4") != std::string::npos);
    CHECK(turn[1].find("turn_server.address_v6 2001:db8::1 is no address of this machine") == 0);
    CHECK(doubts("[turn_server]\nenabled = false\naddress_v4 = \"192.0.2.1\"\n").empty());
}
